/* u16 length of the init part, the init part, one fragment. */
#include <stdlib.h>

#include "storage/mp4.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	unsigned char hash[HASH_BYTES];
	struct mp4_fragment f;
	struct mp4_init init;
	size_t init_n;

	if (n < 2)
		return 0;
	init_n = (size_t)(p[0] << 8 | p[1]);
	p += 2;
	n -= 2;
	if (init_n > n || mp4_init_parse(p, init_n, &init))
		return 0;
	if (!mp4_fragment_parse(p + init_n, n - init_n, &init, &f)) {
		mp4_sample_hash(&init, &f, p + init_n, hash);
		mp4_free(&f);
	}
	if (!mp4_moof_parse(p + init_n, n - init_n, n, &init, &f))
		mp4_free(&f);
	return 0;
}
