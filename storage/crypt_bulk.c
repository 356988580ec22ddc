/*
 * crypt_bulk.c - what runs over every byte of footage: SHA-256 and ChaCha20-
 * Poly1305, from OpenSSL's libcrypto. The only file that includes <openssl/>.
 *
 * libsodium's SHA-256 knows no SHA instructions (0.4 against 1.8 GB/s) and its
 * AEAD no AVX-512 (1.5 against 4.5 GB/s); recorder/DESIGN.md has what that
 * costs. Keys, passwords and signatures stay with libsodium (crypt.c).
 */
#define OPENSSL_API_COMPAT 0x10100000L /* SHA256_Init(): a state of its own */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "storage/crypt.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct sha256 *)0)->state),
    "struct sha256 is too small");
_Static_assert(SHA256_DIGEST_LENGTH == HASH_BYTES, "hash");

/* Found once: looking for it at each chunk costs a twentieth of opening it. */
static EVP_CIPHER *aead;

enum err crypt_bulk_init(void)
{
	/* no file is read: a sandbox comes later, and none is needed */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return ERR_SYS;
	if (!aead)
		aead = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	return aead ? OK : ERR_SYS;
}

/* Out of memory, or a libcrypto without its ciphers: nothing can go on. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

static SHA256_CTX *sha_state(struct sha256 *h)
{
	return (SHA256_CTX *)(void *)h->state;
}

void sha256(const void *p, size_t n, unsigned char ret[HASH_BYTES])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_put(&h, p, n);
	sha256_end(&h, ret);
}

void sha256_init(struct sha256 *h)
{
	must(SHA256_Init(sha_state(h)));
}

void sha256_put(struct sha256 *h, const void *p, size_t n)
{
	if (n)
		must(SHA256_Update(sha_state(h), p, n));
}

void sha256_end(struct sha256 *h, unsigned char ret[HASH_BYTES])
{
	must(SHA256_Final(ret, sha_state(h)));
	crypt_wipe(h, sizeof(*h));
}

/* Pieces of an int's length at most: chunks are, small files may not be. */
static void run(EVP_CIPHER_CTX *ctx, const unsigned char *p, size_t n,
    unsigned char *out)
{
	while (n) {
		int part = n > 1 << 30 ? 1 << 30 : (int)n, got = 0;

		must(EVP_CipherUpdate(ctx, out, &got, p, part));
		p += part;
		out += part;
		n -= (size_t)part;
	}
}

static EVP_CIPHER_CTX *begin(const unsigned char key[KEY_BYTES],
    const unsigned char nonce[AEAD_NONCE], int seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	must(ctx != NULL);
	must(EVP_CipherInit_ex(ctx, aead ? aead : EVP_chacha20_poly1305(), NULL,
	    key, nonce, seal));
	return ctx;
}

void aead_seal(const unsigned char key[KEY_BYTES],
    const unsigned char nonce[AEAD_NONCE], const void *p, size_t n, void *out)
{
	EVP_CIPHER_CTX *ctx = begin(key, nonce, 1);
	unsigned char *end = (unsigned char *)out + n;
	int got = 0;

	run(ctx, p, n, out);
	must(EVP_CipherFinal_ex(ctx, end, &got));
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG, end));
	EVP_CIPHER_CTX_free(ctx); /* wipes the key schedule */
}

enum err aead_open(const unsigned char key[KEY_BYTES],
    const unsigned char nonce[AEAD_NONCE], const void *p, size_t n, void *out)
{
	unsigned char tag[AEAD_TAG], none[1];
	EVP_CIPHER_CTX *ctx;
	int got = 0, whole;

	if (n < AEAD_TAG)
		return ERR_INTEGRITY;
	n -= AEAD_TAG;
	for (int i = 0; i < AEAD_TAG; i++)
		tag[i] = ((const unsigned char *)p)[n + (size_t)i];
	ctx = begin(key, nonce, 0);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG, tag));
	run(ctx, p, n, out);
	whole = EVP_CipherFinal_ex(ctx, none, &got);
	EVP_CIPHER_CTX_free(ctx);
	if (whole != 1) /* what nobody vouches for is not left behind */
		crypt_wipe(out, n);
	return whole == 1 ? OK : ERR_INTEGRITY;
}
