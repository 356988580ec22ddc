/* reader_decide.c - a custodian decides: the only act that opens day keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/session.h"

#define REASON_MIN 3

struct decision {
	struct request_row request;
	struct person_row requester;
	enum verdict verdict;
	int64_t from_ns, to_ns;
	char reason[TEXT_MAX];
	char credential[CREDENTIAL_MAX + 1];
	char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1];
	size_t cameras_n;
	struct age_identity identity; /* the custodian's */
	unsigned right; /* that was asked for */
	int64_t ends_ns; /* sooner than asked for; 0 */
};

static void get_decision(struct session *s, struct wire *w, struct decision *d)
{
	get_text(w, s->about.request, sizeof(s->about.request));
	d->verdict = (enum verdict)wire_get_u8(w);
	s->about.from_ns = d->from_ns = wire_get_i64(w);
	s->about.to_ns = d->to_ns = wire_get_i64(w);
	get_text(w, d->reason, sizeof(d->reason));
	get_text(w, d->credential, sizeof(d->credential));
	d->cameras_n = get_cameras(w, d->cameras);
	if (wire_more(w))
		d->ends_ns = wire_get_i64(w);
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; n && (p = strstr(p, word)); p += n)
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

/* Approve what was asked for or less, never more. */
static enum err range_ok(const struct decision *d)
{
	const struct request_row *q = &d->request;
	bool whole = d->from_ns == q->from_ns && d->to_ns == q->to_ns;
	size_t asked = 1;

	for (const char *p = q->cameras; *p; p++)
		asked += *p == ' ';
	if (d->from_ns >= d->to_ns || d->from_ns < q->from_ns ||
	    d->to_ns > q->to_ns || !d->cameras_n)
		return ERR_INVALID;
	for (size_t i = 0; i < d->cameras_n; i++) {
		if (!has_word(q->cameras, d->cameras[i]))
			return ERR_INVALID;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(d->cameras[i], d->cameras[k]))
				return ERR_INVALID;
	}
	if ((!whole || d->cameras_n != asked) && strlen(d->reason) < REASON_MIN)
		return ERR_INVALID;
	return OK;
}

/* P6: nobody decides his own request; then what may be decided at all. */
static enum err decision_ok(struct session *s, struct decision *d)
{
	enum err err = index_request_find(s->ix, s->about.request, &d->request);

	if (!err)
		err = index_rights_find(s->ix, d->request.id, &d->right);
	if (err)
		return err;
	if (d->request.requester == s->me.id)
		return ERR_SELF_APPROVAL;
	if (d->request.state != REQUEST_SUBMITTED)
		return ERR_DECIDED;
	if (d->verdict == VERDICT_REFUSE)
		return strlen(d->reason) < REASON_MIN ? ERR_INVALID : OK;
	return d->verdict == VERDICT_APPROVE ? range_ok(d) : ERR_INVALID;
}

/* Opened anew for this one act, from what the index says now. */
static enum err open_custodian(struct session *s, struct decision *d)
{
	struct secret secret;
	enum err err = index_person_find(s->ix, s->me.id, &s->me);

	if (err)
		return err;
	if (s->me.ended_ns || s->me.role != ROLE_CUSTODIAN)
		return ERR_DENIED;
	err = session_open_me(s, d->credential, &secret);
	crypt_wipe(d->credential, sizeof(d->credential));
	if (err)
		return err;
	seed_identity(secret.seed, &d->identity);
	crypt_wipe(&secret, sizeof(secret));
	return OK;
}

/* Keys are wrapped only to someone whom a custodian signed. */
static enum err requester_ok(struct session *s, struct decision *d,
    struct age_recipient *ret)
{
	enum err err =
	    index_person_find(s->ix, d->request.requester, &d->requester);

	if (!err && d->requester.ended_ns)
		err = ERR_INVALID;
	if (!err)
		err = person_check(s->ix, &s->me, &s->roots);
	if (!err)
		err = person_check(s->ix, &d->requester, &s->roots);
	return err ? err : recipient_parse(d->requester.recipient, ret);
}

