#include "storage/keeper_wal.h"

#include <stdlib.h>

#include "storage/api/log.h"

#define PAUSE_NS (NS_PER_SEC / 5) /* a long reader leaves some of it */
/* Until it is cut: rounds soon after one another; then somebody reads long. */
#define SOON_NS (20 * NS_PER_MS)
#define LATE_NS NS_PER_SEC
#define ROUNDS 25

struct wal {
	struct worker *worker;
	const char *data;	/* borrowed */
	enum err err;		/* of the last round */
	enum err said;
	bool busy;
	int64_t next_ns;
	bool cut;		/* wanted */
	enum err cut_err;	/* of the last one */
	unsigned rounds;	/* since it was wanted */
	unsigned met;		/* ... that met a commit, one after the other */
	uint64_t commits;	/* when this round began */
};

static void run(void *job)
{
	struct wal *w = job;

	w->err = index_checkpoint(w->data);
}

enum err wal_start(struct keeper *k)
{
	struct wal *w = calloc(1, sizeof(*w));
	enum err err = w ? worker_new(run, &w->worker) : ERR_NO_MEMORY;

	if (err) {
		free(w);
		return err;
	}
	w->data = k->conf.data;
	w->cut = true;
	k->wal = w;
	return OK;
}

void wal_stop(struct keeper *k)
{
	if (!k->wal)
		return;
	worker_free(k->wal->worker);
	free(k->wal);
	k->wal = NULL;
}

int wal_fd(const struct keeper *k)
{
	return worker_fd(k->wal->worker);
}

bool wal_busy(const struct keeper *k)
{
	return k->wal && k->wal->busy;
}

bool wal_is_full(const struct keeper *k)
{
	return wal_busy(k) && index_wal_pages(k->ix) >= INDEX_WAL_MAX;
}

int64_t wal_wake_ns(const struct keeper *k)
{
	const struct wal *w = k->wal;

	return w && w->cut && !w->busy ? w->next_ns : INT64_MAX;
}

void wal_cut(struct keeper *k)
{
	struct wal *w = k->wal;

	w->cut = true;
	w->rounds = w->met = 0;
	w->next_ns = k->mono.ns;
}

enum err wal_cut_state(const struct keeper *k)
{
	return k->wal->cut ? ERR_BUSY : k->wal->cut_err;
}

/*
 * Where nobody has committed since the round began, all of the log is in the
 * file, and cutting it needs no sync. Where each of many rounds met a commit,
 * there is little to sync.
 */
static void cut(struct keeper *k)
{
	struct wal *w = k->wal;
	enum err err = ERR_BUSY;

	w->met = index_commits(k->ix) == w->commits ? 0 : w->met + 1;
	if (!w->err && (!w->met || w->met > ROUNDS)) {
		err = index_shrink(k->ix);
		w->met = 0;
	}
	if (err == ERR_BUSY) {
		w->next_ns =
		    k->mono.ns + (++w->rounds < ROUNDS ? SOON_NS : LATE_NS);
		return;
	}
	w->cut = false;
	w->cut_err = err;
	if (err)
		log_error("the index's log was not cut: %s", err_text(err));
}

static void begin(struct keeper *k)
{
	struct wal *w = k->wal;

	w->commits = index_commits(k->ix);
	w->busy = !worker_put(w->worker, w);
}

void wal_turn(struct keeper *k)
{
	struct wal *w = k->wal;

	if (worker_done(w->worker)) {
		w->busy = false;
		w->next_ns = k->mono.ns + PAUSE_NS;
		if (w->err && w->err != w->said)
			log_error("the index's log was not brought back: %s",
			    err_text(w->err));
		w->said = w->err;
		if (w->cut && k->ix)
			cut(k);
	}
	if (k->ix && !w->busy && k->mono.ns >= w->next_ns &&
	    (w->cut || index_wal_pages(k->ix) >= INDEX_WAL_PAGES))
		begin(k);
}
