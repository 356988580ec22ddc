/*
 * session.h - inside a reader (reader.h): what its files share.
 *
 * No byte of footage leaves before lease_cover() said OK for it (P5). A handler
 * returns an error and sends nothing, or sends its answer; reader_dispatch()
 * answers and enters what was refused, so that no path escapes the entry.
 */
#ifndef SAQTA_SESSION_H
#define SAQTA_SESSION_H

#include "storage/api/wire.h"
#include "storage/grant.h"
#include "storage/keyring_line.h"
#include "storage/movie.h"
#include "storage/people.h"
#include "storage/play.h"
#include "storage/reader.h"
#include "storage/view.h"

#define LEASES_MAX 32
#define LEASE_RANGES 120
#define LEASE_NS (60 * NS_PER_SEC) /* footage in a lease (P5) */
#define LEASE_IDLE_NS (15 * NS_PER_SEC) /* after the last fetch */
#define GRANT_FRESH_NS (2 * NS_PER_SEC) /* then the keeper is asked again */
#define FILES_MAX 8
#define FILES_OPEN_MAX 8 /* requests at once; one more closes the oldest */
#define KEEPER_MS 30000 /* it answers within that, or not */

/* An open lease and what it was used for. */
struct held {
	bool open;
	uint64_t lease;
	char request[REQUEST_ID_MAX];
	char camera[CAMERA_ID_MAX + 1];
	enum lease_kind kind;
	int64_t from_ns, to_ns;
	struct {
		int64_t from_ns, to_ns;
	} served[LEASE_RANGES];
	size_t n;
	int64_t used_ns; /* monotonic */
};

/* A segment's file, opened with the key from the grant. */
struct opened {
	char camera[CAMERA_ID_MAX + 1];
	uint64_t seq;
	struct age_file *file; /* NULL: the place is free */
	unsigned char *init_part;
	struct mp4_init init; /* borrows from init_part */
	int64_t used_ns;
};

/* Footage in plain. What comes next takes its room; plain_free() wipes. */
struct plain {
	unsigned char *p;
	size_t n, room;
};

/* One run laid out as a movie, and the fragment read last. */
struct laid {
	struct movie *movie; /* NULL: none */
	char camera[CAMERA_ID_MAX + 1];
	uint32_t run;
	struct plain fragment;
	uint32_t source; /* whose it is, if there is any */
};

/* The approved request in use; one at a time. */
struct access {
	char request[REQUEST_ID_MAX]; /* "": none */
	int64_t from_ns, to_ns, ends_ns;
	uint64_t decision;
	char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1];
	size_t cameras_n;
	struct grant grant;
	int64_t checked_ns; /* monotonic */
	struct play plays[CAMERAS_MAX];
	bool played;
	struct laid laid;
	struct opened files[FILES_MAX];
};

struct chain;
struct export_job;
struct spool;

struct session {
	int keeper, client, data_fd;
	enum reader_job job;
	struct person_row me;
	struct roots roots;
	unsigned char seed[KEY_BYTES]; /* READER_ACT; READER_RECOVER: paper */
	unsigned char factor[FACTOR_BYTES]; /* shown, not yet confirmed */
	bool factor_shown;
	struct age_identity identity; /* an auditor's */
	struct age_recipient paper;
	struct index *ix;
	struct index *tx; /* transactions.db, opened when asked; NULL */
	struct ledger *ledger;
	char data[512]; /* the data directory's path */
	char site[WIRE_STR_MAX + 1], zone[64];
	bool demo;
	uint64_t reserve_bytes;
	int64_t clock_offset_ns;
	uint32_t next_id;
	uint32_t told; /* the last message told, while it is unanswered */
	struct held leases[LEASES_MAX];
	struct access access;
	/* requests whose files were opened with a code, or read, last when */
	struct files {
		char request[REQUEST_ID_MAX];
		int64_t at_ns; /* monotonic; 0: the place is free */
	} files[FILES_OPEN_MAX];
	struct export_job *job_export; /* NULL: none runs */
	struct spool *spool; /* the package read last, or NULL */
	struct chain *chain; /* the ledger being verified, or NULL */
	int64_t chain_over_ns; /* monotonic, of the last one; 0: none */
	/* what the message at hand is about, for the entry of a refusal */
	struct {
		char request[REQUEST_ID_MAX];
		char camera[CAMERA_ID_MAX + 1];
		int64_t from_ns, to_ns;
		char say[160]; /* what the error's sentence misses */
	} about;
	bool signed_out;
};

