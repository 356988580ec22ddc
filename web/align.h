/* align.h - handlers of the clocks of journals beside the video's. */
#ifndef SAQTA_WEB_ALIGN_H
#define SAQTA_WEB_ALIGN_H

#include "web/http.h"

void align_new(struct http *x);
void align_list(struct http *x);

#endif
