/*
 * recover.c - after a crash or a failed write (P8), without any private key.
 *
 * For the newest journals of each camera: cut off a torn tail, hash the files
 * against the records, seal late what is whole, enter a cut record for what is
 * not. A record that the ledger's chain heads cover is never cut off: a damaged
 * tail is kept beside as journal.damaged.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/disk.h"
#include "storage/entered.h"
#include "storage/keeper.h"
#include "storage/recover_days.h"
#include "storage/salvage.h"

/* One segment in a journal: its records [first, first + n). */
struct span {
	size_t first, n;
	bool ended; /* the last one is a seal or cut record */
};

static struct span next_span(const struct journal *j, size_t first)
{
	struct span s = {.first = first, .n = 1};

	while (first + s.n < j->n && !s.ended) {
		const struct journal_record *r = &j->records[first + s.n];

		if (r->type == JOURNAL_BEGIN)
			break;
		s.ended = journal_ends(r);
		s.n++;
	}
	return s;
}

/* Where the journal of the camera's day stands, while it is recovered. */
struct work {
	struct keeper *k;
	struct camera *m;
	unsigned volume;
	int at; /* its directory */
	char day[11];
	int journal_fd;
	size_t before; /* records that are settled, and not looked at */
	unsigned char *bytes; /* those behind them */
	size_t bytes_n;
	struct journal j;
};

static void row_from(const struct work *w, const struct span *s,
    uint32_t fragments, struct segment_row *row)
{
	const struct journal_record *r = &w->j.records[s->first];

	*row = (struct segment_row){.seq = r->seq,
	    .start_ns = r->start_ns,
	    .end_ns = r->start_ns,
	    .record = w->before + s->first,
	    .fragments = fragments,
	    .entry = -1,
	    .volume = w->volume};
	memcpy(row->camera, w->m->id, sizeof(row->camera));
	memcpy(row->day, w->day, sizeof(row->day));
	for (uint32_t i = 0; i < fragments; i++) {
		r = &w->j.records[s->first + 1 + i];
		row->end_ns = r->start_ns + r->duration_ns;
		row->flags |= r->flags;
	}
}

static enum err put_row(struct work *w, const struct span *s,
    struct segment_row *row)
{
	unsigned char root[HASH_BYTES], cipher[HASH_BYTES];
	struct segment_row old;
	enum err err = journal_segment(&w->j, s->first, s->n, row->fragments,
	    root, cipher);

	if (err)
		return err;
	if (!index_segment_find(w->k->ix, row->camera, row->seq, &old) &&
	    old.state != SEGMENT_OPEN && entered_row(w->k, &old))
		return OK;
	if (entered_segment(w->k, row->camera, row->seq, row))
		return index_segment_put(w->k->ix, row);
	return seal_enter(w->k, row, root, cipher);
}

/* Drop the journal's end from record n on; what was entered is kept beside. */
static enum err cut_journal(struct work *w, size_t n)
{
	char dir[96], name[160];
	enum err err = OK;

	if (n * JOURNAL_RECORD == w->bytes_n)
		return OK;
	if (entered_records(w->k, w->volume, w->m->id, w->day) >
	    w->before + n) {
		log_error("camera %s: the journal of %s is damaged below what "
			  "the ledger knows; the damaged end is kept beside it",
		    w->m->id, w->day);
		path_day(w->m->id, w->day, dir, sizeof(dir));
		snprintf(name, sizeof(name), "journal.damaged-%lld",
		    (long long)w->k->now.ns);
		err = disk_replace(w->at, dir, name,
		    w->bytes + n * JOURNAL_RECORD,
		    w->bytes_n - n * JOURNAL_RECORD);
	}
	if (!err &&
	    ftruncate(w->journal_fd,
		(off_t)((w->before + n) * JOURNAL_RECORD)) < 0)
		err = ERR_DISK;
	w->bytes_n = n * JOURNAL_RECORD;
	w->j.n = n;
	return err;
}

