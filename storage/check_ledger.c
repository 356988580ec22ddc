#include "storage/check_state.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/bytes.h"
#include "storage/disk.h"
#include "storage/note.h"
#include "storage/site.h"
#include "storage/volume.h"
#include "storage/tile.h"

#define LOST_MAX 20 /* lost segments of a camera that are named */

struct walk {
	struct check *c;
	struct ledger *l;
	int dir; /* ledger/ */
	const char *name; /* of it */
	bool former; /* of a former epoch */
	uint64_t known; /* size when the check began */
	struct checkpoint checkpoint; /* as it was then */
	struct merkle tree; /* over all entries */
	bool tree_fits; /* no entry was unreadable so far */
	struct tile_edge *rows; /* tiles of levels >= 1 that fill */
};

/* The number in a field of an entry; 0 where it is absent. */
static uint64_t number(const struct entry_view *v, enum entry_tag tag)
{
	struct entry_field f;

	return entry_find(v, tag, &f) ? field_u64(&f) : 0;
}

static bool text(const struct entry_view *v, enum entry_tag tag, char *out,
    size_t n)
{
	struct entry_field f;

	if (!entry_find(v, tag, &f) || f.n >= n)
		return false;
	memcpy(out, f.p, f.n);
	out[f.n] = '\0';
	return true;
}

/* The first thing in which ledger and disk differ; NULL where they agree. */
static const char *differs(const struct check_segment *s,
    const struct entry_view *v)
{
	unsigned char digest[HASH_BYTES];
	struct entry_field root, cipher;

	if (!entry_find(v, TAG_ROOT, &root) ||
	    !entry_find(v, TAG_CIPHER, &cipher))
		return "hashes";
	check_digest(root.p, cipher.p, digest);
	if (!crypt_equal(digest, s->digest, HASH_BYTES))
		return "hashes";
	if ((int64_t)number(v, TAG_FROM) != s->from_ns ||
	    (int64_t)number(v, TAG_TO) != s->to_ns)
		return "times";
	if (number(v, TAG_FRAGMENTS) != s->fragments)
		return "number of fragments";
	if (number(v, TAG_FLAGS) != s->flags)
		return "flags";
	if (number(v, TAG_KIND) != s->kind)
		return "kind";
	if (s->bytes && number(v, TAG_BYTES) != s->bytes)
		return "length";
	return NULL;
}

static enum err on_segment(struct walk *w, uint64_t i,
    const struct entry_view *v)
{
	char id[CAMERA_ID_MAX + 1], day[DAY_TEXT], path[192];
	struct check_camera *cam;
	struct check_segment *s;
	uint64_t seq = number(v, TAG_SEQ);
	int64_t from = (int64_t)number(v, TAG_FROM);
	const char *what;

	if (!text(v, TAG_CAMERA, id, sizeof(id))) {
		check_say(w->c, CHANGED, "P10", NULL, v->time.ns, NULL,
		    "entry %" PRIu64 " names no camera", i);
		return OK;
	}
	cam = check_camera(w->c, id);
	if (!cam)
		return ERR_NO_MEMORY;
	s = check_find(cam, seq);
	if (check_erased(cam, seq)) {
		check_was_due(w->c, cam, seq, from, (int64_t)number(v, TAG_TO),
		    (int64_t)number(v, TAG_RETAIN));
		w->c->erased++;
		if (!s)
			return OK;
	}
	/* Recorded since we looked at the journals. */
	if (!s && i >= w->known &&
	    (!cam->n || seq > cam->segments[cam->n - 1].seq))
		return OK;
	if (!s && check_is_gone(cam, seq)) {
		w->c->gone++;
		return OK;
	}
	if (!s && w->c->away) {
		w->c->unseen++;
		return OK;
	}
	if (!s) {
		if (++cam->lost > LOST_MAX)
			return OK;
		day_format(utc_local_day((struct utc){from}), day, sizeof(day));
		path_segment(id, day, from, seq, path, sizeof(path));
		check_say(w->c, MISSING, "P2", id, from, path,
		    "the ledger has it (entry %" PRIu64 "), no journal does",
		    i);
		return OK;
	}
	/* It was open when we looked, and was sealed since. */
	if (!s->kind && i >= w->known)
		return OK;
	what = s->kind ? differs(s, v) : "kind";
	if (what)
		check_say(w->c, CHANGED, "P10", id, from, NULL,
		    "segment %" PRIu64 ": the ledger (entry %" PRIu64 ") has "
		    "other %s than the disk",
		    seq, i, what);
	s->entered = true;
	return OK;
}

