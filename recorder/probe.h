/* probe.h - saqta-recorder probe: one look, started by the saqta tool. */
#ifndef SAQTA_PROBE_H
#define SAQTA_PROBE_H

#include "storage/api/messages.h"

/*
 * Look at target (look.h) for some seconds, 10 at most. "user LF password LF"
 * is read from standard input, which may be empty. Prints one JSON object on
 * standard output (storage/DESIGN.md, "What people are told"). Returns the exit
 * status, 1 for an error. zygote is the zygote's socket.
 */
int probe_run(enum look_kind kind, const char *target, int udp, int zygote);

#endif