/* --- reader.c --- */
struct utc session_now(const struct session *s);
struct view session_view(const struct session *s);
/* Begin a message to the keeper, and call it. */
void keeper_begin(struct session *s, struct wire *w, enum msg type);
must_check enum err keeper_call(struct session *s, struct wire *w, int fd);
/* Send it a message whose answer nobody waits for. */
void keeper_tell(struct session *s, struct wire *w);
/* Wait until what it was told is done. */
void keeper_settle(struct session *s);
/* Call it, and keep its sentence for who asked (about.say). */
must_check enum err keeper_relay(struct session *s, struct wire *w);
/* Copy a field; ERR_TOO_LARGE becomes sticky in w where it has no room. */
void get_text(struct wire *w, char *ret, size_t room);
/* What may follow the question for a list; else all of it. */
void get_page(struct wire *w, struct page *ret);
/* u8 n, n * str */
size_t get_cameras(struct wire *w, char ret[CAMERAS_MAX][CAMERA_ID_MAX + 1]);
void put_cameras(struct wire *w, char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1],
    size_t n);
/*
 * Open one's own secret (s->me) with a credential, for one act: a code of the
 * second factor is used up, and that is durable. *ret is to be wiped.
 */
must_check enum err session_open_me(struct session *s, const char *credential,
    struct secret *ret);
/* Answer with n bytes as bulk. extra: a string field before it, or NULL. */
must_check enum err answer_bulk(struct session *s, const struct wire *asked,
    const char *extra, const void *p, size_t n);
/* Enter what was refused; s->about says what it was about. */
void refusal_enter(struct session *s, enum err why);

/* --- reader_ask.c --- */
must_check enum err session_site(struct session *s, struct wire *w);
must_check enum err session_cameras(struct session *s, struct wire *w);
must_check enum err session_coverage(struct session *s, struct wire *w);
must_check enum err session_requests(struct session *s, struct wire *w);
must_check enum err session_drafts(struct session *s, struct wire *w);
must_check enum err session_ledger(struct session *s, struct wire *w);
must_check enum err session_status(struct session *s, struct wire *w);
must_check enum err session_request_new(struct session *s, struct wire *w);
must_check enum err session_revoke(struct session *s, struct wire *w);
must_check enum err session_sign_out(struct session *s, struct wire *w);

/* --- reader_chain.c --- */
must_check enum err session_ledger_verify(struct session *s, struct wire *w);
void chain_drop(struct session *s);

/* --- reader_camera.c --- */
/* What the keeper decides alone: the message and its answer as they are. */
must_check enum err session_onboard(struct session *s, struct wire *w);
must_check enum err session_aim(struct session *s, struct wire *w);
must_check enum err session_aim_open(struct session *s, struct wire *w);

/* --- reader_transaction.c --- */
must_check enum err session_transactions(struct session *s, struct wire *w);
must_check enum err session_align(struct session *s, struct wire *w);
must_check enum err session_alignments(struct session *s, struct wire *w);
must_check enum err session_transaction_lists(struct session *s,
    struct wire *w);

/* --- reader_hold.c --- */
must_check enum err session_holds(struct session *s, struct wire *w);
must_check enum err session_hold_place(struct session *s, struct wire *w);
must_check enum err session_hold_release(struct session *s, struct wire *w);
/* Is it the custodian who is signed in, as of now? *ret is to be wiped. */
must_check enum err session_custodian(struct session *s, const char *credential,
    struct age_identity *ret);
/* READER_ACT: wait for the one message and carry it out. */
must_check enum err session_act(struct session *s);

/* --- reader_decide.c --- */
must_check enum err session_decide(struct session *s, struct wire *w);
/* The identity of a day, as wrapped to this person; ERR_NO_KEY. To be wiped. */
must_check enum err day_open(const struct keyring_day *d,
    const struct age_identity *id, struct age_identity *ret);
