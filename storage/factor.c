#include "storage/factor.h"

#include <ctype.h>
#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/crypt.h"

static bool is_code(const char *s)
{
	if (strlen(s) != FACTOR_DIGITS)
		return false;
	for (; *s; s++)
		if (!isdigit((unsigned char)*s))
			return false;
	return true;
}

enum err factor_check(const unsigned char factor[FACTOR_BYTES],
    const char *code, struct utc now, uint64_t *ret_step)
{
	uint64_t step, at = (uint64_t)(now.ns / NS_PER_SEC / FACTOR_STEP_S);
	char secret[FACTOR_BYTES], want[FACTOR_DIGITS + 1];
	enum err err = ERR_FACTOR;

	if (!is_code(code) || now.ns < 0)
		return ERR_FACTOR;
	if (oath_init() != OATH_OK)
		return ERR_INTERNAL;
	memcpy(secret, factor, sizeof(secret));
	/* the newest that fits, so that none before it can be used later */
	for (step = at + 1; err && step + 1 >= at && step <= at + 1; step--) {
		if (oath_hotp_generate(secret, sizeof(secret), step,
			FACTOR_DIGITS, false, OATH_HOTP_DYNAMIC_TRUNCATION,
			want) != OATH_OK) {
			err = ERR_INTERNAL;
			break;
		}
		if (crypt_equal(want, code, FACTOR_DIGITS)) {
			*ret_step = step;
			err = OK;
		}
	}
	crypt_wipe(secret, sizeof(secret));
	crypt_wipe(want, sizeof(want));
	return err;
}

/* Percent-escapes (RFC 3986) of s. */
static void escape(const char *s, char *out, size_t n)
{
	size_t at = 0;

	out[0] = '\0';
	for (; *s && at + 4 < n; s++) {
		bool plain = isalnum((unsigned char)*s) || strchr("._-", *s);

		at += (size_t)snprintf(out + at, n - at,
		    plain ? "%c" : "%%%02X", (unsigned char)*s);
	}
}

enum err factor_uri(const unsigned char factor[FACTOR_BYTES], const char *site,
    const char *user, char ret[FACTOR_URI])
{
	char secret[FACTOR_BYTES], name[96], *text = NULL;
	int n;

	memcpy(secret, factor, sizeof(secret));
	if (oath_base32_encode(secret, sizeof(secret), &text, NULL) != OATH_OK)
		return ERR_NO_MEMORY;
	escape(site, name, sizeof(name));
	n = snprintf(ret, FACTOR_URI,
	    "otpauth://totp/Saqta%%20%s:%s?secret=%s&issuer=Saqta%%20%s", name,
	    user, text, name);
	crypt_wipe(secret, sizeof(secret));
	crypt_wipe(text, strlen(text));
	free(text);
	return n < FACTOR_URI ? OK : ERR_TOO_LARGE;
}

enum err factor_of_uri(const char *uri, unsigned char ret[FACTOR_BYTES])
{
	const char *at = strstr(uri, "?secret=");
	char *secret = NULL;
	size_t n = 0;
	enum err err = ERR_FORMAT;

	if (!at)
		return ERR_FORMAT;
	at += strlen("?secret=");
	if (oath_base32_decode(at, strcspn(at, "&"), &secret, &n) == OATH_OK &&
	    n == FACTOR_BYTES) {
		memcpy(ret, secret, n);
		err = OK;
	}
	if (secret)
		crypt_wipe(secret, n);
	free(secret);
	return err;
}
