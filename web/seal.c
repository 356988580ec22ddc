#include "web/seal.h"

#include <string.h>

#include <sodium.h>

_Static_assert(SEAL_KEY_BYTES == crypto_box_PUBLICKEYBYTES, "X25519");
_Static_assert(SEAL_MAX ==
	SEAL_USER_MAX + 1 + SEAL_PASSWORD_MAX + crypto_box_SEALBYTES,
    "room for the box");

enum err seal_login(const unsigned char key[SEAL_KEY_BYTES], const char *user,
    const char *password, unsigned char ret[SEAL_MAX], size_t *ret_n)
{
	unsigned char plain[SEAL_USER_MAX + 1 + SEAL_PASSWORD_MAX];
	size_t user_n = strlen(user), password_n = strlen(password);
	size_t n = user_n + 1 + password_n;
	int failed;

	if (user_n > SEAL_USER_MAX || password_n > SEAL_PASSWORD_MAX)
		return ERR_INVALID;
	if (!user_n && !password_n) {
		*ret_n = 0;
		return OK;
	}
	if (sodium_init() < 0)
		return ERR_INTERNAL;
	memcpy(plain, user, user_n + 1);
	memcpy(plain + user_n + 1, password, password_n);
	failed = crypto_box_seal(ret, plain, n, key);
	sodium_memzero(plain, sizeof(plain));
	if (failed)
		return ERR_INTERNAL;
	*ret_n = n + crypto_box_SEALBYTES;
	return OK;
}
