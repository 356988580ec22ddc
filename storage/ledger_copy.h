/*
 * ledger_copy.h - copies of the ledger on other volumes: <dir>/ledger/ with
 * tiles, tail, checkpoint and what witnesses said; never a key.
 *
 * A copy shows at start that the ledger was cut, set back or exchanged, and it
 * is a ledger that any reader can read. It is never ahead of the ledger, and
 * one that is says that the ledger went back: it is left alone.
 */
#ifndef SAQTA_LEDGER_COPY_H
#define SAQTA_LEDGER_COPY_H

#include "storage/ledger.h"

/*
 * Bring the copy up to what the ledger on disk has: at most 512 entry tiles a
 * call, then the rest with the next one.
 *
 *   data_fd, dir_fd  borrowed
 *   origin           of the site's first log; another site's copy is refused
 *   tiles            entry tiles that are known to be there; moves on
 *
 * ERR_INTEGRITY: the copy is of another site, or ahead. Touches files only, so
 * that a worker's thread may do it. Blocks.
 */
must_check enum err ledger_copy(int data_fd, int dir_fd, const char *origin,
    uint64_t *tiles);

/* The copy's checkpoint; ERR_NOT_FOUND where there is no copy. */
must_check enum err ledger_copy_note(int dir_fd, char ret_note[NOTE_MAX + 1],
    size_t *ret_n, struct checkpoint *ret);

#endif
