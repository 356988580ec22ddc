/*
 * movie.h - the bytes of a download, fetched while the client reads.
 */
#ifndef SAQTA_WEB_MOVIE_H
#define SAQTA_WEB_MOVIE_H

#include "web/http.h"

/* Is it an evidence package that args name, and no run of a camera? */
bool movie_is_export(const struct args *a);

/*
 * The stream of n bytes from `from` of the movie that x->args names. It is
 * returned, for x->reply.stream; until then its own free() frees it. w is the
 * question for its first piece, whose window (w->fd) the stream keeps.
 */
must_check enum err movie_open(struct http *x, uint64_t from, uint64_t n,
    struct wire *w, struct stream **ret);
/* That question was answered: it may be read, and asks for the next piece. */
void movie_begin(struct stream *s);

/* A stream that is never read: for HEAD, which tells its size only. */
must_check enum err movie_head(struct stream **ret);

#endif
