/*
 * keeper_index.c - the index checked, copied and made anew while storage runs.
 *
 * A missing, damaged or foreign index erases nothing (P2): what neither ledger
 * nor footage gives back comes from index-copy.db, recording begins, and a
 * worker fills in the rest. Until then ranges answer ERR_REBUILDING.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/disk.h"
#include "storage/clerk.h"
#include "storage/keeper.h"
#include "storage/keeper_wal.h"
#include "storage/ledger_keys.h"
#include "storage/spawn.h"

#define COPY_NS (10 * NS_PER_SEC)
#define OLD_NS (300 * NS_PER_SEC) /* an index behind the ledger by more */
#define LIVE_MAX 256 /* cameras */
#define SMALL (64 << 20) /* checked before it is used */
#define LOOK_BACK 200000 /* entries, for numbers of segments */

enum why {
	WHY_ASKED = 1,
	WHY_MISSING = 2,
	WHY_DAMAGED = 3,
	WHY_OLD = 4,
	WHY_AHEAD = 5,
	WHY_BROKEN_OFF = 6
};

static const char *const whys[] = {
    [WHY_ASKED] = "asked for",
    [WHY_MISSING] = "index.db is missing",
    [WHY_DAMAGED] = "index.db is damaged",
    [WHY_OLD] = "index.db is older than the ledger",
    [WHY_AHEAD] = "index.db knows entries that the ledger does not have",
    [WHY_BROKEN_OFF] = "an earlier one was broken off",
};

/* Numbers of entries go on over the ledger's epochs. */
static uint64_t known(const struct keeper *k)
{
	return ledger_number(k->ledger, ledger_size(k->ledger));
}

static enum err entries_put(struct keeper *k)
{
	char text[24];
	int n =
	    snprintf(text, sizeof(text), "%llu", (unsigned long long)known(k));

	return index_setting_put(k->ix, INDEX_ENTRIES, text, (size_t)n);
}

static int64_t time_of_entry(struct keeper *k, uint64_t i)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	size_t n;

	return ledger_get(k->ledger, i, buf, &n) || entry_parse(buf, n, &v) ?
	    INT64_MIN :
	    v.time.ns;
}

/* Did this index see the ledger's epoch begin? */
static bool saw_epoch(struct keeper *k)
{
	uint32_t epoch = 0;
	size_t n;

	return !index_setting_find(k->ix, "log-epoch", &epoch, sizeof(epoch),
		   &n) &&
	    n == sizeof(epoch) && epoch == ledger_epoch(k->ledger);
}

/* Does the index fit the ledger? 0, or why it is made anew. */
static enum why why_not(struct keeper *k)
{
	uint64_t size = ledger_size(k->ledger), first, knows;
	char text[24] = "", *end;
	size_t n = 0;

	if (index_setting_find(k->ix, INDEX_ENTRIES, text, sizeof(text) - 1,
		&n))
		return 0; /* made before this was kept */
	text[n] = '\0';
	knows = strtoull(text, &end, 10);
	first = ledger_number(k->ledger, 0);
	if (*end || !n || knows > first + size)
		return WHY_AHEAD;
	if (knows < first)
		return saw_epoch(k) ? 0 : WHY_OLD;
	if (knows == first || !size)
		return 0;
	return time_of_entry(k, size - 1) -
		    time_of_entry(k, knows - first - 1) >
		OLD_NS ?
	    WHY_OLD :
	    0;
}

static enum err one_is_there(const struct person_row *p, void *arg)
{
	(void)p;
	*(bool *)arg = true;
	return ERR_GONE; /* enough */
}

/* saqta init puts a person: an index without one was being made anew. */
static bool is_empty(struct keeper *k)
{
	bool any = false;
	enum err err = index_people(k->ix, one_is_there, &any);

	return !err && !any;
}

static bool is_small(const struct keeper *k)
{
	struct stat st;

	return fstatat(k->data_fd, "index.db", &st, 0) || st.st_size < SMALL;
}

static void move_aside(const struct keeper *k, const char *suffix, bool back)
{
	static const char *const parts[] = {
	    "index.db", "index.db-wal", "index.db-shm"};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		char aside[64];

		snprintf(aside, sizeof(aside), "%s.%s", parts[i], suffix);
		unlinkat(k->data_fd, back ? parts[i] : aside, 0);
		if (renameat(k->data_fd, back ? aside : parts[i], k->data_fd,
			back ? parts[i] : aside) < 0 &&
		    errno != ENOENT)
			log_warn("%s was not moved aside", parts[i]);
	}
}

