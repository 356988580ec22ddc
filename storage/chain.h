/*
 * chain.h - the ledger verified while everything runs, a slice at a time: for
 * people at the page Audit. Of the ledger it says what check.h says; footage it
 * does not look at.
 *
 * Each entry against its leaf, all leaves against the signed checkpoint and
 * against what witnesses have cosigned, the signatures of checkpoint, witnesses
 * and custodians' acts.
 */
#ifndef SAQTA_CHAIN_H
#define SAQTA_CHAIN_H

#include "storage/check_state.h"
#include "storage/peers.h"

#define CHAIN_FOUND_MAX 20	/* findings that are named */
#define CHAIN_NO_ENTRY UINT64_MAX

enum chain_what {
	CHAIN_CHECKPOINT = 1,	/* it does not fit the ledger, or its key */
	CHAIN_ENTRY = 2,	/* an entry is not what its leaf says */
	CHAIN_ROOT = 3,		/* the entries do not give the signed root */
	CHAIN_ACT = 4,		/* an act that no custodian signed */
	CHAIN_WITNESS = 5,	/* a witness saw another ledger */
};

struct chain {
	struct ledger *ledger;	/* NULL: it could not even be opened */
	struct check check;	/* persons and keys, as check_act() follows */
	struct merkle tree;
	bool tree_fits;		/* no entry was unreadable so far */
	uint64_t at, size;	/* entries done, and all there were */
	struct checkpoint sealed;	/* the signed checkpoint */
	struct checkpoint seen;	/* what witnesses cosigned; size 0: none */
	const char *by[WITNESSES_MAX];	/* their names */
	size_t by_n;
	int64_t seen_s;		/* the newest cosignature's time */
	struct peers peers;
	int64_t from_ns, to_ns;	/* of the entries done; 0: none */
	int64_t heads_ns;	/* the newest entry of chain heads; 0: none */
	struct {
		enum chain_what what;
		uint64_t entry;
	} found[CHAIN_FOUND_MAX];
	uint64_t found_n;	/* may be more than are named */
};

/*
 * Begin with what is on disk now; *ret is to be freed by chain_free(). A ledger
 * that does not fit its checkpoint is OK, and found. ERR_DISK, ERR_NO_MEMORY.
 */
must_check enum err chain_begin(int data_fd, struct chain **ret);
/* Go on for about ms milliseconds; ERR_DISK. Blocks for that long. */
must_check enum err chain_step(struct chain *c, int64_t ms);
bool chain_is_over(const struct chain *c);
void chain_free(struct chain *c);	/* NULL is legal */

#endif
