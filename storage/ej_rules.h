/*
 * ej_rules.h - how an electronic journal (EJ) is read: line rules from a file
 * that a bank adapts, with regular expressions and named groups (only PCRE2).
 *
 * The file has a line for each rule; empty lines and those that begin with '#'
 * are none. It is no INI file: libinih cuts a line at about 190 bytes and takes
 * " ;" for a comment. Lines are UTF-8, whatever the journal's encoding.
 *
 *   format lines|csv          csv: a record a line, names in the first one
 *   encoding NAME             of the journal: utf-8, cp1251, cp866
 *   separator C               csv: the character between cells; "," else
 *   currency CUR              where a journal does not name it
 *   zero-time no              an event without a time of day is broken; else
 *                             midnight
 *   stamp REGEX               its groups are date or time from this line on
 *   start [F=V]... REGEX      a transaction begins; fields
 *   field [F=V]... REGEX      inside one: fields
 *   end [F=V]... REGEX        it ends
 *   event [F=V]... REGEX      a line that is an event by itself
 *   time REGEX                csv: how a cell with a time is written
 *   column F NAME...          csv: the cell under NAME is field F
 *   value F V TEXT...         where field F reads TEXT, V is meant
 *
 * Groups and fields F: year (2 or 4 digits), month, day, hour, minute, second;
 * atm, card (a number with its middle cut), bin, last4, amount, currency,
 * reference, kind, result, cash, check-method, check-result, check-reference;
 * csv: time, cash-time. In names of groups '_' stands for '-'. Values V of
 * kind, result, cash, check-* are the words of transaction.h. All rules are
 * tried on each line; of those that give one field, the first one counts.
 */
#ifndef SAQTA_EJ_RULES_H
#define SAQTA_EJ_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/api/err.h"

#define EJ_RULES_BYTES (64u << 10)	/* of a file */
#define EJ_RULES_MAX 200
#define EJ_SETS_MAX 4

enum ej_act {
	EJ_STAMP, EJ_START, EJ_FIELD, EJ_END, EJ_EVENT, EJ_TIME,
};

enum ej_name {
	EJ_YEAR, EJ_MONTH, EJ_DAY, EJ_HOUR, EJ_MINUTE, EJ_SECOND,
	EJ_ATM, EJ_CARD, EJ_BIN, EJ_LAST4, EJ_AMOUNT, EJ_CURRENCY,
	EJ_REFERENCE, EJ_KIND, EJ_RESULT, EJ_CASH, EJ_CHECK_METHOD,
	EJ_CHECK_RESULT, EJ_CHECK_REFERENCE, EJ_MOMENT, EJ_CASH_MOMENT,
	EJ_NAMES
};

struct ej_rules;

/* What a rule found in a line, borrowed from both. at NULL: nothing. */
struct ej_found {
	struct {
		const char *at;
		size_t n;
	} field[EJ_NAMES];
};

/*
 * Read rules from the n bytes at text. ERR_CONFIG with a sentence that names
 * the line. Returned, to be freed by ej_rules_free().
 */
must_check enum err ej_rules_parse(const char *text, size_t n,
    struct ej_rules **ret, char *why, size_t why_n);
void ej_rules_free(struct ej_rules *r);

bool ej_rules_csv(const struct ej_rules *r);
char ej_rules_separator(const struct ej_rules *r);
const char *ej_rules_encoding(const struct ej_rules *r);	/* or "" */
const char *ej_rules_currency(const struct ej_rules *r);	/* or "" */
bool ej_rules_zero_time(const struct ej_rules *r);

size_t ej_rules_count(const struct ej_rules *r);
enum ej_act ej_rules_act(const struct ej_rules *r, size_t i);
/*
 * Does rule i match the n bytes at line (UTF-8)? A rule that would take too
 * long does not.
 */
bool ej_rules_match(const struct ej_rules *r, size_t i, const char *line,
    size_t n, struct ej_found *ret);
/* The field of a column of that name; ERR_NOT_FOUND. */
must_check enum err ej_rules_column(const struct ej_rules *r, const char *name,
    enum ej_name *ret);
/* What a text of that field means: another one, or the text itself. */
const char *ej_rules_value(const struct ej_rules *r, enum ej_name f,
    const char *text);

#endif
