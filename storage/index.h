/*
 * index.h - the SQLite view (storage/schema.sql). Only index*.c include
 * <sqlite3.h>.
 *
 * Strings in rows are copies inside the row. Iterations call fn for each row
 * in order and stop at the first result that is not OK, which they return.
 */
#ifndef SAQTA_INDEX_H
#define SAQTA_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>

#include "storage/api/fingerprint.h"
#include "storage/api/messages.h"
#include "storage/api/utc.h"
#include "storage/crypt.h"

#define TEXT_MAX 1024		/* bytes of a reason, with NUL */
#define NAME_MAX_BYTES 128	/* bytes of a name, with NUL */
#define CAMERAS_MAX 16		/* cameras in one request */
#define REQUEST_ID_MAX 24
#define EXPORT_ID_MAX 24
#define SEALED_CREDENTIALS_MAX 320

struct index;

enum segment_state { SEGMENT_OPEN = 1, SEGMENT_SEALED = 3, SEGMENT_CUT = 4,
	SEGMENT_LOST = 5 };	/* the scrub did not find it as it was */
enum segment_proof { PROOF_NONE = 0, PROOF_VERIFIED = 1, PROOF_DECODED = 2,
	PROOF_FAILED = 3 };
enum request_state { REQUEST_SUBMITTED = 1, REQUEST_APPROVED = 2,
	REQUEST_SHORTENED = 3, REQUEST_REFUSED = 4, REQUEST_REVOKED = 5,
	REQUEST_CLOSED = 6 };	/* "expired" is derived from ends_ns */

/* How footage was made unreadable; stable numbers. */
enum erase_method { ERASE_KEY = 1,	/* the day's key was destroyed */
	ERASE_HEADERS = 2 };	/* each file's header was overwritten */

struct camera_row {
	char id[CAMERA_ID_MAX + 1];
	char name[NAME_MAX_BYTES], atm[NAME_MAX_BYTES], place[NAME_MAX_BYTES];
	char url[512];
	enum transport transport;
	unsigned char sealed[SEALED_CREDENTIALS_MAX];
	size_t sealed_n;
	bool enabled;
	int64_t added_ns;
	uint64_t next_seq;
	enum camera_state state;
	enum cause cause;
	int64_t since_ns;
	char detail[256];
	char certificate[FINGERPRINT_TEXT]; /* pinned; "" without TLS */
};
enum stood_kind {
	STOOD_DEVICE = 1,	/* at a camera position (camera.id) */
	STOOD_ATM = 2,		/* the ATM that a camera position belongs to */
	STOOD_PLACE = 3,	/* where an ATM stands */
};
struct stood_row {
	int64_t from_ns, to_ns;		/* to_ns = INT64_MAX: still */
	char value[512], detail[NAME_MAX_BYTES];
};
struct segment_row {
	char camera[CAMERA_ID_MAX + 1];
	uint64_t seq;
	char day[11];
	int64_t start_ns, end_ns;
	uint64_t bytes;
	enum segment_state state;
	uint32_t fragments, flags;
	int64_t retain_ns;
	enum segment_proof proof;
	uint64_t record;
	int64_t entry;
	unsigned volume;
};
struct gap_row {
	char camera[CAMERA_ID_MAX + 1];
	int64_t from_ns, to_ns;		/* to_ns = INT64_MAX: open */
	enum cause cause;
	int64_t noticed_ns;
};
/* A camera-day of which something was erased when its term ended. */
struct erasure_row {
	char camera[CAMERA_ID_MAX + 1];
	char day[11];
	int64_t from_ns, to_ns;
	uint64_t erasing;	/* ledger entry "erasing" */
	int64_t entry;		/* ledger entry "erased"; -1: under way */
	unsigned method;	/* enum erase_method */
};
struct person_row {
	uint64_t id;
	char user[64], name[NAME_MAX_BYTES];
	enum role role;
	int64_t created_ns;
	char recipient[64];
	unsigned char sign_key[KEY_BYTES];
	uint64_t signer;
	unsigned char signature[SIGN_BYTES];
	unsigned char sealed[SEALED_SEED_MAX];
	size_t sealed_n;
	int64_t ended_ns;
	bool first;		/* the password is somebody else's choice */
	bool deputy;		/* a custodian elsewhere: index_deputy_put() */
};
/* A part of a list: what follows the item `after`, "" from the beginning. */
struct page {
	char after[REQUEST_ID_MAX];
	int64_t limit;		/* -1: all there are */
};
struct request_row {
	char id[REQUEST_ID_MAX];
	uint64_t requester;
	int64_t created_ns, from_ns, to_ns;
	char cameras[CAMERAS_MAX * (CAMERA_ID_MAX + 1)];
	char reason[TEXT_MAX], case_no[NAME_MAX_BYTES];
	enum request_state state;
	uint64_t decider;
	int64_t decided_ns, granted_from_ns, granted_to_ns;
	char granted_cameras[CAMERAS_MAX * (CAMERA_ID_MAX + 1)];
	int64_t ends_ns;
	char decision_reason[TEXT_MAX];
	int64_t entry, decision_entry;
	unsigned reason_code;	/* people.h */
	int64_t until_ns;	/* the end that was asked for; 0: none */
};
#define DRAFT_DAYS 30	/* after the last change it is dropped */
/* A request that nobody has made yet (schema.sql, table draft). */
struct draft_row {
	uint64_t id, person;
	int64_t saved_ns;
	int64_t from_ns, to_ns, until_ns;	/* 0: not said */
	char cameras[CAMERAS_MAX * (CAMERA_ID_MAX + 1)];
	char reason[TEXT_MAX], case_no[NAME_MAX_BYTES], longer[TEXT_MAX];
	int reason_code;	/* -1: not said */
	unsigned rights;	/* 0: not said */
};
enum export_state { EXPORT_PREPARING = 1, EXPORT_READY = 2, EXPORT_FAILED = 3,
	EXPORT_ERASED = 4 };
