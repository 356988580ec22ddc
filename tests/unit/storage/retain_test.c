/* Expected instants are from Python's zoneinfo and calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/retain.h"

static const struct {
	const char *zone;
	int64_t end_s, due_s;
} table[] = {
    {"Asia/Almaty", 1795338907, 1811012400},	/* 2026-11-22 14:15:07 */
    {"Asia/Almaty", 1788202799, 1803841200},	/* 31 August: February */
    {"Asia/Almaty", 1819652400, 1835463600},	/* ... of a leap year */
    {"Asia/Almaty", 1798700400, 1814382000},	/* over a year's end */
    {"Asia/Almaty", 1693281600, 1709233200},	/* 29 August: 1 March 2024 */
    {"Asia/Almaty", 1709186400, 1724958000},	/* 29 February 2024 */
    {"America/Havana", 1714665600, 1730610000},	/* midnight occurs twice */
    {"UTC", 1, 15724800},			/* 1970 */
    {"Asia/Almaty", 4102423200, 4118065200},	/* 2099 */
    {"America/St_Johns", 1772944200, 1788921000},
};

static void P2_six_calendar_months_then_the_next_local_midnight(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct utc end = {table[i].end_s * NS_PER_SEC};

		assert_int_equal(utc_site(table[i].zone), OK);
		assert_int_equal(retain_until(end).ns,
		    table[i].due_s * NS_PER_SEC);
	}
}

static void P2_never_less_than_181_days(void **state)
{
	(void)state;
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	for (int64_t s = 1700000000; s < 1900000000; s += 7 * 3600 + 11) {
		struct utc end = {s * NS_PER_SEC};

		assert_true(retain_until(end).ns - end.ns >=
		    RETAIN_DAYS_MIN * INT64_C(86400) * NS_PER_SEC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P2_six_calendar_months_then_the_next_local_midnight),
	    cmocka_unit_test(P2_never_less_than_181_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
