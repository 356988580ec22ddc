/*
 * volume.h - a data directory made by the keeper's own parts, for tests: two
 * cameras, sealed, cut and open segments of real pictures, a ledger.
 */
#ifndef SAQTA_TEST_VOLUME_H
#define SAQTA_TEST_VOLUME_H

#include <fcntl.h>

#include "tests/unit/storage/clip.h"
#include "storage/bytes.h"
#include "storage/disk.h"
#include "storage/identity.h"
#include "storage/journal.h"
#include "storage/ledger.h"
#include "storage/salvage.h"
#include "storage/segment.h"
#include "storage/site.h"

#define VOLUME_START INT64_C(1795338907000000000) /* 2026-11-22T09:15:07Z */
#define VOLUME_DAY "2026-11-22"
#define VOLUME_NEXT "2026-11-23"

struct volume {
	char dir[40];
	int fd;
	struct clip clip;
	struct ledger *ledger;
	struct age_identity id;
	struct age_recipient to;
};

static inline void volume_enter(struct volume *v, const struct entry *e)
{
	uint64_t i;

	assert_int_equal(entry_end(e), OK);
	assert_int_equal(ledger_put(v->ledger, e, &i), OK);
	assert_int_equal(ledger_commit(v->ledger), OK);
}

static inline void volume_enter_segment(struct volume *v,
    const struct segment_row *r, const unsigned char root[HASH_BYTES],
    const unsigned char cipher[HASH_BYTES])
{
	struct entry e;

	entry_begin(&e, ENTRY_SEGMENT, (struct utc){r->end_ns}, 0);
	entry_put_text(&e, TAG_CAMERA, r->camera);
	entry_put_u64(&e, TAG_SEQ, r->seq);
	entry_put_i64(&e, TAG_FROM, r->start_ns);
	entry_put_i64(&e, TAG_TO, r->end_ns);
	entry_put_bytes(&e, TAG_ROOT, root, HASH_BYTES);
	entry_put_bytes(&e, TAG_CIPHER, cipher, HASH_BYTES);
	entry_put_u64(&e, TAG_BYTES, r->bytes);
	entry_put_u64(&e, TAG_FRAGMENTS, r->fragments);
	entry_put_u64(&e, TAG_FLAGS, r->flags);
	entry_put_i64(&e, TAG_RETAIN, r->end_ns);
	entry_put_u64(&e, TAG_KIND, r->state);
	volume_enter(v, &e);
}

static inline void volume_enter_heads(struct volume *v, const char *camera,
    const struct journal_head *h)
{
	unsigned char b[128], *p = b;
	struct entry e;

	p = be_put(p, strlen(camera), 1);
	memcpy(p, camera, strlen(camera));
	p += strlen(camera);
	memcpy(p, h->day, 10);
	p = be_put(p + 10, h->records, 8);
	memcpy(p, h->chain, HASH_BYTES);
	entry_begin(&e, ENTRY_HEADS, (struct utc){VOLUME_START}, 0);
	entry_put_bytes(&e, TAG_HEADS, b, (size_t)(p - b) + HASH_BYTES);
	volume_enter(v, &e);
}

/* A segment with all fragments of the clip, not sealed. */
static inline struct segment *volume_segment(struct volume *v,
    const char *camera, const char *day, uint64_t seq,
    struct journal_head *head)
{
	struct segment_row row = {.seq = seq,
	    .start_ns = VOLUME_START + (int64_t)(seq - 1) * 4000000000};
	struct segment *s;

	snprintf(row.camera, sizeof(row.camera), "%s", camera);
	snprintf(row.day, sizeof(row.day), "%s", day);
	if (!strcmp(day, VOLUME_NEXT))
		row.start_ns += 86400 * NS_PER_SEC;
	assert_int_equal(segment_begin(v->fd, &row, &v->to, v->clip.p,
	    v->clip.init_n, 5, 1, 1, 0, head, &s), OK);
	for (size_t i = 0; i < v->clip.fragments; i++)
		assert_int_equal(segment_put(s,
		    v->clip.p + v->clip.fragment[i].off, v->clip.fragment[i].n,
		    row.start_ns + (int64_t)i * NS_PER_SEC, NS_PER_SEC, 6,
		    FRAGMENT_KEY), OK);
	return s;
}

static inline void volume_sealed(struct volume *v, const char *camera,
    const char *day, uint64_t seq, struct journal_head *head)
{
	struct segment *s = volume_segment(v, camera, day, seq, head);

	assert_int_equal(segment_seal(s), OK);
	volume_enter_segment(v, &s->row, s->root, s->cipher_hash);
	segment_free(s);
	volume_enter_heads(v, camera, head);
}

/* Append a record behind the journal's last one. */
static inline void volume_append(struct segment *s, struct journal_head *head,
    struct journal_record *r)
{
	unsigned char bytes[JOURNAL_RECORD];

	journal_encode(r, head->chain, bytes);
	assert_int_equal(disk_pwrite(s->journal_fd, bytes, sizeof(bytes),
	    head->records++ * JOURNAL_RECORD), OK);
	memcpy(head->chain, r->chain, HASH_BYTES);
}

/* What the journal yields of the segment that begins with record `first`. */
static inline void volume_yield(struct volume *v, const struct segment *s,
    uint32_t fragments, unsigned char root[HASH_BYTES],
    unsigned char cipher[HASH_BYTES])
{
	char path[160];
	struct journal j;
	unsigned char *p;
	size_t n;

	path_journal(s->row.camera, s->row.day, path, sizeof(path));
	assert_int_equal(disk_read_all(v->fd, path, 1 << 20, &p, &n), OK);
	assert_int_equal(journal_parse(p, n, s->row.camera, s->row.day, &j),
	    OK);
	assert_int_equal(journal_segment(&j, s->row.record,
	    j.n - s->row.record, fragments, root, cipher), OK);
	free(p);
	journal_free(&j);
}

