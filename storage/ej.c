#include "storage/ej.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "storage/api/utc.h"
#include "storage/csv.h"

#define HALF_DAY_S (12 * 3600)
#define UNKNOWN (EJ_NAMES + 1)	/* a column that is no field */

struct moment {
	struct day day;
	int hour, minute, second;
	bool has_day, has_time;
};

struct ej {
	const struct ej_rules *rules;
	char atm[TRANSACTION_ATM_MAX + 1];
	struct ej_sink sink;
	struct ej_counts counts;
	unsigned long line, started;
	struct moment now;
	int64_t last_ns;		/* what a line said last */
	bool open;
	bool undated;			/* no line of it had a time yet */
	struct transaction t;
	const char *why;		/* what is wrong with it, or NULL */
	unsigned column[CSV_FIELDS_MAX];
	size_t columns;			/* 0: names were not read yet */
	struct csv csv;
};

enum err ej_new(const struct ej_rules *rules, const char *atm,
    const struct ej_sink *sink, struct ej **ret)
{
	struct ej *j;

	if (strlen(atm) > TRANSACTION_ATM_MAX)
		return ERR_INVALID;
	j = calloc(1, sizeof(*j));
	if (!j)
		return ERR_NO_MEMORY;
	j->rules = rules;
	j->sink = *sink;
	strcpy(j->atm, atm);
	*ret = j;
	return OK;
}

void ej_free(struct ej *j)
{
	if (j)
		explicit_bzero(j, sizeof(*j));
	free(j);
}

const struct ej_counts *ej_counts(const struct ej *j)
{
	return &j->counts;
}

static void complain(struct ej *j, unsigned long line, const char *why)
{
	j->sink.complain(line, why, j->sink.arg);
}

/* A number of 1 to 4 digits; -1. */
static int number(const char *s, size_t n)
{
	int v = 0;

	if (!n || n > 4)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return -1;
		v = v * 10 + (s[i] - '0');
	}
	return v;
}

static int found_number(const struct ej_found *f, enum ej_name name)
{
	return number(f->field[name].at, f->field[name].n);
}

/* Date and time of day, as far as a rule found them. */
static void moment_set(struct moment *m, const struct ej_found *f)
{
	if (f->field[EJ_DAY].at && f->field[EJ_MONTH].at) {
		int year = f->field[EJ_YEAR].at ? found_number(f, EJ_YEAR) :
						  m->day.year;

		m->day =
		    (struct day){year >= 0 && year < 100 ? year + 2000 : year,
			found_number(f, EJ_MONTH), found_number(f, EJ_DAY)};
		m->has_day = true;
		if (!f->field[EJ_HOUR].at)
			m->has_time = false;	/* of the day before */
	}
	if (f->field[EJ_HOUR].at && f->field[EJ_MINUTE].at) {
		int was = m->hour * 3600 + m->minute * 60 + m->second;

		m->hour = found_number(f, EJ_HOUR);
		m->minute = found_number(f, EJ_MINUTE);
		m->second =
		    f->field[EJ_SECOND].at ? found_number(f, EJ_SECOND) : 0;
		if (m->has_day && m->has_time && !f->field[EJ_DAY].at &&
		    was - (m->hour * 3600 + m->minute * 60 + m->second) >
			HALF_DAY_S)
			m->day = day_next(m->day);
		m->has_time = true;
	}
}

static int64_t moment_ns(const struct ej *j, const struct moment *m)
{
	struct utc t;

	if (!m->has_day || (!m->has_time && !ej_rules_zero_time(j->rules)))
		return 0;
	return utc_local(m->day, m->has_time ? m->hour : 0,
		   m->has_time ? m->minute : 0, m->has_time ? m->second : 0,
		   &t) ?
	    0 :
	    t.ns;
}

/* Of "440012******4821" the digits before and behind what is cut. */
static void card_set(struct transaction *t, const char *text)
{
	size_t n = 0, before = 0, behind = 0, digits = 0;
	char s[32];

	for (; *text && n + 1 < sizeof(s); text++)
		if (!strchr(" -.", *text))
			s[n++] = *text;
	s[n] = '\0';
	for (size_t i = 0; i < n && isdigit((unsigned char)s[i]); i++)
		before++;
	for (size_t i = n; i && isdigit((unsigned char)s[i - 1]); i--)
		behind++;
	for (size_t i = 0; i < n; i++)
		digits += isdigit((unsigned char)s[i]) != 0;
	if (before < n && before >= 4)
		snprintf(t->bin, sizeof(t->bin), "%.*s",
		    (int)(before < 6 ? before : 6), s);
	if (digits >= 4 && behind >= 4)
		memcpy(t->last4, s + n - 4, 5);
}

