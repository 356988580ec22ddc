/*
 * check.h - prove the disk offline, without any private key.
 *
 * The ledger fits its signed checkpoint; each journal's chain fits; each
 * segment file's bytes fit the journal; each segment's root and cipher hash
 * stand in the ledger; nothing is missing, nothing is too much; sequence
 * numbers have no hole; the chain heads in the ledger are in the journals.
 * Storage may be running: what it writes just now is named, not counted.
 */
#ifndef SAQTA_CHECK_H
#define SAQTA_CHECK_H

#include <stdbool.h>
#include <stdio.h>

#include "storage/api/err.h"

/*
 * Check the data directory data_fd (borrowed) at the path data, with its
 * further volumes, and write one line a finding and a summary to out, or one
 * JSON object (storage/DESIGN.md). What lies on a volume that is away is
 * missing, and said once a volume. What was lost with one that was given up, and
 * entered so, is a note.
 *
 *   ret_broken  findings that are not mere notes
 *
 * OK: all fits; ERR_INTEGRITY: something was changed; ERR_TRUNCATED: nothing
 * was changed, but something is missing. Otherwise it could not check:
 * ERR_DISK, ERR_NO_MEMORY, ERR_SYS. Blocks, for as long as it takes to read
 * the volume.
 */
must_check enum err check_run(int data_fd, const char *data, bool json,
    FILE *out, unsigned *ret_broken);

#endif
