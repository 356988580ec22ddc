/*
 * proof.h - the combined proof of an evidence package: entries of the ledger,
 * each with its inclusion path to one checkpoint (storage/DESIGN.md). Pure.
 */
#ifndef SAQTA_PROOF_H
#define SAQTA_PROOF_H

#include "storage/entry.h"
#include "storage/merkle.h"
#include "storage/note.h"

#define PROOF_MAX (256u << 20) /* bytes that we accept */
#define PROOF_ENTRIES_MAX 200000u

/* One entry; everything is borrowed from the proof. */
struct proof_entry {
	uint64_t index;
	const unsigned char *p;
	size_t n;
	struct entry_view view;
	unsigned char (*path)[HASH_BYTES];
	size_t path_n;
};
struct proof {
	unsigned char *bytes; /* entries and paths, decoded */
	struct proof_entry *entries; /* index ascends */
	size_t n;
	char note[NOTE_MAX + 1]; /* with every signature it carries */
	size_t note_n;
	struct checkpoint checkpoint;
	/*
	 * An older checkpoint of the same log that witnesses cosigned, and the
	 * proof that the other one is its continuation; size 0: none.
	 */
	char seen_note[NOTE_MAX + 1];
	size_t seen_n;
	struct checkpoint seen;
	unsigned char growth[MERKLE_PATH_MAX][HASH_BYTES];
	size_t growth_n;
};

/*
 * Read a proof. Paths are not followed: proof_follow() does.
 *
 *   ret  on success to be freed by proof_free()
 *
 * ERR_FORMAT where a byte is not as proof_write() puts it, or an entry is not
 * canonical; ERR_TOO_LARGE; ERR_NO_MEMORY.
 */
must_check enum err proof_parse(const void *p, size_t n, struct proof *ret);
void proof_free(struct proof *f);

/* Does every path lead to the checkpoint's root? Else ret_bad names one. */
must_check enum err proof_follow(const struct proof *f, uint64_t *ret_bad);
/* Is the checkpoint the continuation of the one seen by witnesses? */
must_check enum err proof_grown(struct proof *f);

/* The entry with that index, or NULL. */
const struct proof_entry *proof_find(const struct proof *f, uint64_t index);

/*
 * Writing: the header; each entry, index ascending; the note. Each appends to
 * out, which grows and is to be freed by free(p); err is sticky.
 */
struct proof_out {
	char *p;
	size_t n, room;
	enum err err;
};
void proof_begin(struct proof_out *out);
/* Before the entries, at most once: the cosigned checkpoint, how it grew. */
void proof_seen(struct proof_out *out, const char *note, size_t n,
    unsigned char (*growth)[HASH_BYTES], size_t growth_n);
void proof_put(struct proof_out *out, uint64_t index, const void *entry,
    size_t n, unsigned char (*path)[HASH_BYTES], size_t path_n);
void proof_end(struct proof_out *out, const char *note, size_t n);

#endif
