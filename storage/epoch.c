#include "storage/epoch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/disk.h"
#include "storage/expire.h"
#include "storage/keeper.h"
#include "storage/ledger_copy.h"
#include "storage/spawn.h"
#include "storage/term.h"

#define NEW_DIR "ledger.new" /* made whole there, then moved */

enum err epoch_of_origin(const char *site, const char *origin, unsigned *ret)
{
	static const char mark[] = "/epoch-";
	size_t n = strlen(site), m = sizeof(mark) - 1;
	uint64_t epoch;

	if (strncmp(site, origin, n) != 0)
		return ERR_NOT_FOUND;
	origin += n;
	if (!*origin) {
		*ret = 1;
		return OK;
	}
	if (strncmp(origin, mark, m) != 0 ||
	    note_number(origin + m, strlen(origin + m), &epoch) || epoch < 2 ||
	    epoch > EPOCHS_MAX)
		return ERR_NOT_FOUND;
	*ret = (unsigned)epoch;
	return OK;
}

enum err epoch_last(int data_fd, unsigned *ret)
{
	DIR *d = disk_opendir(data_fd, ".");
	struct dirent *e;
	uint64_t n;
	enum err err;

	if (!d)
		return ERR_DISK;
	*ret = 0;
	while (!(err = disk_next(d, &e)))
		if (!strncmp(e->d_name, "ledger.", 7) &&
		    !note_number(e->d_name + 7, strlen(e->d_name + 7), &n) &&
		    n <= EPOCHS_MAX && n > *ret)
			*ret = (unsigned)n;
	closedir(d);
	return err == ERR_GONE ? OK : err;
}

/* The directory of a copy, borrowed; -1 where there is none now. */
static int copy_place(const struct keeper *k, unsigned i)
{
	if (!i)
		return k->copy_fd;
	return i < volumes_count() ? volume_at(i)->fd : -1;
}

/* --- what is known of the former ledger --- */

/* The entries that are still there, and the key that entry 0 names. */
static void learn_entries(struct keeper *k, struct former *f, int dir_fd)
{
	struct ledger *l;
	unsigned epoch;

	if (ledger_open_as_is(dir_fd, "ledger", &l))
		return;
	if (!epoch_of_origin(k->site.origin, ledger_origin(l), &epoch)) {
		if (dir_fd == k->data_fd)
			f->found = ledger_size(l);
		if (!f->has_key)
			f->has_key = ledger_key_of(l, UINT64_MAX, f->key);
		if (epoch > f->last)
			f->last = epoch;
	}
	ledger_close(l);
}

/* What one place knows of the former ledger; the newest checkpoint counts. */
static void learn(struct keeper *k, struct former *f, int dir_fd)
{
	struct checkpoint c;
	char note[NOTE_MAX + 1];
	unsigned epoch;
	size_t n;

	learn_entries(k, f, dir_fd);
	if (ledger_copy_note(dir_fd, note, &n, &c) ||
	    epoch_of_origin(k->site.origin, c.origin, &epoch))
		return;
	if (epoch > f->last)
		f->last = epoch;
	if (epoch < f->c_epoch || (epoch == f->c_epoch && c.size <= f->c.size))
		return;
	f->c = c;
	f->c_epoch = epoch;
	f->has_size = f->has_root = true;
}

/*
 * The checkpoint that stands beside what is left, where its key signed it and
 * the entries are there: what it covers can be proven later on.
 */
static void learn_kept(struct keeper *k, struct former *f)
{
	unsigned char root[HASH_BYTES], key[KEY_BYTES];
	char note[NOTE_MAX + 1];
	struct checkpoint c;
	struct ledger *l;
	size_t n, text_n;

	if (ledger_open_as_is(k->data_fd, "ledger", &l))
		return;
	if (!ledger_note(l, note, &n, &c) && c.size &&
	    !strcmp(c.origin, ledger_origin(l)) &&
	    ledger_key_of(l, c.size, key) &&
	    !note_check(note, n, c.origin, key, &text_n) &&
	    !ledger_root_at(l, c.size, root) &&
	    crypt_equal(root, c.root, HASH_BYTES)) {
		f->kept = c;
		f->has_kept = true;
	}
	ledger_close(l);
}

