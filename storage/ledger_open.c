#include "storage/api/credential.h"
#include "storage/ledger_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/disk.h"

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	tail_free(&l->tail);
	free(l->edge);
	free(l->bundle);
	crypt_wipe(l->seed, sizeof(l->seed));
	if (l->file >= 0)
		close(l->file);
	if (l->dir >= 0)
		close(l->dir);
	free(l);
}

/* A file that must be there. */
static enum err need(int dir, const char *path, size_t max, unsigned char **ret,
    size_t *ret_n)
{
	enum err e = disk_read_all(dir, path, max, ret, ret_n);

	if (e == ERR_NOT_FOUND || e == ERR_TOO_LARGE) {
		log_error("ledger/%s: %s", path,
		    e == ERR_NOT_FOUND ? "is missing" : "is too large");
		return ERR_INTEGRITY;
	}
	return e;
}

static enum err load_tail(const struct ledger *l, struct tail *ret,
    size_t *ret_cut)
{
	unsigned char *p;
	size_t n;
	enum err e = need(l->dir, "tail", TAIL_MAX, &p, &n);

	if (e)
		return e;
	e = tail_parse(p, n, ret, ret_cut);
	free(p);
	if (!e && ret->first % TILE_N) {
		tail_free(ret);
		e = ERR_FORMAT;
	}
	if (e == ERR_FORMAT) {
		log_error("ledger/tail: its header is not one");
		e = ERR_INTEGRITY;
	}
	return e;
}

/*
 * Read tail and right edge; the tree then covers every entry on disk. On
 * failure the ledger is as it was.
 */
static enum err load(struct ledger *l, size_t *ret_cut)
{
	struct tile_edge *edge = calloc(1, sizeof(*edge));
	char bad[TILE_PATH_MAX];
	struct tail t = {0};
	struct merkle tree;
	size_t cut;
	enum err e = ERR_NO_MEMORY;

	if (!edge)
		goto out;
	e = load_tail(l, &t, &cut);
	if (e)
		goto out;
	e = tile_edge_load(l->dir, t.first / TILE_N, edge, bad);
	if (!e)
		e = tile_tree(l->dir, edge, t.first, &tree, bad);
	if (e == ERR_INTEGRITY)
		log_error("ledger/%s: is missing or has a wrong size", bad);
	if (e)
		goto out;
	for (size_t i = 0; i < t.n; i++)
		merkle_put(&tree, t.slots[i].leaf);
	tail_free(&l->tail);
	free(l->edge);
	l->tail = t;
	l->edge = edge;
	l->tree = tree;
	l->committed = t.n;
	*ret_cut = cut;
	return OK;
out:
	tail_free(&t);
	free(edge);
	return e;
}

/* The checkpoint's signature, by the log's key of that time or, if none, ours. */
static enum err check_signature(struct ledger *l, const unsigned char *note,
    size_t n, const unsigned char *own)
{
	const unsigned char *key;
	size_t text_n;
	enum err e = ledger_keys_load(l);

	if (e == ERR_INTEGRITY || e == ERR_FORMAT) {
		log_error("ledger: entry 0 does not fit the checkpoint");
		return ERR_INTEGRITY;
	}
	if (e)
		return e;
	key = ledger_key_for(l, l->checkpoint);
	if (!key)
		key = own;
	if (!key)
		return OK;
	if (note_check(note, n, l->origin, key, &text_n) != OK) {
		log_error("ledger/checkpoint: its signature does not fit");
		return ERR_INTEGRITY;
	}
	return OK;
}

/*
 * Everything against the checkpoint. It is read before the tail, so that a
 * reader beside the writer never sees one that is ahead.
 */
