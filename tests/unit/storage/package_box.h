/*
 * package_box.h - the data directory of reader_box.h with a ledger that says
 * what really happened, and an evidence package that a real reader made of it.
 *
 * cam1: 0-8 s (segments 1 and 2), a gap of 10 s, 18-22 s (segment 3); the grant
 * of REQ-2026-00031 is 1-20 s.
 */
#ifndef SAQTA_TEST_PACKAGE_BOX_H
#define SAQTA_TEST_PACKAGE_BOX_H

#include "tests/unit/storage/reader_box.h"

#include "storage/footage.h"
#include "storage/verify.h"

#define PACKAGE_REQUEST "REQ-2026-00031"

static struct {
	uint64_t request, decision, gap;
	unsigned char log_key[KEY_BYTES];
	unsigned char *zip;
	size_t n;
} package;

/* The end of the grant; a test may choose before package_make(). */
static int64_t package_to_s = 20;
/* When a new epoch of the log begins: everything before is the former one's. */
static enum {
	EPOCH_NEVER,
	EPOCH_AFTER_SEGMENTS,
	EPOCH_AFTER_DECISION
} package_epoch_at;

static inline uint64_t package_put(struct entry *e)
{
	uint64_t i;

	assert_int_equal(entry_end(e), OK);
	assert_int_equal(ledger_put(box.ledger, e, &i), OK);
	return ledger_number(box.ledger, i);
}

/* A commitment goes into e; its text into the index once e has a number. */
struct package_text {
	enum entry_tag tag;
	unsigned char salt[COMMITMENT_SALT];
	const char *text;
};

static inline void package_commit(struct entry *e, struct package_text *t,
    enum entry_tag tag, const char *text)
{
	unsigned char hash[HASH_BYTES];

	commitment_make(text, t->salt, hash);
	t->tag = tag;
	t->text = text;
	entry_put_bytes(e, tag, hash, sizeof(hash));
}

static inline uint64_t package_put_texts(struct entry *e,
    const struct package_text *t, size_t n)
{
	uint64_t i = package_put(e);

	for (size_t k = 0; k < n; k++)
		assert_int_equal(index_text_put(box.ix, i, t[k].tag, t[k].salt,
				     t[k].text),
		    OK);
	return i;
}

static inline void package_person(uint64_t id)
{
	struct package_text t;
	struct person_row p;
	struct entry e;

	assert_int_equal(index_person_find(box.ix, id, &p), OK);
	entry_begin(&e, ENTRY_PERSON, (struct utc){S(0)}, p.signer);
	entry_put_u64(&e, TAG_PERSON, id);
	entry_put_u64(&e, TAG_ROLE, p.role);
	entry_put_bytes(&e, TAG_SIGN_KEY, p.sign_key, KEY_BYTES);
	package_commit(&e, &t, TAG_NAME, p.name);
	package_put_texts(&e, &t, 1);
}

/* As seal_enter() does. */
static inline void package_segment(uint64_t seq)
{
	unsigned char root[HASH_BYTES], claim[JOURNAL_CLAIM], leaf[HASH_BYTES];
	struct segment_row row;
	struct footage f;
	struct merkle t;
	struct entry e;

	assert_int_equal(index_segment_find(box.ix, "cam1", seq, &row), OK);
	assert_int_equal(footage_read(box.fd, &row, &f), OK);
	merkle_init(&t);
	journal_claim(&f.begin, claim);
	merkle_leaf(claim, sizeof(claim), leaf);
	merkle_put(&t, leaf);
	for (size_t i = 0; i < f.n; i++) {
		journal_claim(&f.fragments[i], claim);
		merkle_leaf(claim, sizeof(claim), leaf);
		merkle_put(&t, leaf);
	}
	merkle_root(&t, root);
	entry_begin(&e, ENTRY_SEGMENT, (struct utc){f.end_ns}, 0);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_u64(&e, TAG_SEQ, seq);
	entry_put_i64(&e, TAG_FROM, row.start_ns);
	entry_put_i64(&e, TAG_TO, f.end_ns);
	entry_put_bytes(&e, TAG_ROOT, root, sizeof(root));
	entry_put_u64(&e, TAG_FRAGMENTS, f.n);
	row.entry = (int64_t)package_put(&e);
	footage_free(&f);
	assert_int_equal(index_segment_put(box.ix, &row), OK);
}

