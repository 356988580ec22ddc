/*
 * ej_text.h - the bytes of a journal become lines of UTF-8 (iconv, of libc).
 *
 * Card numbers are cut in the raw bytes, before anything else sees a line
 * (pan.h): the encodings all contain ASCII. What printers are told (control
 * characters and the escape sequences of receipt printers) becomes blanks. Raw
 * bytes are wiped when their line is done.
 */
#ifndef SAQTA_EJ_TEXT_H
#define SAQTA_EJ_TEXT_H

#include "storage/ej.h"

struct ej_text;

/*
 * encoding: "utf-8" (also ""), "cp1251" or "cp866"; ERR_NOT_FOUND for others.
 * Lines go to j (borrowed), complaints to sink.
 */
must_check enum err ej_text_new(const char *encoding, struct ej *j,
    const struct ej_sink *sink, struct ej_text **ret);
void ej_text_free(struct ej_text *t);
/* The next n bytes, in pieces of any size; wiped here. */
void ej_text_take(struct ej_text *t, char *p, size_t n);
/* The end of the file: a last line without LF. */
void ej_text_end(struct ej_text *t);
unsigned long ej_text_lines(const struct ej_text *t);
/* Full card numbers that were cut. */
unsigned long ej_text_cards(const struct ej_text *t);

#endif
