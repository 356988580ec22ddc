/*
 * witness.h - this site as a witness of others' logs, and others as witnesses
 * of ours, while the keeper runs. web carries the bytes; keys, state and
 * decisions are here.
 */
#ifndef SAQTA_WITNESS_H
#define SAQTA_WITNESS_H

#include "storage/entry.h"
#include "storage/peers.h"
#include "storage/submission.h"

struct keeper;
struct conn;
struct wire;
struct person_row;

/* How it stands with a witness of ours. */
enum witness_state {
	WITNESS_NEW,		/* not asked yet */
	WITNESS_FINE,
	WITNESS_AWAY,		/* no answer, or one that is none */
	WITNESS_STRANGER,	/* it does not know our log or its key */
	WITNESS_REFUSES,	/* it has seen another history, or more of it */
};

/* One of ours: what is known while the keeper runs. */
struct witness_link {
	enum witness_state state;
	int64_t asking_ns;	/* monotonic: asked then; 0: it is not */
	int64_t due_ns;		/* monotonic: asked next */
	uint64_t known;		/* size that it has cosigned, as far as we know */
	int64_t said_ns;	/* its time, in answer to the open question */
};

/* The witnesses are asked for the time (term_witness.c, P12). */
struct clock_question {
	uint64_t entry;		/* the number of the entry that has its nonce */
	uint64_t size;		/* a checkpoint of so many entries covers it */
	int64_t asked_ns;	/* monotonic; 0: none is open */
};

/*
 * A checkpoint of ours that is being cosigned: the first answer makes it
 * ledger/witnessed, later ones add their lines.
 */
struct witness_round {
	char note[NOTE_MAX + 1];
	size_t n, text_n;
	struct checkpoint c;
	int64_t began_ns;	/* monotonic; 0: none */
};

struct witnessing {
	struct peers peers;
	struct vkey key;	/* ours as a witness */
	unsigned char seed[KEY_BYTES];
	struct witness_link link[WITNESSES_MAX];
	struct witness_round round;
	struct clock_question question;
	/* monotonic: the last alarm of each kind about a log */
	int64_t alarmed_ns[LOGS_MAX][LOG_UNPROVEN + 1];
};

/* Read peers and key; what is wrong is said, and the box records without. */
void witness_open(struct keeper *k);
/* After a new epoch: every witness is asked anew. */
void witness_reset(struct keeper *k);

/* An export is being made: ask the witnesses that answer now, for all of it. */
void witness_hurry(struct keeper *k);

/* Acts of custodians (act.c): drafts, and what the signed entries bring about. */
must_check enum err witness_draft_add(struct keeper *, struct wire *,
    const struct person_row *, struct entry *);
must_check enum err witness_draft_allow(struct keeper *, struct wire *,
    const struct person_row *, struct entry *);
must_check enum err witness_draft_remove(struct keeper *, struct wire *,
    const struct person_row *, struct entry *);
must_check enum err witness_draft_clock(struct keeper *, struct wire *,
    const struct person_row *, struct entry *);
must_check enum err witness_do(struct keeper *, const struct entry *);

void handle_add_checkpoint(struct keeper *, struct conn *, struct wire *);
void handle_witness_next(struct keeper *, struct conn *, struct wire *);
void handle_witness_said(struct keeper *, struct conn *, struct wire *);
void handle_witness_list(struct keeper *, struct conn *, struct wire *);

#endif
