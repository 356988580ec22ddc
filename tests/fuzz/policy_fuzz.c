/* A policy file, and what it says of a note behind the first NUL. */
#include <string.h>

#include "storage/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct policy policy;
	const uint8_t *nul = memchr(p, 0, n);
	size_t text_n = nul ? (size_t)(nul - p) : n, note_n;
	char who[64];
	unsigned line;
	int64_t t;

	if (crypt_init() || policy_parse(p, text_n, &policy, &line))
		return 0;
	note_n = nul ? n - text_n - 1 : 0;
	if (policy_origin(&policy, policy.logs[0].name, p + n - note_n,
		note_n) == OK &&
	    !note_n)
		__builtin_trap();
	if (!policy_quorum(&policy, p + n - note_n, note_n, &t, who,
		sizeof(who)) &&
	    strlen(who) >= sizeof(who))
		__builtin_trap();
	return 0;
}
