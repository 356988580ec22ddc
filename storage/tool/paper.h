/*
 * paper.h - `saqta paper`: the two halves of the paper key make an identity.
 */
#ifndef SAQTA_TOOL_PAPER_H
#define SAQTA_TOOL_PAPER_H

#include <stdbool.h>

#include "storage/identity.h"

/*
 * saqta paper [-]
 *
 * Asks for both halves line by line on the console, unseen, and says at once
 * where a line is wrong; with "-" reads the eight lines from standard input.
 * Prints an identity file for plain age. Exit 0; 1; 2 usage.
 */
int tool_paper(int argc, char **argv);

/*
 * Ask for both halves as above, or read their eight lines from standard input,
 * and join them. False after a message.
 */
bool paper_ask(bool from_stdin, struct age_identity *ret);

/*
 * Print the halves of a new paper key, once. On a console: until Enter, then
 * the screen is cleared and the check letters of each line are to be typed back
 * from the sheets, so that a sheet that nobody can read is found now. False
 * where that did not come to an end.
 */
bool paper_show(const struct age_identity *paper, bool from_stdin);

/* The signing key that belongs to it (people.h). */
void paper_sign_public(const struct age_identity *paper,
    unsigned char ret[KEY_BYTES]);

#endif
