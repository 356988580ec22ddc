#include "storage/retain.h"

#include <assert.h>

static int month_last(int year, int month)
{
	struct day first = {year + month / 12, month % 12 + 1, 1};
	struct utc before = {utc_day_start(first).ns - NS_PER_SEC};

	return utc_local_day(before).mday;
}

struct utc retain_until(struct utc end)
{
	struct day d = utc_local_day(end);
	struct utc t;
	int last;

	d.month += RETAIN_MONTHS;
	if (d.month > 12) {
		d.month -= 12;
		d.year++;
	}
	last = month_last(d.year, d.month);
	if (d.mday > last)
		d.mday = last;
	t = utc_next_midnight(utc_day_start(d));
	assert(t.ns - end.ns >= RETAIN_DAYS_MIN * INT64_C(86400) * NS_PER_SEC);
	return t;
}
