#include "storage/tool/destroy_ask.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "storage/disk.h"
#include "storage/due.h"
#include "storage/epoch.h"
#include "storage/rclock.h"
#include "storage/term.h"
#include "storage/term_move.h"
#include "storage/volume.h"

bool destroy_fail(const char *what, const char *why)
{
	fprintf(stderr, "saqta destroy: %s: %s\n", what, why);
	return false;
}

bool destroy_failed(const char *what, enum err err)
{
	return destroy_fail(what, err_text(err));
}

static enum err ask_ledger(const struct segment_row *s, void *arg)
{
	struct box *b = arg;

	b->disagree += !due_agrees(b->ledger, s, b->both);
	return OK;
}

static enum err add_day(const struct day_row *d, void *arg)
{
	struct box *b = arg;

	b->segments += d->segments;
	b->bytes += d->bytes;
	if (d->retain_ns > b->last_ns)
		b->last_ns = d->retain_ns;
	return index_segments_of_day(b->ix, d->camera, d->day, 0, UINT32_MAX,
	    ask_ledger, b);
}

static enum err any(const struct segment_row *r, void *arg)
{
	(void)r;
	*(bool *)arg = true;
	return OK;
}

/* Each closed segment is due and none is held (due.h). */
static bool all_due(struct box *b)
{
	struct due due = {0};
	uint64_t gone, held;
	bool open = false;
	char when[40];
	enum err err = index_days(b->ix, "", "", add_day, b);

	if (!err)
		err = index_segments_open(b->ix, any, &open);
	if (!err)
		err = due_gather(b->ix, &b->holds, b->both, &due);
	gone = due.segments;
	held = due.held;
	due_free(&due);
	if (err)
		return destroy_failed("index", err);
	if (gone == b->segments && !open && b->disagree)
		return destroy_fail("footage",
		    "index and ledger disagree about what is due; nothing was "
		    "changed (P2): saqta check says where");
	if (gone == b->segments && !open)
		return true;
	fprintf(stderr,
	    "saqta destroy: %llu of %llu segments are within their "
	    "term%s.\nThe last term ends on %s. Nothing was changed (P2). "
	    "Leave\nthe box running: what is due goes by itself.\n",
	    (unsigned long long)(b->segments - gone - held),
	    (unsigned long long)b->segments,
	    held     ? ", others are held (saqta hold list)" :
		open ? ", one was being written" :
		       "",
	    utc_rfc3339((struct utc){b->last_ns}, when, sizeof(when)));
	return false;
}

/* As of a sweep (expire_plan.c): what makes that wait makes this wait. */
static bool undisturbed(struct box *b)
{
	struct term_move m;
	size_t n;

	if (!epoch_confirmed(b->ix, b->ledger))
		return destroy_fail("ledger",
		    "it began anew, and no custodian has confirmed that: "
		    "start storage, then saqta ledger confirm");
	if (index_setting_find(b->ix, TERM_MOVE_SETTING, &m, sizeof(m), &n) !=
	    ERR_NOT_FOUND)
		return destroy_fail("terms",
		    "they still move since the clock was vouched for: start "
		    "storage for an hour");
	return true;
}

static bool clocks(struct box *b)
{
	struct rclock c = {0};
	size_t n = 0;
	enum err err =
	    index_setting_find(b->ix, RCLOCK_SETTING, &c, sizeof(c), &n);

	if (err || n != sizeof(c))
		return destroy_fail("retention clock",
		    "it is not known (P12): start storage once, and stop it");
	if (c.untrusted || !rclock_trusts(&c, utc_now()))
		return destroy_fail("retention clock",
		    "it is far from the wall clock: start storage, and a "
		    "custodian vouches (saqta clock vouch)");
	b->both = rclock_both(&c, utc_now());
	return true;
}

enum err destroy_walk(int at, const char *name, int depth,
    enum err (*fn)(int dir, const char *name, void *arg), void *arg)
{
	DIR *d = disk_opendir(at, name);
	struct dirent *e;
	struct stat st;
	enum err err = OK;

	if (!d)
		return errno == ENOENT ? OK : ERR_DISK;
	while (!err && !(err = disk_next(d, &e))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			err = ERR_DISK;
		else if (!S_ISDIR(st.st_mode))
			err = fn(dirfd(d), e->d_name, arg);
		else if (depth > 0)
			err = destroy_walk(dirfd(d), e->d_name, depth - 1, fn,
			    arg);
		else
			err = ERR_FORMAT;
	}
	closedir(d);
	return err == ERR_GONE ? OK : err;
}

struct camera_walk {
	struct box *b;
	const char *camera;
};

/* Footage that no row stands for: nobody knows its term. */
static enum err count_unknown(int dir, const char *name, void *arg)
{
	const struct camera_walk *w = arg;
	struct segment_row r;
	unsigned long long seq;
	enum err err;

	(void)dir;
	if (!strstr(name, ".age"))
		return OK;
	err = sscanf(name, "%*[0-9TZ]-%llu", &seq) == 1 ?
	    index_segment_find(w->b->ix, w->camera, seq, &r) :
	    ERR_NOT_FOUND;
	/* one that the scrub found damaged is in no day's sums */
	if (err == ERR_NOT_FOUND || (!err && r.retain_ns > w->b->both.ns)) {
		w->b->unknown++;
		err = OK;
	}
	return err;
}

static bool all_known(struct box *b)
{
	char name[16 + CAMERA_ID_MAX];
	enum err err = OK;

	for (unsigned i = 0; !err && i < volumes_count(); i++) {
		int fd = volume_at(i)->fd;
		DIR *d = fd < 0 ? NULL : disk_opendir(fd, "footage");
		struct dirent *e;

		if (fd >= 0 && !d && errno != ENOENT)
			err = ERR_DISK;
		while (d && !err && !(err = disk_next(d, &e))) {
			struct camera_walk w = {b, e->d_name};

			if (*e->d_name == '.')
				continue;
			snprintf(name, sizeof(name), "footage/%.*s",
			    CAMERA_ID_MAX, e->d_name);
			err = destroy_walk(fd, name, DESTROY_DEPTH,
			    count_unknown, &w);
		}
		if (d)
			closedir(d);
		if (err == ERR_GONE)
			err = OK;
	}
	if (err)
		return destroy_failed("footage", err);
	if (!b->unknown)
		return true;
	fprintf(stderr,
	    "saqta destroy: %zu files of footage are not known to the index, "
	    "so "
	    "nobody can\ntell their term. Nothing was changed (P2). saqta "
	    "rebuild, while storage runs.\n",
	    b->unknown);
	return false;
}

/* The log as it ends, signed where its key is here. */
static bool last_checkpoint(struct box *b)
{
	size_t n = 0, cut;
	enum err err = ledger_open(b->data_fd, &b->ledger, &cut);

	if (!err)
		err = holds_load(b->data_fd, b->ledger, &b->holds, NULL);
	if (!err)
		err = ledger_checkpoint(b->ledger);
	if (!err)
		err = disk_read(b->data_fd, "ledger/checkpoint", b->checkpoint,
		    NOTE_MAX, &n);
	b->checkpoint[n] = '\0';
	return !err || destroy_failed("ledger", err);
}

bool destroy_may(struct box *b)
{
	enum err err;
	bool ok = last_checkpoint(b);

	err = ok ? index_open(b->conf.data, false, &b->ix) : OK;
	if (err)
		ok = destroy_failed("index", err);
	else if (ok)
		ok = undisturbed(b) && clocks(b) && all_due(b) && all_known(b);
	index_close(b->ix);
	ledger_close(b->ledger);
	return ok;
}
