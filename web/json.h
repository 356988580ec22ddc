/*
 * json.h - JSON in and out (jansson, which only this file's .c includes).
 *
 * Reading is strict: duplicate and unknown members are refused. Errors are
 * sticky, as in wire.h: after the first failed get every later one does
 * nothing, and json_end() reports it with a JSON pointer (RFC 6901).
 */
#ifndef SAQTA_WEB_JSON_H
#define SAQTA_WEB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"
#include "storage/api/messages.h"
#include "storage/api/wire.h"

#define JSON_CAMERAS_MAX 64	/* so that a request fits into one message */
#define JSON_MEMBERS_MAX 16

struct json_t;

struct json {
	struct json_t *root;
	const char *seen[JSON_MEMBERS_MAX];
	unsigned seen_n;
	enum err err;
	char pointer[96];	/* where it is wrong, "" = the whole body */
	char detail[120];	/* what would be right */
};

struct json_cameras {
	unsigned n;
	char id[JSON_CAMERAS_MAX][CAMERA_ID_MAX + 1];
};

/*
 * Parse the object in the n bytes at p. ERR_BAD_MESSAGE where it is not JSON,
 * has a member twice, or is no object; j must be wiped in each case.
 */
must_check enum err json_begin(struct json *j, const char *p, size_t n);
void json_wipe(struct json *j);

/* A string of min..max bytes: borrowed from j; "" after an error. */
const char *json_get_str(struct json *j, const char *name, size_t min,
    size_t max);

/* A string of at most max bytes, or NULL where there is no such member. */
const char *json_find_str(struct json *j, const char *name, size_t max);

/* A boolean; false after an error. */
bool json_get_bool(struct json *j, const char *name);

/*
 * A body without what is secret in it (password, code), written in one way, to
 * be freed by free(); NULL where it is no object.
 */
char *json_unsecret(const char *p, size_t n);

/* Is there such a member? It is still to be got. */
bool json_has(const struct json *j, const char *name);

/*
 * The members "password" and, where it is there, "code" as a credential
 * (storage/api/messages.h) put into w.
 */
void json_put_credential(struct json *j, struct wire *w);

/* An instant, RFC 3339 with its offset; 0 after an error. */
int64_t json_get_time(struct json *j, const char *name);

/* A whole number, not below 0; 0 after an error. */
int64_t json_get_number(struct json *j, const char *name);

/* A whole number of 1..max; 0 after an error. */
uint32_t json_get_count(struct json *j, const char *name, uint32_t max);

/* 1..JSON_CAMERAS_MAX different camera ids. */
void json_get_cameras(struct json *j, const char *name,
    struct json_cameras *ret);

/* How many objects are in a list of min..max; 0 after an error. */
size_t json_get_list(struct json *j, const char *name, size_t min, size_t max);
/*
 * The i-th of them to read from, in *ret, borrowed from j: json_item_end(), no
 * json_wipe(). False after an error.
 */
bool json_item(struct json *j, const char *name, size_t i, struct json *ret);
/* What was wrong with it becomes j's, its pointer below j's. */
void json_item_end(struct json *j, const char *name, size_t i,
    struct json *item);

/* Refuse the value of `name` for a reason of the caller's own. */
void json_refuse(struct json *j, const char *name, const char *detail);

/* OK; ERR_INVALID with pointer and detail: also for unknown members. */
must_check enum err json_end(struct json *j);

/*
 * A text from json_pack()'s format: compact, to be freed by free(); NULL
 * without memory or where a string is not UTF-8.
 */
char *json_text(const char *fmt, ...);

#endif
