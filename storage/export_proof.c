/* export_proof.c - the combined proof of a package, out of the ledger. */
#include <stdlib.h>
#include <time.h>

#include "storage/export.h"

#define WITNESS_WAIT_MS 5000
#define WITNESS_STEP_MS 100

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

enum err export_proof(struct export *x, struct ledger *l, struct proof_out *ret)
{
	char note[NOTE_MAX + 1];
	struct proof_out out;
	struct checkpoint c;
	size_t note_n;
	enum err err;

	if (!x->entries_n)
		return ERR_INVALID;
	qsort(x->entries, x->entries_n, sizeof(*x->entries), ascending);
	err = find_note(l, x->entries[x->entries_n - 1] + 1, note, &note_n, &c);
	if (err)
		return err;
	proof_begin(&out);
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
