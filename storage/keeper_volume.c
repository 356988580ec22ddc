/*
 * keeper_volume.c - volumes while storage runs: added, away, back, full (P11).
 * What is away or full erases nothing (P2): its cameras record elsewhere, or
 * have a gap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/array.h"
#include "storage/disk.h"
#include "storage/keeper_machine.h"

#define REASON_MIN 3

uint64_t reserve_bytes(const struct keeper *k)
{
	return (uint64_t)k->conf.reserve_mb << 20;
}

static void enter_volume(struct keeper *k, enum entry_type type,
    const struct volume *v)
{
	struct enter x;

	enter_begin(k, &x, type, 0);
	if (type == ENTRY_VOLUME_AWAY)
		entry_put_u64(&x.e, TAG_ERROR, v->why);
	entry_put_text(&x.e, TAG_VOLUME, v->uuid);
	entry_put_u64(&x.e, TAG_VOLUME_NUMBER, v->number);
	if (type == ENTRY_VOLUME_ADDED)
		entry_put_text(&x.e, TAG_PATH, v->path);
	if (enter_end(k, &x, NULL))
		log_error("volume %u: %s was not entered", v->number,
		    entry_type_name(type));
}

static const char *why_away(enum err why)
{
	switch (why) {
	case ERR_NOT_FOUND:
		return "nothing is mounted there";
	case ERR_INTEGRITY:
		return "what is mounted there is not this volume";
	default:
		return "it is read-only, or its disk reports errors";
	}
}

static void went_away(struct keeper *k, const struct volume *v)
{
	log_error("volume %u at %s is away: %s; nothing is erased, and what it "
		  "would take goes to the others",
	    v->number, v->path, why_away(v->why));
	enter_volume(k, ENTRY_VOLUME_AWAY, v);
	for (struct camera *m = k->cameras; m; m = m->next)
		if (m->segment && m->segment->row.volume == v->number) {
			segment_free(m->segment);
			m->segment = NULL;
			camera_gap(k, m, CAUSE_DISK_ERROR);
		}
}

static void came_back(struct keeper *k, const struct volume *v)
{
	log_info("volume %u at %s is back", v->number, v->path);
	/* first: what was erased meanwhile is erased there, too (P3) */
	if (keyring_commit(k->keyring))
		log_error("volume %u: the keyring was not copied", v->number);
	enter_volume(k, ENTRY_VOLUME_BACK, v);
	for (struct camera *m = k->cameras; m && v->fd >= 0; m = m->next) {
		enum err err = recover_volume(k, m, v->number);

		if (err == ERR_DISK)
			volume_broke(k, v->number, FAULT_WRITE);
		else if (err)
			m->recover = true;
	}
}

void volume_broke(struct keeper *k, unsigned number, enum fault_what what)
{
	const struct volume *v = volume_find(number);

	disk_fault(k, number, what);
	if (!number || !v || v->fd < 0)
		return;
	volume_failed(number, k->mono.ns);
	went_away(k, v);
}

/*
 * P11: the data directory goes below the reserve only by what ledger, keyring
 * and index need; at half of it recording ends everywhere, so that erasure and
 * entries still have room.
 */
static bool is_full(const struct keeper *k)
{
	uint64_t reserve = reserve_bytes(k);

	if (volume_below(volume_at(0), reserve / 2))
		return true;
	if (k->full)
		reserve += reserve / 8;
	for (unsigned i = 0; i < volumes_count(); i++)
		if (volume_at(i)->fd >= 0 &&
		    !volume_below(volume_at(i), reserve))
			return false;
	return true;
}

void volumes_tick(struct keeper *k)
{
	bool full;

	for (unsigned i = 0; i < volumes_count(); i++) {
		const struct volume *v = volume_at(i);

		if (volume_watch(i, k->mono.ns)) {
			if (v->fd < 0)
				went_away(k, v);
			else
				came_back(k, v);
		}
		volume_measure(i);
	}
	full = is_full(k);
	if (full != k->full)
		log_warn(full ? "the disk is full: recording stops, nothing "
				"is erased; add room" :
				"there is room again: recording goes on");
	k->full = full;
}

