/*
 * rebuild.c - see rebuild.h.
 *
 * The ledger is read in order. A segment's entry has all of its row but its
 * place: the number of its begin record and its volume. Those follow from the
 * entries of the camera-day themselves (each sealed segment takes its fragments
 * and two records) and are proved with one look at the day's last begin record;
 * where that does not hold (a cut segment, two volumes) the journal is read.
 */
#include "storage/rebuild.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/disk.h"
#include "storage/journal.h"
#include "storage/ledger_keys.h"
#include "storage/site.h"
#include "storage/term_move.h"
#include "storage/zone.h"

#define BATCH 500		/* rows, or entries, in one transaction */
#define JOURNAL_MAX (512u << 20)

/* The rows of one camera's day, until the next day begins. */
struct camera_day {
	struct camera_day *next;
	char camera[CAMERA_ID_MAX + 1], day[11];
	struct segment_row *rows;
	size_t n, room;
};

struct work {
	struct rebuild *job;
	struct index *ix;
	struct ledger *ledger;
	struct camera_day *days;
	unsigned pending;	/* rows of the open transaction */
};

/* Not held while something is read: the keeper waits for it. */
static enum err end_batch(struct work *w)
{
	enum err err = w->pending ? index_commit(w->ix) : OK;

	w->pending = 0;
	return err;
}

static enum err batch(struct work *w)
{
	enum err err = w->pending < BATCH ? OK : end_batch(w);

	if (!err && !w->pending++)
		err = index_begin(w->ix);
	return err;
}

static const char *text_of(const struct entry_view *v, enum entry_tag tag,
    char *buf, size_t room)
{
	struct entry_field f = {0};

	if (!entry_find(v, tag, &f) || f.n >= room)
		f.n = 0;
	if (f.n)
		memcpy(buf, f.p, f.n);
	buf[f.n] = '\0';
	return buf;
}

static uint64_t number_of(const struct entry_view *v, enum entry_tag tag)
{
	struct entry_field f;

	return entry_find(v, tag, &f) ? field_u64(&f) : 0;
}

/* Is the begin record of the row where it is thought to be? */
static bool stands_there(int dir, const struct segment_row *r)
{
	unsigned char b[16];
	char path[160];
	uint64_t size, seq = 0;
	bool good;
	int fd;

	if (disk_open_read(dir,
		path_journal(r->camera, r->day, path, sizeof(path)), &fd,
		&size))
		return false;
	good = !disk_pread(fd, b, sizeof(b), r->record * JOURNAL_RECORD) &&
	    b[4] == JOURNAL_BEGIN;
	close(fd);
	for (int i = 0; i < 8; i++)
		seq = seq << 8 | b[8 + i];
	return good && seq == r->seq;
}

/* By counting: each segment has a begin, its fragments and a seal. */
static bool place_by_count(const struct rebuild *job, struct camera_day *d)
{
	char path[160];
	unsigned found = 0, at = 0;
	uint64_t record = 0;

	path_journal(d->camera, d->day, path, sizeof(path));
	for (unsigned i = 0; i < job->dirs_n; i++) {
		uint64_t size;
		int fd;

		if (disk_open_read(job->dirs[i].fd, path, &fd, &size))
			continue;
		close(fd);
		found++;
		at = i;
	}
	if (found != 1)
		return !found;	/* nowhere: the scrub will say so */
	for (size_t i = 0; i < d->n; i++) {
		d->rows[i].volume = job->dirs[at].number;
		d->rows[i].record = record;
		record += d->rows[i].fragments + 2;
	}
	return stands_there(job->dirs[at].fd, &d->rows[d->n - 1]);
}

static void take_places(struct camera_day *d, const struct journal *j,
    unsigned volume)
{
	size_t k = 0;

	for (size_t i = 0; i < j->n; i++) {
		if (j->records[i].type != JOURNAL_BEGIN)
			continue;
		/* both ascend */
		while (k < d->n && d->rows[k].seq < j->records[i].seq)
			k++;
		if (k < d->n && d->rows[k].seq == j->records[i].seq) {
			d->rows[k].volume = volume;
			d->rows[k].record = i;
		}
	}
}

static enum err place_by_journal(const struct rebuild *job,
    struct camera_day *d)
{
	char path[160];
	enum err err = OK;

	path_journal(d->camera, d->day, path, sizeof(path));
	for (unsigned i = 0; i < job->dirs_n && !err; i++) {
		unsigned char *p;
		struct journal j;
		size_t n;

		if (disk_read_all(job->dirs[i].fd, path, JOURNAL_MAX, &p, &n))
			continue;
		err = journal_parse(p, n, d->camera, d->day, &j);
		free(p);
		if (!err)
			take_places(d, &j, job->dirs[i].number);
		journal_free(&j);
	}
	return err;
}

