/*
 * expire_sweep.h - what the two halves of a sweep share: expire_plan.c decides
 * and enters, expire.c destroys. For these only.
 */
#ifndef SAQTA_EXPIRE_SWEEP_H
#define SAQTA_EXPIRE_SWEEP_H

#include "storage/expire.h"
#include "storage/volume.h"

#define SWEEP_RANGES_MAX 200	/* runs of numbers in one entry */

enum sweep_phase { IDLE, PLAN, KEYS, FILES, ROWS_GO, CUT };

/* What is done with one due_day. */
struct plan {
	bool go;
	bool key_gone;		/* only files are left: a volume came back */
	enum erase_method method;
	uint64_t erasing;	/* entry */
};

struct survey {
	struct keeper *k;
	bool disagrees;
	bool more;		/* the day may have further ones */
	uint64_t stay;		/* segments of the day that may not go */
	uint64_t away;		/* ... that may, but lie on an absent volume */
};

struct expire {
	enum sweep_phase phase;
	struct expire_state st;
	struct due due;
	struct plan *plan;	/* one for each of due.days */
	size_t at;
	struct utc both;	/* the sweep's idea of now */
	int64_t next_ns;	/* monotonic: the next sweep */
	uint64_t cursor;	/* seq up to which the day was worked off */
	struct survey survey;	/* what was seen of it so far */
	uint64_t *seqs;		/* of the day at hand, erased so far */
	size_t seqs_n, seqs_room;
	int64_t from_ns, to_ns;	/* their span */
	size_t unused_at;	/* the key looked at next */
	int64_t cut_until_ns;	/* monotonic: no longer waited for the log */
	bool pending[VOLUMES_MAX]; /* volumes that are away and have some */
};

/*
 * Drop keys of days that are past and under which nothing was recorded; some at
 * a time. *ret_any: the keyring has changed.
 */
must_check enum err sweep_unused(struct keeper *k, bool *ret_any);

/* A number more of the day at hand; ERR_NO_MEMORY. */
must_check enum err sweep_seq(struct expire *x, uint64_t seq);
/* Runs of numbers among them. */
size_t sweep_runs(const struct expire *x);
void sweep_put_seqs(struct enter *e, const struct expire *x);
/* Enter "erasing" or "erased" with them. */
must_check enum err sweep_enter(struct keeper *k, enum entry_type type,
    const struct due_day *d, const struct plan *p, int64_t from, int64_t to,
    uint64_t *ret);

/*
 * Begin: let holds go, gather what is due, apply the guard. ERR_UNAVAILABLE
 * while the clock is not trusted, the holds are not known, the index is being
 * made anew or a new epoch of the ledger is not confirmed.
 */
must_check enum err sweep_begin(struct keeper *k);
/*
 * What is done with one camera-day: nothing where index and ledger disagree
 * (ERR_INTEGRITY), else "erasing" is entered. Only some of its segments are
 * looked at in one call: while *ret_more it is to be called again.
 */
must_check enum err sweep_plan_day(struct keeper *k, struct due_day *d,
    struct plan *p, bool *ret_more);

#endif