struct export_row {
	char id[EXPORT_ID_MAX];		/* EXP-2026-00001 */
	char request[REQUEST_ID_MAX];
	uint64_t person;
	enum export_state state;
	int64_t created_ns;
	int64_t ready_ns, ends_ns;	/* 0: not yet; then when it is erased */
	uint64_t bytes;			/* of the ZIP */
	unsigned char sha256[HASH_BYTES];	/* of the ZIP */
	unsigned lost;			/* gaps of it that were recorded once */
	enum err why;			/* it failed; OK: that is not known */
};
/* A token of another program (token.h). */
struct token_row {
	uint64_t id;		/* number of the entry that made it */
	unsigned char hash[HASH_BYTES];
	char name[NAME_MAX_BYTES];
	unsigned scopes;	/* bits of enum scope */
	uint64_t maker;
	int64_t created_ns, ends_ns;
	int64_t ended_ns;	/* 0: nobody has ended it */
	int64_t used_ns;	/* 0: never */
};
/*
 * A note or a snapshot that somebody made while watching; or that somebody was
 * told of an incident, whose kind then stands for the request.
 */
struct mark_row {
	uint64_t entry, person;
	enum mark_kind kind;
	char request[REQUEST_ID_MAX];
	char camera[CAMERA_ID_MAX + 1];
	int64_t made_ns, at_ns;		/* at: the picture's own time, or
					   since when it is wrong */
	unsigned char sha256[HASH_BYTES];	/* of a snapshot's file */
};
struct lease_row {
	uint64_t entry, person;
	char request[REQUEST_ID_MAX];
	char camera[CAMERA_ID_MAX + 1];
	int64_t from_ns, to_ns;
	enum lease_kind kind;
};

