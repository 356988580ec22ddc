#include "storage/ej_rules.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "storage/api/transaction.h"

#define MATCH_LIMIT 20000	/* steps: a rule is not to stand still */
#define LINE_MAX_BYTES 1024
#define TEXTS_MAX 200
#define TEXT_BYTES 96

static const char *const names[EJ_NAMES] = {"year", "month", "day", "hour",
    "minute", "second", "atm", "card", "bin", "last4", "amount", "currency",
    "reference", "kind", "result", "cash", "check-method", "check-result",
    "check-reference", "time", "cash-time"};

struct rule {
	enum ej_act act;
	pcre2_code *code;
	int group[EJ_NAMES];	/* its number, 0: none */
	struct {
		enum ej_name name;
		char value[TEXT_BYTES];
	} set[EJ_SETS_MAX];
	size_t sets;
};

/* A column's name, or a value and the text that means it. */
struct text {
	enum ej_name name;
	char value[TEXT_BYTES], text[TEXT_BYTES];
};

struct ej_rules {
	bool csv, zero_time;
	char separator, encoding[16], currency[4];
	struct rule rule[EJ_RULES_MAX];
	size_t n;
	struct text column[TEXTS_MAX], value[TEXTS_MAX];
	size_t columns, values;
	pcre2_match_context *limits;
	pcre2_match_data *match;
};

struct parse {
	struct ej_rules *r;
	char *why;
	size_t why_n;
	unsigned line;
};

static enum err wrong(struct parse *p, const char *what)
{
	snprintf(p->why, p->why_n, "line %u: %s", p->line, what);
	return ERR_CONFIG;
}

static enum err name_find(struct parse *p, const char *s, enum ej_name *ret)
{
	for (unsigned i = 0; i < EJ_NAMES; i++)
		if (!strcmp(s, names[i])) {
			*ret = (enum ej_name)i;
			return OK;
		}
	return wrong(p, "there is no such field");
}

/* The words that a field may have are transaction.h's. */
static enum err value_check(struct parse *p, enum ej_name f, const char *v)
{
	static const struct {
		enum ej_name name;
		enum transaction_words words;
	} closed[] = {{EJ_KIND, WORDS_KIND}, {EJ_RESULT, WORDS_RESULT},
	    {EJ_CASH, WORDS_CASH}, {EJ_CHECK_METHOD, WORDS_METHOD},
	    {EJ_CHECK_RESULT, WORDS_CHECK}};
	unsigned any;

	if (strlen(v) >= TEXT_BYTES)
		return wrong(p, "the value is too long");
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (closed[i].name == f &&
		    transaction_find(closed[i].words, v, &any))
			return wrong(p,
			    "the field has no such value: see "
			    "saqta-journal(5)");
	return OK;
}

/* The next word of *at, ended by NUL; "" where there is none. */
static char *next_word(char **at)
{
	char *s = *at + strspn(*at, " \t"), *end = s + strcspn(s, " \t");

	*at = *end ? end + 1 : end;
	*end = '\0';
	return s;
}

static void trim(char *s)
{
	size_t n = strlen(s);

	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
}

/* "kind=withdrawal" before the expression. */
static enum err take_sets(struct parse *p, struct rule *r, char **at)
{
	for (;;) {
		char *s = *at + strspn(*at, " \t");
		size_t name =
		    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
		char *value = s + name + 1;
		enum err err;

		if (!name || s[name] != '=')
			return OK;
		if (r->sets == EJ_SETS_MAX)
			return wrong(p, "too many fields are set");
		s[name] = '\0';
		err = name_find(p, s, &r->set[r->sets].name);
		*at = value;
		value = next_word(at);
		if (!err)
			err = value_check(p, r->set[r->sets].name, value);
		if (err)
			return err;
		strcpy(r->set[r->sets++].value, value);
	}
}

static enum err find_groups(struct parse *p, struct rule *r)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < count; i++, table += size) {
		char name[64];
		enum ej_name f;

