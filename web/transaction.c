#include "web/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/pan.h"
#include "storage/api/transaction.h"
#include "storage/api/utc.h"
#include "web/args.h"
#include "web/bearer.h"
#include "web/json.h"
#include "web/reply.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

static void pass_json(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_bulk(x, "application/json", WIRE_BULK_MAX);
}

/* Refuse the value of a parameter; once. */
static void refuse(struct http *x, const char *name, const char *what)
{
	char pointer[32];

	if (x->reply.status)
		return;
	snprintf(pointer, sizeof(pointer), "/%s", name);
	reply_problem(x, ERR_INVALID, what, pointer);
}

static int64_t get_time(struct http *x, const char *name, int64_t otherwise)
{
	const char *s = http_query(x, name);
	struct utc t = {otherwise};

	if (s && utc_parse(s, &t))
		refuse(x, name, ARGS_TIME_RULE " (+ is %2B in a query)");
	return t.ns;
}

static int64_t get_amount(struct http *x, const char *name, int64_t otherwise)
{
	const char *s = http_query(x, name);
	int64_t v = otherwise;

	if (s && !strcmp(s, "threshold") && !strcmp(name, "amount_min"))
		return -1;	/* storage knows it */
	if (s && amount_parse(s, strlen(s), &v))
		refuse(x, name,
		    "an amount, such as 50000 or 50000.50; amount_min may be "
		    "the word threshold");
	return v;
}

/* A text of at most max bytes; digits alone where `digits` is not 0. */
static const char *get_text(struct http *x, const char *name, size_t max,
    size_t digits)
{
	const char *s = http_query(x, name);
	size_t n;

	if (!s)
		return "";
	n = strlen(s);
	if (n > max || (digits && (n < digits || strspn(s, "0123456789") != n)))
		refuse(x, name,
		    digits ? "digits: at most six of a BIN, the last four" :
			     "a shorter text");
	return s;
}

static uint8_t get_word(struct http *x, const char *name,
    enum transaction_words words)
{
	const char *s = http_query(x, name);
	unsigned v = 0;

	if (s && transaction_find(words, s, &v))
		refuse(x, name, "there is no such word");
	return (uint8_t)v;
}

static uint8_t get_yes(struct http *x, const char *name)
{
	const char *s = http_query(x, name);

	if (s && strcmp(s, "yes") != 0)
		refuse(x, name, "yes, or nothing");
	return s != NULL;
}

/* "next" of the page before: TIME.ID */
static void get_before(struct http *x, int64_t *ret_ns, int64_t *ret_id)
{
	const char *s = http_query(x, "before");
	const char *dot = s ? strchr(s, '.') : NULL;
	uint64_t ns = 0, id = 0;

	if (s &&
	    (!dot || !args_is_number(s, (size_t)(dot - s), &ns) ||
		!args_is_number(dot + 1, strlen(dot + 1), &id) ||
		ns > INT64_MAX || id > INT64_MAX))
		refuse(x, "before", "what the page before gave as \"next\"");
	*ret_ns = (int64_t)ns;
	*ret_id = (int64_t)id;
}

static void get_amounts(struct http *x, int64_t *ret_least, int64_t *ret_most)
{
	if (http_query(x, "amount")) {
		*ret_least = *ret_most = get_amount(x, "amount", 0);
		if (http_query(x, "amount_min") || http_query(x, "amount_max"))
			refuse(x, "amount",
			    "either amount, or amount_min and amount_max");
		return;
	}
	*ret_least = get_amount(x, "amount_min", 0);
	*ret_most = get_amount(x, "amount_max", TRANSACTION_AMOUNT_MAX);
	if (*ret_most < *ret_least)
		refuse(x, "amount_max", "must not be less than amount_min");
}

void transaction_search(struct http *x)
{
	static const char *const names[] = {"atm", "from", "to", "amount",
	    "amount_min", "amount_max", "last4", "bin", "reference", "kind",
	    "result", "unchecked", "before"};
	int64_t from, to, least, most, last_ns, last_id;
	struct wire w;

	if (!http_query_only(x, names, N(names))) {
		reply_problem(x, ERR_INVALID,
		    "the parameters are atm, from, to, amount, amount_min, "
		    "amount_max, last4, bin, reference, kind, result, "
		    "unchecked and before, each once",
		    NULL);
		return;
	}
	from = get_time(x, "from", 0);
	to = get_time(x, "to", utc_now().ns + DAY_NS);
	get_amounts(x, &least, &most);
	get_before(x, &last_ns, &last_id);
	if (from < 0 || to <= from)
		refuse(x, "to", "must be later than from");
	wire_begin(&w, MSG_TRANSACTIONS, 0);
	wire_put_str(&w, get_text(x, "atm", TRANSACTION_ATM_MAX, 0));
	wire_put_i64(&w, from);
	wire_put_i64(&w, to);
	wire_put_i64(&w, least);
	wire_put_i64(&w, most);
	wire_put_str(&w, get_text(x, "last4", 4, 4));
	wire_put_str(&w, get_text(x, "bin", 6, 4));
	wire_put_str(&w,
	    get_text(x, "reference", TRANSACTION_REFERENCE_MAX, 0));
	wire_put_u8(&w, get_word(x, "kind", WORDS_KIND));
	wire_put_u8(&w, get_word(x, "result", WORDS_RESULT));
	wire_put_u8(&w, get_yes(x, "unchecked"));
	wire_put_i64(&w, last_ns);
	wire_put_i64(&w, last_id);
	if (!x->reply.status)
		http_ask(x, x->session->peer, &w, MSG_TRANSACTIONS_IS,
		    pass_json);
}

