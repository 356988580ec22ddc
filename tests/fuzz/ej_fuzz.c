/*
 * A journal under rules, both from outside: the first byte says whose rules,
 * those of the input up to a NUL or a small set of ours. What comes out is an
 * event that may be stored, without a full card number.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/pan.h"
#include "storage/api/utc.h"
#include "storage/ej_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char ours[] =
    "currency KZT\n"
    "stamp ^(?<day>\\d\\d)\\.(?<month>\\d\\d)\\.(?<year>\\d+)\n"
    "stamp (?<hour>\\d+):(?<minute>\\d+):(?<second>\\d+)\n"
    "start BEGIN (?<atm>\\S+)\nend END\n"
    "field kind=withdrawal CASH (?<amount>.+)\n"
    "field CARD (?<card>.+)\nfield REF (?<reference>.+)\n"
    "event kind=door-open cash=taken DOOR (?<kind>\\w*)\n";
static const char list[] =
    "format csv\nseparator ;\ncolumn time t\ncolumn kind k\ncolumn amount a\n"
    "column card c\ncolumn cash-time u\ncolumn atm m\ncolumn reference r\n";

static void event(const struct transaction *t, void *arg)
{
	char line[TRANSACTION_LINE_MAX + 1];
	struct transaction back;
	size_t m = transaction_put(t, line);

	(void)arg;
	if (m != strlen(line) || transaction_get(line, m - 1, &back) ||
	    pan_has(t->reference, strlen(t->reference)))
		abort();
}

static void complaint(unsigned long line, const char *why, void *arg)
{
	(void)arg;
	if (!line || !*why)
		abort();
}

static void read_journal(const char *rules, size_t rules_n,
    const char *encoding, const uint8_t *p, size_t n)
{
	struct ej_sink sink = {event, complaint, NULL};
	struct ej_rules *r = NULL;
	struct ej_text *t = NULL;
	struct ej *j = NULL;
	char why[256];
	char *copy;

	if (ej_rules_parse(rules, rules_n, &r, why, sizeof(why)))
		return;
	copy = malloc(n ? n : 1);
	if (!copy || ej_new(r, n % 2 ? "0417" : "", &sink, &j) ||
	    ej_text_new(encoding, j, &sink, &t))
		abort();
	memcpy(copy, p, n);
	ej_text_take(t, copy, n);
	ej_text_end(t);
	ej_end(j);
	free(copy);
	ej_text_free(t);
	ej_free(j);
	ej_rules_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const encodings[] = {"utf-8", "cp1251", "cp866"};
	const uint8_t *end;
	char text[600];

	if (!n || utc_site("UTC"))
		return 0;
	memset(text, 0, sizeof(text));
	memcpy(text, p, n < sizeof(text) ? n : sizeof(text));
	pan_cut(text, sizeof(text));
	if (pan_has(text, sizeof(text)))
		abort();	/* what was cut has nothing to cut */
	end = memchr(p + 1, '\0', n - 1);
	if (*p % 3 == 0 && end)
		read_journal((const char *)p + 1, (size_t)(end - p - 1),
		    encodings[*p / 3 % 3], end + 1, n - 1 - (size_t)(end - p));
	else if (*p % 3 == 1)
		read_journal(ours, strlen(ours), encodings[*p / 3 % 3], p + 1,
		    n - 1);
	else
		read_journal(list, strlen(list), encodings[*p / 3 % 3], p + 1,
		    n - 1);
	return 0;
}
