/* export_proof.c - the combined proof of a package, out of the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "storage/export.h"

#define WITNESS_WAIT_MS 5000
#define WITNESS_STEP_MS 100
#define EARLIER_MAX 50000u /* entries looked at for a witness */

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static enum err put_entry(struct ledger *l, uint64_t index, uint64_t size,
    struct proof_out *out)
{
	unsigned char path[MERKLE_PATH_MAX][HASH_BYTES], buf[ENTRY_MAX];
	size_t n, path_n;
	enum err err = ledger_get(l, index, buf, &n);

	if (!err)
		err = ledger_path(l, index, size, path, &path_n);
	if (!err)
		proof_put(out, index, buf, n, path, path_n);
	return err ? err : out->err;
}

/*
 * A checkpoint that witnesses have cosigned and that covers all entries, where
 * it comes soon: the keeper asks them as it enters the export. Without witnesses,
 * or where they do not answer, the newest one of the log alone.
 */
static enum err find_note(struct ledger *l, uint64_t size,
    char note[NOTE_MAX + 1], size_t *ret_n, struct checkpoint *ret)
{
	static const struct timespec pause = {
	    .tv_nsec = WITNESS_STEP_MS * 1000000L};

	for (int ms = 0; ms <= WITNESS_WAIT_MS; ms += WITNESS_STEP_MS) {
		if (ledger_witnessed(l, note, ret_n, ret))
			break;
		if (ret->size >= size)
			return OK;
		nanosleep(&pause, NULL);
	}
	return ledger_note(l, note, ret_n, ret);
}

/* The last checkpoint that witnesses cosigned, where it is older. */
static enum err put_seen(struct ledger *l, uint64_t size, struct proof_out *out)
{
	unsigned char growth[MERKLE_PATH_MAX][HASH_BYTES];
	char note[NOTE_MAX + 1];
	struct checkpoint c;
	size_t n, growth_n;
	enum err err = ledger_witnessed(l, note, &n, &c);

	if (err == ERR_NOT_FOUND || (!err && (!c.size || c.size >= size)))
		return OK;
	if (!err)
		err = ledger_growth(l, c.size, size, growth, &growth_n);
	if (!err)
		proof_seen(out, note, n, growth, growth_n);
	return err;
}

/* The last word of a witness before the footage: not before that time. */
static enum err add_earlier(struct export *x)
{
	struct ledger *l;
	uint64_t first = UINT64_MAX, index = 0;
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	enum err err = OK;
	size_t n;

	for (size_t i = 0; i < x->files_n && !err; i++) {
		const struct export_file *f = &x->files[i];
		const struct play *p = &x->plays[f->play];

		err = export_find(x,
		    (uint64_t)p->parts[f->run.first_part].footage.row.entry, &l,
		    &index);
		/* of a former epoch: that would be another log's */
		if (!err && l != x->own)
			return OK;
		if (index < first)
			first = index;
	}
	if (first == UINT64_MAX)
		return err; /* nothing was recorded: nothing to bracket */
	for (unsigned k = 0; k < EARLIER_MAX && first && !err; k++) {
		err = ledger_get(x->own, --first, buf, &n);
		if (!err)
			err = entry_parse(buf, n, &v);
		if (!err && v.type == ENTRY_WITNESSED)
			return export_entries_put(&x->entries, first);
	}
	return err;
}

/* The entries under the checkpoint c, whose note that is. */
static enum err prove(struct ledger *l, struct export_entries *e,
    const struct checkpoint *c, const char *note, size_t note_n,
    struct proof_out *ret)
{
	struct proof_out out;
	enum err err;

	qsort(e->p, e->n, sizeof(*e->p), ascending);
	proof_begin(&out);
	err = put_seen(l, c->size, &out);
	for (size_t i = 0; i < e->n && !err; i++)
		if (!i || e->p[i] != e->p[i - 1])
			err = put_entry(l, e->p[i], c->size, &out);
	proof_end(&out, note, note_n);
	if (!err)
		err = out.err;
	if (err) {
		free(out.p);
		return err;
	}
	*ret = out;
	return OK;
}

enum err export_proof(struct export *x, struct proof_out *ret)
{
	char note[NOTE_MAX + 1];
	struct checkpoint c;
	uint64_t last = 0;
	size_t note_n;
	enum err err;

	if (!x->entries.n)
		return ERR_INVALID;
	err = add_earlier(x);
	if (err)
		return err;
	for (size_t i = 0; i < x->entries.n; i++)
		if (x->entries.p[i] > last)
			last = x->entries.p[i];
	err = find_note(x->own, last + 1, note, &note_n, &c);
	return err ? err : prove(x->own, &x->entries, &c, note, note_n, ret);
}

enum err export_former(struct export *x, unsigned epoch, struct proof_out *ret)
{
	struct export_entries *e = &x->former[epoch - 1];
	struct ledger *l;
	uint64_t changes[64], zero;
	char note[NOTE_MAX + 1];
	struct checkpoint c;
	size_t note_n, n;
	enum err err =
	    export_find(x, (uint64_t)(epoch - 1) << EPOCH_SHIFT, &l, &zero);

	if (err)
		return err;
	n = ledger_key_changes(l, changes, 64);
	err = export_entries_put(e, 0);
	for (size_t i = 0; i < n && !err; i++)
		err = export_entries_put(e, changes[i]);
	if (!err)
		err = ledger_note(l, note, &note_n, &c);
	return err ? err : prove(l, e, &c, note, note_n, ret);
}
