/*
 * log.h - one line to standard error, with its sd-daemon priority ("<4>").
 *
 * The log may be lost; what matters goes into the ledger. Never a password, a
 * camera's credentials, a person's name or a key.
 *
 * A line that is of one camera or volume begins with it, "camera ID: ..." or
 * "volume N ...": where the journal takes it, that is a field of its own.
 */
#ifndef SAQTA_LOG_H
#define SAQTA_LOG_H

#include <stdbool.h>
#include <stddef.h>

void log_name(const char *program);
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define LOG_OF_MAX 40 /* bytes of an id, with NUL */
/*
 * What a line is of: the name of its journal field and the id.
 * NULL where it is of nothing by itself. Pure.
 */
const char *log_of(const char *text, char ret[LOG_OF_MAX]);

/*
 * From now on lines go through fn (notify.c); to standard error where it
 * returns false. field is NULL where there is none. Before fork() only by who
 * may reach the journal.
 */
void log_journal(bool (*fn)(int priority, const char *program, const char *text,
    const char *field, const char *of));

#endif
