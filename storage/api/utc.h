/*
 * utc.h - times that cannot be mixed.
 *
 * Inside Saqta an instant is UTC nanoseconds since 1970-01-01 (struct utc) or
 * monotonic nanoseconds (struct mono, CLOCK_BOOTTIME); `now` is a parameter of
 * whatever needs it. The site's time zone appears only in the functions here
 * that say "local"; utc_site() sets it once per process.
 */
#ifndef SAQTA_UTC_H
#define SAQTA_UTC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"
#include "storage/api/messages.h"

#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
/* The wall clock moved so far against the monotonic one: it was stepped. */
#define UTC_STEP_NS (500 * NS_PER_MS)

struct utc {
	int64_t ns;
};

struct mono {
	int64_t ns;
};

/* A calendar day at the site. */
struct day {
	int year, month, mday;	/* 1970-9999, 1-12, 1-31 */
};

/*
 * The clocks of this process. Where the environment has SAQTA_CLOCK_OFFSET
 * (seconds, may be negative) and the program was built with CLOCK_HOOK (tests
 * and demo), utc_now() adds it. SAQTA_CLOCK_FILE names a file of signed 64-bit
 * numbers of this machine, looked at anew each time: nanoseconds added to the
 * wall clock and to the monotonic one; enum clock_state for utc_state() to
 * say, 0 or none: what the kernel says; utc_slack_ns().
 */
struct utc utc_now(void);
struct mono mono_now(void);
/*
 * By how much later than it should footage may come, and by how much longer its
 * pieces may be: so the demo's months are made in seconds. 0 without the hook.
 */
int64_t utc_slack_ns(void);

/* Does the kernel call the wall clock synchronised? */
enum clock_state utc_state(void);

/* Is there a zone `name` in the system's tz database? */
bool utc_zone(const char *name);

/* Use the zone `name` of the system's tz database; ERR_NOT_FOUND if absent. */
must_check enum err utc_site(const char *name);

struct day utc_local_day(struct utc t);
/* Minutes by which clocks at the site are ahead of UTC then. */
int utc_offset_min(struct utc t);

/* The first instant of the local day d, and of the day after it. */
struct utc utc_day_start(struct day d);
struct day day_next(struct day d);

/*
 * The midnight at which d begins; the later one where it occurs twice, the
 * first instant of d or later where there is none.
 */
struct utc utc_midnight(struct day d);

/* The first local midnight after t; where one occurs twice, the later one. */
struct utc utc_next_midnight(struct utc t);

/*
 * The instant that clocks at the site call that; the first of two where it
 * occurs twice. ERR_INVALID where there is no such day or time of day, or none
 * before 1971 or after 2199; what a clock jumps over counts as if it had not.
 */
must_check enum err utc_local(struct day d, int hour, int minute, int second,
    struct utc *ret_t);

/* "2026-11-22"; buf of at least 11 bytes, returned. */
char *day_format(struct day d, char *buf, size_t n);
must_check enum err day_parse(const char *s, struct day *ret_d);

/* "2026-11-22T14:15:07.320+05:00": RFC 3339 with the site's offset, ms. */
char *utc_rfc3339(struct utc t, char *buf, size_t n);

/*
 * RFC 3339 with offset, at most ns digits. Without an offset: ERR_INVALID.
 */
must_check enum err utc_parse(const char *s, struct utc *ret_t);

/* "20261122T091507Z": the UTC second, for file names. */
char *utc_basic(struct utc t, char *buf, size_t n);

#endif
