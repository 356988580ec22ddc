/*
 * keeper.h - the state of the keeper: one thread, one loop, two workers.
 *
 * A turn of the loop: receive what is there, handle it, commit the ledger once
 * (group commit), then send the answers. An answer therefore never leaves
 * before the entry that it depends on is durable (P5).
 */
#ifndef SAQTA_KEEPER_H
#define SAQTA_KEEPER_H

#include "storage/api/config.h"
#include "storage/api/wire.h"
#include "storage/aim.h"
#include "storage/alarm.h"
#include "storage/epoch.h"
#include "storage/etag.h"
#include "storage/fault.h"
#include "storage/holds.h"
#include "storage/keyring.h"
#include "storage/pace.h"
#include "storage/lockout.h"
#include "storage/people.h"
#include "storage/rebuild.h"
#include "storage/scene.h"
#include "storage/rclock.h"
#include "storage/segment.h"
#include "storage/setup.h"
#include "storage/site.h"
#include "storage/term_move.h"
#include "storage/token.h"
#include "storage/wall.h"
#include "storage/watched.h"
#include "storage/witness.h"
#include "storage/worker.h"

/* Who is at the other end: the columns of the dispatch table. */
enum peer {
	PEER_INGEST = 1,	/* recorder, before its hello */
	PEER_SUPERVISOR = 2,
	PEER_CAMERA = 4,	/* one child */
	PEER_PEOPLE = 8,	/* web, nobody signed in */
	PEER_CONTROL = 16,	/* the saqta tool */
	PEER_READER = 32,	/* our own reader process */
	PEER_IMPORTER = 64,	/* our own, without keys (importer.h) */
};

struct answer {
	struct answer *next;
	struct wire w;
	int fd;			/* owned; -1 */
};

struct conn {
	struct conn *next;
	int sock;
	enum peer peer;
	bool closing;
	struct answer *out, **out_end;
	unsigned out_n;
	unsigned acts;		/* entered for it lately (conn_waits) */
	struct camera *camera;		/* PEER_CAMERA */
	struct reader *reader;		/* PEER_READER */
	struct expected expects;	/* MSG_EXPECT */
};

/* A camera while storage runs. */
struct camera {
	struct camera *next;
	char id[CAMERA_ID_MAX + 1];
	struct conn *conn;		/* its child, or NULL */
	struct segment *segment;	/* being written, or NULL */
	bool recover;		/* the last one broke off: recover first */
	uint32_t epoch;			/* by whose clock last_end_ns is */
	int64_t last_end_ns;		/* end of what was received */
	int64_t far_end_ns;		/* the latest such end ever */
	int64_t load_end_ns;		/* the last moment before this start */
	bool gap;			/* a gap is open from last_end_ns */
	int64_t silent_since_ns;	/* child gone without a word; 0 */
	int64_t last_fragment_ns;	/* when one came, by our clock */
	struct journal_head head;	/* what the journal holds */
	struct journal_head syncing;	/* what the running sync will cover */
	struct journal_head durable;	/* what a sync has covered */
	uint64_t entered_records;	/* of durable, in the ledger */
	unsigned entered_volume;
	char entered_day[11];
	/* Of live streams that nothing comes of (P9), monotonic. */
	int64_t live_ns;	/* the recorder calls it streaming since */
	int64_t sealed_ns;	/* when its last segment was sealed */
	int64_t key_ns, gop_ns;	/* its last key frame; between the last two */
	bool alarm;
	struct pace pace;	/* what its process may send */
	uint64_t over[CAUSE_MAX];	/* gaps that ended, by cause */
	struct scene_watch scene;
	uint64_t scene_seq;	/* of the last one taken */
	uint64_t asked_seq;	/* of the picture that the child decodes */
	struct segment_row asked;
	struct aim aim;
	struct aiming {
		struct conn *asker;	/* waits for a picture; NULL: nobody */
		uint32_t asker_id, question;
		int64_t until_ns;	/* monotonic */
		bool sent;		/* a key frame went to the child */
	} aiming;
};

