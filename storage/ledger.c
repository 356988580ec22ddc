#include "storage/ledger_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/disk.h"

enum err ledger_create(int data_fd, const char *origin,
    unsigned char ret_log_public[KEY_BYTES])
{
	struct checkpoint c = {.size = 0};
	char note[CHECKPOINT_MAX];
	unsigned char seed[KEY_BYTES];
	struct tail t = {0};
	size_t n;
	enum err e;
	int dir;

	if (strlen(origin) > NOTE_NAME_MAX)
		return ERR_INVALID;
	strcpy(c.origin, origin);
	sha256("", 0, c.root);
	crypt_random(seed, sizeof(seed));
	e = checkpoint_sign(&c, seed, note, &n);
	if (e)
		return e;
	if (mkdirat(data_fd, "ledger", 0700))
		return errno == EEXIST ? ERR_EXISTS : ERR_DISK;
	dir = openat(data_fd, "ledger", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return ERR_DISK;
	e = disk_replace(dir, ".", "log.key", seed, sizeof(seed));
	if (!e)
		e = tail_new(0, &t);
	if (!e)
		e = disk_replace(dir, ".", "tail", t.buf, t.len);
	/* Last, so that a ledger with a checkpoint is a whole one. */
	if (!e)
		e = disk_replace(dir, ".", "checkpoint", note, n);
	if (!e && fsync(data_fd))
		e = ERR_DISK;
	if (!e)
		sign_public(seed, ret_log_public);
	crypt_wipe(seed, sizeof(seed));
	tail_free(&t);
	close(dir);
	return e;
}

static bool may_try_again(enum err e)
{
	return e == ERR_DISK_FULL || e == ERR_NO_MEMORY || e == ERR_SYS;
}

/*
 * The descriptor goes over to the new file. Where that may have failed only
 * half way, writing on into the old one could lose entries: broken.
 */
static enum err replace_tail(struct ledger *l, const struct tail *t)
{
	enum err e = disk_replace(l->dir, ".", "tail", t->buf, t->len);
	int fd;

	if (e) {
		l->broken = e != ERR_DISK_FULL;
		return e;
	}
	fd = openat(l->dir, "tail", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		l->broken = true;
		return ERR_DISK;
	}
	close(l->file);
	l->file = fd;
	return OK;
}

/*
 * Write the first 256 entries of the tail as tiles, each synced, and only then
 * replace the tail. Until the rename the tail holds all; after it the tiles
 * do. So a crash anywhere leaves a ledger that opens with every entry.
 */
static enum err roll(struct ledger *l)
{
	unsigned char leaves[TILE_BYTES], *bundle;
	const struct tail *t = &l->tail;
	struct tail rest = {0};
	size_t n = 0;
	enum err e;

	bundle = malloc(BUNDLE_MAX);
	if (!bundle)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < TILE_N; i++) {
		const struct tail_slot *s = &t->slots[i];

		memcpy(bundle + n, t->buf + s->off - 2, s->n + 2);
		n += s->n + 2;
		memcpy(leaves + i * HASH_BYTES, s->leaf, HASH_BYTES);
	}
	e = tail_rest(t, TILE_N, &rest);
	if (!e)
		e = tile_write(l->dir, TILE_ENTRIES, t->first / TILE_N, bundle,
		    n);
	/* The edge is ahead where the disk was full just below, last time. */
	if (!e && l->edge->tiles == t->first / TILE_N)
		e = tile_edge_put(l->dir, l->edge, leaves);
	if (!e)
		e = replace_tail(l, &rest);
	if (e)
		goto out;
	tail_free(&l->tail);
	l->tail = rest;
	l->committed = rest.n;
	memset(&rest, 0, sizeof(rest));
out:
	tail_free(&rest);
	free(bundle);
	return e;
}

enum err ledger_roll(struct ledger *l)
{
	while (l->committed >= TILE_N) {
		enum err e = roll(l);

		if (!l->broken && may_try_again(e))
			return OK;
		if (e) {
			l->broken = true;
			return ERR_DISK;
		}
	}
	return OK;
}

enum err ledger_put(struct ledger *l, const struct entry *e,
    uint64_t *ret_index)
{
	struct entry_view v;
	enum err err = entry_end(e);

	if (!err)
		err = entry_parse(e->buf, e->len, &v);
	if (err)
		return err;
	if (l->broken || l->file < 0)
		return ERR_DISK;
	err = tail_put(&l->tail, e->buf, e->len);
	if (!err)
		*ret_index = l->tail.first + l->tail.n - 1;
	return err;
}

bool ledger_dirty(const struct ledger *l)
{
	return l->tail.n > l->committed;
}

enum err ledger_commit(struct ledger *l)
{
	size_t at = tail_end(&l->tail, l->committed);
	enum err e;

	if (l->broken)
		return ERR_DISK;
	if (!ledger_dirty(l))
		return OK;
	e = disk_pwrite(l->file, l->tail.buf + at, l->tail.len - at, at);
	if (!e)
		e = disk_sync(l->file);
	if (e) {
		l->broken = e != ERR_DISK_FULL;
		return e;
	}
	for (; l->committed < l->tail.n; l->committed++)
		merkle_put(&l->tree, l->tail.slots[l->committed].leaf);
	return ledger_roll(l);
}

enum err ledger_checkpoint(struct ledger *l)
{
	struct checkpoint c = {.size = l->tree.n};
	char note[CHECKPOINT_MAX];
	size_t n;
	enum err e;

	if (l->broken || l->file < 0)
		return ERR_DISK;
	if (c.size == l->checkpoint || l->keyless)
		return OK;
	strcpy(c.origin, l->origin);
	merkle_root(&l->tree, c.root);
	e = checkpoint_sign(&c, l->seed, note, &n);
	if (!e)
		e = disk_replace(l->dir, ".", "checkpoint", note, n);
	if (!e)
		l->checkpoint = c.size;
	else if (!may_try_again(e))
		l->broken = true;
	return e;
}

uint64_t ledger_size(const struct ledger *l)
{
	return l->tree.n;
}

void ledger_root(const struct ledger *l, unsigned char ret[HASH_BYTES])
{
	merkle_root(&l->tree, ret);
}

uint64_t ledger_checkpoint_size(const struct ledger *l)
{
	return l->checkpoint;
}

uint64_t ledger_tiled(const struct ledger *l)
{
	return l->tail.first;
}
