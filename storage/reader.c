#include "storage/reader.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/api/oom.h"
#include "storage/etag.h"
#include "storage/session.h"
#include "storage/site.h"
#include "storage/volume.h"

#define KEEPER_FD 3
#define CLIENT_FD 4
#define DATA_FD 5
#define FIRST_NS (7 * 24 * 3600 * NS_PER_SEC) /* of a one-time password */

#define AUDITOR (1u << ROLE_AUDITOR)
#define CUSTODIAN (1u << ROLE_CUSTODIAN)
#define OPERATOR (1u << ROLE_OPERATOR)
#define ANYBODY (1u << ROLE_OPERATOR | AUDITOR | CUSTODIAN)

struct utc session_now(const struct session *s)
{
	return (struct utc){utc_now().ns + s->clock_offset_ns};
}

struct view session_view(const struct session *s)
{
	return (struct view){.ix = s->ix,
	    .ledger = s->ledger,
	    .data_fd = s->data_fd,
	    .site = s->site,
	    .zone = s->zone,
	    .demo = s->demo,
	    .reserve_bytes = s->reserve_bytes,
	    .now = session_now(s),
	    .person = s->me.id,
	    .role = s->me.role};
}

void keeper_begin(struct session *s, struct wire *w, enum msg type)
{
	wire_begin(w, (uint16_t)type, ++s->next_id);
}

enum err keeper_call(struct session *s, struct wire *w, int fd)
{
	enum err err = wire_call(s->keeper, w, fd, KEEPER_MS);

	/* it answers in order: what was told before has been done */
	s->told = 0;
	return err;
}

void keeper_tell(struct session *s, struct wire *w)
{
	if (wire_send(s->keeper, w, -1))
		log_warn("a lease was not closed; storage closes it");
	else
		s->told = w->id;
}

/* What comes when nothing was asked; false at the end. */
static bool keeper_said(struct session *s)
{
	struct wire w;

	if (wire_recv(s->keeper, &w))
		return false;
	if (w.fd >= 0)
		close(w.fd);
	if (w.type == MSG_ERROR)
		log_warn("a lease was not closed; storage closes it");
	if (w.id == s->told)
		s->told = 0;
	return true;
}

void keeper_settle(struct session *s)
{
	struct pollfd p = {.fd = s->keeper, .events = POLLIN};

	while (s->told && poll(&p, 1, KEEPER_MS) > 0 && keeper_said(s))
		;
}

void get_text(struct wire *w, char *ret, size_t room)
{
	const char *text = wire_get_str(w);

	if (strlen(text) >= room && !w->err)
		w->err = ERR_TOO_LARGE;
	snprintf(ret, room, "%s", w->err ? "" : text);
}

void get_page(struct wire *w, struct page *ret)
{
	*ret = (struct page){.limit = -1};
	if (!wire_more(w))
		return;
	get_text(w, ret->after, sizeof(ret->after));
	ret->limit = wire_get_u16(w);
	if ((!ret->limit || ret->limit > PAGE_MAX) && !w->err)
		w->err = ERR_INVALID;
}

size_t get_cameras(struct wire *w, char ret[CAMERAS_MAX][CAMERA_ID_MAX + 1])
{
	size_t n = wire_get_u8(w);

	if (n > CAMERAS_MAX && !w->err)
		w->err = ERR_TOO_LARGE;
	for (size_t i = 0; i < n && !w->err; i++)
		get_text(w, ret[i], sizeof(ret[i]));
	return w->err ? 0 : n;
}

void put_cameras(struct wire *w, char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1],
    size_t n)
{
	wire_put_u8(w, (uint8_t)n);
	for (size_t i = 0; i < n; i++)
		wire_put_str(w, cameras[i]);
}

enum err session_open_me(struct session *s, const char *credential,
    struct secret *ret)
{
	struct wire w;
	uint64_t step;
	enum err err =
	    person_open(&s->me, credential, session_now(s), ret, &step);

	if (err || !step)
		return err;
	keeper_begin(s, &w, MSG_FACTOR_USED);
	wire_put_u64(&w, step);
	err = keeper_call(s, &w, -1);
	if (err)
		crypt_wipe(ret, sizeof(*ret));
	return err;
}

