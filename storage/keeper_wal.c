#include "storage/keeper_wal.h"

#include <stdlib.h>

#include "storage/api/log.h"

#define PAUSE_NS (NS_PER_SEC / 5) /* a long reader leaves some of it */

struct wal {
	struct worker *worker;
	const char *data;	/* borrowed */
	enum err err;		/* of the last round */
	enum err said;
	bool busy;
	int64_t next_ns;
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

void wal_begin(struct keeper *k)
{
	struct wal *w = k->wal;

	if (w && !w->busy)
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
	}
	if (k->ix && k->mono.ns >= w->next_ns &&
	    index_wal_pages(k->ix) >= INDEX_WAL_PAGES)
		wal_begin(k);
}