struct lease {
	struct lease *next;
	struct lease_row row;
};

/* A question to the supervisor, for somebody. */
struct look {
	struct look *next;
	struct conn *asker;
	uint32_t asker_id, question;
	int64_t until_ns;	/* monotonic */
};

/* A reader process. */
struct reader {
	struct reader *next;
	int pid;
	struct conn *conn;
	unsigned job;
	bool started;
	uint64_t person;
	enum role role;
	char user[64];
	int client;		/* web's end until it is handed over; -1 */
	struct conn *asker;	/* who waits for the outcome; NULL when gone */
	uint32_t asker_id;
	char address[64];	/* of the client that signs in */
	struct wire act;	/* the message that an act carries out */
	bool acted;		/* act is the answer, once the reader ended */
	bool setup;		/* the set-up code asked for this operator */
	struct entry *draft;	/* act.c: what its custodian is to sign */
	struct lease *leases;
	char export_id[EXPORT_ID_MAX];	/* what it prepares; "": nothing */
	bool signed_in;
	uint64_t session;	/* number of the entry of the sign-in */
	int64_t since_ns, signed_ns;	/* when that was; monotonic */
	unsigned wrong;		/* credentials for acts, so far */
	/* what its person copied since an entry, as far as it was summed up */
	uint64_t copied_since, copied_until;
	int64_t copied_ns;
};

struct keeper {
	struct config conf;
	struct site site;
	int data_fd;
	int ingest, people, control;	/* listening sockets */
	unsigned recorder_uid, web_uid;
	struct index *ix;
	struct ledger *ledger;
	struct keyring *keyring;
	struct holds holds;
	bool holds_broken;		/* then nothing is erased */
	struct expire *expire;
	struct roots roots;
	unsigned char recorder_key[KEY_BYTES];
	struct conn *conns;
	struct conn *supervisor;
	struct camera *cameras;
	struct reader *readers;
	struct look *looks;
	uint32_t look_id;		/* of the last one */
	struct setup setup;
	struct lockout lockout;
	struct token_rate token_rates[TOKENS_MAX];
	struct health_text {	/* the last answer to a token; NULL: none */
		char *text;
		int64_t at_ns;	/* monotonic */
	} health_status, health_metrics;
	struct worker *syncer, *prover, *copier, *clerk, *scrubber;
	int copy_fd;			/* [storage] ledger_copy; -1: none */
	struct copying copying;
	struct wal *wal;	/* keeper_wal.h; NULL before it is begun */
	struct transactions *tx;	/* keeper_transaction.h */
	bool scrubbing, scrub_bytes;	/* a batch runs; the kind of the last */
	struct rebuild *rebuild;	/* runs, or is to run; NULL */
	int64_t next_copy_ns, next_forecast_ns, next_export_ns;
	bool verified, damaged;	/* index.db was checked; is not one */
	bool clerk_busy, asked;	/* ... ; saqta rebuild */
	int anew;		/* why the index was made anew at start; 0 */
	int64_t copy_entries;	/* that the copy knew; -1 */
	struct witnessing witnessing;
	enum err lost_because;		/* a witness says: begin a new epoch */
	uint64_t lost_size;		/* entries that it has seen */
	struct segment *sealing;	/* wait for a sync */
	struct proven *proofs;		/* read back, to be entered with them */
	bool syncing, dirty;		/* a sync runs; one is needed */
	struct {
		unsigned number;
		int fd;			/* owned */
		enum err err;		/* of the last sync */
	} sync[VOLUMES_MAX];		/* volumes of the running sync */
	unsigned sync_n;
	bool full;			/* P11: no volume takes footage */
	bool orderly_stop;		/* the recorder said that it stops */
	bool stepped;		/* lately, by about a day (recover_days.c) */
	struct utc now;			/* of this turn */
	struct mono mono;
	struct wall clock;
	char boot[37];			/* the kernel's id of this boot */
	struct rclock rclock;		/* P12 */
	int64_t rclock_kept_ns, rclock_entered_ns;
	struct term_move move;		/* promises that still have to move */
	int64_t next_heads_ns, next_checkpoint_ns, next_tick_ns, next_sync_ns;
	size_t rewrapped;	/* days, since all were wrapped as they should */
	uint64_t sign_ins, sign_ins_refused;	/* since it started */
	struct events events;	/* keeper_event.c */
	int64_t next_host_ns, host_taken_s;	/* keeper_host.c */
	bool rekey;		/* the keyring must get a fresh kek */
	bool stop;
};