/* The records whose payload lies in so many plain bytes. */
static uint32_t count_whole(const struct work *w, const struct span *s,
    uint64_t plain)
{
	uint32_t n = 0;

	for (size_t i = 1; i < s->n; i++) {
		const struct journal_record *r = &w->j.records[s->first + i];

		if (r->type != JOURNAL_FRAGMENT ||
		    r->plain_off + r->plain_len > plain)
			break;
		n++;
	}
	return n;
}

static enum err append(struct work *w, struct span *s, struct journal_record *r)
{
	unsigned char bytes[JOURNAL_RECORD];
	struct journal_record *all;
	enum err err;

	journal_encode(r, w->j.records[w->j.n - 1].chain, bytes);
	err = disk_pwrite(w->journal_fd, bytes, sizeof(bytes),
	    (w->before + w->j.n) * JOURNAL_RECORD);
	all = realloc(w->j.records, (w->j.n + 1) * sizeof(*all));
	if (!all)
		return ERR_NO_MEMORY;
	w->j.records = all;
	all[w->j.n++] = *r;
	w->bytes_n += JOURNAL_RECORD;
	s->n++;
	return err;
}

static enum err append_cut(struct work *w, struct span *s,
    const struct segment_row *row)
{
	const struct journal_record *first = &w->j.records[s->first];
	struct journal_record r = {.type = JOURNAL_CUT,
	    .seq = row->seq,
	    .index = row->fragments,
	    .flags = row->flags,
	    .start_ns = row->start_ns,
	    .duration_ns = row->end_ns - row->start_ns,
	    .timescale = first->timescale,
	    .plain_len = first->plain_len,
	    .epoch = first->epoch,
	    .clock_state = first->clock_state,
	    .camera_clock_ns = first->camera_clock_ns,
	    .cipher_from = row->bytes,
	    .cipher_to = row->bytes};
	unsigned char cipher[HASH_BYTES];
	enum err err;

	for (uint32_t i = 0; i < row->fragments; i++) {
		const struct journal_record *f =
		    &w->j.records[s->first + 1 + i];

		r.samples += f->samples;
		r.plain_len = f->plain_off + f->plain_len;
	}
	err = journal_segment(&w->j, s->first, s->n, row->fragments, r.content,
	    cipher);
	if (err)
		return err;
	sha256(NULL, 0, r.cipher);
	return append(w, s, &r);
}

static struct salvage salvage_of(const struct work *w, const struct span *s)
{
	return (struct salvage){.dir_fd = w->at,
	    .camera = w->m->id,
	    .day = w->day,
	    .r = &w->j.records[s->first],
	    .n = s->n};
}

/* Cut file and journal to the records of s, which fit, and the tail. */
static enum err cut_span(struct work *w, struct span *s, int fd,
    struct segment_row *row)
{
	uint64_t size = w->j.records[s->first + s->n - 1].cipher_to;
	uint64_t plain =
	    (size - AGE_HEADER_ONE - AGE_NONCE) / AGE_CHUNK_SEALED * AGE_CHUNK;
	struct journal_record tail;
	struct salvage broken;
	enum err err = cut_journal(w, s->first + s->n);

	if (!err && ftruncate(fd, (off_t)size) < 0)
		err = ERR_DISK;
	if (err)
		return err;
	broken = salvage_of(w, s);
	err = salvage_tail(&broken, plain, &tail);
	if (!err) {
		plain += tail.plain_len;
		err = append(w, s, &tail);
	} else if (err == ERR_NOT_FOUND) {
		err = OK;
	}
	if (err)
		return err;
	row_from(w, s, count_whole(w, s, plain), row);
	row->bytes = size;
	row->state = SEGMENT_CUT;
	return append_cut(w, s, row);
}

