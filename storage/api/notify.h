/*
 * notify.h - what systemd is told of a program (sd_notify(3)): that it is
 * ready, what it is doing, and, by its watchdog, that its loop still turns.
 * Without systemd nothing happens. Only notify.c includes <systemd/...>.
 */
#ifndef SAQTA_NOTIFY_H
#define SAQTA_NOTIFY_H

#include "storage/api/utc.h"

void notify_ready(void);
void notify_stopping(void);

/*
 * Called by the loop that does the program's work, and by nothing else: feeds
 * the watchdog, at most once a second.
 */
void notify_alive(struct mono now);

/*
 * An incident opens, or is over: an entry of the journal with MESSAGE_ID and
 * the fields SAQTA_KIND, _OF, _N, _DETAIL (event.h); without systemd a line of
 * the log.
 *
 *   of, detail  "" where there is none
 */
void notify_event(const char *kind, bool over, bool critical, const char *of,
    long long n, const char *detail);

/*
 * Why a program does not start, before notify_ready(): an error of the log, and
 * in the journal with the MESSAGE_ID of that kind (start-...), so that its
 * catalogue explains it in three languages.
 */
void notify_cannot(const char *kind, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The line that `systemctl status` shows. */
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