/* Run until SIGTERM; the exit status. */
int keeper_main(const struct config *conf);

/* --- tick.c --- */
void keeper_tick(struct keeper *k);

/* --- conn.c --- */
must_check enum err conn_add(struct keeper *k, int sock, enum peer peer,
    struct conn **ret);
/* Queue an answer; fd is given. It leaves after the turn's commit. */
void conn_send(struct conn *c, const struct wire *w, int fd);
/* The same with what came with a message, which dispatch() closes. */
void conn_pass(struct conn *c, const struct wire *w, int fd);
void conn_ok(struct conn *c, uint32_t id);
void conn_error(struct conn *c, uint32_t id, enum err err, const char *text);
/* Queue a JSON text (given, freed) as the bulk of an answer. */
void conn_json(struct conn *c, uint16_t type, uint32_t id, char *json);
void conn_flush(struct keeper *k, enum err commit);
void conn_reap(struct keeper *k);
void conn_accept(struct keeper *k, int listener, enum peer peer);
/*
 * Web and readers may have something entered 200 times at once and 20 times a
 * second, a person in all sessions together: more is not refused, it is not
 * read yet, so that no refusal stays unentered (P5) and the ledger cannot be
 * made to fill the disk.
 */
void conn_acted(struct keeper *k, struct conn *c);
bool conn_waits(const struct conn *c);
/*
 * A minute of footage is copied by this reader's person: how many of them a day
 * has is bounded (copy_minutes), so both of its lease's entries do not count.
 */
void conn_copied(struct keeper *k, struct conn *c);
void conn_tick(struct keeper *k);

/* --- dispatch.c --- */
void dispatch(struct keeper *k, struct conn *c, struct wire *w);
void handle_closed(struct keeper *k, struct conn *c);

/* --- enter.c: ledger entries with their texts --- */
struct enter {
	struct entry e;
	unsigned n;
	struct {
		unsigned tag;
		unsigned char salt[COMMITMENT_SALT];
		const char *text;
	} text[4];
};
void enter_begin(struct keeper *k, struct enter *x, enum entry_type type,
    uint64_t person);
/* Put a commitment to text (borrowed until enter_end()). */
void enter_text(struct enter *x, enum entry_tag tag, const char *text);
/* "cam1 cam2" as TAG_CAMERAS. */
void enter_cameras(struct enter *x, const char *cameras);
must_check enum err enter_end(struct keeper *k, struct enter *x,
    uint64_t *ret_index);

/* A refusal of footage (P5); camera and request may be "". */
void enter_refusal(struct keeper *k, uint64_t person, enum err why,
    const char *request, const char *camera, int64_t from, int64_t to);
/* u8 n, n * str, as "a b c"; each camera exists and none stands twice. */
must_check enum err get_camera_list(struct keeper *k, struct wire *w,
    char *ret, size_t room);
/* May this person hold something more? ERR_TOO_LARGE. */
must_check enum err hold_room(const struct keeper *k, uint64_t person);
/* Is id one of the words of list ("cam1 cam2")? */
bool list_has(const char *list, const char *id);

/* --- clock.c: the host's clock; a step of it is entered --- */
/*
 * Before the cameras are loaded. ret_cause: why nothing was recorded between
 * the last durable moment and now.
 */
must_check enum err clock_start(struct keeper *k, enum cause *ret_cause);
/* Both clocks for this turn. */
void clock_read(struct keeper *k);
/* Keep the moment: the last durable one if the machine goes off now (P7). */
void clock_alive(struct keeper *k);
/*
 * That moment before this start: as the present clock would have said it, and
 * after a new start of the machine as its clock said then.
 */
