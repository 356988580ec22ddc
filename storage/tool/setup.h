/*
 * setup.h - set-up in the browser, as the console helps: where, whose
 * certificate, with which code.
 */
#ifndef SAQTA_TOOL_SETUP_H
#define SAQTA_TOOL_SETUP_H

#include "storage/api/config.h"

/* saqta setup [code]. */
int tool_setup(int argc, char **argv);

/*
 * Print the addresses of the page, the certificate's fingerprint (saqta-web
 * makes one where there is none) and the code. path: of conf's file, or NULL.
 */
void setup_show(const char *path, const struct config *conf, const char *code);

/* saqta setup zone ZONE (zone.c); the exit status. */
int setup_zone(const struct config *conf, const char *zone);

#endif
