/*
 * keeper_wal.h - the write-ahead log of index.db, brought back into the file by
 * a thread of its own, while the loop goes on.
 */
#ifndef SAQTA_KEEPER_WAL_H
#define SAQTA_KEEPER_WAL_H

#include "storage/keeper.h"

must_check enum err wal_start(struct keeper *k);
void wal_stop(struct keeper *k);
int wal_fd(const struct keeper *k);
/*
 * Each turn: note that it is done, begin where the log is long or is to be cut,
 * cut it. Waits for no reader, and for a sync only where all rounds met a
 * commit.
 */
void wal_turn(struct keeper *k);
/* When it wants a turn, whatever else comes: monotonic; INT64_MAX. */
int64_t wal_wake_ns(const struct keeper *k);
bool wal_busy(const struct keeper *k);
/* So long that who has time waits until some of it is brought back. */
bool wal_is_full(const struct keeper *k);
/*
 * The log is to be cut, because rows were erased that are still in it: turns
 * see to it, as soon as nobody reads. The first cut is wanted from the start
 * on, for a crash may have come before the last one.
 */
void wal_cut(struct keeper *k);
/* ERR_BUSY: not yet; else what became of the last cut. */
must_check enum err wal_cut_state(const struct keeper *k);

#endif
