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
/* Each turn: note that it is done, begin where the log is long. */
void wal_turn(struct keeper *k);
/* Begin now, unless it runs. */
void wal_begin(struct keeper *k);
bool wal_busy(const struct keeper *k);

#endif
