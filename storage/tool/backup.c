/* See backup.h. Reads what a running storage writes: nothing here waits for it. */
#include "storage/tool/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/age_writer.h"
#include "storage/api/messages.h"
#include "storage/disk.h"
#include "storage/index.h"
#include "storage/index_transaction.h"
#include "storage/ledger_state.h"
#include "storage/note.h"
#include "storage/tail.h"
#include "storage/site.h"
#include "storage/tar.h"
#include "storage/tool/console.h"

#define STAGE "backup.tmp"
#define PIECE 65536
#define DEPTH 8
#define TO_MAX 4
#define KEEP 7 /* backups in the directory of saqta.conf */
#define NAME_ROOM 48

static const char usage[] =
    "usage: saqta backup [--config FILE] [--to RECIPIENT] [FILE]\n"
    "  FILE      by default saqta-TIME.age in the directory that saqta.conf\n"
    "            names ([storage] backup), where the last seven are kept\n"
    "  --to      an age recipient (age1...) who opens it, beside the paper "
    "key\n";

struct backup {
	struct config conf;
	const char *conf_path;
	struct site site;
	struct age_writer w;
	int data_fd;
	size_t files;
	unsigned char piece[PIECE];
};

static bool say(const char *what, enum err err)
{
	fprintf(stderr, "saqta backup: %s: %s\n", what, err_text(err));
	return false;
}

static enum err put_padding(struct backup *b, uint64_t size)
{
	static const unsigned char zeros[TAR_BLOCK];

	return age_writer_put(&b->w, zeros, tar_padded(size) - size);
}

static enum err put_head(struct backup *b, const char *name, uint64_t size,
    int64_t mtime_s)
{
	struct tar_member m = {.size = size, .mtime_s = mtime_s};
	unsigned char block[TAR_BLOCK];
	enum err err;

	if (strlen(name) >= sizeof(m.name))
		return ERR_TOO_LARGE;
	strcpy(m.name, name);
	err = tar_put(&m, block);
	b->files++;
	return err ? err : age_writer_put(&b->w, block, sizeof(block));
}

static enum err put_bytes(struct backup *b, const char *name, const void *p,
    size_t n)
{
	enum err err = put_head(b, name, n, utc_now().ns / NS_PER_SEC);

	if (!err)
		err = age_writer_put(&b->w, p, n);
	return err ? err : put_padding(b, n);
}

/* A file as long as it is now, should it grow meanwhile. */
static enum err put_open(struct backup *b, const char *name, int fd)
{
	uint64_t size, at = 0;
	struct stat st;
	enum err err;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return ERR_NOT_FOUND;
	size = (uint64_t)st.st_size;
	err = put_head(b, name, size, st.st_mtime);
	while (!err && at < size) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;

		err = disk_pread(fd, b->piece, n, at);
		if (!err)
			err = age_writer_put(&b->w, b->piece, n);
		at += n;
	}
	return err ? err : put_padding(b, size);
}

/* An absent file is none of the backup. */
static enum err put_file(struct backup *b, const char *name, int at,
    const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	enum err err;

	if (fd < 0)
		return errno == ENOENT ? OK : ERR_DISK;
	err = put_open(b, name, fd);
	close(fd);
	return err;
}

/* Temporary files, what a restore put aside, and links stay away. */
static bool is_ours(const char *name)
{
	size_t n = strlen(name);

	return *name != '.' && (n < 4 || strcmp(name + n - 4, ".tmp") != 0) &&
	    (n < 7 || strcmp(name + n - 7, ".before") != 0);
}

/* The plain files of a directory, with those below it where depth > 0. */
static enum err put_dir(struct backup *b, const char *prefix, int at,
    const char *path, int depth)
{
	DIR *d = disk_opendir(at, path);
	struct dirent *e;
	enum err err = OK;

	if (!d)
		return errno == ENOENT ? OK : ERR_DISK;
	while (!err && !(err = disk_next(d, &e))) {
		char name[PATH_MAX];
		struct stat st;

		if (!is_ours(e->d_name))
			continue;
		snprintf(name, sizeof(name), "%s/%s", prefix, e->d_name);
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			err = errno == ENOENT ? OK : ERR_DISK; /* it went */
		else if (S_ISREG(st.st_mode))
			err = put_file(b, name, dirfd(d), e->d_name);
		else if (S_ISDIR(st.st_mode) && depth > 0)
			err = put_dir(b, name, dirfd(d), e->d_name, depth - 1);
		if (err)
			say(name, err);
	}
	closedir(d);
	return err == ERR_GONE ? OK : err;
}

/* Beside the configuration, and the programs' own keys. */
static enum err put_system(struct backup *b)
{
	char copy[PATH_MAX], path[PATH_MAX];
	const char *dir;
	enum err err;

