/* export_proof.c - the combined proof of a package, out of the ledger. */
#include <stdlib.h>
#include <time.h>

#include "storage/export.h"

#define WITNESS_WAIT_MS 5000
#define WITNESS_STEP_MS 100
#define EARLIER_MAX 50000u	/* entries looked at for a witness */

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
static enum err add_earlier(struct export *x, struct ledger *l)
{
	uint64_t first = UINT64_MAX, index = 0;
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	enum err err = OK;
	size_t n;

	for (size_t i = 0; i < x->files_n && !err; i++) {
		const struct export_file *f = &x->files[i];
		const struct play *p = &x->plays[f->play];

		err = export_own_entry(l,
		    (uint64_t)p->parts[f->run.first_part].footage.row.entry,
		    &index);
		if (!err && index < first)
			first = index;
	}
	if (first == UINT64_MAX)
		return err; /* nothing was recorded: nothing to bracket */
	for (unsigned k = 0; k < EARLIER_MAX && first && !err; k++) {
		err = ledger_get(l, --first, buf, &n);
		if (!err)
			err = entry_parse(buf, n, &v);
		if (!err && v.type == ENTRY_WITNESSED)
			return export_entry_add(x, first);
	}
	return err;
}

enum err export_proof(struct export *x, struct ledger *l, struct proof_out *ret)
{
	char note[NOTE_MAX + 1];
	struct proof_out out;
	struct checkpoint c;
	size_t note_n;
	enum err err;

	if (!x->entries_n)
		return ERR_INVALID;
	err = add_earlier(x, l);
	if (err)
		return err;
	qsort(x->entries, x->entries_n, sizeof(*x->entries), ascending);
	err = find_note(l, x->entries[x->entries_n - 1] + 1, note, &note_n, &c);
	if (err)
		return err;
	proof_begin(&out);
	err = put_seen(l, c.size, &out);
	for (size_t i = 0; i < x->entries_n && !err; i++)
		if (!i || x->entries[i] != x->entries[i - 1])
			err = put_entry(l, x->entries[i], c.size, &out);
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
