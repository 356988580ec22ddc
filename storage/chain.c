#include "storage/chain.h"

#include <stdlib.h>
#include <string.h>

#define STRIDE 64 /* entries between two looks at the clock */

static void found(struct chain *c, enum chain_what what, uint64_t entry)
{
	if (c->found_n < CHAIN_FOUND_MAX) {
		c->found[c->found_n].what = what;
		c->found[c->found_n].entry = entry;
	}
	c->found_n++;
}

/* The checkpoint's signature was checked when the ledger was opened. */
static enum err read_sealed(struct chain *c)
{
	char note[NOTE_MAX + 1];
	size_t n;

	return ledger_note(c->ledger, note, &n, &c->sealed);
}

/* Who has cosigned which checkpoint; a signature that does not fit is found. */
static enum err read_seen(struct chain *c, int data_fd)
{
	unsigned char cosignature[COSIGN_BYTES];
	char note[NOTE_MAX + 1];
	size_t n;
	enum err err = ledger_witnessed(c->ledger, note, &n, &c->seen);

	if (err)
		return err == ERR_NOT_FOUND ? OK : err;
	err = peers_load(data_fd, &c->peers);
	if (err)
		return err;
	for (size_t i = 0; !err && i < c->peers.witnesses; i++) {
		const struct vkey *key = &c->peers.witness[i].key;
		int64_t at_s = 0;

		err = cosign_find(note, n, key, cosignature, &at_s);
		if (err == OK) {
			c->by[c->by_n++] = key->name;
			c->seen_s = at_s > c->seen_s ? at_s : c->seen_s;
		}
		if (err == ERR_NO_KEY)
			err = OK;
	}
	if (err != ERR_INTEGRITY && err != ERR_FORMAT)
		return err;
	found(c, CHAIN_WITNESS, CHAIN_NO_ENTRY);
	return OK;
}

enum err chain_begin(int data_fd, struct chain **ret)
{
	struct chain *c = calloc(1, sizeof(*c));
	enum err err;

	if (!c)
		return ERR_NO_MEMORY;
	c->check.data_fd = data_fd;
	c->check.alone = true;
	c->check.out = fopen("/dev/null", "we");
	c->tree_fits = true;
	merkle_init(&c->tree);
	err =
	    c->check.out ? ledger_open_readonly(data_fd, &c->ledger) : ERR_DISK;
	if (!err)
		err = read_sealed(c);
	if (!err)
		err = read_seen(c, data_fd);
	if (!err)
		c->size = ledger_size(c->ledger);
	if (err == ERR_INTEGRITY || err == ERR_NOT_FOUND) {
		found(c, CHAIN_CHECKPOINT, CHAIN_NO_ENTRY);
		err = OK;
	}
	if (err) {
		chain_free(c);
		return err;
	}
	*ret = c;
	return OK;
}

void chain_free(struct chain *c)
{
	if (!c)
		return;
	if (c->check.out)
		fclose(c->check.out);
	ledger_close(c->ledger);
	free(c);
}

bool chain_is_over(const struct chain *c)
{
	return c->at >= c->size;
}

static void compare(struct chain *c, const struct checkpoint *with,
    enum chain_what what)
{
	unsigned char root[HASH_BYTES];

	if (!c->tree_fits || c->tree.n != with->size)
		return;
	merkle_root(&c->tree, root);
	if (!crypt_equal(root, with->root, HASH_BYTES))
		found(c, what, CHAIN_NO_ENTRY);
}

static void whole(struct chain *c, const unsigned char *p, size_t n)
{
	unsigned char leaf[HASH_BYTES];
	unsigned changed = c->check.changed;
	struct entry_view v;

	merkle_leaf(p, n, leaf);
	merkle_put(&c->tree, leaf);
	compare(c, &c->sealed, CHAIN_ROOT);
	compare(c, &c->seen, CHAIN_WITNESS);
	if (entry_parse(p, n, &v) || (!c->at && v.type != ENTRY_LOG_BEGINS)) {
		found(c, CHAIN_ENTRY, c->at);
		return;
	}
	if (!c->at && ledger_epoch(c->ledger) > 1)
		c->check.epoch_ns = v.time.ns;
	check_act(&c->check, c->at, p, n, &v, ledger_origin(c->ledger));
	check_clock(&c->check, c->at, &v, ledger_origin(c->ledger));
	if (c->check.changed > changed)
		found(c, CHAIN_ACT, c->at);
	if (!c->at)
		c->from_ns = v.time.ns;
	c->to_ns = v.time.ns;
	if (v.type == ENTRY_HEADS)
		c->heads_ns = v.time.ns;
}

/* Behind one that cannot be read no root is known; the others are still read. */
static enum err entry(struct chain *c)
{
	unsigned char buf[ENTRY_MAX];
	size_t n;
	enum err err = ledger_get(c->ledger, c->at, buf, &n);

	if (!err) {
		whole(c, buf, n);
		return OK;
	}
	if (err != ERR_INTEGRITY && err != ERR_TOO_LARGE)
		return err;
	c->tree_fits = false;
	found(c, CHAIN_ENTRY, c->at);
	return OK;
}

enum err chain_step(struct chain *c, int64_t ms)
{
	int64_t end = mono_now().ns + ms * NS_PER_MS;
	enum err err = OK;

	while (!err && c->at < c->size) {
		err = entry(c);
		c->at += !err;
		if (c->at % STRIDE == 0 && mono_now().ns >= end)
			break;
	}
	return err;
}
