#include "storage/array.h"
#include "storage/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gather {
	struct segment_row *rows;
	size_t n, room;
};

static enum err gather_one(const struct segment_row *s, void *arg)
{
	struct gather *g = arg;

	if (!array_room(&g->rows, g->n, &g->room, sizeof(*s)))
		return ERR_NO_MEMORY;
	g->rows[g->n++] = *s;
	return OK;
}

static int64_t record_end(const struct journal_record *r)
{
	return r->start_ns + r->duration_ns;
}

/*
 * The fragments of f that show [from, to), and those before them down to a
 * key frame; none where nothing of it lies in the range.
 */
static void choose(const struct footage *f, int64_t from, int64_t to,
    size_t *ret_first, size_t *ret_n)
{
	size_t first = 0, end = f->n;

	while (first < f->n && record_end(&f->fragments[first]) <= from)
		first++;
	while (end > first && f->fragments[end - 1].start_ns >= to)
		end--;
	*ret_n = 0;
	if (first == end)
		return;
	while (first && !(f->fragments[first].flags & FRAGMENT_KEY))
		first--;
	*ret_first = first;
	*ret_n = end - first;
}

static bool joins(const struct play *p, const struct play_part *part)
{
	const struct play_part *last;
	int64_t between;

	if (!p->runs_n)
		return false;
	last = &p->parts[p->parts_n - 1];
	between = part->footage.fragments[part->first].start_ns -
	    p->runs[p->runs_n - 1].to_ns;
	return between >= -COVERAGE_JOIN_NS && between <= COVERAGE_JOIN_NS &&
	    part->first == 0 &&
	    crypt_equal(part->footage.begin.content,
		last->footage.begin.content, HASH_BYTES);
}

/* Takes the footage over on success. */
static enum err put_part(struct play *p, struct play_part *part)
{
	const struct journal_record *r = part->footage.fragments + part->first;
	struct play_run *run;

	if (!array_room(&p->parts, p->parts_n, &p->parts_room, sizeof(*part)))
		return ERR_NO_MEMORY;
	if (!joins(p, part)) {
		if (!array_room(&p->runs, p->runs_n, &p->runs_room,
			sizeof(*run)))
			return ERR_NO_MEMORY;
		p->runs[p->runs_n++] = (struct play_run){
		    .first_part = p->parts_n, .from_ns = r->start_ns};
	}
	run = &p->runs[p->runs_n - 1];
	p->parts[p->parts_n++] = *part;
	run->parts_n++;
	for (size_t i = 0; i < part->n; i++)
		run->bytes += r[i].plain_len;
	run->to_ns = record_end(&r[part->n - 1]);
	return OK;
}

static enum err put_lost(struct play *p, const struct segment_row *row,
    int64_t from, int64_t to)
{
	struct play_lost l = {row->seq,
	    row->start_ns > from ? row->start_ns : from,
	    row->end_ns < to ? row->end_ns : to};

	if (l.from_ns >= l.to_ns)
		return OK;
	if (!array_room(&p->lost, p->lost_n, &p->lost_room, sizeof(l)))
		return ERR_NO_MEMORY;
	p->lost[p->lost_n++] = l;
	return OK;
}

static enum err put_segment(struct play *p, struct index *ix, int data_fd,
    const struct segment_row *row, int64_t from, int64_t to)
{
	struct play_part part = {0};
	struct erasure_row e;
	enum err err = footage_read(data_fd, row, &part.footage);

	/* one that has just begun has nothing yet; what is away says so */
	if (err == ERR_AWAY ||
	    (err == ERR_NOT_FOUND && row->state == SEGMENT_OPEN))
		return OK;
	/* being erased just now: its row goes last */
	if (err == ERR_NOT_FOUND &&
	    !index_erasure_find(ix, row->camera, row->start_ns, row->end_ns,
		&e))
		return OK;
	if ((err == ERR_NOT_FOUND || err == ERR_INTEGRITY) &&
	    row->state != SEGMENT_OPEN)
		return put_lost(p, row, from, to);
	if (err)
		return err;
	choose(&part.footage, from, to, &part.first, &part.n);
	if (part.n) {
		err = put_part(p, &part);
		if (!err)
			return OK;
	}
	footage_free(&part.footage);
	return err;
}

