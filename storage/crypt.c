/* See crypt.h. The only file of storage that includes <sodium.h>. */
#include <malloc.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/crypt.h"

_Static_assert(crypto_aead_chacha20poly1305_ietf_ABYTES == AEAD_TAG, "tag");
_Static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == AEAD_NONCE, "");
_Static_assert(crypto_box_SEALBYTES == BOX_EXTRA, "sealed box");

enum err crypt_init(void)
{
	return sodium_init() < 0 ? ERR_SYS : crypt_bulk_init();
}

void crypt_random(void *p, size_t n)
{
	randombytes_buf(p, n);
}

void crypt_wipe(void *p, size_t n)
{
	if (n)
		sodium_memzero(p, n);
}

void crypt_free(void *p)
{
	if (p)
		crypt_wipe(p, malloc_usable_size(p));
	free(p);
}

void *crypt_guarded(size_t n)
{
	void *p = sodium_malloc(n);

	if (p)
		memset(p, 0, n);
	return p;
}

void crypt_guarded_free(void *p)
{
	sodium_free(p);
}

bool crypt_equal(const void *a, const void *b, size_t n)
{
	return !n || sodium_memcmp(a, b, n) == 0;
}

void hmac_sha256(const void *key, size_t key_n, const void *p, size_t n,
    unsigned char ret[HASH_BYTES])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, key, key_n);
	if (n)
		crypto_auth_hmacsha256_update(&st, p, n);
	crypto_auth_hmacsha256_final(&st, ret);
	crypt_wipe(&st, sizeof(st));
}

/* One block of output is HMAC(PRK, info || 0x01): RFC 5869, 2.3. */
void hkdf_sha256(const void *ikm, size_t ikm_n, const void *salt, size_t salt_n,
    const char *info, unsigned char ret[KEY_BYTES])
{
	static const unsigned char zero[HASH_BYTES];
	static const unsigned char one = 1;
	crypto_auth_hmacsha256_state st;
	unsigned char prk[HASH_BYTES];

	hmac_sha256(salt_n ? salt : zero, salt_n ? salt_n : sizeof(zero), ikm,
	    ikm_n, prk);
	crypto_auth_hmacsha256_init(&st, prk, sizeof(prk));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)info,
	    strlen(info));
	crypto_auth_hmacsha256_update(&st, &one, 1);
	crypto_auth_hmacsha256_final(&st, ret);
	crypt_wipe(&st, sizeof(st));
	crypt_wipe(prk, sizeof(prk));
}

void x25519_base(const unsigned char secret[KEY_BYTES],
    unsigned char ret_public[KEY_BYTES])
{
	/* Never fails: no multiple of the base point is the zero point. */
	if (crypto_scalarmult_curve25519_base(ret_public, secret) != 0)
		sodium_misuse();
}

enum err x25519(const unsigned char secret[KEY_BYTES],
    const unsigned char point[KEY_BYTES], unsigned char ret[KEY_BYTES])
{
	unsigned char shared[KEY_BYTES];
	enum err err = ERR_INTEGRITY;

	if (crypto_scalarmult_curve25519(shared, secret, point) == 0 &&
	    !sodium_is_zero(shared, sizeof(shared))) {
		memcpy(ret, shared, sizeof(shared));
		err = OK;
	}
	crypt_wipe(shared, sizeof(shared));
	return err;
}

