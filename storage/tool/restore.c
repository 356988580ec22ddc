/*
 * restore.c - saqta restore (backup.h). What stands there already wins: a data
 * directory that is a site keeps all it has, a volume's newer ledger and
 * keyring are taken, and no footage is touched (P2).
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/epoch.h"
#include "storage/keyring.h"
#include "storage/ledger_copy.h"
#include "storage/site.h"
#include "storage/tar.h"
#include "storage/tool/backup.h"
#include "storage/tool/console.h"
#include "storage/tool/paper.h"
#include "storage/volume.h"

#define PIECE 65536
#define HEAD_MAX 4096
#define ROUNDS_MAX 1000000 /* of ledger_copy(), 512 tiles each */

static const char usage[] =
    "usage: saqta restore [--config FILE] [--identity FILE] "
    "[--without-missing]\n"
    "                     [--new-keyring] FILE [-]\n"
    "  On an empty system disk, saqta-storage stopped, the volumes mounted "
    "where they\n"
    "  were. Asks for both halves of the paper key, or reads them with -.\n"
    "  --identity         a file with an age identity that opens it instead\n"
    "  --without-missing  volumes that are away stay away\n"
    "  --new-keyring      no volume has the keyring: go on recording, though "
    "nobody\n"
    "                     opens what was recorded\n";

struct restore {
	struct config conf;
	const char *conf_path;
	char dir[PATH_MAX]; /* of the configuration */
	struct age_file *f;
	char origin[128];
	int data_fd;
	bool has_site; /* the data directory is one already */
	bool without_missing, new_keyring;
	size_t files;
	unsigned char piece[PIECE];
};

static bool fail(const char *what, const char *why)
{
	fprintf(stderr, "saqta restore: %s: %s\n", what, why);
	return false;
}

/* --- the archive --- */

/* fn gets each member and where its bytes begin; false ends it. */
static bool each(struct restore *r,
    bool (*fn)(struct restore *, const struct tar_member *, uint64_t off))
{
	unsigned char block[TAR_BLOCK];
	struct tar_member m;
	uint64_t at = 0;
	enum err err;

	for (;;) {
		err = age_file_read(r->f, at, block, sizeof(block));
		if (!err)
			err = tar_parse(block, &m);
		if (err == ERR_GONE)
			return true;
		at += TAR_BLOCK;
		if (!err && m.size > age_file_size(r->f) - at)
			err = ERR_TRUNCATED;
		if (err)
			return fail("the backup", err_text(err));
		if (!fn(r, &m, at))
			return false;
		at += tar_padded(m.size);
	}
}

static bool read_head(struct restore *r)
{
	unsigned char block[TAR_BLOCK];
	char text[HEAD_MAX + 1];
	struct tar_member m;
	enum err err = age_file_read(r->f, 0, block, sizeof(block));

	if (!err)
		err = tar_parse(block, &m);
	if (!err && (strcmp(m.name, BACKUP_HEAD) != 0 || m.size > HEAD_MAX))
		err = ERR_FORMAT;
	if (!err)
		err = age_file_read(r->f, TAR_BLOCK, text, (size_t)m.size);
	if (!err)
		text[m.size] = '\0';
	if (!err &&
	    sscanf(text, BACKUP_MAGIC "\norigin %127s\n", r->origin) != 1)
		err = ERR_FORMAT;
	return !err || fail("the backup", err_text(err));
}

static bool open_backup(struct restore *r, const char *file,
    const struct age_identity *id)
{
	unsigned char head[AGE_HEADER_MAX], key[AGE_FILE_KEY];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
	size_t head_n;
	enum err err;

	if (n < 0) {
		if (fd >= 0)
			close(fd);
		return fail(file, strerror(errno));
	}
	err = age_header_open(head, (size_t)n, id, 1, key, &head_n);
	if (err)
		close(fd);
	else
		err = age_file_open(fd, key, false, &r->f);
	crypt_wipe(key, sizeof(key));
	if (err)
		return fail(file,
		    err == ERR_NO_KEY ? "this key does not open it" :
					err_text(err));
	return read_head(r);
}

/* --- files that are put in their place --- */

static enum err copy_out(struct restore *r, uint64_t off, uint64_t size, int fd)
{
	enum err err = OK;

	for (uint64_t at = 0; !err && at < size;) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;

		err = age_file_read(r->f, off + at, r->piece, n);
		if (!err)
			err = disk_pwrite(fd, r->piece, n, at);
		at += n;
	}
	return err ? err : disk_sync(fd);
}

