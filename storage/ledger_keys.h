/*
 * ledger_keys.h - the keys of a log, one after the other, and its epochs.
 *
 * Entry 0 names the first key. An entry "log key" names the next one: signed by
 * the old and the new key, or, where the old one is lost, by a custodian and
 * the new key. A checkpoint of more entries than stand before and with that
 * entry is signed by the new key.
 *
 * Where a ledger was lost, its successor is another log: epoch 2, 3 ... with an
 * origin of its own. Elsewhere (index, other entries) an entry is known by a
 * number that has the epoch in it; in epoch 1 it is the entry's index.
 */
#ifndef SAQTA_LEDGER_KEYS_H
#define SAQTA_LEDGER_KEYS_H

#include "storage/ledger.h"

#define EPOCH_SHIFT 48
#define EPOCHS_MAX 31			/* numbers stay below 2^53 (JSON) */

unsigned ledger_epoch(const struct ledger *l);
const char *ledger_origin(const struct ledger *l);
/* Is the log's signing key lost? */
bool ledger_keyless(const struct ledger *l);
/* The number of entry i of this log. */
uint64_t ledger_number(const struct ledger *l, uint64_t i);

/* "origin/epoch-2"; epoch 1 is the origin alone. ERR_TOO_LARGE. */
must_check enum err epoch_origin(const char *origin, unsigned epoch,
    char out[NOTE_NAME_MAX + 1]);

/* Which key must have signed a checkpoint of that size; false: none is named. */
bool ledger_key_of(const struct ledger *l, uint64_t size,
    unsigned char ret[KEY_BYTES]);

/*
 * An entry "log key" (type ENTRY_LOG_KEY) that follows the key `old`: ret_key
 * is what it names; ret_signer is 0 where the old key signed, else the person
 * whose key TAG_SIGN_KEY (checked here) must be that of a custodian. p are the
 * entry's bytes. ERR_INTEGRITY, ERR_FORMAT.
 */
must_check enum err log_key_check(const void *p, size_t n, const char *origin,
    const unsigned char old[KEY_BYTES], unsigned char ret_key[KEY_BYTES],
    uint64_t *ret_signer);

/*
 * Begin a change of the key: makes the next key and puts TAG_LOG_KEY and the
 * signatures of old (unless lost) and new into e, whose tags below are the
 * caller's. The key waits in ledger/log.key.next.
 */
must_check enum err ledger_rotate_begin(struct ledger *l, struct entry *e);
/*
 * Put that entry, signed, commit it, and use the new key from now on. On
 * failure the old key stays. Blocks.
 */
must_check enum err ledger_rotate_end(struct ledger *l, const struct entry *e,
    uint64_t *ret_index);

#endif
