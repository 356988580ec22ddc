/* factor.h - showing a new second factor at the console. */
#ifndef SAQTA_TOOL_FACTOR_H
#define SAQTA_TOOL_FACTOR_H

#include <stdbool.h>

/*
 * Print the otpauth URI as a QR code and as text, once; or, where file is not
 * NULL, write it there (mode 0600), which is for demonstrations only. At a
 * terminal (not where what is asked comes from standard input) a code of it is
 * asked for until one fits, and the screen is cleared. False after a message.
 */
bool show_factor(const char *user, const char *uri, const char *file,
    bool demo, bool from_stdin);

/* Write a line to a new file that its owner alone reads; the same rule. */
bool write_demo_file(const char *option, const char *path, const char *line,
    bool demo);

#endif
