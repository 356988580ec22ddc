/* mark.h - handlers of notes, snapshots and the story of a request. */
#ifndef SAQTA_WEB_MARK_H
#define SAQTA_WEB_MARK_H

#include "web/http.h"

void mark_note(struct http *x);
void mark_snapshot(struct http *x);
void mark_story(struct http *x);
/* Who was told of an incident of a camera; and saqta-alert says that. */
void mark_told(struct http *x);
void mark_told_new(struct http *x);

#endif
