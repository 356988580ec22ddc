#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/journal.h"

#define MAGIC 0x53714a31u /* "SqJ1" */
#define CHAINED 224 /* bytes before the chain */

void journal_chain_start(const char *camera, const char *day,
    unsigned char ret[HASH_BYTES])
{
	static const char label[] = "saqta journal v1\n";
	struct sha256 h;

	sha256_init(&h);
	sha256_put(&h, label, sizeof(label) - 1);
	sha256_put(&h, camera, strlen(camera));
	sha256_put(&h, "\n", 1);
	sha256_put(&h, day, strlen(day));
	sha256_put(&h, "\n", 1);
	sha256_end(&h, ret);
}

static void chain(const unsigned char prev[HASH_BYTES],
    const unsigned char p[JOURNAL_RECORD], unsigned char ret[HASH_BYTES])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_put(&h, prev, HASH_BYTES);
	sha256_put(&h, p, CHAINED);
	sha256_end(&h, ret);
}

/* Fields that a type does not have are zero, so that there is one encoding. */
static void clear_foreign(struct journal_record *r)
{
	if (r->type != JOURNAL_BEGIN)
		memset(r->recipient, 0, sizeof(r->recipient));
	if (r->type == JOURNAL_FRAGMENT)
		return;
	r->base = 0;
	if (r->type == JOURNAL_TAIL)
		memset(r->content, 0, sizeof(r->content));
	else
		r->plain_off = 0;
	if (r->type == JOURNAL_BEGIN)
		r->index = 0;
	if (r->type == JOURNAL_BEGIN || r->type == JOURNAL_TAIL) {
		r->flags = 0;
		r->duration_ns = 0;
		r->samples = 0;
	}
}

/* Bytes 0..223. */
static void encode(const struct journal_record *r,
    unsigned char ret[JOURNAL_RECORD])
{
	unsigned char *p = ret;

	memset(ret, 0, JOURNAL_RECORD);
	p = be_put(p, MAGIC, 4);
	p = be_put(p, r->type, 1) + 3;
	p = be_put(p, r->seq, 8);
	p = be_put(p, r->index, 4);
	p = be_put(p, r->flags, 4);
	p = be_put(p, (uint64_t)r->start_ns, 8);
	p = be_put(p, (uint64_t)r->duration_ns, 8);
	p = be_put(p, r->base, 8);
	p = be_put(p, r->samples, 4);
	p = be_put(p, r->timescale, 4);
	p = be_put(p, r->plain_off, 8);
	p = be_put(p, r->plain_len, 8);
	memcpy(p, r->content, HASH_BYTES);
	p += HASH_BYTES;
	p = be_put(p, (uint64_t)r->mono_ns, 8);
	p = be_put(p, r->epoch, 4);
	p = be_put(p, r->clock_state, 4);
	p = be_put(p, (uint64_t)r->camera_clock_ns, 8);
	p = be_put(p, r->cipher_from, 8);
	p = be_put(p, r->cipher_to, 8);
	memcpy(p, r->cipher, HASH_BYTES);
	memcpy(p + HASH_BYTES, r->recipient, KEY_BYTES);
}

void journal_encode(struct journal_record *r,
    const unsigned char prev[HASH_BYTES], unsigned char ret[JOURNAL_RECORD])
{
	clear_foreign(r);
	encode(r, ret);
	chain(prev, ret, r->chain);
	memcpy(ret + CHAINED, r->chain, HASH_BYTES);
}

static void decode(const unsigned char *p, struct journal_record *r)
{
	memset(r, 0, sizeof(*r));	/* what lies between members, too */
	r->type = p[4];
	r->seq = be_get(p + 8, 8);
	r->index = (uint32_t)be_get(p + 16, 4);
	r->flags = (uint32_t)be_get(p + 20, 4);
	r->start_ns = (int64_t)be_get(p + 24, 8);
	r->duration_ns = (int64_t)be_get(p + 32, 8);
	r->base = be_get(p + 40, 8);
	r->samples = (uint32_t)be_get(p + 48, 4);
	r->timescale = (uint32_t)be_get(p + 52, 4);
	r->plain_off = be_get(p + 56, 8);
	r->plain_len = be_get(p + 64, 8);
	memcpy(r->content, p + 72, HASH_BYTES);
	r->mono_ns = (int64_t)be_get(p + 104, 8);
	r->epoch = (uint32_t)be_get(p + 112, 4);
	r->clock_state = (uint32_t)be_get(p + 116, 4);
	r->camera_clock_ns = (int64_t)be_get(p + 120, 8);
	r->cipher_from = be_get(p + 128, 8);
	r->cipher_to = be_get(p + 136, 8);
	memcpy(r->cipher, p + 144, HASH_BYTES);
	memcpy(r->recipient, p + 176, KEY_BYTES);
	memcpy(r->chain, p + CHAINED, HASH_BYTES);
}

void journal_claim(const struct journal_record *r,
    unsigned char ret[JOURNAL_CLAIM])
{
	static const unsigned char none[HASH_BYTES];
	unsigned char b[JOURNAL_RECORD];
	struct journal_record copy = *r;

	journal_encode(&copy, none, b);
	memcpy(ret, b, JOURNAL_CLAIM);
}

