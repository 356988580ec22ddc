/*
 * messages.h - every message between Saqta's processes.
 *
 * Requests are even, answers odd (request + 1), numbers are never reused. The
 * fields stand in the order given: u8 u16 u32 u64 i64 str bytes as in wire.h;
 * "page": then may follow str after and u16 limit, the part of a list behind the
 * item whose "next" that was; else all of it is told.
 * "fd" is the sealed memfd beside the message. Times are UTC nanoseconds (i64)
 * unless "mono". Any request may be answered by MSG_ERROR. A request marked
 * (quiet) is answered only when it fails. JSON bulk is UTF-8; its shapes are
 * in storage/DESIGN.md, "What people are told".
 *
 * Who may send what is the dispatch table of the receiving process; what its
 * fields may be is in values.h.
 */
#ifndef SAQTA_MESSAGES_H
#define SAQTA_MESSAGES_H

#include "storage/api/values.h"

enum msg {
	MSG_ERROR = 1,		/* u16 enum err, str sentence ("" = default) */
	MSG_OK = 3,		/* no fields */
	MSG_END = 5,		/* no more: no fields */

	/* --- any socket --- */
	MSG_SITE = 10,		/* - */
	MSG_SITE_IS = 11,	/* str site name, str zone, u8 demo,
				   str program version,
				   u8 enum setup_state */

	/* --- ingest, from the supervisor --- */
	MSG_HELLO_RECORDER = 12, /* str version, bytes X25519 public key (32)
				   to which camera passwords are sealed */
	MSG_CAMERA_NEXT = 14,	/* str id of the last one ("" at first) */
	MSG_CAMERA_IS = 15,	/* str id, str url (no credentials),
				   u8 enum transport, u8 enabled,
				   bytes sealed "user\0password" or empty,
				   str certificate as in MSG_CAMERA_ADD;
				   MSG_END after the last */
	MSG_CAMERAS_CHANGED = 16, /* storage -> supervisor (no answer) */
	MSG_CAMERA_STATE = 18,	/* (quiet) str id, u8 enum camera_state,
				   u8 enum cause, i64 since, str detail */
	MSG_RECORDER_STOPPING = 20, /* - ; orderly stop: the gap's cause is
				   CAUSE_RECORDER_STOPPED */

	/* --- ingest, one connection per camera; made by the supervisor, then
	       handed to the child --- */
	MSG_HELLO_CAMERA = 24,	/* str id */
	MSG_HELLO_CAMERA_IS = 25, /* u32 segment ms, u32 fragment ms */
	MSG_SEGMENT_BEGIN = 26,	/* i64 start (of the first picture),
				   i64 mono of its arrival, u32 timescale,
				   u32 clock epoch, u8 enum clock_state,
				   i64 camera clock (RTCP) or 0,
				   u16 width, u16 height,
				   fd: init part, ftyp + moov */
	MSG_SEGMENT_BEGIN_IS = 27, /* u64 seq, i64 cut: begin a new segment at
				   the first key frame at or after it */
	MSG_FRAGMENT = 28,	/* (quiet) i64 start, i64 duration ns,
				   i64 mono of the last arrival,
				   u32 flags FRAGMENT_*, fd: moof + mdat */
	MSG_SEGMENT_END = 30,	/* (quiet) u8 enum cause; CAUSE_NONE where the
				   next begin follows without a gap */
	MSG_PICTURE = 32,	/* storage -> child: u64 seq, fd: init + the
				   first fragment that begins with a key frame
				   (else the first), as re-read from the disk
				   (P9) */
	MSG_PICTURE_IS = 33,	/* u64 seq, u8 decoded, u16 width, u16 height */
	MSG_SCENE = 340,	/* (quiet) before it, where it was decoded: u64
				   seq, u8 mean, u8 contrast, u16 sharpness,
				   u64 print, bytes grid (64): see
				   recorder/scene.h */
	MSG_SCENE_NEW = 342,	/* from control: str id: the next good picture
				   is the one to compare with. -> MSG_OK */