/* As gap.c enters the end of the gap that reader_box.h has a row of. */
static inline void package_gap(void)
{
	struct entry e;

	entry_begin(&e, ENTRY_GAP_CLOSED, (struct utc){S(19)}, 0);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	entry_put_i64(&e, TAG_FROM, S(8));
	entry_put_i64(&e, TAG_TO, S(18));
	entry_put_u64(&e, TAG_CAUSE, CAUSE_NETWORK);
	package.gap = package_put(&e);
}

/* As epoch.c does where the log is whole; ledger.1 is the former one. */
static inline void package_epoch(void)
{
	static const char origin[] = "saqta.example/test/epoch-2";
	unsigned char key[KEY_BYTES], former[KEY_BYTES], root[HASH_BYTES];
	uint64_t size = ledger_size(box.ledger);
	struct entry e;
	size_t cut;

	assert_int_equal(ledger_commit(box.ledger), OK);
	assert_int_equal(ledger_checkpoint(box.ledger), OK);
	size = ledger_size(box.ledger);
	ledger_root(box.ledger, root);
	assert_true(ledger_key_of(box.ledger, size, former));
	ledger_close(box.ledger);
	assert_int_equal(renameat(box.fd, "ledger", box.fd, "ledger.1"), 0);
	assert_int_equal(ledger_create(box.fd, origin, key), OK);
	assert_int_equal(ledger_open(box.fd, &box.ledger, &cut), OK);
	entry_begin(&e, ENTRY_LOG_BEGINS, (struct utc){S(50)}, 0);
	entry_put_text(&e, TAG_ORIGIN, origin);
	entry_put_bytes(&e, TAG_LOG_KEY, key, sizeof(key));
	entry_put_u64(&e, TAG_LOG_EPOCH, 2);
	entry_put_text(&e, TAG_FORMER, "saqta.example/test");
	entry_put_u64(&e, TAG_FORMER_SIZE, size + 40); /* lost ones */
	entry_put_bytes(&e, TAG_FORMER_KEY, former, sizeof(former));
	entry_put_u64(&e, TAG_FORMER_FOUND, size);
	entry_put_u64(&e, TAG_KEPT_SIZE, size);
	entry_put_bytes(&e, TAG_KEPT_ROOT, root, sizeof(root));
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(ledger_put(box.ledger, &e, &size), OK);
	assert_int_equal(ledger_commit(box.ledger), OK);
	assert_int_equal(ledger_checkpoint(box.ledger), OK);
	ledger_close(box.ledger);
	assert_int_equal(ledger_open(box.fd, &box.ledger, &cut), OK);
	assert_int_equal(ledger_epoch(box.ledger), 2);
	package_person(CUSTODIAN_1); /* the first: all others stay there */
	assert_int_equal(ledger_commit(box.ledger), OK);
}

static inline void package_request(void)
{
	static const unsigned char cameras[] = "\4cam1";
	struct package_text t[2];
	struct request_row q;
	struct entry e;

	entry_begin(&e, ENTRY_REQUEST, (struct utc){S(100)}, AUDITOR_2);
	entry_put_i64(&e, TAG_FROM, S(1));
	entry_put_i64(&e, TAG_TO, S(package_to_s));
	entry_put_text(&e, TAG_REQUEST, PACKAGE_REQUEST);
	entry_put_bytes(&e, TAG_CAMERAS, cameras, 5);
	package_commit(&e, &t[0], TAG_REASON, "withdrawal disputed");
	package_commit(&e, &t[1], TAG_CASE, "K-114");
	package.request = package_put_texts(&e, t, 2);
	entry_begin(&e, ENTRY_DECISION, (struct utc){S(200)}, CUSTODIAN_1);
	entry_put_i64(&e, TAG_FROM, S(1));
	entry_put_i64(&e, TAG_TO, S(package_to_s));
	entry_put_u64(&e, TAG_PERSON, AUDITOR_2);
	entry_put_text(&e, TAG_REQUEST, PACKAGE_REQUEST);
	entry_put_bytes(&e, TAG_CAMERAS, cameras, 5);
	entry_put_u64(&e, TAG_VERDICT, VERDICT_APPROVE);
	package_commit(&e, &t[0], TAG_REASON, "");
	package.decision = package_put_texts(&e, t, 1);
	if (package_epoch_at == EPOCH_AFTER_DECISION)
		package_epoch();
	assert_int_equal(index_rights_put(box.ix, PACKAGE_REQUEST,
			     RIGHT_EXPORT),
	    OK);
	approved(PACKAGE_REQUEST, S(1), S(package_to_s));
	assert_int_equal(index_request_find(box.ix, PACKAGE_REQUEST, &q), OK);
	q.entry = (int64_t)package.request;
	q.decision_entry = (int64_t)package.decision;
	q.decider = CUSTODIAN_1;
	assert_int_equal(index_request_put(box.ix, &q), OK);
}