enum err answer_bulk(struct session *s, const struct wire *asked,
    const char *extra, const void *p, size_t n)
{
	struct wire w;
	int fd;
	enum err err = bulk_from(p, n, &fd);

	if (err)
		return err;
	wire_begin(&w, (uint16_t)(asked->type + 1), asked->id);
	if (extra)
		wire_put_str(&w, extra);
	err = wire_send(s->client, &w, fd);
	close(fd);
	return err;
}

void refusal_enter(struct session *s, enum err why)
{
	struct wire w;

	keeper_begin(s, &w, MSG_REFUSAL);
	wire_put_u16(&w, (uint16_t)why);
	wire_put_str(&w, s->about.request);
	wire_put_str(&w, s->about.camera);
	wire_put_i64(&w, s->about.from_ns);
	wire_put_i64(&w, s->about.to_ns);
	if (keeper_call(s, &w, -1))
		log_error("a refusal was not entered");
}

/* The attack surface: who may ask what. */
static const struct row {
	uint16_t type;
	unsigned who;
	unsigned names; /* first fields: 1 request, 2 and a camera, 3 camera */
	enum err (*handle)(struct session *, struct wire *);
} table[] = {
    {MSG_SITE, ANYBODY, 0, session_site},
    {MSG_CAMERAS, ANYBODY, 0, session_cameras},
    {MSG_COVERAGE, ANYBODY, 0, session_coverage},
    {MSG_TRANSACTIONS, AUDITOR | CUSTODIAN, 0, session_transactions},
    {MSG_TRANSACTION_LISTS, AUDITOR | CUSTODIAN, 0, session_transaction_lists},
    {MSG_STATUS, ANYBODY, 0, session_status},
    {MSG_REQUEST_NEW, AUDITOR | CUSTODIAN, 0, session_request_new},
    {MSG_DRAFTS, AUDITOR | CUSTODIAN, 0, session_drafts},
    {MSG_DRAFT_PUT, AUDITOR | CUSTODIAN, 0, session_onboard},
    {MSG_DRAFT_DROP, AUDITOR | CUSTODIAN, 0, session_onboard},
    {MSG_REQUESTS, AUDITOR | CUSTODIAN, 0, session_requests},
    {MSG_DECIDE, CUSTODIAN, 1, session_decide},
    {MSG_REVOKE, AUDITOR | CUSTODIAN, 1, session_revoke},
    {MSG_HOLDS, AUDITOR | CUSTODIAN, 0, session_holds},
    {MSG_HOLD_PLACE, AUDITOR | CUSTODIAN, 0, session_hold_place},
    {MSG_HOLD_RELEASE, CUSTODIAN, 0, session_hold_release},
    {MSG_LEDGER, AUDITOR | CUSTODIAN, 0, session_ledger},
    {MSG_LEDGER_VERIFY, AUDITOR | CUSTODIAN, 0, session_ledger_verify},
    /* an auditor's alone: a custodian's identity is not kept open */
    {MSG_PLAY, AUDITOR, 1, session_play},
    {MSG_MEDIA_INIT, AUDITOR, 2, session_media_init},
    {MSG_MEDIA_FRAGMENT, AUDITOR, 2, session_media_fragment},
    {MSG_FILES_OPEN, AUDITOR, 1, session_files_open},
    {MSG_MOVIE, AUDITOR, 2, session_movie},
    {MSG_MOVIE_READ, AUDITOR, 2, session_movie_read},
    {MSG_CAMERA_ADD, OPERATOR, 0, session_onboard},
    {MSG_CAMERA_ENABLE, OPERATOR, 0, session_onboard},
    {MSG_CAMERA_REPLACE, OPERATOR, 0, session_onboard},
    {MSG_CAMERA_RETIRE, OPERATOR, 0, session_onboard},
    {MSG_CAMERA_MOVE, OPERATOR, 0, session_onboard},
    {MSG_ATM_MOVE, OPERATOR, 0, session_onboard},
    {MSG_AIM, OPERATOR, 3, session_aim},
    {MSG_AIM_OPEN, CUSTODIAN, 3, session_aim_open},
    {MSG_KEYPAD, OPERATOR, 3, session_onboard},
    {MSG_ZONES, OPERATOR | CUSTODIAN, 3, session_onboard},
    {MSG_RECORDER_KEY, OPERATOR, 0, session_onboard},
    {MSG_LOOK, OPERATOR, 0, session_onboard},
    {MSG_CAPACITY_ACCEPT, OPERATOR, 0, session_onboard},
    {MSG_SETUP_FINISH, OPERATOR, 0, session_onboard},
    {MSG_PASSWORD_SET, ANYBODY, 0, session_password_set},
    {MSG_FACTOR_NEW, ANYBODY, 0, session_factor_new},
    {MSG_FACTOR_SET, ANYBODY, 0, session_factor_set},
    /* an operator: operators */
    {MSG_PEOPLE, OPERATOR | CUSTODIAN, 0, session_people},
    {MSG_PERSON_NEW, OPERATOR | CUSTODIAN, 0, session_person_new},
    {MSG_PERSON_RESET, OPERATOR | CUSTODIAN, 0, session_person_reset},
    {MSG_PERSON_END, OPERATOR | CUSTODIAN, 0, session_person_end},
    {MSG_DEPUTY, CUSTODIAN, 0, session_deputy},
    {MSG_TOKENS, OPERATOR | CUSTODIAN, 0, session_tokens},
    {MSG_TOKEN_NEW, OPERATOR | CUSTODIAN, 0, session_token},
    {MSG_TOKEN_END, OPERATOR | CUSTODIAN, 0, session_token},
    {MSG_SESSIONS, ANYBODY, 0, session_onboard},
    {MSG_SESSION_END, ANYBODY, 0, session_session_end},
    {MSG_MARK, AUDITOR, 2, session_mark},
    {MSG_STORY, AUDITOR | CUSTODIAN, 1, session_story},
    {MSG_TOLD, AUDITOR | CUSTODIAN, 0, session_told},
    {MSG_ALIGN, AUDITOR, 1, session_align},
    {MSG_ALIGNMENTS, AUDITOR | CUSTODIAN, 0, session_alignments},
    {MSG_EXPORT_NEW, AUDITOR, 1, session_export_new},
    {MSG_EXPORTS, AUDITOR | CUSTODIAN, 0, session_exports},
    {MSG_EXPORT, AUDITOR, 0, session_export},
    {MSG_EXPORT_READ, AUDITOR, 0, session_export_read},
    {MSG_STOP_WATCHING, ANYBODY, 1, session_stop_watching},
    {MSG_SIGN_OUT, ANYBODY, 0, session_sign_out},
};

