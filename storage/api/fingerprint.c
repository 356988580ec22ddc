#include "storage/api/fingerprint.h"

#include <stdio.h>
#include <string.h>

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
				      -1;
}

enum err fingerprint_parse(const char *text,
    unsigned char ret[FINGERPRINT_BYTES])
{
	size_t step = strchr(text, ':') ? 3 : 2;
	unsigned char sum[FINGERPRINT_BYTES];

	if (strlen(text) != step * FINGERPRINT_BYTES - (step == 3))
		return ERR_INVALID;
	for (size_t i = 0; i < FINGERPRINT_BYTES; i++) {
		const char *s = text + step * i;
		int high = digit(s[0]), low = digit(s[1]);

		if (high < 0 || low < 0 ||
		    (step == 3 && i + 1 < FINGERPRINT_BYTES && s[2] != ':'))
			return ERR_INVALID;
		sum[i] = (unsigned char)(high << 4 | low);
	}
	memcpy(ret, sum, sizeof(sum));
	return OK;
}

void fingerprint_text(const unsigned char sum[FINGERPRINT_BYTES],
    char ret[FINGERPRINT_TEXT])
{
	for (size_t i = 0; i < FINGERPRINT_BYTES; i++)
		sprintf(ret + 3 * i, "%02X%s", sum[i],
		    i + 1 < FINGERPRINT_BYTES ? ":" : "");
}
