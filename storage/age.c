/* age.c - the payload of an age file, and small files at once (age.h). */
#include <stdlib.h>
#include <string.h>

#include "storage/age.h"

void age_payload_key(const unsigned char file_key[AGE_FILE_KEY],
    const unsigned char nonce[AGE_NONCE], unsigned char ret_key[KEY_BYTES])
{
	hkdf_sha256(file_key, AGE_FILE_KEY, nonce, AGE_NONCE, "payload",
	    ret_key);
}

/* 11 bytes of counter, big-endian, then the last flag. */
static void chunk_nonce(uint64_t i, bool last, unsigned char ret[AEAD_NONCE])
{
	memset(ret, 0, AEAD_NONCE);
	for (int at = AEAD_NONCE - 2; i; i >>= 8)
		ret[at--] = (unsigned char)i;
	ret[AEAD_NONCE - 1] = last;
}

void age_chunk_seal(const unsigned char key[KEY_BYTES], uint64_t i, bool last,
    const void *p, size_t n, void *out)
{
	unsigned char nonce[AEAD_NONCE];

	chunk_nonce(i, last, nonce);
	aead_seal(key, nonce, p, n, out);
}

enum err age_chunk_open(const unsigned char key[KEY_BYTES], uint64_t i,
    bool last, const void *p, size_t n, void *out)
{
	unsigned char nonce[AEAD_NONCE];

	if (n > AGE_CHUNK_SEALED)
		return ERR_FORMAT;
	chunk_nonce(i, last, nonce);
	return aead_open(key, nonce, p, n, out);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

enum err age_encrypt(const void *p, size_t n, const struct age_recipient *to,
    size_t to_n, unsigned char **ret, size_t *ret_n)
{
	unsigned char file_key[AGE_FILE_KEY], nonce[AGE_NONCE], key[KEY_BYTES];
	const unsigned char *plain = p;
	size_t chunks = n ? (n - 1) / AGE_CHUNK + 1 : 1, at;
	unsigned char *out;
	enum err err;

	if (n > SIZE_MAX / 2)
		return ERR_TOO_LARGE;
	out = malloc(AGE_HEADER_MAX + n + chunks * AEAD_TAG);
	if (!out)
		return ERR_NO_MEMORY;
	crypt_random(file_key, sizeof(file_key));
	crypt_random(nonce, sizeof(nonce));
	err = age_header_write(file_key, nonce, to, to_n, out, &at);
	if (err)
		goto out;
	age_payload_key(file_key, nonce, key);
	for (size_t i = 0; i < chunks; i++) {
		size_t part = least(n, AGE_CHUNK);

		age_chunk_seal(key, i, i == chunks - 1, plain, part, out + at);
		plain = part ? plain + part : plain;
		at += part + AEAD_TAG;
		n -= part;
	}
	*ret = out;
	*ret_n = at;
	out = NULL;
out:
	free(out);
	crypt_wipe(file_key, sizeof(file_key));
	crypt_wipe(key, sizeof(key));
	return err;
}

void age_seal_beside(const unsigned char file_key[AGE_FILE_KEY],
    const void *header, size_t header_n, const void *p, size_t n, void *out)
{
	unsigned char nonce[AGE_NONCE], key[KEY_BYTES], *at = out;

	crypt_random(nonce, sizeof(nonce));
	age_payload_key(file_key, nonce, key);
	memcpy(at, header, header_n);
	memcpy(at + header_n, nonce, sizeof(nonce));
	age_chunk_seal(key, 0, true, p, n, at + header_n + sizeof(nonce));
	crypt_wipe(key, sizeof(key));
}

/* All chunks of the payload at p into out. */
must_check static enum err open_all(const unsigned char key[KEY_BYTES],
    const unsigned char *p, size_t n, unsigned char *out, size_t *ret_n)
{
	size_t at = 0;

	for (uint64_t i = 0;; i++) {
		size_t part = least(n, AGE_CHUNK_SEALED);
		bool last = part == n;
		enum err err;

		/* An empty last chunk only where there is nothing else. */
		if (part < AEAD_TAG || (part == AEAD_TAG && i > 0))
			return ERR_TRUNCATED;
		err = age_chunk_open(key, i, last, p, part, out + at);
		if (err)
			return err;
		at += part - AEAD_TAG;
		p += part;
		n -= part;
		if (last)
			break;
	}
	*ret_n = at;
	return OK;
}

enum err age_decrypt(const void *p, size_t n, const struct age_identity *ids,
    size_t ids_n, unsigned char **ret, size_t *ret_n)
{
	unsigned char file_key[AGE_FILE_KEY], key[KEY_BYTES];
	const unsigned char *sealed = p;
	unsigned char *out = NULL;
	size_t at;
	enum err err;

	err = age_header_open(p, n, ids, ids_n, file_key, &at);
	if (err)
		return err;
	err = n - at < AGE_NONCE + AEAD_TAG ? ERR_TRUNCATED : OK;
	if (err)
		goto out;
	age_payload_key(file_key, sealed + at, key);
	at += AGE_NONCE;
	out = malloc(n - at);
	err = out ? open_all(key, sealed + at, n - at, out, ret_n) :
		    ERR_NO_MEMORY;
	if (err && out) {
		crypt_wipe(out, n - at);
		free(out);
	}
	if (!err)
		*ret = out;
out:
	crypt_wipe(file_key, sizeof(file_key));
	crypt_wipe(key, sizeof(key));
	return err;
}
