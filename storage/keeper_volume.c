/*
 * keeper_volume.c - volumes while storage runs: added, away, back, full (P11).
 * What is away or full erases nothing (P2): its cameras record elsewhere, or
 * have a gap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/disk.h"
#include "storage/keeper_machine.h"

#define CAMERAS_OPEN 256 /* segments that one volume was writing */
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

		if (v->fd < 0 || disk_sync_volume(v->fd))
			continue;
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

/* Of a segment that was being written when its volume went away. */
struct broken {
	unsigned volume;
	struct segment_row row[CAMERAS_OPEN];
	size_t n;
	int64_t end_ns;
};

static enum err find_broken(const struct segment_row *r, void *arg)
{
	struct broken *b = arg;

	if (r->volume == b->volume && b->n < CAMERAS_OPEN)
		b->row[b->n++] = *r;
	return OK;
}

/*
 * What was recorded in it ends where a gap begins, at the latest: the one of
 * when it broke off, or, the second time, the one that was put for it.
 */
static enum err first_gap(const struct gap_row *g, void *arg)
{
	struct broken *b = arg;

	if (g->from_ns >= b->row[b->n].start_ns && g->from_ns < b->end_ns)
		b->end_ns = g->from_ns;
	return OK;
}

/* ... or where the next segment does. */
static enum err next_start(const struct segment_row *r, void *arg)
{
	struct broken *b = arg;

	if (r->start_ns > b->row[b->n].start_ns && r->start_ns < b->end_ns)
		b->end_ns = r->start_ns;
	return OK;
}

/* The row goes last, so that this can be gone on with. */
static enum err lose_one(struct keeper *k, struct broken *b)
{
	const struct segment_row *r = &b->row[b->n];
	struct camera *m = camera_find(k, r->camera);
	struct camera gone = {.gap = false}; /* it was retired */
	enum err err;

	b->end_ns = k->now.ns;
	err =
	    index_gaps(k->ix, r->camera, r->start_ns, k->now.ns, first_gap, b);
	if (!err)
		err = index_segments(k->ix, r->camera, r->start_ns, k->now.ns,
		    next_start, b);
	if (err)
		return err;
	memcpy(gone.id, r->camera, sizeof(gone.id));
	gap_put(k, m ? m : &gone, r->start_ns, b->end_ns, CAUSE_LOST);
	return index_segment_drop(k->ix, r->camera, r->seq);
}

/*
 * No entry names them, so they are gaps like any other and have no row; what
 * was sealed is found missing by the scrub, and entered one by one.
 */
static enum err lose_open(struct keeper *k, unsigned volume)
{
	struct broken *b = calloc(1, sizeof(*b));
	enum err err = b ? OK : ERR_NO_MEMORY;

	if (b)
		b->volume = volume;
	if (!err)
		err = index_segments_open(k->ix, find_broken, b);
	while (!err && b->n) {
		b->n--;
		err = lose_one(k, b);
	}
	free(b);
	return err;
}

/*
 * The list last: until then the volume is away and the command can be given
 * again, however this was broken off. What is entered by then a second entry
 * only repeats.
 */
static enum err give_up(struct keeper *k, unsigned number, const char *reason)
{
	const struct volume *v = volume_find(number);
	struct enter x;
	enum err err;

	enter_begin(k, &x, ENTRY_VOLUME_LOST, 0);
	enter_text(&x, TAG_REASON, reason);
	entry_put_text(&x.e, TAG_VOLUME, v->uuid);
	entry_put_u64(&x.e, TAG_VOLUME_NUMBER, number);
	err = enter_end(k, &x, NULL);
	if (!err)
		err = lose_open(k, number);
	if (!err)
		err = ledger_commit(k->ledger);
	if (!err)
		err = volume_give_up(number);
	if (!err)
		log_warn("volume %u was given up as lost: what lay on it "
			 "becomes gaps",
		    number);
	scrub_again(k);
	return err;
}

static const char *why_not_lost(enum err err)
{
	return err == ERR_NOT_FOUND ?
	    "There is no further volume of that number: saqta volume list." :
	    err == ERR_EXISTS ?
	    "That volume is not away, or was given up before." :
	    err == ERR_INVALID ? "Say why: what lay on it is given up." :
				 NULL;
}

/*
 * The new one first: nothing is given up for a disk that cannot be used. It
 * may have been added before, by its own command or when this one broke off.
 */
void handle_volume_replace(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	unsigned number = wire_get_u32(w), added = 0;
	char path[VOLUME_PATH], reason[TEXT_MAX];
	enum err err;

	wire_get_text(w, path, sizeof(path));
	wire_get_text(w, reason, sizeof(reason));
	err = wire_end(w);
	if (!err && strlen(reason) < REASON_MIN)
		err = ERR_INVALID;
	if (!err && (!number || !volume_find(number)))
		err = ERR_NOT_FOUND;
	if (!err && !volume_is_away(number))
		err = ERR_EXISTS;
	if (err) {
		conn_error(c, id, err, why_not_lost(err));
		return;
	}
	if (!volume_at_path(path))
		err = add(k, path, &added);
	if (err || added == number) {
		conn_error(c, id, err ? err : ERR_EXISTS,
		    err ? why_not(err) :
			  "That is the volume itself: it is found there from "
			  "now on, and nothing is given up.");
		return;
	}
	err = give_up(k, number, reason);
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_ok(c, id);
}
