#define SD_JOURNAL_SUPPRESS_LOCATION
#include "storage/api/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "storage/api/event.h"
#include "storage/api/log.h"

#define STATUS_MAX 200
#define WHY_MAX 800
#define SETTLE_US 200000

/* Did systemd start us, with the journal at standard error? */
static bool has_journal(void)
{
	return getenv("JOURNAL_STREAM") != NULL;
}

static void life(const char *kind, const char *what)
{
	if (has_journal())
		sd_journal_send("MESSAGE=%s", what, "MESSAGE_ID=%s",
		    event_id(kind), "PRIORITY=%i", LOG_INFO, "SAQTA_KIND=%s",
		    kind, NULL);
}

static bool to_journal(int priority, const char *program, const char *text,
    const char *field, const char *of)
{
	char more[64];

	if (!field)
		return !sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i",
		    priority, "SYSLOG_IDENTIFIER=%s", program, NULL);
	snprintf(more, sizeof(more), "%s=%s", field, of);
	return !sd_journal_send("MESSAGE=%s", text, "PRIORITY=%i", priority,
	    "SYSLOG_IDENTIFIER=%s", program, "%s", more, NULL);
}

void notify_event(const char *kind, bool over, bool critical, const char *of,
    long long n, const char *detail)
{
	const char *id = event_id(over ? "over" : kind);
	char text[STATUS_MAX];

	snprintf(text, sizeof(text), "%s: %s%s%s%s%s",
	    over ? "over" : "problem", kind, *of ? " " : "", of,
	    *detail ? ": " : "", detail);
	if (!id || !has_journal()) {
		log_warn("%s", text);
		return;
	}
	sd_journal_send("MESSAGE=%s", text, "MESSAGE_ID=%s", id, "PRIORITY=%i",
	    over	 ? LOG_NOTICE :
		critical ? LOG_CRIT :
			   LOG_WARNING,
	    "SAQTA_KIND=%s", kind, "SAQTA_OF=%s", of, "SAQTA_N=%lld", n,
	    "SAQTA_DETAIL=%s", detail, NULL);
}

void notify_cannot(const char *kind, const char *fmt, ...)
{
	char text[WHY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("%s", text);
	if (!has_journal())
		return;
	/*
	 * Of who has ended before the journal looks it does not know the unit:
	 * the line above is of its stream, this one is given a moment.
	 */
	sd_journal_send("MESSAGE=does not start: %s", kind, "MESSAGE_ID=%s",
	    event_id(kind), "PRIORITY=%i", LOG_ERR, "SYSLOG_IDENTIFIER=%s",
	    program_invocation_short_name, "SAQTA_KIND=%s", kind,
	    "SAQTA_DETAIL=%s", text, NULL);
	usleep(SETTLE_US);
}

void notify_ready(void)
{
	if (has_journal())
		log_journal(to_journal);
	life("ready", "ready");
	sd_notify(0, "READY=1");
}

void notify_stopping(void)
{
	life("stopping", "stopping in order");
	sd_notify(0, "STOPPING=1");
}

void notify_alive(struct mono now)
{
	static struct mono last;

	if (last.ns && now.ns - last.ns < NS_PER_SEC)
		return;
	last = now;
	sd_notify(0, "WATCHDOG=1");
}

void notify_status(const char *fmt, ...)
{
	char text[STATUS_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sd_notifyf(0, "STATUS=%s", text);
}