static enum err load_and_check(struct ledger *l, const unsigned char *own,
    size_t *ret_cut)
{
	unsigned char root[HASH_BYTES], *note;
	struct checkpoint c;
	size_t n;
	enum err e = need(l->dir, "checkpoint", NOTE_MAX, &note, &n);

	if (e)
		return e;
	if (checkpoint_parse(note, n, &c) != OK) {
		log_error("ledger/checkpoint: is not one");
		e = ERR_INTEGRITY;
		goto out;
	}
	strcpy(l->origin, c.origin);
	l->checkpoint = c.size;
	e = load(l, ret_cut);
	if (e)
		goto out;
	if (l->tree.n < c.size) {
		log_error("ledger: %llu entries, the checkpoint says %llu",
		    (unsigned long long)l->tree.n, (unsigned long long)c.size);
		e = ERR_INTEGRITY;
		goto out;
	}
	e = ledger_root_at(l, c.size, root);
	if (e == ERR_INTEGRITY)
		log_error("ledger: a tile is missing or has a wrong size");
	if (e)
		goto out;
	if (!crypt_equal(root, c.root, HASH_BYTES)) {
		log_error("ledger: the root of %llu entries is not that of "
			  "the checkpoint",
		    (unsigned long long)c.size);
		e = ERR_INTEGRITY;
		goto out;
	}
	e = check_signature(l, note, n, own);
out:
	free(note);
	return e;
}

static enum err new_ledger(int data_fd, const char *name, struct ledger **ret)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return ERR_NO_MEMORY;
	l->file = -1;
	l->epoch = 1;
	l->bundle_n = UINT64_MAX;
	l->dir = openat(data_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dir < 0) {
		enum err e = errno == ENOENT ? ERR_NOT_FOUND : ERR_DISK;

		ledger_close(l);
		return e;
	}
	*ret = l;
	return OK;
}

/* A key of ours: log.key, or the next one of a change that was cut short. */
static enum err read_key_at(struct ledger *l, int dir, const char *name,
    unsigned char ret_public[KEY_BYTES])
{
	unsigned char seed[KEY_BYTES];
	size_t n;
	enum err e = disk_read(dir, name, seed, sizeof(seed), &n);

	if (e == ERR_TOO_LARGE || (!e && n != KEY_BYTES))
		e = ERR_INTEGRITY;
	if (!e) {
		memcpy(l->seed, seed, KEY_BYTES);
		sign_public(seed, ret_public);
	}
	crypt_wipe(seed, sizeof(seed));
	return e;
}

static enum err read_key(struct ledger *l, const char *name,
    unsigned char ret_public[KEY_BYTES])
{
	return read_key_at(l, l->dir, name, ret_public);
}

/*
 * The key that signs now. A file beside the log is what the last change of the
 * key left, so it is later than a credential; who keeps the key as a credential
 * takes the file away.
 */
static bool find_key(struct ledger *l, unsigned char ret_public[KEY_BYTES])
{
	int dir;
	enum err e = read_key(l, "log.key", ret_public);

	if (e != ERR_NOT_FOUND)
		return !e;
	dir = credential_dir(LEDGER_CREDENTIAL);
	if (dir < 0)
		return false;
	e = read_key_at(l, dir, LEDGER_CREDENTIAL, ret_public);
	close(dir);
	return !e;
}

/*
 * The seed must be that of the key which the log names now. Where it is not,
 * or is lost, entries still go in, and no checkpoint is signed until custodians
 * name another key ("saqta ledger rotate").
 */
static enum err settle_key(struct ledger *l, bool have,
    unsigned char public[KEY_BYTES])
{
	const unsigned char *now = ledger_key_for(l, UINT64_MAX);
	enum err e;

	if (have && (!now || !memcmp(now, public, KEY_BYTES)))
		return OK;
	e = read_key(l, "log.key.next", public);
	if (!e && now && !memcmp(now, public, KEY_BYTES))
		return disk_replace(l->dir, ".", "log.key", l->seed, KEY_BYTES);
	crypt_wipe(l->seed, sizeof(l->seed));
	if (!now)
		return ERR_INTEGRITY;
	log_error("ledger/log.key: %s; checkpoints stay unsigned until a "
		  "custodian runs saqta ledger rotate",
	    have ? "is not the key of the log" : "is missing or is no key");
	l->keyless = true;
	return OK;
}

/* After a sync that failed the page cache is no witness of the disk. */
static void forget(int dir, const char *path)
{
	uint64_t size;
	int fd;

	if (disk_open_read(dir, path, &fd, &size))
		return;
	disk_forget(fd);
	close(fd);
}