	/* --- people, from web, nobody signed in. A credential is the password
	       and, for who has a second factor, LF and its code (people.h). --- */
	MSG_SIGN_IN = 40,	/* str user, str credential, str client
				   address */
	MSG_SIGN_IN_IS = 41,	/* u64 person, str user, u8 enum role,
				   u8 first (below), fd: the session's socket */

	/* --- set-up (setup.h): from people while nobody can sign in yet --- */
	MSG_SETUP_CODE = 326,	/* str code, str client address. -> MSG_OK: it
				   is the code, which stays good */
	MSG_SETUP_OPERATOR = 328, /* str code, str client address, str user,
				   str full name, str password: the first
				   operator; the code is used up */
	MSG_SETUP_OPERATOR_IS = 329, /* fields of 105 */
	MSG_SETUP_NEW = 330,	/* control: - : another code */
	MSG_SETUP_NEW_IS = 331,	/* str code, told this once */
	MSG_SETUP_FINISH = 332,	/* session of an operator: str reason why one
				   custodian is alone, "" where there are two.
				   -> MSG_OK, entered */

	/* --- a session's socket: web <-> reader, and (marked c) control --- */
	MSG_CAMERAS = 60,	/* c - */
	MSG_CAMERAS_IS = 61,	/* fd: JSON */
	MSG_COVERAGE = 62,	/* c str camera ("" = all), i64 from, i64 to */
	MSG_COVERAGE_IS = 63,	/* fd: JSON */
	MSG_REQUEST_NEW = 64,	/* i64 from, i64 to, str reason, str case,
				   u8 n, n * str camera, then may follow
				   u8 enum right (else RIGHT_VIEW), then
				   str reason code (people.h), i64 until: the
				   end asked for, or 0, then str why more than
				   REQUEST_SHORT_S, or "", then u64 the draft
				   that it was, which is gone then */
	MSG_REQUEST_NEW_IS = 65, /* str request id, such as REQ-2026-00031 */
	MSG_REQUESTS = 66,	/* - , page */
	MSG_REQUESTS_IS = 67,	/* fd: JSON: those this person may see */
	MSG_DECIDE = 68,	/* str request, u8 enum verdict, i64 from,
				   i64 to, str reason, str credential,
				   u8 n, n * str camera, then may follow
				   i64 ends: sooner than asked for. -> MSG_OK */
	MSG_PLAY = 70,		/* str request */
	MSG_PLAY_IS = 71,	/* fd: JSON: runs, fragments, gaps */
	MSG_MEDIA_INIT = 72,	/* str request, str camera, u64 seq */
	MSG_MEDIA_INIT_IS = 73,	/* str etag, fd: init part */
	MSG_MEDIA_FRAGMENT = 74, /* str request, str camera, u64 seq,
				   u32 index */
	MSG_MEDIA_FRAGMENT_IS = 75, /* str etag, fd: moof + mdat */
	MSG_FILES_OPEN = 168,	/* str request, str credential (with a code, of
				   everybody): its plain MP4s may be fetched by
				   this session. -> MSG_OK */
	MSG_MOVIE = 76,		/* str request, str camera, u32 run, of files
				   that were opened (168) */
	MSG_MOVIE_IS = 77,	/* u64 bytes, str etag, str file name */
	MSG_MOVIE_READ = 78,	/* str request, str camera, u32 run,
				   u64 offset, u32 length (<= MOVIE_READ_MAX),
				   fd: a window (wire.h) that takes them */
	MSG_MOVIE_READ_IS = 79,	/* - ; exactly those bytes are in the window */
	MSG_LEDGER = 80,	/* u64 first entry, u32 count (<= 200) */
	MSG_LEDGER_IS = 81,	/* fd: JSON */
	MSG_LEDGER_VERIFY = 324, /* u8 anew: a slice of verifying the ledger,
				   from its beginning where it is 1. ERR_BUSY:
				   another is at it, or was just now */
	MSG_LEDGER_VERIFY_IS = 325, /* fd: JSON: how far, and what was found */
	MSG_STATUS = 82,	/* c - ; people: str token, str client address */
	MSG_STATUS_IS = 83,	/* fd: JSON */
	MSG_METRICS = 310,	/* c - */
	MSG_METRICS_IS = 311,	/* fd: text of Prometheus */
	MSG_SIGN_OUT = 84,	/* -> MSG_OK, then the reader exits */
	MSG_STOP_WATCHING = 86,	/* str request: closes its leases. -> MSG_OK */
	MSG_REVOKE = 88,	/* str request, str reason. -> MSG_OK. By its
				   requester (closes it) or by a custodian who
				   is not the requester */
	MSG_DRAFTS = 334,	/* - */
	MSG_DRAFTS_IS = 335,	/* fd: JSON: one's own, nobody else's */
	MSG_DRAFT_PUT = 336,	/* session, reader: u64 draft or 0: another,
				   i64 from, i64 to, str reason, str case,
				   u8 n, n * str camera, u8 enum right,
				   str reason code, i64 until, str longer: as
				   in 64, each 0 or "" where it is not said */
	MSG_DRAFT_PUT_IS = 337, /* u64 draft, str etag */
	MSG_DRAFT_DROP = 338,	/* session, reader: u64 draft. -> MSG_OK */
	MSG_EXPORT_NEW = 160,	/* str request, str credential (with a code, of
				   everybody): begin to prepare a package; then
				   may follow i64 from, i64 to, u8 n, n * str
				   camera: of this part of it alone */
	MSG_EXPORT_NEW_IS = 161, /* str export id, such as EXP-2026-00001 */
	MSG_EXPORTS = 162,	/* - , page */
	MSG_EXPORTS_IS = 163,	/* fd: JSON: those this person may see */
	MSG_EXPORT = 164,	/* str export id */
	MSG_EXPORT_IS = 165,	/* u64 bytes, str etag, str file name */
	MSG_EXPORT_READ = 166,	/* str export id, u64 offset, u32 length
				   (<= MOVIE_READ_MAX), fd: a window */
	MSG_EXPORT_READ_IS = 167, /* - ; exactly those bytes are in it */

