/*
 * list.h - lists that grow are told by the page: ?after= is the "next" of the
 * page before, ?limit= how many at most.
 */
#ifndef SAQTA_WEB_LIST_H
#define SAQTA_WEB_LIST_H

#include "web/http.h"

#define LIST_LIMIT 200	/* without ?limit= */

/* Put the page that is asked for behind w's fields; false: refused. */
bool list_page(struct http *x, struct wire *w);

/* A list whose question has no other fields. */
void list_ask(struct http *x, uint16_t type);

/*
 * Storage's answer as it is, with an ETag of its bytes: 304 to who has them
 * (If-None-Match).
 */
void list_told(struct http *x);

#endif
