/*
 * export_log.c - the logs that a package rests on: the present one, and those
 * of former epochs as far as the log after each names what is left of it.
 */
#include <stdio.h>
#include <string.h>

#include "storage/array.h"
#include "storage/export.h"

#define INDEX_MASK ((UINT64_C(1) << EPOCH_SHIFT) - 1)

static bool names(const struct entry_view *v, enum entry_tag size_tag,
    enum entry_tag root_tag, const struct checkpoint *c)
{
	struct entry_field size, root;

	return entry_find(v, size_tag, &size) && field_u64(&size) == c->size &&
	    entry_find(v, root_tag, &root) &&
	    !memcmp(root.p, c->root, HASH_BYTES);
}

/* Does entry 0 of the log after it name this very checkpoint? */
static bool is_named(struct ledger *next, const struct checkpoint *c)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	size_t n;

	return !ledger_get(next, 0, buf, &n) && !entry_parse(buf, n, &v) &&
	    (names(&v, TAG_FORMER_SIZE, TAG_FORMER_ROOT, c) ||
		names(&v, TAG_KEPT_SIZE, TAG_KEPT_ROOT, c));
}

/* How far that log can be proven, and how far witnesses saw it. */
static void look(struct export_log *log, struct ledger *next)
{
	char note[NOTE_MAX + 1];
	struct checkpoint c;
	size_t n;

	if (ledger_note(log->l, note, &n, &c) || !is_named(next, &c) ||
	    c.size > ledger_size(log->l)) {
		ledger_close(log->l);
		log->l = NULL;
		return;
	}
	log->size = log->seen = c.size;
	if (!ledger_witnessed(log->l, note, &n, &c) && c.size < log->size)
		log->seen = c.size;
}

static struct ledger *log_of(struct export *x, unsigned epoch)
{
	struct export_log *log;
	struct ledger *next;
	char name[32];

	if (epoch == ledger_epoch(x->own))
		return x->own;
	if (!epoch || epoch > ledger_epoch(x->own))
		return NULL;
	log = &x->logs[epoch - 1];
	if (log->looked)
		return log->l;
	log->looked = true;
	next = log_of(x, epoch + 1);
	snprintf(name, sizeof(name), "ledger.%u", epoch);
	if (next && !ledger_open_as_is(x->data_fd, name, &log->l))
		look(log, next);
	return log->l;
}

static unsigned epoch_of(uint64_t number)
{
	return (unsigned)(number >> EPOCH_SHIFT) + 1;
}

enum err export_find(struct export *x, uint64_t number, struct ledger **ret,
    uint64_t *ret_index)
{
	struct ledger *l = log_of(x, epoch_of(number));
	uint64_t index = number & INDEX_MASK;

	if (!l || (l != x->own && index >= x->logs[epoch_of(number) - 1].size))
		return ERR_UNPROVEN;
	*ret = l;
	*ret_index = index;
	return OK;
}

uint64_t export_spare(struct export *x, unsigned epoch)
{
	struct ledger *l = log_of(x, epoch);

	if (!l)
		return 0;
	return l == x->own ? ledger_size(l) : x->logs[epoch - 1].seen;
}

enum err export_entries_put(struct export_entries *e, uint64_t index)
{
	if (!array_room(&e->p, e->n, &e->room, sizeof(*e->p)))
		return ERR_NO_MEMORY;
	e->p[e->n++] = index;
	return OK;
}

enum err export_entry_add(struct export *x, uint64_t number)
{
	unsigned epoch = epoch_of(number);
	struct ledger *l;
	uint64_t index;
	enum err err = export_find(x, number, &l, &index);

	if (err)
		return err;
	if (l == x->own)
		return export_entries_put(&x->entries, index);
	if (!x->former_first || epoch < x->former_first)
		x->former_first = epoch;
	return export_entries_put(&x->former[epoch - 1], index);
}