	MSG_MARK = 308,		/* session, reader: str request, str camera,
				   i64 at, u8 enum mark_kind, str text (a
				   note's), bytes SHA-256 of the file (a
				   snapshot's; 32, else none) */
	MSG_MARK_IS = 309,	/* u64 entry: it is durable */
	MSG_ALERT_TOLD = 318,	/* people: str token, str client address, str
				   kind of incident ([a-z-]), str of (a camera,
				   volume or request; ""), i64 since, u8 enum
				   mark_kind (MARK_TOLD or MARK_TOLD_OVER), str
				   who was told and how */
	MSG_ALERT_TOLD_IS = 319, /* u64 entry: it is durable */
	MSG_TOLD = 320,		/* str camera, i64 from, i64 to */
	MSG_TOLD_IS = 321,	/* fd: JSON: who was told of what was wrong with
				   it since an instant of that range */
	MSG_IF_MATCH = 350,	/* u8 enum thing, str its id, str etag (etag.h),
				   u16 type and fields of what to do if it has
				   that; else ERR_CHANGED */
	MSG_STORY = 360,	/* str request, page: of its leases */
	MSG_STORY_IS = 361,	/* fd: JSON: notes, snapshots, and leases on its
				   cameras in its range, whoever's */

	/* --- control, from the saqta tool, root or the storage user --- */
	MSG_CAMERA_ADD = 100,	/* str id, str name, str atm, str place,
				   str url, u8 enum transport,
				   bytes sealed credentials,
				   str device ("" unknown), str certificate:
				   its fingerprint (api/fingerprint.h) for
				   rtsps, else "". -> MSG_OK */
	MSG_RECORDER_KEY = 102,	/* - */
	MSG_RECORDER_KEY_IS = 103, /* bytes public key (32) */
	MSG_USER_ADD = 104,	/* str acting custodian ("" for an operator),
				   str his credential, str user, str full name,
				   u8 enum role, str initial password, then
				   may follow u8 deputy */
	MSG_USER_ADD_IS = 105,	/* u64 person, str otpauth URI of a custodian's
				   second factor or "" */
	MSG_CAMERA_ENABLE = 106, /* str id, u8 enabled. -> MSG_OK */

