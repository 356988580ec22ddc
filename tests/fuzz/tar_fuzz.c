/* The header of a backup's member. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	unsigned char block[TAR_BLOCK] = {0}, again[TAR_BLOCK];
	struct tar_member m;

	memcpy(block, p, n < TAR_BLOCK ? n : TAR_BLOCK);
	if (!tar_parse(block, &m) &&
	    (m.name[0] == '/' || strstr(m.name, "/.") || tar_put(&m, again)))
		abort();
	return 0;
}
