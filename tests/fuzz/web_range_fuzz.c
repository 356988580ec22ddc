/* Range: what is accepted lies inside the body and is not empty. */
#include <stdlib.h>
#include <string.h>

#include "web/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint64_t size;
	struct range r;
	char *s;

	if (n < sizeof(size))
		return 0;
	memcpy(&size, p, sizeof(size));
	s = calloc(1, n - sizeof(size) + 1);
	if (!s)
		return 0;
	memcpy(s, p + sizeof(size), n - sizeof(size));
	if (range_parse(s, size, &r) == OK) {
		if (!r.partial && (r.from != 0 || r.n != size))
			abort();
		if (r.partial &&
		    (r.n == 0 || r.from >= size || r.n > size - r.from))
			abort();
	}
	free(s);
	return 0;
}