		snprintf(name, sizeof(name), "%s", (const char *)table + 2);
		for (char *c = name; *c; c++)
			*c = *c == '_' ? '-' : *c;
		if (name_find(p, name, &f))
			return ERR_CONFIG;
		if (!r->group[f])
			r->group[f] = table[0] << 8 | table[1];
	}
	return OK;
}

static enum err take_rule(struct parse *p, enum ej_act act, char *at)
{
	struct rule *r = &p->r->rule[p->r->n];
	size_t offset;
	int code;
	enum err err;

	if (p->r->n == EJ_RULES_MAX)
		return wrong(p, "there are too many rules");
	*r = (struct rule){.act = act};
	p->r->n++;
	err = take_sets(p, r, &at);
	if (err)
		return err;
	at += strspn(at, " \t");
	if (!*at)
		return wrong(p, "the expression is missing");
	r->code = pcre2_compile((PCRE2_SPTR)at, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_UCP | PCRE2_DUPNAMES | PCRE2_NEVER_BACKSLASH_C,
	    &code, &offset, NULL);
	if (!r->code) {
		char say[160], text[120];

		pcre2_get_error_message(code, (PCRE2_UCHAR *)text,
		    sizeof(text));
		snprintf(say, sizeof(say), "%s (character %zu)", text, offset);
		return wrong(p, say);
	}
	return find_groups(p, r);
}

static enum err take_text(struct parse *p, struct text *t, size_t *n, char *at,
    bool value)
{
	enum err err;

	if (*n == TEXTS_MAX)
		return wrong(p, "there are too many of these");
	err = name_find(p, next_word(&at), &t->name);
	if (!err && value) {
		char *v = next_word(&at);

		err = value_check(p, t->name, v);
		if (!err)
			strcpy(t->value, v);
	}
	if (err)
		return err;
	at += strspn(at, " \t");
	if (!*at || strlen(at) >= TEXT_BYTES)
		return wrong(p, "the text is missing or too long");
	strcpy(t->text, at);
	(*n)++;
	return OK;
}

static enum err take_word(struct parse *p, const char *what, const char *v)
{
	struct ej_rules *r = p->r;

	if (!strcmp(what, "format")) {
		r->csv = !strcmp(v, "csv");
		return r->csv || !strcmp(v, "lines") ?
		    OK :
		    wrong(p, "format is lines or csv");
	}
	if (!strcmp(what, "zero-time")) {
		r->zero_time = strcmp(v, "no") != 0;
		return OK;
	}
	if (!strcmp(what, "separator")) {
		r->separator = !strcmp(v, "tab") ? '\t' : *v;
		return strlen(v) == 1 || !strcmp(v, "tab") ?
		    OK :
		    wrong(p, "separator is one character, or tab");
	}
	if (!strcmp(what, "currency") && strlen(v) == 3) {
		strcpy(r->currency, v);
		return OK;
	}
	if (!strcmp(what, "encoding") && strlen(v) < sizeof(r->encoding)) {
		strcpy(r->encoding, v);
		return OK;
	}
	return wrong(p, "there is no such rule: see saqta-journal(5)");
}

static enum err take_line(struct parse *p, char *line)
{
	static const char *const acts[] = {
	    "stamp", "start", "field", "end", "event", "time"};
	char *at = line, *what;

	trim(line);
	what = next_word(&at);
	if (!*what || *what == '#')
		return OK;
	for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (!strcmp(what, acts[i]))
			return take_rule(p, (enum ej_act)i, at);
	if (!strcmp(what, "column"))
		return take_text(p, &p->r->column[p->r->columns],
		    &p->r->columns, at, false);
	if (!strcmp(what, "value"))
		return take_text(p, &p->r->value[p->r->values], &p->r->values,
		    at, true);
	return take_word(p, what, next_word(&at));
}

/* The widest rule decides how many groups there is room for. */
static enum err make_room(struct ej_rules *r)
{
	uint32_t most = 1;

