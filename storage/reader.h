/*
 * reader.h - the process of one signed-in session, or of one act of a
 * custodian at the tool.
 *
 * Started by the keeper as `saqta-storage reader` with these descriptors: 3 the
 * keeper (SEQPACKET), 4 the session's client (web), or closed for an act; 5 the
 * data directory. It receives MSG_READER_START, opens the person's seed with
 * the password (dummy work of the same cost where person is 0) and answers
 * MSG_READER_STARTED or MSG_ERROR. Then:
 *
 *   READER_SESSION  serves the session's messages on 4; exits when 4 or 3
 *                   closes or after MSG_SIGN_OUT. An auditor's identity stays
 *                   open; a custodian's is wiped after the check, and a
 *                   decision opens it anew with the password of that message.
 *   READER_ACT      waits on 3 for one MSG_SIGN, signs that act of a custodian
 *                   and exits; or for one MSG_USER_ADD, makes and signs the
 *                   person, sends MSG_PERSON_PUT, wraps day keys anew for whom
 *                   they should be now, exits.
 *   READER_OPERATOR the same for an operator: person 0, no password, no
 *                   signature.
 *   READER_RECOVER  the credential is the paper key, an age identity as text;
 *                   for one MSG_RECOVER makes a custodian, signed with it.
 *
 * MSG_PERSON_PUT's bulk: `struct person_row` as text lines "key value" (values
 * base64 for bytes): see reader_person.c.
 */
#ifndef SAQTA_READER_H
#define SAQTA_READER_H

#include "storage/index.h"

enum reader_job {
	READER_SESSION = 1, READER_ACT = 2, READER_OPERATOR = 3,
	READER_RECOVER = 4,
};

/* READER_START fields: u8 job, u64 person, str credential, str site, str zone,
 * u8 demo, u64 reserve bytes, str data path, i64 clock offset ns. */

/* The reader's main; the exit status. */
int reader_main(void);

must_check enum err person_record_encode(const struct person_row *p,
    char **ret, size_t *ret_n);
must_check enum err person_record_decode(const char *p, size_t n,
    struct person_row *ret);

#endif
