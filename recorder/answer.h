/*
 * answer.h - what a look at a camera found, as JSON (only jansson). The shapes
 * stand in storage/DESIGN.md, "What people are told".
 *
 * Each text is returned, to be freed by free(); NULL without memory. What a
 * camera said comes through wire_get_str() and is UTF-8; control characters
 * are escaped.
 */
#ifndef SAQTA_ANSWER_H
#define SAQTA_ANSWER_H

#include "recorder/camera.h"
#include "recorder/device.h"

/*
 * error is a code that pages translate, message a sentence in English. host
 * says what is known of the other end: "answers", "refuses", "silent",
 * "unknown"; NULL where that is not the point.
 */
char *answer_error(const char *error, const char *message, const char *host);

/* The error that a cause of messages.h is; "internal" for those of the box. */
const char *answer_error_name(enum cause cause);

/* What the probe of c measured. */
char *answer_probe(const struct camera *c);

/* What a device said of itself; what was found by a search. */
char *answer_onvif(const struct device *d);
char *answer_found(const struct device *d);

/* How browsers do with a codec and profile: "yes", "hardware", "no". */
struct answer_plays {
	const char *chrome, *edge, *firefox, *safari;
};
struct answer_plays answer_plays(const char *codec, const char *profile);

#endif