enum err play_make(struct index *ix, int data_fd, const char *camera,
    int64_t from_ns, int64_t to_ns, struct utc now, struct play *ret)
{
	struct camera_row c;
	struct gather g = {0};
	struct play p = {0};
	int64_t until;
	enum err err = index_camera_find(ix, camera, &c);

	if (err)
		return err;
	snprintf(p.camera, sizeof(p.camera), "%s", c.id);
	snprintf(p.name, sizeof(p.name), "%s", c.name);
	err = coverage_until(ix, &c, from_ns, to_ns, now, &until);
	if (!err)
		err = coverage_of(ix, data_fd, &c, from_ns, until, now,
		    &p.coverage);
	if (!err)
		err =
		    index_segments(ix, camera, from_ns, to_ns, gather_one, &g);
	for (size_t i = 0; i < g.n && !err; i++)
		err = put_segment(&p, ix, data_fd, &g.rows[i], from_ns, to_ns);
	free(g.rows);
	if (err) {
		play_free(&p);
		return err;
	}
	*ret = p;
	return OK;
}

/* A walk behind the end of a range, until the second key frame. */
struct walk {
	int64_t end_ns, until_ns;
	unsigned keys;
	bool done;
};

/* How many fragments of f from `at` on it takes in. */
static size_t walk(struct walk *w, const struct footage *f, size_t at)
{
	size_t n = 0;

	for (; at + n < f->n && !w->done; n++) {
		const struct journal_record *r = &f->fragments[at + n];

		if (r->flags & FRAGMENT_KEY)
			w->keys++;
		w->done = w->keys == 2 || r->start_ns >= w->until_ns ||
		    r->start_ns > w->end_ns + COVERAGE_JOIN_NS;
		if (w->done)
			break;
		w->end_ns = record_end(r);
	}
	return n;
}

static enum err walk_on(struct play *p, struct index *ix, int data_fd,
    struct walk *w)
{
	const struct play_part *last = &p->parts[p->parts_n - 1];
	struct play_part part = {0};
	struct segment_row row;
	enum err err =
	    index_segment_find(ix, p->camera, last->footage.row.seq + 1, &row);

	if (!err)
		err = footage_read(data_fd, &row, &part.footage);
	if (err)
		return err == ERR_NOT_FOUND || err == ERR_AWAY ||
			err == ERR_INTEGRITY ?
		    OK :
		    err;
	part.n = walk(w, &part.footage, 0);
	if (part.n && row.state == SEGMENT_OPEN && !w->done)
		err = ERR_BUSY;
	else if (part.n && joins(p, &part))
		err = put_part(p, &part);
	else
		part.n = 0;
	if (err || !part.n)
		footage_free(&part.footage);
	return err;
}

enum err play_extend(struct play *p, struct index *ix, int data_fd,
    int64_t to_ns)
{
	struct play_run *run = p->runs_n ? &p->runs[p->runs_n - 1] : NULL;
	struct walk w = {.until_ns = to_ns + PLAY_BEYOND_NS};
	struct play_part *part;
	size_t at, n;

	if (!run || run->to_ns < to_ns - COVERAGE_JOIN_NS)
		return OK;
	part = &p->parts[p->parts_n - 1];
	at = part->first + part->n;
	w.end_ns = run->to_ns;
	n = walk(&w, &part->footage, at);
	for (size_t i = at; i < at + n; i++)
		run->bytes += part->footage.fragments[i].plain_len;
	part->n += n;
	run->to_ns = w.end_ns;
	return w.done ? OK : walk_on(p, ix, data_fd, &w);
}

void play_drop_last(struct play *p)
{
	struct play_part *part = &p->parts[--p->parts_n];
	struct play_run *run = &p->runs[p->runs_n - 1];

	for (size_t i = 0; i < part->n; i++)
		run->bytes -=
		    part->footage.fragments[part->first + i].plain_len;
	footage_free(&part->footage);
	run->parts_n--;
	part--;
	run->to_ns =
	    record_end(&part->footage.fragments[part->first + part->n - 1]);
}

void play_free(struct play *p)
{
	for (size_t i = 0; i < p->parts_n; i++)
		footage_free(&p->parts[i].footage);
	free(p->parts);
	free(p->runs);
	free(p->lost);
	coverage_free(&p->coverage);
	*p = (struct play){0};
}

enum err play_find(const struct play *p, uint64_t seq, uint32_t index,
    const struct play_part **ret_part, const struct journal_record **ret)
{
	for (size_t i = 0; i < p->parts_n; i++) {
		const struct play_part *part = &p->parts[i];

		if (part->footage.row.seq != seq)
			continue;
		if (index < part->first || index - part->first >= part->n)
			return ERR_NOT_APPROVED;
		*ret_part = part;
		*ret = &part->footage.fragments[index];
		return OK;
	}
	return ERR_NOT_APPROVED;
}