/* The same of a day that the keeper is asked for. *ret: keyring_day_free(). */
must_check enum err day_get(struct session *s, const char *camera,
    const char *day, const struct age_identity *id, struct keyring_day **ret,
    struct age_identity *ret_key);

/* --- reader_held.c --- */
/*
 * Wrap what holds keep of partly erased days to new keys, so that the old ones
 * can die (P3). What fails or is not reached is taken up by the next act.
 * Blocks for some seconds at most.
 */
void held_rewrap(struct session *s, const struct age_identity *id);

/* --- reader_rewrap.c --- */
/*
 * Wrap the day keys anew that are wrapped for others than those who should have
 * them now, as far as id opens them; by a person's seed, his. What fails is
 * logged and stays to be done. Then the same of held days (reader_held.c).
 * Blocks (half a millisecond a day).
 */
void session_rewrap(struct session *s, const struct age_identity *id);
void session_rewrap_seed(struct session *s,
    const unsigned char seed[KEY_BYTES]);

/* --- reader_access.c --- */
/*
 * Use the approved request: OK where a grant of this person is good now; the
 * keeper said so at most GRANT_FRESH_NS ago. ERR_NOT_APPROVED,
 * ERR_GRANT_ENDED; then everything of it is forgotten.
 */
must_check enum err access_get(struct session *s, const char *request);
void access_drop(struct session *s);
/*
 * May a file leave, beside watching? OK where the request in use grants
 * RIGHT_EXPORT; else ERR_NOT_APPROVED, and about.say says what to ask for.
 */
must_check enum err access_may_export(struct session *s);
/* A part of what was granted; n = 0: all of it. */
struct access_part {
	int64_t from_ns, to_ns;
	char cameras[CAMERAS_MAX][CAMERA_ID_MAX + 1];
	size_t n;
};
/*
 * Make a, and what r says was granted, no more than that part. ERR_INVALID;
 * ERR_NOT_APPROVED where it is not within a.
 */
must_check enum err access_narrow(struct access *a,
    const struct access_part *p, struct request_row *r);
/* Look at the disk anew, or only where that has not been done yet. */
must_check enum err access_play(struct session *s, bool anew);
must_check enum err access_camera(struct session *s, const char *camera,
    const struct play **ret);
/* ERR_EXPIRED where it was erased meanwhile; about.say names the entry. */
must_check enum err access_open(struct session *s, const struct play_part *part,
    struct opened **ret);
/* Was footage of that time erased? about.say then names the entry. */
bool access_expired(struct session *s, const char *camera, int64_t from_ns,
    int64_t to_ns);
/* The same of one segment, gone or going: then it is not damaged. */
bool access_erased(struct session *s, const struct segment_row *row);

/* --- reader_media.c --- */
must_check enum err session_play(struct session *s, struct wire *w);
must_check enum err session_media_init(struct session *s, struct wire *w);
must_check enum err session_media_fragment(struct session *s, struct wire *w);
must_check enum err session_stop_watching(struct session *s, struct wire *w);
/*
 * Read a fragment into *ret and check it against its journal record.
 * ERR_INTEGRITY where it is not what was recorded; after an error *ret is empty.
 */
must_check enum err fragment_read(struct session *s,
    const struct play_part *part, const struct journal_record *r,
    struct plain *ret);
void plain_free(struct plain *b); /* then it is empty, and good for use */

/* --- reader_movie.c --- */
must_check enum err session_files_open(struct session *s, struct wire *w);
must_check enum err session_movie(struct session *s, struct wire *w);
must_check enum err session_movie_read(struct session *s, struct wire *w);
void laid_free(struct laid *l);

/* Lay a run of p out; the parts may be any of p that follow one another. */
must_check enum err movie_lay_out(struct session *s, const struct play *p,
    const struct play_run *r, struct movie **ret);
/* The n-th fragment of a run. ERR_INTERNAL where it has not as many. */
must_check enum err run_fragment(const struct play *p,
    const struct play_run *run, uint32_t n, const struct play_part **ret_part,
    const struct journal_record **ret);

/* --- reader_beyond.c --- */
/*
 * What an export of footage that the camera signs needs beyond its range
 * (play_extend()) is added to the plays of the request in use. As that.
 */
