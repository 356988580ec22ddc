/*
 * transaction.h - what an ATM's journal says: one event, as a struct and as a
 * line of text. Pure.
 *
 * Whoever reads a journal (the importer, web) makes lines; the keeper takes
 * nothing else, and asks of each line again what this file asks. A line has
 * the fields below in order, a TAB between, LF at its end, UTF-8:
 *
 *   atm  time  cash-time  kind  amount  currency  result  bin  last4
 *   reference  cash  check-method  check-result  check-reference
 *
 * Times are UTC nanoseconds, cash-time may be 0; amounts are hundredths of the
 * currency; kind, result, cash and check-* (but the reference) are numbers.
 */
#ifndef SAQTA_TRANSACTION_H
#define SAQTA_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"

#define TRANSACTION_ATM_MAX 31		/* bytes */
#define TRANSACTION_REFERENCE_MAX 40
#define TRANSACTION_LINE_MAX 400	/* with its LF */
#define TRANSACTION_AMOUNT_MAX INT64_C(100000000000000)
#define TRANSACTIONS_BATCH 1000		/* lines handed over at once */
#define ALIGN_SAMPLES_MAX 15	/* of a journal's clock at once */

enum transaction_kind {
	TRANSACTION_CARD_IN = 1,
	TRANSACTION_CARD_TAKEN = 2,
	TRANSACTION_CARD_RETAINED = 3,
	TRANSACTION_WITHDRAWAL = 4,
	TRANSACTION_DEPOSIT = 5,
	TRANSACTION_LOAD = 6,		/* of a card, with cash */
	TRANSACTION_DOOR_OPEN = 7,
	TRANSACTION_SAFE_OPEN = 8,
	TRANSACTION_OUT_OF_SERVICE = 9,
	TRANSACTION_OTHER = 10,		/* a balance, a transfer ... */
};

enum transaction_result {
	RESULT_NONE = 0,
	RESULT_APPROVED = 1,
	RESULT_DECLINED = 2,
	RESULT_FAILED = 3,		/* the machine could not */
};

enum transaction_cash {
	CASH_NONE = 0,
	CASH_PRESENTED = 1,
	CASH_TAKEN = 2,
	CASH_RETRACTED = 3,
};

/* How a person's identity was checked: the check is pointed at, its data is
 * nowhere here. */
enum transaction_method {
	METHOD_NONE = 0,
	METHOD_DATABASE = 1,		/* a government's */
	METHOD_MOBILE = 2,
	METHOD_BIOMETRIC = 3,
};

enum transaction_check {
	CHECK_NONE = 0,
	CHECK_PASSED = 1,
	CHECK_FAILED = 2,
};

struct transaction {
	char atm[TRANSACTION_ATM_MAX + 1];
	int64_t time_ns;		/* by the journal's clock */
	int64_t cash_ns;		/* of `cash`; 0: not told */
	enum transaction_kind kind;
	int64_t amount;			/* hundredths; 0: none */
	char currency[4];		/* ISO 4217, or "" */
	enum transaction_result result;
	char bin[7], last4[5];		/* digits, or "" */
	char reference[TRANSACTION_REFERENCE_MAX + 1];
	enum transaction_cash cash;
	enum transaction_method check_method;
	enum transaction_check check_result;
	char check_reference[TRANSACTION_REFERENCE_MAX + 1];
};

/* Words of the enumerations, as rules, CSV and the API write them. */
enum transaction_words {
	WORDS_KIND, WORDS_RESULT, WORDS_CASH, WORDS_METHOD, WORDS_CHECK,
};
/* "withdrawal"; "" for 0 and for what is none. */
const char *transaction_word(enum transaction_words w, unsigned v);
/* ERR_INVALID where there is no such word. */
must_check enum err transaction_find(enum transaction_words w,
    const char *word, unsigned *ret);

/*
 * Is t what may be stored? ERR_INVALID with a sentence in *ret_why: no ATM,
 * kind or time, characters that do not belong there, a full card number in any
 * text.
 */
must_check enum err transaction_check(const struct transaction *t,
    const char **ret_why);

/* t as a line, with LF and NUL; its length. */
size_t transaction_put(const struct transaction *t,
    char buf[TRANSACTION_LINE_MAX + 1]);
/*
 * The line at p, of n bytes without its LF. ERR_FORMAT, also for whatever
 * transaction_check() refuses.
 */
must_check enum err transaction_get(const char *p, size_t n,
    struct transaction *ret);

/*
 * "50,000.00", "50 000,00", "50000": hundredths. A '.' or ',' with one or two
 * digits behind it at the end begins the fraction. ERR_INVALID; n bytes at s.
 */
must_check enum err amount_parse(const char *s, size_t n, int64_t *ret);
/* "50000.00" */
char *amount_format(int64_t amount, char *buf, size_t n);

/*
 * One ATM under two names: "0417", "417", "ATM 0417", "atm-417". Letters
 * count as capitals or small ones alike.
 */
bool atm_same(const char *a, const char *b);

#endif