/* Whole or not at all, owned as its directory is; `before` keeps what was. */
static bool put(struct restore *r, const struct tar_member *m, uint64_t off,
    const char *path, mode_t mode, bool before)
{
	char part[PATH_MAX + 8], aside[PATH_MAX + 8], copy[PATH_MAX];
	struct stat st;
	enum err err;
	int fd;

	snprintf(part, sizeof(part), "%s.tmp", path);
	snprintf(aside, sizeof(aside), "%s.before", path);
	snprintf(copy, sizeof(copy), "%s", path);
	unlink(part);
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    mode);
	if (fd < 0)
		return fail(part, strerror(errno));
	err = copy_out(r, off, m->size, fd);
	if (!err &&
	    (fchmod(fd, mode) < 0 || stat(dirname(copy), &st) < 0 ||
		(!geteuid() && fchown(fd, st.st_uid, st.st_gid) < 0)))
		err = ERR_DISK;
	close(fd);
	if (!err && before && rename(path, aside) < 0 && errno != ENOENT)
		err = ERR_DISK;
	if (!err && rename(part, path) < 0)
		err = ERR_DISK;
	if (!err)
		err = disk_sync_dir(AT_FDCWD, copy);
	r->files++;
	return !err || fail(path, err_text(err));
}

/* What is left of name behind a directory's prefix; NULL: not in it. */
static const char *in_dir(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(name, prefix, n) && !strchr(name + n, '/') ? name + n :
								     NULL;
}

/* What lies beside the configuration. */
static bool take_etc(struct restore *r, const struct tar_member *m,
    uint64_t off)
{
	const bool secret = in_dir(m->name, "etc/alert/");
	char path[PATH_MAX + TAR_NAME], dir[PATH_MAX + 16];

	if (!strcmp(m->name, "etc/saqta.conf"))
		return put(r, m, off, r->conf_path, 0644, true);
	if (!secret && !in_dir(m->name, "etc/conf.d/"))
		return true;
	snprintf(dir, sizeof(dir), "%s/%s", r->dir,
	    secret ? "alert" : "conf.d");
	mkdir(dir, secret ? 0700 : 0755);
	snprintf(path, sizeof(path), "%s/%s", r->dir, m->name + 4);
	return put(r, m, off, path, secret ? 0600 : 0644, true);
}

/* The programs' own keys, and rules of journals. */
static bool take_programs(struct restore *r, const struct tar_member *m,
    uint64_t off)
{
	const struct {
		const char *prefix, *dir;
		mode_t mode;
	} to[] = {{"journals/", r->conf.rules, 0644},
	    {"recorder/", r->conf.recorder_state, 0600},
	    {"web/", r->conf.web_state, 0600}};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		const char *s = in_dir(m->name, to[i].prefix);

		if (!s)
			continue;
		snprintf(path, sizeof(path), "%s/%s", to[i].dir, s);
		return put(r, m, off, path, to[i].mode, true);
	}
	return true;
}

/* The data directory; `site` comes last, from the head on it is one. */
static bool take_data(struct restore *r, const struct tar_member *m,
    uint64_t off)
{
	char path[PATH_MAX], copy[PATH_MAX];
	enum err err;

	if (strncmp(m->name, "data/", 5) != 0 || !strcmp(m->name, "data/site"))
		return true;
	snprintf(copy, sizeof(copy), "%s", m->name + 5);
	err = disk_mkdirs(r->data_fd, dirname(copy));
	if (err)
		return fail(copy, err_text(err));
	snprintf(path, sizeof(path), "%s/%s", r->conf.data, m->name + 5);
	return put(r, m, off, path, 0600, false);
}

static bool take_site(struct restore *r, const struct tar_member *m,
    uint64_t off)
{
	char path[PATH_MAX];

	if (strcmp(m->name, "data/site") != 0)
		return true;
	snprintf(path, sizeof(path), "%s/site", r->conf.data);
	return put(r, m, off, path, 0600, false);
}

/* --- what the volumes have --- */

static bool look_at_volumes(struct restore *r)
{
	enum err err = volumes_open(r->data_fd, r->conf.data, r->origin, true);

	if (err)
		return fail("volumes", err_text(err));
	for (unsigned i = 1; i < volumes_count(); i++) {
		const struct volume *v = volume_at(i);

		if (v->fd >= 0 || v->lost || r->without_missing)
			continue;
		fprintf(stderr,
		    "saqta restore: volume %u is not at %s: mount it there "
		    "first. If it is lost, say --without-missing\n",
		    v->number, v->path);
		return false;
	}
	return true;
}

/* Bring the ledger up to the copy in a directory; one that is behind stays. */
static bool take_ledger(struct restore *r, int from)
{
	uint64_t tiles = 0, before = 1;
	enum err err = OK;

	for (int i = 0; !err && tiles != before && i < ROUNDS_MAX; i++) {
		before = tiles;
		err = ledger_copy(from, r->data_fd, r->origin, &tiles);
	}
	return !err || err == ERR_INTEGRITY || err == ERR_NOT_FOUND ||
	    fail("ledger", err_text(err));
}