must_check enum err beyond_take(struct session *s);
/*
 * By a custodian: the segment beyond to_ns, the range's end, that such an
 * export would need; last: the range's last one, with its file's key.
 * ERR_NOT_FOUND where none is needed.
 */
must_check enum err beyond_find(struct session *s, const char *camera,
    int64_t to_ns, const struct segment_row *last,
    const unsigned char file_key[AGE_FILE_KEY], struct segment_row *ret);

/* --- reader_mark.c --- */
must_check enum err session_mark(struct session *s, struct wire *w);
must_check enum err session_story(struct session *s, struct wire *w);
must_check enum err session_told(struct session *s, struct wire *w);

/* --- reader_export.c --- */
must_check enum err session_export_new(struct session *s, struct wire *w);
/* A little of the work, if there is any; false where there is none. */
bool export_step(struct session *s);
/* Give up what runs, and say why: whoever asked for it is told. */
void export_drop(struct session *s, enum err why);
/* What runs, "" for nothing, and how far it is. */
const char *export_running(const struct session *s, unsigned *ret_permille);

/* --- reader_spool.c --- */
must_check enum err session_exports(struct session *s, struct wire *w);
must_check enum err session_export(struct session *s, struct wire *w);
must_check enum err session_export_read(struct session *s, struct wire *w);
void spool_drop(struct session *s);

/* --- reader_lease.c --- */
/*
 * A lease that covers [from, to) of the camera is open and durable when OK
 * (P5); lease_served() notes what then left.
 */
must_check enum err lease_cover(struct session *s, const char *camera,
    enum lease_kind kind, int64_t from_ns, int64_t to_ns);
void lease_served(struct session *s, const char *camera, enum lease_kind kind,
    int64_t from_ns, int64_t to_ns);
void lease_close_all(struct session *s);
/* Close those not used for a while; ms until the next is due, -1: none. */
int lease_tick(struct session *s);

/* --- reader_account.c --- */
must_check enum err session_password_set(struct session *s, struct wire *w);
must_check enum err session_session_end(struct session *s, struct wire *w);
must_check enum err session_factor_new(struct session *s, struct wire *w);
must_check enum err session_factor_set(struct session *s, struct wire *w);

/* --- reader_people.c --- */
must_check enum err session_people(struct session *s, struct wire *w);
must_check enum err session_person_new(struct session *s, struct wire *w);
must_check enum err session_person_reset(struct session *s, struct wire *w);
must_check enum err session_person_end(struct session *s, struct wire *w);
must_check enum err session_deputy(struct session *s, struct wire *w);

/*
 * Open one's own secret for an act on somebody (or something) that is a
 * custodian's matter, or that of the role given. The credential is wiped.
 */
must_check enum err session_actor(struct session *s, enum role role,
    char *credential, struct secret *ret);

/*
 * The same of an auditor who takes a file along: a second factor is needed of
 * everybody, also of who needs none to sign in. ERR_NO_FACTOR where he has none.
 */
must_check enum err session_taker(struct session *s, char *credential);

/* --- reader_token.c --- */
must_check enum err session_tokens(struct session *s, struct wire *w);
/* MSG_TOKEN_NEW, MSG_TOKEN_END. */
must_check enum err session_token(struct session *s, struct wire *w);
/* What they say after the credential, as a message to the keeper. */
must_check enum err token_to_keeper(struct session *s, struct wire *w,
    struct wire *ret);

/* --- reader_person.c --- */
/* The number that the keeper gives a new person. */
must_check enum err person_number(struct session *s, uint64_t *ret);
/*
 * Make keys for p (id, user, name, role and first stand), sign them with the
 * custodian's seed unless p is an operator, and have the keeper put them.
 * ret_uri: of the second factor, or "".
 */
must_check enum err person_renew(struct session *s, struct person_row *p,
    const char *password, const unsigned char seed[KEY_BYTES],
    char ret_uri[FACTOR_URI]);
/* READER_ACT, _OPERATOR, _RECOVER: one MSG_USER_ADD, MSG_SIGN, MSG_RECOVER. */
must_check enum err session_add_person(struct session *s, struct wire *w);

#endif
