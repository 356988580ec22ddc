/*
 * setup.h - the first hour of a box: until there is somebody who may sign in, a
 * one-time code that the console showed makes the first operator at a page.
 *
 * Its state is the setting "setup" of the index; where that is missing (an
 * older site, an index made anew) set-up is over and no code is good. The code
 * itself is never kept, only its hash.
 */
#ifndef SAQTA_SETUP_H
#define SAQTA_SETUP_H

#include "storage/api/messages.h"
#include "storage/api/utc.h"
#include "storage/index.h"

#define SETUP_CODE_TEXT 15	/* "XXXX-XXXX-XXXX", NUL too: 60 random bits */
#define SETUP_CODE_NS (24 * 3600 * NS_PER_SEC)
#define SETUP_TRIES 20		/* wrong ones, then it is good no more */

struct setup {
	enum setup_state state;
	unsigned char hash[HASH_BYTES];	/* zero: there is no code */
	int64_t ends_ns;
	unsigned wrong;		/* tries, so far */
};

/* A new code, good for a day from now; the one of before is nothing. */
void setup_code_make(struct setup *s, struct utc now,
    char ret[SETUP_CODE_TEXT]);

/*
 * Is typed the code, in either case, with or without its dashes, O for 0 and
 * I or L for 1? OK; ERR_SETUP_CODE; ERR_SETUP_ENDED where none is good: it was
 * used, its day is over, or it was tried wrongly SETUP_TRIES times.
 */
must_check enum err setup_code_check(const struct setup *s, struct utc now,
    const char *typed);

must_check enum err setup_get(struct index *ix, struct setup *ret);
must_check enum err setup_put(struct index *ix, const struct setup *s);

/* --- handle_setup.c --- */
struct keeper;
struct reader;
struct conn;
struct wire;
void handle_setup_code(struct keeper *, struct conn *, struct wire *);
void handle_setup_operator(struct keeper *, struct conn *, struct wire *);
void handle_setup_new(struct keeper *, struct conn *, struct wire *);
void handle_setup_finish(struct keeper *, struct conn *, struct wire *);
/*
 * Just before and after r makes a person: for the operator whom the set-up code
 * asked for, is it still the code that is waited for? Then it is used up.
 * Somebody made at the console while set-up waits for its code ends set-up.
 */
must_check enum err setup_may(struct keeper *k, const struct reader *r);
must_check enum err setup_made(struct keeper *k, const struct reader *r,
    uint64_t person);

#endif
