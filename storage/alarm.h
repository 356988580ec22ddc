/*
 * alarm.h - the last alarm about a log, ours or another, for people to see. The
 * ledger has all of them; this is what status and Home show.
 */
#ifndef SAQTA_ALARM_H
#define SAQTA_ALARM_H

#include "storage/index.h"
#include "storage/submission.h"

enum alarm_kind {
	ALARM_OURS,		/* a witness refused our log */
	ALARM_LOG,		/* a log that we cosign was refused here */
};
struct log_alarm {
	char who[NOTE_NAME_MAX + 1];	/* the witness, or the log's origin */
	enum finding_about_log finding;
	struct utc at;
};

/* What cannot be kept is said in the log; the entry stands anyway. */
void alarm_keep(struct index *ix, enum alarm_kind kind, const char *who,
    enum finding_about_log finding, struct utc now);
/* False where there is none, or it was cleared. */
bool alarm_find(struct index *ix, enum alarm_kind kind, struct log_alarm *ret);
void alarm_clear(struct index *ix, enum alarm_kind kind);

#endif