/* Not even the begin record holds: no such segment. */
static enum err drop_span(struct work *w, const struct span *s, int fd,
    const char *path)
{
	enum err err = cut_journal(w, s->first);

	if (!err && (ftruncate(fd, 0) < 0 || unlinkat(w->at, path, 0) < 0))
		err = ERR_DISK;
	return err;
}

/*
 * The last segment of a journal, which may have been open: seal it late where
 * every byte is there, else cut file and journal to what fits.
 */
static enum err finish_span(struct work *w, struct span *s)
{
	const struct journal_record *first = &w->j.records[s->first];
	struct salvage broken = salvage_of(w, s);
	struct segment_row row;
	char path[160];
	uint64_t size = 0;
	size_t fits = 0;
	int fd = -1;
	enum err err;

	path_segment(w->m->id, w->day, first->start_ns, first->seq, path,
	    sizeof(path));
	/* erased by its term, while a hold keeps others of the day; or lost */
	if (s->ended && faccessat(w->at, path, F_OK, 0) < 0 && errno == ENOENT)
		return OK;
	err = disk_open_append(w->at, path, &fd, &size);
	if (err)
		return err;
	fits = salvage_fit(&broken, fd);
	if (fits < s->n && s->ended && entered_settled(w->k, w->m->id, first)) {
		close(fd);
		return OK;
	}
	if (fits == s->n && s->ended) {
		const struct journal_record *last =
		    &w->j.records[s->first + s->n - 1];

		row_from(w, s, last->index, &row);
		row.bytes = last->cipher_to;
		row.state =
		    last->type == JOURNAL_SEAL ? SEGMENT_SEALED : SEGMENT_CUT;
	} else {
		log_warn("camera %s: segment %llu was cut: %zu of %zu records "
			 "are on the disk",
		    w->m->id, (unsigned long long)first->seq, fits, s->n);
		/* a tail record without its cut record is written again */
		if (fits && first[fits - 1].type == JOURNAL_TAIL)
			fits--;
		s->n = fits;
		err =
		    fits ? cut_span(w, s, fd, &row) : drop_span(w, s, fd, path);
	}
	if (!err && fits)
		err = disk_sync(fd);
	if (!err && fits)
		err = disk_sync(w->journal_fd);
	if (!err && fits)
		err = put_row(w, s, &row);
	close(fd);
	return err;
}

/*
 * A segment of which nothing was synced: its number is taken again, so that
 * none is missing. The index may rightly be ahead otherwise: then it stays.
 */
static enum err give_back(struct keeper *k, const struct camera *m,
    uint64_t seq)
{
	struct camera_row cam = {0};
	enum err err = index_segment_drop(k->ix, m->id, seq);

	if (!err)
		err = index_camera_find(k->ix, m->id, &cam);
	if (err || cam.next_seq != seq + 1)
		return err;
	cam.next_seq = seq;
	return index_camera_put(k->ix, &cam);
}

static enum err recover_spans(struct work *w)
{
	uint64_t next = 1;
	struct camera_row cam;
	enum err err = cut_journal(w, w->j.n);

	for (size_t at = 0; !err && at < w->j.n;) {
		struct span s = next_span(&w->j, at);
		bool last = at + s.n >= w->j.n;
		uint64_t seq = w->j.records[at].seq;
		struct segment_row row;

		/*
		 * One that is closed and entered needs nothing. Earlier ones
		 * were finished before the next one began.
		 */
		if (index_segment_find(w->k->ix, w->m->id, seq, &row) ?
			last || !w->k->rebuild :
			row.state == SEGMENT_OPEN || !entered_row(w->k, &row))
			err = finish_span(w, &s);
		if (!err && w->j.n <= at)
			err = give_back(w->k, w->m, seq);
		else
			next = seq + 1;
		at += s.n;
	}
	if (!err)
		err = index_camera_find(w->k->ix, w->m->id, &cam);
	if (!err && cam.next_seq < next) {
		cam.next_seq = next;
		err = index_camera_put(w->k->ix, &cam);
	}
	if (!err) /* all are ended: no slot is needed any more */
		salvage_sweep(w->at, w->m->id, w->day,
		    w->k->rebuild ? UINT64_MAX : cam.next_seq);
	return err;
}

