/*
 * zip.h - the strict reading of an evidence package: a ZIP of stored files
 * only, which follow one another from the first byte on, without a hole, a
 * comment, a folder or two of one name. Anything else is refused, so that two
 * readers cannot see two different packages. Sizes may be ZIP64 (APPNOTE 4.5.3).
 */
#ifndef SAQTA_ZIP_H
#define SAQTA_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"

#define ZIP_FILES_MAX 4096u
#define ZIP_NAME_MAX 120 /* bytes; letters, digits and ._- */

struct zip_file {
	char name[ZIP_NAME_MAX + 1];
	uint64_t off; /* of its bytes */
	uint64_t size;
};
struct zip {
	struct zip_file *files; /* in the order in which they stand */
	size_t n;
};

/*
 * Read the directory of the ZIP of `size` bytes in fd. CRCs are not looked at:
 * what counts is hashed.
 *
 *   ret  on success to be freed by zip_free()
 *
 * ERR_FORMAT; ERR_TOO_LARGE; ERR_NO_MEMORY; ERR_DISK.
 */
must_check enum err zip_read(int fd, uint64_t size, struct zip *ret);
/* NULL where there is none of that name. */
const struct zip_file *zip_find(const struct zip *z, const char *name);
void zip_free(struct zip *z);

#endif
