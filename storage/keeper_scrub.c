/*
 * keeper_scrub.c - what lies on the disks is looked at again and again: all
 * files and their sizes daily, all bytes twice in a term, at a bounded rate.
 * What is missing, changed or unreadable is entered, becomes a gap with the
 * cause "lost", and is told (P2: what root does outside is detected).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/keeper_machine.h"
#include "storage/ledger_keys.h"
#include "storage/scrub.h"

#define SIZES_NS (24 * 3600 * NS_PER_SEC)
#define BYTES_NS (80 * INT64_C(86400) * NS_PER_SEC) /* twice in 181 days */
#define LEAST (4u << 20) /* bytes read in a second, however few there are */

static void pass_put(struct keeper *k, bool bytes, const struct scrub_pass *p)
{
	if (index_setting_put(k->ix, bytes ? SCRUB_BYTES : SCRUB_SIZES, p,
		sizeof(*p)))
		log_warn("where the scrub stands was not noted");
}

/* What the ledger says of the segment's ciphertext. */
static void ask_ledger(struct keeper *k, struct scrub_row *s)
{
	uint64_t first = ledger_number(k->ledger, 0);
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;
	size_t n;

	s->has_cipher = s->row.entry >= 0 && (uint64_t)s->row.entry >= first &&
	    !ledger_get(k->ledger, (uint64_t)s->row.entry - first, buf, &n) &&
	    !entry_parse(buf, n, &v) &&
	    entry_is_segment(&v, s->row.camera, s->row.seq) &&
	    entry_find(&v, TAG_CIPHER, &f) && f.n == HASH_BYTES;
	if (s->has_cipher)
		memcpy(s->cipher, f.p, HASH_BYTES);
}

struct fill {
	struct keeper *k;
	struct scrub *job;
	uint64_t left; /* bytes that may still be read */
};

static enum err add_row(const struct segment_row *r, void *arg)
{
	struct fill *f = arg;
	struct scrub_row *s = &f->job->rows[f->job->n++];

	*s = (struct scrub_row){
	    .row = *r, .dir = volume_fd(f->k->data_fd, r->volume)};
	s->given_up = s->dir < 0 && !volume_is_away(r->volume);
	if (s->dir >= 0)
		s->dir = fcntl(s->dir, F_DUPFD_CLOEXEC, 10);
	if (!f->job->bytes)
		return OK;
	ask_ledger(f->k, s);
	if (r->bytes >= f->left)
		return ERR_GONE; /* enough for this second */
	f->left -= r->bytes;
	return OK;
}

/* So many bytes a second that all are read in time. */
static uint64_t budget(void)
{
	uint64_t used = 0;

	for (unsigned i = 0; i < volumes_count(); i++)
		used += volume_at(i)->total_bytes - volume_at(i)->free_bytes;
	used /= BYTES_NS / NS_PER_SEC;
	return used > LEAST ? used : LEAST;
}

static void begin_batch(struct keeper *k, bool bytes, struct scrub_pass *p)
{
	struct fill f = {.k = k, .left = budget()};
	enum err err;

	f.job = calloc(1, sizeof(*f.job));
	if (!f.job)
		return;
	f.job->bytes = bytes;
	err = index_segments_after(k->ix, p->camera, p->seq, SCRUB_ROWS,
	    add_row, &f);
	if (f.job->n) {
		const struct segment_row *last = &f.job->rows[f.job->n - 1].row;

		memcpy(p->camera, last->camera, sizeof(p->camera));
		p->seq = last->seq;
		p->looked += f.job->n;
	} else if (!err) {
		log_info("scrub: all %s were looked at",
		    bytes ? "bytes" : "files");
		*p = (struct scrub_pass){
		    .last_ns = p->begun_ns, .done_ns = k->now.ns};
	}
	pass_put(k, bytes, p);
	k->scrubbing = f.job->n && !worker_put(k->scrubber, f.job);
	if (!k->scrubbing)
		free(f.job);
}

