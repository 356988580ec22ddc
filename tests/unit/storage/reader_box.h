/*
 * reader_box.h - a data directory with people, keys and footage, a reader
 * process, and a keeper that does only what the reader asks of it and notes
 * it in the order in which it happens.
 */
#ifndef SAQTA_TEST_READER_BOX_H
#define SAQTA_TEST_READER_BOX_H

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/unit/storage/clip.h"
#include "tests/unit/storage/totp.h"
#include "storage/api/wire.h"
#include "storage/disk.h"
#include "storage/grant.h"
#include "storage/keyring.h"
#include "storage/keyring_line.h"
#include "storage/ledger.h"
#include "storage/people.h"
#include "storage/ledger_keys.h"
#include "storage/reader.h"
#include "storage/segment.h"
#include "storage/site.h"

#define START INT64_C(1795338907000000000) /* 2026-11-22T09:15:07Z */
#define NOW (START + 600 * NS_PER_SEC)
#define DAY "2026-11-22"
#define S(n) (START + (int64_t)(n)*NS_PER_SEC)

enum { CUSTODIAN_1 = 1, AUDITOR_2 = 2, OPERATOR_3 = 3, CUSTODIAN_4 = 4 };

struct event {
	unsigned type; /* of the message */
	unsigned code; /* error, verdict or kind */
	uint64_t lease;
	int64_t from_ns, to_ns; /* first range */
	unsigned n; /* ranges */
	char request[32], camera[40];
};

struct box {
	char dir[40];
	int fd;
	struct clip clip;
	struct index *ix;
	struct keyring *keyring;
	struct age_identity paper;
	struct age_recipient holders[8]; /* who should have the day keys */
	size_t holders_n;
	enum err refuse_rewrap; /* what MSG_REWRAP is answered with */
	/* the reader at work */
	int keeper, client;
	pid_t pid;
	uint32_t id;
	struct event events[256];
	size_t events_n;
	enum err refuse_lease; /* what MSG_LEASE_OPEN is answered with */
	enum err refuse_factor; /* and MSG_FACTOR_USED */
	enum err grant_err; /* what MSG_GRANT_GET is answered with */
	const char *held_days; /* what MSG_HELD_DAYS is; NULL: none */
	enum err held_err; /* what MSG_HELD_PUT is answered with */
	uint64_t next_lease;
	struct person_row made; /* by READER_ACT */
	char uri[FACTOR_URI]; /* of his second factor */
	struct ledger *ledger; /* for exports: package_box.h */
	enum err export_err; /* what MSG_EXPORT_ENTER is answered with */
};

static struct box box;
/* How the footage is made; a test may choose before box_make(). */
static const char *box_clip = CLIP_H264_B;
/* Is there a segment 3 of which nothing came, and what follows is 4 and 5? */
static bool box_hole;

static const char *const passwords[] = {
    "", "custodian-one", "auditor-two", "operator-three", "custodian-four"};
static unsigned char factors[5][FACTOR_BYTES];

/* The password, and with it the code of now where there is a second factor. */
static inline const char *credential(uint64_t id)
{
	static const unsigned char none[FACTOR_BYTES];
	static char text[CREDENTIAL_MAX + 1];
	char code[FACTOR_DIGITS + 1] = "";

	if (memcmp(factors[id], none, FACTOR_BYTES) != 0)
		totp_code(factors[id], NOW / NS_PER_SEC / FACTOR_STEP_S, code);
	snprintf(text, sizeof(text), *code ? "%s\n%s" : "%s", passwords[id],
	    code);
	return text;
}

/* --- the data directory --- */

static inline void box_person(uint64_t id, const char *user, enum role role,
    uint64_t signer, const unsigned char *signer_seed,
    unsigned char ret_seed[KEY_BYTES])
{
	struct person_row p = {.id = id, .role = role, .created_ns = START};
	struct secret secret;

	snprintf(p.user, sizeof(p.user), "%s", user);
	snprintf(p.name, sizeof(p.name), "Person %s", user);
	assert_int_equal(person_make(&p, passwords[id], &secret), OK);
	memcpy(ret_seed, secret.seed, KEY_BYTES);
	memcpy(factors[id], secret.factor, FACTOR_BYTES);
	if (signer)
		person_sign(&p, signer, signer_seed ? signer_seed : ret_seed);
	assert_int_equal(index_person_put(box.ix, &p), OK);
}

/* A second factor for somebody who has none, or none any more. */
static inline void box_factor(uint64_t id, bool has)
{
	struct secret secret;
	struct person_row p;
	uint64_t step;

	assert_int_equal(index_person_find(box.ix, id, &p), OK);
	assert_int_equal(person_open(&p, credential(id), (struct utc){NOW},
			     &secret, &step),
	    OK);
	memset(factors[id], has ? 1 : 0, FACTOR_BYTES);
	memcpy(secret.factor, factors[id], FACTOR_BYTES);
	secret.has_factor = has;
	assert_int_equal(person_seal(&p, passwords[id], &secret), OK);
	assert_int_equal(index_person_put(box.ix, &p), OK);
}

