/*
 * age.h - age v1 files (https://c2sp.org/age): X25519 recipients, and files
 * that others sealed by a passphrase (scrypt).
 *
 * A file is header || nonce(16) || chunks of 64 KiB, each sealed with
 * ChaCha20-Poly1305. Writing goes forward only; reading is by chunk, at random.
 * storage/crypt.h does the primitives, storage/identity.h the keys.
 */
#ifndef SAQTA_AGE_H
#define SAQTA_AGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"
#include "storage/crypt.h"

#define AGE_CHUNK 65536u
#define AGE_CHUNK_SEALED (AGE_CHUNK + AEAD_TAG)
#define AGE_FILE_KEY 16
#define AGE_NONCE 16
#define AGE_HEADER_MAX 16384u	/* bytes of header that we accept or write */
#define AGE_HEADER_ONE 168	/* of a header for one recipient, no nonce */
#define AGE_RECIPIENTS_MAX 32

struct age_recipient {
	unsigned char key[KEY_BYTES];	/* X25519 public key */
};
struct age_identity {
	unsigned char key[KEY_BYTES];	/* X25519 secret key; wipe */
};

/* A file key wrapped to one recipient: an X25519 stanza in binary. */
struct age_wrap {
	unsigned char share[KEY_BYTES];
	unsigned char body[AGE_FILE_KEY + AEAD_TAG];
};

must_check enum err age_wrap(const unsigned char file_key[AGE_FILE_KEY],
    const struct age_recipient *to, struct age_wrap *ret);
/*
 * ERR_NO_KEY where the identity does not open it; ERR_FORMAT where the share is
 * of small order.
 */
must_check enum err age_unwrap(const struct age_wrap *w,
    const struct age_identity *id, unsigned char ret_file_key[AGE_FILE_KEY]);

/*
 * Write a header (through the MAC line and the payload nonce) for n recipients.
 *
 *   file_key, nonce  fresh random bytes of the caller's
 *   out              at least AGE_HEADER_MAX bytes
 *
 * The length is 70 + 98 n + AGE_NONCE. ERR_TOO_LARGE above
 * AGE_RECIPIENTS_MAX.
 */
must_check enum err age_header_write(const unsigned char file_key[AGE_FILE_KEY],
    const unsigned char nonce[AGE_NONCE], const struct age_recipient *to,
    size_t n, unsigned char *out, size_t *ret_n);

/*
 * Parse the header at p (n bytes, the beginning of a file). ret_header_n counts
 * the bytes before the payload nonce.
 *
 * OK; ERR_TRUNCATED where more bytes are needed; ERR_FORMAT; ERR_TOO_LARGE.
 */
must_check enum err age_header_len(const void *p, size_t n,
    size_t *ret_header_n);

/*
 * Open a header with any of the identities, and check its MAC.
 * ERR_NO_KEY; ERR_INTEGRITY where the MAC does not fit; as above.
 */
must_check enum err age_header_open(const void *p, size_t n,
    const struct age_identity *ids, size_t ids_n,
    unsigned char ret_file_key[AGE_FILE_KEY], size_t *ret_header_n);

/*
 * Open a header that was sealed by a passphrase (scrypt). ERR_NO_KEY where the
 * passphrase is not this one or the header has none; ERR_TOO_LARGE where its
 * work factor is above SCRYPT_LOG_N_MAX, which every function here says; as
 * above. Blocks: at most 1 GiB and some seconds.
 */
must_check enum err age_header_open_passphrase(const void *p, size_t n,
    const void *passphrase, size_t passphrase_n,
    unsigned char ret_file_key[AGE_FILE_KEY], size_t *ret_header_n);

/* Check the MAC of a header with a known file key. */
must_check enum err age_header_check(const void *p, size_t n,
    const unsigned char file_key[AGE_FILE_KEY], size_t *ret_header_n);

/* The payload key of a file. */
void age_payload_key(const unsigned char file_key[AGE_FILE_KEY],
    const unsigned char nonce[AGE_NONCE], unsigned char ret_key[KEY_BYTES]);

/*
 * Seal or open chunk i. n plain bytes, at most AGE_CHUNK; out has n + 16
 * (sealing) or n - 16 (opening, n the sealed length). last: the last flag.
 */
void age_chunk_seal(const unsigned char key[KEY_BYTES], uint64_t i, bool last,
    const void *p, size_t n, void *out);
must_check enum err age_chunk_open(const unsigned char key[KEY_BYTES],
    uint64_t i, bool last, const void *p, size_t n, void *out);

/*
 * Seal n plain bytes, at most AGE_CHUNK, as the only chunk of a file of its own
 * that has the header of another (header_n bytes, without its payload nonce)
 * and so its file key. The payload nonce is fresh: no key and nonce are used
 * twice. out has header_n + AGE_NONCE + n + AEAD_TAG bytes, all written.
 */
void age_seal_beside(const unsigned char file_key[AGE_FILE_KEY],
    const void *header, size_t header_n, const void *p, size_t n, void *out);

/*
 * Small files at once. The result of both is returned, to be freed by free();
 * a plain one is to be wiped first.
 */
must_check enum err age_encrypt(const void *p, size_t n,
    const struct age_recipient *to, size_t to_n, unsigned char **ret,
    size_t *ret_n);
must_check enum err age_decrypt(const void *p, size_t n,
    const struct age_identity *ids, size_t ids_n, unsigned char **ret,
    size_t *ret_n);

/*
 * Random access to a file on disk, sealed or cut.
 *
 *   fd    given to the reader, closed by age_file_close(), and on failure
 *   cut   the file may end after any whole chunk (a power loss); then size is
 *         64 KiB x whole chunks
 *
 * Before OK the last chunk was opened with its last flag (unless cut). A file
 * that ends after a whole chunk without that flag is ERR_TRUNCATED.
 */
struct age_file;
must_check enum err age_file_open(int fd,
    const unsigned char file_key[AGE_FILE_KEY], bool cut,
    struct age_file **ret);
/*
 * Continue a cut file by its tail, an age file of at most one chunk with the
 * same file key: size counts it from here on.
 *
 *   fd   given, closed by age_file_close(), and on failure
 *   at   plain bytes before the tail: those of the file's whole chunks
 *
 * As age_file_open(); ERR_INTEGRITY where the file does not end at `at` or the
 * tail is more than a chunk. On failure f is as before.
 */
must_check enum err age_file_tail(struct age_file *f, int fd,
    const unsigned char file_key[AGE_FILE_KEY], uint64_t at);
uint64_t age_file_size(const struct age_file *f);	/* plain bytes */
/* Read exactly n plain bytes at off, or ERR_TRUNCATED, ERR_INTEGRITY, ERR_DISK. */
must_check enum err age_file_read(struct age_file *f, uint64_t off, void *p,
    size_t n);
void age_file_close(struct age_file *f);	/* NULL is legal */

#endif
