/*
 * recover_days.h - in which of a camera's journals a segment may stand that
 * nobody ended. For recover.c.
 */
#ifndef SAQTA_RECOVER_DAYS_H
#define SAQTA_RECOVER_DAYS_H

#include "storage/keeper.h"

#define RECOVER_DAYS 2 /* newest days with a journal: midnight */

/* A day and the last segment in its journal; "" where there is none. */
struct written {
	char day[11];
	uint64_t seq;
};

/*
 * The number of the segment to which the last record of that day's journal
 * belongs; 0: there is none, or no journal. fd as below. An error: the journal
 * could not be read whole, and may know more.
 */
must_check enum err recover_last_seq(int fd, const char *camera,
    const char *day, uint64_t *ret);
/*
 * The days whose journals end with the greatest numbers, the greatest first, of
 * those on one volume.
 *
 * Half a year of days is thousands of files, and a disk that was just started
 * gives some hundred a second. So only the newest names and the day of the last
 * row are looked at, unless the clock was stepped by about a day or more, as
 * far back as one looks in the ledger, or the index is being made anew.
 *
 *   fd  of the volume's directory, borrowed
 */
void recover_days(struct keeper *k, const char *camera, int fd,
    struct written ret[RECOVER_DAYS]);

#endif
