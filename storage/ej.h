/*
 * ej.h - an electronic journal, line by line, becomes events (transaction.h).
 * Pure, but for the site's zone.
 *
 * Lines come decoded and with card numbers cut (ej_text.h). A line that is
 * broken is complained of and the rest goes on. A date holds from the line that
 * says it; a time of day alone that is more than 12 hours earlier than the one
 * before it is of the next day.
 */
#ifndef SAQTA_EJ_H
#define SAQTA_EJ_H

#include "storage/api/transaction.h"
#include "storage/ej_rules.h"

#define EJ_LINE_MAX 4096	/* bytes of a decoded line */
/* The journal's clock going back by more than this is told. */
#define EJ_BACK_S 2

struct ej_sink {
	void (*event)(const struct transaction *t, void *arg);
	/* why has nothing of the line in it */
	void (*complain)(unsigned long line, const char *why, void *arg);
	void *arg;
};

struct ej_counts {
	unsigned long events;	/* given to the sink */
	unsigned long broken;	/* events that were not */
	unsigned long backward;	/* times that the clock went back */
	unsigned long without;	/* transactions of no known kind, passed over */
	/* The furthest that it went back: to when, of whose journal. */
	int64_t back_ns, back_to_ns;
	char back_atm[TRANSACTION_ATM_MAX + 1];
};

struct ej;

/* atm: whose journal it is where the lines do not say; "" = they must. */
must_check enum err ej_new(const struct ej_rules *rules, const char *atm,
    const struct ej_sink *sink, struct ej **ret);
void ej_free(struct ej *j);
/* The next line: n bytes of text and a NUL; lines count from 1. */
void ej_line(struct ej *j, unsigned long line, const char *text, size_t n);
/* The journal ends: an open transaction is complained of. */
void ej_end(struct ej *j);
const struct ej_counts *ej_counts(const struct ej *j);

#endif
