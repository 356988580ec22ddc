/*
 * console.h - asking at the console, and asking storage.
 */
#ifndef SAQTA_TOOL_CONSOLE_H
#define SAQTA_TOOL_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/config.h"
#include "storage/api/wire.h"

/* Exit statuses of the tool. */
enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/*
 * What verbs have in common: `--key value` pairs, flags and plain words.
 *
 *   keys    NULL-terminated names that take a value ("--config"), then, after
 *           a NULL, flags that do not, then NULL again
 *   ret     all NULL before; the values in the order of keys; flags give ""
 *           when present
 *   words   plain words in order, `room` at most
 *
 * False after a message on stderr: unknown option, two values for one, missing
 * value, too many words.
 */
bool options(int argc, char **argv, const char *const *keys,
    const char **ret, const char **words, size_t room, size_t *ret_words);

/*
 * Read a secret of at most n - 1 bytes: a line of standard input where
 * from_stdin, else at the terminal without echo (twice where `again`).
 */
bool ask_secret(const char *prompt, bool from_stdin, bool again, char *buf,
    size_t n);

/*
 * Ask for a line at the terminal that standard input is; n - 1 bytes at most.
 * False where the input ends.
 */
bool ask_line(const char *prompt, char *buf, size_t n);

/*
 * Ask for a password and then for a code of the second factor (nothing where
 * there is none), which together are a credential (people.h). prompt is such as
 * "The custodian's".
 */
bool ask_credential(const char *prompt, bool from_stdin, char *buf, size_t n);

/*
 * As root: act as the owner of the data directory, so that all in it is
 * storage's. False after a message.
 */
bool become_owner(const char *data);

/* Read the configuration (path NULL: the default); false after a message. */
bool tool_config(const char *path, struct config *ret);

/* One question to storage over the control socket; false after a message. */
bool tool_call(const struct config *c, struct wire *w);

/*
 * The same in silence: *ret_text is storage's sentence for the error, borrowed
 * from w, or "".
 */
must_check enum err tool_ask(const struct config *c, struct wire *w,
    const char **ret_text);

/* Print the JSON bulk of w, closing it. */
bool print_bulk(struct wire *w);

#endif
