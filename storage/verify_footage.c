/* verify_footage.c - is the footage what was recorded? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/disk.h"
#include "storage/play.h"
#include "storage/track.h"
#include "storage/verify_state.h"

#define BLOCK 65536u

/* A whole claim must be about the place at which it stands. */
static bool leaf_is_right(const struct manifest_segment *s, uint32_t i)
{
	const struct manifest_leaf *l = &s->leaves[i];

	if (!l->whole)
		return i > 0;
	return l->claim.seq == s->seq &&
	    l->claim.type == (i ? JOURNAL_FRAGMENT : JOURNAL_BEGIN) &&
	    l->claim.index == (i ? i - 1 : 0);
}

/* The leaves of a segment are those that the log has the root of. */
static void check_segment(struct verify *v, const struct manifest_segment *s)
{
	const struct proof_entry *x =
	    verify_entry(v, s->epoch, s->entry, ENTRY_SEGMENT, "a segment");
	unsigned char root[HASH_BYTES];
	struct entry_field f;
	struct merkle t;
	bool right = s->n > 0;

	if (!x)
		return;
	merkle_init(&t);
	for (uint32_t i = 0; i < s->n; i++) {
		right = right && leaf_is_right(s, i);
		merkle_put(&t, s->leaves[i].hash);
	}
	merkle_root(&t, root);
	if (!right || !field_is(x, TAG_CAMERA, s->camera) ||
	    !field_is_u64(x, TAG_SEQ, s->seq) ||
	    !field_is_u64(x, TAG_FRAGMENTS, s->n - 1) ||
	    !entry_find(&x->view, TAG_ROOT, &f) ||
	    memcmp(f.p, root, HASH_BYTES) != 0)
		verify_finding(v, false, "segment", "manifest.json", -1,
		    "camera %s, segment %llu: the manifest does not say what "
		    "the log says",
		    s->camera, (unsigned long long)s->seq);
}

static enum err hash_file(int fd, const struct zip_file *f,
    unsigned char ret[HASH_BYTES])
{
	unsigned char buf[BLOCK];
	struct sha256 h;

	sha256_init(&h);
	for (uint64_t at = 0; at < f->size;) {
		size_t n =
		    f->size - at < BLOCK ? (size_t)(f->size - at) : BLOCK;
		enum err e = disk_pread(fd, buf, n, f->off + at);

		if (e)
			return e;
		sha256_put(&h, buf, n);
		at += n;
	}
	sha256_end(&h, ret);
	return OK;
}

/* One file while its fragments are compared, in order. */
struct compare {
	struct verify *v;
	const struct manifest_file *file;
	const struct zip_file *in;
	struct track track;
	bool readable;
	uint32_t sample; /* the next one */
	uint64_t ticks, off; /* where it begins */
	uint32_t differ; /* fragments in the run that differs */
	int64_t differ_ms, differ_wall;
	bool any; /* a fragment differed */
};

static int64_t now_ms(const struct compare *c)
{
	return c->readable ?
	    (int64_t)(c->ticks * 1000 / c->track.init.timescale) :
	    -1;
}

static enum err hash_fragment(struct compare *c, uint32_t n,
    unsigned char ret[HASH_BYTES])
{
	unsigned char buf[BLOCK];
	struct sha256 h;

	mp4_hash_begin(&c->track.init, n, &h);
	for (; n; n--, c->sample++) {
		const struct track_sample *s = &c->track.samples[c->sample];
		uint64_t left = s->size;

		mp4_hash_sample(&h, s->duration, s->composition, s->sync,
		    s->size);
		while (left) {
			size_t m = left < BLOCK ? (size_t)left : BLOCK;
			enum err e =
			    disk_pread(c->v->fd, buf, m, c->in->off + c->off);

			if (e)
				return e;
			sha256_put(&h, buf, m);
			c->off += m;
			left -= m;
		}
		c->ticks += s->duration;
	}
	sha256_end(&h, ret);
	return OK;
}