int64_t clock_last_alive(const struct keeper *k);

/* --- gap.c: what was not recorded, and why (P7) --- */
/*
 * Nothing is recorded for this cause: open a gap where the last fragment
 * ended; where one is open already, the cause changes now if it may.
 */
void camera_gap(struct keeper *k, struct camera *m, enum cause cause);
/* The same, but the cause changed at that moment and always does. */
void camera_gap_since(struct keeper *k, struct camera *m, enum cause cause,
    int64_t at_ns);
/* Recording begins: the open gap, or a hole that nobody spoke of, ends. */
void camera_gap_close(struct keeper *k, struct camera *m, int64_t start_ns);
/* A fragment [start, end) came, by the clock of epoch e. */
void camera_received(struct keeper *k, struct camera *m, const struct wall_epoch *e,
    int64_t start_ns, int64_t end_ns);
/* last_end_ns as the clock of epoch e would have said. */
void camera_in_epoch(struct keeper *k, struct camera *m,
    const struct wall_epoch *e);
/* The wall clock was stepped: an open gap ends and goes on by the new one. */
void camera_stepped(struct keeper *k, struct camera *m);
/* --- handle_request.c --- */
/* Close what a person has open, and drop what was granted to him. */
must_check enum err requests_close(struct keeper *k, uint64_t person,
    uint64_t by, const char *reason);

/* --- handle_lease.c --- */
#define LEASE_ROUND_NS (120 * NS_PER_SEC)	/* rounding out to GOPs */
/* Is this person's grant for that request good now? */
must_check enum err grant_good(struct keeper *k, const struct reader *r,
    const char *name, struct request_row *ret);

/* --- handle_export.c --- */
/* Erase what is old enough; each tick. */
void export_tick(struct keeper *k);
/* Erase what was made under this request. */
void export_revoke(struct keeper *k, const char *request);
/* Drop what was being prepared when storage stopped, and files of no row. */
must_check enum err export_start(struct keeper *k);
/* Drop what the reader prepares, if anything; why is kept and shown. */
void export_give_up(struct keeper *k, struct reader *r, enum err why);

/* --- camera.c --- */
struct camera *camera_find(struct keeper *k, const char *id);
must_check enum err camera_load(struct keeper *k, const char *id,
    struct camera **ret);
/* The supervisor has gone: no camera is shown as more than down. */
void camera_no_recorder(struct keeper *k);
/* End the segment being written, if any; it is sealed after the next sync. */
void camera_end_segment(struct keeper *k, struct camera *m);
/* Writing failed: close the segment as it is; recovery finishes it. */
void camera_drop(struct keeper *k, struct camera *m, enum err err);
/* The same where this camera's write found it out. */
void camera_broken(struct keeper *k, struct camera *m, enum err err);
void camera_tick(struct keeper *k, struct camera *m);
/* An alarm begins or ends: entered, kept, logged. */
void camera_alarm(struct keeper *k, struct camera *m, enum alarm kind,
    bool raised);
/* A fragment came; did a key frame begin it? */
void camera_live(struct keeper *k, struct camera *m, bool key);
/* The key of the day, made and durable where it is not there yet. */
must_check enum err camera_day_key(struct keeper *k, const char *camera,
    const char *day, struct age_recipient *ret);

/* --- seal.c: sync, ledger entry, index row, read back --- */
void seal_sync(struct keeper *k);
void seal_queue(struct keeper *k, struct segment *s);
void seal_synced(struct keeper *k);
void seal_picture(struct keeper *k, struct camera *m, uint64_t seq,
    bool decoded);
void seal_proved(struct keeper *k);
/* Enter one that was synced, unless recovery has done so. */
must_check enum err seal_once(struct keeper *k, struct segment *s);
/* Enter one ended segment and put its row. */
must_check enum err seal_enter(struct keeper *k, struct segment_row *row,
    const unsigned char root[HASH_BYTES],
    const unsigned char cipher[HASH_BYTES]);

