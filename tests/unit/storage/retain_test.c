/*
 * Expected instants are those of Python's zoneinfo: six months by its calendar
 * module, then the last instant that reads 00:00 on the day after.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/retain.h"

#define S(x) ((x)*NS_PER_SEC)
#define DAY S(INT64_C(86400))

static const struct {
	const char *zone;
	int64_t end_s, due_s;
} table[] = {
    /* 2026-08-31 23:59:59, due 2027-03-01 00:00 */
    {"Asia/Almaty", 1788202799, 1803841200},
    /* 2026-08-30 12:00:00, due 2027-03-01 00:00 */
    {"Asia/Almaty", 1788073200, 1803841200},
    /* 2026-08-29 00:00:00, due 2027-03-01 00:00 */
    {"Asia/Almaty", 1787943600, 1803841200},
    /* 2027-08-31 00:00:00, due 2028-03-01 00:00: leap year */
    {"Asia/Almaty", 1819652400, 1835463600},
    /* 2026-12-31 23:59:59, due 2027-07-01 00:00: year end */
    {"Asia/Almaty", 1798743599, 1814382000},
    /* 2027-01-01 00:00:00, due 2027-07-02 00:00 */
    {"Asia/Almaty", 1798743600, 1814468400},
    /* 2026-10-31 10:00:00, due 2027-05-01 00:00: 30 April */
    {"Asia/Almaty", 1793422800, 1809111600},
    /* 2026-03-31 10:00:00, due 2026-10-01 00:00: 30 September */
    {"Asia/Almaty", 1774933200, 1790794800},
    /* 2023-08-31 18:00:00, due 2024-03-01 00:00: the day clocks go back */
    {"Asia/Almaty", 1693483200, 1709233200},
    /* 2023-09-15 13:00:00, due 2024-03-16 00:00: from +06 to +05 */
    {"Asia/Almaty", 1694761200, 1710529200},
    /* 2024-02-29 23:30:00, due 2024-08-30 00:00: before 1 March 2024 */
    {"Asia/Almaty", 1709227800, 1724958000},
    /* 2024-02-29 23:30:00, due 2024-08-30 00:00: the second 23:30 */
    {"Asia/Almaty", 1709231400, 1724958000},
    /* 2024-03-01 00:00:00, due 2024-09-02 00:00 */
    {"Asia/Almaty", 1709233200, 1725217200},
    /* 2024-05-02 08:00:00, due 2024-11-03 00:00: midnight occurs twice */
    {"America/Havana", 1714651200, 1730610000},
    /* 2024-05-01 23:00:00, due 2024-11-02 00:00: it occurs twice the day after */
    {"America/Havana", 1714618800, 1730520000},
    /* 2023-10-25 23:30:00, due 2024-04-26 01:00: no midnight */
    {"Africa/Cairo", 1698265800, 1714082400},
    /* 2023-09-30 12:00:00, due 2024-03-31 01:00: no midnight */
    {"Asia/Beirut", 1696064400, 1711836000},
    /* 2023-09-29 12:00:00, due 2024-03-30 00:00: none the day after */
    {"Asia/Beirut", 1695978000, 1711749600},
    /* 2018-05-04 12:00:00, due 2018-11-05 00:00: no midnight on the 4th */
    {"America/Sao_Paulo", 1525446000, 1541383200},
    /* 2023-02-28 23:59:59, due 2023-08-30 00:00: an hour short of 181 days */
    {"America/New_York", 1677646799, 1693368000},
    /* 2023-11-05 01:30:00, due 2024-05-06 00:00: the first 01:30 */
    {"America/New_York", 1699162200, 1714968000},
    /* 2023-11-05 01:30:00, due 2024-05-06 00:00: the second 01:30 */
    {"America/New_York", 1699165800, 1714968000},
    /* 1992-03-28 12:00:00, due 1992-09-29 00:00: zone change */
    {"Europe/Lisbon", 701784000, 717721200},
    /* 2011-06-29 12:00:00, due 2011-12-31 00:00: a day that did not exist */
    {"Pacific/Apia", 1309388400, 1325239200},
    /* 2011-06-30 12:00:00, due 2011-12-31 00:00 */
    {"Pacific/Apia", 1309474800, 1325239200},
    /* 2024-04-07 01:45:00, due 2024-10-08 00:00: half an hour */
    {"Australia/Lord_Howe", 1712414700, 1728306000},
    /* 2022-08-31 23:59:59, due 2023-03-01 00:00: +05:45 */
    {"Asia/Kathmandu", 1661969699, 1677608100},
    /* 1970-01-01 00:00:00, due 1970-07-02 00:00 */
    {"UTC", 0, 15724800},
    /* 2096-02-29 12:00:00, due 2096-08-30 00:00 */
    {"UTC", 3981355200, 3997123200},
    /* 2100-02-28 23:59:59, due 2100-08-29 00:00: 2100 is no leap year */
    {"UTC", 4107542399, 4123180800},
    /* 2099-08-31 12:00:00, due 2100-03-01 00:00: +05:00 for ever */
    {"Etc/GMT-5", 4091842800, 4107524400},
    /* 2100-12-31 23:59:59, due 2101-07-01 00:00 */
    {"Etc/GMT-5", 4133962799, 4149601200},
    /* 2024-03-10 01:00:00, due 2024-09-11 00:00: an hour before it begins */
    {"America/St_Johns", 1710045000, 1726021800},
};