/* Everything but the package itself. */
static inline int package_prepare(void **state)
{
	struct package_text t[2];
	struct entry e, first;
	struct entry_field f;
	struct entry_view v;
	size_t cut;

	box_make(state);
	box_factor(AUDITOR_2, true);
	assert_int_equal(ledger_open(box.fd, &box.ledger, &cut), OK);
	package_person(CUSTODIAN_1);
	package_person(AUDITOR_2);
	entry_begin(&e, ENTRY_CAMERA_ADDED, (struct utc){S(-5)}, OPERATOR_3);
	entry_put_text(&e, TAG_CAMERA, "cam1");
	package_commit(&e, &t[0], TAG_ATM, "0417");
	package_commit(&e, &t[1], TAG_PLACE, "Abay 12");
	package_put_texts(&e, t, 2);
	package_segment(1);
	package_segment(2);
	package_gap();
	package_segment(3);
	if (box_hole)
		package_segment(4);
	if (package_epoch_at == EPOCH_AFTER_SEGMENTS)
		package_epoch();
	package_request();
	assert_int_equal(ledger_get(box.ledger, 0, first.buf, &first.len), OK);
	assert_int_equal(entry_parse(first.buf, first.len, &v), OK);
	assert_true(entry_find(&v, TAG_LOG_KEY, &f));
	memcpy(package.log_key, f.p, KEY_BYTES);
	assert_int_equal(ledger_commit(box.ledger), OK);
	assert_int_equal(ledger_checkpoint(box.ledger), OK);
	return 0;
}

/* Ask for a package and serve the reader until it is done or given up. */
static inline void package_run(char *ret_id, size_t room)
{
	struct wire w;

	wire_begin(&w, MSG_EXPORT_NEW, ++box.id);
	wire_put_str(&w, PACKAGE_REQUEST);
	wire_put_str(&w, credential(AUDITOR_2));
	assert_int_equal(box_ask(&w), OK);
	snprintf(ret_id, room, "%s", wire_get_str(&w));
	while (!box_count(MSG_EXPORT_DONE, NULL) &&
	    !box_count(MSG_EXPORT_FAILED, NULL))
		assert_true(keeper_turn());
}

static inline enum err package_read(const char *id, uint64_t off, uint32_t n,
    unsigned char *ret)
{
	struct wire w;

	wire_begin(&w, MSG_EXPORT_READ, ++box.id);
	wire_put_str(&w, id);
	wire_put_u64(&w, off);
	wire_put_u32(&w, n);
	return box_window(&w, n, ret);
}

/* Fetch all of it, as web does. */
static inline void package_fetch(const char *id)
{
	struct wire w;

	wire_begin(&w, MSG_EXPORT, ++box.id);
	wire_put_str(&w, id);
	assert_int_equal(box_ask(&w), OK);
	package.n = wire_get_u64(&w);
	package.zip = malloc(package.n);
	for (size_t off = 0; off < package.n; off += 65536)
		assert_int_equal(
		    package_read(id, off,
			(uint32_t)(package.n - off < 65536 ? package.n - off :
							     65536),
			package.zip + off),
		    OK);
}

static inline int package_make(void **state)
{
	char id[32];

	package_prepare(state);
	box_session(AUDITOR_2);
	package_run(id, sizeof(id));
	package_fetch(id);
	box_stop();
	return 0;
}

static inline int package_free(void **state)
{
	free(package.zip);
	package.zip = NULL;
	ledger_close(box.ledger);
	box.ledger = NULL;
	return box_free(state);
}

/* A descriptor of n bytes. */
static inline int package_fd(const void *p, size_t n)
{
	int fd = memfd_create("package", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	return fd;
}

static inline void package_verify(const void *p, size_t n,
    const struct policy *policy, struct judgement *ret)
{
	int fd = package_fd(p, n);

	assert_int_equal(verify_package(fd, n, policy, ret), OK);
	close(fd);
}

/* The policy of this box: its log's key, no witness. */
static inline void package_policy(struct policy *ret)
{
	char text[VKEY_TEXT], all[VKEY_TEXT + 64];
	struct vkey k = {.kind = NOTE_ED25519};
	unsigned line;

	snprintf(k.name, sizeof(k.name), "%s", ledger_origin(box.ledger));
	memcpy(k.key, package.log_key, KEY_BYTES);
	vkey_format(&k, text);
	snprintf(all, sizeof(all), "log %s\nquorum none\n", text);
	assert_int_equal(policy_parse(all, strlen(all), ret, &line), OK);
}

#endif
