#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/tail.h"

#define LABEL "saqta tail v1\n"
#define LABEL_N 14
#define CHECK_N 8		/* bytes of the leaf hash behind each entry */

static enum err grow(struct tail *t, size_t more)
{
	void *p;

	if (t->cap - t->len < more) {
		size_t cap = 2 * t->cap + more;

		p = realloc(t->buf, cap);
		if (!p)
			return ERR_NO_MEMORY;
		t->buf = p;
		t->cap = cap;
	}
	if (t->n == t->slots_cap) {
		size_t cap = 2 * t->slots_cap + 64;

		p = reallocarray(t->slots, cap, sizeof(*t->slots));
		if (!p)
			return ERR_NO_MEMORY;
		t->slots = p;
		t->slots_cap = cap;
	}
	return OK;
}

enum err tail_new(uint64_t first, struct tail *ret)
{
	struct tail t = {.first = first};
	enum err e = grow(&t, 4096);

	if (e) {
		tail_free(&t);
		return e;
	}
	memcpy(t.buf, LABEL, LABEL_N);
	be_put(t.buf + LABEL_N, first, 8);
	t.len = TAIL_HEAD;
	*ret = t;
	return OK;
}

static enum err put(struct tail *t, const void *entry, size_t n,
    const unsigned char leaf[HASH_BYTES])
{
	struct tail_slot *s;
	enum err e = grow(t, 2 + n + CHECK_N);

	if (e)
		return e;
	s = &t->slots[t->n++];
	s->off = t->len + 2;
	s->n = n;
	memcpy(s->leaf, leaf, HASH_BYTES);
	be_put(t->buf + t->len, n, 2);
	memcpy(t->buf + s->off, entry, n);
	memcpy(t->buf + s->off + n, leaf, CHECK_N);
	t->len = s->off + n + CHECK_N;
	return OK;
}

enum err tail_put(struct tail *t, const void *entry, size_t n)
{
	unsigned char leaf[HASH_BYTES];

	merkle_leaf(entry, n, leaf);
	return put(t, entry, n, leaf);
}

enum err tail_parse(const void *p, size_t n, struct tail *ret,
    size_t *ret_cut_bytes)
{
	const unsigned char *b = p;
	unsigned char leaf[HASH_BYTES];
	struct entry_view v;
	size_t at = TAIL_HEAD;
	struct tail t;
	enum err e;

	if (n < TAIL_HEAD || memcmp(b, LABEL, LABEL_N) ||
	    be_get(b + LABEL_N, 8) > INT64_MAX)
		return ERR_FORMAT;
	e = tail_new(be_get(b + LABEL_N, 8), &t);
	if (e)
		return e;
	while (n - at >= 2) {
		size_t len = (size_t)be_get(b + at, 2);

		if (n - at - 2 < len + CHECK_N ||
		    entry_parse(b + at + 2, len, &v) != OK)
			break;
		merkle_leaf(b + at + 2, len, leaf);
		if (memcmp(leaf, b + at + 2 + len, CHECK_N))
			break;
		e = put(&t, b + at + 2, len, leaf);
		if (e) {
			tail_free(&t);
			return e;
		}
		at += 2 + len + CHECK_N;
	}
	*ret_cut_bytes = n - at;
	*ret = t;
	return OK;
}

enum err tail_rest(const struct tail *t, size_t k, struct tail *ret)
{
	struct tail rest;
	enum err e = tail_new(t->first + k, &rest);

	for (; !e && k < t->n; k++)
		e = put(&rest, t->buf + t->slots[k].off, t->slots[k].n,
		    t->slots[k].leaf);
	if (e) {
		tail_free(&rest);
		return e;
	}
	*ret = rest;
	return OK;
}

size_t tail_end(const struct tail *t, size_t k)
{
	const struct tail_slot *s;

	if (!k)
		return TAIL_HEAD;
	s = &t->slots[k - 1];
	return s->off + s->n + CHECK_N;
}

void tail_free(struct tail *t)
{
	free(t->buf);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}
