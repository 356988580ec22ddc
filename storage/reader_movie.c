/* reader_movie.c - downloading: a run as one plain MP4 that never exists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/session.h"

#define MOOF_GUESS 1024u /* bytes that most often hold a moof */
#define ETAG_BYTES 16
#define FILES_NS (600 * NS_PER_SEC) /* after the last piece that was read */

void laid_free(struct laid *l)
{
	plain_free(&l->fragment);
	movie_free(l->movie);
	*l = (struct laid){0};
}

/* The sample table of one fragment; its pictures stay where they are. */
static enum err read_moof(const struct opened *o,
    const struct journal_record *r, struct mp4_fragment *ret)
{
	size_t n = MOOF_GUESS;
	enum err err = ERR_TRUNCATED;

	if (!r->plain_len || r->plain_len > MP4_FRAGMENT_MAX)
		return ERR_INTEGRITY;
	while (err == ERR_TRUNCATED) {
		unsigned char *p;

		if (n > r->plain_len)
			n = (size_t)r->plain_len;
		p = malloc(n);
		if (!p)
			return ERR_NO_MEMORY;
		err = age_file_read(o->file, r->plain_off, p, n);
		if (err == ERR_TRUNCATED)
			err = ERR_INTEGRITY;
		if (!err)
			err = mp4_moof_parse(p, n, r->plain_len, &o->init, ret);
		crypt_wipe(p, n);
		free(p);
		if (n == r->plain_len && err == ERR_TRUNCATED)
			err = ERR_INTEGRITY;
		n *= 16;
	}
	return err;
}

static enum err put_part(struct session *s, const struct play_part *part,
    struct movie *m, uint32_t *source)
{
	struct opened *o;
	enum err err = access_open(s, part, &o);

	for (size_t i = 0; i < part->n && !err; i++) {
		struct mp4_fragment f;

		err =
		    read_moof(o, &part->footage.fragments[part->first + i], &f);
		if (err)
			break;
		err = movie_put(m, &f, (*source)++);
		mp4_free(&f);
	}
	return err;
}

/* A copy of a run's init part: its file may be closed while we go on. */
static enum err copy_init(struct session *s, const struct play_part *part,
    unsigned char **ret_bytes, struct mp4_init *ret)
{
	size_t n = (size_t)part->footage.begin.plain_len;
	struct opened *o;
	enum err err = access_open(s, part, &o);

	if (err)
		return err;
	*ret_bytes = malloc(n);
	if (!*ret_bytes)
		return ERR_NO_MEMORY;
	memcpy(*ret_bytes, o->init_part, n);
	return mp4_init_parse(*ret_bytes, n, ret);
}

enum err movie_lay_out(struct session *s, const struct play *p,
    const struct play_run *r, struct movie **ret)
{
	const struct play_part *parts = &p->parts[r->first_part];
	unsigned char *bytes = NULL;
	struct movie *m = NULL;
	struct mp4_init init;
	uint32_t source = 0;
	enum err err = copy_init(s, parts, &bytes, &init);

	if (!err)
		err = movie_begin(&init, r->from_ns / NS_PER_SEC, &m);
	for (size_t i = 0; i < r->parts_n && !err; i++)
		err = put_part(s, &parts[i], m, &source);
	if (!err)
		err = movie_end(m);
	free(bytes);
	if (!err) {
		*ret = m;
		return OK;
	}
	movie_free(m);
	if (err != ERR_FORMAT && err != ERR_INTEGRITY)
		return err;
	snprintf(s->about.say, sizeof(s->about.say),
	    "Camera %s: a segment of this run is not what was recorded.",
	    p->camera);
	return ERR_INTEGRITY;
}

/* Where it stands that the files of that request are open; else the oldest. */
static struct files *files_of(struct session *s, const char *request)
{
	struct files *oldest = &s->files[0];

	for (size_t i = 0; i < FILES_OPEN_MAX; i++) {
		if (!strcmp(s->files[i].request, request))
			return &s->files[i];
		if (s->files[i].at_ns < oldest->at_ns)
			oldest = &s->files[i];
	}
	return oldest;
}