void volumes_seal(struct keeper *k)
{
	for (unsigned i = 0; k->sealing && i < volumes_count(); i++) {
		const struct volume *v = volume_at(i);

		if (v->fd < 0)
			continue;
		if (disk_sync_volume(v->fd)) {
			disk_fault(k, v->number, FAULT_SYNC);
			continue;
		}
		for (struct segment *s = k->sealing; s; s = s->next) {
			if (s->row.volume != v->number)
				continue;
			segment_tail_drop(s);
			if (seal_once(k, s))
				log_error("a segment was not entered");
		}
	}
}

static const char *why_not(enum err err)
{
	switch (err) {
	case ERR_INVALID:
		return "Give the absolute path of the mount point, without "
		       "spaces.";
	case ERR_NOT_FOUND:
		return "Nothing is mounted there: a volume is a file system of "
		       "its own. Mount it first (and let the unit of "
		       "saqta-storage write there).";
	case ERR_DENIED:
		return "saqta-storage may not write there. Give it the disk: "
		       "chown saqta-storage: PATH. Where it is read-only: "
		       "mount it for writing, below /srv/saqta or where the "
		       "unit may write (ReadWritePaths=), then systemctl "
		       "restart saqta-storage.";
	case ERR_EXISTS:
		return "That file system holds a volume of this site already.";
	case ERR_INTEGRITY:
		return "That is a volume of another site; it is left as it is.";
	case ERR_TOO_LARGE:
		return "There are as many volumes as a site can have.";
	default:
		return NULL;
	}
}

static enum err add(struct keeper *k, const char *path, unsigned *ret_number)
{
	unsigned number = 0;
	enum err err = volume_add(path, &number);

	if (err)
		return err;
	log_info("volume %u was added at %s", number, path);
	if (keyring_commit(k->keyring))
		log_error("volume %u: the keyring was not copied", number);
	enter_volume(k, ENTRY_VOLUME_ADDED, volume_find(number));
	*ret_number = number;
	return OK;
}

void handle_volume_add(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	char path[VOLUME_PATH];
	unsigned number;
	enum err err;

	wire_get_text(w, path, sizeof(path));
	err = wire_end(w);
	if (!err)
		err = add(k, path, &number);
	if (err)
		conn_error(c, id, err, why_not(err));
	else
		conn_ok(c, id);
}

/* What was being written on a volume when it went away, and where it ends. */
struct broken {
	unsigned volume;
	struct segment_row *row;
	size_t n, room;
};

static enum err find_broken(const struct segment_row *r, void *arg)
{
	struct broken *b = arg;

	if (r->volume != b->volume)
		return OK;
	if (!array_room(&b->row, b->n, &b->room, sizeof(*b->row)))
		return ERR_NO_MEMORY;
	b->row[b->n++] = *r;
	return OK;
}

/*
 * What was recorded in it ends where a gap begins, at the latest: the one of
 * when it broke off, or, the second time, the one that was put for it.
 */
static enum err first_gap(const struct gap_row *g, void *arg)
{
	struct segment_row *r = arg;

	if (g->from_ns >= r->start_ns && g->from_ns < r->end_ns)
		r->end_ns = g->from_ns;
	return OK;
}

/* ... or where the next segment does. */
static enum err next_start(const struct segment_row *next, void *arg)
{
	struct segment_row *r = arg;

	if (next->start_ns > r->start_ns && next->start_ns < r->end_ns)
		r->end_ns = next->start_ns;
	return OK;
}

/* All that may fail without a trace stands before the first entry. */
static enum err find_open(struct keeper *k, struct broken *b)
{
	enum err err = index_segments_open(k->ix, find_broken, b);

	for (size_t i = 0; !err && i < b->n; i++) {
		struct segment_row *r = &b->row[i];

		r->end_ns = k->now.ns;
		err = index_gaps(k->ix, r->camera, r->start_ns, k->now.ns,
		    first_gap, r);
		if (!err)
			err = index_segments(k->ix, r->camera, r->start_ns,
			    k->now.ns, next_start, r);
	}
	return err;
}

/* Its number is entered, too: the gap may have no length (check_gone.c). */
static enum err enter_open(struct keeper *k, const struct segment_row *r)
{
	struct camera *m = camera_find(k, r->camera);
	struct camera gone = {.gap = false}; /* it was retired */
	enum err err = scrub_enter_lost(k, r, ERR_NOT_FOUND, true);

