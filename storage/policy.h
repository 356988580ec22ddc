/*
 * policy.h - whom a verifier trusts: C2SP tlog-policy. Log keys, witness keys
 * and a quorum, as text from the bank's set-up sheet or from head office. Pure.
 */
#ifndef SAQTA_POLICY_H
#define SAQTA_POLICY_H

#include "storage/cosign.h"

#define POLICY_MAX 65536u /* bytes */
#define POLICY_LOGS_MAX 16u
#define POLICY_NODES_MAX 64u /* witnesses and groups */

/* A witness, or a group of which k members must have cosigned. */
struct policy_node {
	char name[NOTE_NAME_MAX + 1];
	bool witness;
	struct vkey key; /* of a witness */
	unsigned k, members_n;
	unsigned char members[POLICY_NODES_MAX];
};
struct policy {
	struct vkey logs[POLICY_LOGS_MAX];
	size_t logs_n;
	struct policy_node nodes[POLICY_NODES_MAX];
	size_t nodes_n;
	int quorum; /* a node; -1: none is asked for */
};

/* ERR_FORMAT, ERR_TOO_LARGE; ret_line is then the line that is wrong. */
must_check enum err policy_parse(const void *p, size_t n, struct policy *ret,
    unsigned *ret_line);

/*
 * Did a log of the policy, of that origin, sign the note? ERR_NO_KEY where
 * none did; ERR_INTEGRITY where a signature by one of them does not fit.
 */
must_check enum err policy_origin(const struct policy *p, const char *origin,
    const void *note, size_t n);

/*
 * Is the quorum reached? ret_time_s is then when it first was (POSIX seconds),
 * and ret_who gets the names that count, with a space between. ERR_NO_KEY
 * where it is not; ERR_NOT_FOUND where the policy asks for none.
 */
must_check enum err policy_quorum(const struct policy *p, const void *note,
    size_t n, int64_t *ret_time_s, char *ret_who, size_t who_room);

#endif