static inline void box_ledger(void)
{
	unsigned char key[KEY_BYTES];
	struct person_row first;
	struct ledger *l;
	struct entry e;
	uint64_t i;
	size_t cut;

	assert_int_equal(ledger_create(box.fd, "saqta.example/test", key), OK);
	assert_int_equal(ledger_open(box.fd, &l, &cut), OK);
	entry_begin(&e, ENTRY_LOG_BEGINS, (struct utc){START}, 0);
	entry_put_text(&e, TAG_ORIGIN, "saqta.example/test");
	entry_put_bytes(&e, TAG_LOG_KEY, key, sizeof(key));
	assert_int_equal(ledger_put(l, &e, &i), OK);
	assert_int_equal(index_person_find(box.ix, CUSTODIAN_1, &first), OK);
	entry_begin(&e, ENTRY_PERSON, (struct utc){START}, 1);
	entry_put_u64(&e, TAG_PERSON, 1);
	entry_put_u64(&e, TAG_ROLE, ROLE_CUSTODIAN);
	entry_put_bytes(&e, TAG_SIGN_KEY, first.sign_key, KEY_BYTES);
	assert_int_equal(ledger_put(l, &e, &i), OK);
	assert_int_equal(i, 1);
	assert_int_equal(ledger_commit(l), OK);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
}

static inline void box_camera(const char *id)
{
	struct camera_row c = {.enabled = true,
	    .added_ns = S(-5),
	    .next_seq = 5,
	    .state = CAMERA_STREAMING,
	    .since_ns = S(0)};

	snprintf(c.id, sizeof(c.id), "%s", id);
	snprintf(c.name, sizeof(c.name), "Camera %s", id);
	snprintf(c.atm, sizeof(c.atm), "0417");
	snprintf(c.place, sizeof(c.place), "Abay 12");
	snprintf(c.url, sizeof(c.url), "rtsp://127.0.0.1/x");
	assert_int_equal(index_camera_put(box.ix, &c), OK);
}

/* Four fragments of a second each from start_ns on. */
static inline void box_segment(const char *camera, uint64_t seq,
    int64_t start_ns,
    struct journal_head *head, const struct age_recipient *to, bool sealed)
{
	struct segment_row row = {.seq = seq, .start_ns = start_ns};
	struct segment *s;

	snprintf(row.camera, sizeof(row.camera), "%s", camera);
	snprintf(row.day, sizeof(row.day), "%s", DAY);
	assert_int_equal(segment_begin(box.fd, &row, to, box.clip.p,
			     box.clip.init_n, 5, 1, 1, 0, head, &s),
	    OK);
	for (size_t i = 0; i < box.clip.fragments; i++)
		assert_int_equal(segment_put(s,
				     box.clip.p + box.clip.fragment[i].off,
				     box.clip.fragment[i].n,
				     start_ns + (int64_t)i * NS_PER_SEC,
				     NS_PER_SEC, 6, FRAGMENT_KEY),
		    OK);
	if (sealed)
		assert_int_equal(segment_seal(s), OK);
	assert_int_equal(index_segment_put(box.ix, &s->row), OK);
	segment_free(s);
}

/* A segment of which nothing came. */
static inline void box_empty(uint64_t seq, struct journal_head *head,
    const struct age_recipient *to)
{
	struct segment_row row = {.seq = seq, .start_ns = S(10)};
	struct segment *s;

	strcpy(row.camera, "cam1");
	strcpy(row.day, DAY);
	assert_int_equal(segment_begin(box.fd, &row, to, box.clip.p,
			     box.clip.init_n, 5, 1, 1, 0, head, &s),
	    OK);
	assert_int_equal(segment_seal(s), OK);
	assert_int_equal(index_segment_put(box.ix, &s->row), OK);
	segment_free(s);
}

static inline void box_recipient(uint64_t person, struct age_recipient *ret)
{
	struct person_row p;

	assert_int_equal(index_person_find(box.ix, person, &p), OK);
	assert_int_equal(recipient_parse(p.recipient, ret), OK);
}

