/*
 * manifest.h - manifest.json of an evidence package, as it is read
 * (storage/DESIGN.md). What it says is checked by verify*.c, not here. Pure.
 */
#ifndef SAQTA_MANIFEST_H
#define SAQTA_MANIFEST_H

#include "storage/entry.h"
#include "storage/index.h"
#include "storage/journal.h"
#include "storage/zip.h"

#define MANIFEST_MAX (64u << 20) /* bytes */
#define MANIFEST_ITEMS_MAX 200000u /* of any kind */
#define MANIFEST_OFFSETS_MAX 1000u

/* A leaf of a segment's tree: its claim, or only the hash of one left out. */
struct manifest_leaf {
	bool whole;
	unsigned char hash[HASH_BYTES];
	struct journal_record claim; /* where whole */
};
struct manifest_segment {
	char camera[CAMERA_ID_MAX + 1];
	uint64_t seq, entry;
	unsigned epoch; /* of the log that has the entry; 0: the present one */
	struct manifest_leaf *leaves; /* [0]: the begin record */
	uint32_t n;
};
/* Fragments [first, first + n) of a segment, in a file. */
struct manifest_part {
	uint64_t seq;
	uint32_t first, n;
};
struct manifest_file {
	char name[ZIP_NAME_MAX + 1];
	char camera[CAMERA_ID_MAX + 1];
	uint64_t bytes;
	unsigned char sha256[HASH_BYTES];
	struct manifest_part *parts;
	size_t n;
	/* what of it lies behind the granted range; both 0: nothing */
	int64_t beyond_from_ns, beyond_to_ns;
};
/* A number of which nothing was recorded. */
struct manifest_empty {
	char camera[CAMERA_ID_MAX + 1];
	uint64_t seq, entry;
	unsigned epoch; /* as of a segment */
};
struct manifest_paper {
	char name[ZIP_NAME_MAX + 1];
	unsigned char sha256[HASH_BYTES];
};
struct manifest_gap {
	char camera[CAMERA_ID_MAX + 1];
	int64_t from_ns, to_ns;
	const char *cause;
	bool entered;
	uint64_t entry; /* that says so, where entered */
	unsigned epoch; /* as of a segment */
};
/* From then on clocks at the site are that far ahead of UTC. */
struct manifest_offset {
	int64_t from_ns;
	int minutes;
};
/* A commitment that is opened. */
struct manifest_opened {
	uint64_t entry;
	unsigned epoch; /* as of a segment */
	unsigned tag;
	unsigned char salt[COMMITMENT_SALT];
	const char *text;
};
struct manifest {
	void *json; /* what texts are borrowed from */
	const char *software, *site, *origin, *zone;
	char id[EXPORT_ID_MAX]; /* EXP-2026-00001 */
	char request[REQUEST_ID_MAX];
	uint64_t request_entry, decision_entry;
	unsigned request_epoch, decision_epoch; /* as of a segment */
	int64_t from_ns, to_ns;
	char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1];
	size_t cameras_n;
	struct manifest_segment *segments;
	size_t segments_n;
	struct manifest_file *files;
	size_t files_n;
	struct manifest_paper *papers;
	size_t papers_n;
	struct manifest_empty *empty;
	size_t empty_n;
	struct manifest_gap *gaps;
	size_t gaps_n;
	struct manifest_opened *opened;
	size_t opened_n;
	/* in order of time; none in packages that know only the zone's name */
	struct manifest_offset *offsets;
	size_t offsets_n;
};

/*
 * ERR_FORMAT; ERR_TOO_LARGE; ERR_NO_MEMORY. ret on success to be freed by
 * manifest_free().
 */
must_check enum err manifest_parse(const void *p, size_t n,
    struct manifest *ret);
void manifest_free(struct manifest *m);

/* NULL where the manifest has no such segment. */
const struct manifest_segment *manifest_segment(const struct manifest *m,
    const char *camera, uint64_t seq);
/* The opened text of a field, or NULL. */
const char *manifest_text(const struct manifest *m, unsigned epoch,
    uint64_t entry, unsigned tag);

#endif
