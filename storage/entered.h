/*
 * entered.h - what the end of the ledger says of segments and journals, when
 * recovery asks (P8). It looks back some thousand entries, not further.
 */
#ifndef SAQTA_ENTERED_H
#define SAQTA_ENTERED_H

#include "storage/journal.h"
#include "storage/keeper.h"

/* Was it? Then row has its entry, and what was promised (P2). */
bool entered_segment(struct keeper *k, const char *camera, uint64_t seq,
    struct segment_row *row);

/*
 * Is the entry that a closed row names in the ledger? A row may be on the disk
 * before its entry is, and then the box died; another entry may have taken its
 * place since. What is older than one looks back is believed.
 */
bool entered_row(struct keeper *k, const struct segment_row *row);

/*
 * Was the clock stepped by most of a day or more, lately? Or nobody can tell,
 * because the log has just begun anew.
 */
bool entered_step(struct keeper *k);
/* Is a step so long? */
bool entered_far(int64_t step_ns);

/* The chain head of this journal that the ledger knows; 0 records if none. */
uint64_t entered_records(struct keeper *k, unsigned volume, const char *camera,
    const char *day);

/*
 * Was an ended segment entered, as far as one can tell? Its last record became
 * durable with its bytes, so what does not fit now was erased by its term, or
 * damaged since: a crash has no part in it. Any that began a day before the
 * ledger's newest entry was: recovery is about what was written last.
 *
 *   first  its begin record
 */
bool entered_settled(struct keeper *k, const char *camera,
    const struct journal_record *first);

#endif