static void remove_aside(const struct keeper *k)
{
	unlinkat(k->data_fd, "index.db.aside", 0);
	unlinkat(k->data_fd, "index.db-wal.aside", 0);
	unlinkat(k->data_fd, "index.db-shm.aside", 0);
}

/* The copy that knows most of the ledger; -1: there is none. */
static int best_copy(int64_t *ret_entries)
{
	int best = -1;

	for (unsigned i = 0; i < volumes_count(); i++) {
		int64_t entries;
		char dir[32];

		if (volume_at(i)->fd < 0 ||
		    index_copy_entries(dir_path(volume_at(i)->fd, dir),
			&entries))
			continue;
		if (best < 0 || entries > *ret_entries) {
			best = volume_at(i)->fd;
			*ret_entries = entries;
		}
	}
	return best;
}

/* No number may be given twice, however old the copy is. */
static enum err numbers_from_ledger(struct keeper *k)
{
	uint64_t size = ledger_size(k->ledger);
	unsigned char buf[ENTRY_MAX];
	struct entry_field f, id;
	struct entry_view v;
	enum err err = OK;
	size_t n;

	for (uint64_t i = size; !err && i && size - i < LOOK_BACK; i--) {
		struct camera_row c = {0};
		char camera[CAMERA_ID_MAX + 1];

		if (ledger_get(k->ledger, i - 1, buf, &n) ||
		    entry_parse(buf, n, &v) || v.type != ENTRY_SEGMENT ||
		    !entry_find(&v, TAG_SEQ, &f) ||
		    !entry_find(&v, TAG_CAMERA, &id) || id.n > CAMERA_ID_MAX)
			continue;
		snprintf(camera, sizeof(camera), "%.*s", (int)id.n,
		    (const char *)id.p);
		err = index_camera_find(k->ix, camera, &c);
		if (!err && c.next_seq <= field_u64(&f)) {
			c.next_seq = field_u64(&f) + 1;
			err = index_camera_put(k->ix, &c);
		}
		err = err == ERR_NOT_FOUND ? OK : err;
	}
	return err;
}

static enum err plan(struct keeper *k)
{
	struct rebuild *r = calloc(1, sizeof(*r));

	if (!r)
		return ERR_NO_MEMORY;
	snprintf(r->data, sizeof(r->data), "%s", k->conf.data);
	k->rebuild = r;
	return index_setting_put(k->ix, INDEX_REBUILD, "1", 1);
}

static enum err enter_begun(struct keeper *k, enum why why, int64_t copy)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_REBUILD_BEGUN, 0);
	entry_put_u64(&x.e, TAG_REBUILD_WHY, why);
	entry_put_i64(&x.e, TAG_COPY, copy);
	return enter_end(k, &x, NULL);
}

/* The keeper's own: its log is keeper_wal.c's. */
static enum err open_by_hand(struct keeper *k)
{
	enum err err = index_open(k->conf.data, false, &k->ix);

	if (!err)
		index_wal_by_hand(k->ix);
	return err;
}

/* A new index.db with what the best copy has, in the place of the old one. */
static enum err make_anew(struct keeper *k, enum why why)
{
	bool bare = false;
	size_t n = 0;
	char any[4], dir[32];
	int copy;
	enum err err;

	k->copy_entries = -1;
	copy = best_copy(&k->copy_entries);
	log_warn("the index is made anew: %s; recording goes on, nothing is "
		 "erased",
	    whys[why]);
	if (k->ix)
		bare = !index_setting_find(k->ix, "bare", any, sizeof(any), &n);
	index_close(k->ix);
	k->ix = NULL;
	if (copy < 0 && !bare) {
		log_error("people and cameras are in no copy of the index "
			  "(index-copy.db on any volume). Put index.db or "
			  "index-copy.db of a backup into %s; or run saqta "
			  "rebuild --bare to go on without them",
		    k->conf.data);
		return ERR_NOT_FOUND;
	}
	move_aside(k, "aside", false);
	err = open_by_hand(k);
	/* marked first: people without footage would pass for all there is */
	if (!err)
		err = plan(k);
	if (!err)
		err = copy >= 0 ? index_restore(k->ix, dir_path(copy, dir)) :
				  index_setting_put(k->ix, "bare", "1", 1);
	if (err) { /* the next start tries again */
		index_close(k->ix);
		k->ix = NULL;
		free(k->rebuild);
		k->rebuild = NULL;
		move_aside(k, "aside", true);
	}
	return err;
}

