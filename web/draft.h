/*
 * draft.h - handlers of requests that nobody has made yet. See route.c; one is
 * submitted by api_request_new().
 */
#ifndef SAQTA_WEB_DRAFT_H
#define SAQTA_WEB_DRAFT_H

struct http;

void draft_list(struct http *x);
void draft_save(struct http *x);	/* another one, or the one in the path */
void draft_discard(struct http *x);

#endif
