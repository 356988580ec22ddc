/*
 * aim.h - may an operator look through a camera now? Pure.
 *
 * For some minutes after a device was hung up, or after a custodian said so,
 * by the monotonic clock of this boot: it is kept in memory, so a restart of
 * storage ends it, and no wall clock makes it longer.
 */
#ifndef SAQTA_AIM_H
#define SAQTA_AIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/messages.h"
#include "storage/api/utc.h"

#define AIM_S_MAX 600	/* ten minutes; the configuration may shorten it */

struct aim {
	int64_t until_ns;	/* monotonic; 0: never since the start */
	uint64_t because;	/* entry: added, replaced, opened */
};

/* From now on for s seconds, AIM_S_MAX at most, for the reason in that entry. */
void aim_open(struct aim *a, struct mono now, int64_t s, uint64_t because);
void aim_close(struct aim *a);
/* False from until_ns on. */
bool aim_is_open(const struct aim *a, struct mono now);

/*
 * Is what hangs there now another device than before? Its host or its
 * description must differ: who "replaces" a camera by itself gets no new look.
 * URLs are rtsp://HOST[:PORT][/PATH].
 */
bool aim_is_new_device(const char *old_url, const char *old_device,
    const char *url, const char *device);

/* Does it begin and end as a JPEG (ITU-T T.81: SOI, EOI)? */
bool aim_is_jpeg(const void *p, size_t n);

/* "outside", "masked", "visible"; "unknown" for any other. */
const char *keypad_name(unsigned keypad);
/* KEYPAD_UNKNOWN where it is none of the three. */
enum keypad keypad_of(const char *name);

#endif
