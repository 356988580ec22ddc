/*
 * keyring_file.c - how a keyring lies on disk (keyring.h).
 *
 * keyring/kek is written before keyring/keyring.age, and a keyring is only
 * believed once it was read back with the kek that is held. A fresh kek at an
 * erasure will be the same two steps under other names, then the old pair goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/keyring_table.h"

#define DIR_NAME "keyring"
#define KEK_NAME "kek"
#define RING_NAME "keyring.age"
#define KEK_PATH DIR_NAME "/" KEK_NAME
#define RING_PATH DIR_NAME "/" RING_NAME
/* What age adds to KEYRING_MAX bytes, generously. */
#define RING_FILE_MAX (KEYRING_MAX + AGE_HEADER_MAX + (1u << 20))

must_check static enum err write_kek(int data_fd,
    const struct age_identity *kek)
{
	char text[IDENTITY_TEXT];
	enum err err;

	identity_format(kek, text);
	text[IDENTITY_TEXT - 1] = '\n';
	err = disk_replace(data_fd, DIR_NAME, KEK_NAME, text, sizeof(text));
	crypt_wipe(text, sizeof(text));
	return err;
}

must_check static enum err read_kek(int data_fd, struct age_identity *ret)
{
	char text[IDENTITY_TEXT + 1];
	size_t n;
	enum err err;

	err = disk_read(data_fd, KEK_PATH, text, IDENTITY_TEXT, &n);
	if (!err && (n != IDENTITY_TEXT || text[n - 1] != '\n'))
		err = ERR_FORMAT;
	if (!err) {
		text[n - 1] = '\0';
		err = identity_parse(text, ret);
	}
	crypt_wipe(text, sizeof(text));
	return err;
}

/* The whole text; returned, to be freed by free(). */
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
		free(line);
	}
	if (!err) {
		*ret = out;
		*ret_n = at;
		out = NULL;
	}
out:
	free(out);
	free(days);
	free(first);
	return err;
}

must_check static enum err read_text(int data_fd,
    const struct age_identity *kek, char **ret, size_t *ret_n)
{
	unsigned char *sealed, *text;
	size_t sealed_n;
	enum err err;

	err = disk_read_all(data_fd, RING_PATH, RING_FILE_MAX, &sealed,
	    &sealed_n);
	if (err)
		return err;
	err = age_decrypt(sealed, sealed_n, kek, 1, &text, ret_n);
	free(sealed);
	if (!err)
		*ret = (char *)text;
	return err;
}

/* With the kek as it is on disk: both files must fit what we hold. */
must_check static enum err read_back(int data_fd, const char *want, size_t n)
{
	struct age_identity kek;
	char *got = NULL;
	size_t got_n;
	enum err err;

	err = read_kek(data_fd, &kek);
	if (!err)
		err = read_text(data_fd, &kek, &got, &got_n);
	if (!err && (got_n != n || memcmp(got, want, n) != 0))
		err = ERR_DISK;
	free(got);
	crypt_wipe(&kek, sizeof(kek));
	return err;
}

enum err keyring_commit(struct keyring *k)
{
	struct age_recipient to;
	unsigned char *sealed;
	char *text;
	size_t n, sealed_n;
	enum err err;

	err = to_text(k, k->generation + 1, &text, &n);
	if (err)
		return err;
	identity_recipient(&k->kek, &to);
	err = age_encrypt(text, n, &to, 1, &sealed, &sealed_n);
	if (!err) {
		err = disk_replace(k->data_fd, DIR_NAME, RING_NAME, sealed,
		    sealed_n);
		free(sealed);
	}
	if (!err)
		err = read_back(k->data_fd, text, n);
	if (!err)
		k->generation++;
	free(text);
	return err;
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

enum err keyring_create(int data_fd)
{
	struct keyring *k;
	enum err err;

	/* A kek alone is what a power cut leaves here: it opens nothing. */
	if (faccessat(data_fd, RING_PATH, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return ERR_EXISTS;
	if (errno != ENOENT)
		return ERR_DISK;
	err = disk_mkdirs(data_fd, DIR_NAME);
	if (!err)
		err = new_keyring(data_fd, &k);
	if (err)
		return err;
	identity_new(&k->kek);
	err = write_kek(data_fd, &k->kek);
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

enum err keyring_open(int data_fd, struct keyring **ret)
{
	struct keyring *k;
	char *text = NULL;
	size_t n;
	enum err err;

	err = new_keyring(data_fd, &k);
	if (err)
		return err;
	err = read_kek(data_fd, &k->kek);
	if (!err)
		err = read_text(data_fd, &k->kek, &text, &n);
	/* A kek of another keyring is a changed disk, not a missing key. */
	if (err == ERR_NO_KEY || err == ERR_TRUNCATED)
		err = ERR_INTEGRITY;
	if (!err)
		err = take_text(k, text, n);
	free(text);
	if (err)
		keyring_close(k);
	else
		*ret = k;
	return err;
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
