/*
 * sandbox.h - what a camera's child may still do: read and write the
 * descriptors that it was given, memory, time. No path, no socket, no program.
 */
#ifndef SAQTA_SANDBOX_H
#define SAQTA_SANDBOX_H

#include "storage/api/err.h"

/* What a child's own process may use. */
#define SANDBOX_MEMORY (1024u << 20)	/* address space, bytes */
#define SANDBOX_FILES 64

/*
 * For every process of the recorder: no new privileges, no core dumps, not
 * traceable (P1: credentials and pictures are in memory).
 */
must_check enum err sandbox_harden(void);

/*
 * For a child, which has only the descriptors it needs: limits, Landlock
 * without any path (where the kernel has it), a list of system calls. Messages
 * with an address or descriptors (sendmsg) leave only on the two named ones,
 * which are connected; -1: none. No descriptor can take another's number. Not
 * undone. What is not on the list fails with EPERM, for sanitizers look at
 * files before they report; the calls that a hostile child would want
 * (execve, ptrace, socket, connect ...) kill it.
 */
must_check enum err sandbox_enter(int control, int ingest);

#endif
