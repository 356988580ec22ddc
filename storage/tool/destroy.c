/*
 * destroy.c - see destroy.h. What may go is asked first and changes nothing;
 * then the name of the log is typed, the record printed, the keys overwritten
 * (so that nothing opens what a disk may still have), and the files removed.
 * `site` goes last: where it broke off, it is gone on with.
 */
#include "storage/tool/destroy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/epoch.h"
#include "storage/kek.h"
#include "storage/ledger.h"
#include "storage/site.h"
#include "storage/tool/console.h"
#include "storage/tool/destroy_ask.h"
#include "storage/volume.h"

#define BEGUN "destroying" /* the word was typed: go on */
#define BEGUN_MAX 192

static const char usage[] =
    "usage: saqta destroy [--config FILE] [--without-missing] [-]\n"
    "  A site that has ended: its keys are overwritten, then all that Saqta "
    "has on\n"
    "  its volumes is removed. Only where no footage is within its term and "
    "none is\n"
    "  held; saqta-storage stopped. Asks for the name of the log, or reads "
    "it with -.\n"
    "  The record that is printed is all that stays: keep it.\n"
    "  --without-missing  volumes that are away are destroyed by other means\n";

/* --- the word, and the record --- */

static bool typed(const struct box *b, bool from_stdin)
{
	char line[sizeof(b->site.origin)];

	if (!from_stdin && !isatty(STDIN_FILENO))
		return destroy_fail("console", "there is none: say it with -");
	fprintf(stderr,
	    "This destroys the keys, the ledger and all else of %s. There is "
	    "no way back.\n",
	    b->site.origin);
	if (from_stdin ? !ask_secret("", true, false, line, sizeof(line)) :
			 !ask_line("Type the name of the log to do it: ", line,
			     sizeof(line)))
		return destroy_fail("the name",
		    "nothing was typed, nothing was changed");
	return !strcmp(line, b->site.origin) ||
	    destroy_fail("the name",
		"that is not this log's: nothing was changed");
}

/* Durable where it goes to a file: before the first key is gone. */
static bool record(const struct box *b)
{
	char when[40];

	printf("Record of the destruction of a site of Saqta\n\n"
	       "log      %s\nat       %s\n",
	    b->site.origin, utc_rfc3339(utc_now(), when, sizeof(when)));
	for (unsigned i = 0; i < volumes_count(); i++)
		printf("volume   %u %s %s%s\n", volume_at(i)->number,
		    volume_at(i)->uuid, volume_at(i)->path,
		    volume_at(i)->lost	     ? " (lost before)" :
			volume_at(i)->fd < 0 ? " (away: not destroyed here)" :
					       "");
	if (b->begun)
		puts("footage  (gone on with: see the record of the first "
		     "time)");
	else
		printf("footage  %llu segments, %llu bytes, all past their "
		       "term by both clocks, none held\n\n"
		       "The log ended as\n%s\n",
		    (unsigned long long)b->segments,
		    (unsigned long long)b->bytes, b->checkpoint);
	if (fflush(stdout) == EOF || ferror(stdout))
		return destroy_fail("record", strerror(errno));
	return !fsync(STDOUT_FILENO) || errno == EINVAL || errno == EROFS ||
	    destroy_fail("record", strerror(errno));
}

/* --- gone --- */

static enum err destroy_keys(struct box *b)
{
	enum err err = OK;

	for (unsigned i = 0; !err && i < volumes_count(); i++)
		for (unsigned slot = 0; slot < KEK_SLOTS; slot++) {
			if (volume_at(i)->fd < 0)
				continue;
			err = kek_destroy(volume_at(i)->fd, slot);
			if (err == ERR_NOT_FOUND)
				err = OK;
			b->keys += !err;
		}
	if (!err)
		err = disk_blank(b->data_fd, "ledger/log.key", KEY_BYTES);
	if (err == ERR_NOT_FOUND)
		err = OK;
	return err ? err : disk_sync_volume(b->data_fd);
}

static enum err remove_file(int dir, const char *name, void *arg)
{
	struct box *b = arg;

	b->files++;
	return disk_unlink(dir, name);
}

/* Files first, then the folders that they leave. */
static enum err remove_folders(int at, const char *name, int depth)
{
	DIR *d = disk_opendir(at, name);
	struct dirent *e;
	enum err err = OK;