	/* --- onboarding: a session of an operator, or control. What needs
	       the network goes on to the supervisor, with its answer back --- */
	MSG_LOOK = 230,		/* u8 enum look_kind, str target,
				   u8 enum transport, bytes credentials sealed
				   as in MSG_CAMERA_ADD, or empty */
	MSG_LOOK_IS = 231,	/* fd: JSON, an error too: what was found */
	MSG_CAMERA_REPLACE = 232, /* str id, str device, str url,
				   u8 enum transport, bytes sealed
				   credentials, str certificate as in
				   MSG_CAMERA_ADD. -> MSG_OK */
	MSG_CAMERA_RETIRE = 234, /* str id, str reason. -> MSG_OK */
	MSG_CAMERA_MOVE = 236,	/* str id, str ATM. -> MSG_OK */
	MSG_ATM_MOVE = 238,	/* str ATM, str place. -> MSG_OK */

	/* --- the aiming picture (aim.h) --- */
	MSG_AIM = 240,		/* an operator's session: str camera */
	MSG_AIM_IS = 241,	/* fd: a JPEG, at most AIM_BYTES_MAX; the look
				   is entered (P5) */
	MSG_AIM_OPEN = 242,	/* a custodian's session: str camera,
				   str reason, str credential; control:
				   str custodian, str credential, str camera,
				   str reason; reader: str camera, str reason.
				   -> MSG_OK: an operator may look now */
	MSG_KEYPAD = 244,	/* session of an operator, or control:
				   str camera, u8 enum keypad. -> MSG_OK */
	MSG_ZONES = 322,	/* session of an operator or a custodian:
				   str camera, zones (zone.h): what views of
				   it cover from now on. -> MSG_OK, entered */
	MSG_AIM_PICTURE = 246,	/* storage -> child: fd: init + a fragment that
				   begins with a key frame, as it came */
	MSG_AIM_PICTURE_IS = 247, /* fd: the picture as a small JPEG, or none
				   where it could not be decoded */

	/* --- control --- */
	MSG_VOLUME_ADD = 300,	/* str path of the mount point. -> MSG_OK */
	MSG_VOLUME_REPLACE = 92, /* u32 number of one that is away, str path of
				   another one, str reason: it is given up.
				   -> MSG_OK, entered */
	MSG_CAPACITY_ACCEPT = 304, /* and a session of an operator: str reason,
				   then may follow a plan: u32 cameras, u32
				   kbit/s of each. -> MSG_OK, entered */
	MSG_BACKUP_MADE = 90,	/* saqta backup made one now. -> MSG_OK */
	MSG_SCRUB = 306,	/* -> MSG_OK: all is looked at anew, from now */
	MSG_REBUILD = 302,	/* -> MSG_OK: it has begun */