static const struct row *find_row(unsigned type)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type)
			return &table[i];
	return NULL;
}

/* What is entered besides being refused. */
static bool is_entered(enum err err)
{
	switch (err) {
	case ERR_DENIED:
	case ERR_PASSWORD:
	case ERR_FACTOR:
	case ERR_NO_FACTOR:
	case ERR_FILES:
	case ERR_SELF_APPROVAL:
	case ERR_NOT_APPROVED:
	case ERR_GRANT_ENDED:
	case ERR_QUOTA:
	case ERR_INTEGRITY:
	case ERR_NO_KEY:
		return true;
	default:
		return false;
	}
}

/* Whose password somebody else chose does nothing before he has his own. */
static bool waits_for_password(const struct session *s, unsigned type)
{
	return s->me.first && type != MSG_SITE && type != MSG_PASSWORD_SET &&
	    type != MSG_SIGN_OUT;
}

static enum err denied(struct session *s, const struct row *r, struct wire *w)
{
	if (r->names == 1 || r->names == 2)
		get_text(w, s->about.request, sizeof(s->about.request));
	if (r->names > 1)
		get_text(w, s->about.camera, sizeof(s->about.camera));
	return ERR_DENIED;
}

/* Tell the keeper what the next act of this session wants; 0: nothing. */
static enum err expect(struct session *s, enum thing thing, const char *id,
    const char *etag)
{
	struct wire w;

	keeper_begin(s, &w, MSG_EXPECT);
	wire_put_u8(&w, (uint8_t)thing);
	wire_put_str(&w, id);
	wire_put_str(&w, etag);
	return wire_send(s->keeper, &w, -1);
}

