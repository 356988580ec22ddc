/*
 * walls.h - what a program must not be able to do, tried at its start.
 *
 * Units and users hold the walls (systemd/); a drop-in, a mode that was changed
 * or a start by hand can take one away without a word. So each program tries
 * the forbidden itself, before it opens anything, and does not go on where it
 * succeeds.
 */
#ifndef SAQTA_WALLS_H
#define SAQTA_WALLS_H

#include "storage/api/config.h"

enum {
	WALL_NETWORK = 1,	/* an interface that is up, but for loopback */
	WALL_DATA = 2,		/* what storage alone may see */
	WALL_RECORDER = 4,	/* the recorder's key */
	WALL_WEB = 8,		/* the certificate's */
};

/*
 * Nobody may be root or have a capability; beyond that, what this program must
 * not reach.
 *
 *   unit   its name: the log says how to start it
 *   walls  WALL_..., or-ed
 *
 * OK where it can do none of it, or where all is a demonstration (demo = yes:
 * the log says what it could). Else ERR_DENIED; the log says what, and where
 * to look.
 */
must_check enum err walls_check(const struct config *c, const char *unit,
    unsigned walls);

#endif
