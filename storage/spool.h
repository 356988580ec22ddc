/*
 * spool.h - what stands behind the ZIP in a spooled package: which bytes of it
 * show what footage, so that a download opens a lease for exactly that (P5).
 * Pure, but for its place behind a pack.
 */
#ifndef SAQTA_SPOOL_H
#define SAQTA_SPOOL_H

#include "storage/index.h"
#include "storage/pack.h"

#define SPOOL_ROWS_MAX 100000u
#define SPOOL_ROW_NS (60 * NS_PER_SEC) /* footage in a row: that of a lease */

/* Bytes [off, end) of the ZIP show [from, to) of the camera. */
struct spool_row {
	uint64_t off, end;
	char camera[CAMERA_ID_MAX + 1];
	int64_t from_ns, to_ns;
};
struct spool_map {
	struct spool_row *rows;
	size_t n, room;
	bool open; /* the last row has no end yet */
};

/* Footage begins at off. Joins the row before where it goes on with it. */
must_check enum err spool_map_put(struct spool_map *m, uint64_t off,
    const char *camera, int64_t from_ns, int64_t to_ns);
/* What was put last ends at off. */
void spool_map_end(struct spool_map *m, uint64_t off);
/* Put the map behind the ZIP and close the file. */
must_check enum err spool_map_close(const struct spool_map *m, struct pack *p);
/* ERR_FORMAT, ERR_TOO_LARGE. To be freed by spool_map_free(). */
must_check enum err spool_map_parse(const void *p, size_t n,
    struct spool_map *ret);
void spool_map_free(struct spool_map *m);

/* "exports/EXP-2026-00001.age"; ERR_INVALID for an id that is not one. */
must_check enum err spool_path(const char *id, char *buf, size_t n);

#endif
