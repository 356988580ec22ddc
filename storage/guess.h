/*
 * guess.h - how soon a password is guessed, by the estimate of libzxcvbn: its
 * lists of common passwords, words and names, keyboard walks, dates, repeats,
 * and the words given here. It has no file to read, so it works in a reader's
 * sandbox.
 */
#ifndef SAQTA_GUESS_H
#define SAQTA_GUESS_H

#include <stdbool.h>

#define GUESS_BITS 40 /* fewer is too few */

/*
 * Is the password among those that are tried first? Words of the site (saqta,
 * bank, the roles), the user's own names and what is typed on their keys count
 * as known; Cyrillic letters as the Latin ones on the same keys. Pure.
 */
bool guess_is_soon(const char *password, const char *user, const char *name);

#endif
