/*
 * confine.h - a process that parses what others wrote gives up what it could
 * do (only libseccomp).
 */
#ifndef SAQTA_CONFINE_H
#define SAQTA_CONFINE_H

#include "storage/api/err.h"

#define CONFINE_MEMORY (512u << 20)	/* address space, bytes */

/*
 * From now on: read, write and messages on descriptors that are open already,
 * sealed memory, time, the end. No path, no new socket, no program, no other
 * process, no core dump, nobody traces it; CONFINE_MEMORY at most (but under
 * sanitizers). Not undone. What a hostile parser would want kills it, the rest
 * fails with EPERM.
 */
must_check enum err confine(void);

#endif
