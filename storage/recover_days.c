#include "storage/recover_days.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/bytes.h"
#include "storage/disk.h"

#define NAMES_MAX 40 /* of a level that are kept: months, days, years */
#define NAMES_NEW 2 /* of them that may be the newest */

/* By the number of their segments: the clock may have been set back. */
static void keep_newest(struct written best[RECOVER_DAYS], const char *day,
    uint64_t seq)
{
	for (int i = 0; i < RECOVER_DAYS; i++)
		if (!strcmp(best[i].day, day))
			return;
	for (int i = 0; i < RECOVER_DAYS; i++)
		if (!*best[i].day || seq > best[i].seq) {
			memmove(best + i + 1, best + i,
			    (size_t)(RECOVER_DAYS - 1 - i) * sizeof(*best));
			memcpy(best[i].day, day, sizeof(best[i].day));
			best[i].seq = seq;
			return;
		}
}

/*
 * The segment of the last record that can be read; the tail of a journal may be
 * torn. 0: there is none, or no journal. An error is the first one.
 */
static enum err last_seq(int at, const char *path, uint64_t *ret)
{
	unsigned char head[16];
	uint64_t size = 0;
	int fd = -1;
	enum err err = disk_open_read(at, path, &fd, &size);

	*ret = 0;
	if (err)
		return err == ERR_NOT_FOUND ? OK : err;
	for (uint64_t i = size / JOURNAL_RECORD; i && !*ret; i--) {
		enum err one = disk_pread(fd, head, sizeof(head),
		    (i - 1) * JOURNAL_RECORD);

		if (!one && !memcmp(head, "SqJ1", 4))
			*ret = be_get(head + 8, 8);
		err = err ? err : one;
	}
	close(fd);
	return err;
}

struct walk {
	struct written *best;
	size_t of_each; /* names of a level that are followed */
};

/* Put a name among the greatest n that are kept, in descending order. */
static size_t put_name(char names[][5], size_t n, size_t room, const char *name)
{
	size_t i = 0;

	while (i < n && strcmp(names[i], name) > 0)
		i++;
	if (i == room)
		return n;
	n = n < room ? n + 1 : n;
	memmove(names + i + 1, names + i, (n - 1 - i) * sizeof(*names));
	snprintf(names[i], sizeof(*names), "%.4s", name);
	return n;
}

/* Folders of digits: level 0 is yyyy, 1 mm, 2 dd; day grows on the way. */
static void walk_days(const struct walk *w, int at, const char *dir, int level,
    const char *day)
{
	const size_t digits = level ? 2 : 4;
	char names[NAMES_MAX][5];
	DIR *d = disk_opendir(at, dir);
	struct dirent *e;
	size_t n = 0;

	if (!d)
		return;
	while ((e = readdir(d)))
		if (strlen(e->d_name) == digits &&
		    strspn(e->d_name, "0123456789") == digits)
			n = put_name(names, n, w->of_each, e->d_name);
	for (size_t i = 0; i < n; i++) {
		char below[16], path[16];
		uint64_t seq;

		snprintf(below, sizeof(below), "%.8s%s%.4s", day,
		    level ? "-" : "", names[i]);
		snprintf(path, sizeof(path), "%.4s/journal", names[i]);
		if (level < 2) {
			walk_days(w, dirfd(d), names[i], level + 1, below);
			continue;
		}
		/* whoever reads all of it finds the error, too */
		(void)last_seq(dirfd(d), path, &seq);
		keep_newest(w->best, below, seq);
	}
	closedir(d);
}

enum err recover_last_seq(int fd, const char *camera, const char *day,
    uint64_t *ret)
{
	char path[128];

	return last_seq(fd, path_journal(camera, day, path, sizeof(path)), ret);
}

void recover_days(struct keeper *k, const char *camera, int fd,
    struct written ret[RECOVER_DAYS])
{
	struct walk w = {.best = ret,
	    .of_each = k->stepped || k->rebuild ? NAMES_MAX : NAMES_NEW};
	struct segment_row last;
	char path[128];
	uint64_t seq;

	memset(ret, 0, RECOVER_DAYS * sizeof(*ret));
	snprintf(path, sizeof(path), "footage/%s", camera);
	walk_days(&w, fd, path, 0, "");
	if (index_segment_last(k->ix, camera, &last))
		return;
	path_journal(camera, last.day, path, sizeof(path));
	(void)last_seq(fd, path, &seq);
	if (seq)
		keep_newest(ret, last.day, seq);
}
