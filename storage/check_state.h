/*
 * check_state.h - what the files of the check share: check.c (findings,
 * summary), check_footage.c (directories and journals), check_file.c (the files
 * of a segment), check_ledger.c (entries), check_gone.c (volumes that were given
 * up). For these only.
 */
#ifndef SAQTA_CHECK_STATE_H
#define SAQTA_CHECK_STATE_H

#include <stdio.h>

#include "storage/api/messages.h"
#include "storage/check.h"
#include "storage/journal.h"
#include "storage/ledger_keys.h"
#include "storage/peers.h"
#include "storage/volume.h"

#define DAY_TEXT 11		/* "2026-11-22" and NUL */
#define NO_TIME INT64_MIN
#define CHECK_PATH 192

/* A segment as journal and file have it. About 4 million on a full volume. */
struct check_segment {
	uint64_t seq;
	int64_t from_ns, to_ns;
	uint64_t bytes;			/* of a sealed one's file */
	uint32_t fragments, flags;
	uint32_t day;			/* in the camera's days */
	uint8_t kind;			/* JOURNAL_SEAL, JOURNAL_CUT, 0 = open */
	bool entered;			/* the ledger has it */
	unsigned char digest[HASH_BYTES]; /* of Merkle root || cipher hash */
};

struct check_window {
	int64_t from_ns, to_ns;
};

/* Numbers that an entry says were erased, or are being erased. */
struct check_erased {
	uint64_t first, last;
	int64_t time_ns;		/* of the entry */
	struct check_window *held;	/* holds that touched its span then */
	size_t held_n;
};

struct check_day {
	char day[DAY_TEXT];
	bool erased;			/* with its key, journal and all */
	uint64_t heads_bad;		/* said once, then counted */
	int64_t gone_ns; /* when a volume with some of it was given up; 0 */
};

struct check_camera {
	char id[CAMERA_ID_MAX + 1];
	struct check_segment *segments;	/* ascending seq */
	size_t n, cap;
	struct check_day *days;
	size_t days_n, days_cap;
	uint64_t lost;			/* entered, but not on the disk */
	struct check_erased *erased;	/* in the order of entries */
	size_t erased_n;
	uint64_t *gone;			/* seqs lost with a volume; ascending */
	size_t gone_n;
	int head_fd;			/* journal of head_day, or -1 */
	size_t head_day;
	unsigned head_volume;
};

#define ACTORS_MAX 1024

/* A person as the ledger names him, for the acts that he signed. */
struct check_actor {
	uint64_t person, role;
	unsigned char key[KEY_BYTES];
};

/* A witness that was named for the clock, and the time it signed last. */
struct check_clock_witness {
	unsigned char key[KEY_BYTES];
	int64_t said_ns;	/* in answer to the question that is open */
};

/* A volume that was given up for another one, as the ledger says. */
struct check_given_up {
	char uuid[VOLUME_UUID];
	uint64_t number;
	int64_t time_ns;		/* of the entry */
};

struct check {
	int data_fd;
	const char *data; /* its path */
	unsigned away; /* volumes that are not there */
	uint64_t unseen; /* entered, perhaps on one of those */
	struct check_given_up given_up[VOLUMES_MAX];
	size_t given_up_n;
	uint64_t gone; /* segments that are lost with these */
	bool json;
	FILE *out;
	unsigned changed, missing, notes;
	uint64_t sealed, cut, open, erased, bytes, entries, checkpoint;
	struct check_camera *cameras;
	size_t n;
	struct check_actor actors[ACTORS_MAX];
	size_t actors_n;
	struct check_clock_witness clock[WITNESSES_MAX];
	size_t clock_n;
	uint64_t clock_asked;	/* 1 + the entry that asked last; 0: none */
	unsigned char log_key[KEY_BYTES]; /* of the log being walked */
	bool has_log_key;
	int64_t epoch_ns;	/* when the last epoch began; 0: the first one */
	bool alone;		/* the present log alone: former ones, and the
				   people that they name, are not read */
	uint64_t unnamed;	/* acts, whose signers only these may name */
};

/* One day of one camera. */
struct check_walk {
	struct check *c;
	int at;				/* the volume's directory */
	struct check_camera *cam;
	size_t day;			/* in cam->days */
	bool last_day;			/* the camera's last one */
	char dir[CHECK_PATH];		/* footage/camera/yyyy/mm/dd */
	struct dirent **names;		/* what stands there; NULL = seen */
	int n;
};

enum finding {
	NOTE,			/* nothing is wrong */
	MISSING,
	CHANGED,
};

/* Say one finding. camera and file may be NULL, at_ns NO_TIME. */
void check_say(struct check *c, enum finding kind, const char *promise,
    const char *camera, int64_t at_ns, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 7, 8)));

/* The camera with that id, made where it is new; NULL without memory. */
struct check_camera *check_camera(struct check *c, const char *id);
/* The index of a day, made where it is new; ERR_NO_MEMORY. */
must_check enum err check_day(struct check_camera *cam, const char *day,
    size_t *ret);
struct check_segment *check_find(struct check_camera *cam, uint64_t seq);

void check_digest(const unsigned char root[HASH_BYTES],
    const unsigned char cipher[HASH_BYTES], unsigned char ret[HASH_BYTES]);

/* Mark a name as accounted for; false where it does not stand there. */
bool check_see(struct check_walk *w, const char *path);
/* The segment's file, and its tail, against its n records. */
must_check enum err check_file(struct check_walk *w,
    const struct journal_record *r, size_t n, const char *path);
/* check_log.c: persons, keys and what custodians signed, entry by entry. */
void check_act(struct check *c, uint64_t i, const unsigned char *p, size_t n,
    const struct entry_view *v, const char *origin);
/* check_clock.c: who vouched for the clock, entry by entry. */
void check_clock(struct check *c, uint64_t i, const struct entry_view *v,
    const char *origin);
/* Former ledgers, and what the present one says is missing of them. */
must_check enum err check_formers(struct check *c, struct ledger *present);

/* One ledger, data/<name>; a former one need not fit a checkpoint. */
must_check enum err check_ledger_in(struct check *c, struct ledger *l,
    const char *name, bool former);
/* --- check_retain.c: before the two halves --- */
must_check enum err check_retain(struct check *c, struct ledger *present);
/* The last entry that erased this number; NULL. */
const struct check_erased *check_erased(const struct check_camera *cam,
    uint64_t seq);
void check_was_due(struct check *c, const struct check_camera *cam,
    uint64_t seq, int64_t from_ns, int64_t to_ns, int64_t retain_ns);

/* --- check_gone.c --- */
/* Entry by entry, before the two halves; then check_gone_sort(), once. */
must_check enum err check_gone_take(struct check *c,
    const struct entry_view *v);
void check_gone_sort(struct check *c);
/* Was it entered as lost with a volume that was given up? */
bool check_is_gone(const struct check_camera *cam, uint64_t seq);
bool check_given_up(const struct check *c, const char *uuid);
/* Is every number from first to last gone like that, or erased? */
bool check_gone_numbers(const struct check_camera *cam, uint64_t first,
    uint64_t last);

/* The two halves; errors are only such as keep the check from going on. */
must_check enum err check_footage(struct check *c);
must_check enum err check_ledger(struct check *c, struct ledger *l);

#endif
