#include "storage/retain.h"

#include <assert.h>

#define TERM_MIN_NS (RETAIN_DAYS_MIN * INT64_C(86400) * NS_PER_SEC)

static int month_last(int year, int month)
{
	struct day first = {year + month / 12, month % 12 + 1, 1};
	struct utc before = {utc_day_start(first).ns - NS_PER_SEC};

	return utc_local_day(before).mday;
}

struct utc retain_until(struct utc end, unsigned extra_days)
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
	t = utc_midnight(day_next(d));
	while (t.ns - end.ns < TERM_MIN_NS)
		t = utc_next_midnight(t);
	if (extra_days > RETAIN_EXTRA_MAX)
		extra_days = RETAIN_EXTRA_MAX;
	while (extra_days--)
		t = utc_next_midnight(t);
	assert(t.ns - end.ns >= TERM_MIN_NS);
	return t;
}

struct utc retain_from(struct utc end, struct utc wall, struct utc retention)
{
	int64_t behind = retention.ns - wall.ns;

	if (behind > RETAIN_TRUST_NS || -behind > RETAIN_TRUST_NS ||
	    end.ns > retention.ns + RETAIN_TRUST_NS ||
	    end.ns < retention.ns - RETAIN_TRUST_NS)
		return retention;
	if (behind <= RETAIN_SLACK_NS)
		return end;
	return (struct utc){
	    end.ns + behind < retention.ns ? end.ns + behind : retention.ns};
}