/* --- handle_scene.c --- */
/* What was kept of a camera's scene; forget it, for it shall look otherwise. */
void scene_load(struct keeper *k, struct camera *m);
must_check enum err scene_anew(struct keeper *k, struct camera *m);

/* --- handle_aim.c --- */
/* At the start: nobody may look, whatever was open. */
void aim_load(struct keeper *k, const struct camera *m);
/* A device was hung up, or a custodian says so, in that entry. */
void aim_begin(struct keeper *k, struct camera *m, uint64_t because);
void aim_end(struct keeper *k, struct camera *m);
/* Another device hangs there: nobody has said yet where its keypad is. */
must_check enum err keypad_anew(struct keeper *k, const struct camera *m);
/* A fragment with a key frame first came: somebody may wait for it. */
void aim_fragment(struct keeper *k, struct camera *m, const void *p, size_t n);
/* End looks that took too long; forget those of asker, who has gone. */
void aim_tick(struct keeper *k, struct camera *m);
void aim_forget(struct keeper *k, const struct conn *asker);

/* --- handle_retention.c --- */
/* Answer a reader that acts for a person, and the tool that waits for it. */
void person_answer(struct conn *c, uint32_t id, enum msg type, uint64_t number);

/* --- epoch.c --- */
/*
 * May anything be erased, as far as the ledger is concerned (P2)? Not after it
 * was torn, lost, set back or exchanged, until a custodian has confirmed.
 */
bool ledger_erasure_allowed(const struct keeper *k);

/* --- handle_people.c --- */
/* ERR_LOCKED, and why, for one who failed too often; address may be "". */
must_check enum err people_locked(struct keeper *k, const char *user,
    const char *address, char *ret_why, size_t n);

void handle_recover(struct keeper *, struct conn *, struct wire *);

/* --- act.c: what a custodian signs at the tool --- */
void handle_act(struct keeper *, struct conn *, struct wire *);
void handle_sign_is(struct keeper *, struct conn *, struct wire *);
/* The custodian's reader has opened his seed: ask for the signature. */
void act_started(struct keeper *k, struct reader *r);

/* --- handle_account.c --- */
/* End the sessions of a person but one (NULL: all), after this turn. */
void people_sign_out(struct keeper *k, uint64_t person,
    const struct reader *but);
/* Enter, then note, whether a custodian is a deputy. */
must_check enum err people_deputy(struct keeper *k, uint64_t by,
    uint64_t person, bool deputy);

/* --- handle_key.c --- */
/* Write the keyring under a fresh kek where that is still to be done. */
must_check enum err rewrap_settle(struct keeper *k);
void rewrap_tick(struct keeper *k);

/* --- keeper_remind.c --- */
void remind_tick(struct keeper *k);

/* --- handle_session.c --- */
/* End the sessions that are too old. */
void sessions_tick(struct keeper *k);
void handle_sessions(struct keeper *, struct conn *, struct wire *);
void handle_session_end(struct keeper *, struct conn *, struct wire *);

/* --- handle_token.c --- */
/*
 * The message at hand, from web, begins with str token, str client address: is
 * that token good for this scope now? What follows is still to be read. OK;
 * ERR_TOKEN (unknown, ended), ERR_DENIED (not its scope): entered, and growing
 * delays for the address as ERR_LOCKED; ERR_RATE above TOKEN_PER_S. On failure
 * the handler answers with token_say() and does nothing.
 */
must_check enum err token_use(struct keeper *k, struct wire *w,
    enum scope scope, struct token_row *ret);
const char *token_say(enum err err); /* NULL: the error's own sentence */
void handle_token_new(struct keeper *, struct conn *, struct wire *);
void handle_token_end(struct keeper *, struct conn *, struct wire *);
void handle_tokens(struct keeper *, struct conn *, struct wire *);
void handle_token_status(struct keeper *, struct conn *, struct wire *);
void handle_token_metrics(struct keeper *, struct conn *, struct wire *);
void health_forget(struct keeper *k);