void sign_public(const unsigned char seed[KEY_BYTES],
    unsigned char ret_public[KEY_BYTES])
{
	unsigned char sk[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(ret_public, sk, seed);
	crypt_wipe(sk, sizeof(sk));
}

void sign(const unsigned char seed[KEY_BYTES], const void *p, size_t n,
    unsigned char ret[SIGN_BYTES])
{
	unsigned char pk[crypto_sign_PUBLICKEYBYTES];
	unsigned char sk[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(pk, sk, seed);
	crypto_sign_detached(ret, NULL, p, n, sk);
	crypt_wipe(sk, sizeof(sk));
}

enum err sign_check(const unsigned char public_key[KEY_BYTES], const void *p,
    size_t n, const unsigned char sig[SIGN_BYTES])
{
	return crypto_sign_verify_detached(sig, p, n, public_key) == 0 ?
	    OK :
	    ERR_INTEGRITY;
}

/*
 * A sealed secret: u8 1, u32 opslimit, u32 memlimit in KiB, salt, nonce, then
 * the secret under XChaCha20-Poly1305 with all before it as additional data.
 */
#define SEALED_SALT 9
#define SEALED_NONCE (SEALED_SALT + crypto_pwhash_argon2id_SALTBYTES)
#define SEALED_BODY \
	(SEALED_NONCE + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
/* A changed file must not make us take all memory or run for an hour. */
#define OPS_MAX 16u
#define MEM_KIB_MIN 8u
#define MEM_KIB_MAX (1024u * 1024)

_Static_assert(SEALED_BODY + AEAD_TAG == SEALED_EXTRA, "SEALED_EXTRA");
_Static_assert(SEALED_BODY + SECRET_MAX + AEAD_TAG <= SEALED_SEED_MAX,
    "SEALED_SEED_MAX");

must_check static enum err sealing_key(const char *password, size_t password_n,
    const unsigned char *sealed, unsigned char ret[KEY_BYTES])
{
	uint64_t ops = be_get(sealed + 1, 4), kib = be_get(sealed + 5, 4);

	if (sealed[0] != 1 || ops < 1 || ops > OPS_MAX || kib < MEM_KIB_MIN ||
	    kib > MEM_KIB_MAX)
		return ERR_FORMAT;
	return crypto_pwhash(ret, KEY_BYTES, password, password_n,
		   sealed + SEALED_SALT, ops, (size_t)kib * 1024,
		   crypto_pwhash_ALG_ARGON2ID13) == 0 ?
	    OK :
	    ERR_NO_MEMORY;
}

enum err secret_seal(const char *password, size_t password_n,
    const void *secret, size_t n, unsigned char ret[SEALED_SEED_MAX],
    size_t *ret_n)
{
	unsigned char key[KEY_BYTES], s[SEALED_SEED_MAX];
	enum err err;

	if (n > SECRET_MAX)
		return ERR_TOO_LARGE;
	s[0] = 1;
	be_put(s + 1, crypto_pwhash_argon2id_OPSLIMIT_MODERATE, 4);
	be_put(s + 5, crypto_pwhash_argon2id_MEMLIMIT_MODERATE / 1024, 4);
	crypt_random(s + SEALED_SALT, SEALED_BODY - SEALED_SALT);
	err = sealing_key(password, password_n, s, key);
	if (!err) {
		crypto_aead_xchacha20poly1305_ietf_encrypt(s + SEALED_BODY,
		    NULL, secret, n, s, SEALED_BODY, NULL, s + SEALED_NONCE,
		    key);
		*ret_n = SEALED_BODY + n + AEAD_TAG;
		memcpy(ret, s, *ret_n);
	}
	crypt_wipe(key, sizeof(key));
	return err;
}

enum err secret_unseal(const char *password, size_t password_n,
    const void *sealed, size_t n, unsigned char ret[SECRET_MAX], size_t *ret_n)
{
	const unsigned char *s = sealed;
	unsigned char key[KEY_BYTES], secret[SECRET_MAX];
	enum err err;

	if (n < SEALED_BODY + AEAD_TAG ||
	    n > SEALED_BODY + SECRET_MAX + AEAD_TAG)
		return ERR_FORMAT;
	err = sealing_key(password, password_n, s, key);
	if (!err &&
	    crypto_aead_xchacha20poly1305_ietf_decrypt(secret, NULL, NULL,
		s + SEALED_BODY, n - SEALED_BODY, s, SEALED_BODY,
		s + SEALED_NONCE, key) != 0)
		err = ERR_PASSWORD;
	if (!err) {
		*ret_n = n - SEALED_BODY - AEAD_TAG;
		memcpy(ret, secret, *ret_n);
	}
	crypt_wipe(key, sizeof(key));
	crypt_wipe(secret, sizeof(secret));
	return err;
}

enum err scrypt_key(const void *passphrase, size_t passphrase_n,
    const void *salt, size_t salt_n, unsigned log_n,
    unsigned char ret[KEY_BYTES])
{
	if (log_n < 1 || log_n > SCRYPT_LOG_N_MAX)
		return ERR_TOO_LARGE;
	return crypto_pwhash_scryptsalsa208sha256_ll(passphrase, passphrase_n,
		   salt, salt_n, (uint64_t)1 << log_n, 8, 1, ret,
		   KEY_BYTES) == 0 ?
	    OK :
	    ERR_NO_MEMORY;
}

enum err box_seal(const unsigned char public_key[KEY_BYTES], const void *p,
    size_t n, void *out)
{
	return crypto_box_seal(out, p, n, public_key) == 0 ? OK : ERR_INVALID;
}

static int b64_variant(bool padded)
{
	return padded ? sodium_base64_VARIANT_ORIGINAL :
			sodium_base64_VARIANT_ORIGINAL_NO_PADDING;
}

size_t b64_encode(const void *p, size_t n, bool padded, char *out)
{
	int variant = b64_variant(padded);

	sodium_bin2base64(out, sodium_base64_encoded_len(n, variant), p, n,
	    variant);
	return strlen(out);
}

enum err b64_decode(const char *s, size_t s_n, bool padded, void *out,
    size_t out_max, size_t *ret_n)
{
	const char *end = NULL;
	size_t n;

	/* libsodium 1.0.18 takes 0xaf for '/' and 0xab for '+'. */
	for (size_t i = 0; i < s_n; i++)
		if (s[i] & 0x80)
			return ERR_FORMAT;
	/* libsodium stops at what it does not know and calls that success. */
	if (sodium_base642bin(out, out_max, s, s_n, NULL, &n, &end,
		b64_variant(padded)) != 0 ||
	    end != s + s_n)
		return ERR_FORMAT;
	*ret_n = n;
	return OK;
}

void hex_encode(const void *p, size_t n, char *out)
{
	sodium_bin2hex(out, 2 * n + 1, p, n);
}
