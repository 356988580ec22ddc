/*
 * verify_state.h - what verify*.c share. For these files only.
 */
#ifndef SAQTA_VERIFY_STATE_H
#define SAQTA_VERIFY_STATE_H

#include "storage/manifest.h"
#include "storage/proof.h"
#include "storage/verify.h"

/* A recorded fragment that the package holds. */
struct held_fragment {
	const struct manifest_segment *segment;
	const struct journal_record *claim;
};

struct verify {
	int fd;
	const struct policy *policy; /* or NULL */
	struct zip zip;
	struct manifest manifest;
	unsigned char manifest_hash[HASH_BYTES];
	struct proof proof;
	struct judgement *out;
	struct held_fragment *held; /* in the order of the files */
	size_t held_n;
	bool beyond; /* some of it lies behind the granted range */
	int64_t witness_s;	/* when the quorum cosigned; 0 */
	uint64_t witness_n;	/* the entries that it saw */
	char witnesses[256];
	struct proof *former; /* of epochs former_first on */
	unsigned former_first, former_n;
	bool unseen; /* the witnesses did not cosign one of them */
};

/* Note what is wrong; at_ms -1, file "" where there is none. */
void verify_finding(struct verify *v, bool missing, const char *code,
    const char *file, int64_t at_ms, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void verify_say(struct verify *v, enum claim c, enum answer a, const char *fmt,
    ...) __attribute__((format(printf, 4, 5)));
#define VERIFY_TIME 96
/*
 * "2026-11-22 14:15:07 (UTC+05:00; 09:15:07 UTC)": as clocks at the site showed
 * it, which the package tells, and UTC; the day of both where they differ.
 * UTC alone where the package tells no offset. buf is returned.
 */
char *verify_time(const struct verify *v, int64_t ns, char buf[VERIFY_TIME]);
/*
 * The entry of that index and type in the log of that epoch (0: the present
 * one), else a finding and NULL.
 */
const struct proof_entry *verify_entry(struct verify *v, unsigned epoch,
    uint64_t index, enum entry_type type, const char *what);
/* Is the field there and is it this text, or this number? */
bool field_is(const struct proof_entry *x, enum entry_tag tag, const char *s);
bool field_is_u64(const struct proof_entry *x, enum entry_tag tag, uint64_t n);

/* --- verify.c --- */
/* A small file of the package, returned, to be freed by free(). */
must_check enum err verify_read(struct verify *v, const char *name,
    uint64_t max, unsigned char **ret, size_t *ret_n);
/*
 * The key that signs the checkpoint: that of entry 0, then of each change of
 * the key that the proof holds. False where a change is none.
 */
bool verify_own_key(const struct proof *f, const struct proof_entry *first,
    unsigned char ret[KEY_BYTES]);
/*
 * Do all entries that the claims rest on stand below n? The export's own entry
 * says only that the package was made; keys and witnesses speak for themselves.
 */
bool verify_rests_below(const struct proof *f, uint64_t n);

/* --- verify_former.c: logs of former epochs --- */
must_check enum err verify_former(struct verify *v);
/* The epoch that a log says it is of; 0 where it says none that there is. */
unsigned verify_epoch_of(const struct proof *f);
/* 0: the present log; NULL where the package has none of that epoch. */
const struct proof *verify_proof_of(const struct verify *v, unsigned epoch);
void verify_former_free(struct verify *v);

/* --- verify_footage.c: files, fragments, segments --- */
must_check enum err verify_footage(struct verify *v);
/* --- verify_complete.c: what is missing; needs held, in order of time --- */
void verify_complete(struct verify *v);
/* --- verify_people.c: commitments, request, decision, export --- */
void verify_people(struct verify *v);

#endif