/* One wrap: base64 of an age file that holds "AGE-SECRET-KEY-1..." LF. */
static enum err open_wrap(const char *b64, size_t n,
    const struct age_identity *id, struct age_identity *ret)
{
	unsigned char *sealed = malloc(n ? n : 1), *plain = NULL;
	char text[IDENTITY_TEXT];
	size_t sealed_n, plain_n = 0;
	enum err err = sealed ? OK : ERR_NO_MEMORY;

	if (!err)
		err = b64_decode(b64, n, true, sealed, n, &sealed_n);
	if (!err)
		err = age_decrypt(sealed, sealed_n, id, 1, &plain, &plain_n);
	if (!err &&
	    (plain_n != IDENTITY_TEXT || plain[IDENTITY_TEXT - 1] != '\n'))
		err = ERR_FORMAT;
	if (!err) {
		memcpy(text, plain, IDENTITY_TEXT - 1);
		text[IDENTITY_TEXT - 1] = '\0';
		err = identity_parse(text, ret);
		crypt_wipe(text, sizeof(text));
	}
	if (plain)
		crypt_wipe(plain, plain_n);
	free(plain);
	free(sealed);
	return err;
}

enum err day_open(const struct keyring_day *d, const struct age_identity *id,
    struct age_identity *ret)
{
	enum err err = ERR_NO_KEY;

	for (size_t i = 0; i < d->wraps_n && err == ERR_NO_KEY; i++)
		err = open_wrap(d->wraps[i], strlen(d->wraps[i]), id, ret);
	return err;
}

static enum err parse_day(const char *p, size_t n, struct keyring_day **ret)
{
	struct keyring_line l = {0};
	enum err err = n ? keyring_line_parse(p, n - 1, &l) : ERR_FORMAT;

	if (!err && !l.day)
		err = ERR_FORMAT;
	if (err) {
		keyring_grant_free(l.grant);
		return err;
	}
	*ret = l.day;
	return OK;
}

enum err day_get(struct session *s, const char *camera, const char *day,
    const struct age_identity *id, struct keyring_day **ret,
    struct age_identity *ret_key)
{
	struct keyring_day *d = NULL;
	const void *p = NULL;
	struct wire w;
	size_t n = 0;
	enum err err;

	keeper_begin(s, &w, MSG_DAY_KEY);
	wire_put_str(&w, camera);
	wire_put_str(&w, day);
	err = keeper_call(s, &w, -1);
	if (!err)
		err = wire_end(&w);
	if (!err)
		err = bulk_map(w.fd, WIRE_BULK_MAX, &p, &n);
	if (!err)
		err = parse_day(p, n, &d);
	bulk_unmap(p, n);
	if (w.fd >= 0)
		close(w.fd);
	if (!err)
		err = day_open(d, id, ret_key);
	if (err)
		keyring_day_free(d);
	else
		*ret = d;
	return err;
}

/* Of a held day the file's own header opens no more. */
static enum err file_key_of(struct session *s, const struct segment_row *row,
    const struct keyring_day *d, const struct age_identity *key,
    unsigned char ret[AGE_FILE_KEY])
{
	const struct keyring_held *h = keyring_day_held(d, row->seq);
	size_t n;

	return h ?
	    age_header_open(h->header, sizeof(h->header), key, 1, ret, &n) :
	    footage_file_key(s->data_fd, row, key, ret);
}

struct gather {
	struct segment_row *rows;
	size_t n, room;
	int64_t from_ns, to_ns;
};

/* Exactly those that overlap; an open one reaches up to now. */
static enum err gather_one(const struct segment_row *r, void *arg)
{
	struct gather *g = arg;

	if (r->start_ns >= g->to_ns ||
	    (r->state != SEGMENT_OPEN && r->end_ns <= g->from_ns))
		return OK;
	if (g->n == GRANT_SEGMENTS_MAX)
		return ERR_TOO_LARGE;
	if (g->n == g->room) {
		size_t want = g->room ? 2 * g->room : 64;
		void *bigger = realloc(g->rows, want * sizeof(*r));

		if (!bigger)
			return ERR_NO_MEMORY;
		g->rows = bigger;
		g->room = want;
	}
	g->rows[g->n++] = *r;
	return OK;
}

/* What is open while a camera's segments are wrapped. */
struct wrapping {
	struct keyring_day *day;
	struct age_identity key; /* that day's */
	unsigned char file_key[AGE_FILE_KEY];
	const struct age_recipient *to;
	struct grant *grant;
};

/*
 * The file key of one segment. A file that is missing or damaged cannot be
 * granted and does not keep the rest back: it is found at playing.
 */