enum err journal_claim_parse(const unsigned char p[JOURNAL_CLAIM],
    struct journal_record *ret)
{
	unsigned char b[JOURNAL_RECORD] = {0};

	if (be_get(p, 4) != MAGIC || be_get(p + 5, 3) ||
	    (p[4] != JOURNAL_BEGIN && p[4] != JOURNAL_FRAGMENT))
		return ERR_FORMAT;
	memcpy(b, p, JOURNAL_CLAIM);
	decode(b, ret);
	/* whoever adds them up must not overflow */
	if (ret->start_ns <= -JOURNAL_INSTANT_MAX ||
	    ret->start_ns >= JOURNAL_INSTANT_MAX || ret->duration_ns < 0 ||
	    ret->duration_ns >= JOURNAL_INSTANT_MAX / 2)
		return ERR_FORMAT;
	return OK;
}

enum err journal_decode(const unsigned char p[JOURNAL_RECORD],
    const unsigned char prev[HASH_BYTES], struct journal_record *ret)
{
	struct journal_record r, own;
	unsigned char again[JOURNAL_RECORD], want[HASH_BYTES];

	if (be_get(p, 4) != MAGIC || p[4] < JOURNAL_BEGIN ||
	    p[4] > JOURNAL_TAIL)
		return ERR_FORMAT;
	decode(p, &r);
	own = r;
	clear_foreign(&own);
	encode(&own, again);
	if (memcmp(again, p, CHAINED) || r.cipher_from > r.cipher_to ||
	    r.duration_ns < 0 || r.plain_len > UINT64_MAX - r.plain_off)
		return ERR_FORMAT;
	chain(prev, p, want);
	if (!crypt_equal(want, r.chain, HASH_BYTES))
		return ERR_INTEGRITY;
	*ret = r;
	return OK;
}

void journal_leaf(const unsigned char p[JOURNAL_RECORD],
    unsigned char ret[HASH_BYTES])
{
	merkle_leaf(p, JOURNAL_CLAIM, ret);
}

enum err journal_parse(const void *p, size_t n, const char *camera,
    const char *day, struct journal *ret)
{
	unsigned char start[HASH_BYTES];

	journal_chain_start(camera, day, start);
	return journal_parse_after(p, n, start, ret);
}

enum err journal_parse_after(const void *p, size_t n,
    const unsigned char start[HASH_BYTES], struct journal *ret)
{
	const unsigned char *b = p;
	unsigned char prev[HASH_BYTES];
	struct journal j = {0};
	size_t max = n / JOURNAL_RECORD;

	j.records = calloc(max ? max : 1, sizeof(*j.records));
	if (!j.records)
		return ERR_NO_MEMORY;
	memcpy(prev, start, sizeof(prev));
	while (j.n < max) {
		if (journal_decode(b + j.valid_n, prev, &j.records[j.n]) != OK)
			break;
		memcpy(prev, j.records[j.n].chain, HASH_BYTES);
		j.n++;
		j.valid_n += JOURNAL_RECORD;
	}
	*ret = j;
	return OK;
}

void journal_free(struct journal *j)
{
	free(j->records);
	memset(j, 0, sizeof(*j));
}

/* Is record i of the segment's records in its place? */
static bool is_in_place(const struct journal_record *r, size_t i, size_t n)
{
	if (r[i].seq != r[0].seq)
		return false;
	if (i == 0)
		return r[i].type == JOURNAL_BEGIN;
	if (journal_ends(&r[i]))
		return i == n - 1;
	if (r[i].type == JOURNAL_TAIL)
		return i == n - 1 ||
		    (i == n - 2 && r[n - 1].type == JOURNAL_CUT);
	return r[i].type == JOURNAL_FRAGMENT && r[i].index == i - 1;
}

enum err journal_segment(const struct journal *j, size_t first, size_t n,
    uint32_t fragments, unsigned char ret_root[HASH_BYTES],
    unsigned char ret_cipher[HASH_BYTES])
{
	const struct journal_record *r = j->records + first;
	unsigned char bytes[JOURNAL_RECORD], leaf[HASH_BYTES];
	struct merkle t;
	struct sha256 h;

	if (!n || first > j->n || n > j->n - first)
		return ERR_FORMAT;
	merkle_init(&t);
	sha256_init(&h);
	for (size_t i = 0; i < n; i++) {
		if (!is_in_place(r, i, n))
			return ERR_FORMAT;
		sha256_put(&h, r[i].cipher, HASH_BYTES);
		if (i > fragments || r[i].type > JOURNAL_FRAGMENT)
			continue;
		encode(&r[i], bytes);
		journal_leaf(bytes, leaf);
		merkle_put(&t, leaf);
	}
	if (t.n != (uint64_t)fragments + 1)
		return ERR_FORMAT;
	merkle_root(&t, ret_root);
	sha256_end(&h, ret_cipher);
	return OK;
}
