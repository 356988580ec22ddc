/*
 * handle_export.c - evidence packages: numbered, entered, kept for some days,
 * erased. The reader writes the file; what it says is entered here (P5, P10).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/disk.h"
#include "storage/keeper.h"
#include "storage/spool.h"

#define DAY_NS (24 * 3600 * NS_PER_SEC)
#define AGAIN_NS (3600 * NS_PER_SEC) /* after a file did not go */
#define EXPORT_WHY_AGE 0
#define EXPORT_WHY_REVOKED 1

/* EXP-2026-00031: the year at the site, numbered over all years. */
static enum err export_number(struct keeper *k, char ret[EXPORT_ID_MAX])
{
	uint32_t n = 0;
	size_t size;
	enum err err =
	    index_setting_find(k->ix, "export", &n, sizeof(n), &size);

	if (err && err != ERR_NOT_FOUND)
		return err;
	n++;
	snprintf(ret, EXPORT_ID_MAX, "EXP-%04d-%05u",
	    utc_local_day(k->now).year, n);
	return index_setting_put(k->ix, "export", &n, sizeof(n));
}

/* P11: a package never takes what ledger, keyring and index need. */
static enum err room_for(struct keeper *k, uint64_t bytes)
{
	uint64_t reserve = (uint64_t)k->conf.reserve_mb << 20;
	uint64_t left, total;
	enum err err = disk_room(k->data_fd, &left, &total);

	if (err)
		return err;
	return left < reserve || left - reserve < bytes ? ERR_DISK_FULL : OK;
}

static enum err make_file(struct keeper *k, const char *id, int *ret_fd)
{
	char path[64];
	enum err err = spool_path(id, path, sizeof(path));

	if (!err)
		err = disk_mkdirs(k->data_fd, "exports");
	if (!err)
		err = disk_create(k->data_fd, path, ret_fd);
	if (err)
		return err;
	err = disk_sync_dir(k->data_fd, "exports");
	if (err) {
		close(*ret_fd);
		*ret_fd = -1;
	}
	return err;
}

static enum err unlink_file(struct keeper *k, const char *id)
{
	char path[64];
	enum err err = spool_path(id, path, sizeof(path));

	if (!err && unlinkat(k->data_fd, path, 0) < 0)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_DISK;
	return err ? err : disk_sync_dir(k->data_fd, "exports");
}

static void get_hash(struct wire *w, unsigned char ret[HASH_BYTES])
{
	size_t n;
	const void *p = wire_get_bytes(w, &n);

	if (!w->err && n != HASH_BYTES)
		w->err = ERR_BAD_MESSAGE;
	if (!w->err)
		memcpy(ret, p, HASH_BYTES);
}

void handle_export_begin(struct keeper *k, struct conn *c, struct wire *w)
{
	struct reader *r = c->reader;
	struct export_row x = {.person = r->person,
	    .state = EXPORT_PREPARING,
	    .created_ns = k->now.ns};
	struct request_row q;
	uint64_t bytes;
	uint32_t id = w->id;
	unsigned rights;
	int fd = -1;
	enum err err;

	wire_get_text(w, x.request, sizeof(x.request));
	bytes = wire_get_u64(w);
	err = wire_end(w);
	if (!err && *r->export_id)
		err = ERR_BUSY;
	if (!err)
		err = grant_good(k, r, x.request, &q);
	if (!err)
		err = index_rights_find(k->ix, x.request, &rights);
	if (!err && rights != RIGHT_EXPORT)
		err = ERR_NOT_APPROVED;
	if (!err)
		err = room_for(k, bytes);
	if (!err)
		err = export_number(k, x.id);
	if (!err)
		err = make_file(k, x.id, &fd);
	if (!err)
		err = index_export_put(k->ix, &x);
	if (err) {
		if (fd >= 0)
			close(fd);
		conn_error(c, id, err, NULL);
		return;
	}
	memcpy(r->export_id, x.id, sizeof(x.id));
	wire_begin(w, MSG_EXPORT_BEGIN_IS, id);
	wire_put_str(w, x.id);
	conn_send(c, w, fd);
}

/* The reader's own export that is being prepared, under a good grant. */
static enum err find_own(struct keeper *k, const struct reader *r,
    const char *id, struct export_row *x, struct request_row *q)
{
	enum err err;

	if (!*id || strcmp(r->export_id, id) != 0)
		return ERR_NOT_FOUND;
	err = index_export_find(k->ix, id, x);
	if (!err && x->state != EXPORT_PREPARING)
		err = ERR_NOT_FOUND;
	return err ? err : grant_good(k, r, x->request, q);
}