	snprintf(copy, sizeof(copy), "%s", b->conf_path);
	dir = dirname(copy);
	err = put_file(b, "etc/saqta.conf", AT_FDCWD, b->conf_path);
	snprintf(path, sizeof(path), "%s/conf.d", dir);
	if (!err)
		err = put_dir(b, "etc/conf.d", AT_FDCWD, path, 0);
	snprintf(path, sizeof(path), "%s/alert", dir);
	if (!err)
		err = put_dir(b, "etc/alert", AT_FDCWD, path, 0);
	if (!err)
		err = put_dir(b, "journals", AT_FDCWD, b->conf.rules, 0);
	if (!err)
		err =
		    put_dir(b, "recorder", AT_FDCWD, b->conf.recorder_state, 0);
	return err ? err : put_dir(b, "web", AT_FDCWD, b->conf.web_state, 0);
}

/*
 * Never a key. The checkpoint is read first and then the tail: what it covers
 * stands in what is read after it; tiles never change once they are there.
 */
static enum err put_ledger(struct backup *b, const char *dir)
{
	static const char *const beside[] = {"rotated", "witnessed"};
	unsigned char note[NOTE_MAX], *tail = NULL;
	char name[80], path[64];
	size_t n, tail_n;
	enum err err;

	snprintf(path, sizeof(path), "%s/checkpoint", dir);
	err = disk_read(b->data_fd, path, note, sizeof(note), &n);
	snprintf(name, sizeof(name), "data/%s", path);
	if (!err)
		err = put_bytes(b, name, note, n);
	snprintf(path, sizeof(path), "%s/tail", dir);
	if (!err)
		err = disk_read_all(b->data_fd, path, TAIL_MAX, &tail, &tail_n);
	snprintf(name, sizeof(name), "data/%s", path);
	if (!err)
		err = put_bytes(b, name, tail, tail_n);
	free(tail);
	for (size_t i = 0; !err && i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, beside[i]);
		snprintf(name, sizeof(name), "data/%s", path);
		err = put_file(b, name, b->data_fd, path);
	}
	snprintf(path, sizeof(path), "%s/tile", dir);
	snprintf(name, sizeof(name), "data/%s", path);
	return err ? err : put_dir(b, name, b->data_fd, path, DEPTH);
}

static enum err put_ledgers(struct backup *b)
{
	DIR *d = disk_opendir(b->data_fd, ".");
	struct dirent *e;
	uint64_t n;
	enum err err = d ? put_ledger(b, "ledger") : ERR_DISK;

	while (!err && !(err = disk_next(d, &e)))
		if (!strncmp(e->d_name, "ledger.", 7) &&
		    !note_number(e->d_name + 7, strlen(e->d_name + 7), &n)) {
			err = put_ledger(b, e->d_name);
			if (err == ERR_NOT_FOUND) /* it was torn */
				err = OK;
		}
	if (d)
		closedir(d);
	return err == ERR_GONE ? OK : err;
}

static void clear_stage(const struct backup *b)
{
	static const char *const files[] = {STAGE "/index-copy.db",
	    STAGE "/index-copy.db-journal", STAGE "/index-copy.db-wal",
	    STAGE "/index-copy.db-shm", STAGE "/transactions.db",
	    STAGE "/transactions.db-journal"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(b->data_fd, files[i], 0);
	unlinkat(b->data_fd, STAGE, AT_REMOVEDIR);
}

/* Snapshots that SQLite makes, beside what is being written. */
static enum err put_databases(struct backup *b)
{
	char stage[PATH_MAX], file[PATH_MAX + 32];
	enum err err;

	snprintf(stage, sizeof(stage), "%s/" STAGE, b->conf.data);
	snprintf(file, sizeof(file), "%s/transactions.db", stage);
	clear_stage(b);
	err = disk_mkdirs(b->data_fd, STAGE);
	if (!err)
		err = index_copy(b->conf.data, stage);
	if (!err)
		err = transactions_copy(b->conf.data, file);
	if (!err)
		err = put_dir(b, "data", b->data_fd, STAGE, 0);
	clear_stage(b);
	return err;
}

static enum err put_data(struct backup *b)
{
	static const char *const files[] = {
	    "site", "volume", "volumes", "witness/peers"};
	char name[80];
	enum err err = put_ledgers(b);

	for (size_t i = 0; !err && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(name, sizeof(name), "data/%s", files[i]);
		err = put_file(b, name, b->data_fd, files[i]);
	}
	return err ? err : put_databases(b);
}

static enum err put_all(struct backup *b)
{
	static const unsigned char end[2 * TAR_BLOCK];
	char head[512], when[32];
	int n;
	enum err err;

	utc_basic(utc_now(), when, sizeof(when));
	n = snprintf(head, sizeof(head),
	    BACKUP_MAGIC "\norigin %s\nversion " SAQTA_VERSION "\nmade %s\n",
	    b->site.origin, when);
	err = put_bytes(b, BACKUP_HEAD, head, (size_t)n);
	if (!err)
		err = put_system(b);
	/* what SQLite makes beside its files must be storage's */
	if (!err && !become_owner(b->conf.data))
		err = ERR_DENIED;
	if (!err)
		err = put_data(b);
	if (!err)
		err = age_writer_put(&b->w, end, sizeof(end));
	if (!err)
		err = age_writer_end(&b->w);
	if (!geteuid() || seteuid(0) == 0)
		(void)!setegid(0);
	return err;
}

static bool write_to(struct backup *b, const char *file,
    const struct age_recipient *to, size_t n)
{
	char part[PATH_MAX];
	enum err err;
	int fd;

	snprintf(part, sizeof(part), "%s.part", file);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd < 0) {
		fprintf(stderr, "saqta backup: %s: %s\n", part,
		    strerror(errno));
		return false;
	}
	err = age_writer_begin(&b->w, fd, to, n);
	if (!err)
		err = put_all(b);
	close(fd);
	if (!err && rename(part, file) < 0)
		err = ERR_DISK;
	if (err) {
		say(file, err);
		unlink(part);
	}
	return !err;
}

