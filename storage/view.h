/*
 * view.h - the JSON answers of storage/DESIGN.md, "What people are told".
 *
 * Made from the index, the journals and the ledger, read only; used by the
 * keeper (for the tool) and by readers (for the web). Each function returns a
 * NUL-terminated text, to be freed by free().
 */
#ifndef SAQTA_VIEW_H
#define SAQTA_VIEW_H

#include "storage/index.h"
#include "storage/ledger_keys.h"
#include "storage/play.h"

/* Of a camera, since storage started. */
struct view_traffic {
	uint64_t received_bytes;
	const uint64_t *over;	/* gaps that ended, by cause; borrowed */
};

struct chain;
/* How far a verification of the ledger is, and what it found. */
must_check enum err view_chain(const struct chain *c, char **ret);

struct keeper;
struct view {
	struct index *ix;
	struct ledger *ledger;
	int data_fd;
	const char *site, *zone;
	bool demo;
	uint64_t reserve_bytes;
	struct utc now;
	uint64_t sign_ins, sign_ins_refused; /* since storage started */
	/* false: no such camera. NULL in a reader, who is not asked. */
	bool (*traffic)(const struct keeper *k, const char *camera,
	    struct view_traffic *ret);
	const struct keeper *keeper;
	uint64_t person;	/* who asks; 0: the tool */
	enum role role;
};

/* Cameras in all, switched on, and recording as P9 means it. */
struct view_count {
	int total, enabled, recording;
};
must_check enum err view_count(const struct view *v, struct view_count *ret);
must_check enum err view_cameras(const struct view *v, char **ret);
/* camera "" = all. ERR_INVALID where from >= to or above 400 days. */
must_check enum err view_coverage(const struct view *v, const char *camera,
    int64_t from_ns, int64_t to_ns, char **ret);
/*
 * Lists that grow: page NULL gives all of it, else a part, and "next" where it
 * goes on (null: that was all). ERR_INVALID where there is no such place.
 */
/* Everybody, active and ended, with signers. */
must_check enum err view_people(const struct view *v, const struct page *page,
    char **ret);
/* Tokens of other programs, the newest first. */
must_check enum err view_tokens(const struct view *v, const struct page *page,
    char **ret);
/* Requests that this person writes; nobody else is told. ERR_DENIED: nobody. */
must_check enum err view_drafts(const struct view *v, char **ret);
must_check enum err view_requests(const struct view *v,
    const struct page *page, char **ret);
struct view_session {
	uint64_t id, person;
	int64_t since_ns;
	const char *address;
	bool mine, here;
};
must_check enum err view_sessions(const struct view *v,
    const struct view_session *rows, size_t n, char **ret);
/*
 * What was done with a request: notes, snapshots (in the first page), and leases
 * of whoever looked at its cameras in its range. ERR_NOT_FOUND where it is not
 * this person's to see.
 */
/* Who was told of what was wrong with a camera since from <= t < to. */
must_check enum err view_told(const struct view *v, const char *camera,
    int64_t from_ns, int64_t to_ns, char **ret);
must_check enum err view_story(const struct view *v, const char *request,
    const struct page *page, char **ret);
must_check enum err view_ledger(const struct view *v, uint64_t first,
    uint32_t count, char **ret);
must_check enum err view_status(const struct view *v, char **ret);
/* Each incident of the status; of and detail "" and n -1 where there is none. */
must_check enum err view_each_incident(const struct view *v,
    void (*fn)(const char *kind, const char *of, bool critical, long long n,
	const char *detail, void *arg),
    void *arg);
/* Numbers for a monitoring system: no JSON, but the text of Prometheus. */
must_check enum err view_metrics(const struct view *v, char **ret);

/* The answer to MSG_PLAY, of n cameras within one grant. */
must_check enum err view_play(const struct view *v, const char *request,
    int64_t from_ns, int64_t to_ns, const struct play *plays, size_t n,
    char **ret);

/* Witnesses, logs and our own keys, for the tool. */
struct witnessing;
must_check enum err view_witnesses(const struct ledger *l, int data_fd,
    const struct witnessing *x, char **ret);

/* Of an enum alarm, such as "black"; "unknown" for any other number. */
const char *alarm_name(uint64_t kind);

#endif