/* With the ledger: it is entered, and no number is given twice. */
static enum err enter_anew(struct keeper *k, enum why why)
{
	enum err err = numbers_from_ledger(k);

	if (!err)
		err = enter_begun(k, why, k->copy_entries);
	return err ? err : entries_put(k);
}

enum err index_start(struct keeper *k)
{
	bool missing = faccessat(k->data_fd, "index.db", F_OK, 0) < 0;
	enum err err = OK;
	char any[4];
	size_t n;

	k->now = utc_now();
	if (!missing)
		err = open_by_hand(k);
	if (!err && !missing && is_small(k))
		err = index_verify(k->conf.data, NULL);
	if (err == ERR_INTEGRITY)
		k->anew = WHY_DAMAGED;
	else if (err)
		return err;
	else if (missing || is_empty(k) ||
	    !index_setting_find(k->ix, "bare", any, sizeof(any), &n))
		k->anew = WHY_MISSING;
	else if (!index_setting_find(k->ix, INDEX_REBUILD, any, sizeof(any),
		     &n))
		k->anew = WHY_BROKEN_OFF;
	if (!k->anew)
		return OK;
	if (k->anew != WHY_BROKEN_OFF)
		return make_anew(k, (enum why)k->anew);
	log_warn("the index is made anew: %s", whys[WHY_BROKEN_OFF]);
	return plan(k);
}

enum err index_fit(struct keeper *k)
{
	enum why why = (enum why)k->anew;
	enum err err = OK;

	if (!why) {
		why = why_not(k);
		if (why)
			err = make_anew(k, why);
	}
	if (err || !why)
		return err;
	return why == WHY_BROKEN_OFF ? numbers_from_ledger(k) :
				       enter_anew(k, why);
}

/* Rows that are only here: what is written just now, gaps that are open. */
struct live {
	struct gap_row gap[LIVE_MAX];
	size_t n;
};

static void gaps_save(struct keeper *k, struct live *l)
{
	struct camera_row row;

	for (struct camera *m = k->cameras; m && l->n < LIVE_MAX; m = m->next) {
		struct gap_row *g = &l->gap[l->n];

		if (!m->gap)
			continue;
		if (index_gap_open(k->ix, m->id, g)) {
			*g = (struct gap_row){.from_ns = m->last_end_ns,
			    .to_ns = INT64_MAX,
			    .cause = CAUSE_RECORDER_FAILED,
			    .noticed_ns = k->now.ns};
			if (!index_camera_find(k->ix, m->id, &row) && row.cause)
				g->cause = row.cause;
			memcpy(g->camera, m->id, sizeof(g->camera));
		}
		l->n++;
	}
}

static enum err number_taken(struct keeper *k, const struct segment *s)
{
	struct camera_row c;
	enum err err = index_camera_find(k->ix, s->row.camera, &c);

	if (err || c.next_seq > s->row.seq)
		return err;
	c.next_seq = s->row.seq + 1;
	return index_camera_put(k->ix, &c);
}

static enum err live_put(struct keeper *k, const struct live *l)
{
	enum err err = OK;

	for (size_t i = 0; i < l->n && !err; i++)
		err = index_gap_put(k->ix, &l->gap[i]);
	for (struct camera *m = k->cameras; m && !err; m = m->next) {
		if (!m->segment)
			continue;
		err = index_segment_put(k->ix, &m->segment->row);
		if (!err)
			err = number_taken(k, m->segment);
	}
	for (struct segment *s = k->sealing; s && !err; s = s->next)
		err = number_taken(k, s);
	return err;
}

/*
 * The same while storage runs. Sessions end: their readers have the old file
 * open. If it fails there is no index to go on with: the next start tries
 * again, and recovery finishes what was being written (P8).
 */
static enum err renew(struct keeper *k, enum why why)
{
	static struct live live;
	enum err err = OK;
	char dir[32];

	live.n = 0;
	while (k->readers)
		reader_end(k, k->readers);
	gaps_save(k, &live);
	if (why == WHY_ASKED)
		err = index_copy(k->conf.data, dir_path(k->data_fd, dir));
	if (err)
		return err;
	err = make_anew(k, why);
	if (!err)
		err = enter_anew(k, why);
	if (!err)
		err = live_put(k, &live);
	if (err) {
		log_error("storage cannot go on without an index: %s",
		    err_text(err));
		exit(1);
	}
	return OK;
}

