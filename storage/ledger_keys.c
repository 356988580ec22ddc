#include "storage/ledger_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/ledger_state.h"

#define ROTATED_MAX (KEYS_MAX * 24) /* bytes of the file `rotated` */
#define STATEMENT_MAX (32 + NOTE_NAME_MAX + 2 * KEY_BYTES)

unsigned ledger_epoch(const struct ledger *l)
{
	return l->epoch;
}

const char *ledger_origin(const struct ledger *l)
{
	return l->origin;
}

bool ledger_keyless(const struct ledger *l)
{
	return l->keyless;
}

uint64_t ledger_number(const struct ledger *l, uint64_t i)
{
	return (uint64_t)(l->epoch - 1) << EPOCH_SHIFT | i;
}

enum err epoch_origin(const char *origin, unsigned epoch,
    char out[NOTE_NAME_MAX + 1])
{
	int n = epoch == 1 ?
	    snprintf(out, NOTE_NAME_MAX + 1, "%s", origin) :
	    snprintf(out, NOTE_NAME_MAX + 1, "%s/epoch-%u", origin, epoch);

	return n > NOTE_NAME_MAX ? ERR_TOO_LARGE : OK;
}

const unsigned char *ledger_key_for(const struct ledger *l, uint64_t size)
{
	unsigned i = l->keys_n;

	while (i > 1 && l->keys[i - 1].from >= size)
		i--;
	return i ? l->keys[i - 1].key : NULL;
}

bool ledger_key_of(const struct ledger *l, uint64_t size,
    unsigned char ret[KEY_BYTES])
{
	const unsigned char *key = ledger_key_for(l, size);

	if (key)
		memcpy(ret, key, KEY_BYTES);
	return key;
}

/* What old and new key sign: `saqta log key v1`, origin, both keys. */
static size_t statement(const char *origin, const unsigned char *old,
    const unsigned char *new, unsigned char out[STATEMENT_MAX])
{
	int n = snprintf((char *)out, STATEMENT_MAX, "saqta log key v1\n%s\n",
	    origin);

	memcpy(out + n, old, KEY_BYTES);
	memcpy(out + n + KEY_BYTES, new, KEY_BYTES);
	return (size_t)n + 2 * KEY_BYTES;
}

/* Where the old key is lost: a custodian's signature over the act. */
static enum err custodian_signed(const void *p, size_t n,
    const struct entry_view *v, uint64_t *ret_signer)
{
	unsigned char text[ACT_MAX];
	struct entry_field key, signer, signature;
	size_t text_n;
	enum err e = act_text(p, n, text, &text_n);

	if (e)
		return e;
	if (!entry_find(v, TAG_SIGN_KEY, &key) ||
	    !entry_find(v, TAG_SIGNER, &signer) ||
	    !entry_find(v, TAG_SIGNATURE, &signature) || !field_u64(&signer) ||
	    sign_check(key.p, text, text_n, signature.p))
		return ERR_INTEGRITY;
	*ret_signer = field_u64(&signer);
	return OK;
}

enum err log_key_check(const void *p, size_t n, const char *origin,
    const unsigned char old[KEY_BYTES], unsigned char ret_key[KEY_BYTES],
    uint64_t *ret_signer)
{
	unsigned char said[STATEMENT_MAX];
	struct entry_field key, by_old, by_new;
	struct entry_view v;
	size_t said_n;
	enum err e = entry_parse(p, n, &v);

	if (e)
		return e;
	if (v.type != ENTRY_LOG_KEY || strlen(origin) > NOTE_NAME_MAX ||
	    !entry_find(&v, TAG_LOG_KEY, &key) ||
	    !entry_find(&v, TAG_NEW_SIGNS, &by_new))
		return ERR_FORMAT;
	said_n = statement(origin, old, key.p, said);
	e = sign_check(key.p, said, said_n, by_new.p);
	*ret_signer = 0;
	if (!e && entry_find(&v, TAG_OLD_SIGNS, &by_old))
		e = sign_check(old, said, said_n, by_old.p);
	else if (!e)
		e = custodian_signed(p, n, &v, ret_signer);
	if (!e)
		memcpy(ret_key, key.p, KEY_BYTES);
	return e ? ERR_INTEGRITY : OK;
}

static enum err first_key(struct ledger *l)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;
	size_t n;
	enum err e = ledger_get(l, 0, buf, &n);

	if (!e)
		e = entry_parse(buf, n, &v);
	if (e)
		return e;
	if (v.type != ENTRY_LOG_BEGINS)
		return OK;
	if (entry_find(&v, TAG_ORIGIN, &f)) {
		if (!*l->origin && f.n < sizeof(l->origin))
			memcpy(l->origin, f.p, f.n);
		if (f.n != strlen(l->origin) || memcmp(f.p, l->origin, f.n))
			return ERR_INTEGRITY;
	}
	if (entry_find(&v, TAG_LOG_EPOCH, &f) && field_u64(&f) > 1 &&
	    field_u64(&f) <= EPOCHS_MAX)
		l->epoch = (unsigned)field_u64(&f);
	if (entry_find(&v, TAG_LOG_KEY, &f)) {
		l->keys[0].from = 0;
		memcpy(l->keys[0].key, f.p, KEY_BYTES);
		l->keys_n = 1;
	}
	return OK;
}

