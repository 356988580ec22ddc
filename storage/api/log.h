/*
 * log.h - one line to standard error, with its sd-daemon priority ("<4>").
 *
 * The log may be lost; what matters goes into the ledger. Never a password, a
 * camera's credentials, a person's name or a key.
 */
#ifndef SAQTA_LOG_H
#define SAQTA_LOG_H

void log_name(const char *program);
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
