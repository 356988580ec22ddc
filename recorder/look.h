/*
 * look.h - one look at something that is not recorded (yet): what a camera is,
 * or exactly why that cannot be said. Ends within 10 s, always.
 *
 * Nothing here blocks. The owner (supervisor, or saqta-recorder probe) polls
 * the descriptors and calls back, as with struct camera.
 */
#ifndef SAQTA_LOOK_H
#define SAQTA_LOOK_H

#include "recorder/camera.h"
#include "recorder/device.h"
#include "recorder/reach.h"

#define LOOK_POLLS (CAMERA_POLLS + REACH_POLLS)

struct look {
	enum look_kind kind;
	bool done;
	char *text; /* the answer as JSON, freed by look_free() */
	/* Until it is done. */
	struct camera_host host;
	struct camera camera;
	struct device device;	/* LOOK_ONVIF, LOOK_DISCOVER */
	struct reach reach;
	bool reaching;
	struct mono end;
	uint32_t question; /* the owner's */
};

/*
 * Begin to look at what target names: for LOOK_PROBE an RTSP URL without
 * credentials, for LOOK_ONVIF and LOOK_DISCOVER see device.h. credentials are
 * copied. NULL: no memory. A target that is none
 * gives a look that is done. Freed by look_free().
 */
struct look *look_new(enum look_kind kind, const char *target,
    enum transport transport, const struct credentials *credentials,
    int zygote);
void look_free(struct look *l); /* NULL is legal */

int look_poll(const struct look *l, struct pollfd p[LOOK_POLLS]);
void look_ready(struct look *l, const struct pollfd *p, struct mono now);
void look_zygote(struct look *l, const struct zygote_message *m);

/* Time passes; afterwards it may be done. Returns ms until the next call. */
int look_tick(struct look *l, struct mono now);

#endif
