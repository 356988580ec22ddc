/*
 * csv.h - cameras and journals as comma-separated values (RFC 4180). Pure.
 *
 * Fields may be quoted; lines end in LF or CRLF; a BOM at the start is passed
 * over. Spreadsheets take a cell that begins with = + - @ TAB or CR for a
 * formula: csv_put() puts ' before it, csv_next() takes that away again.
 */
#ifndef SAQTA_CSV_H
#define SAQTA_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/err.h"

#define CSV_FIELDS_MAX 64
#define CSV_RECORD_MAX 4096	/* bytes of a record, quotes taken away */

struct csv {
	const char *p;		/* borrowed */
	size_t n, at;
	unsigned line;		/* where the last record began, from 1 */
	unsigned next_line;
	char buf[CSV_RECORD_MAX];	/* the fields, to be wiped by the owner */
	const char *field[CSV_FIELDS_MAX];
	size_t fields;
	char separator;		/* ','; set it after csv_begin() */
};

void csv_begin(struct csv *c, const char *p, size_t n);

/*
 * The next record that is not empty, in c->field. ERR_NOT_FOUND after the
 * last; ERR_FORMAT: it is broken or too long; the one after it can be had.
 */
must_check enum err csv_next(struct csv *c);

/*
 * Append a cell to the text in buf (NUL-terminated), with a comma before it
 * unless first. ERR_TOO_LARGE.
 */
must_check enum err csv_put(char *buf, size_t max, bool first, const char *s);

#endif
