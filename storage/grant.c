/* See grant.h; the bytes are in storage/DESIGN.md. */
#include <stdlib.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/bytes.h"
#include "storage/grant.h"
#include "storage/people.h"

#define MAGIC "saqta grant v1\n"
#define MAGIC_N (sizeof(MAGIC) - 1)
#define HEAD_N (MAGIC_N + 8 + 4)
#define ITEM_MAX (1 + CAMERA_ID_MAX + 8 + sizeof(struct age_wrap))

_Static_assert(sizeof(((struct grant_item *)0)->camera) == CAMERA_ID_MAX + 1,
    "camera id");
_Static_assert(sizeof(struct age_wrap) == 64, "share and body");

static int compare(const struct grant_item *item, const char *camera,
    uint64_t seq)
{
	int c = strcmp(item->camera, camera);

	return c ? c : (item->seq > seq) - (item->seq < seq);
}

/* Where (camera, seq) stands or would stand; *ret_there says which. */
static size_t place(const struct grant *g, const char *camera, uint64_t seq,
    bool *ret_there)
{
	size_t lo = 0, hi = g->n;

	*ret_there = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = compare(&g->items[mid], camera, seq);

		if (c == 0) {
			*ret_there = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void grant_init(struct grant *g, uint64_t person)
{
	*g = (struct grant){.person = person};
}

/* Room for one more; grows at powers of two, so the count tells the size. */
must_check static enum err grow(struct grant *g)
{
	struct grant_item *items;

	if (g->n & (g->n - 1))
		return OK;
	items = realloc(g->items, (g->n ? 2 * g->n : 1) * sizeof(*items));
	if (!items)
		return ERR_NO_MEMORY;
	g->items = items;
	return OK;
}

enum err grant_add(struct grant *g, const char *camera, uint64_t seq,
    const unsigned char file_key[AGE_FILE_KEY], const struct age_recipient *to)
{
	struct grant_item item = {.seq = seq};
	bool there;
	size_t at;
	enum err err;

	if (!camera_id_ok(camera))
		return ERR_INVALID;
	if (g->n >= GRANT_SEGMENTS_MAX)
		return ERR_TOO_LARGE;
	at = place(g, camera, seq, &there);
	if (there)
		return ERR_EXISTS;
	err = age_wrap(file_key, to, &item.wrap);
	if (!err)
		err = grow(g);
	if (err)
		return err;
	memcpy(item.camera, camera, strlen(camera));
	memmove(&g->items[at + 1], &g->items[at],
	    (g->n - at) * sizeof(*g->items));
	g->items[at] = item;
	g->n++;
	return OK;
}

static unsigned char *put(unsigned char *out, const void *p, size_t n)
{
	memcpy(out, p, n);
	return out + n;
}

enum err grant_encode(struct grant *g, unsigned char **ret, size_t *ret_n)
{
	unsigned char *out = malloc(HEAD_N + g->n * ITEM_MAX);
	unsigned char *p = out;

	if (!out)
		return ERR_NO_MEMORY;
	p = put(p, MAGIC, MAGIC_N);
	p = be_put(p, g->person, 8);
	p = be_put(p, g->n, 4);
	for (size_t i = 0; i < g->n; i++) {
		const struct grant_item *item = &g->items[i];
		size_t n = strlen(item->camera);

		*p++ = (unsigned char)n;
		p = put(p, item->camera, n);
		p = be_put(p, item->seq, 8);
		p = put(p, &item->wrap, sizeof(item->wrap));
	}
	*ret = out;
	*ret_n = (size_t)(p - out);
	return OK;
}

/* One item at *p, before end. */
must_check static enum err get_item(const unsigned char **p,
    const unsigned char *end, struct grant_item *ret)
{
	size_t left = (size_t)(end - *p), n;

	if (left < 1)
		return ERR_FORMAT;
	n = **p;
	if (n > CAMERA_ID_MAX || left < 1 + n + 8 + sizeof(ret->wrap))
		return ERR_FORMAT;
	*p += 1;
	memset(ret->camera, 0, sizeof(ret->camera));
	memcpy(ret->camera, *p, n);
	if (strlen(ret->camera) != n || !camera_id_ok(ret->camera))
		return ERR_FORMAT;
	ret->seq = be_get(*p + n, 8);
	memcpy(&ret->wrap, *p + n + 8, sizeof(ret->wrap));
	*p += n + 8 + sizeof(ret->wrap);
	return OK;
}

enum err grant_decode(const void *data, size_t n, struct grant *ret)
{
	const unsigned char *p = data, *end = p + n;
	struct grant g = {0};
	enum err err = OK;
	size_t count, room = 1;

	if (n < HEAD_N || memcmp(p, MAGIC, MAGIC_N) != 0)
		return ERR_FORMAT;
	g.person = be_get(p + MAGIC_N, 8);
	count = be_get(p + MAGIC_N + 8, 4);
	p += HEAD_N;
	if (count > GRANT_SEGMENTS_MAX)
		return ERR_TOO_LARGE;
	/* Before memory is taken for what the bytes cannot hold. */
	if (count > (size_t)(end - p) / (2 + 8 + sizeof(struct age_wrap)))
		return ERR_FORMAT;
	while (room < count)	/* as grow() counts */
		room *= 2;
	g.items = calloc(room, sizeof(*g.items));
	if (!g.items)
		return ERR_NO_MEMORY;
	for (; !err && g.n < count; g.n++) {
		err = get_item(&p, end, &g.items[g.n]);
		if (!err && g.n &&
		    compare(&g.items[g.n - 1], g.items[g.n].camera,
			g.items[g.n].seq) >= 0)
			err = ERR_FORMAT;
	}
	if (!err && p != end)
		err = ERR_FORMAT;
	if (err)
		grant_wipe(&g);
	else
		*ret = g;
	return err;
}

enum err grant_find(const struct grant *g, const char *camera, uint64_t seq,
    const struct age_identity *id, unsigned char ret_file_key[AGE_FILE_KEY])
{
	bool there;
	size_t at = place(g, camera, seq, &there);

	return there ? age_unwrap(&g->items[at].wrap, id, ret_file_key) :
		       ERR_NOT_APPROVED;
}

void grant_wipe(struct grant *g)
{
	if (g->items)
		crypt_wipe(g->items, g->n * sizeof(*g->items));
	free(g->items);
	*g = (struct grant){0};
}
