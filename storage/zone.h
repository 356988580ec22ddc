/*
 * zone.h - parts of a camera's picture that views of it cover: a courtesy over
 * what is seen on Watch, in thumbnails and in snapshots. Footage and exports
 * know nothing of it. Pure.
 *
 * Zones as bytes, in messages (after the camera), in the ledger and in the
 * index:
 *   u8 n, n * (u8 enum zone_kind, u8 corners, corners * (u16 x, u16 y))
 * Coordinates are per mille of the picture's width and height, from the top
 * left.
 */
#ifndef SAQTA_ZONE_H
#define SAQTA_ZONE_H

#include "storage/api/err.h"
#include "storage/api/messages.h"
#include "storage/api/wire.h"

#define ZONES_NAME_MAX (CAMERA_ID_MAX + 8)
#define ZONES_BYTES_MAX (1 + ZONES_MAX * (2 + 4 * ZONE_CORNERS_MAX))

struct zone {
	enum zone_kind kind;
	unsigned n;		/* corners */
	struct {
		unsigned x, y;
	} at[ZONE_CORNERS_MAX];
};

struct zones {
	unsigned n;
	struct zone of[ZONES_MAX];
};

/* The setting of the index that has a camera's zones, in name; which is it. */
const char *zones_name(const char *camera, char name[ZONES_NAME_MAX]);
/* ERR_INVALID: too many, too few corners, or beyond the picture. */
must_check enum err zones_parse(const void *p, size_t n, struct zones *ret);
/* The rest of a message, as it stands there; as zones_parse(). */
must_check enum err zones_get(struct wire *w,
    unsigned char ret[ZONES_BYTES_MAX], size_t *ret_n);

#endif
