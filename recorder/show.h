/*
 * show.h - what storage asks a child to decode: the picture that proves a
 * segment (P9), and an aiming picture.
 */
#ifndef SAQTA_SHOW_H
#define SAQTA_SHOW_H

#include "recorder/feed.h"

/*
 * Answer FEED_PICTURE or FEED_AIM; the event's fd is closed. What cannot be
 * decoded is answered with that: errors are those of the feed.
 */
must_check enum err show_proof(struct feed *f, const struct feed_event *e);
must_check enum err show_aim(struct feed *f, const struct feed_event *e);

#endif