/*
 * The proof in the package needs a checkpoint that covers this entry, so both
 * are on the disk before the answer.
 */
void handle_export_enter(struct keeper *k, struct conn *c, struct wire *w)
{
	unsigned char hash[HASH_BYTES];
	char name[EXPORT_ID_MAX];
	struct export_row x = {0};
	struct request_row q = {0};
	uint32_t id = w->id;
	uint64_t entry = 0;
	struct enter e;
	enum err err;

	wire_get_text(w, name, sizeof(name));
	get_hash(w, hash);
	err = wire_end(w);
	if (!err)
		err = find_own(k, c->reader, name, &x, &q);
	if (!err) {
		enter_begin(k, &e, ENTRY_EXPORT, x.person);
		entry_put_text(&e.e, TAG_REQUEST, x.request);
		entry_put_u64(&e.e, TAG_DECISION, (uint64_t)q.decision_entry);
		entry_put_text(&e.e, TAG_EXPORT, x.id);
		entry_put_bytes(&e.e, TAG_MANIFEST, hash, sizeof(hash));
		err = enter_end(k, &e, &entry);
	}
	if (!err)
		err = ledger_commit(k->ledger);
	if (!err)
		err = ledger_checkpoint(k->ledger);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	witness_hurry(k);
	wire_begin(w, MSG_EXPORT_ENTER_IS, id);
	wire_put_u64(w, entry);
	conn_send(c, w, -1);
}

void handle_export_done(struct keeper *k, struct conn *c, struct wire *w)
{
	char name[EXPORT_ID_MAX];
	unsigned char hash[HASH_BYTES];
	struct export_row x = {0};
	struct request_row q = {0};
	uint64_t bytes;
	uint32_t lost;
	struct enter e;
	enum err err;

	wire_get_text(w, name, sizeof(name));
	bytes = wire_get_u64(w);
	get_hash(w, hash);
	lost = wire_get_u32(w);
	err = wire_end(w);
	if (!err)
		err = find_own(k, c->reader, name, &x, &q);
	if (!err) {
		x.state = EXPORT_READY;
		x.lost = lost;
		x.bytes = bytes;
		memcpy(x.sha256, hash, sizeof(hash));
		x.ready_ns = k->now.ns;
		x.ends_ns = k->now.ns + k->conf.export_days * DAY_NS;
		enter_begin(k, &e, ENTRY_EXPORT_READY, x.person);
		entry_put_u64(&e.e, TAG_BYTES, bytes);
		entry_put_text(&e.e, TAG_REQUEST, x.request);
		entry_put_text(&e.e, TAG_EXPORT, x.id);
		entry_put_bytes(&e.e, TAG_PACKAGE, hash, sizeof(hash));
		err = enter_end(k, &e, NULL);
	}
	if (!err)
		err = index_export_put(k->ix, &x);
	if (err) {
		conn_error(c, w->id, err, NULL);
		return;
	}
	*c->reader->export_id = '\0';
	conn_ok(c, w->id);
}

void export_give_up(struct keeper *k, struct reader *r, enum err why)
{
	struct export_row x;

	if (!*r->export_id)
		return;
	if (unlink_file(k, r->export_id))
		log_warn("%s: its file is not gone", r->export_id);
	if (!index_export_find(k->ix, r->export_id, &x)) {
		x.state = EXPORT_FAILED;
		x.why = why;
		if (index_export_put(k->ix, &x))
			log_error("%s: its end was not kept", x.id);
	}
	*r->export_id = '\0';
}

void handle_export_failed(struct keeper *k, struct conn *c, struct wire *w)
{
	char name[EXPORT_ID_MAX];
	enum err why, err;

	wire_get_text(w, name, sizeof(name));
	why = err_from_wire(wire_get_u16(w));
	err = wire_end(w);
	if (!err && strcmp(name, c->reader->export_id) != 0)
		err = ERR_NOT_FOUND;
	if (err) {
		conn_error(c, w->id, err, NULL);
		return;
	}
	export_give_up(k, c->reader, why);
	conn_ok(c, w->id);
}

/* What is to go, gathered first: an iteration may not change the index. */
struct going {
	int64_t now_ns;
	const char *request; /* all of it, of whatever age; NULL: none */
	bool start; /* whatever was being prepared */
	struct export_row rows[16];
	size_t n;
};

