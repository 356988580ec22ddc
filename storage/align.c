#include "storage/align.h"

#include <stdlib.h>

const struct alignment *align_find(const struct alignments *a, const char *atm,
    int64_t journal_ns)
{
	const struct alignment *found = NULL;

	for (size_t i = 0; i < a->n; i++) {
		const struct alignment *p = &a->all[i];

		if (p->from_ns <= journal_ns && atm_same(p->atm, atm) &&
		    (!found || p->from_ns >= found->from_ns))
			found = p;
	}
	return found;
}

struct aligned align_at(const struct alignments *a, const char *atm,
    int64_t journal_ns)
{
	const struct alignment *by = align_find(a, atm, journal_ns);

	return (struct aligned){
	    journal_ns + (by ? by->offset_ms : 0) * NS_PER_MS,
	    (by ? by->uncertainty_ms : ALIGN_UNKNOWN_MS) * NS_PER_MS, by};
}

void transaction_span(const struct alignments *a, const struct transaction *t,
    int64_t *ret_from, int64_t *ret_to)
{
	int64_t told = t->cash_ns ? t->cash_ns : t->time_ns;
	struct aligned began = align_at(a, t->atm, t->time_ns);
	struct aligned at = align_at(a, t->atm, told);

	*ret_from = began.ns - began.uncertainty_ns - TRANSACTION_BEFORE_NS;
	*ret_to = at.ns + at.uncertainty_ns + TRANSACTION_AFTER_NS;
}

void align_reach(const struct alignments *a, const char *atm, int64_t from_ns,
    int64_t to_ns, int64_t *ret_from, int64_t *ret_to)
{
	/* before the first piece nothing was measured */
	int64_t least = -ALIGN_UNKNOWN_MS, most = ALIGN_UNKNOWN_MS;

	for (size_t i = 0; i < a->n; i++) {
		const struct alignment *p = &a->all[i];
		int64_t low = p->offset_ms - p->uncertainty_ms;
		int64_t high = p->offset_ms + p->uncertainty_ms;

		if (*atm && !atm_same(p->atm, atm))
			continue;
		least = low < least ? low : least;
		most = high > most ? high : most;
	}
	from_ns -= most * NS_PER_MS;
	*ret_from = from_ns > 0 ? from_ns : 0;
	*ret_to = to_ns - least * NS_PER_MS;
}

bool align_is_within(const struct alignments *a, const char *atm,
    int64_t journal_ns, int64_t from_ns, int64_t to_ns)
{
	struct aligned at = align_at(a, atm, journal_ns);

	return at.ns + at.uncertainty_ns >= from_ns &&
	    at.ns - at.uncertainty_ns < to_ns;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void align_measure(int64_t *offset_ms, size_t n, int64_t *ret_offset_ms,
    int64_t *ret_uncertainty_ms)
{
	int64_t median, below, above, far;
	int64_t least = n < ALIGN_MANY ? ALIGN_FEW_MS : ALIGN_LEAST_MS;

	qsort(offset_ms, n, sizeof(*offset_ms), by_size);
	median = n % 2 ? offset_ms[n / 2] :
			 (offset_ms[n / 2 - 1] + offset_ms[n / 2]) / 2;
	below = median - offset_ms[0];
	above = offset_ms[n - 1] - median;
	far = below > above ? below : above;
	*ret_offset_ms = median;
	*ret_uncertainty_ms = far > least ? far : least;
}

int64_t align_jump(const struct alignment *was, int64_t offset_ms,
    int64_t uncertainty_ms)
{
	int64_t by = was ? offset_ms - was->offset_ms : 0;

	return was && llabs(by) > was->uncertainty_ms + uncertainty_ms ? by : 0;
}

const struct alignment *align_alarm(const struct alignments *a, const char *atm,
    struct utc now)
{
	const struct alignment *last = NULL;

	for (size_t i = 0; i < a->n; i++) {
		const struct alignment *p = &a->all[i];

		if (atm_same(p->atm, atm) && (!last || p->entry > last->entry))
			last = p;
	}
	return last && last->jump_ms &&
		now.ns - last->made_ns < ALIGN_ALARM_NS ?
	    last :
	    NULL;
}
