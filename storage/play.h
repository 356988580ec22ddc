/*
 * play.h - what of the recorded footage a range of time holds: unbroken runs
 * of fragments, and the gaps between them. Made from index and journals; needs
 * no key.
 */
#ifndef SAQTA_PLAY_H
#define SAQTA_PLAY_H

#include "storage/coverage.h"
#include "storage/footage.h"

/* Fragments [first, first + n) of one segment. */
struct play_part {
	struct footage footage;
	size_t first, n;
};

/* No gap, one init part. */
struct play_run {
	size_t first_part, parts_n;
	int64_t from_ns, to_ns;
	uint64_t bytes;		/* of its fragments */
	/* from the init part; set by the reader, which can open it */
	char codec[64];
	uint16_t width, height;
};

/* A segment that was recorded and cannot be read any more. */
struct play_lost {
	uint64_t seq;
	int64_t from_ns, to_ns;
};

struct play {
	char camera[CAMERA_ID_MAX + 1];
	char name[NAME_MAX_BYTES];
	struct play_part *parts;
	size_t parts_n, parts_room;
	struct play_run *runs;
	size_t runs_n, runs_room;
	struct coverage coverage;
	struct play_lost *lost;
	size_t lost_n, lost_room;
};

/*
 * Runs and gaps of one camera in [from, to). A run is rounded out to whole
 * fragments and begins with a key frame, so it may begin and end a little
 * outside; fragments of two segments belong to one run where at most
 * COVERAGE_JOIN_NS lie between them and their init parts are the same. An
 * ended segment whose file or journal is missing or shortened is named as lost.
 *
 *   ret  on success to be freed by play_free()
 *
 * ERR_NOT_FOUND: no such camera; as index, footage_read().
 */
must_check enum err play_make(struct index *ix, int data_fd,
    const char *camera, int64_t from_ns, int64_t to_ns, struct utc now,
    struct play *ret);
void play_free(struct play *p);

/* Footage beyond the end of a range, at most. */
#define PLAY_BEYOND_NS (60 * NS_PER_SEC)
/*
 * Take in what follows to_ns, the end of p's range: the rest of the GOP that
 * is shown there and the whole next one, as far as it is recorded without a
 * gap, out of at most one segment more. Nothing where the range ends in a gap.
 * ERR_BUSY where that segment is still being recorded; as play_make().
 */
must_check enum err play_extend(struct play *p, struct index *ix, int data_fd,
    int64_t to_ns);
/* Take the last part out again, which is not the only one of its run. */
void play_drop_last(struct play *p);

/*
 * The part and the record of a fragment; ERR_NOT_APPROVED where the play does
 * not hold it.
 */
must_check enum err play_find(const struct play *p, uint64_t seq,
    uint32_t index, const struct play_part **ret_part,
    const struct journal_record **ret);

#endif
