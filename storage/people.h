/*
 * people.h - persons, their keys, and who signed them (storage/DESIGN.md).
 */
#ifndef SAQTA_PEOPLE_H
#define SAQTA_PEOPLE_H

#include "storage/identity.h"
#include "storage/index.h"

/*
 * Make a person's keys: fresh seed, sealed by password, public keys in *p.
 * Fields id, user, name, role, created_ns are the caller's and stand already.
 * ERR_INVALID for a password of fewer than PASSWORD_MIN characters or a user
 * name that is not [a-z0-9._-]{2,32}. Blocks (Argon2id).
 */
#define PASSWORD_MIN 10
#define PASSWORD_MAX 256
must_check enum err person_make(struct person_row *p, const char *password,
    unsigned char ret_seed[KEY_BYTES]);

/* Sign p's public keys with the signer's seed; sets signer and signature. */
void person_sign(struct person_row *p, uint64_t signer,
    const unsigned char signer_seed[KEY_BYTES]);

/*
 * Is p a custodian or auditor whose chain of signatures leads to the root key
 * (the first custodian's, in ledger entry 1)? ERR_INTEGRITY where not.
 */
must_check enum err person_check(struct index *ix, const struct person_row *p,
    const unsigned char root[KEY_BYTES]);

/*
 * The public recipients of all active, signed custodians, then the paper key.
 *   ids  their numbers, 0 for the paper key
 */
must_check enum err custodian_recipients(struct index *ix,
    const unsigned char root[KEY_BYTES], const struct age_recipient *paper,
    struct age_recipient ret[AGE_RECIPIENTS_MAX],
    uint64_t ret_ids[AGE_RECIPIENTS_MAX], size_t *ret_n);

/* Text to and from roles: "operator", "auditor", "custodian". */
const char *role_name(enum role r);
must_check enum err role_parse(const char *s, enum role *ret);
bool user_name_ok(const char *s);
bool camera_id_ok(const char *s);

#endif
