/*
 * journal.h - the fragment journal: one append-only file per camera and day
 * (storage/DESIGN.md). Encoding and checking are pure; storage/segment.c
 * appends.
 */
#ifndef SAQTA_JOURNAL_H
#define SAQTA_JOURNAL_H

#include "storage/api/utc.h"
#include "storage/merkle.h"

#define JOURNAL_RECORD 256
#define JOURNAL_CLAIM 128	/* bytes 0..127 are the Merkle leaf */
#define JOURNAL_INSTANT_MAX (INT64_C(1) << 62) /* ns: in a claim, year 2116 */
#define JOURNAL_DAY_MAX (128u << 20)	/* bytes; four fragments a second: 85 */

enum journal_type {
	JOURNAL_BEGIN = 1, JOURNAL_FRAGMENT = 2, JOURNAL_SEAL = 3,
	JOURNAL_CUT = 4, JOURNAL_TAIL = 5,
};

struct journal_record {
	unsigned type;
	uint64_t seq;
	uint32_t index, flags;
	int64_t start_ns, duration_ns;
	uint64_t base;
	uint32_t samples, timescale;
	uint64_t plain_off, plain_len;
	unsigned char content[HASH_BYTES];
	int64_t mono_ns;
	uint32_t epoch, clock_state;
	int64_t camera_clock_ns;
	uint64_t cipher_from, cipher_to;
	unsigned char cipher[HASH_BYTES];
	unsigned char recipient[KEY_BYTES];
	unsigned char chain[HASH_BYTES];	/* set by encode, checked by decode */
};

/* The chain before the first record of a file. */
void journal_chain_start(const char *camera, const char *day,
    unsigned char ret[HASH_BYTES]);

/* Encode r after the chain `prev`; r->chain is set. */
void journal_encode(struct journal_record *r,
    const unsigned char prev[HASH_BYTES], unsigned char ret[JOURNAL_RECORD]);

/*
 * Decode one record that follows `prev`.
 * ERR_FORMAT: not a record; ERR_INTEGRITY: its chain does not fit.
 */
must_check enum err journal_decode(const unsigned char p[JOURNAL_RECORD],
    const unsigned char prev[HASH_BYTES], struct journal_record *ret);

/* The claim of a record, bytes 0..127, and what it says (the rest is zero). */
void journal_claim(const struct journal_record *r,
    unsigned char ret[JOURNAL_CLAIM]);
/* ERR_FORMAT where it is not that of a begin or fragment record. */
must_check enum err journal_claim_parse(const unsigned char p[JOURNAL_CLAIM],
    struct journal_record *ret);

/* Merkle leaf of a begin or fragment record. */
void journal_leaf(const unsigned char p[JOURNAL_RECORD],
    unsigned char ret[HASH_BYTES]);

/*
 * A whole journal file in memory.
 *
 *   records   returned, to be freed by journal_free(); all that are valid
 *   valid_n   bytes that are whole, valid records; less than n: a torn or
 *             damaged tail
 */
struct journal {
	struct journal_record *records;
	size_t n;
	size_t valid_n;
};
must_check enum err journal_parse(const void *p, size_t n, const char *camera,
    const char *day, struct journal *ret);
/* The end of one, behind a record with that chain. */
must_check enum err journal_parse_after(const void *p, size_t n,
    const unsigned char start[HASH_BYTES], struct journal *ret);
void journal_free(struct journal *j);

/* Is it the last record of its segment? */
static inline bool journal_ends(const struct journal_record *r)
{
	return r->type == JOURNAL_SEAL || r->type == JOURNAL_CUT;
}

/*
 * What the records [first, first + n) of one segment yield, begin to seal or
 * cut: Merkle root of what counts, and the segment's cipher hash. The seal or
 * cut record need not be there yet (fragments counts then).
 */
must_check enum err journal_segment(const struct journal *j, size_t first,
    size_t n, uint32_t fragments, unsigned char ret_root[HASH_BYTES],
    unsigned char ret_cipher[HASH_BYTES]);

#endif
