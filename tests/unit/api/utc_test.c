/* Expected instants are from Python's zoneinfo and `date -u`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "storage/api/utc.h"

#define S(x) (INT64_C(x) * NS_PER_SEC)

static void a_day_starts_at_local_midnight(void **state)
{
	(void)state;
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	/* 2026-11-22T00:00+05:00 */
	assert_int_equal(utc_day_start((struct day){2026, 11, 22}).ns,
	    S(1795287600));
	assert_int_equal(utc_local_day((struct utc){S(1795287600) - 1}).mday,
	    21);
	assert_int_equal(utc_local_day((struct utc){S(1795287600)}).mday, 22);
}

static void where_midnight_occurs_twice_the_later_one_counts(void **state)
{
	(void)state;
	/* Kazakhstan, 1 March 2024: at 00:00 +06 clocks went back to 23:00 */
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	assert_int_equal(utc_next_midnight((struct utc){S(1709193600)}).ns,
	    S(1709233200));
	/* Havana, 3 November 2024: 01:00 became 00:00 */
	assert_int_equal(utc_site("America/Havana"), OK);
	assert_int_equal(utc_next_midnight((struct utc){S(1730563200)}).ns,
	    S(1730610000));
}

static void a_midnight_that_does_not_exist_begins_the_day_later(void **state)
{
	(void)state;
	/* Havana, 10 March 2024: 00:00 became 01:00 */
	assert_int_equal(utc_site("America/Havana"), OK);
	assert_int_equal(utc_day_start((struct day){2024, 3, 10}).ns,
	    S(1710046800));
}

static void an_unknown_zone_is_refused(void **state)
{
	(void)state;
	assert_int_equal(utc_site("Asia/Atlantis"), ERR_NOT_FOUND);
	assert_int_equal(utc_site("../../etc/passwd"), ERR_NOT_FOUND);
	assert_int_equal(utc_site("/etc/localtime"), ERR_NOT_FOUND);
	assert_int_equal(utc_site(""), ERR_NOT_FOUND);
}

static void rfc_3339_needs_an_offset(void **state)
{
	struct utc t = {7};

	(void)state;
	assert_int_equal(utc_parse("2026-11-22T14:15:07", &t), ERR_INVALID);
	assert_int_equal(utc_parse("2026-11-22 14:15:07Z", &t), ERR_INVALID);
	assert_int_equal(utc_parse("2026-02-29T14:15:07Z", &t), ERR_INVALID);
	assert_int_equal(utc_parse("2026-11-22T24:00:00Z", &t), ERR_INVALID);
	assert_int_equal(utc_parse("2026-11-22T14:15:07.Z", &t), ERR_INVALID);
	assert_int_equal(utc_parse("2026-11-22T14:15:07+5:00", &t),
	    ERR_INVALID);
	assert_int_equal(utc_parse("", &t), ERR_INVALID);
	assert_int_equal(t.ns, 7);
	assert_int_equal(utc_parse("2026-11-22T14:15:07.32+05:00", &t), OK);
	assert_int_equal(t.ns, S(1795338907) + 320 * NS_PER_MS);
}

static void times_are_told_with_the_offset_of_the_site(void **state)
{
	char buf[40];

	(void)state;
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	assert_string_equal(utc_rfc3339((struct utc){S(1795338907) +
					    320 * NS_PER_MS},
				buf, sizeof(buf)),
	    "2026-11-22T14:15:07.320+05:00");
	assert_int_equal(utc_site("America/St_Johns"), OK);
	assert_string_equal(utc_rfc3339((struct utc){S(1795338907)}, buf,
				sizeof(buf)),
	    "2026-11-22T05:45:07.000-03:30");
	assert_string_equal(utc_basic((struct utc){S(1795338907)}, buf,
				sizeof(buf)),
	    "20261122T091507Z");
}

static void a_zone_s_offset_is_that_of_the_instant(void **state)
{
	(void)state;
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	/* 1 March 2024: from UTC+06:00 to UTC+05:00 */
	assert_int_equal(utc_offset_min((struct utc){S(1709229599)}), 360);
	assert_int_equal(utc_offset_min((struct utc){S(1709229600)}), 300);
	assert_int_equal(utc_site("America/St_Johns"), OK);
	assert_int_equal(utc_offset_min((struct utc){S(1795338907)}), -210);
}

static void a_day_is_read_and_written_as_iso_8601(void **state)
{
	struct day d;
	char buf[16];

	(void)state;
	assert_int_equal(day_parse("2028-02-29", &d), OK);
	assert_string_equal(day_format(day_next(d), buf, sizeof(buf)),
	    "2028-03-01");
	assert_int_equal(day_parse("2026-02-29", &d), ERR_INVALID);
	assert_int_equal(day_parse("2026-2-28", &d), ERR_INVALID);
	assert_int_equal(day_parse("2026-02-28x", &d), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_day_starts_at_local_midnight),
	    cmocka_unit_test(where_midnight_occurs_twice_the_later_one_counts),
	    cmocka_unit_test(
		a_midnight_that_does_not_exist_begins_the_day_later),
	    cmocka_unit_test(an_unknown_zone_is_refused),
	    cmocka_unit_test(rfc_3339_needs_an_offset),
	    cmocka_unit_test(times_are_told_with_the_offset_of_the_site),
	    cmocka_unit_test(a_zone_s_offset_is_that_of_the_instant),
	    cmocka_unit_test(a_day_is_read_and_written_as_iso_8601),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