static void open_files(struct session *s, const char *request)
{
	struct files *f = files_of(s, request);

	snprintf(f->request, sizeof(f->request), "%s", request);
	f->at_ns = mono_now().ns;
}

enum err session_files_open(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1];
	struct wire answer;
	enum err err;

	get_text(w, s->about.request, sizeof(s->about.request));
	get_text(w, credential, sizeof(credential));
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = access_get(s, s->about.request);
	if (!err)
		err = access_may_export(s);
	if (!err)
		err = session_taker(s, credential);
	crypt_wipe(credential, sizeof(credential));
	if (err)
		return err;
	open_files(s, s->access.request);
	wire_begin(&answer, MSG_OK, w->id);
	return wire_send(s->client, &answer, -1);
}

/*
 * A file leaves to who has shown who he is, for this request and in this
 * session; a download that goes on keeps it open, and so may be resumed.
 */
static enum err files_are_open(struct session *s)
{
	const struct files *f = files_of(s, s->access.request);

	if (!strcmp(f->request, s->access.request) &&
	    mono_now().ns - f->at_ns < FILES_NS)
		return OK;
	snprintf(s->about.say, sizeof(s->about.say),
	    "Files leave after the password and a new code of the second "
	    "factor: open those of %s first.",
	    s->access.request);
	return ERR_FILES;
}

/* The run, and its movie in s->access.laid. A file is an export. */
static enum err laid_get(struct session *s, const char *camera, uint32_t run,
    const struct play **ret_play, const struct play_run **ret_run)
{
	struct laid *l = &s->access.laid;
	bool there = l->movie && l->run == run && !strcmp(l->camera, camera);
	const struct play *p;
	struct movie *m;
	enum err err = there ? OK : access_may_export(s);

	if (!err)
		err = files_are_open(s);
	if (!err)
		err = access_camera(s, camera, &p);
	if (!err && run >= p->runs_n)
		err = ERR_NOT_FOUND;
	if (err)
		return err;
	*ret_play = p;
	*ret_run = &p->runs[run];
	if (there)
		return OK;
	err = movie_lay_out(s, p, *ret_run, &m);
	if (err)
		return err;
	laid_free(l);
	l->movie = m;
	l->run = run;
	snprintf(l->camera, sizeof(l->camera), "%s", camera);
	return OK;
}

/* From what was recorded, so that it is the same in every session. */
static void movie_etag(const struct play *p, const struct play_run *r,
    char ret[2 * ETAG_BYTES + 1])
{
	unsigned char hash[HASH_BYTES];
	struct sha256 h;

	sha256_init(&h);
	sha256_put(&h, p->parts[r->first_part].footage.begin.content,
	    HASH_BYTES);
	for (size_t i = 0; i < r->parts_n; i++) {
		const struct play_part *part = &p->parts[r->first_part + i];

		for (size_t k = 0; k < part->n; k++)
			sha256_put(&h,
			    part->footage.fragments[part->first + k].content,
			    HASH_BYTES);
	}
	sha256_end(&h, hash);
	hex_encode(hash, ETAG_BYTES, ret);
}

/* "20261122-141507-atm0417-cam1-REQ-2026-00031.mp4", local time. */
static void file_name(const struct session *s, const struct play *p,
    const struct play_run *r, char *buf, size_t n)
{
	char t[40];

	utc_rfc3339((struct utc){r->from_ns}, t, sizeof(t));
	snprintf(buf, n, "%.4s%.2s%.2s-%.2s%.2s%.2s-%s-%s.mp4", t, t + 5, t + 8,
	    t + 11, t + 14, t + 17, p->camera, s->access.request);
}

static enum err get_run(struct session *s, struct wire *w, uint32_t *ret)
{
	get_text(w, s->about.request, sizeof(s->about.request));
	get_text(w, s->about.camera, sizeof(s->about.camera));
	*ret = wire_get_u32(w);
	return w->err;
}