/*
 * Open data/index.db, made where it is absent (not when readonly).
 * ERR_NOT_FOUND, ERR_INTEGRITY (not a database, or a damaged one), ERR_INVALID
 * (a schema that this program does not know), ERR_DISK.
 */
must_check enum err index_open(const char *data, bool readonly,
    struct index **ret);
void index_close(struct index *ix);	/* NULL is legal */
/* Has a statement met a damaged page? */
bool index_is_corrupt(const struct index *ix);
/*
 * SQLite's integrity check of data/index.db, on a connection of its own: for a
 * worker. ERR_INTEGRITY; ERR_UNAVAILABLE once *stop (NULL: never) was set.
 * Blocks; reads it all, which takes minutes at 17 million segments.
 */
must_check enum err index_verify(const char *data, const atomic_bool *stop);

/* --- index_wal.c: the write-ahead log --- */
#define INDEX_WAL_PAGES 1000	/* from so many on it is to be brought back */
#define INDEX_WAL_MAX 4000	/* who has time waits for that */
/*
 * From now on a commit through ix brings nothing of the log back into the file:
 * index_checkpoint() does, when index_wal_pages(), as of the last commit, says
 * so.
 */
void index_wal_by_hand(struct index *ix);
int index_wal_pages(const struct index *ix);
/* Since then, and only then counted. */
uint64_t index_commits(const struct index *ix);
/*
 * Bring back what can be without anybody waiting, on a connection of its own:
 * for a worker. Blocks for two syncs.
 */
must_check enum err index_checkpoint(const char *data);
/*
 * Cut the log: what was erased is not in it any more. Blocks for as many syncs
 * where it was not brought back before, and for no reader. ERR_BUSY: somebody
 * reads, and the log is as it was.
 */
must_check enum err index_shrink(struct index *ix);

/* --- index_copy.c: what ledger and footage cannot give back --- */
/*
 * Bring dir/index-copy.db up to data/index.db: every table but those that a
 * rebuild makes. On a connection of its own: for a worker. ERR_EXISTS where the
 * copy knows more of the ledger: it is left alone. Blocks.
 */
must_check enum err index_copy(const char *data, const char *dir);
/*
 * Check the copy in dir, and say how many ledger entries it knows; -1: it does
 * not say. ERR_NOT_FOUND, ERR_INTEGRITY.
 */
must_check enum err index_copy_entries(const char *dir, int64_t *ret);
/* Put what the copy in dir has into ix, over what is there. */
must_check enum err index_restore(struct index *ix, const char *dir);
/* One transaction around several changes. */
must_check enum err index_begin(struct index *ix);
must_check enum err index_commit(struct index *ix);
void index_abort(struct index *ix);

must_check enum err index_camera_put(struct index *ix,
    const struct camera_row *c);	/* insert or replace */
must_check enum err index_camera_find(struct index *ix, const char *id,
    struct camera_row *ret);
/* The first camera whose id is greater; ERR_NOT_FOUND after the last. */
must_check enum err index_camera_next(struct index *ix, const char *after,
    struct camera_row *ret);

/* Insert or replace; retain_ns never becomes less than it was (P2). */
/*
 * From from_ns on `value` stands at `key`; what stood there before ends then.
 * index_stood_end(): nothing does any more.
 */
must_check enum err index_stood_begin(struct index *ix, enum stood_kind kind,
    const char *key, int64_t from_ns, const char *value, const char *detail);
must_check enum err index_stood_end(struct index *ix, enum stood_kind kind,
    const char *key, int64_t to_ns);
/* What stands there now; ERR_NOT_FOUND. */
must_check enum err index_stood_now(struct index *ix, enum stood_kind kind,
    const char *key, struct stood_row *ret);
/* When the last device of a camera position was taken away; 0: it was not. */
must_check enum err index_retired(struct index *ix, const char *camera,
    int64_t *ret_ns);
must_check enum err index_stood(struct index *ix, enum stood_kind kind,
    const char *key, enum err (*fn)(const struct stood_row *r, void *arg),
    void *arg);