/*
 * The records from the last segment on that is closed and entered: those before
 * it were ended before it began, and a crash has no part in what was synced.
 * Their chain is proved by check and scrub. All of them where there is none, or
 * the journal does not fit what the index says of it.
 */
static enum err read_records(struct work *w, uint64_t size)
{
	unsigned char chain[HASH_BYTES];
	struct segment_row row;
	enum err err;

	w->before = 0;
	if (!index_segment_settled(w->k->ix, w->m->id, w->day, w->volume,
		&row) &&
	    row.record && row.record * JOURNAL_RECORD < size &&
	    entered_row(w->k, &row) &&
	    !disk_pread(w->journal_fd, chain, sizeof(chain),
		row.record * JOURNAL_RECORD - HASH_BYTES))
		w->before = row.record;
	else
		journal_chain_start(w->m->id, w->day, chain);
	w->bytes_n = size - w->before * JOURNAL_RECORD;
	w->bytes = malloc(w->bytes_n + 1);
	if (!w->bytes)
		return ERR_NO_MEMORY;
	err = disk_pread(w->journal_fd, w->bytes, w->bytes_n,
	    w->before * JOURNAL_RECORD);
	if (!err)
		err = journal_parse_after(w->bytes, w->bytes_n, chain, &w->j);
	if (err || !w->before ||
	    (w->j.n && w->j.records[0].type == JOURNAL_BEGIN &&
		w->j.records[0].seq == row.seq))
		return err;
	free(w->bytes);
	journal_free(&w->j);
	w->bytes = NULL;
	return ERR_INTEGRITY;
}

static enum err read_all_records(struct work *w)
{
	char path[128];
	enum err err;

	path_journal(w->m->id, w->day, path, sizeof(path));
	w->before = 0;
	err =
	    disk_read_all(w->at, path, JOURNAL_DAY_MAX, &w->bytes, &w->bytes_n);
	return err ?
	    err :
	    journal_parse(w->bytes, w->bytes_n, w->m->id, w->day, &w->j);
}

/* Where the next record goes. */
static void take_head(const struct work *w)
{
	struct camera *m = w->m;
	struct journal_head head = {.volume = w->volume};

	memcpy(head.day, w->day, sizeof(head.day));
	head.records = w->before + w->j.n;
	if (w->j.n)
		memcpy(head.chain, w->j.records[w->j.n - 1].chain, HASH_BYTES);
	else
		journal_chain_start(m->id, w->day, head.chain);
	/* one that is written elsewhere meanwhile keeps its head */
	if (!m->segment && strcmp(head.day, m->head.day) >= 0)
		m->durable = m->syncing = m->head = head;
}

static enum err recover_day(struct keeper *k, struct camera *m, unsigned volume,
    const char *day)
{
	struct work w = {.k = k,
	    .m = m,
	    .volume = volume,
	    .at = volume_fd(k->data_fd, volume),
	    .journal_fd = -1};
	struct segment_row last;
	char path[128];
	uint64_t size = 0;
	enum err err;

	memcpy(w.day, day, sizeof(w.day));
	if (disk_faulty(k, volume))
		salvage_forget(w.at, m->id, day);
	path_journal(m->id, day, path, sizeof(path));
	err = disk_open_append(w.at, path, &w.journal_fd, &size);
	if (!err && size > JOURNAL_DAY_MAX)
		err = ERR_TOO_LARGE;
	if (!err)
		err = read_records(&w, size);
	if (err == ERR_INTEGRITY)
		err = read_all_records(&w);
	if (!err)
		err = recover_spans(&w);
	if (!err && !index_segment_last(k->ix, m->id, &last) &&
	    last.end_ns > m->last_end_ns)
		m->last_end_ns = last.end_ns;
	if (!err)
		take_head(&w);
	if (w.journal_fd >= 0)
		close(w.journal_fd);
	free(w.bytes);
	journal_free(&w.j);
	return err;
}

