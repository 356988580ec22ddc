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
#define KEYRING_HELD_LINE 256	/* bytes of a held segment in a line, at most */

/* A file key of a day of which a hold keeps a part, and no more of it. */
struct keyring_held {
	uint64_t seq;
	unsigned char header[AGE_HEADER_ONE]; /* of age, for the day's key */
};

struct keyring_day {
	char camera[CAMERA_ID_MAX + 1];
	char date[11];
	char recipient[RECIPIENT_TEXT];
	char mark[KEYRING_MARK];	/* of whom it is for; "": not known */
	size_t wraps_n;
	char **wraps;		/* base64 of an age file each */
	bool is_held;		/* the key opens held headers, not the files */
	size_t held_n;
	struct keyring_held *held; /* by seq, ascending */
};

struct keyring_grant {
	char request[KEYRING_REQUEST_MAX + 1];
	uint64_t person;
	size_t n;
	unsigned char *blob;
};

/* Room for n held segments; ERR_NO_MEMORY, ERR_TOO_LARGE above a line. */
must_check enum err keyring_day_room(struct keyring_day *d, size_t n);
/* The held header of a segment; NULL where there is none. */
const struct keyring_held *keyring_day_held(const struct keyring_day *d,
    uint64_t seq);

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

/* A line with its LF: returned, to be freed by crypt_free(). ERR_NO_MEMORY. */
must_check enum err keyring_line_first(uint64_t generation, char **ret);
must_check enum err keyring_line_day(const struct keyring_day *d, char **ret);
must_check enum err keyring_line_grant(const struct keyring_grant *g,
    char **ret);

void keyring_day_free(struct keyring_day *d);	/* NULL is legal */
void keyring_grant_free(struct keyring_grant *g);	/* NULL is legal */

#endif
