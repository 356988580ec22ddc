#include "storage/api/transaction.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "storage/api/pan.h"

#define FIELDS 14
#define N(a) (sizeof(a) / sizeof((a)[0]))

static const char *const kinds[] = {"", "card-in", "card-taken",
    "card-retained", "withdrawal", "deposit", "load", "door-open", "safe-open",
    "out-of-service", "other"};
static const char *const results[] = {"", "approved", "declined", "failed"};
static const char *const cashes[] = {"", "presented", "taken", "retracted"};
static const char *const methods[] = {"", "database", "mobile", "biometric"};
static const char *const checks[] = {"", "passed", "failed"};

static const struct {
	const char *const *word;
	size_t n;
} words[] = {
    [WORDS_KIND] = {kinds, N(kinds)},
    [WORDS_RESULT] = {results, N(results)},
    [WORDS_CASH] = {cashes, N(cashes)},
    [WORDS_METHOD] = {methods, N(methods)},
    [WORDS_CHECK] = {checks, N(checks)},
};

const char *transaction_word(enum transaction_words w, unsigned v)
{
	return v < words[w].n ? words[w].word[v] : "";
}

enum err transaction_find(enum transaction_words w, const char *word,
    unsigned *ret)
{
	for (size_t i = 1; i < words[w].n; i++)
		if (!strcasecmp(word, words[w].word[i])) {
			*ret = (unsigned)i;
			return OK;
		}
	return ERR_INVALID;
}

static bool is_digits(const char *s, size_t least, size_t most)
{
	size_t n = strspn(s, "0123456789");

	return !s[n] && n >= least && n <= most;
}

/* Printable; what is not ASCII is for whoever decoded it to vouch for. */
static bool is_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 127)
			return false;
	return !pan_has(s, strlen(s));
}

static bool is_reference(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(" -_./:#*", *p))
			return false;
	return !pan_has(s, strlen(s));
}

static bool is_currency(const char *s)
{
	return !*s ||
	    (strlen(s) == 3 && isupper((unsigned char)s[0]) &&
		isupper((unsigned char)s[1]) && isupper((unsigned char)s[2]));
}

static bool are_words(const struct transaction *t)
{
	return (unsigned)t->result < N(results) &&
	    (unsigned)t->cash < N(cashes) &&
	    (unsigned)t->check_method < N(methods) &&
	    (unsigned)t->check_result < N(checks);
}

enum err transaction_check(const struct transaction *t, const char **ret_why)
{
	const char *why = NULL;

	if (!*t->atm || !is_text(t->atm) || pan_has(t->atm, strlen(t->atm)))
		why = "no ATM is named, or its name is no text";
	else if (!t->kind || (unsigned)t->kind >= N(kinds))
		why = "what happened is not told (kind)";
	else if (t->time_ns <= 0 || t->cash_ns < 0)
		why = "there is no date and time";
	else if (t->amount < 0 || t->amount > TRANSACTION_AMOUNT_MAX)
		why = "the amount is none";
	else if (!is_currency(t->currency))
		why = "the currency is none of three capital letters";
	else if ((*t->bin && !is_digits(t->bin, 1, 6)) ||
	    (*t->last4 && !is_digits(t->last4, 4, 4)))
		why = "of a card at most six digits and the last four are kept";
	else if (!is_reference(t->reference) ||
	    !is_reference(t->check_reference))
		why = "a reference has letters, digits and - _ . / : # *";
	else if (!are_words(t))
		why = "result, cash or check is no word of ours";
	if (!why)
		return OK;
	*ret_why = why;
	return ERR_INVALID;
}

size_t transaction_put(const struct transaction *t,
    char buf[TRANSACTION_LINE_MAX + 1])
{
	int n = snprintf(buf, TRANSACTION_LINE_MAX + 1,
	    "%s\t%" PRId64 "\t%" PRId64 "\t%u\t%" PRId64
	    "\t%s\t%u\t%s\t%s\t%s\t%u\t%u\t%u\t%s\n",
	    t->atm, t->time_ns, t->cash_ns, (unsigned)t->kind, t->amount,
	    t->currency, (unsigned)t->result, t->bin, t->last4, t->reference,
	    (unsigned)t->cash, (unsigned)t->check_method,
	    (unsigned)t->check_result, t->check_reference);

	return (size_t)n;	/* the fields together are shorter */
}

/* Digits alone, at most 18 of them. */
static bool number(const char *s, int64_t *ret)
{
	if (!is_digits(s, 1, 18) && !(is_digits(s, 19, 19) && *s == '1'))
		return false;
	*ret = strtoll(s, NULL, 10);
	return true;
}