	/* --- transactions (transaction.h), which point at footage --- */
	MSG_TRANSACTION_LISTS = 268, /* session: u8 enum transaction_list,
				   i64 from, i64 to */
	MSG_TRANSACTION_LISTS_IS = 269, /* fd: JSON */
	MSG_TRANSACTIONS = 288,	/* session: str ATM or "", i64 from, i64 to,
				   i64 least amount, i64 most amount, str last
				   four or "", str BIN or "", str reference or
				   "", u8 enum transaction_kind or 0,
				   u8 enum transaction_result or 0,
				   u8 without a passed check alone,
				   i64, i64: time and number of the last one
				   that was shown, or 0 */
	MSG_TRANSACTIONS_IS = 289, /* fd: JSON */
	MSG_ALIGN = 312,	/* session, reader: str request, i64 from by the
				   journal's clock or 0, u8 n, n * (i64 number
				   of the transaction, i64 time of the picture
				   in which its cash is taken) */
	MSG_ALIGN_IS = 313,	/* u64 entry, str ATM, i64 from, i64 offset ms,
				   i64 uncertainty ms, i64 ms by which it is
				   not what held before, or 0; durable */
	MSG_ALIGNMENTS = 314,	/* session: - */
	MSG_ALIGNMENTS_IS = 315, /* fd: JSON */
	MSG_TRANSACTIONS_PUT = 290, /* importer: fd: lines; people: str token,
				   str client address, fd: lines */
	MSG_TRANSACTIONS_PUT_IS = 291, /* u32 added, u32 known already,
				   u32 of ATMs that have no camera; durable */
	MSG_TRANSACTIONS_IMPORT = 292, /* control: str rules, str ATM or "",
				   str encoding or "", fd: the file. Answered
				   when it is read */
	MSG_TRANSACTIONS_IMPORT_IS = 293, /* u64 entry, u64 lines, u64 added,
				   u64 known, u64 broken, u64 card numbers cut,
				   u64 clock jumps back, u64 of no known kind,
				   u64 of ATMs without cameras,
				   u64 complaints, fd: complaints as text, or
				   none */
	MSG_IMPORT_START = 296,	/* keeper -> importer: str zone, str ATM or
				   "", str path of the rules, str encoding or
				   "" */
	MSG_IMPORT_DONE = 298,	/* importer: bytes SHA-256 of the file (32),
				   then as in 293 from the lines on, then str
				   ATM, i64 time behind and i64 ms of the
				   furthest jump back of the journal's clock,
				   or "", 0, 0. -> MSG_OK, entered */

	/* --- keeper <-> reader, never outside storage --- */
	MSG_READER_START = 120,	/* keeper -> reader: fields in reader.h */
	MSG_READER_STARTED = 121, /* enum err as MSG_ERROR, or this: opened;
				   u64 step of the code, 0 without one */
	MSG_DAY_KEY = 122,	/* str camera, str day */
	MSG_DAY_KEY_IS = 123,	/* fd: the day's line of the keyring */
	MSG_GRANT_PUT = 124,	/* str request, u8 verdict, i64 from, i64 to,
				   str reason, u8 n, n * str camera, i64 ends
				   or 0, fd: grant or none. -> MSG_OK, durable */
	MSG_GRANT_GET = 126,	/* str request */
	MSG_GRANT_GET_IS = 127,	/* i64 from, i64 to, i64 ends,
				   u64 ledger entry of the decision,
				   u8 n, n * str camera,
				   fd: grant (see grant.h) */
	MSG_LEASE_OPEN = 128,	/* str request, str camera, i64 from, i64 to,
				   u8 enum lease_kind */
	MSG_LEASE_OPEN_IS = 129, /* u64 lease: its entry is durable (P5) */
	MSG_LEASE_CLOSE = 130,	/* u64 lease, u16 n (<= 120), n * (i64 from,
				   i64 to): what was really served. -> MSG_OK */
	MSG_REFUSAL = 132,	/* u16 enum err, str request or "", str camera
				   or "", i64 from, i64 to. -> MSG_OK, entered */
				/* 134, 135 were used once */
	MSG_PERSON_PUT = 136,	/* str otpauth URI for 105, u8 deputy,
				   fd: person record (reader.h). -> MSG_OK */
	MSG_STALE_DAYS = 276,	/* str camera, str day of the last one (""
				   at first) */
	MSG_STALE_DAYS_IS = 277, /* u8 n, n * str recipient: for whom day keys
				   are to be wrapped, fd: keyring lines of days
				   that are not; one LF: there are no more */
	MSG_RECOVER = 280,	/* control: str paper key as an age identity,
				   str user, str full name, str password: a
				   custodian, where all are lost */
	MSG_RECOVER_IS = 281,	/* fields of 105 */
	MSG_PAPER_REPLACE = 282, /* control: str custodian, str credential, str
				   recipient and bytes public signing key (32)
				   of the new paper key. -> MSG_OK */
	MSG_REWRAP = 278,	/* str mark of the recipients (keyring.h), fd:
				   lines for keyring_rewrap(). -> MSG_OK,
				   durable; ERR_BUSY where others are to have
				   them by now */
	MSG_EXPORT_BEGIN = 170,	/* str request, u64 bytes it may take */
	MSG_EXPORT_BEGIN_IS = 171, /* str export id,
				   fd: the empty spool file, to be written */
	MSG_EXPORT_ENTER = 172,	/* str export id, bytes SHA-256 of the manifest
				   (32) */
	MSG_EXPORT_ENTER_IS = 173, /* u64 entry: it is durable, and a checkpoint
				   on the disk covers it */
	MSG_EXPORT_DONE = 174,	/* str export id, u64 bytes and bytes SHA-256
				   (32) of the ZIP, u32 gaps "lost" that it
				   names. -> MSG_OK, entered */
	MSG_EXPORT_FAILED = 176, /* str export id, u16 error that ended it: drop
				   it. -> MSG_OK */
	MSG_NEXT_PERSON = 138,	/* - */
	MSG_NEXT_PERSON_IS = 139, /* u64: the number the new person gets */

