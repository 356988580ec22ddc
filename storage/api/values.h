/*
 * values.h - what the fields of messages may be (messages.h): roles, kinds,
 * causes, limits. Numbers never change, for they stand in files and the ledger.
 */
#ifndef SAQTA_VALUES_H
#define SAQTA_VALUES_H

enum role {
	ROLE_OPERATOR = 1,	/* health and cameras, never footage (P6) */
	ROLE_AUDITOR = 2,	/* asks, watches what was granted */
	ROLE_CUSTODIAN = 3,	/* decides, never his own; may ask too */
};

enum setup_state {
	SETUP_OVER = 0,
	SETUP_CODE = 1,		/* waits for the code; nobody signs in */
	SETUP_STEPS = 2,	/* the first operator does the rest */
};

/* A step of set-up, as its entry names it. */
enum setup_step {
	SETUP_STEP_REFUSED = 1,	/* a wrong code */
	SETUP_STEP_NEW = 2,	/* another code was made at the console */
	SETUP_STEP_USED = 3,	/* the code made the first operator */
	SETUP_STEP_FINISHED = 4,
	SETUP_STEP_ALONE = 5,	/* finished, with one custodian */
	SETUP_STEP_ZONE = 6,	/* put right at the console, before any camera */
};

/* What several people may change; each has an etag. */
enum thing {
	THING_REQUEST = 1,
	THING_CAMERA = 2,
	THING_PERSON = 3,
	THING_DRAFT = 4,
	THING_MAX
};

enum transport {
	TRANSPORT_TCP = 0,	/* RTP interleaved in the RTSP connection */
	TRANSPORT_UDP = 1,
};

/* What may be looked at without recording it. */
enum look_kind {
	LOOK_PROBE = 1,		/* target: an RTSP URL without credentials */
	LOOK_ONVIF = 2,		/* target: the address of a device */
	LOOK_DISCOVER = 3,	/* target: "" by multicast, or a range */
	LOOK_MAX
};

/* What an operator says of the keypad in a camera's picture. */
enum keypad {
	KEYPAD_UNKNOWN = 0,	/* nobody has said yet */
	KEYPAD_OUTSIDE = 1,	/* it is not in the picture */
	KEYPAD_MASKED = 2,	/* the camera itself masks it */
	KEYPAD_VISIBLE = 3,	/* it is to be seen, and is to be masked */
	KEYPAD_MAX
};

/* How a view covers a zone of the picture (storage/zone.h). */
enum zone_kind {
	ZONE_BLUR = 1,
	ZONE_FILL = 2,
	ZONE_KIND_MAX
};

#define ZONES_MAX 8		/* of a camera */
#define ZONE_CORNERS_MIN 3
#define ZONE_CORNERS_MAX 12
#define ZONE_SCALE 1000		/* coordinates are per mille of the picture */

enum camera_state {
	CAMERA_OFF = 0,		/* switched off by the operator */
	CAMERA_CONNECTING = 1,
	CAMERA_STREAMING = 2,	/* packets arrive; "recording" is storage's
				   word and needs P9 */
	CAMERA_DOWN = 3,	/* waits before the next try */
};

/* Why there is a gap: a closed list (P7). Stable numbers. */
enum cause {
	CAUSE_NONE = 0,
	CAUSE_NO_ANSWER = 1,	/* camera did not answer */
	CAUSE_PASSWORD = 2,	/* camera refused user or password */
	CAUSE_NETWORK = 3,	/* connection lost or silent */
	CAUSE_NO_KEY_FRAME = 4,	/* stream without a key frame */
	CAUSE_UNSUPPORTED = 5,	/* codec or transport that we refuse */
	CAUSE_CAMERA_ERROR = 6,	/* camera answered with an error */
	CAUSE_DISK_FULL = 7,
	CAUSE_DISK_ERROR = 8,
	CAUSE_STORAGE_AWAY = 9,	/* storage stopped or too slow */
	CAUSE_RECORDER_STOPPED = 10, /* in order: upgrade, service stop */
	CAUSE_RECORDER_FAILED = 11, /* a recorder process died */
	CAUSE_MACHINE_OFF = 12,	/* derived at start */
	CAUSE_SWITCHED_OFF = 13, /* by the operator */
	CAUSE_NOT_YET = 14,	/* before the camera was added */
	CAUSE_STREAM_ERROR = 15, /* the stream broke its own format */
	CAUSE_CONNECTING = 16,	/* the way up after the camera was added */
	CAUSE_LOST = 17,	/* recorded, but missing or damaged on disk */
	CAUSE_CLOCK_STEP = 18,	/* the clock was set past these seconds */
	CAUSE_EXPIRED = 19,	/* recorded, and erased when its term ended */
	CAUSE_CERTIFICATE = 20,	/* camera showed another certificate (TLS) */
	CAUSE_MAX
};

enum clock_state {
	CLOCK_UNKNOWN = 0,
	CLOCK_SYNCED = 1,	/* adjtimex says so */
	CLOCK_FREE = 2,		/* not synchronised */
};

#define FRAGMENT_KEY 1u		/* begins with a key frame */
#define FRAGMENT_DAMAGED 2u	/* packets were lost inside */
#define FRAGMENT_UNTRUSTED 4u	/* clock not trusted */
#define FRAGMENT_OVERLAP 8u	/* after a clock step back */

enum account_change {
	ACCOUNT_PASSWORD = 1,
	ACCOUNT_FACTOR = 2,
};

enum verdict {
	VERDICT_APPROVE = 1,	/* or shorten: times and cameras given rule */
	VERDICT_REFUSE = 2,
};

enum lease_kind {
	LEASE_VIEW = 1,
	LEASE_DOWNLOAD = 2,
	LEASE_EXPORT = 3,	/* out of an evidence package */
};

/* What a token may do; bits. */
enum scope {
	SCOPE_HEALTH_READ = 1,	/* how the appliance does */
	SCOPE_TRANSACTIONS_WRITE = 2, /* bring transactions of an ATM */
	SCOPE_ALERTS_WRITE = 4, /* say who was told of an incident */
};

/* What somebody makes of a picture while he watches. */
enum mark_kind {
	MARK_NOTE = 1,
	MARK_SNAPSHOT = 2,	/* a picture as a file; needs RIGHT_EXPORT */
	MARK_WATCHER_MAX,
	/* of saqta-alert, which has told somebody: */
	MARK_TOLD = 3,		/* that something is wrong */
	MARK_TOLD_OVER = 4,	/* that it is over */
	MARK_MAX
};

/*
 * Low exposure first: a longer range than that (transactions propose as much)
 * is asked for with a reason of its own.
 */
#define REQUEST_SHORT_S 300

/* What a request asks for, and its grant gives. */
enum right {
	RIGHT_VIEW = 1,		/* watch */
	RIGHT_EXPORT = 2,	/* and files: plain MP4s, evidence packages */
};

/* camera id: [a-z0-9] then [a-z0-9-], at most this many bytes */
#define CAMERA_ID_MAX 32

#endif
