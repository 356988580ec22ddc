/* A proof out of a package, and its paths followed: whatever comes, no harm. */
#include "storage/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct proof f;
	uint64_t bad;

	if (crypt_init() || proof_parse(p, n, &f))
		return 0;
	if (!proof_follow(&f, &bad) && f.n &&
	    !proof_find(&f, f.entries[0].index))
		__builtin_trap();
	proof_free(&f);
	return 0;
}