static void currency_set(struct ej *j, const char *s)
{
	static const char *const numbers[][2] = {{"398", "KZT"}, {"643", "RUB"},
	    {"810", "RUB"}, {"840", "USD"}, {"978", "EUR"}, {"860", "UZS"},
	    {"417", "KGS"}, {"156", "CNY"}, {"826", "GBP"}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(s, numbers[i][0]))
			s = numbers[i][1];
	if (strlen(s) != 3) {
		j->why = "the currency is not known";
		return;
	}
	for (size_t i = 0; i < 4; i++)
		j->t.currency[i] = (char)toupper((unsigned char)s[i]);
}

static unsigned word(struct ej *j, enum transaction_words w, const char *s,
    const char *why)
{
	unsigned v = 0;

	if (transaction_find(w, s, &v))
		j->why = why;
	return v;
}

static void copy(struct ej *j, char *ret, size_t room, const char *s)
{
	if (strlen(s) >= room)
		j->why = "a field is too long";
	snprintf(ret, room, "%s", s);
}

static void cash_set(struct ej *j, const char *s)
{
	j->t.cash = (enum transaction_cash)word(j, WORDS_CASH, s,
	    "what became of the cash is no word of ours");
	if (!ej_rules_csv(j->rules))
		j->t.cash_ns = moment_ns(j, &j->now);
}

static void set(struct ej *j, enum ej_name name, const char *s)
{
	struct transaction *t = &j->t;

	switch (name) {
	case EJ_ATM:
		copy(j, t->atm, sizeof(t->atm), s);
		break;
	case EJ_CARD:
		card_set(t, s);
		break;
	case EJ_BIN:
		snprintf(t->bin, sizeof(t->bin), "%.6s", s);
		break;
	case EJ_LAST4:
		copy(j, t->last4, sizeof(t->last4), s);
		break;
	case EJ_AMOUNT:
		if (amount_parse(s, strlen(s), &t->amount))
			j->why = "the amount is none";
		break;
	case EJ_CURRENCY:
		currency_set(j, s);
		break;
	case EJ_REFERENCE:
		copy(j, t->reference, sizeof(t->reference), s);
		break;
	case EJ_KIND:
		t->kind = (enum transaction_kind)word(j, WORDS_KIND, s,
		    "what happened is no word of ours (kind)");
		break;
	case EJ_RESULT:
		t->result = (enum transaction_result)word(j, WORDS_RESULT, s,
		    "the result is no word of ours");
		break;
	case EJ_CASH:
		cash_set(j, s);
		break;
	case EJ_CHECK_METHOD:
		t->check_method = (enum transaction_method)word(j, WORDS_METHOD,
		    s, "the way of the identity check is no word of ours");
		break;
	case EJ_CHECK_RESULT:
		t->check_result = (enum transaction_check)word(j, WORDS_CHECK,
		    s, "the result of the identity check is no word of ours");
		break;
	case EJ_CHECK_REFERENCE:
		copy(j, t->check_reference, sizeof(t->check_reference), s);
		break;
	default:
		break;
	}
}

/* The fields of a line; one that stands already stays, but for the cash. */
static void take(struct ej *j, const struct ej_found *f, bool given[EJ_NAMES])
{
	for (unsigned i = EJ_ATM; i < EJ_NAMES; i++) {
		char text[128];

		if (!f->field[i].at || given[i])
			continue;
		if (f->field[i].n >= sizeof(text)) {
			j->why = "a field is too long";
			continue;
		}
		memcpy(text, f->field[i].at, f->field[i].n);
		text[f->field[i].n] = '\0';
		given[i] = true;
		set(j, (enum ej_name)i,
		    ej_rules_value(j->rules, (enum ej_name)i, text));
	}
}

static void begin(struct ej *j)
{
	j->t = (struct transaction){.time_ns = moment_ns(j, &j->now)};
	strcpy(j->t.atm, j->atm);
	strcpy(j->t.currency, ej_rules_currency(j->rules));
	j->why = NULL;
	j->started = j->line;
}

static void went_back(struct ej *j, int64_t to_ns)
{
	struct ej_counts *c = &j->counts;

	c->backward++;
	if (j->last_ns - to_ns <= c->back_ns)
		return;
	c->back_ns = j->last_ns - to_ns;
	c->back_to_ns = to_ns;
	strcpy(c->back_atm, *j->t.atm ? j->t.atm : j->atm);
}

/* Each line's own time: what a transaction gets is that of its beginning. */
static void notice_clock(struct ej *j)
{
	int64_t ns = j->now.has_time ? moment_ns(j, &j->now) : 0;
	char say[96];

	if (!ns)
		return;
	if (ns + EJ_BACK_S * NS_PER_SEC < j->last_ns) {
		went_back(j, ns);
		snprintf(say, sizeof(say),
		    "the journal's clock goes back by %lld s here",
		    (long long)((j->last_ns - ns) / NS_PER_SEC));
		complain(j, j->line, say);
	}
	j->last_ns = ns;
}