/* Follow one line of `rotated`. A change that was not committed is none. */
static enum err next_key(struct ledger *l, uint64_t at)
{
	struct log_key *last = &l->keys[l->keys_n - 1], next = {.from = at};
	unsigned char buf[ENTRY_MAX];
	uint64_t signer;
	size_t n;
	enum err e;

	if (at <= last->from || at >= l->tree.n || l->keys_n == KEYS_MAX)
		return OK;
	e = ledger_get(l, at, buf, &n);
	if (e)
		return e;
	if (!log_key_check(buf, n, l->origin, last->key, next.key, &signer))
		l->keys[l->keys_n++] = next;
	return OK;
}

/*
 * `rotated` only says where to look: each change proves itself. One that the
 * file does not name leaves signatures that do not fit.
 */
enum err ledger_keys_load(struct ledger *l)
{
	char text[ROTATED_MAX + 1], *line = text, *eol;
	size_t n;
	enum err e;

	l->keys_n = 0;
	if (!l->tree.n)
		return OK;
	e = first_key(l);
	if (e || !l->keys_n)
		return e;
	e = disk_read(l->dir, "rotated", text, ROTATED_MAX, &n);
	if (e)
		return e == ERR_NOT_FOUND || e == ERR_TOO_LARGE ? OK : e;
	text[n] = '\0';
	for (; !e && (eol = strchr(line, '\n')); line = eol + 1) {
		uint64_t at;

		if (!note_number(line, (size_t)(eol - line), &at))
			e = next_key(l, at);
	}
	return e;
}

enum err ledger_rotate_begin(struct ledger *l, struct entry *e)
{
	unsigned char seed[KEY_BYTES], key[KEY_BYTES], said[STATEMENT_MAX],
	    sig[SIGN_BYTES];
	const unsigned char *old;
	size_t n;
	enum err err = l->keys_n ? OK : ledger_keys_load(l);

	old = ledger_key_for(l, UINT64_MAX);
	if (err)
		return err;
	if (!old || l->broken || l->file < 0)
		return ERR_UNAVAILABLE;
	if (l->keys_n == KEYS_MAX)
		return ERR_TOO_LARGE;
	crypt_random(seed, sizeof(seed));
	sign_public(seed, key);
	n = statement(l->origin, old, key, said);
	entry_put_bytes(e, TAG_LOG_KEY, key, KEY_BYTES);
	if (!l->keyless) {
		sign(l->seed, said, n, sig);
		entry_put_bytes(e, TAG_OLD_SIGNS, sig, SIGN_BYTES);
	}
	sign(seed, said, n, sig);
	entry_put_bytes(e, TAG_NEW_SIGNS, sig, SIGN_BYTES);
	err = entry_end(e);
	if (!err)
		err =
		    disk_replace(l->dir, ".", "log.key.next", seed, KEY_BYTES);
	crypt_wipe(seed, sizeof(seed));
	return err;
}

/* One more line in `rotated`, before the entry: it only says where to look. */
static enum err point_at(struct ledger *l, uint64_t at)
{
	char text[ROTATED_MAX + 32];
	size_t n = 0;
	int more;
	enum err e = disk_read(l->dir, "rotated", text, ROTATED_MAX, &n);

	if (e && e != ERR_NOT_FOUND)
		return e;
	more = snprintf(text + n, sizeof(text) - n, "%llu\n",
	    (unsigned long long)at);
	return disk_replace(l->dir, ".", "rotated", text, n + (size_t)more);
}

enum err ledger_rotate_end(struct ledger *l, const struct entry *e,
    uint64_t *ret_index)
{
	unsigned char seed[KEY_BYTES], key[KEY_BYTES];
	struct log_key next;
	uint64_t signer;
	size_t n;
	const unsigned char *old = ledger_key_for(l, UINT64_MAX);
	enum err err = disk_read(l->dir, "log.key.next", seed, KEY_BYTES, &n);

	if (!err && (n != KEY_BYTES || !old))
		err = ERR_INTEGRITY;
	if (!err)
		err = log_key_check(e->buf, e->len, l->origin, old, next.key,
		    &signer);
	if (err)
		goto out;
	sign_public(seed, key);
	if (memcmp(key, next.key, KEY_BYTES)) {
		err = ERR_INTEGRITY;
		goto out;
	}
	err = ledger_commit(l); /* so that the next index is known */
	if (!err)
		err = point_at(l, l->tree.n);
	if (!err)
		err = ledger_put(l, e, &next.from);
	if (!err)
		err = ledger_commit(l);
	if (!err)
		err = disk_replace(l->dir, ".", "log.key", seed, KEY_BYTES);
	if (!err)
		err = unlinkat(l->dir, "log.key.next", 0) ? ERR_DISK : OK;
	if (err)
		goto out;
	memcpy(l->seed, seed, KEY_BYTES);
	l->keyless = false;
	l->keys[l->keys_n++] = next;
	*ret_index = next.from;
	err = ledger_checkpoint(l);
out:
	crypt_wipe(seed, sizeof(seed));
	return err;
}