	if (!d)
		return errno == ENOENT ? OK : ERR_DISK;
	while (!err && depth > 0 && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			err = remove_folders(dirfd(d), e->d_name, depth - 1);
	closedir(d);
	return err ? err : disk_rmdir(at, name);
}

static enum err remove_tree(struct box *b, int at, const char *name)
{
	struct stat st;
	enum err err;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? OK : ERR_DISK;
	if (!S_ISDIR(st.st_mode))
		return remove_file(at, name, b);
	err = destroy_walk(at, name, DESTROY_DEPTH, remove_file, b);
	return err ? err : remove_folders(at, name, DESTROY_DEPTH);
}

/* What Saqta makes in a volume (storage/DESIGN.md); all else stays. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = {"footage", "ledger", "keyring",
	    "witness", "exports", "holds", "restored", "volumes"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (!strcmp(name, ours[i]))
			return true;
	return !strncmp(name, "ledger.", 7) || !strncmp(name, "index", 5) ||
	    !strncmp(name, "transactions.db", 15) ||
	    !strncmp(name, "backup.tmp", 10);
}

/* The ledger's copy has that of this site alone, and may not be its own. */
static bool is_log(const char *name)
{
	return !strcmp(name, "ledger") || !strncmp(name, "ledger.", 7);
}

static bool has_our_log(const struct box *b, int fd)
{
	char text[NOTE_MAX + 1];
	unsigned epoch;
	size_t n;

	if (disk_read(fd, "ledger/checkpoint", text, NOTE_MAX, &n))
		return false;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return !epoch_of_origin(b->site.origin, text, &epoch);
}

/* `volume` says which disk it is until the rest is gone. */
static enum err empty(struct box *b, int fd, const char *path,
    bool (*ours)(const char *))
{
	DIR *d = disk_opendir(fd, ".");
	struct dirent *e;
	enum err err = d ? OK : ERR_DISK;

	while (!err && (e = readdir(d)))
		if (ours(e->d_name))
			err = remove_tree(b, fd, e->d_name);
	if (d)
		closedir(d);
	if (!err)
		err = disk_sync_volume(fd);
	if (!err && ours == is_ours)
		err = disk_unlink(fd, "volume");
	if (err)
		destroy_failed(path, err);
	return err;
}

static enum err remove_all(struct box *b)
{
	int copy =
	    open(b->conf.ledger_copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = OK;

	if (copy >= 0 && has_our_log(b, copy))
		err = empty(b, copy, b->conf.ledger_copy, is_log);
	else if (*b->conf.ledger_copy)
		printf("left     %s: no copy of this log is there\n",
		    b->conf.ledger_copy);
	if (copy >= 0)
		close(copy);
	for (unsigned i = volumes_count(); !err && i-- > 0;)
		if (volume_at(i)->fd >= 0)
			err = empty(b, volume_at(i)->fd, volume_at(i)->path,
			    is_ours);
	if (!err)
		err = disk_unlink(b->data_fd, "site");
	if (!err)
		err = disk_unlink(b->data_fd, BEGUN);
	return err ? err : disk_sync_volume(b->data_fd);
}

/* The site that the word was typed for: another one may come after it. */
static size_t begun_text(const struct box *b, char *text, size_t n)
{
	return (size_t)snprintf(text, n, "%s %lld\n", b->site.origin,
	    (long long)b->site.created_ns);
}

/* As long as a key is left nothing is lost, and all is asked once more. */
static bool has_key(void)
{
	struct age_identity kek;
	enum err err;

	for (unsigned i = 0; i < volumes_count(); i++)
		for (unsigned slot = 0; slot < KEK_SLOTS; slot++) {
			if (volume_at(i)->fd < 0)
				continue;
			err = kek_load(volume_at(i)->fd, slot, &kek);
			crypt_wipe(&kek, sizeof(kek));
			if (!err)
				return true;
		}
	return false;
}

static bool was_begun(const struct box *b)
{
	char want[BEGUN_MAX], text[BEGUN_MAX];
	size_t n, got;

	n = begun_text(b, want, sizeof(want));
	return !disk_read(b->data_fd, BEGUN, text, sizeof(text), &got) &&
	    got == n && !memcmp(text, want, n) && !has_key();
}

static bool destroy(struct box *b)
{
	char text[BEGUN_MAX];
	enum err err = disk_replace(b->data_fd, ".", BEGUN, text,
	    begun_text(b, text, sizeof(text)));

	if (!err)
		err = destroy_keys(b);
	if (err)
		return destroy_failed("keys", err);
	err = remove_all(b);
	if (err)
		return destroy_fail("files",
		    "the keys are gone, some files are left: once more");
	printf("%zu places of keys overwritten, %zu files removed.\n", b->keys,
	    b->files);
	return true;
}

/* --- in order --- */

static bool volumes_here(const struct box *b)
{
	for (unsigned i = 1; i < volumes_count(); i++) {
		const struct volume *v = volume_at(i);

		if (v->fd >= 0 || v->lost || b->without_missing)
			continue;
		fprintf(stderr,
		    "saqta destroy: volume %u is not at %s: mount it there, or "
		    "destroy that disk by\nother means and say "
		    "--without-missing\n",
		    v->number, v->path);
		return false;
	}
	return true;
}

static bool open_box(struct box *b)
{
	enum err err;

	b->data_fd = open(b->conf.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->data_fd < 0)
		return destroy_fail(b->conf.data, strerror(errno));
	if (flock(b->data_fd, LOCK_EX | LOCK_NB) < 0)
		return destroy_fail(b->conf.data, "stop saqta-storage first");
	err = site_read(b->data_fd, &b->site);
	if (!err)
		err = utc_site(b->site.zone);
	if (!err)
		err = volumes_open(b->data_fd, b->conf.data, b->site.origin,
		    true);
	if (err)
		return destroy_failed(b->conf.data, err);
	b->begun = was_begun(b);
	return volumes_here(b);
}

int tool_destroy(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", NULL, "--without-missing", NULL};
	static struct box b;
	const char *v[2] = {0}, *words[1];
	size_t n;
	bool ok;

	if (!options(argc, argv, keys, v, words, 1, &n) ||
	    (n && strcmp(words[0], "-"))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (crypt_init() || !tool_config(v[0], &b.conf))
		return EXIT_FAILED;
	b.without_missing = v[1];
	if (!become_owner(b.conf.data))
		return EXIT_FAILED;
	ok = open_box(&b) && (b.begun || destroy_may(&b)) &&
	    typed(&b, n == 1) && record(&b) && destroy(&b);
	holds_free(&b.holds);
	if (!ok)
		return EXIT_FAILED;
	puts("Left, and for you to destroy: backups, exported packages, sealed "
	     "credentials,\nthe sheets of the paper key, disks that were taken "
	     "out. On flash overwriting is\nbest effort: destroy the drive. "
	     "apt "
	     "purge saqta removes the programs.");
	return EXIT_FINE;
}
