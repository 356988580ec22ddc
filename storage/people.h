/*
 * people.h - persons, their keys, and who signed them (storage/DESIGN.md).
 */
#ifndef SAQTA_PEOPLE_H
#define SAQTA_PEOPLE_H

#include "storage/factor.h"
#include "storage/identity.h"
#include "storage/index.h"

#define PASSWORD_MIN 10
#define PASSWORD_MAX 256
#define CREDENTIAL_MAX (PASSWORD_MAX + 1 + FACTOR_DIGITS)

/* What a password opens; whoever holds it wipes it. */
struct secret {
	unsigned char seed[KEY_BYTES];
	unsigned char factor[FACTOR_BYTES];
	bool has_factor;
};

/*
 * Make a person's keys: a fresh seed and, for a custodian, a second factor,
 * sealed by the password; public keys in *p. Fields id, user, name, role,
 * created_ns are the caller's and stand already. ERR_INVALID for a password
 * that password_ok() refuses or a user name that is not [a-z0-9._-]{2,32}.
 * Blocks (Argon2id).
 */
must_check enum err person_make(struct person_row *p, const char *password,
    struct secret *ret);
/* At least PASSWORD_MIN bytes, at most PASSWORD_MAX, no control characters. */
bool password_ok(const char *s);
/* Told from outside, by the length of what is sealed. */
bool person_has_factor(const struct person_row *p);
/* Seal the secret anew. Blocks (Argon2id). */
must_check enum err person_seal(struct person_row *p, const char *password,
    const struct secret *secret);

/*
 * Open a person's secret with a credential: the password and, for whoever has
 * a second factor, LF and its code of now.
 *
 *   ret_step  time step of the code, 0 without a factor; the caller sees to it
 *             that none is used twice
 *
 * ERR_PASSWORD; ERR_FACTOR where the password is right and the code is not, or
 * a custodian has no factor. Blocks (Argon2id).
 */
must_check enum err person_open(const struct person_row *p,
    const char *credential, struct utc now, struct secret *ret,
    uint64_t *ret_step);
/* An unknown user costs the same work as a wrong password: ERR_PASSWORD. */
must_check enum err person_open_nobody(const char *credential);

/*
 * Whose signatures count in the end: the first custodian's (ledger entry 1),
 * and the paper keys', which sign who comes after all custodians are lost.
 */
struct roots {
	unsigned char first[KEY_BYTES];
	unsigned char paper[PAPER_KEYS_MAX][KEY_BYTES];
	size_t paper_n;
};

/* Sign p's public keys with the signer's seed; sets signer and signature. */
void person_sign(struct person_row *p, uint64_t signer,
    const unsigned char signer_seed[KEY_BYTES]);
/* The same with the paper key; the signer is 0 then. */
void person_sign_paper(struct person_row *p, const struct age_identity *paper);

/*
 * Is p a custodian or auditor whose chain of signatures leads to a root?
 * ERR_INTEGRITY where not.
 */
must_check enum err person_check(struct index *ix, const struct person_row *p,
    const struct roots *roots);

/*
 * The public recipients of all active, signed custodians, then the paper key.
 *   ids  their numbers, 0 for the paper key
 */
must_check enum err custodian_recipients(struct index *ix,
    const struct roots *roots, const struct age_recipient *paper,
    struct age_recipient ret[AGE_RECIPIENTS_MAX],
    uint64_t ret_ids[AGE_RECIPIENTS_MAX], size_t *ret_n);

/*
 * Whom a request is to remind that has waited so many whole days: active
 * custodians but its requester, and of them the deputies only after DEPUTY_DAYS
 * or where nobody else may decide.
 */
#define DEPUTY_DAYS 2
struct reminded {
	uint64_t ids[AGE_RECIPIENTS_MAX];
	size_t n, deputies;
};
must_check enum err people_to_remind(struct index *ix, uint64_t requester,
    int64_t days, struct reminded *ret);

/* Text to and from roles: "operator", "auditor", "custodian". */
const char *role_name(enum role r);
must_check enum err role_parse(const char *s, enum role *ret);
/*
 * The closed list of reasons of a request: "dispute" (a customer disputes a
 * withdrawal), "cash" (cash retained or not taken), "fraud", "attack" (on the
 * ATM), "authority" (police, court), "audit", and 0 "other".
 */
const char *reason_code_name(unsigned code);
must_check enum err reason_code_parse(const char *s, unsigned *ret);
bool user_name_ok(const char *s);
bool camera_id_ok(const char *s);

#endif