/* --- recover.c --- */
/* After a crash: cut or late seal, without any private key (P8). */
must_check enum err recover_camera(struct keeper *k, struct camera *m);
/* The same on one volume, which came back; others may be written meanwhile. */
must_check enum err recover_volume(struct keeper *k, struct camera *m,
    unsigned number);
must_check enum err recover_all(struct keeper *k);

/* --- handle_look.c --- */
/* May this peer do an operator's work on cameras? */
bool may_onboard(const struct conn *c);
/* The person behind a reader; 0: the tool. */
uint64_t who_asks(const struct conn *c);
/* Ask the supervisor w for c's question id. ERR_UNAVAILABLE, ERR_BUSY. */
must_check enum err look_ask(struct keeper *k, struct conn *c, uint32_t id,
    struct wire *w);
/* End those that took too long, or whose supervisor has gone. */
void looks_tick(struct keeper *k);
/* asker has gone. */
void looks_forget(struct keeper *k, const struct conn *asker);

/* --- keeper_volume.c: volumes while storage runs --- */
/* The bytes that stay free on each volume. */
uint64_t reserve_bytes(const struct keeper *k);
/* Look for what went away or came back, and at the room (P11). */
void volumes_tick(struct keeper *k);
/* A write or a sync failed there: an alarm; a further one is away for a while. */
void volume_broke(struct keeper *k, unsigned number, enum fault_what what);
/* At the end: sync each volume, enter what waits for that. Blocks. */
void volumes_seal(struct keeper *k);

/* --- fault.c: errors that disks report --- */
void disk_fault(struct keeper *k, unsigned volume, enum fault_what what);
/* Does its alarm stand? Then the page cache may hold what the disk does not. */
bool disk_faulty(struct keeper *k, unsigned volume);
void faults_tick(struct keeper *k);

/* --- keeper_index.c: the index checked, copied, made anew --- */
/* Open data/index.db, made anew from its copy where it cannot be used. */
must_check enum err index_start(struct keeper *k);
/* ... or where it is not what the ledger, now open, says. */
must_check enum err index_fit(struct keeper *k);
/* What a crash of an earlier rebuild left to do, and checks; after start(). */
void index_tick(struct keeper *k);
void index_stop(struct keeper *k);
/* For the clerk's thread. */
void clerk_run(void *job);

/* --- keeper_forecast.c: how long the disks last (P11) --- */
void forecast_tick(struct keeper *k);
/* Would one camera more not fit for six months, and nobody accepted that? */
bool capacity_refuses(struct keeper *k, char *why, size_t n);

/* --- keeper_scrub.c: what lies on the disks, looked at again and again --- */
void scrub_tick(struct keeper *k);
void scrub_work(void *job);	/* for its thread */