	memcpy(gone.id, r->camera, sizeof(gone.id));
	if (!err)
		err = gap_put(k, m ? m : &gone, r->start_ns, r->end_ns,
		    CAUSE_LOST);
	return err;
}

/*
 * They were never sealed, so they are gaps like any other and have no row; what
 * was is found missing by the scrub. The rows go when the entries are durable,
 * in one transaction with the gaps: broken off anywhere, the next command finds
 * the rows and enters it all again (P7).
 */
static enum err lose_open(struct keeper *k, const struct broken *b)
{
	enum err err = index_begin(k->ix);

	for (size_t i = 0; !err && i < b->n; i++)
		err = enter_open(k, &b->row[i]);
	if (!err)
		err = ledger_commit(k->ledger);
	for (size_t i = 0; !err && i < b->n; i++)
		err =
		    index_segment_drop(k->ix, b->row[i].camera, b->row[i].seq);
	if (!err)
		err = index_commit(k->ix);
	if (err)
		index_abort(k->ix);
	else
		seal_drop(k, b->volume);
	return err;
}

/*
 * The list last: until then the volume is away and the command can be given
 * again, however this was broken off. What is entered by then a second entry
 * only repeats.
 */
static enum err give_up(struct keeper *k, const struct broken *b,
    const char *reason)
{
	const struct volume *v = volume_find(b->volume);
	struct enter x;
	enum err err;

	enter_begin(k, &x, ENTRY_VOLUME_LOST, 0);
	enter_text(&x, TAG_REASON, reason);
	entry_put_text(&x.e, TAG_VOLUME, v->uuid);
	entry_put_u64(&x.e, TAG_VOLUME_NUMBER, b->volume);
	err = enter_end(k, &x, NULL);
	if (!err)
		err = lose_open(k, b);
	if (!err)
		err = volume_give_up(b->volume);
	if (!err)
		log_warn("volume %u was given up as lost: what lay on it "
			 "becomes gaps",
		    b->volume);
	scrub_again(k);
	return err;
}

static const char *why_not_lost(enum err err)
{
	return err == ERR_NOT_FOUND ?
	    "There is no further volume of that number: saqta volume list." :
	    err == ERR_EXISTS ?
	    "That volume is not away, or was given up before." :
	    err == ERR_INVALID ?
	    "Say why: what lay on it is given up." :
	    err == ERR_REBUILDING ?
	    "The index is being made anew: what was being written on that "
	    "volume is not known yet. Nothing was done; give the command "
	    "again in some minutes." :
	    NULL;
}

/* Before anything is done: may that volume be given up, and what is lost? */
static enum err may_give_up(struct keeper *k, const char *reason,
    struct broken *b)
{
	char any[4];
	size_t n;
	enum err err;

	if (strlen(reason) < REASON_MIN)
		return ERR_INVALID;
	if (!b->volume || !volume_find(b->volume))
		return ERR_NOT_FOUND;
	if (!volume_is_away(b->volume))
		return ERR_EXISTS;
	err = index_setting_find(k->ix, INDEX_REBUILD, any, sizeof(any), &n);
	if (k->rebuild || !err)
		return ERR_REBUILDING;
	return err == ERR_NOT_FOUND ? find_open(k, b) : err;
}

/*
 * The new one first: nothing is given up for a disk that cannot be used. It
 * may have been added before, by its own command or when this one broke off.
 */
void handle_volume_replace(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	struct broken b = {.volume = wire_get_u32(w)};
	char path[VOLUME_PATH], reason[TEXT_MAX];
	const char *why = NULL;
	unsigned added = 0;
	enum err err;

	wire_get_text(w, path, sizeof(path));
	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err) {
		err = may_give_up(k, reason, &b);
		why = why_not_lost(err);
	}
	if (!err && !volume_at_path(path)) {
		err = add(k, path, &added);
		why = why_not(err);
	}
	if (!err && added == b.volume) {
		err = ERR_EXISTS;
		why = "That is the volume itself: it is found there from "
		      "now on, and nothing is given up.";
	}
	if (!err)
		err = give_up(k, &b, reason);
	if (err)
		conn_error(c, id, err, why);
	else
		conn_ok(c, id);
	free(b.row);
}