enum err ledger_open(int data_fd, struct ledger **ret, size_t *ret_cut_bytes)
{
	unsigned char key[KEY_BYTES];
	struct ledger *l;
	size_t cut = 0;
	bool have;
	enum err e = new_ledger(data_fd, "ledger", &l);

	if (e)
		return e;
	if (flock(l->dir, LOCK_EX | LOCK_NB)) {
		e = errno == EWOULDBLOCK ? ERR_BUSY : ERR_DISK;
		goto out;
	}
	/* What a killed writer left unsynced becomes durable here. */
	e = disk_sync_volume(l->dir);
	if (e)
		goto out;
	forget(l->dir, "tail");
	have = find_key(l, key);
	e = load_and_check(l, have ? key : NULL, &cut);
	if (!e)
		e = settle_key(l, have, key);
	if (e)
		goto out;
	l->file = openat(l->dir, "tail", O_RDWR | O_CLOEXEC);
	if (l->file < 0 ||
	    (cut && (ftruncate(l->file, (off_t)l->tail.len) || fsync(l->file))))
		e = ERR_DISK;
	if (!e)
		e = ledger_roll(l);
out:
	if (e) {
		ledger_close(l);
		return e;
	}
	*ret = l;
	*ret_cut_bytes = cut;
	return OK;
}

enum err ledger_open_readonly(int data_fd, struct ledger **ret)
{
	struct ledger *l;
	size_t cut;
	enum err e = new_ledger(data_fd, "ledger", &l);

	if (e)
		return e;
	e = load_and_check(l, NULL, &cut);
	if (e) {
		ledger_close(l);
		return e;
	}
	*ret = l;
	return OK;
}

enum err ledger_open_as_is(int data_fd, const char *name, struct ledger **ret)
{
	struct ledger *l;
	size_t cut;
	enum err e = new_ledger(data_fd, name, &l);

	if (e)
		return e;
	e = load(l, &cut);
	if (!e && ledger_keys_load(l))
		l->keys_n = 0;
	if (e) {
		ledger_close(l);
		return e;
	}
	*ret = l;
	return OK;
}

/* Have entry tile n and its leaf hashes in memory. */
static enum err load_bundle(struct ledger *l, uint64_t n)
{
	char path[TILE_PATH_MAX];
	unsigned char *p;
	size_t len;
	enum err e;

	if (l->bundle_n == n)
		return OK;
	e = tile_read(l->dir, 0, n, l->bundle_leaves);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_INTEGRITY : e;
	tile_path(TILE_ENTRIES, n, path);
	e = disk_read_all(l->dir, path, BUNDLE_MAX, &p, &len);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_INTEGRITY : e;
	free(l->bundle);
	l->bundle = p;
	l->bundle_len = len;
	l->bundle_n = n;
	return OK;
}

static enum err get_from_tile(struct ledger *l, uint64_t i,
    unsigned char buf[ENTRY_MAX], size_t *ret_n)
{
	unsigned char leaf[HASH_BYTES];
	const unsigned char *entry;
	size_t n;
	enum err e = load_bundle(l, i / TILE_N);

	if (!e)
		e = tile_entry(l->bundle, l->bundle_len, i % TILE_N, &entry,
		    &n);
	if (e)
		return e;
	merkle_leaf(entry, n, leaf);
	if (memcmp(leaf, l->bundle_leaves + i % TILE_N * HASH_BYTES,
		HASH_BYTES))
		return ERR_INTEGRITY;
	memcpy(buf, entry, n);
	*ret_n = n;
	return OK;
}

enum err ledger_get(struct ledger *l, uint64_t i, unsigned char buf[ENTRY_MAX],
    size_t *ret_n)
{
	const struct tail_slot *s;
	size_t cut;

	if (i >= l->tree.n && l->file < 0) {
		enum err e = load(l, &cut);

		if (e)
			return e;
	}
	if (i >= l->tree.n)
		return ERR_NOT_FOUND;
	if (i < l->tail.first)
		return get_from_tile(l, i, buf, ret_n);
	s = &l->tail.slots[i - l->tail.first];
	memcpy(buf, l->tail.buf + s->off, s->n);
	*ret_n = s->n;
	return OK;
}