/* Fragments that differ one after another are one finding. */
static void end_difference(struct compare *c)
{
	char t[VERIFY_TIME];

	if (!c->differ)
		return;
	verify_finding(c->v, false, "fragment", c->file->name, c->differ_ms,
	    "%s, from second %lld.%03lld (%s): %u second%s of pictures are "
	    "not what was recorded",
	    c->file->name, (long long)(c->differ_ms / 1000),
	    (long long)(c->differ_ms % 1000),
	    verify_time(c->v, c->differ_wall, t), c->differ,
	    c->differ == 1 ? "" : "s");
	c->differ = 0;
	c->any = true;
}

static enum err compare_fragment(struct compare *c,
    const struct journal_record *claim)
{
	unsigned char hash[HASH_BYTES] = {0};
	int64_t ms = now_ms(c);
	enum err e = OK;

	if (!c->readable)
		return OK;
	if (claim->samples <= c->track.n - c->sample)
		e = hash_fragment(c, claim->samples, hash);
	else
		c->sample = c->track.n;
	if (e)
		return e;
	if (!memcmp(hash, claim->content, HASH_BYTES)) {
		end_difference(c);
		return OK;
	}
	if (!c->differ++) {
		c->differ_ms = ms;
		c->differ_wall = claim->start_ns;
	}
	return OK;
}

/* Parts of a run follow one another: nothing may lie between them. */
static bool follows(const struct compare *c, size_t i)
{
	const struct manifest_part *p = &c->file->parts[i], *before;
	const struct manifest_segment *s;

	if (!i)
		return true;
	before = p - 1;
	s = manifest_segment(&c->v->manifest, c->file->camera, before->seq);
	return s && before->first + before->n == s->n - 1 &&
	    p->seq == before->seq + 1 && !p->first;
}

static enum err compare_part(struct compare *c, size_t i)
{
	const struct manifest_part *p = &c->file->parts[i];
	const struct manifest_segment *s =
	    manifest_segment(&c->v->manifest, c->file->camera, p->seq);
	enum err e = OK;

	if (!s || !follows(c, i) || !s->n || p->first >= s->n - 1 ||
	    p->n > s->n - 1 - p->first || !p->n) {
		verify_finding(c->v, false, "manifest", c->file->name, -1,
		    "%s: the manifest joins what does not follow one another",
		    c->file->name);
		return OK;
	}
	for (uint32_t k = 0; k < p->n && !e; k++) {
		const struct manifest_leaf *l = &s->leaves[1 + p->first + k];

		if (!l->whole) {
			verify_finding(c->v, false, "manifest", c->file->name,
			    now_ms(c), "%s: a fragment is not described",
			    c->file->name);
			return OK;
		}
		c->v->held[c->v->held_n++] =
		    (struct held_fragment){s, &l->claim};
		e = compare_fragment(c, &l->claim);
	}
	return e;
}

/*
 * Behind the granted range stands only what the manifest says so of: a little,
 * for the signatures of the camera.
 */
static void check_beyond(struct compare *c, size_t first)
{
	const struct manifest *m = &c->v->manifest;
	int64_t from = 0, to = 0;

	for (size_t i = first; i < c->v->held_n; i++) {
		const struct journal_record *r = c->v->held[i].claim;

		if (r->start_ns < m->to_ns)
			continue;
		if (!to || r->start_ns < from)
			from = r->start_ns;
		if (r->start_ns + r->duration_ns > to)
			to = r->start_ns + r->duration_ns;
	}
	if (from != c->file->beyond_from_ns || to != c->file->beyond_to_ns ||
	    to - from > PLAY_BEYOND_NS)
		verify_finding(c->v, false, "beyond", c->file->name, -1,
		    "%s: what lies behind the granted range is not what the "
		    "manifest says of it",
		    c->file->name);
	c->v->beyond = c->v->beyond || to;
}