static enum err wrap_one(struct session *s, struct decision *d,
    const struct segment_row *row, struct wrapping *w, bool *ret_opened)
{
	enum err err = OK;

	*ret_opened = false;
	if (!w->day || strcmp(w->day->date, row->day) != 0) {
		keyring_day_free(w->day);
		w->day = NULL;
		err = day_get(s, row->camera, row->day, &d->identity, &w->day,
		    &w->key);
	}
	if (err)
		return err;
	err = file_key_of(s, row, w->day, &w->key, w->file_key);
	*ret_opened = !err;
	if (!err)
		return grant_add(w->grant, row->camera, row->seq, w->file_key,
		    w->to);
	if (err == ERR_NO_MEMORY)
		return err;
	log_warn("segment %llu of %s cannot be granted: %s",
	    (unsigned long long)row->seq, row->camera, err_name(err));
	return OK;
}

/* The file keys of one camera's segments. */
static enum err wrap_camera(struct session *s, struct decision *d,
    const char *camera, const struct age_recipient *to, struct grant *grant)
{
	struct gather g = {.from_ns = d->from_ns, .to_ns = d->to_ns};
	struct wrapping w = {.to = to, .grant = grant};
	struct segment_row more;
	bool opened = false;
	enum err err =
	    index_segments(s->ix, camera, d->from_ns, d->to_ns, gather_one, &g);

	for (size_t i = 0; i < g.n && !err; i++)
		err = wrap_one(s, d, &g.rows[i], &w, &opened);
	/* the last one's key is still there: does the camera sign? */
	if (!err && opened && d->right == RIGHT_EXPORT) {
		err = beyond_find(s, camera, d->to_ns, &g.rows[g.n - 1],
		    w.file_key, &more);
		if (!err)
			err = wrap_one(s, d, &more, &w, &opened);
		else if (err == ERR_NOT_FOUND || err == ERR_BUSY)
			err = OK;
	}
	keyring_day_free(w.day);
	crypt_wipe(&w, sizeof(w));
	free(g.rows);
	return err;
}

static enum err put_grant(struct session *s, struct decision *d, int fd)
{
	struct wire w;
	enum err err;

	keeper_begin(s, &w, MSG_GRANT_PUT);
	wire_put_str(&w, d->request.id);
	wire_put_u8(&w, (uint8_t)d->verdict);
	wire_put_i64(&w, d->from_ns);
	wire_put_i64(&w, d->to_ns);
	wire_put_str(&w, d->reason);
	put_cameras(&w, d->cameras, d->cameras_n);
	wire_put_i64(&w, d->ends_ns);
	err = keeper_call(s, &w, fd);
	if (err && w.type == MSG_ERROR)
		snprintf(s->about.say, sizeof(s->about.say), "%s",
		    wire_get_str(&w));
	return err;
}

static enum err approve(struct session *s, struct decision *d)
{
	struct age_recipient to;
	struct grant grant;
	unsigned char *blob = NULL;
	size_t n = 0;
	int fd = -1;
	enum err err = requester_ok(s, d, &to);

	grant_init(&grant, d->request.requester);
	for (size_t i = 0; i < d->cameras_n && !err; i++)
		err = wrap_camera(s, d, d->cameras[i], &to, &grant);
	if (!err && !grant.n)
		err = ERR_NO_FOOTAGE;
	if (!err)
		err = grant_encode(&grant, &blob, &n);
	if (!err)
		err = bulk_from(blob, n, &fd);
	if (!err)
		err = put_grant(s, d, fd);
	if (fd >= 0)
		close(fd);
	free(blob);
	grant_wipe(&grant);
	return err;
}

enum err session_decide(struct session *s, struct wire *w)
{
	struct decision *d = calloc(1, sizeof(*d));
	struct wire answer;
	enum err err;

	if (!d)
		return ERR_NO_MEMORY;
	get_decision(s, w, d);
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err)
		err = decision_ok(s, d);
	if (!err)
		err = open_custodian(s, d);
	if (!err && d->verdict == VERDICT_APPROVE)
		err = approve(s, d);
	else if (!err)
		err = put_grant(s, d, -1);
	if (!err) {
		wire_begin(&answer, MSG_OK, w->id);
		err = wire_send(s->client, &answer, -1);
		session_rewrap(s, &d->identity);
	}
	crypt_wipe(d, sizeof(*d));
	free(d);
	return err;
}