must_check enum err index_segment_put(struct index *ix,
    const struct segment_row *s);
must_check enum err index_segment_find(struct index *ix, const char *camera,
    uint64_t seq, struct segment_row *ret);
/* Insert a row that a rebuild found, unless there is one. */
must_check enum err index_segment_found(struct index *ix,
    const struct segment_row *s);
must_check enum err index_segment_proof(struct index *ix, const char *camera,
    uint64_t seq, enum segment_proof proof);
/* No camera's next number is one that a segment has. */
must_check enum err index_numbers_raise(struct index *ix);
/* Drop the row of a segment that never came to be (recovery). */
must_check enum err index_segment_drop(struct index *ix, const char *camera,
    uint64_t seq);
/* The segment with the greatest seq; ERR_NOT_FOUND. */
must_check enum err index_segment_last(struct index *ix, const char *camera,
    struct segment_row *ret);
/*
 * The last closed segment that stands in the journal of that day and volume and
 * has no open one before it; ERR_NOT_FOUND.
 */
must_check enum err index_segment_settled(struct index *ix, const char *camera,
    const char *day, unsigned volume, struct segment_row *ret);
/* Of those that begin before to_ns the one that begins last; ERR_NOT_FOUND. */
must_check enum err index_segment_farthest(struct index *ix,
    const char *camera, int64_t to_ns, struct segment_row *ret);
/*
 * Segments of the camera that may overlap [from, to), in order of start: an
 * open one counts as endless, so the caller looks at its journal.
 * One that is lost is none of them: a gap row stands in its place.
 * ERR_REBUILDING while the index is made anew: what is not known yet is neither
 * a gap nor footage that is not there.
 */
must_check enum err index_segments(struct index *ix, const char *camera,
    int64_t from_ns, int64_t to_ns,
    enum err (*fn)(const struct segment_row *s, void *arg), void *arg);
/*
 * What coverage is made of. Runs of closed segments that may overlap [from, to),
 * in order of start, and open segments that begin before to; those that are
 * lost are in none. ERR_REBUILDING as above.
 */
struct run_row {
	uint64_t first_seq, last_seq;
	int64_t from_ns, to_ns;
	uint32_t flags;
	unsigned volume;
};
must_check enum err index_runs(struct index *ix, const char *camera,
    int64_t from_ns, int64_t to_ns,
    enum err (*fn)(const struct run_row *r, void *arg), void *arg);
must_check enum err index_segments_open_at(struct index *ix,
    const char *camera, int64_t to_ns,
    enum err (*fn)(const struct segment_row *s, void *arg), void *arg);
/* Segments first to last that overlap [from, to), by seq. */
must_check enum err index_segments_of_run(struct index *ix, const char *camera,
    const struct run_row *r, int64_t from_ns, int64_t to_ns,
    enum err (*fn)(const struct segment_row *s, void *arg), void *arg);
/* The n sealed and cut ones that follow (camera, seq), by camera and seq. */
must_check enum err index_segments_after(struct index *ix, const char *camera,
    uint64_t seq, unsigned n,
    enum err (*fn)(const struct segment_row *s, void *arg), void *arg);
/* It is lost, noticed at that time: its state, and a gap with the cause. */
must_check enum err index_segment_lost(struct index *ix,
    const struct segment_row *s, int64_t noticed_ns);
must_check enum err index_segments_open(struct index *ix,
    enum err (*fn)(const struct segment_row *s, void *arg), void *arg);
/* End of the last sealed segment, and of the last decoded one; 0: none. */
must_check enum err index_segment_times(struct index *ix, const char *camera,
    int64_t *ret_first, int64_t *ret_sealed, int64_t *ret_proved);