/* The journal of cam's day on a volume, kept open between entries. */
static int head_file(struct walk *w, struct check_camera *cam, size_t day,
    unsigned volume)
{
	char path[160];
	uint64_t size;

	if (cam->head_fd >= 0 && cam->head_day == day &&
	    cam->head_volume == volume)
		return cam->head_fd;
	if (cam->head_fd >= 0)
		close(cam->head_fd);
	path_journal(cam->id, cam->days[day].day, path, sizeof(path));
	if (volume_open_read(w->c->data_fd, volume, path, &cam->head_fd, &size))
		cam->head_fd = -1;
	cam->head_day = day;
	cam->head_volume = volume;
	return cam->head_fd;
}

enum fit { FITS, IS_SHORT, DIFFERS };

static enum fit head_fits(struct walk *w, struct check_camera *cam, size_t day,
    unsigned volume, uint64_t records, const unsigned char *chain)
{
	unsigned char have[HASH_BYTES];
	int fd = head_file(w, cam, day, volume);

	if (fd < 0 || records > INT64_MAX / JOURNAL_RECORD ||
	    disk_pread(fd, have, HASH_BYTES,
		records * JOURNAL_RECORD - HASH_BYTES) != OK)
		return IS_SHORT;
	return crypt_equal(have, chain, HASH_BYTES) ? FITS : DIFFERS;
}

/*
 * A camera-day may have a journal on several volumes: the head is that of one
 * of them. The one where the last head stood is asked first.
 */
static enum fit find_head(struct walk *w, struct check_camera *cam, size_t day,
    uint64_t records, const unsigned char *chain)
{
	enum fit fit = head_fits(w, cam, day, cam->head_volume, records, chain);

	for (unsigned i = 0; fit && volumes_count() > 1 && i < volumes_count();
	     i++) {
		enum fit other = head_fits(w, cam, day, volume_at(i)->number,
		    records, chain);

		if (other == FITS || fit == IS_SHORT)
			fit = other;
	}
	return fit;
}

static enum err on_head(struct walk *w, uint64_t i, int64_t at_ns,
    const char *id, const char *day, uint64_t records,
    const unsigned char *chain)
{
	struct check_camera *cam = check_camera(w->c, id);
	char path[160];
	enum fit fit;
	size_t d;
	enum err e;

	if (!cam)
		return ERR_NO_MEMORY;
	e = check_day(cam, day, &d);
	if (e || !records || cam->days[d].erased)
		return e;
	fit = find_head(w, cam, d, records, chain);
	/* its journal may have been on a volume that was given up since */
	if (fit == FITS || w->c->away || at_ns <= cam->days[d].gone_ns ||
	    cam->days[d].heads_bad++)
		return OK;
	path_journal(id, day, path, sizeof(path));
	if (fit == IS_SHORT)
		check_say(w->c, MISSING, "P2", id, at_ns, path,
		    "has no record %" PRIu64 ", which the ledger covers "
		    "(entry %" PRIu64 ")",
		    records - 1, i);
	else
		check_say(w->c, CHANGED, "P10", id, at_ns, path,
		    "is not what the ledger covers (entry %" PRIu64 ", "
		    "record %" PRIu64 ")",
		    i, records - 1);
	return OK;
}

/* u8 length || camera || day (10) || u64 records || chain (32), repeated */
static enum err on_heads(struct walk *w, uint64_t i, const struct entry_view *v)
{
	char id[CAMERA_ID_MAX + 1], day[DAY_TEXT];
	struct entry_field f;
	enum err e = OK;

	if (!entry_find(v, TAG_HEADS, &f))
		f.n = 0;
	while (!e && f.n) {
		size_t len = f.p[0], whole = 1 + len + 10 + 8 + HASH_BYTES;

		if (len > CAMERA_ID_MAX || f.n < whole) {
			check_say(w->c, CHANGED, "P10", NULL, v->time.ns, NULL,
			    "entry %" PRIu64 " has no chain heads", i);
			break;
		}
		memcpy(id, f.p + 1, len);
		id[len] = '\0';
		memcpy(day, f.p + 1 + len, 10);
		day[10] = '\0';
		e = on_head(w, i, v->time.ns, id, day,
		    be_get(f.p + 11 + len, 8), f.p + 19 + len);
		f.p += whole;
		f.n -= whole;
	}
	return e;
}

/* Put a leaf; compare each tile of a level >= 1 that it fills. */
static void put_leaf(struct walk *w, const unsigned char leaf[HASH_BYTES])
{
	unsigned char disk[TILE_BYTES], *row, (*rows)[TILE_N][HASH_BYTES];
	char path[TILE_PATH_MAX];
	struct merkle t;
	uint64_t n = w->tree.n;

	merkle_put(&w->tree, leaf);
	rows = w->rows->hash;
	memcpy(rows[0][n % TILE_N], leaf, HASH_BYTES);
	for (int level = 0; level + 1 < TILE_LEVELS; level++) {
		if (n % TILE_N != TILE_N - 1)
			return;
		row = rows[level][0];
		n /= TILE_N;
		tile_path(level, n, path);
		if (w->tree_fits && w->tree.n <= ledger_tiled(w->l) &&
		    (tile_read(w->dir, level, n, disk) != OK ||
			memcmp(disk, row, TILE_BYTES)))
			check_say(w->c, CHANGED, "P10", NULL, NO_TIME, path,
			    "is not the tile of its entries");
		merkle_init(&t);
		for (size_t k = 0; k < TILE_N; k++)
			merkle_put(&t, row + k * HASH_BYTES);
		merkle_root(&t, rows[level + 1][n % TILE_N]);
	}
}