static enum err flush(struct work *w, struct camera_day *d)
{
	enum err err = end_batch(w);

	if (!err && d->n && !place_by_count(w->job, d))
		err = place_by_journal(w->job, d);
	for (size_t i = 0; !err && i < d->n; i++) {
		err = batch(w);
		if (!err)
			err = index_segment_found(w->ix, &d->rows[i]);
	}
	w->job->segments += d->n;
	d->n = 0;
	return err;
}

static struct camera_day *day_of(struct work *w, const char *camera)
{
	struct camera_day *d = w->days;

	while (d && strcmp(d->camera, camera))
		d = d->next;
	if (d || !(d = calloc(1, sizeof(*d))))
		return d;
	snprintf(d->camera, sizeof(d->camera), "%s", camera);
	d->next = w->days;
	w->days = d;
	return d;
}

static enum err on_segment(struct work *w, uint64_t i,
    const struct entry_view *v)
{
	struct segment_row r = {.entry = (int64_t)ledger_number(w->ledger, i),
	    .seq = number_of(v, TAG_SEQ),
	    .start_ns = (int64_t)number_of(v, TAG_FROM),
	    .end_ns = (int64_t)number_of(v, TAG_TO),
	    .bytes = number_of(v, TAG_BYTES),
	    .fragments = (uint32_t)number_of(v, TAG_FRAGMENTS),
	    .flags = (uint32_t)number_of(v, TAG_FLAGS),
	    .retain_ns = (int64_t)number_of(v, TAG_RETAIN),
	    .state = (enum segment_state)number_of(v, TAG_KIND)};
	char camera[CAMERA_ID_MAX + 1];
	struct camera_day *d =
	    day_of(w, text_of(v, TAG_CAMERA, camera, sizeof(camera)));
	char day[16];
	enum err err = OK;

	if (!d)
		return ERR_NO_MEMORY;
	day_format(utc_local_day((struct utc){r.start_ns}), day, sizeof(day));
	memcpy(r.camera, camera, sizeof(r.camera));
	memcpy(r.day, day, sizeof(r.day));
	if (strcmp(d->day, r.day))
		err = flush(w, d);
	memcpy(d->day, r.day, sizeof(d->day));
	if (!err && d->n == d->room) {
		size_t room = 2 * d->room + 64;
		void *p = reallocarray(d->rows, room, sizeof(r));

		if (!p)
			return ERR_NO_MEMORY;
		d->rows = p;
		d->room = room;
	}
	if (!err)
		d->rows[d->n++] = r;
	return err;
}

static enum err on_read_back(struct work *w, const struct entry_view *v)
{
	static const enum segment_proof proofs[] = {
	    PROOF_VERIFIED, PROOF_DECODED, PROOF_FAILED};
	uint64_t seq = number_of(v, TAG_SEQ), result = number_of(v, TAG_RESULT);
	char camera[CAMERA_ID_MAX + 1];
	struct camera_day *d =
	    day_of(w, text_of(v, TAG_CAMERA, camera, sizeof(camera)));
	enum err err;

	if (!d)
		return ERR_NO_MEMORY;
	if (result >= sizeof(proofs) / sizeof(proofs[0]))
		return OK;
	for (size_t i = d->n; i-- > 0;)
		if (d->rows[i].seq == seq) {
			d->rows[i].proof = proofs[result];
			return OK;
		}
	err = batch(w);
	return err ? err :
		     index_segment_proof(w->ix, camera, seq, proofs[result]);
}

static enum err on_gap(struct work *w, const struct entry_view *v)
{
	struct gap_row g = {.from_ns = (int64_t)number_of(v, TAG_FROM),
	    .to_ns = (int64_t)number_of(v, TAG_TO),
	    .cause = (enum cause)number_of(v, TAG_CAUSE),
	    .noticed_ns = v->time.ns};
	enum err err = batch(w);

	text_of(v, TAG_CAMERA, g.camera, sizeof(g.camera));
	if (err)
		return err;
	if (v->type == ENTRY_GAP_OPENED) {
		w->job->gaps++;
		return index_gap_found(w->ix, &g);
	}
	if (g.to_ns <= g.from_ns)
		return index_gap_drop(w->ix, g.camera, g.from_ns);
	return index_gap_close(w->ix, &g);
}