/* An act with a condition becomes the act, once the keeper knows of it. */
static enum err unwrap(struct session *s, struct wire *w)
{
	char id[CAMERA_ID_MAX + 1], etag[ETAG_TEXT];
	enum thing thing = (enum thing)wire_get_u8(w);
	enum err err;

	get_text(w, id, sizeof(id));
	get_text(w, etag, sizeof(etag));
	err = wire_unwrap(w);
	if (!err && (thing < THING_REQUEST || thing >= THING_MAX))
		err = ERR_BAD_MESSAGE;
	return err ? err : expect(s, thing, id, etag);
}

/* Handle one message of the client; false where the session is to end. */
static bool serve(struct session *s)
{
	const struct row *r;
	struct wire w, answer;
	enum err err = wire_recv(s->client, &w);
	uint32_t id = w.id;
	int fd = w.fd;	/* a handler may answer where the message lay */
	bool expects;

	if (err)
		return false;
	memset(&s->about, 0, sizeof(s->about));
	expects = w.type == MSG_IF_MATCH;
	if (expects)
		err = unwrap(s, &w);
	r = find_row(w.type);
	if (err || !r)
		err = ERR_BAD_MESSAGE;
	else if (!(r->who & 1u << s->me.role))
		err = denied(s, r, &w);
	else if (waits_for_password(s, w.type))
		err = ERR_FIRST;
	else
		err = r->handle(s, &w);
	if (fd >= 0)
		close(fd);
	if (is_entered(err))
		refusal_enter(s, err);
	if (expects && expect(s, 0, "", ""))
		return false;
	if (err) {
		wire_begin(&answer, MSG_ERROR, id);
		wire_put_u16(&answer, (uint16_t)err);
		wire_put_str(&answer, s->about.say);
		if (wire_send(s->client, &answer, -1))
			return false;
	}
	return !s->signed_out && err != ERR_BAD_MESSAGE && err != ERR_GONE;
}

static void run(struct session *s)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = s->client, .events = POLLIN},
		    {.fd = s->keeper, .events = POLLIN}};
		int wait = lease_tick(s);

		/* an export goes on between messages, a little at a time */
		if (export_step(s))
			wait = 0;
		if (poll(p, 2, wait) < 0)
			continue;
		/* nothing is waited for: what it was told is done, or the end */
		if (p[1].revents && !keeper_said(s))
			break;
		if (p[0].revents && !serve(s))
			break;
	}
	export_drop(s, ERR_SIGNED_OUT);
	spool_drop(s);
	chain_drop(s);
	access_drop(s);
}

/* No core dump, no debugger, no new rights (P1). */
static enum err lock_down(void)
{
	struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return ERR_SYS;
	return OK;
}

struct start {
	uint64_t person;
	char credential[CREDENTIAL_MAX + 1];
	char data[512];
	uint32_t id;
};

static enum err receive_start(struct session *s, struct start *ret)
{
	struct wire w;
	enum err err = wire_recv(s->keeper, &w);

	if (err)
		return err;
	if (w.type != MSG_READER_START)
		w.err = ERR_BAD_MESSAGE;
	s->job = (enum reader_job)wire_get_u8(&w);
	ret->person = wire_get_u64(&w);
	get_text(&w, ret->credential, sizeof(ret->credential));
	get_text(&w, s->site, sizeof(s->site));
	get_text(&w, s->zone, sizeof(s->zone));
	s->demo = wire_get_u8(&w) != 0;
	s->reserve_bytes = wire_get_u64(&w);
	get_text(&w, ret->data, sizeof(ret->data));
	s->clock_offset_ns = wire_get_i64(&w);
	snprintf(s->data, sizeof(s->data), "%s", ret->data);
	ret->id = w.id;
	err = wire_end(&w);
	if (w.fd >= 0)
		close(w.fd);
	crypt_wipe(w.buf, w.len);
	return err;
}

/* It must be the paper key of this site. */
static enum err open_paper(struct session *s, const char *text)
{
	struct age_recipient r;
	struct age_identity id;
	enum err err = identity_parse(text, &id) ? ERR_PASSWORD : OK;

