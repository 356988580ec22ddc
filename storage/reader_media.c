/* reader_media.c - watching: runs, init parts, fragments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/session.h"

#define ETAG_BYTES 16

static void about_range(struct session *s, int64_t from_ns, int64_t to_ns)
{
	s->about.from_ns = from_ns;
	s->about.to_ns = to_ns;
}

static void get_about(struct session *s, struct wire *w, bool camera)
{
	get_text(w, s->about.request, sizeof(s->about.request));
	if (camera)
		get_text(w, s->about.camera, sizeof(s->about.camera));
}

/* A run whose init part cannot be read is shown without codec, and entered. */
static enum err fill_run(struct session *s, struct play *p, struct play_run *r)
{
	const struct play_part *part = &p->parts[r->first_part];
	struct opened *o;
	enum err err = access_open(s, part, &o);

	if (err == ERR_EXPIRED) {
		s->about.say[0] = '\0';
		return OK;
	}
	if (err == ERR_INTEGRITY || err == ERR_NOT_APPROVED) {
		snprintf(s->about.camera, sizeof(s->about.camera), "%s",
		    p->camera);
		about_range(s, r->from_ns, r->to_ns);
		refusal_enter(s, err);
		return OK;
	}
	if (err)
		return err;
	snprintf(r->codec, sizeof(r->codec), "%s", o->init.mime);
	r->width = o->init.width;
	r->height = o->init.height;
	return OK;
}

/* Nothing of the range is left, and some of it was erased by its term. */
static bool all_expired(struct session *s)
{
	struct access *a = &s->access;
	bool erased = false;

	for (size_t i = 0; i < a->cameras_n; i++) {
		if (a->plays[i].runs_n)
			return false;
		erased = erased ||
		    access_expired(s, a->cameras[i], a->from_ns, a->to_ns);
	}
	return erased;
}

enum err session_play(struct session *s, struct wire *w)
{
	struct access *a = &s->access;
	struct view v = session_view(s);
	struct wire asked = *w;
	char *text = NULL;
	enum err err;

	get_about(s, w, false);
	err = wire_end(w);
	if (!err)
		err = access_get(s, s->about.request);
	if (!err)
		err = access_play(s, true);
	for (size_t i = 0; !err && i < a->cameras_n; i++)
		for (size_t k = 0; !err && k < a->plays[i].runs_n; k++)
			err = fill_run(s, &a->plays[i], &a->plays[i].runs[k]);
	if (!err && all_expired(s))
		err = ERR_EXPIRED;
	if (!err)
		err = view_play(&v, a->request, a->from_ns, a->to_ns, a->plays,
		    a->cameras_n, &text);
	if (!err)
		err = answer_bulk(s, &asked, NULL, text, strlen(text));
	free(text);
	return err;
}

/* Name what fails its check, unless it is being erased. */
static enum err damaged(struct session *s, const struct play_part *part,
    const char *what)
{
	if (access_erased(s, &part->footage.row))
		return ERR_EXPIRED;
	snprintf(s->about.say, sizeof(s->about.say),
	    "Camera %s, segment %llu, %s: it is not what was recorded.",
	    part->footage.row.camera, (unsigned long long)part->footage.row.seq,
	    what);
	return ERR_INTEGRITY;
}

enum err session_media_init(struct session *s, struct wire *w)
{
	const struct play_part *part = NULL;
	const struct play *p;
	char etag[2 * ETAG_BYTES + 1];
	struct wire asked = *w;
	struct opened *o;
	uint64_t seq;
	enum err err;

	get_about(s, w, true);
	seq = wire_get_u64(w);
	err = wire_end(w);
	if (!err)
		err = access_get(s, s->about.request);
	if (!err)
		err = access_camera(s, s->about.camera, &p);
	if (err)
		return err;
	for (size_t i = 0; i < p->parts_n && !part; i++)
		if (p->parts[i].footage.row.seq == seq)
			part = &p->parts[i];
	if (!part)
		return ERR_NOT_APPROVED;
	about_range(s, part->footage.row.start_ns, part->footage.end_ns);
	err = access_open(s, part, &o);
	if (err)
		return err == ERR_INTEGRITY ? damaged(s, part, "init part") :
					      err;
	hex_encode(part->footage.begin.content, ETAG_BYTES, etag);
	return answer_bulk(s, &asked, etag, o->init_part,
	    (size_t)part->footage.begin.plain_len);
}