/* cam1: 0-8 s (two segments), a gap of 10 s, 18-22 s, and 22 s on, open. */
static inline void box_footage(void)
{
	struct gap_row gap = {.camera = "cam1",
	    .from_ns = S(8),
	    .to_ns = S(18),
	    .cause = CAUSE_NETWORK,
	    .noticed_ns = S(9)};
	struct age_recipient to[3], day;
	struct journal_head head;
	uint64_t seq = 3;
	bool made;

	box_recipient(CUSTODIAN_1, &to[0]);
	box_recipient(CUSTODIAN_4, &to[1]);
	identity_recipient(&box.paper, &to[2]);
	memcpy(box.holders, to, sizeof(to));
	box.holders_n = 3;
	assert_int_equal(keyring_make_day(box.keyring, "cam1", DAY, to, 3, &day,
			     &made),
	    OK);
	assert_int_equal(keyring_commit(box.keyring), OK);
	assert_int_equal(journal_head_load(box.fd, "cam1", DAY, &head), OK);
	box_segment("cam1", 1, S(0), &head, &day, true);
	box_segment("cam1", 2, S(4), &head, &day, true);
	assert_int_equal(index_gap_put(box.ix, &gap), OK);
	if (box_hole)
		box_empty(seq++, &head, &day);
	box_segment("cam1", seq, S(18), &head, &day, true);
	box_segment("cam1", seq + 1, S(22), &head, &day, false);
}

static inline int box_make(void **state)
{
	unsigned char root[KEY_BYTES], seed[KEY_BYTES];
	struct site site = {.origin = "saqta.example/test",
	    .zone = "Asia/Almaty",
	    .created_ns = START};

	(void)state;
	assert_int_equal(crypt_init(), OK);
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	strcpy(box.dir, "/tmp/saqta-reader-XXXXXX");
	assert_non_null(mkdtemp(box.dir));
	box.fd = open(box.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(box.fd >= 0);
	clip_make(&box.clip, box_clip);
	assert_int_equal(box.clip.fragments, 4);
	identity_new(&box.paper);
	identity_recipient(&box.paper, &site.paper);
	assert_int_equal(site_write(box.fd, &site), OK);
	assert_int_equal(index_open(box.dir, false, &box.ix), OK);
	identity_recipient(&box.paper, &site.paper);
	assert_int_equal(site_write(box.fd, &site), OK);
	assert_int_equal(keyring_create(box.fd), OK);
	assert_int_equal(keyring_open(box.fd, &box.keyring), OK);
	box_person(CUSTODIAN_1, "first", ROLE_CUSTODIAN, 1, NULL, root);
	box_person(AUDITOR_2, "auditor", ROLE_AUDITOR, 1, root, seed);
	box_person(OPERATOR_3, "operator", ROLE_OPERATOR, 0, NULL, seed);
	box_person(CUSTODIAN_4, "second", ROLE_CUSTODIAN, 1, root, seed);
	box_ledger();
	box_camera("cam1");
	box_camera("cam2");
	box_footage();
	return 0;
}

static inline int box_free(void **state)
{
	char cmd[80];

	(void)state;
	index_close(box.ix);
	keyring_close(box.keyring);
	clip_free(&box.clip);
	close(box.fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", box.dir);
	return system(cmd);
}

static inline void box_request(const char *id, uint64_t requester,
    int64_t from_ns,
    int64_t to_ns)
{
	struct request_row q = {.requester = requester,
	    .created_ns = S(100),
	    .from_ns = from_ns,
	    .to_ns = to_ns,
	    .state = REQUEST_SUBMITTED,
	    .cameras = "cam1",
	    .reason = "withdrawal disputed",
	    .case_no = "K-114",
	    .entry = 7};

	snprintf(q.id, sizeof(q.id), "%s", id);
	assert_int_equal(index_request_put(box.ix, &q), OK);
}

#include "tests/unit/storage/reader_keeper.h"

/* --- the reader --- */

static inline void box_fork(int keeper, int client)
{
	box.pid = fork();
	assert_true(box.pid >= 0);
	if (box.pid)
		return;
	keeper = fcntl(keeper, F_DUPFD, 100);
	client = fcntl(client, F_DUPFD, 100);
	box.fd = fcntl(box.fd, F_DUPFD, 100);
	dup2(keeper, 3);
	dup2(client, 4);
	dup2(box.fd, 5);
	for (int fd = 6; fd < 200; fd++)
		close(fd);
	_exit(reader_main());
}

/* Start one; what it answers. */
static inline enum err box_start(enum reader_job job, uint64_t person,
    const char *password)
{
	int keeper[2], client[2];
	struct wire w;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, keeper), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, client), 0);
	box_fork(keeper[1], client[1]);
	close(keeper[1]);
	close(client[1]);
	box.keeper = keeper[0];
	box.client = client[0];
	box.events_n = 0;
	box.refuse_lease = box.refuse_factor = box.grant_err = OK;
	wire_begin(&w, MSG_READER_START, 1);
	wire_put_u8(&w, (uint8_t)job);
	wire_put_u64(&w, person);
	wire_put_str(&w, password);
	wire_put_str(&w, "Test site");
	wire_put_str(&w, "Asia/Almaty");
	wire_put_u8(&w, 0);
	wire_put_u64(&w, 0);
	wire_put_str(&w, box.dir);
	wire_put_i64(&w, NOW - utc_now().ns);
	assert_int_equal(wire_send(box.keeper, &w, -1), OK);
	assert_true(keeper_turn());
	if (box.events[0].type == MSG_ERROR)
		return (enum err)box.events[0].code;
	assert_int_equal(box.events[0].type, MSG_READER_STARTED);
	box.events_n = 0;
	return OK;
}