static bool take_ledgers(struct restore *r)
{
	int fd = open(r->conf.ledger_copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd < 0 || take_ledger(r, fd);

	if (fd >= 0)
		close(fd);
	for (unsigned i = 1; ok && i < volumes_count(); i++)
		if (volume_at(i)->fd >= 0)
			ok = take_ledger(r, volume_at(i)->fd);
	return ok;
}

static bool take_keyring(struct restore *r)
{
	struct keyring *k;
	int from[VOLUMES_MAX];
	unsigned n = volumes_count();
	enum err err = keyring_open(r->data_fd, &k);

	if (!err) {
		keyring_close(k);
		return true;
	}
	for (unsigned i = 0; i < n; i++)
		from[i] = i ? volume_at(i)->fd : -1;
	err = keyring_restore(r->data_fd, from, n);
	if (err == ERR_NOT_FOUND && (n == 1 || r->new_keyring)) {
		puts("No keyring is left: nobody opens what was recorded.");
		err = keyring_create(r->data_fd);
	} else if (err == ERR_NOT_FOUND) {
		return fail("keyring",
		    "no volume has one; with --new-keyring recording goes on, "
		    "though nobody opens what was recorded");
	}
	return !err || fail("keyring", err_text(err));
}

static bool make_site(struct restore *r)
{
	enum err err;

	if (!each(r, take_data) || !look_at_volumes(r) || !take_ledgers(r) ||
	    !take_keyring(r))
		return false;
	err = disk_replace(r->data_fd, ".", EPOCH_RESTORED, "1\n", 2);
	return err ? fail(r->conf.data, err_text(err)) : each(r, take_site);
}

/* --- in order --- */

/* Is it ours to fill? Nothing was changed where it is another site's. */
static bool look_at_data(struct restore *r)
{
	struct site site;
	enum err err;

	r->data_fd = open(r->conf.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->data_fd < 0)
		return fail(r->conf.data, strerror(errno));
	if (flock(r->data_fd, LOCK_EX | LOCK_NB) < 0)
		return fail(r->conf.data, "stop saqta-storage first");
	err = site_read(r->data_fd, &site);
	r->has_site = !err;
	if (err && err != ERR_NOT_FOUND)
		return fail("site", err_text(err));
	if (!err && strcmp(site.origin, r->origin) != 0)
		return fail(r->conf.data, "it is another site's");
	return true;
}

static bool restore(struct restore *r)
{
	char copy[PATH_MAX];
	bool ok;

	snprintf(copy, sizeof(copy), "%s", r->conf_path);
	snprintf(r->dir, sizeof(r->dir), "%s", dirname(copy));
	/* as it is now, and as the backup says */
	if (!access(r->conf_path, F_OK)) {
		if (!tool_config(r->conf_path, &r->conf) || !look_at_data(r))
			return false;
		close(r->data_fd);
	}
	if (!each(r, take_etc) || !tool_config(r->conf_path, &r->conf) ||
	    !look_at_data(r) || !each(r, take_programs))
		return false;
	if (r->has_site)
		return true;
	ok = become_owner(r->conf.data) && make_site(r);
	if (!geteuid() || seteuid(0) == 0)
		(void)!setegid(0);
	return ok;
}

static bool read_identity(const char *path, struct age_identity *ret)
{
	char text[IDENTITY_TEXT + 1];
	size_t n;
	enum err err = disk_read(AT_FDCWD, path, text, IDENTITY_TEXT, &n);

	text[err ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!err)
		err = identity_parse(text, ret);
	crypt_wipe(text, sizeof(text));
	return !err || fail(path, "no file of one age identity");
}

int tool_restore(int argc, char **argv)
{
	static const char *const keys[] = {"--config", "--identity", NULL,
	    "--without-missing", "--new-keyring", NULL};
	static struct restore r;
	const char *v[4] = {0}, *words[2];
	struct age_identity id;
	bool ok;
	size_t n;

	if (!options(argc, argv, keys, v, words, 2, &n) || !n ||
	    (n == 2 && strcmp(words[1], "-"))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	r.conf_path = v[0] ? v[0] : CONFIG_PATH_DEFAULT;
	r.without_missing = v[2];
	r.new_keyring = v[3];
	umask(022);
	if (crypt_init() ||
	    !(v[1] ? read_identity(v[1], &id) : paper_ask(n == 2, &id)))
		return EXIT_FAILED;
	ok = open_backup(&r, words[0], &id);
	crypt_wipe(&id, sizeof(id));
	ok = ok && restore(&r);
	age_file_close(r.f);
	if (!ok)
		return EXIT_FAILED;
	printf("%zu files of %s are in their place.\n", r.files, r.origin);
	puts(r.has_site ?
		"The data directory is this site's and was left as it is. "
		"Start saqta-storage,\nsaqta-recorder and saqta-web." :
		"Start saqta-storage, saqta-recorder and saqta-web. A new "
		"epoch of the ledger\nbegins, and nothing is erased until a "
		"custodian confirms it: saqta ledger confirm.\nPeople who were "
		"ended after the backup are to be ended again: compare them.");
	return EXIT_FINE;
}
