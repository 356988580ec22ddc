/*
 * keyring_line.h - one line of the keyring as JSON (storage/DESIGN.md, "The
 * keyring"). Only keyring.c uses it; it stands apart because it decodes.
 */
#ifndef SAQTA_KEYRING_LINE_H
#define SAQTA_KEYRING_LINE_H

#include "storage/api/messages.h"
#include "storage/keyring.h"

#define KEYRING_LINE_MAX (16u << 20) /* bytes: a full grant fits */
#define KEYRING_WRAPS_MAX 64	/* age files of one day */
#define KEYRING_WRAP_MAX 16384	/* letters of base64 in one of them */
#define KEYRING_REQUEST_MAX 32	/* bytes in a request's id */

struct keyring_day {
	char camera[CAMERA_ID_MAX + 1];
	char date[11];
	char recipient[RECIPIENT_TEXT];
	char mark[KEYRING_MARK];	/* of whom it is for; "": not known */
	size_t wraps_n;
	char **wraps;		/* base64 of an age file each */
};

struct keyring_grant {
	char request[KEYRING_REQUEST_MAX + 1];
	uint64_t person;
	size_t n;
	unsigned char *blob;
};

/* Exactly one of the three. */
struct keyring_line {
	uint64_t generation;	/* 0: not the first line */
	struct keyring_day *day;
	struct keyring_grant *grant;
};

/* Is it base64 of an age file with a well-formed header? */
bool keyring_is_wrap(const char *b64, size_t n);
/* For exactly so many X25519 recipients? */
bool keyring_is_wrap_for(const char *b64, size_t n, size_t recipients);
bool keyring_is_request(const char *s);

/*
 * Parse a line (n bytes, without LF). ret->day or ret->grant is returned, to be
 * freed by the functions below. ERR_FORMAT, ERR_TOO_LARGE, ERR_NO_MEMORY. Pure.
 */
must_check enum err keyring_line_parse(const char *s, size_t n,
    struct keyring_line *ret);

/* A line with its LF: returned, to be freed by free(). ERR_NO_MEMORY. */
must_check enum err keyring_line_first(uint64_t generation, char **ret);
must_check enum err keyring_line_day(const struct keyring_day *d, char **ret);
must_check enum err keyring_line_grant(const struct keyring_grant *g,
    char **ret);

void keyring_day_free(struct keyring_day *d);	/* NULL is legal */
void keyring_grant_free(struct keyring_grant *g);	/* NULL is legal */

#endif
