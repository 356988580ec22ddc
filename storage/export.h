/*
 * export.h - what an evidence package is made of (storage/DESIGN.md): which
 * runs become files, what the manifest says, what the proof holds, the pages.
 * reader_export.c does it step by step; the parts here touch no footage.
 */
#ifndef SAQTA_EXPORT_H
#define SAQTA_EXPORT_H

#include "storage/ledger_keys.h"
#include "storage/manifest.h"
#include "storage/proof.h"
#include "storage/view.h"

#define EXPORT_FILE_NAME ZIP_NAME_MAX

/* One unbroken run as one MP4. */
struct export_file {
	char name[EXPORT_FILE_NAME + 1];
	size_t play; /* which camera */
	struct play_run run; /* its parts, of that play */
	uint64_t bytes;
	unsigned char sha256[HASH_BYTES];
};
/* A commitment that is opened. */
struct export_text {
	uint64_t entry; /* its number, as everywhere here: ledger_keys.h */
	unsigned tag;
	unsigned char salt[COMMITMENT_SALT];
	char text[TEXT_MAX];
};
/* Entries of one log, by index. */
struct export_entries {
	uint64_t *p;
	size_t n, room;
};
/* The log of a former epoch, as far as it is left. */
struct export_log {
	bool looked;
	struct ledger *l; /* NULL: nothing of it can be proven */
	uint64_t size; /* of its checkpoint, which the log after it names */
	uint64_t seen; /* of that witnesses saw; size where none ever did */
};
/* A segment between two others that came to nothing. */
struct export_empty {
	size_t play;
	uint64_t seq;
	int64_t entry;
};
/* A time without footage, as the manifest names it. */
struct export_gap {
	size_t play;
	int64_t from_ns, to_ns;
	enum cause cause;
	int64_t entry; /* that says so; -1: none was found */
};
/* Who of the witnesses cosigned last, as the package was made. */
struct export_witness {
	int64_t at_ns; /* 0: nobody ever did */
	uint64_t size; /* entries that they saw */
	char by[256]; /* names, ", " between them */
};
struct export
{
	struct ledger *own; /* borrowed: the present log */
	int data_fd; /* borrowed */
	char id[EXPORT_ID_MAX];
	struct request_row request;
	struct person_row requester, decider;
	struct utc made;
	struct export_witness witness;
	const struct play *plays; /* borrowed; one a camera */
	size_t plays_n;
	bool **bad; /* [play][part]: not as recorded */
	struct export_file *files;
	size_t files_n;
	struct export_text *texts;
	size_t texts_n, texts_room;
	struct export_empty *empty;
	size_t empty_n, empty_room;
	struct export_gap *gaps;
	size_t gaps_n, gaps_room;
	struct export_entries entries; /* of the proof; sorted by it */
	struct export_entries former[EPOCHS_MAX]; /* [epoch - 1] */
	struct export_log logs[EPOCHS_MAX]; /* likewise */
	unsigned former_first; /* the lowest of them; 0: none */
	struct manifest_paper papers[2];
	size_t papers_n;
};

/*
 * Which parts become which files: runs, parted where a part is bad. Needs
 * plays and bad. ERR_INTEGRITY where all of them are.
 */
must_check enum err export_plan(struct export *x);
/*
 * Gather the entries that the proof must hold, with their texts: request,
 * decision, both persons, cameras, segments, gaps. ERR_BUSY where a segment is
 * not in the ledger yet; ERR_UNPROVEN.
 */
must_check enum err export_entries(struct export *x, struct index *ix);
void export_wipe(struct export *x);

/* --- export_log.c: the present log and the former ones, and their entries --- */
/*
 * The log that has the entry of that number, borrowed, and its index there.
 * ERR_UNPROVEN where what is left of that log, or of one after it, does not
 * reach so far.
 */
must_check enum err export_find(struct export *x, uint64_t number,
    struct ledger **ret, uint64_t *ret_index);
/* Have the entry proven. ERR_UNPROVEN. */
must_check enum err export_entry_add(struct export *x, uint64_t number);
must_check enum err export_entries_put(struct export_entries *e,
    uint64_t index);
/*
 * The entries of that epoch's log, from 0, that a package may take in where it
 * could do without: not what the witnesses of a former log did not see, for
 * then the whole would rest on it.
 */
uint64_t export_spare(struct export *x, unsigned epoch);

/* --- export_gap.c --- */
/*
 * The gaps of the granted range, each with the entry that closed it (or that
 * of the erasure), which the proof is to hold. A gap that is still open, or
 * whose entry is not found within some minutes of its end, has none.
 */
must_check enum err export_gaps(struct export *x, struct index *ix);
/* How many of them were recorded once, and are missing or damaged now. */
uint32_t export_lost(const struct export *x);

/* --- export_proof.c --- */
/*
 * The proof of the entries of a former epoch's log, against the checkpoint of
 * it that its successor's entry 0 names. ERR_UNPROVEN.
 */
must_check enum err export_former(struct export *x, unsigned epoch,
    struct proof_out *ret);
/*
 * The proof of all entries of the present log against one checkpoint: cosigned
 * by witnesses where they answer within five seconds. Blocks.
 */
must_check enum err export_proof(struct export *x, struct proof_out *ret);

/* --- view_export.c: JSON --- */
/* Fills witness. */
must_check enum err export_witnessed(struct export *x, const struct view *v);
must_check enum err export_manifest(const struct export *x,
    const struct view *v, char **ret);
/*
 * The exports that this person may see. One that is being prepared by him now
 * is `running`, and `permille` of it is done.
 */
must_check enum err view_exports(const struct view *v,
    const struct page *page, const char *running,
    unsigned permille, char **ret);

/* --- export_report.c --- */
/* The report for people, in three languages: HTML without script. */
must_check enum err export_report(const struct export *x, const struct view *v,
    char **ret, size_t *ret_n);
/* verify.html as it was built in. */
void export_verify_page(const char **ret, size_t *ret_n);

#endif
