/*
 * look.h - looks that the recorder's program makes for the tool: it has the
 * network and the sandbox, and needs no running storage.
 */
#ifndef SAQTA_TOOL_LOOK_H
#define SAQTA_TOOL_LOOK_H

#include <stdbool.h>

/*
 * Run `saqta-recorder VERB [--udp] TARGET`; the login goes through a pipe,
 * never through arguments or environment. Prints what was found: as it is with
 * json, else for people. Returns the exit status.
 */
int tool_look(const char *verb, const char *target, bool udp, const char *user,
    const char *password, bool json);

/* For people (in status.c); text is one JSON object. False: it is none. */
bool print_look(const char *verb, const char *text);

#endif