void transaction_repeated(struct http *x)
{
	static const char *const names[] = {"list", "from", "to"};
	static const char *const lists[] = {"several-atms", "under"};
	const char *list = http_query(x, "list");
	int64_t from, to;
	uint8_t number = 0;
	struct wire w;

	if (!http_query_only(x, names, N(names))) {
		reply_problem(x, ERR_INVALID,
		    "the parameters are list, from and to, each once", NULL);
		return;
	}
	for (uint8_t i = 0; list && i < N(lists); i++)
		if (!strcmp(list, lists[i]))
			number = (uint8_t)(i + 1);
	if (!number)
		refuse(x, "list", "several-atms or under");
	to = get_time(x, "to", utc_now().ns);
	from = get_time(x, "from", to - DAY_NS);
	if (from < 0 || to <= from || to - from > 7 * DAY_NS)
		refuse(x, "to", "later than from, by seven days at most");
	wire_begin(&w, MSG_TRANSACTION_LISTS, 0);
	wire_put_u8(&w, number);
	wire_put_i64(&w, from);
	wire_put_i64(&w, to);
	if (!x->reply.status)
		http_ask(x, x->session->peer, &w, MSG_TRANSACTION_LISTS_IS,
		    pass_json);
}

/* --- what other programs bring --- */

#define PUSH_MAX 200		/* in one call */
#define LIST "transactions"

static void copy(struct json *j, const char *name, char *ret, size_t room)
{
	const char *s = json_find_str(j, name, room - 1);

	snprintf(ret, room, "%s", s ? s : "");
}

static unsigned word(struct json *j, const char *name,
    enum transaction_words words)
{
	const char *s = json_find_str(j, name, 24);
	unsigned v = 0;

	if (s && transaction_find(words, s, &v))
		json_refuse(j, name, "there is no such word");
	return v;
}

static void get_money(struct json *j, struct transaction *t)
{
	const char *s = json_find_str(j, "amount", 24);

	if (s && amount_parse(s, strlen(s), &t->amount))
		json_refuse(j, "amount", "a text such as 50000.00");
	copy(j, "currency", t->currency, sizeof(t->currency));
}

static void get_one(struct json *j, struct transaction *t)
{
	const char *why = "";

	memset(t, 0, sizeof(*t));
	snprintf(t->atm, sizeof(t->atm), "%s",
	    json_get_str(j, "atm", 1, TRANSACTION_ATM_MAX));
	t->time_ns = json_get_time(j, "time");
	if (json_find_str(j, "cash_time", 64))
		t->cash_ns = json_get_time(j, "cash_time");
	t->kind = (enum transaction_kind)word(j, "kind", WORDS_KIND);
	get_money(j, t);
	t->result = (enum transaction_result)word(j, "result", WORDS_RESULT);
	copy(j, "bin", t->bin, sizeof(t->bin));
	copy(j, "last4", t->last4, sizeof(t->last4));
	copy(j, "reference", t->reference, sizeof(t->reference));
	t->cash = (enum transaction_cash)word(j, "cash", WORDS_CASH);
	t->check_method =
	    (enum transaction_method)word(j, "check_method", WORDS_METHOD);
	t->check_result =
	    (enum transaction_check)word(j, "check_result", WORDS_CHECK);
	copy(j, "check_reference", t->check_reference,
	    sizeof(t->check_reference));
	if (j->err == OK && transaction_check(t, &why))
		json_refuse(j, t->kind ? "" : "kind", why);
}

/* All of them as lines; NULL where one is not right. */
static char *get_lines(struct json *j, size_t *ret_n)
{
	size_t count = json_get_list(j, LIST, 1, PUSH_MAX), n = 0;
	char *lines = count ? malloc(count * TRANSACTION_LINE_MAX + 1) : NULL;

	for (size_t i = 0; lines && i < count; i++) {
		struct transaction t;
		struct json item;

		if (!json_item(j, LIST, i, &item))
			break;
		get_one(&item, &t);
		json_item_end(j, LIST, i, &item);
		if (j->err == OK)
			n += transaction_put(&t, lines + n);
	}
	*ret_n = n;
	return lines;
}

static void pushed(struct http *x)
{
	uint32_t added, known, strange;

	if (x->err != OK) {
		bearer_failed(x);
		return;
	}
	added = wire_get_u32(&x->in);
	known = wire_get_u32(&x->in);
	strange = wire_get_u32(&x->in);
	if (wire_end(&x->in) != OK)
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
	else
		reply_json(x, 200,
		    json_text("{s:I, s:I, s:I, s:I}", "added", (long long)added,
			"known", (long long)known, "without_camera",
			(long long)strange, "cards_cut",
			(long long)(intptr_t)x->keep));
}

void transaction_push(struct http *x)
{
	struct json j;
	struct wire w;
	char *lines = NULL;
	size_t n = 0;
	int fd = -1;
	enum err err;

	/* before anything reads them */
	x->keep = (void *)(intptr_t)pan_cut(x->body, x->body_n);
	x->err = json_begin(&j, x->body, x->body_n);
	lines = get_lines(&j, &n);
	err = json_end(&j);
	if (err == OK && !lines)
		err = ERR_NO_MEMORY;
	if (err == OK)
		err = bulk_from(lines, n, &fd);
	if (err != OK) {
		reply_problem(x, err, j.detail, j.pointer);
	} else {
		bearer_begin(x, &w, MSG_TRANSACTIONS_PUT);
		w.fd = fd;
		bearer_ask(x, &w, MSG_TRANSACTIONS_PUT_IS, pushed);
		explicit_bzero(&w, sizeof(w));
	}
	if (fd >= 0)
		close(fd);
	free(lines);
	json_wipe(&j);
}