/* Sums of one local day of a camera, of segments that are not open. */
struct day_row {
	char camera[CAMERA_ID_MAX + 1];
	char day[11];
	uint64_t segments, bytes;
	int64_t recorded_ns;
	int64_t retain_ns, due_ns;	/* latest and earliest there ever were */
	uint32_t flags;
};
/* Of days >= from ("yyyy-mm-dd"), by camera and day; camera "" = all. */
must_check enum err index_days(struct index *ix, const char *camera,
    const char *from, enum err (*fn)(const struct day_row *d, void *arg),
    void *arg);
/* --- index_retain.c --- */
/* Days of which a closed segment may be due by both_ns, by day and camera. */
must_check enum err index_days_due(struct index *ix, int64_t both_ns,
    enum err (*fn)(const struct day_row *d, void *arg), void *arg);
/* Sums of that day; ERR_NOT_FOUND where it has no closed segment. */
must_check enum err index_day_find(struct index *ix, const char *camera,
    const char *day, struct day_row *ret);
/*
 * From the first start to the last end of its closed segments, by their runs.
 * ERR_NOT_FOUND where these do not account for all: some are lost.
 */
must_check enum err index_day_bounds(struct index *ix, const struct day_row *d,
    int64_t *ret_from_ns, int64_t *ret_to_ns);
/* At most count segments of a camera-day whose seq is greater than `after`. */
must_check enum err index_segments_of_day(struct index *ix, const char *camera,
    const char *day, uint64_t after, unsigned count,
    enum err (*fn)(const struct segment_row *s, void *arg), void *arg);
must_check enum err index_segment_erase(struct index *ix, const char *camera,
    uint64_t seq);
/* What is promised to a segment grows to this (P2, P12). */
must_check enum err index_segment_promise(struct index *ix, const char *camera,
    uint64_t seq, int64_t retain_ns);
/*
 * Lengthen what was promised by entries [first, end), without looking at them.
 * Blocks: it looks at each row.
 */
must_check enum err index_terms_move(struct index *ix, uint64_t first,
    uint64_t end, int64_t step_ns);
must_check enum err index_erasure_put(struct index *ix,
    const struct erasure_row *e);	/* insert or replace */
/* The first that overlaps [from, to), finished or not; ERR_NOT_FOUND. */
must_check enum err index_erasure_find(struct index *ix, const char *camera,
    int64_t from_ns, int64_t to_ns, struct erasure_row *ret);
/* The one of a camera-day that is under way; ERR_NOT_FOUND. */
must_check enum err index_erasing_find(struct index *ix, const char *camera,
    const char *day, struct erasure_row *ret);
/* One that is finished, by headers, and so left the day's key; ERR_NOT_FOUND. */
must_check enum err index_erased_find(struct index *ix, const char *camera,
    const char *day, struct erasure_row *ret);
/* Requests with texts whose range ended six months before both_ns. */
must_check enum err index_requests_old(struct index *ix, int64_t both_ns,
    enum err (*fn)(const struct request_row *r, void *arg), void *arg);
/* Erase the texts of a request; row, times and states stay. */
must_check enum err index_request_forget(struct index *ix,
    const struct request_row *r);
/*
 * Erase rows from the end of seqs in one transaction, for at most 10 ms beside
 * its commit; *n: those that are left. Nothing has changed where it fails.
 */
must_check enum err index_segments_erase(struct index *ix, const char *camera,
    const uint64_t *seqs, size_t *n);

must_check enum err index_gap_put(struct index *ix, const struct gap_row *g);
/* Insert an open gap that a rebuild found, unless there is one. */
must_check enum err index_gap_found(struct index *ix, const struct gap_row *g);
/* Set its end, whatever its cause was; insert it where it is unknown. */
must_check enum err index_gap_close(struct index *ix, const struct gap_row *g);
must_check enum err index_gap_drop(struct index *ix, const char *camera,
    int64_t from_ns);
/* The open gap of a camera; ERR_NOT_FOUND. */
must_check enum err index_gap_open(struct index *ix, const char *camera,
    struct gap_row *ret);
