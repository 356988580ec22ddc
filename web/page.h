/*
 * page.h - the files that a browser gets: read once at start, from memory then.
 */
#ifndef SAQTA_WEB_PAGE_H
#define SAQTA_WEB_PAGE_H

#include <stdbool.h>

#include "storage/api/err.h"

struct http;

/*
 * Read the html, css, js, svg and png files under dir, at most 200 of them and
 * 16 MiB. ERR_CONFIG, logged, where there is no index.html.
 */
must_check enum err page_open(const char *dir);
void page_close(void);

bool page_has(const char *path);
void page_file(struct http *x);
void page_index(struct http *x);

/* 404: the pages for a browser that asks for a page, else a problem. */
void page_missing(struct http *x);

#endif
