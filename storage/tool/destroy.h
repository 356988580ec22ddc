/*
 * destroy.h - `saqta destroy`: a site that has ended leaves nothing behind.
 *
 * Never footage within its term, and none that is held (P2, P4): that has to be
 * over first, by both clocks, for each file that lies there.
 */
#ifndef SAQTA_TOOL_DESTROY_H
#define SAQTA_TOOL_DESTROY_H

int tool_destroy(int argc, char **argv);

#endif