/* The tail of a segment that is written, kept as recovery does. */
static inline uint64_t volume_tail(struct volume *v, struct segment *s,
    struct journal_head *head)
{
	struct journal_record tail, last = {.type = JOURNAL_FRAGMENT};
	size_t end = v->clip.fragments - 1;
	struct salvage b = {.dir_fd = v->fd, .camera = s->row.camera,
	    .day = s->row.day};
	struct journal_record r[CLIP_FRAGMENTS + 1] = {{.type = JOURNAL_BEGIN}};

	assert_int_equal(segment_tail(s), OK);
	/* enough of the records for the tail to follow */
	last.plain_off = v->clip.fragment[end].off;
	last.plain_len = v->clip.fragment[end].n;
	memcpy(last.chain, head->chain, HASH_BYTES);
	r[0].seq = s->row.seq;
	r[0].start_ns = s->row.start_ns;
	r[end + 1] = last;
	b.r = r;
	b.n = end + 2;
	assert_int_equal(salvage_tail(&b, s->chunks * AGE_CHUNK, &tail), OK);
	segment_tail_drop(s);
	volume_append(s, head, &tail);
	return tail.plain_len;
}

/* As after a power loss: whole chunks only, or with their tail; a cut record. */
static inline void volume_cut(struct volume *v, const char *camera,
    const char *day, uint64_t seq, struct journal_head *head, bool tail)
{
	struct segment *s = volume_segment(v, camera, day, seq, head);
	unsigned char root[HASH_BYTES], cipher[HASH_BYTES];
	struct journal_record r = {.type = JOURNAL_CUT, .seq = seq,
	    .start_ns = s->row.start_ns, .timescale = s->mp4.timescale,
	    .flags = FRAGMENT_KEY, .cipher_from = s->file_off,
	    .cipher_to = s->file_off, .plain_len = v->clip.init_n};
	uint64_t plain = s->chunks * AGE_CHUNK;

	assert_true(s->chunks > 0);
	if (tail)
		plain += volume_tail(v, s, head);
	for (size_t i = 0; i < v->clip.fragments && r.plain_len +
	    v->clip.fragment[i].n <= plain; i++) {
		r.plain_len += v->clip.fragment[i].n;
		r.samples += 25;
		r.index++;
	}
	assert_true(r.index > 0);
	assert_int_equal(tail, r.index == v->clip.fragments);
	r.duration_ns = r.index * NS_PER_SEC;
	volume_yield(v, s, r.index, r.content, cipher);
	sha256("", 0, r.cipher);
	volume_append(s, head, &r);
	volume_yield(v, s, r.index, root, cipher);
	s->row.end_ns = s->row.start_ns + r.duration_ns;
	s->row.fragments = r.index;
	s->row.state = SEGMENT_CUT;
	s->row.bytes = s->file_off;
	volume_enter_segment(v, &s->row, root, cipher);
	segment_free(s);
	volume_enter_heads(v, camera, head);
}

static inline void volume_make(struct volume *v)
{
	struct site site = {.origin = "saqta.example/test",
	    .zone = "Asia/Almaty", .created_ns = 1};
	struct journal_head a, b;
	unsigned char key[KEY_BYTES];
	struct entry e;
	size_t cut;

	strcpy(v->dir, "/tmp/saqta-volume-XXXXXX");
	assert_non_null(mkdtemp(v->dir));
	v->fd = open(v->dir, O_RDONLY | O_DIRECTORY);
	assert_true(v->fd >= 0);
	identity_new(&v->id);
	identity_recipient(&v->id, &v->to);
	site.paper = v->to;
	assert_int_equal(site_write(v->fd, &site), OK);
	assert_int_equal(ledger_create(v->fd, site.origin, key), OK);
	assert_int_equal(ledger_open(v->fd, &v->ledger, &cut), OK);
	entry_begin(&e, ENTRY_LOG_BEGINS, (struct utc){VOLUME_START}, 0);
	entry_put_text(&e, TAG_ORIGIN, site.origin);
	entry_put_bytes(&e, TAG_LOG_KEY, key, sizeof(key));
	volume_enter(v, &e);

	assert_int_equal(journal_head_load(v->fd, "cam1", VOLUME_DAY, &a), OK);
	volume_sealed(v, "cam1", VOLUME_DAY, 1, &a);
	volume_sealed(v, "cam1", VOLUME_DAY, 2, &a);
	assert_int_equal(journal_head_load(v->fd, "cam1", VOLUME_NEXT, &a),
	    OK);
	volume_sealed(v, "cam1", VOLUME_NEXT, 3, &a);
	segment_free(volume_segment(v, "cam1", VOLUME_NEXT, 4, &a));
	assert_int_equal(journal_head_load(v->fd, "cam2", VOLUME_DAY, &b), OK);
	volume_cut(v, "cam2", VOLUME_DAY, 1, &b, false);
	for (int i = 0; i < 300; i++) {		/* so that there are tiles */
		entry_begin(&e, ENTRY_SIGN_OUT, (struct utc){i}, 3);
		volume_enter(v, &e);
	}
	volume_sealed(v, "cam2", VOLUME_DAY, 2, &b);
	volume_cut(v, "cam2", VOLUME_DAY, 3, &b, true);
	assert_int_equal(ledger_checkpoint(v->ledger), OK);
	ledger_close(v->ledger);
}

static inline void volume_free(struct volume *v)
{
	char cmd[80];

	close(v->fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", v->dir);
	assert_int_equal(system(cmd), 0);
}

#endif
