/*
 * backup.h - `saqta backup`, `saqta restore`: what is not footage.
 *
 * A backup is an age file for the paper key (and whoever else is named) of a
 * tar archive: configuration, journal rules, the recorder's and web's own keys,
 * site, ledger, what only the index has, transactions. It has no wrapped key
 * and not the log's signing key: the keyring lives on the volumes, with its
 * footage, and what is restored begins a new epoch of the log.
 */
#ifndef SAQTA_TOOL_BACKUP_H
#define SAQTA_TOOL_BACKUP_H

#include <stdint.h>

int tool_backup(int argc, char **argv);
int tool_restore(int argc, char **argv);

/* The first member of the archive: a line each of what, origin, version, when. */
#define BACKUP_HEAD "saqta-backup"
#define BACKUP_MAGIC "saqta backup v1"

/*
 * Of the backups in dir (saqta-20261122T091507Z.age) the newest: when it was
 * made, INT64_MIN where there is none. Those beyond `keep` are removed, first
 * those named later than now (a clock was ahead), then the oldest; 0 removes
 * none.
 */
int64_t backup_newest(const char *dir, unsigned keep);

#endif
