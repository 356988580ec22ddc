/* reader_access.c - what an approved request gives, as long as it does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/session.h"

static void close_file(struct opened *o)
{
	age_file_close(o->file);
	free(o->init_part);
	*o = (struct opened){0};
}

static void forget_plays(struct access *a)
{
	laid_free(&a->laid);
	for (size_t i = 0; i < CAMERAS_MAX; i++)
		play_free(&a->plays[i]);
	/* a file that grew since has more to give */
	for (size_t i = 0; i < FILES_MAX; i++)
		close_file(&a->files[i]);
	a->played = false;
}

void access_drop(struct session *s)
{
	struct access *a = &s->access;

	lease_close_all(s);
	forget_plays(a);
	grant_wipe(&a->grant);
	crypt_wipe(a, sizeof(*a));
}

static enum err take_grant(struct session *s, int fd)
{
	struct grant g;
	const void *p;
	size_t n;
	enum err err = bulk_map(fd, WIRE_BULK_MAX, &p, &n);

	if (err)
		return err;
	err = grant_decode(p, n, &g);
	bulk_unmap(p, n);
	if (err)
		return err;
	if (g.person != s->me.id) {
		grant_wipe(&g);
		return ERR_NOT_APPROVED;
	}
	s->access.grant = g;
	return OK;
}

/* The keeper's answer; keys are taken only where the decision is another. */
static enum err take(struct session *s, const char *request, struct wire *w)
{
	struct access *a = &s->access;
	int64_t from = wire_get_i64(w), to = wire_get_i64(w);
	int64_t ends = wire_get_i64(w);
	uint64_t decision = wire_get_u64(w);
	char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1];
	size_t n = get_cameras(w, cameras);
	enum err err = wire_end(w);

	if (err || w->type != MSG_GRANT_GET_IS)
		return err ? err : ERR_BAD_MESSAGE;
	if (strcmp(a->request, request) != 0 || a->decision != decision) {
		access_drop(s);
		err = take_grant(s, w->fd);
		if (err)
			return err;
		snprintf(a->request, sizeof(a->request), "%s", request);
		a->decision = decision;
	}
	a->from_ns = from;
	a->to_ns = to;
	a->ends_ns = ends;
	a->cameras_n = n;
	memcpy(a->cameras, cameras, sizeof(cameras));
	a->checked_ns = mono_now().ns;
	return OK;
}

enum err access_get(struct session *s, const char *request)
{
	struct access *a = &s->access;
	struct wire w;
	enum err err = OK;

	if (!*request)
		return ERR_NOT_APPROVED;
	if (strcmp(a->request, request) != 0 ||
	    mono_now().ns - a->checked_ns > GRANT_FRESH_NS) {
		keeper_begin(s, &w, MSG_GRANT_GET);
		wire_put_str(&w, request);
		err = keeper_call(s, &w, -1);
		if (!err)
			err = take(s, request, &w);
		if (w.fd >= 0)
			close(w.fd);
	}
	if (!err && session_now(s).ns >= a->ends_ns)
		err = ERR_GRANT_ENDED;
	if (err && !strcmp(a->request, request))
		access_drop(s);
	/* a request that does not exist is not told from another's */
	return err == ERR_NOT_FOUND ? ERR_NOT_APPROVED : err;
}

enum err access_may_export(struct session *s)
{
	unsigned right;
	enum err err = index_rights_find(s->ix, s->access.request, &right);

	if (err || right == RIGHT_EXPORT)
		return err;
	snprintf(s->about.say, sizeof(s->about.say),
	    "%s grants watching only: ask for the right to export.",
	    s->access.request);
	return ERR_NOT_APPROVED;
}

static bool is_granted(const struct access *a, const char *camera)
{
	for (size_t i = 0; i < a->cameras_n; i++)
		if (!strcmp(a->cameras[i], camera))
			return true;
	return false;
}

enum err access_narrow(struct access *a, const struct access_part *p,
    struct request_row *r)
{
	size_t len = 0;

	if (!p->n)
		return OK;
	if (p->from_ns >= p->to_ns)
		return ERR_INVALID;
	if (p->from_ns < a->from_ns || p->to_ns > a->to_ns)
		return ERR_NOT_APPROVED;
	for (size_t i = 0; i < p->n; i++) {
		if (!is_granted(a, p->cameras[i]))
			return ERR_NOT_APPROVED;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(p->cameras[i], p->cameras[k]))
				return ERR_INVALID;
	}
	for (size_t i = 0; i < p->n; i++)
		len += (size_t)snprintf(r->granted_cameras + len,
		    sizeof(r->granted_cameras) - len, "%s%s", i ? " " : "",
		    p->cameras[i]);
	a->from_ns = r->granted_from_ns = p->from_ns;
	a->to_ns = r->granted_to_ns = p->to_ns;
	a->cameras_n = p->n;
	memcpy(a->cameras, p->cameras, sizeof(a->cameras));
	return OK;
}

