/*
 * keeper_folder.c - the watched folder: FOLDER/<rules>/FILE is read once, then
 * lies in FOLDER/<rules>/done or failed, with FILE.report beside it. The ATM is
 * the journal's own word, else what stands before the first '_' or '.' of the
 * file's name.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/keeper_transaction.h"

#define LOOK_NS (2 * NS_PER_SEC)
#define QUIET_S 3	/* nobody has written to it for so long */

static int open_dir(int at, const char *name)
{
	return openat(at, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int open_folder(struct keeper *k)
{
	int fd = open(k->conf.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && !k->tx->folder_broken)
		log_error("%s ([transactions] folder): %s", k->conf.folder,
		    strerror(errno));
	k->tx->folder_broken = fd < 0;
	return fd;
}

/* Can it be moved away afterwards? Else it would be read again and again. */
static bool make_places(int rules)
{
	return (!mkdirat(rules, "done", 0770) || errno == EEXIST) &&
	    (!mkdirat(rules, "failed", 0770) || errno == EEXIST) &&
	    !faccessat(rules, ".", W_OK, 0);
}

static void begin(struct keeper *k, int rules, const struct folder_file *f)
{
	char atm[TRANSACTION_ATM_MAX + 1];
	int fd = openat(rules, f->name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct import *m;
	enum err err;

	if (fd < 0 && (errno == EACCES || errno == EPERM)) /* others wait */
		folder_done(k, f, false,
		    "Storage may not read it: give its group the right to.\n",
		    NULL, 0);
	if (fd < 0)
		return;
	snprintf(atm, sizeof(atm), "%.*s", (int)strcspn(f->name, "_."),
	    f->name);
	err = import_begin(k, fd, f->rules, atm, "", &m);
	close(fd);
	if (!err)
		m->file = *f;
	else if (err == ERR_TOO_LARGE)
		folder_done(k, f, false,
		    "A journal has at most 4 GiB: give it in parts.\n", NULL,
		    0);
	else if (err != ERR_BUSY && err != ERR_DISK_FULL)
		folder_done(k, f, false, err_text(err), NULL, 0);
}

static bool is_read(const struct keeper *k, const struct folder_file *f)
{
	for (const struct import *m = k->tx->imports; m; m = m->next)
		if (!strcmp(m->file.rules, f->rules) &&
		    !strcmp(m->file.name, f->name))
			return true;
	return false;
}

/* A file that is whole, as far as one can tell; false: none. */
static bool next_file(struct keeper *k, int rules, struct folder_file *f)
{
	DIR *d = fdopendir(dup(rules));
	bool found = false;
	struct dirent *e;

	while (d && !found && (e = readdir(d))) {
		struct stat st;

		if (e->d_name[0] == '.' ||
		    strlen(e->d_name) >= sizeof(f->name) - 16 ||
		    fstatat(rules, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) ||
		    (st.st_mtime <= k->now.ns / NS_PER_SEC &&
			st.st_mtime + QUIET_S > k->now.ns / NS_PER_SEC))
			continue;
		strcpy(f->name, e->d_name);
		found = !is_read(k, f);
	}
	if (d)
		closedir(d);
	return found;
}

static void look(struct keeper *k, int folder, const char *name)
{
	struct folder_file f = {.name = ""};
	int rules = open_dir(folder, name);

	if (rules < 0)
		return;
	strcpy(f.rules, name);
	if (next_file(k, rules, &f)) {
		if (make_places(rules))
			begin(k, rules, &f);
		else if (!k->tx->folder_broken)
			log_error("%s/%s: %s; it is left alone", k->conf.folder,
			    name, strerror(errno));
	}
	close(rules);
}

/* One file at a time, so that the tool finds a place, too. */
void folder_tick(struct keeper *k)
{
	struct dirent *e;
	DIR *d;
	int fd;

	if (!strcmp(k->conf.folder, "none") ||
	    k->mono.ns < k->tx->next_folder_ns)
		return;
	k->tx->next_folder_ns = k->mono.ns + LOOK_NS;
	for (const struct import *m = k->tx->imports; m; m = m->next)
		if (*m->file.name)
			return;
	fd = open_folder(k);
	d = fd < 0 ? NULL : fdopendir(dup(fd));
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && strlen(e->d_name) <= RULES_NAME_MAX)
			look(k, fd, e->d_name);
	if (d)
		closedir(d);
	if (fd >= 0)
		close(fd);
}

static void write_report(int place, const char *name, const char *summary,
    const void *report, size_t n)
{
	char path[sizeof(((struct folder_file *)0)->name) + 32];
	int fd;
	FILE *f;

	snprintf(path, sizeof(path), "%s.report", name);
	fd = openat(place, path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0660);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		log_warn("the report of a journal was not written: %s",
		    strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	fputs(summary, f);
	if (n)
		fwrite(report, 1, n, f);
	if (fclose(f))
		log_warn("the report of a journal was not written: %s",
		    strerror(errno));
}

void folder_done(struct keeper *k, const struct folder_file *f, bool fine,
    const char *summary, const void *report, size_t n)
{
	char name[sizeof(f->name) + 24];
	int folder = open_folder(k);
	int rules = folder < 0 ? -1 : open_dir(folder, f->rules);
	int place = rules < 0 ? -1 : open_dir(rules, fine ? "done" : "failed");

	/* one of that name lies there already: both are kept */
	snprintf(name, sizeof(name), "%s", f->name);
	if (place >= 0 && !faccessat(place, name, F_OK, AT_SYMLINK_NOFOLLOW))
		snprintf(name, sizeof(name), "%s.%lld", f->name,
		    (long long)(k->now.ns / NS_PER_SEC));
	if (place < 0 || renameat(rules, f->name, place, name) < 0) {
		log_error("%s/%s: %s; the folder is watched no more until "
			  "storage starts again",
		    k->conf.folder, f->rules, strerror(errno));
		k->tx->next_folder_ns = INT64_MAX;
	} else {
		write_report(place, name, summary, report, n);
	}
	if (place >= 0)
		close(place);
	if (rules >= 0)
		close(rules);
	if (folder >= 0)
		close(folder);
}