static inline void box_session(uint64_t person)
{
	assert_int_equal(box_start(READER_SESSION, person, credential(person)),
	    OK);
}

/* The client goes away; serve the reader to its end. */
static inline void box_stop(void)
{
	int status;

	close(box.client);
	while (keeper_turn())
		;
	close(box.keeper);
	assert_int_equal(waitpid(box.pid, &status, 0), box.pid);
	assert_true(WIFEXITED(status));
}

/* Ask as web does, while the keeper serves; w becomes the answer. */
static inline enum err box_ask(struct wire *w)
{
	enum err err;

	assert_int_equal(wire_send(box.client, w, w->fd), OK);
	for (;;) {
		struct pollfd p[2] = {{.fd = box.client, .events = POLLIN},
		    {.fd = box.keeper, .events = POLLIN}};

		assert_true(poll(p, 2, 60000) > 0);
		/* one that has exited may have answered before */
		if (p[1].revents && keeper_turn())
			continue;
		assert_int_equal(wire_recv(box.client, w), OK);
		box_note(w);
		if (w->type != MSG_ERROR)
			return OK;
		err = (enum err)wire_get_u16(w);
		return err;
	}
}

/* Ask for n bytes that the reader writes into a window, as web does. */
static inline enum err box_window(struct wire *w, size_t n, void *ret)
{
	const void *p;
	enum err err;
	int fd;

	assert_int_equal(window_open(n, &fd, &p), OK);
	w->fd = fd;
	err = box_ask(w);
	if (!err) {
		assert_int_equal(wire_end(w), OK);
		memcpy(ret, p, n);
	}
	bulk_unmap(p, n);
	close(fd);
	return err;
}

/* The number of events of a type, and the last of them. */
static inline unsigned box_count(unsigned type, struct event **ret)
{
	unsigned n = 0;

	for (size_t i = 0; i < box.events_n; i++)
		if (box.events[i].type == type) {
			n++;
			if (ret)
				*ret = &box.events[i];
		}
	return n;
}

/* An answer's bulk as text or bytes, to be freed by free(). */
static inline unsigned char *box_bulk(struct wire *w, size_t *ret_n)
{
	unsigned char *copy;
	const void *p;
	size_t n;

	assert_int_equal(bulk_map(w->fd, WIRE_BULK_MAX, &p, &n), OK);
	copy = malloc(n + 1);
	assert_non_null(copy);
	memcpy(copy, p, n);
	copy[n] = '\0';
	bulk_unmap(p, n);
	close(w->fd);
	*ret_n = n;
	return copy;
}

static inline enum err decide(const char *request, enum verdict verdict,
    int64_t from_ns, int64_t to_ns, const char *reason, const char *password,
    const char *camera)
{
	struct wire w;

	wire_begin(&w, MSG_DECIDE, ++box.id);
	wire_put_str(&w, request);
	wire_put_u8(&w, (uint8_t)verdict);
	wire_put_i64(&w, from_ns);
	wire_put_i64(&w, to_ns);
	wire_put_str(&w, reason);
	wire_put_str(&w, password);
	wire_put_u8(&w, 1);
	wire_put_str(&w, camera);
	return box_ask(&w);
}

static inline void approved(const char *request, int64_t from_ns, int64_t to_ns)
{
	box_request(request, AUDITOR_2, from_ns, to_ns);
	box_session(CUSTODIAN_1);
	assert_int_equal(decide(request, VERDICT_APPROVE, from_ns, to_ns, "",
			     credential(CUSTODIAN_1), "cam1"),
	    OK);
	box_stop();
}

static inline enum err fragment(const char *request, const char *camera,
    uint64_t seq,
    uint32_t index, struct wire *w)
{
	wire_begin(w, MSG_MEDIA_FRAGMENT, ++box.id);
	wire_put_str(w, request);
	wire_put_str(w, camera);
	wire_put_u64(w, seq);
	wire_put_u32(w, index);
	return box_ask(w);
}

static inline void fetch(const char *request, uint64_t seq, uint32_t index)
{
	unsigned char *p;
	struct wire w;
	size_t n;

	assert_int_equal(fragment(request, "cam1", seq, index, &w), OK);
	assert_int_equal(strlen(wire_get_str(&w)), 32);
	p = box_bulk(&w, &n);
	assert_int_equal(n, box.clip.fragment[index].n);
	assert_memory_equal(p, box.clip.p + box.clip.fragment[index].off, n);
	free(p);
}

#endif