enum err scrub_enter_lost(struct keeper *k, const struct segment_row *row,
    enum err err, bool given_up)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_LOST, 0);
	entry_put_text(&x.e, TAG_CAMERA, row->camera);
	entry_put_u64(&x.e, TAG_SEQ, row->seq);
	entry_put_i64(&x.e, TAG_FROM, row->start_ns);
	entry_put_i64(&x.e, TAG_TO, row->end_ns);
	entry_put_u64(&x.e, TAG_ERROR, err);
	if (given_up)
		entry_put_u64(&x.e, TAG_VOLUME_NUMBER, row->volume);
	return enter_end(k, &x, NULL);
}

static void lost(struct keeper *k, const struct scrub_row *s)
{
	struct segment_row now;
	uint32_t count = 0;
	size_t n;
	enum err err =
	    index_segment_find(k->ix, s->row.camera, s->row.seq, &now);

	/* erased meanwhile, due, or known */
	if (err || now.state == SEGMENT_LOST || now.retain_ns <= k->now.ns)
		return;
	err = scrub_enter_lost(k, &s->row, s->err, s->given_up);
	if (!err)
		err = index_segment_lost(k->ix, &now, k->now.ns);
	if (index_setting_find(k->ix, SCRUB_LOST, &count, sizeof(count), &n))
		count = 0;
	count++;
	if (!err)
		err =
		    index_setting_put(k->ix, SCRUB_LOST, &count, sizeof(count));
	if (s->given_up && !err) /* that was said of the volume */
		return;
	log_error("ALARM: camera %s: segment %llu is %s: footage was removed "
		  "or damaged outside of Saqta%s",
	    s->row.camera, (unsigned long long)s->row.seq,
	    s->err == ERR_NOT_FOUND	? "missing" :
		s->err == ERR_TRUNCATED ? "cut short" :
		s->err == ERR_INTEGRITY ? "changed" :
					  "unreadable",
	    err ? "; that was not entered" : "");
}

static void end_batch(struct keeper *k, struct scrub *job)
{
	for (size_t i = 0; i < job->n; i++) {
		struct scrub_row *s = &job->rows[i];

		if (s->dir >= 0)
			close(s->dir);
		if (s->err == ERR_DISK || s->err == ERR_UNAVAILABLE)
			disk_fault(k, s->row.volume, FAULT_READ);
		if (s->err == ERR_NOT_FOUND || s->err == ERR_TRUNCATED ||
		    s->err == ERR_INTEGRITY || s->err == ERR_DISK)
			lost(k, s);
	}
	free(job);
	k->scrubbing = false;
}

/* Is a pass at work, or due? */
static bool is_due(struct keeper *k, bool bytes, struct scrub_pass *p)
{
	int64_t every = bytes ? BYTES_NS : SIZES_NS;

	*p = scrub_pass_get(k->ix, bytes);
	if (p->begun_ns)
		return true;
	if (k->now.ns - p->last_ns < every && k->now.ns >= p->last_ns)
		return false;
	p->begun_ns = k->now.ns;
	return true;
}

/* The sizes first, which are quick; bytes in the seconds between. */
void scrub_tick(struct keeper *k)
{
	struct scrub *job;
	struct scrub_pass p;

	while ((job = worker_done(k->scrubber)))
		end_batch(k, job);
	if (k->scrubbing || k->rebuild)
		return;
	for (int turn = 0; turn < 2 && !k->scrubbing; turn++) {
		k->scrub_bytes = !k->scrub_bytes;
		if (is_due(k, k->scrub_bytes, &p))
			begin_batch(k, k->scrub_bytes, &p);
	}
}

void scrub_work(void *job)
{
	scrub_run(job);
}

static void begin_anew(struct keeper *k, bool bytes)
{
	struct scrub_pass p = {.begun_ns = k->now.ns,
	    .done_ns = scrub_pass_get(k->ix, bytes).done_ns};

	pass_put(k, bytes, &p);
}

void scrub_again(struct keeper *k)
{
	begin_anew(k, false);
}

/* Both passes begin anew, now. */
void handle_scrub(struct keeper *k, struct conn *c, struct wire *w)
{
	if (wire_end(w)) {
		conn_error(c, w->id, ERR_BAD_MESSAGE, NULL);
		return;
	}
	begin_anew(k, false);
	begin_anew(k, true);
	conn_ok(c, w->id);
}