static enum err compare_file(struct compare *c)
{
	size_t first = c->v->held_n;

	unsigned char hash[HASH_BYTES];
	bool same;
	enum err e = hash_file(c->v->fd, c->in, hash);

	if (e)
		return e;
	same = c->in->size == c->file->bytes &&
	    !memcmp(hash, c->file->sha256, HASH_BYTES);
	e = track_read(c->v->fd, c->in->off, c->in->size, &c->track);
	if (e == ERR_NO_MEMORY || e == ERR_DISK)
		return e;
	c->readable = !e;
	c->off = c->track.media_off;
	e = OK;
	for (size_t i = 0; i < c->file->n && !e; i++)
		e = compare_part(c, i);
	if (e)
		return e;
	end_difference(c);
	check_beyond(c, first);
	if (c->readable && c->sample != c->track.n)
		verify_finding(c->v, false, "fragment", c->file->name,
		    now_ms(c),
		    "%s, from second %lld: %u pictures more than "
		    "were recorded",
		    c->file->name, (long long)(now_ms(c) / 1000),
		    c->track.n - c->sample);
	else if (!c->readable)
		verify_finding(c->v, false, "file", c->file->name, -1,
		    "%s: it is not the MP4 that was exported", c->file->name);
	else if (!same && !c->any)
		verify_finding(c->v, false, "file", c->file->name, -1,
		    "%s: its pictures are what was recorded, but the file "
		    "around them was changed",
		    c->file->name);
	return OK;
}

static enum err check_file(struct verify *v, const struct manifest_file *f)
{
	struct compare c = {.v = v, .file = f};
	enum err e;

	c.in = zip_find(&v->zip, f->name);
	if (!c.in) {
		verify_finding(v, true, "file", f->name, -1,
		    "%s is not in the package", f->name);
		return OK;
	}
	e = compare_file(&c);
	track_free(&c.track);
	return e;
}

static int by_camera_and_time(const void *a, const void *b)
{
	const struct held_fragment *x = a, *y = b;
	int c = strcmp(x->segment->camera, y->segment->camera);

	if (c)
		return c;
	if (x->claim->start_ns != y->claim->start_ns)
		return x->claim->start_ns < y->claim->start_ns ? -1 : 1;
	return 0;
}

static size_t count_fragments(const struct manifest *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->files_n; i++)
		for (size_t k = 0; k < m->files[i].n; k++) {
			const struct manifest_segment *s = manifest_segment(m,
			    m->files[i].camera, m->files[i].parts[k].seq);

			n += s ? s->n : 0;
		}
	return n;
}

enum err verify_footage(struct verify *v)
{
	const struct manifest *m = &v->manifest;
	size_t n = count_fragments(m);
	enum err e = OK;

	if (n > 16 * (size_t)MANIFEST_ITEMS_MAX) {
		verify_finding(v, false, "manifest", "manifest.json", -1,
		    "the manifest names more than there can be");
		return OK;
	}
	v->held = calloc(n + 1, sizeof(*v->held));
	if (!v->held)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < m->segments_n; i++)
		check_segment(v, &m->segments[i]);
	for (size_t i = 0; i < m->files_n && !e; i++)
		e = check_file(v, &m->files[i]);
	if (e)
		return e;
	qsort(v->held, v->held_n, sizeof(*v->held), by_camera_and_time);
	if (v->out->changed)
		verify_say(v, CLAIM_UNCHANGED, NOT_PROVEN,
		    "the footage or what is said of it was changed");
	else
		verify_say(v, CLAIM_UNCHANGED, PROVEN,
		    "%zu file%s, %zu fragments: as recorded%s", m->files_n,
		    m->files_n == 1 ? "" : "s", v->held_n,
		    v->beyond ? "; what follows the granted range is for "
				"the camera's own signatures" :
				"");
	verify_complete(v);
	return OK;
}