static void give(struct ej *j)
{
	const char *why = j->why;

	if (!j->t.amount)
		j->t.currency[0] = '\0';
	if (!why && !j->t.kind && !ej_rules_csv(j->rules)) {
		j->counts.without++;
		return;
	}
	if (!why && !transaction_check(&j->t, &why)) {
		j->counts.events++;
		j->sink.event(&j->t, j->sink.arg);
		return;
	}
	j->counts.broken++;
	complain(j, j->started, why);
}

static void text_line(struct ej *j, const char *line, size_t n)
{
	/* of this line's rules: what an event and what a transaction got */
	bool given[EJ_NAMES] = {false};
	bool ends = false, stamped = false;
	struct ej_found f;

	for (size_t i = 0; i < ej_rules_count(j->rules); i++) {
		enum ej_act act = ej_rules_act(j->rules, i);

		if ((act == EJ_FIELD || act == EJ_END) && !j->open)
			continue;
		if (!ej_rules_match(j->rules, i, line, n, &f))
			continue;
		if (act == EJ_STAMP) {
			moment_set(&j->now, &f);
			notice_clock(j);
			stamped = true;
		} else if (act == EJ_EVENT) {
			bool its[EJ_NAMES] = {false};
			struct transaction kept = j->t;
			const char *kept_why = j->why;
			unsigned long kept_line = j->started;

			begin(j);
			if (j->open) {	/* whose card it is */
				memcpy(j->t.bin, kept.bin, sizeof(kept.bin));
				memcpy(j->t.last4, kept.last4,
				    sizeof(kept.last4));
			}
			take(j, &f, its);
			give(j);
			j->t = kept;
			j->why = kept_why;
			j->started = kept_line;
		} else {
			if (act == EJ_START) {
				if (j->open) {
					complain(j, j->started,
					    "the transaction that begins here "
					    "has no end: it is taken as it is");
					give(j);
				}
				begin(j);
				j->open = true;
				j->undated = !stamped;
			}
			take(j, &f, given);
			ends = ends || act == EJ_END;
		}
	}
	/* it began when its first line with a time says */
	if (stamped && j->open && j->undated) {
		j->t.time_ns = moment_ns(j, &j->now);
		j->undated = false;
	}
	if (ends && j->open) {
		j->open = false;
		give(j);
	}
}

static bool csv_names(struct ej *j)
{
	bool any = false;

	for (size_t i = 0; i < j->csv.fields; i++) {
		enum ej_name f;

		j->column[i] = UNKNOWN;
		if (!ej_rules_column(j->rules, j->csv.field[i], &f)) {
			j->column[i] = f;
			any = any || f == EJ_MOMENT;
		}
	}
	j->columns = j->csv.fields;
	return any;
}

/* A cell with a time: as the rule `time` says, else RFC 3339. */
static int64_t csv_time(struct ej *j, const char *s)
{
	struct moment m = {.has_day = false};
	struct ej_found f;
	struct utc t;

	for (size_t i = 0; i < ej_rules_count(j->rules); i++)
		if (ej_rules_act(j->rules, i) == EJ_TIME &&
		    ej_rules_match(j->rules, i, s, strlen(s), &f)) {
			moment_set(&m, &f);
			return moment_ns(j, &m);
		}
	return utc_parse(s, &t) ? 0 : t.ns;
}

static void csv_cell(struct ej *j, unsigned field, const char *s)
{
	if (field == EJ_MOMENT)
		j->t.time_ns = csv_time(j, s);
	else if (field == EJ_CASH_MOMENT && *s)
		j->t.cash_ns = csv_time(j, s);
	else if (field < EJ_MOMENT && *s)
		set(j, (enum ej_name)field,
		    ej_rules_value(j->rules, (enum ej_name)field, s));
}

static void csv_line(struct ej *j, const char *line, size_t n)
{
	csv_begin(&j->csv, line, n);
	j->csv.separator = ej_rules_separator(j->rules);
	if (csv_next(&j->csv)) {
		j->counts.broken += j->columns != 0;
		complain(j, j->line, "its quotes are wrong, or it is too long");
		return;
	}
	if (!j->columns) {
		if (!csv_names(j))
			complain(j, j->line,
			    "no column of the first line is the time: do rules "
			    "and separator fit?");
		return;
	}
	begin(j);
	j->t.time_ns = 0;
	if (j->csv.fields != j->columns)
		j->why = "it has not as many cells as the first line";
	for (size_t i = 0; !j->why && i < j->columns; i++)
		csv_cell(j, j->column[i], j->csv.field[i]);
	give(j);
}

void ej_line(struct ej *j, unsigned long line, const char *text, size_t n)
{
	j->line = line;
	while (n && (text[n - 1] == '\r' || text[n - 1] == ' '))
		n--;
	if (!n)
		return;
	if (ej_rules_csv(j->rules))
		csv_line(j, text, n);
	else
		text_line(j, text, n);
}

void ej_end(struct ej *j)
{
	if (!j->open)
		return;
	j->open = false;
	complain(j, j->started,
	    "the transaction that begins here has no end: it is taken as it "
	    "is");
	give(j);
}
