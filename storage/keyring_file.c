/*
 * keyring_file.c - how a keyring lies on disk (keyring.h).
 *
 * Two slots, each a kek (kek.h) and a keyring under it; one of them counts. A
 * commit rewrites the keyring in its slot. A rekey writes the other slot whole,
 * and only when that was read back with the key as it is on disk is the old
 * slot's key overwritten; what power cuts leave in between are two good slots,
 * of which the later generation counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/disk.h"
#include "storage/kek.h"
#include "storage/keyring_table.h"
#include "storage/volume.h"

#define DIR_NAME "keyring"

static const char *const ring_names[KEK_SLOTS] = {
    "keyring.age", "keyring-b.age"};
static const char *const ring_paths[KEK_SLOTS] = {
    DIR_NAME "/keyring.age", DIR_NAME "/keyring-b.age"};

/* What age adds to KEYRING_MAX bytes, generously. */
#define RING_FILE_MAX (KEYRING_MAX + AGE_HEADER_MAX + (1u << 20))

/* The whole text; returned, to be freed by crypt_free(). */
must_check static enum err to_text(const struct keyring *k, uint64_t generation,
    char **ret, size_t *ret_n)
{
	char *out = NULL, *first, *days = NULL;
	size_t first_n, days_n, at;
	enum err err;

	err = keyring_line_first(generation, &first);
	if (err)
		return err;
	first_n = strlen(first);
	err = keyring_all_days(k, &days, &days_n);
	if (!err && !(out = malloc(first_n + k->bytes + 1)))
		err = ERR_NO_MEMORY;
	if (err)
		goto out;
	memcpy(out, first, first_n);
	memcpy(out + first_n, days, days_n);
	at = first_n + days_n;
	for (size_t i = 0; !err && i < k->grants_n; i++) {
		char *line;

		err = keyring_line_grant(k->grants[i], &line);
		if (err)
			break;
		memcpy(out + at, line, strlen(line));
		at += strlen(line);
		crypt_free(line);
	}
	if (!err) {
		*ret = out;
		*ret_n = at;
		out = NULL;
	}
out:
	crypt_free(out);
	crypt_free(days);
	free(first);
	return err;
}

must_check static enum err read_text(int data_fd, unsigned slot,
    const struct age_identity *kek, char **ret, size_t *ret_n)
{
	unsigned char *sealed, *text;
	size_t sealed_n;
	enum err err;

	err = disk_read_all(data_fd, ring_paths[slot], RING_FILE_MAX, &sealed,
	    &sealed_n);
	if (err)
		return err;
	err = age_decrypt(sealed, sealed_n, kek, 1, &text, ret_n);
	free(sealed);
	if (!err)
		*ret = (char *)text;
	return err;
}

/* With the kek as it is on disk: both must fit what we hold. */
must_check static enum err read_back(int data_fd, unsigned slot,
    const char *want, size_t n)
{
	struct age_identity kek;
	char *got = NULL;
	size_t got_n;
	enum err err;

	err = kek_load(data_fd, slot, &kek);
	if (!err)
		err = read_text(data_fd, slot, &kek, &got, &got_n);
	if (!err && (got_n != n || memcmp(got, want, n) != 0))
		err = ERR_DISK;
	crypt_free(got);
	crypt_wipe(&kek, sizeof(kek));
	return err;
}

/* Nothing of a slot is left there: first its key, then what it opens. */
must_check static enum err empty_slot_at(int at, unsigned slot)
{
	enum err err = kek_destroy(at, slot);

	if (!err)
		err = disk_unlink(at, ring_paths[slot]);
	return err ? err : disk_sync_dir(at, DIR_NAME);
}

/* Each commit would overwrite it otherwise. */
must_check static enum err put_kek(int at, unsigned slot,
    const struct age_identity *kek)
{
	struct age_identity have;
	bool same = !kek_load(at, slot, &have) &&
	    crypt_equal(have.key, kek->key, sizeof(have.key));

	crypt_wipe(&have, sizeof(have));
	return same ? OK : kek_store(at, slot, kek);
}

/* A keyring that is later than ours is none of our copies: it stays. */
static bool is_ahead(const struct keyring *k, int at)
{
	struct keyring *there;
	bool ahead;

	if (keyring_open(at, &there))
		return false;
	ahead = there->generation > k->generation;
	keyring_close(there);
	return ahead;
}

/*
 * The same slot on another volume, read back, and its other slot emptied: a
 * copy opens by itself, and only until the next erasure.
 */
