#include "web/align.h"

#include "storage/api/messages.h"
#include "storage/api/transaction.h"
#include "storage/api/utc.h"
#include "web/json.h"
#include "web/reply.h"

#define SAMPLES "samples"

static void measured(struct http *x)
{
	char atm[TRANSACTION_ATM_MAX + 1], from_text[40];
	uint64_t entry;
	int64_t from, offset, uncertainty, jump;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	entry = wire_get_u64(&x->in);
	wire_get_text(&x->in, atm, sizeof(atm));
	from = wire_get_i64(&x->in);
	offset = wire_get_i64(&x->in);
	uncertainty = wire_get_i64(&x->in);
	jump = wire_get_i64(&x->in);
	if (wire_end(&x->in) != OK) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	utc_rfc3339((struct utc){from}, from_text, sizeof(from_text));
	reply_json(x, 201,
	    json_text("{s:I, s:s, s:s, s:I, s:I, s:I}", "entry",
		(long long)entry, "atm", atm, "from", from_text, "offset_ms",
		(long long)offset, "uncertainty_ms", (long long)uncertainty,
		"jump_ms", (long long)jump));
}

void align_new(struct http *x)
{
	struct json j;
	struct wire w;
	int64_t from = 0;
	size_t n;
	enum err err;

	x->err = json_begin(&j, x->body, x->body_n);
	if (json_has(&j, "from"))
		from = json_get_time(&j, "from");
	n = json_get_list(&j, SAMPLES, 1, ALIGN_SAMPLES_MAX);
	wire_begin(&w, MSG_ALIGN, 0);
	wire_put_str(&w, x->args.request);
	wire_put_i64(&w, from);
	wire_put_u8(&w, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		struct json item;

		if (!json_item(&j, SAMPLES, i, &item))
			break;
		wire_put_i64(&w, json_get_number(&item, "transaction"));
		wire_put_i64(&w, json_get_time(&item, "at"));
		json_item_end(&j, SAMPLES, i, &item);
	}
	err = json_end(&j);
	if (err == OK)
		http_ask(x, x->session->peer, &w, MSG_ALIGN_IS, measured);
	else
		reply_problem(x, err, j.detail, j.pointer);
	json_wipe(&j);
}

static void told(struct http *x)
{
	if (x->err != OK)
		reply_failed(x);
	else
		reply_bulk(x, "application/json", WIRE_BULK_MAX);
}

void align_list(struct http *x)
{
	struct wire w;

	if (!http_query_only(x, NULL, 0)) {
		reply_problem(x, ERR_INVALID, "this takes no parameters", NULL);
		return;
	}
	wire_begin(&w, MSG_ALIGNMENTS, 0);
	http_ask(x, x->session->peer, &w, MSG_ALIGNMENTS_IS, told);
}