	if (!err) {
		identity_recipient(&id, &r);
		if (!crypt_equal(r.key, s->paper.key, KEY_BYTES))
			err = ERR_PASSWORD;
	}
	if (!err)
		memcpy(s->seed, id.key, KEY_BYTES);
	crypt_wipe(&id, sizeof(id));
	return err;
}

/* Open the seed; it must be the one whose public keys stand in the index. */
static enum err open_person(struct session *s, const struct start *start,
    uint64_t *ret_step)
{
	struct secret secret;
	struct age_recipient r;
	char text[RECIPIENT_TEXT];
	enum err err;

	if (s->job == READER_OPERATOR)
		return OK;
	if (s->job == READER_RECOVER)
		return open_paper(s, start->credential);
	if (!start->person)
		return person_open_nobody(start->credential);
	err = index_person_find(s->ix, start->person, &s->me);
	if (!err)
		err = person_open(&s->me, start->credential, session_now(s),
		    &secret, ret_step);
	if (err)
		return err;
	memcpy(s->seed, secret.seed, KEY_BYTES);
	crypt_wipe(&secret, sizeof(secret));
	if (s->me.ended_ns ||
	    (s->me.first && session_now(s).ns - s->me.created_ns > FIRST_NS))
		return ERR_PASSWORD;
	seed_identity(s->seed, &s->identity);
	identity_recipient(&s->identity, &r);
	recipient_format(&r, text);
	if (strcmp(text, s->me.recipient) != 0)
		return ERR_INTEGRITY;
	if (s->job == READER_SESSION)
		crypt_wipe(s->seed, sizeof(s->seed));
	if (s->me.role != ROLE_AUDITOR)
		crypt_wipe(&s->identity, sizeof(s->identity));
	return OK;
}

/* The first custodian's signing key stands in ledger entry 1. */
static enum err read_root(struct session *s)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	struct entry_field f;
	struct site site = {0};
	size_t n;
	enum err err = ledger_get(s->ledger, 1, buf, &n);

	if (!err)
		err = entry_parse(buf, n, &v);
	if (err)
		return err;
	if (v.type != ENTRY_PERSON || !entry_find(&v, TAG_SIGN_KEY, &f) ||
	    f.n != KEY_BYTES)
		return ERR_INTEGRITY;
	memcpy(s->roots.first, f.p, KEY_BYTES);
	err = site_read(s->data_fd, &site);
	memcpy(s->roots.paper, site.paper_sign, sizeof(s->roots.paper));
	s->roots.paper_n = site.paper_n;
	s->paper = site.paper;
	return err;
}

static enum err start(struct session *s)
{
	struct start begin = {0};
	uint64_t step = 0;
	struct wire w;
	enum err err;

	oom_first();
	err = lock_down();
	if (!err)
		err = receive_start(s, &begin);
	if (err)
		return err;
	err = utc_site(s->zone);
	if (!err)
		err = index_open(begin.data, true, &s->ix);
	if (!err)
		err = volumes_open(s->data_fd, begin.data, "", false);
	if (!err)
		err = ledger_open_readonly(s->data_fd, &s->ledger);
	if (!err)
		err = read_root(s);
	if (!err)
		err = open_person(s, &begin, &step);
	crypt_wipe(begin.credential, sizeof(begin.credential));
	if (err)
		wire_begin(&w, MSG_ERROR, begin.id);
	else
		wire_begin(&w, MSG_READER_STARTED, begin.id);
	if (!err) {
		wire_put_u64(&w, step);
	} else {
		wire_put_u16(&w, (uint16_t)err);
		wire_put_str(&w, "");
	}
	if (wire_send(s->keeper, &w, -1) && !err)
		err = ERR_GONE;
	return err;
}

int reader_main(void)
{
	struct session *s = crypt_init() ? NULL : crypt_guarded(sizeof(*s));
	enum err err;

	if (!s)
		return 1;
	s->keeper = KEEPER_FD;
	s->client = CLIENT_FD;
	s->data_fd = DATA_FD;
	err = start(s);
	if (!err && s->job == READER_SESSION)
		run(s);
	else if (!err)
		err = session_act(s);
	ledger_close(s->ledger);
	index_close(s->tx);
	index_close(s->ix);
	crypt_guarded_free(s);
	return err && err != ERR_PASSWORD && err != ERR_FACTOR ? 1 : 0;
}