	for (size_t i = 0; i < r->n; i++) {
		uint32_t n = 0;

		pcre2_pattern_info(r->rule[i].code, PCRE2_INFO_CAPTURECOUNT,
		    &n);
		most = n + 1 > most ? n + 1 : most;
	}
	r->match = pcre2_match_data_create(most, NULL);
	r->limits = pcre2_match_context_create(NULL);
	if (!r->match || !r->limits)
		return ERR_NO_MEMORY;
	pcre2_set_match_limit(r->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(r->limits, MATCH_LIMIT);
	return OK;
}

enum err ej_rules_parse(const char *text, size_t n, struct ej_rules **ret,
    char *why, size_t why_n)
{
	struct ej_rules *r = calloc(1, sizeof(*r));
	struct parse p = {r, why, why_n, 0};
	char line[LINE_MAX_BYTES];
	enum err err = r ? OK : ERR_NO_MEMORY;

	if (!err) {
		r->separator = ',';
		r->zero_time = true;
	}
	for (size_t at = 0, m; !err && at < n; at += m + 1) {
		const char *end = memchr(text + at, '\n', n - at);

		p.line++;
		m = end ? (size_t)(end - text) - at : n - at;
		if (m >= sizeof(line) || memchr(text + at, '\0', m)) {
			err = wrong(&p, "it is too long, or no text");
			break;
		}
		memcpy(line, text + at, m);
		line[m] = '\0';
		err = take_line(&p, line);
	}
	if (!err)
		err = make_room(r);
	if (err)
		ej_rules_free(r);
	else
		*ret = r;
	return err;
}

void ej_rules_free(struct ej_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		pcre2_code_free(r->rule[i].code);
	pcre2_match_data_free(r->match);
	pcre2_match_context_free(r->limits);
	free(r);
}

bool ej_rules_csv(const struct ej_rules *r)
{
	return r->csv;
}

char ej_rules_separator(const struct ej_rules *r)
{
	return r->separator;
}

const char *ej_rules_encoding(const struct ej_rules *r)
{
	return r->encoding;
}

const char *ej_rules_currency(const struct ej_rules *r)
{
	return r->currency;
}

bool ej_rules_zero_time(const struct ej_rules *r)
{
	return r->zero_time;
}

size_t ej_rules_count(const struct ej_rules *r)
{
	return r->n;
}

enum ej_act ej_rules_act(const struct ej_rules *r, size_t i)
{
	return r->rule[i].act;
}

bool ej_rules_match(const struct ej_rules *rules, size_t i, const char *line,
    size_t n, struct ej_found *ret)
{
	const struct rule *r = &rules->rule[i];
	int found = pcre2_match(r->code, (PCRE2_SPTR)line, n, 0, 0,
	    rules->match, rules->limits);
	PCRE2_SIZE *at;

	if (found < 0)
		return false;
	memset(ret, 0, sizeof(*ret));
	at = pcre2_get_ovector_pointer(rules->match);
	for (unsigned f = 0; f < EJ_NAMES; f++) {
		int g = r->group[f];

		if (!g || g >= found || at[2 * g] == PCRE2_UNSET)
			continue;
		ret->field[f].at = line + at[2 * g];
		ret->field[f].n = at[2 * g + 1] - at[2 * g];
	}
	for (size_t k = 0; k < r->sets; k++) {
		ret->field[r->set[k].name].at = r->set[k].value;
		ret->field[r->set[k].name].n = strlen(r->set[k].value);
	}
	return true;
}

enum err ej_rules_column(const struct ej_rules *r, const char *name,
    enum ej_name *ret)
{
	for (size_t i = 0; i < r->columns; i++)
		if (!strcmp(r->column[i].text, name)) {
			*ret = r->column[i].name;
			return OK;
		}
	return ERR_NOT_FOUND;
}

const char *ej_rules_value(const struct ej_rules *r, enum ej_name f,
    const char *text)
{
	for (size_t i = 0; i < r->values; i++)
		if (r->value[i].name == f && !strcmp(r->value[i].text, text))
			return r->value[i].value;
	return text;
}
