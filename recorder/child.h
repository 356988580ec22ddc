/*
 * child.h - the process of one camera. It was forked by the zygote, holds no
 * secret and only the descriptors in fd[].
 */
#ifndef SAQTA_CHILD_H
#define SAQTA_CHILD_H

#include "recorder/control.h"

/* Record, or probe, until the camera or the supervisor ends it. Exits. */
_Noreturn void child_main(const struct child_start *start,
    const int fd[CHILD_FDS]);

#endif