/* --- handlers, by peer --- */
void handle_site(struct keeper *, struct conn *, struct wire *);
void handle_hello_recorder(struct keeper *, struct conn *, struct wire *);
void handle_camera_next(struct keeper *, struct conn *, struct wire *);
void handle_camera_state(struct keeper *, struct conn *, struct wire *);
void handle_recorder_stopping(struct keeper *, struct conn *, struct wire *);
void handle_hello_camera(struct keeper *, struct conn *, struct wire *);
void handle_segment_begin(struct keeper *, struct conn *, struct wire *);
void handle_fragment(struct keeper *, struct conn *, struct wire *);
void handle_segment_end(struct keeper *, struct conn *, struct wire *);
void handle_picture_is(struct keeper *, struct conn *, struct wire *);
void handle_scene(struct keeper *, struct conn *, struct wire *);
void handle_scene_new(struct keeper *, struct conn *, struct wire *);
void handle_sign_in(struct keeper *, struct conn *, struct wire *);
void handle_cameras(struct keeper *, struct conn *, struct wire *);
void handle_coverage(struct keeper *, struct conn *, struct wire *);
/* What people at the tool and programs with tokens are told of. */
struct view;
struct view view_of_keeper(struct keeper *k);
void handle_status(struct keeper *, struct conn *, struct wire *);
void handle_metrics(struct keeper *, struct conn *, struct wire *);
void handle_camera_add(struct keeper *, struct conn *, struct wire *);
void handle_camera_enable(struct keeper *, struct conn *, struct wire *);
void handle_look(struct keeper *, struct conn *, struct wire *);
void handle_look_is(struct keeper *, struct conn *, struct wire *);
void handle_camera_replace(struct keeper *, struct conn *, struct wire *);
void handle_camera_retire(struct keeper *, struct conn *, struct wire *);
void handle_camera_move(struct keeper *, struct conn *, struct wire *);
void handle_atm_move(struct keeper *, struct conn *, struct wire *);
void handle_aim(struct keeper *, struct conn *, struct wire *);
void handle_aim_open(struct keeper *, struct conn *, struct wire *);
void handle_aim_picture_is(struct keeper *, struct conn *, struct wire *);
void handle_keypad(struct keeper *, struct conn *, struct wire *);
void handle_zones(struct keeper *, struct conn *, struct wire *);
void handle_recorder_key(struct keeper *, struct conn *, struct wire *);
void handle_user_add(struct keeper *, struct conn *, struct wire *);
void handle_reader_started(struct keeper *, struct conn *, struct wire *);
void handle_day_key(struct keeper *, struct conn *, struct wire *);
void handle_stale_days(struct keeper *, struct conn *, struct wire *);
void handle_rewrap(struct keeper *, struct conn *, struct wire *);
void handle_held_days(struct keeper *, struct conn *, struct wire *);
void handle_held_put(struct keeper *, struct conn *, struct wire *);
void handle_request_new(struct keeper *, struct conn *, struct wire *);
void handle_grant_put(struct keeper *, struct conn *, struct wire *);
void handle_grant_get(struct keeper *, struct conn *, struct wire *);
void handle_revoke(struct keeper *, struct conn *, struct wire *);
void handle_lease_open(struct keeper *, struct conn *, struct wire *);
void handle_lease_close(struct keeper *, struct conn *, struct wire *);
void handle_refusal(struct keeper *, struct conn *, struct wire *);
void handle_capacity_accept(struct keeper *, struct conn *, struct wire *);
void handle_scrub(struct keeper *, struct conn *, struct wire *);
void handle_rebuild(struct keeper *, struct conn *, struct wire *);
void handle_volume_add(struct keeper *, struct conn *, struct wire *);
void handle_mark(struct keeper *, struct conn *, struct wire *);
void handle_alert_told(struct keeper *, struct conn *, struct wire *);
void handle_export_begin(struct keeper *, struct conn *, struct wire *);
void handle_export_enter(struct keeper *, struct conn *, struct wire *);
void handle_export_done(struct keeper *, struct conn *, struct wire *);
void handle_export_failed(struct keeper *, struct conn *, struct wire *);
void handle_next_person(struct keeper *, struct conn *, struct wire *);
void handle_person_put(struct keeper *, struct conn *, struct wire *);
void handle_person_seal(struct keeper *, struct conn *, struct wire *);
void handle_person_ended(struct keeper *, struct conn *, struct wire *);
void handle_deputy(struct keeper *, struct conn *, struct wire *);
void handle_factor_used(struct keeper *, struct conn *, struct wire *);
void handle_retention_due(struct keeper *, struct conn *, struct wire *);
void handle_clock(struct keeper *, struct conn *, struct wire *);
void handle_term(struct keeper *, struct conn *, struct wire *);
void handle_holds(struct keeper *, struct conn *, struct wire *);
void handle_person_act(struct keeper *, struct conn *, struct wire *);
void handle_hold_place(struct keeper *, struct conn *, struct wire *);
void handle_hold_release(struct keeper *, struct conn *, struct wire *);
void handle_clock_vouch(struct keeper *, struct conn *, struct wire *);

#endif
