/*
 * site.h - the data directory and the file `site` in it.
 */
#ifndef SAQTA_SITE_H
#define SAQTA_SITE_H

#include "storage/identity.h"

struct site {
	char origin[128];		/* of the log */
	char zone[64];
	struct age_recipient paper;
	/* signing keys of the paper keys, of the one in force first */
	unsigned char paper_sign[PAPER_KEYS_MAX][KEY_BYTES];
	size_t paper_n;			/* 0: of before there were any */
	int64_t created_ns;
};
must_check enum err site_write(int data_fd, const struct site *s);
/* ERR_NOT_FOUND: run saqta init; ERR_FORMAT. */
must_check enum err site_read(int data_fd, struct site *ret);

/* "footage/<camera>/<yyyy>/<mm>/<dd>"; day as "yyyy-mm-dd". */
char *path_day(const char *camera, const char *day, char *buf, size_t n);
/* The segment's file in it. */
char *path_segment(const char *camera, const char *day, int64_t start_ns,
    uint64_t seq, char *buf, size_t n);
/* What goes on after a cut one's whole chunks. */
char *path_tail(const char *camera, const char *day, int64_t start_ns,
    uint64_t seq, char *buf, size_t n);
/* The two slots, 0 and 1, of the tail while the segment is written. */
char *path_slot(const char *camera, const char *day, int64_t start_ns,
    uint64_t seq, unsigned slot, char *buf, size_t n);
char *path_journal(const char *camera, const char *day, char *buf, size_t n);

#endif
