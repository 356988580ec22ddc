/*
 * signed_video.h - does a camera sign its own pictures? It does so in SEI
 * messages (user data, unregistered) of a UUID of their own: ONVIF Media
 * Signing 005bc93f-2d71-5e95-ada4-796f90877a6f, Axis Signed Video
 * 5369676e-6564-2056-6964-656f2e2e2e30. The signature of a GOP stands in the
 * next one. Nothing of it is checked here. Pure.
 */
#ifndef SAQTA_SIGNED_VIDEO_H
#define SAQTA_SIGNED_VIDEO_H

#include "storage/mp4.h"

/* Is there such a message in the fragment (n bytes at p, parsed as f)? */
bool signed_video(const struct mp4_init *init, const struct mp4_fragment *f,
    const void *p, size_t n);

#endif
