#include "storage/api/utc.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

#ifdef CLOCK_HOOK
static const volatile int64_t no_hook[4];
static const volatile int64_t *hook = no_hook; /* wall, mono, state, slack */

/* Before main(): a sandbox may forbid it later, and children inherit it. */
__attribute__((constructor)) static void map_hook(void)
{
	const char *path = getenv("SAQTA_CLOCK_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd < 0 ?
	    MAP_FAILED :
	    mmap(NULL, sizeof(no_hook), PROT_READ, MAP_SHARED, fd, 0);

	if (p != MAP_FAILED)
		hook = p;
	if (fd >= 0)
		close(fd);
}
#endif

struct utc utc_now(void)
{
	struct utc t = {clock_ns(CLOCK_REALTIME)};
#ifdef CLOCK_HOOK
	const char *offset = getenv("SAQTA_CLOCK_OFFSET");

	if (offset)
		t.ns += strtoll(offset, NULL, 10) * NS_PER_SEC;
	t.ns += hook[0];
#endif
	return t;
}

enum clock_state utc_state(void)
{
	struct timex t = {.modes = 0};
	int state;

#ifdef CLOCK_HOOK
	if (hook[2])
		return (enum clock_state)hook[2];
#endif
	state = adjtimex(&t);
	if (state < 0)
		return CLOCK_UNKNOWN;
	return state == TIME_ERROR || t.status & STA_UNSYNC ? CLOCK_FREE :
							      CLOCK_SYNCED;
}

struct mono mono_now(void)
{
	struct mono t = {clock_ns(CLOCK_BOOTTIME)};
#ifdef CLOCK_HOOK
	t.ns += hook[1];
#endif
	return t;
}

int64_t utc_slack_ns(void)
{
#ifdef CLOCK_HOOK
	return hook[3];
#else
	return 0;
#endif
}

bool utc_zone(const char *name)
{
	const char *root = getenv("TZDIR");
	char path[256];

	if (!*name || strstr(name, "..") || name[0] == '/' || strlen(name) > 63)
		return false;
	snprintf(path, sizeof(path), "%s/%s",
	    root ? root : "/usr/share/zoneinfo", name);
	return !access(path, R_OK) || !strcmp(name, "UTC");
}

enum err utc_site(const char *name)
{
	char value[80];

	if (!utc_zone(name))
		return ERR_NOT_FOUND;
	snprintf(value, sizeof(value), ":%s", name);
	if (setenv("TZ", strcmp(name, "UTC") ? value : "UTC0", 1) < 0)
		return ERR_NO_MEMORY;
	tzset();
	return OK;
}

/* Seconds and nanoseconds, rounded down also before 1970. */
static time_t seconds(struct utc t, long *ret_ns)
{
	int64_t s = t.ns / NS_PER_SEC, ns = t.ns % NS_PER_SEC;

	if (ns < 0) {
		s--;
		ns += NS_PER_SEC;
	}
	*ret_ns = (long)ns;
	return (time_t)s;
}

static struct tm local(struct utc t)
{
	long ns;
	time_t s = seconds(t, &ns);
	struct tm tm = {0};

	localtime_r(&s, &tm);
	return tm;
}

static struct day tm_day(const struct tm *tm)
{
	return (struct day){tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday};
}

static int day_compare(struct day a, struct day b)
{
	if (a.year != b.year)
		return a.year < b.year ? -1 : 1;
	if (a.month != b.month)
		return a.month < b.month ? -1 : 1;
	return a.mday < b.mday ? -1 : a.mday > b.mday;
}

struct day utc_local_day(struct utc t)
{
	struct tm tm = local(t);

	return tm_day(&tm);
}

int utc_offset_min(struct utc t)
{
	return (int)(local(t).tm_gmtoff / 60);
}

/*
 * mktime() may choose either of two midnights and shifts one that does not
 * exist; so search: the local day of an instant never decreases but for a zone
 * change across midnight, and a day is at most 26 hours away from UTC's.
 */
struct utc utc_day_start(struct day d)
{
	struct tm tm = {
	    .tm_year = d.year - 1900, .tm_mon = d.month - 1, .tm_mday = d.mday};
	int64_t noon = (int64_t)timegm(&tm) + DAY_S / 2;
	int64_t lo = noon - 2 * DAY_S, hi = noon + DAY_S;

	/* lo is before d, hi in or after it */
	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;

		if (day_compare(utc_local_day((struct utc){mid * NS_PER_SEC}),
			d) < 0)
			lo = mid;
		else
			hi = mid;
	}
	return (struct utc){hi * NS_PER_SEC};
}

struct day day_next(struct day d)
{
	struct tm tm = {.tm_year = d.year - 1900,
	    .tm_mon = d.month - 1,
	    .tm_mday = d.mday + 1,
	    .tm_hour = 12};
	time_t s = timegm(&tm);

	gmtime_r(&s, &tm);
	return tm_day(&tm);
}

/*
 * Where clocks go back from 01:00 to 00:00, midnight occurs twice: the later
 * one counts. Zones change at multiples of 15 minutes.
 */
struct utc utc_midnight(struct day d)
{
	int64_t first = utc_day_start(d).ns, last = first;

