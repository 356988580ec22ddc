/*
 * A journal: 8 bytes say how the rest is taken. The chain of the first record
 * is mended, so that the fuzzer gets behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void mend(unsigned char *b, size_t n)
{
	unsigned char prev[HASH_BYTES];
	struct sha256 h;

	journal_chain_start("cam1", "2026-11-22", prev);
	for (size_t at = 0; at + JOURNAL_RECORD <= n; at += JOURNAL_RECORD) {
		sha256_init(&h);
		sha256_put(&h, prev, HASH_BYTES);
		sha256_put(&h, b + at, 224);
		sha256_end(&h, prev);
		memcpy(b + at + 224, prev, HASH_BYTES);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	unsigned char root[HASH_BYTES], cipher[HASH_BYTES], *b;
	struct journal j;

	if (n < 8)
		return 0;
	b = malloc(n - 8 + 1);
	if (!b)
		return 0;
	memcpy(b, p + 8, n - 8);
	if (p[0] & 1)
		mend(b, n - 8);
	if (!journal_parse(b, n - 8, "cam1", "2026-11-22", &j)) {
		if (j.valid_n != j.n * JOURNAL_RECORD || j.valid_n > n - 8)
			abort();
		(void)!journal_segment(&j, p[1], p[2], p[3], root, cipher);
		journal_free(&j);
	}
	free(b);
	return 0;
}