/* Without its texts, which only a copy has: who it is, and the keys. */
static enum err on_person(struct work *w, const struct entry_view *v)
{
	struct person_row p = {.id = number_of(v, TAG_PERSON)}, have;
	struct entry_field f;
	enum err err = index_person_find(w->ix, p.id, &have);

	if (err != ERR_NOT_FOUND)
		return err;
	snprintf(p.user, sizeof(p.user), "person-%llu",
	    (unsigned long long)p.id);
	p.role = (enum role)number_of(v, TAG_ROLE);
	p.created_ns = v->time.ns;
	text_of(v, TAG_RECIPIENT, p.recipient, sizeof(p.recipient));
	if (entry_find(v, TAG_SIGN_KEY, &f) && f.n == KEY_BYTES)
		memcpy(p.sign_key, f.p, KEY_BYTES);
	p.signer = number_of(v, TAG_SIGNER);
	if (entry_find(v, TAG_SIGNATURE, &f) && f.n == SIGN_BYTES)
		memcpy(p.signature, f.p, SIGN_BYTES);
	log_warn("rebuild: of person %llu only the keys are known: name, user "
		 "and password are in no copy",
	    (unsigned long long)p.id);
	w->job->bare++;
	err = batch(w);
	return err ? err : index_person_put(w->ix, &p);
}

static enum err on_camera(struct work *w, const struct entry_view *v)
{
	struct camera_row c = {.next_seq = 1,
			      .added_ns = v->time.ns,
			      .since_ns = v->time.ns,
			      .state = CAMERA_OFF},
			  have;
	enum err err;

	text_of(v, TAG_CAMERA, c.id, sizeof(c.id));
	err = index_camera_find(w->ix, c.id, &have);
	if (err != ERR_NOT_FOUND)
		return err;
	snprintf(c.name, sizeof(c.name), "%s", c.id);
	log_warn("rebuild: of camera %s only the id is known: its address is "
		 "in no copy; saqta camera add it again",
	    c.id);
	w->job->bare++;
	err = batch(w);
	return err ? err : index_camera_put(w->ix, &c);
}

/* What was erased has no row: only that it was, and when. */
static enum err on_erased(struct work *w, const struct entry_view *v)
{
	struct erasure_row e = {.from_ns = (int64_t)number_of(v, TAG_FROM),
	    .to_ns = (int64_t)number_of(v, TAG_TO),
	    .erasing = number_of(v, TAG_ERASING),
	    .method = (unsigned)number_of(v, TAG_METHOD)};
	struct camera_day *d =
	    day_of(w, text_of(v, TAG_CAMERA, e.camera, sizeof(e.camera)));
	struct entry_field f;
	enum err err = d ? flush(w, d) : ERR_NO_MEMORY;

	text_of(v, TAG_DAY, e.day, sizeof(e.day));
	if (!err)
		err = batch(w);
	if (!err && e.to_ns > e.from_ns)
		err = index_erasure_put(w->ix, &e);
	if (!entry_find(v, TAG_SEQS, &f))
		f.n = 0;
	for (size_t i = 0; i + 16 <= f.n && !err; i += 16)
		for (uint64_t seq = be_get(f.p + i, 8);
		     seq <= be_get(f.p + i + 8, 8) && !err; seq++)
			err = index_segment_erase(w->ix, e.camera, seq);
	return err;
}

/* Promises that a custodian's word moved forward (P12). */
static enum err on_vouched(struct work *w, uint64_t i,
    const struct entry_view *v)
{
	struct term_move m = {.end = i,
	    .step_ns = (int64_t)(number_of(v, TAG_RETENTION) -
		number_of(v, TAG_RETENTION_BEFORE))};
	struct entry_field f;
	enum err err = OK;

	if (!entry_find(v, TAG_MOVED_FROM, &f) || m.step_ns <= 0)
		return OK;
	m.at = field_u64(&f);
	for (struct camera_day *d = w->days; d && !err; d = d->next)
		err = flush(w, d);
	if (!err)
		err = end_batch(w);
	while (!err && m.at < m.end && !atomic_load(&w->job->stop))
		err = term_move_some(w->ix, w->ledger, &m);
	return err;
}

/* What a scrub did not find stays lost. */
static enum err on_lost(struct work *w, const struct entry_view *v)
{
	char camera[CAMERA_ID_MAX + 1];
	struct camera_day *d =
	    day_of(w, text_of(v, TAG_CAMERA, camera, sizeof(camera)));
	struct segment_row r;
	enum err err = d ? flush(w, d) : ERR_NO_MEMORY;