must_check enum err index_gaps(struct index *ix, const char *camera,
    int64_t from_ns, int64_t to_ns,
    enum err (*fn)(const struct gap_row *g, void *arg), void *arg);

must_check enum err index_person_put(struct index *ix,
    const struct person_row *p);	/* p->id chosen by the caller */
must_check enum err index_person_find(struct index *ix, uint64_t id,
    struct person_row *ret);
must_check enum err index_person_by_user(struct index *ix, const char *user,
    struct person_row *ret);
must_check enum err index_custodians(struct index *ix, unsigned *ret_n);
must_check enum err index_people(struct index *ix,
    enum err (*fn)(const struct person_row *p, void *arg), void *arg);
/* Kept beside the row, which index_person_put() replaces. */
must_check enum err index_deputy_put(struct index *ix, uint64_t person,
    bool deputy);

must_check enum err index_request_put(struct index *ix,
    const struct request_row *r);
must_check enum err index_request_find(struct index *ix, const char *id,
    struct request_row *ret);
/* Newest first; requester 0: of everybody; page NULL: all of them. */
must_check enum err index_requests(struct index *ix, uint64_t requester,
    const struct page *page,
    enum err (*fn)(const struct request_row *r, void *arg), void *arg);

must_check enum err index_text_put(struct index *ix, uint64_t entry,
    unsigned tag, const unsigned char salt[32], const char *text);
must_check enum err index_text_find(struct index *ix, uint64_t entry,
    unsigned tag, char ret[TEXT_MAX]);
/* With its salt, to open a commitment. */
must_check enum err index_text_open(struct index *ix, uint64_t entry,
    unsigned tag, unsigned char ret_salt[32], char ret[TEXT_MAX]);
/* Entries that have a text with this tag, ascending. fn may not ask ix. */
must_check enum err index_text_entries(struct index *ix, unsigned tag,
    enum err (*fn)(uint64_t entry, void *arg), void *arg);

/* --- index_token.c --- */
must_check enum err index_token_put(struct index *ix,
    const struct token_row *t);	/* a new one */
must_check enum err index_token_find(struct index *ix, uint64_t id,
    struct token_row *ret);
must_check enum err index_token_by_hash(struct index *ix,
    const unsigned char hash[HASH_BYTES], struct token_row *ret);
must_check enum err index_token_used(struct index *ix, uint64_t id,
    int64_t used_ns);
/* Where it is not ended yet; nothing where there is none. */
must_check enum err index_token_end(struct index *ix, uint64_t id,
    int64_t ended_ns);
/* The newest 500, the newest first. */
must_check enum err index_tokens(struct index *ix,
    enum err (*fn)(const struct token_row *, void *), void *arg);

must_check enum err index_lease_put(struct index *ix,
    const struct lease_row *l);
must_check enum err index_lease_find(struct index *ix, uint64_t entry,
    struct lease_row *ret);	/* open ones only */
must_check enum err index_lease_closed(struct index *ix, uint64_t entry);
/*
 * Leases that overlap [from, to), whose entries are below `before`, newest
 * first; at most limit, -1: all.
 */
must_check enum err index_leases_within(struct index *ix, int64_t from_ns,
    int64_t to_ns, uint64_t before, int64_t limit,
    enum err (*fn)(const struct lease_row *l, void *arg), void *arg);
must_check enum err index_leases_open(struct index *ix,
    enum err (*fn)(const struct lease_row *l, void *arg), void *arg);

/* An alarm that stands: raised since; since_ns 0 ends it. ERR_NOT_FOUND. */
enum alarm {
	ALARM_NONE = 0,
	ALARM_NO_SEGMENT = 1,	/* a live stream, nothing sealed */
	ALARM_BLACK = 10,	/* of its picture: see scene.h */
	ALARM_COVERED = 11,
	ALARM_FROZEN = 12,
	ALARM_DEFOCUSED = 13,
	ALARM_MOVED = 14,
};
must_check enum err index_alarm_put(struct index *ix, const char *camera,
    enum alarm kind, int64_t since_ns);
