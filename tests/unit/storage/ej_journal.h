/* ej_journal.h - a journal read by rules, as the importer would, for tests. */
#ifndef SAQTA_TEST_EJ_JOURNAL_H
#define SAQTA_TEST_EJ_JOURNAL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/utc.h"
#include "storage/ej_text.h"

struct read {
	struct transaction t[64];
	size_t n;
	char said[64][96];	/* "LINE why" */
	size_t said_n;
	struct ej_counts counts;
	unsigned long lines, cards;
};

static void read_event(const struct transaction *t, void *arg)
{
	struct read *r = arg;

	assert_in_range(r->n, 0, 63);
	r->t[r->n++] = *t;
}

static void read_complaint(unsigned long line, const char *why, void *arg)
{
	struct read *r = arg;

	assert_in_range(r->said_n, 0, 63);
	snprintf(r->said[r->said_n++], sizeof(r->said[0]), "%lu %s", line, why);
}

/* `piece` bytes at a time. */
static struct read *journal_read(const char *rules_text, size_t rules_n,
    const char *encoding, const char *atm, const char *p, size_t n,
    size_t piece)
{
	static struct read r;
	struct ej_sink sink = {read_event, read_complaint, &r};
	struct ej_rules *rules = NULL;
	struct ej_text *text = NULL;
	struct ej *j = NULL;
	char why[256] = "", *copy = malloc(n ? n : 1);

	memset(&r, 0, sizeof(r));
	assert_int_equal(utc_site("Asia/Almaty"), OK);
	if (ej_rules_parse(rules_text, rules_n, &rules, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(ej_new(rules, atm, &sink, &j), OK);
	assert_int_equal(ej_text_new(*encoding ? encoding :
						 ej_rules_encoding(rules),
			     j, &sink, &text),
	    OK);
	memcpy(copy, p, n);
	for (size_t at = 0; at < n; at += piece)
		ej_text_take(text, copy + at, n - at < piece ? n - at : piece);
	ej_text_end(text);
	ej_end(j);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(copy[i], 0);	/* wiped */
	r.counts = *ej_counts(j);
	r.lines = ej_text_lines(text);
	r.cards = ej_text_cards(text);
	free(copy);
	ej_text_free(text);
	ej_free(j);
	ej_rules_free(rules);
	return &r;
}

#endif