enum err access_play(struct session *s, bool anew)
{
	struct access *a = &s->access;
	enum err err = OK;

	if (a->played && !anew)
		return OK;
	forget_plays(a);
	for (size_t i = 0; i < a->cameras_n && !err; i++)
		err = play_make(s->ix, s->data_fd, a->cameras[i], a->from_ns,
		    a->to_ns, session_now(s), &a->plays[i]);
	if (err)
		forget_plays(a);
	else
		a->played = true;
	return err;
}

enum err access_camera(struct session *s, const char *camera,
    const struct play **ret)
{
	enum err err = access_play(s, false);

	for (size_t i = 0; i < s->access.cameras_n && !err; i++)
		if (!strcmp(s->access.plays[i].camera, camera)) {
			*ret = &s->access.plays[i];
			return OK;
		}
	return err ? err : ERR_NOT_APPROVED;
}

static struct opened *place(struct access *a)
{
	struct opened *oldest = &a->files[0];

	for (size_t i = 0; i < FILES_MAX; i++) {
		if (!a->files[i].file)
			return &a->files[i];
		if (a->files[i].used_ns < oldest->used_ns)
			oldest = &a->files[i];
	}
	close_file(oldest);
	return oldest;
}

/* The init part is what the journal says it is. */
static enum err read_init(struct opened *o, const struct journal_record *begin)
{
	unsigned char hash[HASH_BYTES];
	size_t n = (size_t)begin->plain_len;
	enum err err;

	if (!n || begin->plain_len > MP4_INIT_MAX)
		return ERR_INTEGRITY;
	o->init_part = malloc(n);
	if (!o->init_part)
		return ERR_NO_MEMORY;
	err = age_file_read(o->file, 0, o->init_part, n);
	if (err)
		return err;
	sha256(o->init_part, n, hash);
	if (!crypt_equal(hash, begin->content, HASH_BYTES))
		return ERR_INTEGRITY;
	return mp4_init_parse(o->init_part, n, &o->init);
}

bool access_expired(struct session *s, const char *camera, int64_t from_ns,
    int64_t to_ns)
{
	struct erasure_row e;

	if (index_erasure_find(s->ix, camera, from_ns, to_ns, &e))
		return false;
	snprintf(s->about.say, sizeof(s->about.say),
	    "The footage of %s of %s was erased when its term ended: ledger "
	    "entry %lld.",
	    e.camera, e.day,
	    e.entry < 0 ? (long long)e.erasing : (long long)e.entry);
	return true;
}

bool access_erased(struct session *s, const struct segment_row *row)
{
	struct segment_row now;
	struct erasure_row e;

	if (!index_segment_find(s->ix, row->camera, row->seq, &now) &&
	    index_erasing_find(s->ix, row->camera, row->day, &e))
		return false; /* it is there, and nothing of its day goes */
	return access_expired(s, row->camera, row->start_ns, row->end_ns);
}

enum err access_open(struct session *s, const struct play_part *part,
    struct opened **ret)
{
	const struct segment_row *row = &part->footage.row;
	unsigned char key[AGE_FILE_KEY];
	struct opened *o;
	enum err err;

	for (size_t i = 0; i < FILES_MAX; i++) {
		o = &s->access.files[i];
		if (o->file && o->seq == row->seq &&
		    !strcmp(o->camera, row->camera)) {
			o->used_ns = mono_now().ns;
			*ret = o;
			return OK;
		}
	}
	err = grant_find(&s->access.grant, row->camera, row->seq, &s->identity,
	    key);
	if (err)
		return err;
	o = place(&s->access);
	err = footage_open(s->data_fd, &part->footage, key, &o->file);
	crypt_wipe(key, sizeof(key));
	if (!err)
		err = read_init(o, &part->footage.begin);
	if (err) {
		close_file(o);
		if (access_erased(s, row))
			return ERR_EXPIRED;
		/* missing, shortened or changed: all the same to the viewer */
		return err == ERR_NO_MEMORY || err == ERR_DISK ? err :
								 ERR_INTEGRITY;
	}
	snprintf(o->camera, sizeof(o->camera), "%s", row->camera);
	o->seq = row->seq;
	o->used_ns = mono_now().ns;
	*ret = o;
	return OK;
}
