/*
 * crypt.h - every primitive that Saqta uses: from libsodium, and those that
 * run over all footage from libcrypto. The only files of storage that include
 * <sodium.h> and <openssl/> are crypt.c and crypt_bulk.c.
 *
 * Keys are plain byte arrays of the sizes below; who owns one wipes it with
 * crypt_wipe().
 */
#ifndef SAQTA_CRYPT_H
#define SAQTA_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"

#define HASH_BYTES 32
#define KEY_BYTES 32
#define SIGN_BYTES 64
#define AEAD_TAG 16		/* ChaCha20-Poly1305, RFC 8439 */
#define AEAD_NONCE 12
#define SECRET_MAX 64		/* bytes of a person's secret */
#define SEALED_EXTRA 65		/* bytes more that one sealed by a password has */
#define SEALED_SEED_MAX 160

/* Call once before anything else. ERR_SYS where libsodium cannot start. */
must_check enum err crypt_init(void);

must_check enum err crypt_bulk_init(void);	/* crypt_init() calls it */

void crypt_random(void *p, size_t n);
void crypt_wipe(void *p, size_t n);
void crypt_free(void *p); /* wipes what malloc() gave; NULL is fine */

/*
 * Zeroed memory between guard pages, kept out of swap and core dumps where the
 * system lets an unprivileged process lock that much (8 MiB by default). NULL:
 * no memory. crypt_guarded_free() wipes it; NULL is fine.
 */
void *crypt_guarded(size_t n);
void crypt_guarded_free(void *p);

bool crypt_equal(const void *a, const void *b, size_t n); /* constant time */

/* SHA-256, at once or in pieces. */
struct sha256 {
	_Alignas(16) unsigned char state[128];
};
void sha256(const void *p, size_t n, unsigned char ret[HASH_BYTES]);
void sha256_init(struct sha256 *h);
void sha256_put(struct sha256 *h, const void *p, size_t n);
void sha256_end(struct sha256 *h, unsigned char ret[HASH_BYTES]);

/* HMAC-SHA-256 and HKDF-SHA-256 (RFC 5869) with one block of output. */
void hmac_sha256(const void *key, size_t key_n, const void *p, size_t n,
    unsigned char ret[HASH_BYTES]);
void hkdf_sha256(const void *ikm, size_t ikm_n, const void *salt,
    size_t salt_n, const char *info, unsigned char ret[KEY_BYTES]);

/* ChaCha20-Poly1305 (IETF). out has n + AEAD_TAG bytes; in place is allowed. */
void aead_seal(const unsigned char key[KEY_BYTES],
    const unsigned char nonce[AEAD_NONCE], const void *p, size_t n, void *out);
/* ERR_INTEGRITY where the tag does not fit; n counts the tag. */
must_check enum err aead_open(const unsigned char key[KEY_BYTES],
    const unsigned char nonce[AEAD_NONCE], const void *p, size_t n, void *out);

/* X25519. x25519() refuses an all-zero result with ERR_INTEGRITY. */
void x25519_base(const unsigned char secret[KEY_BYTES],
    unsigned char ret_public[KEY_BYTES]);
must_check enum err x25519(const unsigned char secret[KEY_BYTES],
    const unsigned char point[KEY_BYTES], unsigned char ret[KEY_BYTES]);

/* Ed25519 from a 32-byte seed. */
void sign_public(const unsigned char seed[KEY_BYTES],
    unsigned char ret_public[KEY_BYTES]);
void sign(const unsigned char seed[KEY_BYTES], const void *p, size_t n,
    unsigned char ret[SIGN_BYTES]);
must_check enum err sign_check(const unsigned char public_key[KEY_BYTES],
    const void *p, size_t n, const unsigned char sig[SIGN_BYTES]);

/*
 * Seal a person's secret of n <= SECRET_MAX bytes with the first password_n
 * bytes of a password (storage/DESIGN.md, "People"). Argon2id MODERATE: about
 * 256 MiB and 0.7 s. Blocks.
 */
must_check enum err secret_seal(const char *password, size_t password_n,
    const void *secret, size_t n, unsigned char ret[SEALED_SEED_MAX],
    size_t *ret_n);
/* ERR_PASSWORD where it does not open; ERR_FORMAT. Blocks. */
must_check enum err secret_unseal(const char *password, size_t password_n,
    const void *sealed, size_t n, unsigned char ret[SECRET_MAX],
    size_t *ret_n);

/*
 * scrypt (RFC 7914) with N = 2^log_n, r = 8, p = 1: 2^log_n KiB of memory.
 * A file chooses log_n, so it is bounded: 20 is 1 GiB, what Argon2id may take
 * here too. age writes 18 and itself opens up to 22 (4 GiB), which a small
 * appliance that records cannot spare. ERR_TOO_LARGE above; ERR_NO_MEMORY.
 * Blocks.
 */
#define SCRYPT_LOG_N_MAX 20u
must_check enum err scrypt_key(const void *passphrase, size_t passphrase_n,
    const void *salt, size_t salt_n, unsigned log_n,
    unsigned char ret[KEY_BYTES]);

/* Sealed boxes (crypto_box_seal), for camera credentials. out: n + 48. */
#define BOX_EXTRA 48
must_check enum err box_seal(const unsigned char public_key[KEY_BYTES],
    const void *p, size_t n, void *out);

/*
 * Base64, standard alphabet, canonical only (no stray bits, no spaces).
 * Encoding writes a NUL; decoding refuses anything else with ERR_FORMAT.
 */
#define B64_LEN(n) (((n) + 2) / 3 * 4 + 1)
size_t b64_encode(const void *p, size_t n, bool padded, char *out);
must_check enum err b64_decode(const char *s, size_t s_n, bool padded,
    void *out, size_t out_max, size_t *ret_n);

/* Lower-case hexadecimal with a NUL: out has 2 n + 1 bytes. */
void hex_encode(const void *p, size_t n, char *out);

#endif
