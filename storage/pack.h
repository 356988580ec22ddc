/*
 * pack.h - a ZIP of stored files, written straight into an age file: what goes
 * to the disk is ciphertext only (P1). The only file of storage that includes
 * libarchive is pack.c.
 *
 * After the ZIP the age file may carry further bytes of ours, which are not
 * part of the package.
 */
#ifndef SAQTA_PACK_H
#define SAQTA_PACK_H

#include "storage/age.h"

struct pack;

/*
 * Begin at the start of an empty file, under a fresh file key that is wrapped
 * to one recipient. fd is borrowed until pack_free(). Blocks, as all here.
 */
must_check enum err pack_begin(int fd, const struct age_recipient *to,
    struct pack **ret);
/* Begin the next file of the ZIP; exactly `size` bytes of it must follow. */
must_check enum err pack_file(struct pack *p, const char *name, uint64_t size,
    int64_t mtime_s);
must_check enum err pack_put(struct pack *p, const void *bytes, size_t n);
/* Bytes of the ZIP so far: where the bytes of pack_put() will stand. */
uint64_t pack_at(const struct pack *p);
/* End the ZIP: its length and hash. */
must_check enum err pack_end(struct pack *p, uint64_t *ret_bytes,
    unsigned char ret_sha256[HASH_BYTES]);
/* Put n bytes behind the ZIP and write the last chunk: synced when OK. */
must_check enum err pack_close(struct pack *p, const void *bytes, size_t n);
void pack_free(struct pack *p); /* NULL is legal */

#endif
