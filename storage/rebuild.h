/*
 * rebuild.h - segment and gap rows made anew from ledger and journals, without
 * any key, in a worker with connections of its own, while the keeper writes.
 *
 * Its rows never replace one that is there: the keeper knows better. It deletes
 * no file and ends no term (P2); what the ledger says was promised is taken
 * over as it was.
 */
#ifndef SAQTA_REBUILD_H
#define SAQTA_REBUILD_H

#include <stdatomic.h>
#include <stdint.h>

#include "storage/index.h"

#define REBUILD_DIRS 64		/* volumes */

struct rebuild {
	char data[160];
	uint64_t end;		/* ledger entries to take in */
	struct {
		unsigned number;
		int fd;		/* owned by whom starts it */
	} dirs[REBUILD_DIRS];
	unsigned dirs_n;
	_Atomic uint64_t at;	/* entries taken in so far */
	atomic_bool stop;
	/* results */
	enum err err;
	uint64_t segments, gaps;
	unsigned bare;		/* people and cameras without their texts */
};

/* For a worker. Blocks for minutes; job->err, counts. */
void rebuild_run(struct rebuild *job);

#endif