static bool word(const char *s, enum transaction_words w, unsigned *ret)
{
	int64_t v;

	if (!number(s, &v) || v >= (int64_t)words[w].n)
		return false;
	*ret = (unsigned)v;
	return true;
}

static bool text(const char *s, char *ret, size_t room)
{
	if (strlen(s) >= room)
		return false;
	memcpy(ret, s, strlen(s) + 1);
	return true;
}

static bool fields_get(char *const f[FIELDS], struct transaction *t)
{
	unsigned kind = 0, result = 0, cash = 0, method = 0, check = 0;
	bool fine = text(f[0], t->atm, sizeof(t->atm)) &&
	    number(f[1], &t->time_ns) && number(f[2], &t->cash_ns) &&
	    word(f[3], WORDS_KIND, &kind) && number(f[4], &t->amount) &&
	    text(f[5], t->currency, sizeof(t->currency)) &&
	    word(f[6], WORDS_RESULT, &result) &&
	    text(f[7], t->bin, sizeof(t->bin)) &&
	    text(f[8], t->last4, sizeof(t->last4)) &&
	    text(f[9], t->reference, sizeof(t->reference)) &&
	    word(f[10], WORDS_CASH, &cash) &&
	    word(f[11], WORDS_METHOD, &method) &&
	    word(f[12], WORDS_CHECK, &check) &&
	    text(f[13], t->check_reference, sizeof(t->check_reference));

	t->kind = (enum transaction_kind)kind;
	t->result = (enum transaction_result)result;
	t->cash = (enum transaction_cash)cash;
	t->check_method = (enum transaction_method)method;
	t->check_result = (enum transaction_check)check;
	return fine;
}

enum err transaction_get(const char *p, size_t n, struct transaction *ret)
{
	struct transaction t = {0};
	char buf[TRANSACTION_LINE_MAX + 1], *f[FIELDS] = {buf};
	const char *why;
	size_t k = 1;

	if (n >= TRANSACTION_LINE_MAX || memchr(p, '\0', n))
		return ERR_FORMAT;
	memcpy(buf, p, n);
	buf[n] = '\0';
	for (char *at = buf; *at; at++)
		if (*at == '\t') {
			if (k == FIELDS)
				return ERR_FORMAT;
			*at = '\0';
			f[k++] = at + 1;
		}
	if (k != FIELDS || !fields_get(f, &t) || transaction_check(&t, &why))
		return ERR_FORMAT;
	*ret = t;
	return OK;
}

/* Where the fraction begins; n where there is none. */
static size_t fraction_at(const char *s, size_t n)
{
	for (size_t k = 2; k <= 3 && k < n; k++)
		if (s[n - k] == '.' || s[n - k] == ',')
			return n - k;
	return n;
}

enum err amount_parse(const char *s, size_t n, int64_t *ret)
{
	size_t point, digits = 0, after = 0;
	int64_t v = 0;

	while (n && (*s == ' ' || *s == '+')) {
		s++;
		n--;
	}
	while (n && s[n - 1] == ' ')
		n--;
	point = fraction_at(s, n);
	for (size_t i = 0; i < n; i++) {
		if (isdigit((unsigned char)s[i])) {
			if (v > TRANSACTION_AMOUNT_MAX)
				return ERR_INVALID;
			v = v * 10 + (s[i] - '0');
			digits++;
			after += i > point;
		} else if (i != point && s[i] != ' ' && s[i] != '\'' &&
		    s[i] != ',' && s[i] != '.' && (unsigned char)s[i] != 0xc2 &&
		    (unsigned char)s[i] != 0xa0) {
			return ERR_INVALID;
		}
	}
	for (; after < 2; after++)
		v *= 10;
	if (!digits || v > TRANSACTION_AMOUNT_MAX)
		return ERR_INVALID;
	*ret = v;
	return OK;
}

char *amount_format(int64_t amount, char *buf, size_t n)
{
	snprintf(buf, n, "%" PRId64 ".%02d", amount / 100, (int)(amount % 100));
	return buf;
}

/* Behind "ATM", blanks, '-', '#' and zeros. */
static const char *bare(const char *s)
{
	if (!strncasecmp(s, "atm", 3))
		s += 3;
	return s + strspn(s, " -_#0");
}

bool atm_same(const char *a, const char *b)
{
	return !strcasecmp(a, b) || (*bare(a) && !strcasecmp(bare(a), bare(b)));
}