static enum err gather(const struct export_row *x, void *arg)
{
	struct going *g = arg;
	bool goes = g->request ? !strcmp(x->request, g->request) :
				 x->ends_ns <= g->now_ns;

	if (g->start)
		goes = x->state == EXPORT_PREPARING;
	else if (x->state != EXPORT_READY)
		return OK;
	if (goes && g->n < sizeof(g->rows) / sizeof(g->rows[0]))
		g->rows[g->n++] = *x;
	return OK;
}

/* The entry first, then the file, then the row: again after a crash. */
static enum err erase(struct keeper *k, struct export_row *x, uint64_t why)
{
	struct enter e;
	enum err err;

	enter_begin(k, &e, ENTRY_EXPORT_ERASED, 0);
	entry_put_text(&e.e, TAG_REQUEST, x->request);
	entry_put_u64(&e.e, TAG_WHY, why);
	entry_put_text(&e.e, TAG_EXPORT, x->id);
	err = enter_end(k, &e, NULL);
	if (!err)
		err = ledger_commit(k->ledger);
	if (!err)
		err = unlink_file(k, x->id);
	if (err && err != ERR_NOT_FOUND)
		return err;
	x->state = EXPORT_ERASED;
	return index_export_put(k->ix, x);
}

/* One that does not go keeps no other. */
static enum err erase_all(struct keeper *k, struct going *g, uint64_t why)
{
	enum err first = index_exports(k->ix, 0, NULL, gather, g);

	for (size_t i = 0; i < g->n; i++) {
		enum err err = erase(k, &g->rows[i], why);

		first = first ? first : err;
	}
	if (first)
		log_error("an export was not erased: %s", err_text(first));
	return first;
}

/* Each try has an entry, so there are not many. */
void export_tick(struct keeper *k)
{
	struct going g = {.now_ns = k->now.ns};

	if (k->mono.ns < k->next_export_ns)
		return;
	if (erase_all(k, &g, EXPORT_WHY_AGE))
		k->next_export_ns = k->mono.ns + AGAIN_NS;
}

void export_revoke(struct keeper *k, const char *request)
{
	struct going g = {.request = request};

	if (erase_all(k, &g, EXPORT_WHY_REVOKED))
		log_error("%s: what was exported under it stays until its days "
			  "are over",
		    request);
}

/* "EXP-2026-00031.age" that no row has as one that stands. */
static bool is_unknown(struct keeper *k, const char *name)
{
	char id[EXPORT_ID_MAX], path[64];
	struct export_row x;
	size_t n = strcspn(name, ".");
	enum err err;

	if (n >= sizeof(id) || strcmp(name + n, ".age") != 0)
		return false;
	memcpy(id, name, n);
	id[n] = '\0';
	if (spool_path(id, path, sizeof(path)))
		return false;
	err = index_export_find(k->ix, id, &x);
	return err == ERR_NOT_FOUND || (!err && x.state != EXPORT_READY);
}

/*
 * P3: a power cut may take the row of a package and leave its file, or the file
 * did not go with its reader. Nobody can open it, and no day is its last.
 */
static void sweep_unknown(struct keeper *k)
{
	DIR *d = disk_opendir(k->data_fd, "exports");
	struct dirent *e;

	while (d && !disk_next(d, &e)) {
		if (!is_unknown(k, e->d_name))
			continue;
		log_warn("exports/%s: no package: it is erased", e->d_name);
		if (disk_unlink(dirfd(d), e->d_name))
			log_error("exports/%s was not erased", e->d_name);
	}
	if (d)
		closedir(d);
}

enum err export_start(struct keeper *k)
{
	struct going g = {.start = true};
	enum err err;

	do {
		g.n = 0;
		err = index_exports(k->ix, 0, NULL, gather, &g);
		for (size_t i = 0; i < g.n && !err; i++) {
			if (unlink_file(k, g.rows[i].id))
				log_warn("%s: its file is not gone",
				    g.rows[i].id);
			g.rows[i].state = EXPORT_FAILED;
			g.rows[i].why = ERR_UNAVAILABLE;
			err = index_export_put(k->ix, &g.rows[i]);
		}
	} while (g.n && !err);
	/* what an index that was made anew does not know may yet be known */
	if (!err && !k->rebuild)
		sweep_unknown(k);
	return err;
}
