/* A grant: what is decoded must give the same bytes again. */
#include <stdlib.h>
#include <string.h>

#include "storage/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	unsigned char *out, key[AGE_FILE_KEY];
	const struct age_identity id = {{42}};
	struct grant g;
	size_t out_n;

	if (grant_decode(p, n, &g))
		return 0;
	if (grant_encode(&g, &out, &out_n) || out_n != n ||
	    memcmp(out, p, n) != 0)
		abort();
	if (g.n &&
	    grant_find(&g, g.items[0].camera, g.items[0].seq, &id, key) ==
		ERR_NOT_APPROVED)
		abort();
	free(out);
	grant_wipe(&g);
	return 0;
}