	/* --- 180-199: witnesses of the ledger, acts of custodians --- */
	MSG_ADD_CHECKPOINT = 180, /* people: fd: body of C2SP add-checkpoint, as
				   somebody sent it */
	MSG_ADD_CHECKPOINT_IS = 181, /* u16 HTTP status, str media type, bytes
				   body of the answer */
	MSG_WITNESS_NEXT = 182,	/* people: whom to ask for a cosignature now? */
	MSG_WITNESS_NEXT_IS = 183, /* str witness, str URL to POST to, str pin
				   ("" or curl's sha256//...), fd: body;
				   MSG_END where nobody is due */
	MSG_WITNESS_SAID = 184,	/* people: str witness, u16 HTTP status (0: no
				   answer), bytes body (at most
				   WITNESS_ANSWER_MAX). -> MSG_OK */
	MSG_WITNESS_ADD = 186,	/* control: str custodian, str credential,
				   str vkey of the witness, str URL prefix,
				   str pin. -> MSG_OK */
	MSG_WITNESS_ALLOW = 188, /* control: str custodian, str credential,
				   str vkey of a log. -> MSG_OK */
	MSG_WITNESS_LIST = 190,	/* control: - */
	MSG_WITNESS_LIST_IS = 191, /* fd: JSON */
	MSG_LEDGER_ROTATE = 192, /* control: str custodian, str credential.
				   -> MSG_OK: the log has another key */
	MSG_LEDGER_CONFIRM = 194, /* control: str custodian, str credential.
				   -> MSG_OK: the new epoch is confirmed */
	MSG_WITNESS_REMOVE = 198, /* control: str custodian, str credential,
				   str vkey of a witness or log. -> MSG_OK */
	MSG_WITNESS_CLOCK = 344, /* control: str custodian, str credential,
				   str vkey of a witness: it vouches for the
				   clock from now on, too. -> MSG_OK */
	MSG_SIGN = 196,		/* keeper -> reader: bytes entry (an act) */
	MSG_SIGN_IS = 197,	/* bytes signature (64), of act_text() */

	/* --- a session's socket: one's own account, and people. While `first`
	       is 1 the password is somebody else's choice, and a session does
	       nothing but set its own and sign out. --- */
	MSG_PASSWORD_SET = 202,	/* str credential, str new password.
				   -> MSG_OK; his other sessions end */
	MSG_FACTOR_NEW = 204,	/* - */
	MSG_FACTOR_NEW_IS = 205, /* str otpauth URI, fd: QR code (qr.h) */
	MSG_FACTOR_SET = 206,	/* str credential, str code of the new factor
				   that 205 showed last. -> MSG_OK */
	MSG_PEOPLE = 208,	/* - , page */
	MSG_PEOPLE_IS = 209,	/* fd: JSON */
	MSG_PERSON_NEW = 210,	/* str user, str full name, u8 enum role,
				   str credential, u8 deputy */
	MSG_PERSON_NEW_IS = 211, /* u64 person, str one-time password, str
				   otpauth URI or "", fd: its QR code or none */
	MSG_PERSON_RESET = 212,	/* u64 person, str credential: new keys and
				   a one-time password, for an auditor or
				   operator. -> fields of 211 */
	MSG_PERSON_RESET_IS = 213,
	MSG_SESSIONS = 284,	/* - : one's own; a custodian those of all, an
				   operator those of operators */
	MSG_SESSIONS_IS = 285,	/* fd: JSON */
	MSG_SESSION_END = 286,	/* u64 session, of those, then may follow
				   str credential: needed for another
				   person's; reader: u64 session, u8 given.
				   -> MSG_OK, ended */
	MSG_PERSON_END = 214,	/* u64 person, str reason, str credential.
				   -> MSG_OK */
	MSG_DEPUTY = 248,	/* u64 person, u8 is a deputy, str credential;
				   reader: without. -> MSG_OK, durable */

