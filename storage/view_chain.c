/* view_chain.c - what a verification of the ledger has found (chain.h). */
#include "storage/chain.h"
#include "storage/view_json.h"

static const char *const kinds[] = {[CHAIN_CHECKPOINT] = "checkpoint",
    [CHAIN_ENTRY] = "entry",
    [CHAIN_ROOT] = "root",
    [CHAIN_ACT] = "act",
    [CHAIN_WITNESS] = "witness"};

static json_t *found_json(const struct chain *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->found_n && i < CHAIN_FOUND_MAX; i++)
		json_array_append_new(a,
		    json_pack("{s:s, s:o}", "what", kinds[c->found[i].what],
			"entry",
			c->found[i].entry == CHAIN_NO_ENTRY ?
			    json_null() :
			    json_integer((json_int_t)c->found[i].entry)));
	return a;
}

static json_t *witness_json(const struct chain *c)
{
	json_t *by;

	if (!c->by_n)
		return json_null();
	by = json_array();
	for (size_t i = 0; i < c->by_n; i++)
		json_array_append_new(by, json_string(c->by[i]));
	return json_pack("{s:o, s:I, s:o}", "by", by, "size",
	    (json_int_t)c->seen.size, "at", json_time(c->seen_s * NS_PER_SEC));
}

enum err view_chain(const struct chain *c, char **ret)
{
	char root[2 * HASH_BYTES + 1];

	hex_encode(c->sealed.root, HASH_BYTES, root);
	return view_text(
	    json_pack("{s:b, s:I, s:I, s:I, s:s, s:i, s:o, s:o, s:o, s:o, s:I, "
		      "s:I, s:o}",
		"over", chain_is_over(c), "at", (json_int_t)c->at, "size",
		(json_int_t)c->size, "signed", (json_int_t)c->sealed.size,
		"root", root, "epoch",
		c->ledger ? (int)ledger_epoch(c->ledger) : 0, "from",
		json_time_or_null(c->from_ns), "to",
		json_time_or_null(c->to_ns), "heads",
		json_time_or_null(c->heads_ns), "found", found_json(c),
		"found_in_all", (json_int_t)c->found_n, "unnamed",
		(json_int_t)c->check.unnamed, "witness", witness_json(c)),
	    ret);
}