enum err session_movie(struct session *s, struct wire *w)
{
	char etag[2 * ETAG_BYTES + 1], name[128];
	const struct play_run *r;
	const struct play *p;
	struct wire answer;
	uint32_t run;
	enum err err = get_run(s, w, &run);

	if (!err)
		err = wire_end(w);
	if (!err)
		err = access_get(s, s->about.request);
	if (!err)
		err = laid_get(s, s->about.camera, run, &p, &r);
	if (err)
		return err;
	movie_etag(p, r, etag);
	file_name(s, p, r, name, sizeof(name));
	wire_begin(&answer, MSG_MOVIE_IS, w->id);
	wire_put_u64(&answer, movie_size(s->access.laid.movie));
	wire_put_str(&answer, etag);
	wire_put_str(&answer, name);
	return wire_send(s->client, &answer, -1);
}

enum err run_fragment(const struct play *p, const struct play_run *run,
    uint32_t n, const struct play_part **ret_part,
    const struct journal_record **ret)
{
	for (size_t i = 0; i < run->parts_n; i++) {
		const struct play_part *part = &p->parts[run->first_part + i];

		if (n < part->n) {
			*ret_part = part;
			*ret = &part->footage.fragments[part->first + n];
			return OK;
		}
		n -= (uint32_t)part->n;
	}
	return ERR_INTERNAL;
}

/* Have the fragment `source` checked, in memory, and under a lease (P5). */
static enum err hold(struct session *s, const struct play *p,
    const struct play_run *run, uint32_t source)
{
	struct laid *l = &s->access.laid;
	const struct journal_record *r;
	const struct play_part *part;
	enum err err = run_fragment(p, run, source, &part, &r);

	if (!err && (!l->fragment.p || l->source != source)) {
		err = fragment_read(s, part, r, &l->fragment);
		l->source = source;
	}
	if (!err)
		err = lease_cover(s, p->camera, LEASE_DOWNLOAD, r->start_ns,
		    r->start_ns + r->duration_ns);
	if (!err)
		lease_served(s, p->camera, LEASE_DOWNLOAD, r->start_ns,
		    r->start_ns + r->duration_ns);
	return err;
}

/* Into the window; each fragment only when it is held. */
static enum err fill(struct session *s, const struct play *p,
    const struct play_run *run, uint64_t off, int window, size_t n)
{
	struct laid *l = &s->access.laid;
	enum err err = OK;

	for (size_t at = 0; at < n && !err;) {
		struct movie_piece piece;
		const unsigned char *from;

		err = movie_map(l->movie, off + at, n - at, &piece);
		if (!err && piece.source != UINT32_MAX) {
			err = hold(s, p, run, piece.source);
			if (!err && piece.at + piece.n > l->fragment.n)
				err = ERR_INTEGRITY;
		}
		if (err)
			break;
		from = piece.source == UINT32_MAX ? piece.p :
						    l->fragment.p + piece.at;
		err = window_put(window, at, from, piece.n);
		at += piece.n;
	}
	return err;
}

enum err session_movie_read(struct session *s, struct wire *w)
{
	const struct play_run *r;
	const struct play *p;
	struct wire answer;
	uint64_t off, size;
	uint32_t run, n = 0;
	enum err err = get_run(s, w, &run);

	off = wire_get_u64(w);
	n = wire_get_u32(w);
	if (!err)
		err = wire_end(w);
	if (!err && (!n || n > MOVIE_READ_MAX))
		err = ERR_INVALID;
	if (!err)
		err = window_check(w->fd, n);
	if (!err)
		err = access_get(s, s->about.request);
	if (!err)
		err = laid_get(s, s->about.camera, run, &p, &r);
	if (err)
		return err;
	size = movie_size(s->access.laid.movie);
	if (off > size || n > size - off)
		return ERR_RANGE;
	s->about.from_ns = r->from_ns;
	s->about.to_ns = r->to_ns;
	err = fill(s, p, r, off, w->fd, n);
	if (err)
		return err;
	open_files(s, s->access.request);
	wire_begin(&answer, MSG_MOVIE_READ_IS, w->id);
	return wire_send(s->client, &answer, -1);
}
