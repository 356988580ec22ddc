/*
 * kek.h - where the key that opens the keyring is kept: one of two slots.
 *
 * A slot is a file of fixed length that is overwritten in place, so that the
 * old key is gone where the medium overwrites (best effort on flash). A TPM's
 * NV index would stand behind these three functions and nothing else.
 */
#ifndef SAQTA_KEK_H
#define SAQTA_KEK_H

#include "storage/identity.h"

#define KEK_SLOTS 2

/* Put a key into slot 0 or 1: durable when OK. Blocks. */
must_check enum err kek_store(int data_fd, unsigned slot,
    const struct age_identity *kek);
/* ERR_NOT_FOUND where the slot is empty, ERR_FORMAT where it holds no key. */
must_check enum err kek_load(int data_fd, unsigned slot,
    struct age_identity *ret);
/* Overwrite the slot; an empty one is OK. Durable when OK. Blocks. */
must_check enum err kek_destroy(int data_fd, unsigned slot);

#endif