/* No number is used twice: texts of entries hang on it. */
static void learn_number(struct keeper *k, struct former *f)
{
	uint32_t epoch;
	size_t n;

	if (!index_setting_find(k->ix, "log-epoch", &epoch, sizeof(epoch),
		&n) &&
	    n == sizeof(epoch) && epoch <= EPOCHS_MAX && epoch > f->last)
		f->last = epoch;
}

/*
 * What a copy says against the ledger: OK, ERR_TRUNCATED (set back),
 * ERR_INTEGRITY (another history).
 */
static enum err compare(struct keeper *k, int copy_fd)
{
	unsigned char root[HASH_BYTES], key[KEY_BYTES];
	struct checkpoint c;
	char note[NOTE_MAX + 1];
	unsigned epoch;
	size_t n, text_n;
	enum err e = ledger_copy_note(copy_fd, note, &n, &c);

	if (e == ERR_NOT_FOUND)
		return OK;
	if (e || epoch_of_origin(k->site.origin, c.origin, &epoch)) {
		log_warn("a copy of the ledger is unreadable or another "
			 "site's: it is left alone");
		return OK;
	}
	if (epoch != ledger_epoch(k->ledger))
		return epoch < ledger_epoch(k->ledger) ? OK : ERR_TRUNCATED;
	if (c.size > ledger_size(k->ledger))
		return ERR_TRUNCATED;
	if (!ledger_key_of(k->ledger, c.size, key) ||
	    note_check(note, n, c.origin, key, &text_n))
		return ERR_INTEGRITY;
	e = ledger_root_at(k->ledger, c.size, root);
	if (!e && !crypt_equal(root, c.root, HASH_BYTES))
		e = ERR_INTEGRITY;
	return e;
}

/* Is what was opened this site's newest log? */
static enum err is_ours(struct keeper *k)
{
	char origin[NOTE_NAME_MAX + 1];
	unsigned last;
	enum err e = epoch_last(k->data_fd, &last);

	if (!e)
		e = epoch_origin(k->site.origin, ledger_epoch(k->ledger),
		    origin);
	if (e)
		return e;
	if (strcmp(origin, ledger_origin(k->ledger)) != 0)
		return ERR_INTEGRITY;
	if (ledger_size(k->ledger) < 2)
		return ERR_TRUNCATED;
	return ledger_epoch(k->ledger) > last ? OK : ERR_TRUNCATED;
}

/* --- the next epoch --- */

struct first {
	struct person_row row;
	bool found;
};

static enum err find_first(const struct person_row *p, void *arg)
{
	struct first *f = arg;

	if (!f->found && p->role == ROLE_CUSTODIAN && p->signer == p->id) {
		f->row = *p;
		f->found = true;
	}
	return OK;
}

static enum err put_begins(struct keeper *k, struct ledger *l,
    const unsigned char key[KEY_BYTES], unsigned epoch, const struct former *f)
{
	char paper[RECIPIENT_TEXT], origin[NOTE_NAME_MAX + 1];
	struct entry e;
	uint64_t i;
	enum err err = epoch_origin(k->site.origin, epoch, origin);

	if (err)
		return err;
	recipient_format(&k->site.paper, paper);
	entry_begin(&e, ENTRY_LOG_BEGINS, k->now, 0);
	entry_put_text(&e, TAG_PAPER, paper);
	entry_put_text(&e, TAG_ORIGIN, origin);
	entry_put_bytes(&e, TAG_LOG_KEY, key, KEY_BYTES);
	entry_put_text(&e, TAG_ZONE, k->site.zone);
	entry_put_u64(&e, TAG_ERROR, f->why);
	entry_put_u64(&e, TAG_LOG_EPOCH, epoch);
	if (*f->c.origin)
		entry_put_text(&e, TAG_FORMER, f->c.origin);
	if (f->has_size)
		entry_put_u64(&e, TAG_FORMER_SIZE, f->c.size);
	if (f->has_root)
		entry_put_bytes(&e, TAG_FORMER_ROOT, f->c.root, HASH_BYTES);
	if (f->has_key)
		entry_put_bytes(&e, TAG_FORMER_KEY, f->key, KEY_BYTES);
	entry_put_u64(&e, TAG_FORMER_FOUND, f->found);
	if (f->has_kept) {
		entry_put_u64(&e, TAG_KEPT_SIZE, f->kept.size);
		entry_put_bytes(&e, TAG_KEPT_ROOT, f->kept.root, HASH_BYTES);
	}
	if (k->site.paper_n)
		entry_put_bytes(&e, TAG_PAPER_SIGN, k->site.paper_sign[0],
		    KEY_BYTES);
	err = entry_end(&e);
	return err ? err : ledger_put(l, &e, &i);
}

