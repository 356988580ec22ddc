/*
 * pan.h - card numbers (PAN, ISO/IEC 7812) are cut before anything else sees
 * them. Pure.
 *
 * Of a full number at most the first six digits (BIN) and the last four stay;
 * those between become '*', so that a text keeps its length. Full is: 13 to 19
 * digits that pass the Luhn check, alone or inside a longer run of digits
 * where a card scheme's prefix begins; or in the groups in which cards are
 * printed (4-4-4-4, also 1 to 3 more; 4-6-5; 4-6-4) with one blank, '-', '.' or
 * no-break space between. 14 or 17 digits that are a date and a time are none.
 * What stands behind a number as on track 2 ('=' or 'D' and digits) goes, too.
 * Bytes are ASCII or any encoding that contains it (UTF-8, CP1251, CP866).
 */
#ifndef SAQTA_PAN_H
#define SAQTA_PAN_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/err.h"

/* Cut all full numbers in the n bytes at p, in place; how many there were. */
unsigned pan_cut(char *p, size_t n);
/* Is there one? */
bool pan_has(const char *p, size_t n);

#endif
