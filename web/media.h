/*
 * media.h - handlers that send footage. See route.c.
 *
 * An init part or fragment is asked of storage each time, whatever
 * If-None-Match says: storage enters each view (P5). HEAD of one is asked and
 * entered like GET, as storage has no question for the size alone; HEAD of a
 * movie asks for its size only, and enters no lease.
 *
 * A movie is fetched in pieces as the client reads it, two at most ahead, so
 * that what is entered as downloaded is what left, but for those two.
 */
#ifndef SAQTA_WEB_MEDIA_H
#define SAQTA_WEB_MEDIA_H

#include <stddef.h>

struct http;

void media_init(struct http *x);
void media_fragment(struct http *x);
void media_open(struct http *x);
void media_movie(struct http *x);
void media_export(struct http *x);

/*
 * Copy `name` to ret with every byte outside [A-Za-z0-9._-] as '_', and
 * without leading dots: safe between quotes in Content-Disposition.
 */
void media_file_name(const char *name, char *ret, size_t n);

#endif