must_check enum err index_alarm_find(struct index *ix, const char *camera,
    enum alarm kind, int64_t *ret_since_ns);
/* Those that nobody has decided yet, the oldest first. */
must_check enum err index_requests_waiting(struct index *ix,
    enum err (*fn)(const struct request_row *, void *), void *arg);
/*
 * What this person was given to keep (downloads, packages) since an entry, and
 * the last entry of it; 0 where there is none.
 */
must_check enum err index_copied(struct index *ix, uint64_t person,
    uint64_t since, int64_t *ret_ns, uint64_t *ret_last);

/* --- index_draft.c --- */
must_check enum err index_draft_put(struct index *ix,
    const struct draft_row *d);	/* insert or replace */
must_check enum err index_draft_find(struct index *ix, uint64_t id,
    struct draft_row *ret);
must_check enum err index_draft_drop(struct index *ix, uint64_t id);
/* One person's, the one saved last first. */
must_check enum err index_drafts(struct index *ix, uint64_t person,
    enum err (*fn)(const struct draft_row *d, void *arg), void *arg);
/* All of a person's, and all that were saved before then. */
must_check enum err index_drafts_drop(struct index *ix, uint64_t person,
    int64_t before_ns);

/* --- index_export.c --- */
must_check enum err index_export_put(struct index *ix,
    const struct export_row *x);	/* insert or replace */
must_check enum err index_export_find(struct index *ix, const char *id,
    struct export_row *ret);
/* Newest first; person 0: of everybody; page NULL: all of them. */
must_check enum err index_exports(struct index *ix, uint64_t person,
    const struct page *page, enum err (*fn)(const struct export_row *x, void *arg), void *arg);
/* What was asked for: RIGHT_VIEW where nothing else was said. */
must_check enum err index_rights_put(struct index *ix, const char *request,
    unsigned rights);
must_check enum err index_rights_find(struct index *ix, const char *request,
    unsigned *ret);

/* --- index_mark.c --- */
must_check enum err index_mark_put(struct index *ix, const struct mark_row *m);
/* Of one request, oldest first; at most 1000. */
must_check enum err index_marks(struct index *ix, const char *request,
    enum err (*fn)(const struct mark_row *m, void *arg), void *arg);
/* Who was told of that camera, since from <= at < to; at most 1000. */
must_check enum err index_told(struct index *ix, const char *camera,
    int64_t from_ns, int64_t to_ns,
    enum err (*fn)(const struct mark_row *m, void *arg), void *arg);

/* --- index_align.c --- */
struct alignment;
struct alignments;
must_check enum err index_alignment_put(struct index *ix,
    const struct alignment *a);
/* All there are (align.h); ret->all is to be freed. */
must_check enum err index_alignments(struct index *ix,
    struct alignments *ret);

must_check enum err index_setting_put(struct index *ix, const char *name,
    const void *p, size_t n);
must_check enum err index_setting_find(struct index *ix, const char *name,
    void *p, size_t max, size_t *ret_n);
/* Put, and on the disk when it returns: blocks for a sync. */
must_check enum err index_setting_keep(struct index *ix, const char *name,
    const void *p, size_t n);
must_check enum err index_setting_drop(struct index *ix, const char *name);

/* The setting "rebuild" marks that rows are still missing. */
#define INDEX_REBUILD "rebuild"
/* The setting "entries": ledger entries that the index knows, decimal. */
#define INDEX_ENTRIES "entries"
/* The setting "lost": segments that the scrub found lost (u32). */
#define BACKUP_MADE "backup-made"	/* i64 UTC ns: as the tool said */
#define SCRUB_LOST "lost"
/* Day keys that wait to be wrapped anew (u32). */
#define REWRAP_LEFT "rewrap"

#endif