struct unknown {
	int fd;
	unsigned volume;
	struct segment_row row; /* the greatest one so far; number 0 */
};

static enum err find_unknown(const struct segment_row *r, void *arg)
{
	struct unknown *u = arg;
	uint64_t last;

	if (r->volume == u->volume &&
	    !recover_last_seq(u->fd, r->camera, r->day, &last) && last < r->seq)
		u->row = *r;
	return OK;
}

/* Is nothing there of its file, once one of a header alone is removed? */
static bool is_nothing(int at, const struct segment_row *r)
{
	uint64_t size = 0;
	char path[160];
	enum err err;
	int fd;

	path_segment(r->camera, r->day, r->start_ns, r->seq, path,
	    sizeof(path));
	err = disk_open_read(at, path, &fd, &size);
	if (err)
		return err == ERR_NOT_FOUND;
	close(fd);
	return size <= AGE_HEADER_ONE + AGE_NONCE && !unlinkat(at, path, 0);
}

/*
 * Open rows of which no journal knows. The index may have reached the disk
 * before the first sync of a segment, and then the power went: nothing is left
 * of it but its row, which would stay open and keep its day's key for ever. What
 * a journal knows that cannot be read stays. Where bytes are left that a damaged
 * journal may have named, the number stays taken: files of numbers that are free
 * are swept away.
 */
static enum err drop_unknown(struct keeper *k, const struct camera *m,
    unsigned volume)
{
	struct unknown u = {
	    .fd = volume_fd(k->data_fd, volume), .volume = volume};
	enum err err;

	do {
		u.row.seq = 0;
		err = index_segments_open_at(k->ix, m->id, INT64_MAX,
		    find_unknown, &u);
		if (!err && u.row.seq) {
			log_warn("camera %s: no record of segment %llu reached "
				 "the disk",
			    m->id, (unsigned long long)u.row.seq);
			err = is_nothing(u.fd, &u.row) ?
			    give_back(k, m, u.row.seq) :
			    index_segment_drop(k->ix, m->id, u.row.seq);
		}
	} while (!err && u.row.seq);
	return err;
}

enum err recover_volume(struct keeper *k, struct camera *m, unsigned number)
{
	struct written day[RECOVER_DAYS];
	enum err err = OK;

	recover_days(k, m->id, volume_fd(k->data_fd, number), day);
	/* the older day first, so that the head is the newest one's */
	for (int i = RECOVER_DAYS - 1; i >= 0 && !err; i--)
		if (*day[i].day)
			err = recover_day(k, m, number, day[i].day);
	if (!err)
		err = drop_unknown(k, m, number);
	if (err)
		log_error("camera %s: recovery on volume %u: %s", m->id, number,
		    err_text(err));
	return err;
}

enum err recover_camera(struct keeper *k, struct camera *m)
{
	enum err first = OK;

	for (unsigned i = 0; i < volumes_count(); i++) {
		const struct volume *v = volume_at(i);
		enum err err = v->fd < 0 ? OK : recover_volume(k, m, v->number);

		if (err == ERR_DISK && v->number) {
			/* again when it is back; others go on recording */
			volume_broke(k, v->number, FAULT_WRITE);
			err = OK;
		}
		first = first ? first : err;
	}
	m->recover = first != OK;
	return first;
}

/* One camera that does not recover does not stop the others. */
enum err recover_all(struct keeper *k)
{
	k->stepped = k->stepped || entered_step(k);
	for (struct camera *m = k->cameras; m; m = m->next)
		if (recover_camera(k, m))
			m->recover = true;
	return OK;
}
