/*
 * align.h - the clock of an ATM's journal beside the video's. Pure.
 *
 * An offset holds from one moment of the journal to that of the next one
 * (piecewise constant) and has an uncertainty. It is never put into what is
 * stored: it is shown beside the journal's own time, and widens searches.
 */
#ifndef SAQTA_ALIGN_H
#define SAQTA_ALIGN_H

#include "storage/api/transaction.h"
#include "storage/api/utc.h"

/* What a request for a transaction asks for, around its moment. */
#define TRANSACTION_BEFORE_NS (120 * NS_PER_SEC)
#define TRANSACTION_AFTER_NS (180 * NS_PER_SEC)

/* Of a journal that nobody has compared with the video yet. */
#define ALIGN_UNKNOWN_MS 60000
/* What picking a frame, and a journal of whole seconds, leave open. */
#define ALIGN_LEAST_MS 500
/* With one sample or two. */
#define ALIGN_FEW_MS 1000
#define ALIGN_MANY 3
/* A journal does not go back by more: that is another journal. */
#define ALIGN_BACK_MAX_MS (INT64_C(366) * 86400 * 1000)
/* An alarm about a clock stands so long, unless it is measured anew. */
#define ALIGN_ALARM_NS (INT64_C(7) * 86400 * NS_PER_SEC)

/* One piece. */
struct alignment {
	uint64_t entry, person;
	char atm[TRANSACTION_ATM_MAX + 1];
	int64_t from_ns;	/* by the journal's clock */
	int64_t made_ns;
	int64_t offset_ms;	/* to be added to the journal's time */
	int64_t uncertainty_ms;
	unsigned samples;	/* 0: an import told of a jump of the clock */
	int64_t jump_ms;	/* from what held before; 0: none */
};

struct alignments {
	struct alignment *all;	/* by ATM, moment, entry */
	size_t n;
};

/* What holds of that ATM, under any of its names, at a moment of its journal;
 * NULL: nothing was measured. */
const struct alignment *align_find(const struct alignments *a, const char *atm,
    int64_t journal_ns);

struct aligned {
	int64_t ns;		/* the video's time */
	int64_t uncertainty_ns;
	const struct alignment *by;	/* NULL: ALIGN_UNKNOWN_MS round it */
};
struct aligned align_at(const struct alignments *a, const char *atm,
    int64_t journal_ns);

/*
 * The video's time that a request for t asks for: TRANSACTION_BEFORE_NS before
 * it begins to TRANSACTION_AFTER_NS after its cash, wider by what is uncertain.
 */
void transaction_span(const struct alignments *a, const struct transaction *t,
    int64_t *ret_from, int64_t *ret_to);

/*
 * The times of journals in which anything of the video's [from, to) may stand:
 * of one ATM, or "" of all. Both are kept above 0.
 */
void align_reach(const struct alignments *a, const char *atm, int64_t from_ns,
    int64_t to_ns, int64_t *ret_from, int64_t *ret_to);

/* May what the journal has at that moment be in the video's [from, to)? */
bool align_is_within(const struct alignments *a, const char *atm,
    int64_t journal_ns, int64_t from_ns, int64_t to_ns);

/*
 * Of n > 0 samples (sorted here): the median, and the furthest from it, but
 * ALIGN_LEAST_MS or, of fewer than ALIGN_MANY, ALIGN_FEW_MS at least.
 */
void align_measure(int64_t *offset_ms, size_t n, int64_t *ret_offset_ms,
    int64_t *ret_uncertainty_ms);

/* How far `now` is from `was`, where that is more than both leave open; else
 * 0. was may be NULL: nothing has changed. */
int64_t align_jump(const struct alignment *was, int64_t offset_ms,
    int64_t uncertainty_ms);

/*
 * The last alarm of an ATM whose last piece is all[i]: the latest entry with a
 * jump, younger than ALIGN_ALARM_NS and not followed by one without; NULL.
 */
const struct alignment *align_alarm(const struct alignments *a, const char *atm,
    struct utc now);

#endif