	/* --- tokens, with which other programs ask (token.h): an operator or
	       custodian makes and ends them. At a session after str credential,
	       at the tool after str user, str credential; his reader sends the
	       rest to the keeper --- */
	MSG_TOKEN_NEW = 260,	/* str name, str scopes, i64 ends */
	MSG_TOKEN_NEW_IS = 261, /* u64 token, str its text, told this once */
	MSG_TOKENS = 262,	/* c - , page */
	MSG_TOKENS_IS = 263,	/* fd: JSON */
	MSG_TOKEN_END = 264,	/* u64 token, str reason. -> MSG_OK */
	/* What a program asks comes from web's people socket and begins with
	   str token, str client address (token_use()): MSG_STATUS */

	/* --- keeper <-> reader --- */
	MSG_PERSON_SEAL = 216,	/* bytes: one's secret sealed anew, u8 enum
				   account_change. -> MSG_OK, durable */
	MSG_PERSON_ENDED = 218,	/* u64 person, str reason. -> MSG_OK, durable */
	MSG_EXPECT = 352,	/* (no answer) u8 enum thing or 0, str id, str
				   etag: what the next act wants to find */
	MSG_FACTOR_USED = 200,	/* u64 step of a code that this act consumes.
				   -> MSG_OK, durable, or ERR_FACTOR */
	/* --- terms and holds. From the tool, those of a person (p) begin with
	       str user, str credential; his reader sends the rest again --- */
	MSG_RETENTION_DUE = 140, /* control: - */
	MSG_RETENTION_DUE_IS = 141, /* fd: JSON */
	MSG_HOLDS = 142,	/* session, control: - , page */
	MSG_HOLDS_IS = 143,	/* fd: JSON: those this person may see */
	MSG_HOLD_PLACE = 144,	/* session, p: i64 from, i64 to (INT64_MAX:
				   open-ended), i64 review or 0, str reason,
				   str case, u8 n, n * str camera */
	MSG_HOLD_PLACE_IS = 145, /* u64 hold */
	MSG_HOLD_RELEASE = 146,	/* session: u64 hold, str reason, str
				   credential; p, reader: without. -> MSG_OK */
	MSG_CLOCK = 148,	/* control: - */
	MSG_CLOCK_IS = 149,	/* fd: JSON */
	MSG_CLOCK_VOUCH = 150,	/* p: i64 what the custodian's watch shows,
				   str reason. -> MSG_OK */
	MSG_TERM = 152,		/* control: str camera, u32 days beyond six
				   months, from now on. -> MSG_OK */
	MSG_HELD_DAYS = 154,	/* reader: - */
	MSG_HELD_DAYS_IS = 155,	/* fd: lines "camera SP day", those whose key
				   is kept for a hold alone; may be one LF */
	MSG_HELD_PUT = 156,	/* reader: str camera, str day, fd: the day's
				   line with a new key and, under it, headers
				   of the held segments (keyring_line.h).
				   -> MSG_OK, durable, the old key erased */
};

#define MOVIE_READ_MAX (1u << 20)
#define PAGE_MAX 500	/* items in a page of a list */
#define WITNESS_ANSWER_MAX 2048	/* bytes of what a witness answers */
#define SCENE_GRID 64	/* cells, 8 x 8 */
#define AIM_BYTES_MAX (512u << 10)	/* of an aiming picture */

#endif
