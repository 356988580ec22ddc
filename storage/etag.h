/*
 * etag.h - a tag of what people may change, another one after each change: so
 * that nobody overwrites what he has not seen (If-Match, RFC 9110).
 */
#ifndef SAQTA_ETAG_H
#define SAQTA_ETAG_H

#include "storage/index.h"

#define ETAG_TEXT 17	/* 16 hexadecimal digits and NUL */

/* What an act wants to find. */
struct expected {
	enum thing thing;	/* 0: nothing */
	char id[CAMERA_ID_MAX + 1]; /* the longest of them */
	char etag[ETAG_TEXT];
};

void etag_request(const struct request_row *r, char ret[ETAG_TEXT]);
void etag_draft(const struct draft_row *d, char ret[ETAG_TEXT]);
void etag_person(const struct person_row *p, char ret[ETAG_TEXT]);
/* Where it stands, what is there, its keypad and zones; not how it does. */
must_check enum err etag_camera(struct index *ix, const struct camera_row *c,
    char ret[ETAG_TEXT]);
/* Of the thing with that id; ERR_NOT_FOUND; ERR_INVALID: no such thing. */
must_check enum err etag_find(struct index *ix, enum thing thing,
    const char *id, char ret[ETAG_TEXT]);
/* Is it no more as who acts has seen it? Asked once: e expects nothing then. */
bool etag_has_changed(struct index *ix, struct expected *e);

#endif
