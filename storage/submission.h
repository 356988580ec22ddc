/*
 * submission.h - the body of an add-checkpoint request (C2SP tlog-witness), and
 * what a witness makes of one. Pure.
 */
#ifndef SAQTA_SUBMISSION_H
#define SAQTA_SUBMISSION_H

#include "storage/cosign.h"
#include "storage/merkle.h"

#define SUBMISSION_PROOF_MAX 63 /* hashes (tlog-witness) */
#define SUBMISSION_MAX                                     \
	(32 + SUBMISSION_PROOF_MAX * B64_LEN(HASH_BYTES) + \
	    NOTE_MAX) /* bytes of a body */

struct submission {
	uint64_t old; /* size that the witness is thought to know */
	unsigned char proof[SUBMISSION_PROOF_MAX][HASH_BYTES];
	size_t proof_n;
	const char *note; /* borrowed from the body */
	size_t note_n;
	size_t text_n; /* of the note's signed text */
	struct checkpoint c; /* what the note says */
};

/* ERR_FORMAT, ERR_TOO_LARGE. */
must_check enum err submission_parse(const void *p, size_t n,
    struct submission *ret);
/* The body for s (old, proof, note) into out of SUBMISSION_MAX bytes. */
must_check enum err submission_format(const struct submission *s, char *out,
    size_t *ret_n);

/* What there is to say about a log beside the status of the answer. */
enum finding_about_log {
	LOG_FINE,
	LOG_FORKED, /* its key signed two histories */
	LOG_BACK, /* it came with less than we have seen */
	LOG_UNPROVEN, /* its proof of growth fails: forked, or the
				   body was spoiled by whoever sent it */
};

/*
 * The HTTP status of the answer, as tlog-witness has it: 200 (cosign), 400,
 * 403, 409, 422. 404 is for the caller, who looks for the log by its origin.
 *
 *   keys   trusted for this origin, n > 0 of them
 *   known  the checkpoint that was cosigned last; NULL where there is none
 */
unsigned submission_judge(struct submission *s, const struct vkey *keys,
    size_t n, const struct checkpoint *known,
    enum finding_about_log *ret_finding);

#endif
