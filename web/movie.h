/*
 * movie.h - the bytes of a download, fetched while the client reads.
 */
#ifndef SAQTA_WEB_MOVIE_H
#define SAQTA_WEB_MOVIE_H

#include "web/http.h"

/* Is it an evidence package that args name, and no run of a camera? */
bool movie_is_export(const struct args *a);

/* Into w: the question for the first piece of n bytes from offset `from`. */
void movie_question(struct http *x, uint64_t from, uint64_t n,
    struct wire *w);

/*
 * The stream of n bytes from `from` of the movie that x->args names, whose
 * first piece is x->in (its descriptor is taken). The stream is returned, for
 * x->reply.stream. ERR_INTERNAL where the piece is not what was asked.
 */
must_check enum err movie_open(struct http *x, uint64_t from, uint64_t n,
    struct stream **ret);

/* A stream that is never read: for HEAD, which tells its size only. */
must_check enum err movie_head(struct stream **ret);

#endif
