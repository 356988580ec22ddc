/*
 * fault.h - volumes whose disk reported errors, for people to see: an alarm
 * begins with the first error and ends when there was none for a day. Kept in
 * the index, so that no restart makes it forgotten.
 */
#ifndef SAQTA_FAULT_H
#define SAQTA_FAULT_H

#include "storage/index.h"
#include "storage/volume.h"

enum fault_what {
	FAULT_NONE,
	FAULT_WRITE, FAULT_SYNC, FAULT_READ,
	FAULT_LEDGER,		/* the ledger could not be written */
};

struct fault {
	int64_t since_ns, last_ns;
	uint64_t n;		/* errors; 0: no alarm */
	uint32_t what;		/* the first one */
	uint32_t entered;	/* 1: the ledger knows that it began */
};

/* By the number of the volume; nothing kept is no fault. */
void faults_find(struct index *ix, struct fault ret[VOLUMES_MAX]);
const char *fault_name(uint32_t what);

#endif