/* People and cameras that only the ledger knew are taken up. */
static void load_cameras(struct keeper *k)
{
	struct camera_row row = {0};
	struct camera *m;

	while (!index_camera_next(k->ix, row.id, &row))
		if (!camera_find(k, row.id) && camera_load(k, row.id, &m))
			log_error("camera %s was not loaded", row.id);
}

static void rebuilt(struct keeper *k)
{
	struct rebuild *r = k->rebuild;
	struct enter x;
	enum err err = r->err;

	if (!err)
		err = index_setting_drop(k->ix, "bare");
	if (!err)
		err = index_setting_drop(k->ix, INDEX_REBUILD);
	if (!err) {
		enter_begin(k, &x, ENTRY_REBUILD_ENDED, 0);
		entry_put_u64(&x.e, TAG_SEGMENTS, r->segments);
		err = enter_end(k, &x, NULL);
	}
	if (err) {
		log_error("the index was not made anew: %s; the next start "
			  "tries again",
		    err_text(err));
	} else {
		log_info("the index is whole again: %llu segments",
		    (unsigned long long)r->segments);
		load_cameras(k);
		if (!r->bare)
			remove_aside(k);
	}
	for (unsigned i = 0; i < r->dirs_n; i++)
		close(r->dirs[i].fd);
	free(r);
	k->rebuild = NULL;
}

static void clerk_done(struct keeper *k, struct clerk *c)
{
	static enum err said;

	k->clerk_busy = false;
	if (c->what == CLERK_REBUILD)
		rebuilt(k);
	else if (c->what == CLERK_COPY && c->err && c->err != said)
		log_error("the copy of people and cameras is not up to date: "
			  "%s",
		    err_text(c->err));
	if (c->what == CLERK_COPY)
		said = c->err;
	if (c->what == CLERK_VERIFY && c->err == ERR_INTEGRITY)
		k->damaged = true;
	free(c);
}

/* Percent done, where people look. */
static void say_progress(struct keeper *k)
{
	struct rebuild *r = k->rebuild;
	char text[24];
	int n;

	if (!r || !r->end)
		return;
	n = snprintf(text, sizeof(text), "%llu",
	    (unsigned long long)(atomic_load(&r->at) * 100 / r->end));
	if (index_setting_put(k->ix, INDEX_REBUILD, text, (size_t)n))
		log_warn("the rebuild's progress was not noted");
}

void index_tick(struct keeper *k)
{
	struct clerk *c;

	while ((c = worker_done(k->clerk)))
		clerk_done(k, c);
	if (k->clerk_busy) {
		say_progress(k);
		return;
	}
	/* no other thread may open the file while it is exchanged */
	if (wal_busy(k) && (k->damaged || k->asked || index_is_corrupt(k->ix)))
		return;
	if ((k->damaged || index_is_corrupt(k->ix)) && renew(k, WHY_DAMAGED))
		return;
	k->damaged = false;
	if (k->asked) {
		k->asked = false;
		if (renew(k, WHY_ASKED))
			log_error("the rebuild that was asked for did not "
				  "begin");
	}
	if (k->rebuild) {
		clerk_rebuild(k);
	} else if (!k->verified && !is_small(k)) {
		k->verified = true;
		clerk_verify(k);
	} else if (k->mono.ns >= k->next_copy_ns) {
		k->next_copy_ns = k->mono.ns + COPY_NS;
		if (entries_put(k))
			log_warn("the index was not marked");
		clerk_copy(k);
	}
}

void index_stop(struct keeper *k)
{
	if (k->rebuild)
		atomic_store(&k->rebuild->stop, true);
	clerk_stop();
	if (entries_put(k))
		log_warn("the index was not marked");
	worker_free(k->clerk);
}

void handle_rebuild(struct keeper *k, struct conn *c, struct wire *w)
{
	enum err err = wire_end(w);

	if (!err && k->rebuild)
		err = ERR_BUSY;
	/* the clerk may be at work: it begins with the next tick */
	if (!err)
		err = index_setting_put(k->ix, INDEX_REBUILD, "0", 1);
	if (!err)
		k->asked = true;
	if (err)
		conn_error(c, w->id, err, NULL);
	else
		conn_ok(c, w->id);
}
