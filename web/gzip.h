/*
 * gzip.h - text made smaller for who takes it so (RFC 9110, 8.4.1.3).
 *
 * Only for what holds no secret of the session beside what others choose (pages' files, lists that storage made): the
 * length of a compressed text tells of its content.
 */
#ifndef SAQTA_WEB_GZIP_H
#define SAQTA_WEB_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#define GZIP_BEST 9
#define GZIP_FAST 1

/* Does an Accept-Encoding header (NULL is legal) take gzip? */
bool gzip_taken(const char *header);

/* n bytes made smaller, freed by the caller; NULL where they are not, or when memory is short. */
void *gzip_text(const void *p, size_t n, int level, size_t *ret_n);

#endif