must_check static enum err copy_to(int at, unsigned slot,
    const struct age_identity *kek, const char *text, size_t n,
    const unsigned char *sealed, size_t sealed_n)
{
	enum err err = disk_mkdirs(at, DIR_NAME);

	if (!err)
		err = put_kek(at, slot, kek);
	if (!err)
		err = disk_replace(at, DIR_NAME, ring_names[slot], sealed,
		    sealed_n);
	if (!err)
		err = read_back(at, slot, text, n);
	return err ? err : empty_slot_at(at, (slot + 1) % KEK_SLOTS);
}

/*
 * One that is away or fails keeps an old copy with its key: what was erased
 * since is still to be erased there (keyring_is_behind).
 */
static void copy_ring(struct keyring *k, unsigned slot,
    const struct age_identity *kek, const char *text, size_t n,
    const unsigned char *sealed, size_t sealed_n)
{
	for (unsigned i = 1; i < volumes_count(); i++) {
		int at = volume_at(i)->fd;
		enum err err = at < 0		     ? ERR_AWAY :
		    !k->copied[i] && is_ahead(k, at) ? ERR_EXISTS :
						       OK;

		if (!err)
			err = copy_to(at, slot, kek, text, n, sealed, sealed_n);
		k->copied[i] = !err;
		if (err && err != ERR_AWAY)
			log_error("%s: the copy of the keyring was not "
				  "written: %s",
			    volume_at(i)->path,
			    err == ERR_EXISTS ? "a later one is there" :
						err_text(err));
	}
}

bool keyring_is_behind(const struct keyring *k, unsigned i)
{
	return i && i < volumes_count() && !volume_at(i)->lost && !k->copied[i];
}

/* Write the keyring of a slot under its kek, and read it back. */
must_check static enum err write_ring(struct keyring *k, unsigned slot,
    const struct age_identity *kek)
{
	struct age_recipient to;
	unsigned char *sealed;
	char *text;
	size_t n, sealed_n;
	enum err err;

	err = to_text(k, k->generation + 1, &text, &n);
	if (err)
		return err;
	identity_recipient(kek, &to);
	err = age_encrypt(text, n, &to, 1, &sealed, &sealed_n);
	if (!err) {
		err = disk_replace(k->data_fd, DIR_NAME, ring_names[slot],
		    sealed, sealed_n);
		if (!err)
			copy_ring(k, slot, kek, text, n, sealed, sealed_n);
		free(sealed);
	}
	if (!err)
		err = read_back(k->data_fd, slot, text, n);
	if (!err)
		k->generation++;
	crypt_free(text);
	return err;
}

enum err keyring_commit(struct keyring *k)
{
	return write_ring(k, k->slot, &k->kek);
}

enum err keyring_rekey(struct keyring *k)
{
	struct age_identity fresh;
	unsigned old = k->slot, slot = (old + 1) % KEK_SLOTS;
	enum err err;

	identity_new(&fresh);
	err = kek_store(k->data_fd, slot, &fresh);
	if (!err)
		err = write_ring(k, slot, &fresh);
	if (err) {
		/* whatever stands there now, the next commit is later */
		k->generation++;
		crypt_wipe(&fresh, sizeof(fresh));
		return err;
	}
	k->kek = fresh;
	k->slot = slot;
	crypt_wipe(&fresh, sizeof(fresh));
	return empty_slot_at(k->data_fd, old);
}

enum err keyring_settle(struct keyring *k)
{
	unsigned other = (k->slot + 1) % KEK_SLOTS;
	struct age_identity kek;
	bool ring = faccessat(k->data_fd, ring_paths[other], F_OK,
			AT_SYMLINK_NOFOLLOW) == 0;
	enum err err = kek_load(k->data_fd, other, &kek);

	crypt_wipe(&kek, sizeof(kek));
	if (err == ERR_NOT_FOUND && !ring) /* what was away may be back */
		return volumes_count() > 1 ? keyring_commit(k) : OK;
	err = keyring_commit(k);
	return err ? err : empty_slot_at(k->data_fd, other);
}

must_check static enum err new_keyring(int data_fd, struct keyring **ret)
{
	struct keyring *k = calloc(1, sizeof(*k));

	if (!k)
		return ERR_NO_MEMORY;
	k->data_fd = fcntl(data_fd, F_DUPFD_CLOEXEC, 3);
	if (k->data_fd < 0) {
		free(k);
		return ERR_SYS;
	}
	*ret = k;
	return OK;
}

