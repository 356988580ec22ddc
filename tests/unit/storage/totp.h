/* totp.h - the code that an authenticator shows at a time step. */
#ifndef SAQTA_TEST_TOTP_H
#define SAQTA_TEST_TOTP_H

#include <liboath/oath.h>
#include <string.h>

#include "storage/factor.h"

static inline void totp_code(const unsigned char factor[FACTOR_BYTES],
    uint64_t step, char ret[FACTOR_DIGITS + 1])
{
	char secret[FACTOR_BYTES];

	memcpy(secret, factor, sizeof(secret));
	assert_int_equal(oath_init(), OATH_OK);
	assert_int_equal(oath_hotp_generate(secret, sizeof(secret), step,
			     FACTOR_DIGITS, false,
			     OATH_HOTP_DYNAMIC_TRUNCATION, ret),
	    OATH_OK);
}

#endif