/* Entry 1 is the root of trust again: the first custodian, as he signed. */
static enum err put_custodian(struct keeper *k, struct ledger *l,
    unsigned epoch)
{
	unsigned char salt[COMMITMENT_SALT], name[HASH_BYTES];
	struct first first = {.found = false};
	struct person_row *p = &first.row;
	struct roots roots = {0};
	struct entry e;
	uint64_t i;
	enum err err = index_people(k->ix, find_first, &first);

	if (!err && !first.found)
		err = ERR_INTEGRITY;
	memcpy(roots.first, p->sign_key, KEY_BYTES);
	if (!err)
		err = person_check(k->ix, p, &roots);
	if (err)
		return err;
	commitment_make(p->name, salt, name);
	entry_begin(&e, ENTRY_PERSON, k->now, p->id);
	entry_put_u64(&e, TAG_PERSON, p->id);
	entry_put_u64(&e, TAG_ROLE, p->role);
	entry_put_text(&e, TAG_RECIPIENT, p->recipient);
	entry_put_bytes(&e, TAG_SIGN_KEY, p->sign_key, KEY_BYTES);
	entry_put_u64(&e, TAG_SIGNER, p->signer);
	entry_put_bytes(&e, TAG_SIGNATURE, p->signature, SIGN_BYTES);
	entry_put_bytes(&e, TAG_NAME, name, sizeof(name));
	err = entry_end(&e);
	if (!err)
		err = ledger_put(l, &e, &i);
	return err ?
	    err :
	    index_text_put(k->ix, (uint64_t)(epoch - 1) << EPOCH_SHIFT | i,
		TAG_NAME, salt, p->name);
}

/* A new ledger in data/ledger.new/ledger, with its first two entries. */
static enum err make_new(struct keeper *k, int fd, unsigned epoch,
    const struct former *f)
{
	unsigned char key[KEY_BYTES];
	char origin[NOTE_NAME_MAX + 1];
	struct ledger *l = NULL;
	size_t cut;
	enum err e = epoch_origin(k->site.origin, epoch, origin);

	if (!e)
		e = ledger_create(fd, origin, key);
	if (!e)
		e = ledger_open(fd, &l, &cut);
	if (!e)
		e = put_begins(k, l, key, epoch, f);
	if (!e)
		e = put_custodian(k, l, epoch);
	if (!e)
		e = ledger_commit(l);
	if (!e)
		e = ledger_checkpoint(l);
	ledger_close(l);
	return e;
}