/* Of two that were read; k is given. */
static void keep_newer(struct keyring **best, struct keyring *k)
{
	struct keyring *older = k;

	if (!*best || (*best)->generation < k->generation) {
		older = *best;
		*best = k;
	}
	keyring_close(older);
}

enum err keyring_restore(int data_fd, const int *from, size_t n)
{
	struct keyring *best = NULL, *k;
	enum err err;

	for (size_t i = 0; i < n; i++)
		if (from[i] >= 0 && !keyring_open(from[i], &k))
			keep_newer(&best, k);
	if (!best)
		return ERR_NOT_FOUND;
	close(best->data_fd);
	best->data_fd = fcntl(data_fd, F_DUPFD_CLOEXEC, 3);
	err = best->data_fd < 0 ? ERR_SYS : disk_mkdirs(data_fd, DIR_NAME);
	if (!err)
		err = kek_store(data_fd, best->slot, &best->kek);
	if (!err)
		err = keyring_commit(best);
	keyring_close(best);
	return err;
}

enum err keyring_create(int data_fd)
{
	struct keyring *k;
	enum err err;

	/* A kek alone is what a power cut leaves here: it opens nothing. */
	for (unsigned i = 0; i < KEK_SLOTS; i++) {
		if (faccessat(data_fd, ring_paths[i], F_OK,
			AT_SYMLINK_NOFOLLOW) == 0)
			return ERR_EXISTS;
		if (errno != ENOENT)
			return ERR_DISK;
	}
	err = disk_mkdirs(data_fd, DIR_NAME);
	if (!err)
		err = new_keyring(data_fd, &k);
	if (err)
		return err;
	identity_new(&k->kek);
	err = kek_store(data_fd, 0, &k->kek);
	if (!err)
		err = keyring_commit(k);
	keyring_close(k);
	return err;
}

must_check static enum err take_line(struct keyring *k, const char *s, size_t n,
    bool first)
{
	struct keyring_line line;
	enum err err = keyring_line_parse(s, n, &line);

	if (err)
		return err;
	if (line.day)
		err = keyring_take_day(k, line.day);
	else if (line.grant)
		err = keyring_take_grant(k, line.grant);
	else
		k->generation = line.generation;
	if (err == ERR_EXISTS || first != (line.generation > 0))
		err = ERR_FORMAT;
	return err;
}

must_check static enum err take_text(struct keyring *k, const char *s, size_t n)
{
	bool first = true;
	enum err err = n ? OK : ERR_FORMAT;

	for (; !err && n; first = false) {
		const char *end = memchr(s, '\n', n);
		size_t line_n = end ? (size_t)(end - s) : 0;

		err = end ? take_line(k, s, line_n, first) : ERR_FORMAT;
		s += line_n + 1;
		n -= end ? line_n + 1 : n;
	}
	return err;
}

must_check static enum err open_slot(int data_fd, unsigned slot,
    struct keyring **ret)
{
	struct keyring *k;
	char *text = NULL;
	size_t n;
	enum err err;

	err = new_keyring(data_fd, &k);
	if (err)
		return err;
	k->slot = slot;
	err = kek_load(data_fd, slot, &k->kek);
	if (!err)
		err = read_text(data_fd, slot, &k->kek, &text, &n);
	/* A kek of another keyring is a changed disk, not a missing key. */
	if (err == ERR_NO_KEY || err == ERR_TRUNCATED)
		err = ERR_INTEGRITY;
	if (!err)
		err = take_text(k, text, n);
	crypt_free(text);
	if (err)
		keyring_close(k);
	else
		*ret = k;
	return err;
}

enum err keyring_open(int data_fd, struct keyring **ret)
{
	struct keyring *best = NULL, *k;
	enum err why = ERR_NOT_FOUND;

	for (unsigned i = 0; i < KEK_SLOTS; i++) {
		enum err err = open_slot(data_fd, i, &k);

		if (err && err != ERR_NOT_FOUND)
			why = err;
		if (!err)
			keep_newer(&best, k);
	}
	if (!best)
		return why;
	*ret = best;
	return OK;
}

void keyring_close(struct keyring *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->days_n; i++)
		keyring_day_free(k->days[i]);
	for (size_t i = 0; i < k->grants_n; i++)
		keyring_grant_free(k->grants[i]);
	free(k->days);
	free(k->grants);
	close(k->data_fd);
	crypt_wipe(k, sizeof(*k));
	free(k);
}
