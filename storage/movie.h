/*
 * movie.h - one plain MP4 with moov in front, made of recorded fragments.
 *
 * The file never exists: its size is known from the fragments' sample tables,
 * and any byte range of it maps to the header (kept in memory) or to the bytes
 * of samples in fragments. Samples are not changed. Pure.
 */
#ifndef SAQTA_MOVIE_H
#define SAQTA_MOVIE_H

#include "storage/mp4.h"

struct movie;

/*
 * Begin a movie from an init part (borrowed until movie_end()).
 *   created_s   seconds since 1970 of its first picture, for mvhd
 */
must_check enum err movie_begin(const struct mp4_init *init,
    int64_t created_s, struct movie **ret);
/*
 * Append one fragment's samples. source: the caller's number for it, given
 * back by movie_map().
 *
 * Where the caller's wall clock says that this fragment begins later than the
 * last one ended, the last sample's duration is not changed: within a run
 * decoding times simply add up.
 */
must_check enum err movie_put(struct movie *m, const struct mp4_fragment *f,
    uint32_t source);
/* Lay out the file. ERR_TOO_LARGE above 16 GiB or 2 million samples. */
must_check enum err movie_end(struct movie *m);
uint64_t movie_size(const struct movie *m);

/*
 * What stands at off: either header bytes (source = UINT32_MAX; p borrowed) or
 * n bytes at `at` of the fragment `source`, n at most `max`.
 */
struct movie_piece {
	uint32_t source;
	uint64_t at;
	size_t n;
	const unsigned char *p;
};
must_check enum err movie_map(const struct movie *m, uint64_t off, size_t max,
    struct movie_piece *ret);
void movie_free(struct movie *m);	/* NULL is legal */

#endif