/* What is left of one that was never used. */
static void clear_new(int fd)
{
	static const char *const files[] = {"ledger/log.key", "ledger/tail",
	    "ledger/checkpoint", "ledger/log.key.tmp", "ledger/tail.tmp",
	    "ledger/checkpoint.tmp"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(fd, files[i], 0);
	unlinkat(fd, "ledger", AT_REMOVEDIR);
}

static enum err move_in(struct keeper *k, int fd, unsigned epoch)
{
	char name[32];

	snprintf(name, sizeof(name), "ledger.%u", epoch - 1);
	if (renameat(k->data_fd, "ledger", k->data_fd, name) && errno != ENOENT)
		return ERR_DISK;
	if (renameat(fd, "ledger", k->data_fd, "ledger"))
		return ERR_DISK;
	return disk_sync_dir(k->data_fd, ".");
}

static void say_missing(const struct former *f, unsigned epoch)
{
	log_error("the ledger was %s: recording goes on in epoch %u of the "
		  "log; nothing is erased until a custodian confirms (saqta "
		  "ledger confirm)",
	    f->why == ERR_NOT_FOUND	? "lost" :
		f->why == ERR_TRUNCATED ? "set back or cut" :
					  "torn or exchanged",
	    epoch);
	if (f->has_size && f->c.size > f->found)
		log_error("missing: entries %llu to %llu of %s",
		    (unsigned long long)f->found,
		    (unsigned long long)f->c.size - 1, f->c.origin);
	else
		log_error("what stands there is kept as ledger.%u", epoch - 1);
}

enum err epoch_begin(struct keeper *k, struct former *f)
{
	unsigned epoch = f->last + 1;
	size_t cut;
	int fd;
	enum err e;

	if (epoch < 2)
		epoch = 2;
	if (epoch > EPOCHS_MAX)
		return ERR_TOO_LARGE;
	e = disk_mkdirs(k->data_fd, NEW_DIR);
	if (e)
		return e;
	fd = openat(k->data_fd, NEW_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_DISK;
	clear_new(fd);
	learn_kept(k, f);
	e = index_setting_put(k->ix, "log-epoch", &(uint32_t){epoch},
	    sizeof(uint32_t));
	if (!e)
		e = make_new(k, fd, epoch, f);
	if (!e) {
		ledger_close(k->ledger);
		k->ledger = NULL;
		e = move_in(k, fd, epoch);
	}
	close(fd);
	unlinkat(k->data_fd, NEW_DIR, AT_REMOVEDIR);
	if (!e)
		e = ledger_open(k->data_fd, &k->ledger, &cut);
	/* what is open goes into the new log from the start */
	for (struct camera *m = k->cameras; m; m = m->next)
		m->entered_records = 0;
	memset(k->copying.tiles, 0, sizeof(k->copying.tiles));
	if (!e)
		say_missing(f, epoch);
	return e;
}

/* Cut short between two names: the old one is aside, the new one is whole. */
static enum err finish_move(struct keeper *k)
{
	struct stat st;
	int fd;

	if (!fstatat(k->data_fd, "ledger", &st, 0))
		return OK;
	fd = openat(k->data_fd, NEW_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return OK;
	if (!renameat(fd, "ledger", k->data_fd, "ledger"))
		log_warn("a change of the ledger's epoch is finished");
	close(fd);
	unlinkat(k->data_fd, NEW_DIR, AT_REMOVEDIR);
	return disk_sync_dir(k->data_fd, ".");
}

static bool may_not_go_on(enum err e)
{
	return e == ERR_BUSY || e == ERR_SYS || e == ERR_NO_MEMORY ||
	    e == ERR_DISK_FULL;
}

static bool is_restored(const struct keeper *k)
{
	return !faccessat(k->data_fd, EPOCH_RESTORED, F_OK, 0);
}

enum err epoch_open(struct keeper *k)
{
	struct former f = {.why = OK};
	size_t cut = 0;
	enum err e = finish_move(k);

	if (!e)
		e = ledger_open(k->data_fd, &k->ledger, &cut);
	if (!e && cut)
		log_warn("ledger: %zu bytes of an unanswered entry were cut",
		    cut);
	if (!e)
		e = is_ours(k);
	for (unsigned i = 0; !e && i < COPIES_MAX; i++)
		if (copy_place(k, i) >= 0)
			e = compare(k, copy_place(k, i));
	if (!e && is_restored(k))
		e = ERR_TRUNCATED;
	if (!e || may_not_go_on(e))
		return e;
	f.why = e == ERR_NOT_FOUND || e == ERR_TRUNCATED ? e : ERR_INTEGRITY;
	if (epoch_last(k->data_fd, &f.last))
		return ERR_DISK;
	learn_number(k, &f);
	ledger_close(k->ledger);
	k->ledger = NULL;
	learn(k, &f, k->data_fd);
	for (unsigned i = 0; i < COPIES_MAX; i++)
		if (copy_place(k, i) >= 0)
			learn(k, &f, copy_place(k, i));
	e = epoch_begin(k, &f);
	if (!e && is_restored(k))
		e = disk_unlink(k->data_fd, EPOCH_RESTORED);
	return e ? e : disk_sync_dir(k->data_fd, ".");
}

/* Has another epoch begun? */
static bool change(struct keeper *k)
{
	struct former f = {.why = k->lost_because};
	enum err e = OK;

	while (k->readers)
		reader_end(k, k->readers);
	if (ledger_commit(k->ledger) || ledger_checkpoint(k->ledger))
		log_error("the last entries of the former epoch are lost");
	if (epoch_last(k->data_fd, &f.last))
		e = ERR_DISK;
	learn_number(k, &f);
	if (ledger_epoch(k->ledger) > f.last)
		f.last = ledger_epoch(k->ledger);
	strcpy(f.c.origin, ledger_origin(k->ledger));
	f.c.size = k->lost_size;
	f.has_size = true;
	f.has_key = ledger_key_of(k->ledger, UINT64_MAX, f.key);
	f.found = ledger_size(k->ledger);
	k->lost_because = OK;
	if (!e)
		e = epoch_begin(k, &f);
	if (e && k->ledger) {
		log_error("no new epoch of the ledger: %s; it goes on as it is",
		    err_text(e));
		return false;
	}
	witness_reset(k);
	if (e) {
		log_error("no new epoch of the ledger: %s; storage stops",
		    err_text(e));
		k->stop = true;
	}
	return !e;
}

/* Holds are entered anew in a new log alone: else each would stand twice. */
void epoch_change(struct keeper *k)
{
	if (!k->lost_because || k->copying.busy)
		return; /* soon */
	expire_stop(k);
	if (change(k))
		term_epoch(k);
}

bool epoch_confirmed(struct index *ix, struct ledger *l)
{
	unsigned char buf[ENTRY_MAX], text[ACT_MAX];
	struct entry_field signer, signature, epoch;
	struct person_row p;
	struct entry_view v;
	size_t n, size, text_n;
	uint64_t at;

	if (ledger_epoch(l) == 1)
		return true;
	return !index_setting_find(ix, "epoch-confirmed", &at, sizeof(at),
		   &size) &&
	    size == sizeof(at) && !ledger_get(l, at, buf, &n) &&
	    !entry_parse(buf, n, &v) && v.type == ENTRY_EPOCH_CONFIRMED &&
	    entry_find(&v, TAG_LOG_EPOCH, &epoch) &&
	    field_u64(&epoch) == ledger_epoch(l) &&
	    entry_find(&v, TAG_SIGNER, &signer) &&
	    entry_find(&v, TAG_SIGNATURE, &signature) &&
	    !index_person_find(ix, field_u64(&signer), &p) &&
	    p.role == ROLE_CUSTODIAN && !act_text(buf, n, text, &text_n) &&
	    !sign_check(p.sign_key, text, text_n, signature.p);
}

bool ledger_erasure_allowed(const struct keeper *k)
{
	return epoch_confirmed(k->ix, k->ledger);
}

/* --- copies --- */

/* In the worker's thread: touches the job alone. */
void epoch_run_copy(void *job)
{
	struct copying *c = job;

	for (unsigned i = 0; i < COPIES_MAX; i++)
		if (c->dir[i] >= 0)
			c->err[i] = ledger_copy(c->data_fd, c->dir[i],
			    c->origin, &c->tiles[i]);
}

void epoch_copy(struct keeper *k)
{
	struct copying *c = &k->copying;
	bool any = false;

	if (c->busy)
		return;
	c->data_fd = k->data_fd;
	c->origin = k->site.origin;
	for (unsigned i = 0; i < COPIES_MAX; i++) {
		int fd = copy_place(k, i);

		/* its own descriptor: the volume may go away meanwhile */
		c->dir[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (c->dir[i] < 0)
			c->tiles[i] = 0;
		any = any || c->dir[i] >= 0;
	}
	c->busy = any && !worker_put(k->copier, c);
}

void epoch_copied(struct keeper *k)
{
	struct copying *c = &k->copying;

	if (!worker_done(k->copier))
		return;
	c->busy = false;
	for (unsigned i = 0; i < COPIES_MAX; i++) {
		if (c->dir[i] < 0)
			continue;
		close(c->dir[i]);
		if (c->err[i] && c->err[i] != c->said[i])
			log_error("the ledger's copy on %s: %s",
			    i ? volume_at(i)->path : k->conf.ledger_copy,
			    c->err[i] == ERR_INTEGRITY ?
				"it is another site's or ahead of the ledger, "
				"and is left alone" :
				err_text(c->err[i]));
		c->said[i] = c->err[i];
	}
}
