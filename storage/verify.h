/*
 * verify.h - is an evidence package what it claims to be (P10)? Everything in
 * the package may be hostile. No key, no network, no FFmpeg.
 *
 * Five claims are answered one by one, so that what falls is named and what was
 * never said is not taken for granted.
 */
#ifndef SAQTA_VERIFY_H
#define SAQTA_VERIFY_H

#include "storage/policy.h"

enum claim {
	CLAIM_UNCHANGED, /* the footage is what was recorded */
	CLAIM_COMPLETE, /* all that was granted, but for named gaps */
	CLAIM_TIME, /* existed by T, not before S */
	CLAIM_PEOPLE, /* who asked and who decided */
	CLAIM_LOG, /* no entry removed or changed up to N */
	CLAIMS
};
enum answer { NOT_CLAIMED, NOT_PROVEN, PROVEN };

#define FINDINGS_MAX 100 /* kept; all are counted */
#define FINDING_TEXT 320

struct finding {
	bool missing; /* else changed */
	const char *code; /* stable: "fragment", "file", "gap" ... */
	char file[128]; /* "" where it is about no file */
	int64_t at_ms; /* in that file; -1 */
	char text[FINDING_TEXT];
};
struct judgement {
	enum answer answers[CLAIMS];
	char says[CLAIMS][640];
	struct finding findings[FINDINGS_MAX];
	size_t findings_n, changed, missing;
	char export_id[24], origin_name[NOTE_NAME_MAX + 1];
	uint64_t entries; /* that the checkpoint covers */
	bool origin; /* the policy's keys vouch for the log */
	int status; /* VERIFY_* */
};

/* Exit statuses of saqta verify. */
enum {
	VERIFY_GENUINE = 0,
	VERIFY_FAILED = 1, /* could not be read at all */
	VERIFY_CHANGED = 5,
	VERIFY_INCOMPLETE = 6,
	VERIFY_NO_ORIGIN = 7, /* consistent in itself, no more */
};

/*
 * Verify the package of `size` bytes in fd against the verifier's own policy;
 * NULL: none, then nothing is proven and the status is never 0.
 *
 * OK: ret is the verdict, whatever it is. ERR_DISK, ERR_NO_MEMORY. Blocks.
 */
must_check enum err verify_package(int fd, uint64_t size,
    const struct policy *policy, struct judgement *ret);

/* "unchanged"; "proven". */
const char *claim_name(enum claim c);
const char *answer_name(enum answer a);

#endif