	for (int64_t s = first; s < first + 4 * 3600 * NS_PER_SEC;
	     s += 900 * NS_PER_SEC) {
		struct tm tm = local((struct utc){s});

		if (!tm.tm_hour && !tm.tm_min && !tm.tm_sec)
			last = s;
	}
	return (struct utc){last};
}

struct utc utc_next_midnight(struct utc t)
{
	return utc_midnight(day_next(utc_local_day(t)));
}

char *day_format(struct day d, char *buf, size_t n)
{
	snprintf(buf, n, "%04d-%02d-%02d", d.year, d.month, d.mday);
	return buf;
}

/* A number of exactly n digits; -1 where it is none. */
static int digits(const char *s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

static int month_days(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static enum err date_parse(const char *s, struct day *ret)
{
	struct day d;

	if (strnlen(s, 10) < 10 || s[4] != '-' || s[7] != '-')
		return ERR_INVALID;
	d = (struct day){digits(s, 4), digits(s + 5, 2), digits(s + 8, 2)};
	if (d.year < 1970 || d.month < 1 || d.month > 12 || d.mday < 1 ||
	    d.mday > month_days(d.year, d.month))
		return ERR_INVALID;
	*ret = d;
	return OK;
}

enum err day_parse(const char *s, struct day *ret_d)
{
	return strlen(s) == 10 ? date_parse(s, ret_d) : ERR_INVALID;
}

enum err utc_local(struct day d, int hour, int minute, int second,
    struct utc *ret_t)
{
	struct tm tm = {.tm_year = d.year - 1900,
	    .tm_mon = d.month - 1,
	    .tm_mday = d.mday,
	    .tm_hour = hour,
	    .tm_min = minute,
	    .tm_sec = second,
	    .tm_isdst = -1};
	struct tm before;
	time_t s;

	if (d.year < 1971 || d.year > 2199 || d.month < 1 || d.month > 12 ||
	    d.mday < 1 || d.mday > month_days(d.year, d.month) || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return ERR_INVALID;
	s = mktime(&tm);
	/* an hour earlier, the clock may have said the same */
	before = local((struct utc){(int64_t)(s - 3600) * NS_PER_SEC});
	if (before.tm_mday == d.mday && before.tm_hour == hour)
		s -= 3600;
	*ret_t = (struct utc){(int64_t)s * NS_PER_SEC};
	return OK;
}

char *utc_rfc3339(struct utc t, char *buf, size_t n)
{
	struct tm tm = local(t);
	long ns, off = tm.tm_gmtoff / 60;

	seconds(t, &ns);
	snprintf(buf, n, "%04d-%02d-%02dT%02d:%02d:%02d.%03ld%c%02ld:%02ld",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec, ns / NS_PER_MS, off < 0 ? '-' : '+', labs(off) / 60,
	    labs(off) % 60);
	return buf;
}

/* ".123" after the seconds: at most nine digits, to nanoseconds. */
static const char *fraction(const char *s, int64_t *ret_ns)
{
	int64_t unit = NS_PER_SEC / 10;

	*ret_ns = 0;
	if (*s != '.')
		return s;
	if (!isdigit((unsigned char)*++s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++, unit /= 10) {
		if (!unit)
			return NULL;
		*ret_ns += (*s - '0') * unit;
	}
	return s;
}

static enum err offset_parse(const char *s, int *ret_s)
{
	int h, m;

	if (!strcmp(s, "Z") || !strcmp(s, "z")) {
		*ret_s = 0;
		return OK;
	}
	if ((*s != '+' && *s != '-') || strlen(s) != 6 || s[3] != ':')
		return ERR_INVALID;
	h = digits(s + 1, 2);
	m = digits(s + 4, 2);
	if (h < 0 || h > 18 || m < 0 || m > 59)
		return ERR_INVALID;
	*ret_s = (h * 3600 + m * 60) * (*s == '-' ? -1 : 1);
	return OK;
}

enum err utc_parse(const char *s, struct utc *ret_t)
{
	struct day d;
	struct tm tm = {0};
	int64_t ns;
	int off;

	if (strnlen(s, 20) < 20 || date_parse(s, &d) ||
	    (s[10] != 'T' && s[10] != 't') || s[13] != ':' || s[16] != ':')
		return ERR_INVALID;
	tm.tm_year = d.year - 1900;
	tm.tm_mon = d.month - 1;
	tm.tm_mday = d.mday;
	tm.tm_hour = digits(s + 11, 2);
	tm.tm_min = digits(s + 14, 2);
	tm.tm_sec = digits(s + 17, 2);
	if (tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
	    tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 59 || d.year > 2200)
		return ERR_INVALID;
	s = fraction(s + 19, &ns);
	if (!s || offset_parse(s, &off))
		return ERR_INVALID;
	ret_t->ns = ((int64_t)timegm(&tm) - off) * NS_PER_SEC + ns;
	return OK;
}

char *utc_basic(struct utc t, char *buf, size_t n)
{
	long ns;
	time_t s = seconds(t, &ns);
	struct tm tm = {0};

	gmtime_r(&s, &tm);
	snprintf(buf, n, "%04d%02d%02dT%02d%02d%02dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return buf;
}
