/*
 * tar.h - the headers of a tar archive of plain files (POSIX.1-1988, ustar),
 * which any tar reads. Pure.
 *
 * A member is a header block, its bytes, and zeros up to a whole block; two
 * blocks of zeros end the archive.
 */
#ifndef SAQTA_TAR_H
#define SAQTA_TAR_H

#include <stdint.h>

#include "storage/api/err.h"

#define TAR_BLOCK 512
#define TAR_NAME 101			/* bytes of a name, with NUL */
#define TAR_SIZE_MAX ((UINT64_C(1) << 33) - 1)	/* eleven octal digits */

struct tar_member {
	char name[TAR_NAME];	/* relative, without "." or ".." */
	uint64_t size;
	int64_t mtime_s;
};

/* ERR_TOO_LARGE: a name or size beyond the above. */
must_check enum err tar_put(const struct tar_member *m,
    unsigned char out[TAR_BLOCK]);
/*
 * OK; ERR_GONE at the end's zeros; ERR_FORMAT: not the header of a plain file,
 * or one whose name could lead elsewhere.
 */
must_check enum err tar_parse(const unsigned char p[TAR_BLOCK],
    struct tar_member *ret);
/* Bytes of a member's content with its padding. */
uint64_t tar_padded(uint64_t size);

#endif