/* "saqta-20261122T091507Z.age" */
static bool is_backup(const char *name)
{
	return strlen(name) == 26 && !strncmp(name, "saqta-", 6) &&
	    name[14] == 'T' && !strcmp(name + 21, "Z.age") &&
	    strspn(name + 6, "0123456789T") == 15;
}

static int backups_only(const struct dirent *e)
{
	return is_backup(e->d_name);
}

/* "saqta-20261122T091507Z.age" of now. */
static void name_of_now(char ret[NAME_ROOM])
{
	char when[32];

	utc_basic(utc_now(), when, sizeof(when));
	snprintf(ret, NAME_ROOM, "saqta-%s.age", when);
}

int64_t backup_newest(const char *dir, unsigned keep)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, backups_only, alphasort), ahead = 0;
	int64_t newest = INT64_MIN;
	char now[NAME_ROOM];
	struct stat st;

	name_of_now(now);
	while (ahead < n && strcmp(list[n - 1 - ahead]->d_name, now) > 0)
		ahead++;
	for (int i = 0; i < n; i++) {
		/* those of a clock that was ahead, then the oldest */
		struct dirent *e = list[(i + n - ahead) % n];
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (keep && n - i > (int)keep)
			unlink(path);
		else if (i >= ahead && !stat(path, &st))
			newest = st.st_mtime * NS_PER_SEC;
		free(e);
	}
	free(list);
	return newest;
}

static bool arguments(struct backup *b, int argc, char **argv, char *file,
    size_t room, struct age_recipient *to, size_t *ret_n)
{
	static const char *const keys[] = {"--config", "--to", NULL, NULL};
	const char *v[2] = {0}, *words[1];
	char name[NAME_ROOM];
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n)) {
		fputs(usage, stderr);
		return false;
	}
	b->conf_path = v[0] ? v[0] : CONFIG_PATH_DEFAULT;
	if (!tool_config(v[0], &b->conf))
		return false;
	if (v[1] && recipient_parse(v[1], &to[(*ret_n)++])) {
		fprintf(stderr, "saqta: %s is no age recipient\n", v[1]);
		return false;
	}
	if (!n && !strcmp(b->conf.backup, "none")) {
		fputs("saqta: name a file, or a directory in saqta.conf "
		      "([storage] backup)\n",
		    stderr);
		return false;
	}
	name_of_now(name);
	if (n)
		snprintf(file, room, "%s", words[0]);
	else
		snprintf(file, room, "%s/%s", b->conf.backup, name);
	return true;
}

/* For /metrics; one that is made while storage stands still is not told. */
static void tell_storage(const struct config *conf)
{
	const char *text;
	struct wire w;

	wire_begin(&w, MSG_BACKUP_MADE, 1);
	if (tool_ask(conf, &w, &text))
		fputs("saqta backup: storage does not answer, so /metrics has "
		      "not heard of it\n",
		    stderr);
}

int tool_backup(int argc, char **argv)
{
	static struct backup b;
	struct age_recipient to[TO_MAX];
	char file[PATH_MAX - 8];
	size_t n = 0;
	enum err err;

	if (crypt_init() ||
	    !arguments(&b, argc, argv, file, sizeof(file), to, &n))
		return EXIT_USAGE;
	umask(077);
	b.data_fd = open(b.conf.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = b.data_fd < 0 ? ERR_NOT_FOUND : site_read(b.data_fd, &b.site);
	if (err) {
		say(b.conf.data, err);
		return EXIT_FAILED;
	}
	to[n++] = b.site.paper;
	if (!write_to(&b, file, to, n))
		return EXIT_FAILED;
	crypt_wipe(&b.w, sizeof(b.w));
	printf("%s: %zu files. It has no footage and no key that opens any; "
	       "the paper key opens it.\n",
	    file, b.files);
	if (!strncmp(file, b.conf.backup, strlen(b.conf.backup)))
		backup_newest(b.conf.backup, KEEP);
	tell_storage(&b.conf);
	return EXIT_FINE;
}