static void check_root(struct walk *w)
{
	unsigned char root[HASH_BYTES];

	if (w->tree.n != w->checkpoint.size || !w->tree_fits)
		return;
	merkle_root(&w->tree, root);
	if (!crypt_equal(root, w->checkpoint.root, HASH_BYTES))
		check_say(w->c, CHANGED, "P10", NULL, NO_TIME, w->name,
		    "the checkpoint's root is not that of its %" PRIu64
		    " entries",
		    w->tree.n);
}

static enum err on_entry(struct walk *w, uint64_t i, const unsigned char *p,
    size_t n)
{
	unsigned char leaf[HASH_BYTES];
	struct entry_field f;
	struct entry_view v;

	merkle_leaf(p, n, leaf);
	put_leaf(w, leaf);
	check_root(w);
	if (entry_parse(p, n, &v)) {
		check_say(w->c, CHANGED, "P10", NULL, NO_TIME, NULL,
		    "entry %" PRIu64 " is not one", i);
		return OK;
	}
	if (i == 0 &&
	    (v.type != ENTRY_LOG_BEGINS || !entry_find(&v, TAG_LOG_KEY, &f)))
		check_say(w->c, CHANGED, "P10", NULL, v.time.ns, NULL,
		    "entry 0 does not name the key of the log: its signature "
		    "was not checked");
	check_act(w->c, i, p, n, &v, ledger_origin(w->l));
	check_clock(w->c, i, &v, ledger_origin(w->l));
	if (v.type == ENTRY_SEGMENT)
		return on_segment(w, i, &v);
	if (v.type == ENTRY_HEADS)
		return on_heads(w, i, &v);
	return OK;
}

static enum err walk_entries(struct walk *w)
{
	unsigned char buf[ENTRY_MAX];
	uint64_t i, said = UINT64_MAX;
	size_t n;
	enum err e = OK;

	for (i = 0; !e; i++) {
		e = ledger_get(w->l, i, buf, &n);
		if (e == ERR_NOT_FOUND)
			break;
		if (e == ERR_INTEGRITY || e == ERR_TOO_LARGE) {
			if (said != i / TILE_N)
				check_say(w->c, CHANGED, "P10", NULL, NO_TIME,
				    w->name,
				    "entry %" PRIu64 " was changed, "
				    "or its tile",
				    i);
			said = i / TILE_N;
			w->tree_fits = false;
			memset(buf, 0, HASH_BYTES);
			put_leaf(w, buf);
			e = OK;
		} else if (!e) {
			e = on_entry(w, i, buf, n);
		}
	}
	w->c->entries += i;
	return e == ERR_NOT_FOUND ? OK : e;
}

/* The checkpoint that the walk holds the entries against. */
static enum err read_checkpoint(struct walk *w)
{
	unsigned char *note;
	size_t n;
	enum err e = disk_read_all(w->dir, "checkpoint", NOTE_MAX, &note, &n);

	if (!e) {
		e = checkpoint_parse(note, n, &w->checkpoint);
		free(note);
	}
	/* what a former one lacks was said by its successor */
	if (e && w->former)
		w->checkpoint.size = UINT64_MAX;
	return w->former ? OK : e;
}

enum err check_ledger_in(struct check *c, struct ledger *l, const char *name,
    bool former)
{
	struct walk w = {.c = c,
	    .l = l,
	    .name = name,
	    .former = former,
	    .known = ledger_size(l),
	    .tree_fits = true};
	enum err e;

	c->has_log_key = false;
	w.rows = calloc(1, sizeof(*w.rows));
	w.dir = openat(c->data_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	e = !w.rows ? ERR_NO_MEMORY : w.dir < 0 ? ERR_DISK : OK;
	if (!e)
		e = read_checkpoint(&w);
	if (!e)
		e = walk_entries(&w);
	free(w.rows);
	if (w.dir >= 0)
		close(w.dir);
	return e;
}

enum err check_ledger(struct check *c, struct ledger *l)
{
	enum err e = check_formers(c, l);

	c->checkpoint = ledger_checkpoint_size(l);
	if (!e)
		e = check_ledger_in(c, l, "ledger", false);
	for (size_t i = 0; !e && i < c->n; i++)
		if (c->cameras[i].lost > LOST_MAX)
			check_say(c, MISSING, "P2", c->cameras[i].id, NO_TIME,
			    NULL,
			    "and %" PRIu64 " more segments that the "
			    "ledger has",
			    c->cameras[i].lost - LOST_MAX);
	return e;
}
