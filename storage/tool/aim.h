/*
 * aim.h - saqta camera aim and keypad: what a custodian opens, and what an
 * operator says of the keypad. Pictures are shown in the browser only: a tool
 * would have to write them to a file.
 */
#ifndef SAQTA_TOOL_AIM_H
#define SAQTA_TOOL_AIM_H

#include <stdbool.h>

#include "storage/api/config.h"

/*
 * A custodian lets operators look through the camera: password and code are
 * asked for, or are lines of standard input. Exit status.
 */
int camera_aim(const struct config *conf, const char *by, const char *id,
    const char *reason, bool from_stdin);

/* outside, masked or visible. Exit status, EXIT_USAGE for another word. */
int camera_keypad(const struct config *conf, const char *id, const char *where);

/*
 * After a camera was hung up: how to look at it and how to mask the keypad; at
 * a terminal it is asked where that is, and the answer is entered.
 */
void camera_ask_keypad(const struct config *conf, const char *id);

#endif
