/* ledger_prove.c - proofs out of tiles and tail (P10). */
#include <stdlib.h>
#include <string.h>

#include "storage/disk.h"
#include "storage/ledger_state.h"

/* One tile is kept: the hashes of a proof often stand in the same one. */
struct prove {
	const struct ledger *l;
	int level;
	uint64_t tile;
	unsigned char hash[TILE_BYTES];
	bool loaded;
};

/* Hash n of a level of tiles, where it stands on disk or at the edge. */
static enum err row_hash(struct prove *p, unsigned level, uint64_t n,
    unsigned char ret[HASH_BYTES])
{
	const struct tile_edge *edge = p->l->edge;
	uint64_t tile = n / TILE_N;
	enum err e;

	if (tile >= edge->tiles >> (8 * level)) {
		memcpy(ret, edge->hash[level][n % TILE_N], HASH_BYTES);
		return OK;
	}
	if (!p->loaded || p->level != (int)level || p->tile != tile) {
		p->loaded = false;
		e = tile_read(p->l->dir, (int)level, tile, p->hash);
		if (e)
			return e == ERR_NOT_FOUND ? ERR_INTEGRITY : e;
		p->loaded = true;
		p->level = (int)level;
		p->tile = tile;
	}
	memcpy(ret, p->hash + n % TILE_N * HASH_BYTES, HASH_BYTES);
	return OK;
}

/*
 * A subtree whose leaves are all tiled and whose height is a multiple of 8 is
 * one hash of a row; any other is made of its halves.
 */
static enum err subtree(void *arg, unsigned level, uint64_t index,
    unsigned char ret[HASH_BYTES])
{
	struct prove *p = arg;
	const struct tail *t = &p->l->tail;
	uint64_t end = (index + 1) << level;
	unsigned char l[HASH_BYTES], r[HASH_BYTES];
	enum err e;

	if (end <= t->first && level % 8 == 0 && level / 8 < TILE_LEVELS)
		return row_hash(p, level / 8, index, ret);
	if (!level) {
		if (index - t->first >= t->n)
			return ERR_RANGE;
		memcpy(ret, t->slots[index - t->first].leaf, HASH_BYTES);
		return OK;
	}
	e = subtree(p, level - 1, 2 * index, l);
	if (!e)
		e = subtree(p, level - 1, 2 * index + 1, r);
	if (!e)
		merkle_node(l, r, ret);
	return e;
}

/* A proof or root over this ledger; one of the functions of merkle.h. */
static enum err with_source(const struct ledger *l, uint64_t size,
    enum err (*run)(const struct merkle_source *, void *), void *arg)
{
	struct merkle_source s = {.subtree = subtree};
	struct prove *p;
	enum err e;

	if (size > l->tree.n)
		return ERR_RANGE;
	p = calloc(1, sizeof(*p));
	if (!p)
		return ERR_NO_MEMORY;
	p->l = l;
	s.arg = p;
	e = run(&s, arg);
	free(p);
	return e;
}

struct wanted {
	uint64_t at, size; /* index or old size; size */
	unsigned char (*ret)[HASH_BYTES];
	size_t *ret_n;
};

static enum err path(const struct merkle_source *s, void *arg)
{
	struct wanted *w = arg;

	return merkle_path(s, w->at, w->size, w->ret, w->ret_n);
}

static enum err growth(const struct merkle_source *s, void *arg)
{
	struct wanted *w = arg;

	return merkle_growth(s, w->at, w->size, w->ret, w->ret_n);
}

static enum err root(const struct merkle_source *s, void *arg)
{
	struct wanted *w = arg;

	return merkle_range(s, 0, w->size, *w->ret);
}

enum err ledger_path(const struct ledger *l, uint64_t index, uint64_t size,
    unsigned char ret[MERKLE_PATH_MAX][HASH_BYTES], size_t *ret_n)
{
	struct wanted w = {index, size, ret, ret_n};

	return with_source(l, size, path, &w);
}

enum err ledger_growth(const struct ledger *l, uint64_t old, uint64_t size,
    unsigned char ret[MERKLE_PATH_MAX][HASH_BYTES], size_t *ret_n)
{
	struct wanted w = {old, size, ret, ret_n};

	return with_source(l, size, growth, &w);
}

enum err ledger_root_at(const struct ledger *l, uint64_t size,
    unsigned char ret[HASH_BYTES])
{
	struct wanted w = {0, size, (unsigned char(*)[HASH_BYTES])ret, NULL};

	if (!size) {
		sha256("", 0, ret);
		return OK;
	}
	return with_source(l, size, root, &w);
}

static enum err read_note(struct ledger *l, const char *name,
    char ret_note[NOTE_MAX + 1], size_t *ret_n, struct checkpoint *ret)
{
	unsigned char *p, entry[ENTRY_MAX];
	struct checkpoint c;
	size_t n, entry_n;
	enum err e = disk_read_all(l->dir, name, NOTE_MAX, &p, &n);

	if (e)
		return e == ERR_TOO_LARGE ? ERR_INTEGRITY : e;
	e = checkpoint_parse(p, n, &c);
	/* one that is new covers entries that we have not looked at yet */
	if (!e && c.size > l->tree.n)
		e = ledger_get(l, c.size - 1, entry, &entry_n);
	if (!e) {
		memcpy(ret_note, p, n);
		ret_note[n] = '\0';
		*ret_n = n;
		*ret = c;
	}
	free(p);
	return e == ERR_FORMAT || e == ERR_NOT_FOUND ? ERR_INTEGRITY : e;
}

enum err ledger_note(struct ledger *l, char ret_note[NOTE_MAX + 1],
    size_t *ret_n, struct checkpoint *ret)
{
	enum err e = read_note(l, "checkpoint", ret_note, ret_n, ret);

	return e == ERR_NOT_FOUND ? ERR_INTEGRITY : e;
}

uint64_t ledger_signed(struct ledger *l)
{
	char note[NOTE_MAX + 1];
	struct checkpoint c;
	size_t n;

	return ledger_note(l, note, &n, &c) ? ledger_checkpoint_size(l) :
					      c.size;
}

enum err ledger_witnessed(struct ledger *l, char ret_note[NOTE_MAX + 1],
    size_t *ret_n, struct checkpoint *ret)
{
	return read_note(l, "witnessed", ret_note, ret_n, ret);
}

size_t ledger_key_changes(const struct ledger *l, uint64_t *ret, size_t max)
{
	size_t n = 0;

	/* the first key is named by entry 0, which is no change */
	for (unsigned i = 1; i < l->keys_n && n < max; i++)
		ret[n++] = l->keys[i].from;
	return n;
}
