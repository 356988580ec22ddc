/*
 * expire_files.h - erasing on the volumes; for expire.c alone. A camera-day may
 * lie on several; those that are away are left out.
 */
#ifndef SAQTA_EXPIRE_FILES_H
#define SAQTA_EXPIRE_FILES_H

#include "storage/index.h"

/*
 * Does the folder of a camera-day hold footage of a segment that is not among
 * the n numbers (ascending)? A file of a header alone is none. ERR_DISK.
 */
must_check enum err expire_files_other(int data_fd, const char *camera,
    const char *day, const uint64_t *seqs, size_t n, bool *ret);

/*
 * Erase every file of the n segments (ascending): where `blank`, their headers
 * are overwritten and the volume is synced first; then they are unlinked and
 * the folder is synced. What is gone already is OK. Blocks.
 */
must_check enum err expire_files_erase(int data_fd, const char *camera,
    const char *day, const uint64_t *seqs, size_t n, bool blank);

/*
 * Nothing of the camera-day is left to keep: overwrite what is plain, the
 * journal, sync, unlink what stands in the folder, remove the folder and those
 * above it that are empty.
 */
must_check enum err expire_files_day(int data_fd, const char *camera,
    const char *day);

#endif