static void P2_six_calendar_months_then_the_next_local_midnight(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct utc end = {table[i].end_s * NS_PER_SEC};

		assert_int_equal(utc_site(table[i].zone), OK);
		assert_int_equal(retain_until(end, 0).ns,
		    table[i].due_s * NS_PER_SEC);
	}
}

static void P2_never_less_than_181_days(void **state)
{
	static const char *const zones[] = {
	    "Asia/Almaty", "America/New_York", "Africa/Cairo", "Pacific/Apia"};

	(void)state;
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		assert_int_equal(utc_site(zones[z]), OK);
		for (int64_t s = (int64_t)z; s < INT64_C(4133980800);
		     s += 2000011) {
			struct utc end = {s * NS_PER_SEC};

			assert_true(retain_until(end, 0).ns - end.ns >=
			    RETAIN_DAYS_MIN * DAY);
		}
	}
}

static void P2_a_later_end_is_never_due_earlier(void **state)
{
	int64_t last = 0;

	(void)state;
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	for (int64_t s = 1690000000; s < 1730000000; s += 3571) {
		struct utc due = retain_until((struct utc){S(s)}, 0);

		assert_true(due.ns >= last);
		last = due.ns;
	}
}

static void P2_extra_days_only_lengthen(void **state)
{
	struct utc end = {S(INT64_C(1795338907))};
	struct utc due;

	(void)state;
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	due = retain_until(end, 0);
	assert_int_equal(retain_until(end, 1).ns, due.ns + DAY);
	assert_int_equal(retain_until(end, 30).ns, due.ns + 30 * DAY);
	assert_int_equal(retain_until(end, RETAIN_EXTRA_MAX + 1).ns,
	    retain_until(end, RETAIN_EXTRA_MAX).ns);
}

static void P12_an_end_near_the_retention_clock_counts(void **state)
{
	struct utc now = {S(INT64_C(1795338907))};
	struct utc end = {now.ns - S(3)};

	(void)state;
	assert_int_equal(retain_from(end, now, now).ns, end.ns);
	/* a wall clock ahead keeps the later end */
	end.ns = now.ns + S(INT64_C(7200));
	assert_int_equal(retain_from(end, (struct utc){end.ns}, now).ns,
	    end.ns);
}

static void P12_a_wall_clock_behind_does_not_shorten_a_term(void **state)
{
	struct utc now = {S(INT64_C(1795338907))};
	struct utc wall = {now.ns - S(INT64_C(36000))};
	struct utc end = {wall.ns - S(5)};

	(void)state;
	assert_int_equal(retain_from(end, wall, now).ns, now.ns - S(5));
	/* 1970, and a segment of a crash in 1970 that is sealed today */
	assert_int_equal(retain_from((struct utc){S(90)}, (struct utc){S(95)},
			     now)
			     .ns,
	    now.ns);
	assert_int_equal(retain_from((struct utc){S(90)}, now, now).ns, now.ns);
}

static void P12_a_wall_clock_far_ahead_makes_nothing_immortal(void **state)
{
	struct utc now = {S(INT64_C(1795338907))};
	struct utc far = {now.ns + 365 * 50 * DAY};

	(void)state;
	assert_int_equal(retain_from(far, far, now).ns, now.ns);
	assert_int_equal(retain_from(far, far, now).ns, now.ns);
	assert_int_equal(retain_from(far, now, now).ns, now.ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P2_six_calendar_months_then_the_next_local_midnight),
	    cmocka_unit_test(P2_never_less_than_181_days),
	    cmocka_unit_test(P2_a_later_end_is_never_due_earlier),
	    cmocka_unit_test(P2_extra_days_only_lengthen),
	    cmocka_unit_test(P12_an_end_near_the_retention_clock_counts),
	    cmocka_unit_test(P12_a_wall_clock_behind_does_not_shorten_a_term),
	    cmocka_unit_test(P12_a_wall_clock_far_ahead_makes_nothing_immortal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