static enum err check(const struct opened *o, const struct journal_record *r,
    const unsigned char *p)
{
	unsigned char hash[HASH_BYTES];
	struct mp4_fragment f;
	enum err err =
	    mp4_fragment_parse(p, (size_t)r->plain_len, &o->init, &f);

	if (err)
		return err;
	mp4_sample_hash(&o->init, &f, p, hash);
	mp4_free(&f);
	return crypt_equal(hash, r->content, HASH_BYTES) ? OK : ERR_INTEGRITY;
}

void plain_free(struct plain *b)
{
	if (b->p)
		crypt_wipe(b->p, b->room);
	free(b->p);
	*b = (struct plain){0};
}

static enum err room(struct plain *b, uint64_t n)
{
	if (!n || n > MP4_FRAGMENT_MAX)
		return ERR_INTEGRITY;
	b->n = (size_t)n;
	if (b->n <= b->room)
		return OK;
	plain_free(b);
	b->p = malloc((size_t)n);
	if (!b->p)
		return ERR_NO_MEMORY;
	b->n = b->room = (size_t)n;
	return OK;
}

enum err fragment_read(struct session *s, const struct play_part *part,
    const struct journal_record *r, struct plain *ret)
{
	struct opened *o;
	char what[32];
	enum err err = access_open(s, part, &o);

	if (!err)
		err = room(ret, r->plain_len);
	if (!err)
		err = age_file_read(o->file, r->plain_off, ret->p, ret->n);
	if (!err)
		err = check(o, r, ret->p);
	if (!err)
		return OK;
	plain_free(ret);
	if (err == ERR_NO_MEMORY || err == ERR_DISK || err == ERR_NOT_APPROVED)
		return err;
	snprintf(what, sizeof(what), "fragment %u", r->index);
	return damaged(s, part, what);
}

enum err session_media_fragment(struct session *s, struct wire *w)
{
	const struct journal_record *r;
	const struct play_part *part;
	const struct play *p;
	char etag[2 * ETAG_BYTES + 1];
	struct plain bytes = {0};
	struct wire asked = *w;
	int64_t end;
	uint64_t seq;
	uint32_t index;
	enum err err;

	get_about(s, w, true);
	seq = wire_get_u64(w);
	index = wire_get_u32(w);
	err = wire_end(w);
	if (!err)
		err = access_get(s, s->about.request);
	if (!err)
		err = access_camera(s, s->about.camera, &p);
	if (!err)
		err = play_find(p, seq, index, &part, &r);
	if (err)
		return err;
	end = r->start_ns + r->duration_ns;
	about_range(s, r->start_ns, end);
	err = fragment_read(s, part, r, &bytes);
	/* P5: nothing leaves before the lease is durable */
	if (!err)
		err = lease_cover(s, p->camera, LEASE_VIEW, r->start_ns, end);
	if (!err) {
		hex_encode(r->content, ETAG_BYTES, etag);
		lease_served(s, p->camera, LEASE_VIEW, r->start_ns, end);
		err = answer_bulk(s, &asked, etag, bytes.p, bytes.n);
	}
	plain_free(&bytes);
	return err;
}

enum err session_stop_watching(struct session *s, struct wire *w)
{
	char request[REQUEST_ID_MAX];
	struct wire answer;
	enum err err;

	get_text(w, request, sizeof(request));
	err = wire_end(w);
	if (err)
		return err;
	if (!strcmp(request, s->access.request))
		access_drop(s);
	wire_begin(&answer, MSG_OK, w->id);
	return wire_send(s->client, &answer, -1);
}