	if (!err)
		err = batch(w);
	if (!err)
		err = index_segment_find(w->ix, camera, number_of(v, TAG_SEQ),
		    &r);
	if (err)
		return err == ERR_NOT_FOUND ? OK : err;
	return index_segment_lost(w->ix, &r, v->time.ns);
}

/* A token that was ended stays so, whatever an older copy says. */
static enum err on_token_ended(struct work *w, const struct entry_view *v)
{
	enum err err = batch(w);

	return err ?
	    err :
	    index_token_end(w->ix, number_of(v, TAG_TOKEN), v->time.ns);
}

static enum err on_deputy(struct work *w, const struct entry_view *v)
{
	enum err err = batch(w);

	return err ? err :
		     index_deputy_put(w->ix, number_of(v, TAG_PERSON),
			 number_of(v, TAG_DEPUTY));
}

/* What views cover; the last entry of a camera holds. */
static enum err on_zones(struct work *w, const struct entry_view *v)
{
	char camera[CAMERA_ID_MAX + 1], name[ZONES_NAME_MAX];
	struct entry_field f;
	struct zones z;
	enum err err;

	if (!entry_find(v, TAG_ZONES, &f) || zones_parse(f.p, f.n, &z))
		return OK;
	text_of(v, TAG_CAMERA, camera, sizeof(camera));
	err = batch(w);
	return err ?
	    err :
	    index_setting_put(w->ix, zones_name(camera, name), f.p, f.n);
}

static enum err take_in(struct work *w, uint64_t i, const struct entry_view *v)
{
	switch (v->type) {
	case ENTRY_SEGMENT:
		return on_segment(w, i, v);
	case ENTRY_READ_BACK:
		return on_read_back(w, v);
	case ENTRY_LOST:
		return on_lost(w, v);
	case ENTRY_GAP_OPENED:
	case ENTRY_GAP_CLOSED:
		return on_gap(w, v);
	case ENTRY_ERASED:
		return on_erased(w, v);
	case ENTRY_VOUCHED:
		return on_vouched(w, i, v);
	case ENTRY_PERSON:
		return on_person(w, v);
	case ENTRY_CAMERA_ADDED:
		return on_camera(w, v);
	case ENTRY_TOKEN_ENDED:
		return on_token_ended(w, v);
	case ENTRY_DEPUTY:
		return on_deputy(w, v);
	case ENTRY_ZONES:
		return on_zones(w, v);
	default:
		return OK;
	}
}

static enum err replay(struct work *w, uint64_t end)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	enum err err = OK;
	size_t n;

	for (uint64_t i = 0; !err && i < end; i++) {
		if (atomic_load(&w->job->stop))
			return ERR_GONE;
		if (i % BATCH == 0)
			err = end_batch(w);
		if (!err)
			err = ledger_get(w->ledger, i, buf, &n);
		if (!err)
			err = entry_parse(buf, n, &v);
		if (!err)
			err = take_in(w, i, &v);
		atomic_store(&w->job->at, i + 1);
	}
	for (struct camera_day *d = w->days; d && !err; d = d->next)
		err = flush(w, d);
	return err;
}

/* Ledgers of former epochs, as far as they can be read. */
static enum err replay_former(struct work *w)
{
	enum err err = OK;
	char name[24];

	for (unsigned n = 1; !err && n <= EPOCHS_MAX; n++) {
		snprintf(name, sizeof(name), "ledger.%u", n);
		if (ledger_open_as_is(w->job->dirs[0].fd, name, &w->ledger))
			continue;
		err = replay(w, ledger_size(w->ledger));
		if (err && err != ERR_GONE) {
			log_warn("rebuild: %s: %s; the rest of it is passed "
				 "over",
			    name, err_text(err));
			err = OK;
		}
		ledger_close(w->ledger);
		w->ledger = NULL;
	}
	return err;
}

void rebuild_run(struct rebuild *job)
{
	struct work w = {.job = job};
	enum err err = index_open(job->data, false, &w.ix);

	if (!err)
		err = replay_former(&w);
	if (!err)
		err = ledger_open_readonly(job->dirs[0].fd, &w.ledger);
	if (!err)
		err = replay(&w, job->end);
	if (!err)
		err = end_batch(&w);
	if (!err)
		err = index_numbers_raise(w.ix);
	else if (w.ix)
		index_abort(w.ix);
	job->err = err;
	ledger_close(w.ledger);
	index_close(w.ix);
	while (w.days) {
		struct camera_day *d = w.days;

		w.days = d->next;
		free(d->rows);
		free(d);
	}
}
