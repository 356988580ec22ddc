/*
 * keyring.h - the only place of any wrapped key.
 *
 * One age file under a key-encryption key (kek.h), rewritten whole: temporary
 * file, sync, rename, directory sync, read back. Two slots, of which one
 * counts: an erasure writes the other one under a fresh kek.
 * Held in memory by the keeper: wrapped keys only, no private key but the kek.
 */
#ifndef SAQTA_KEYRING_H
#define SAQTA_KEYRING_H

#include "storage/identity.h"

struct keyring;
struct keyring_day;	/* keyring_line.h */

/* Make keyring/ with a fresh kek and no keys. ERR_EXISTS. */
must_check enum err keyring_create(int data_fd);

/*
 * Read the slot of the later generation. ERR_NOT_FOUND, ERR_INTEGRITY,
 * ERR_FORMAT, ERR_DISK.
 */
must_check enum err keyring_open(int data_fd, struct keyring **ret);
void keyring_close(struct keyring *k);	/* NULL is legal */

/*
 * Make the key of camera and day (text, yyyy-mm-dd): a new identity is wrapped
 * to the n recipients, put into the keyring in memory, and forgotten. Durable
 * after keyring_commit(). An existing day: OK, its recipient.
 */
must_check enum err keyring_make_day(struct keyring *k, const char *camera,
    const char *day, const struct age_recipient *to, size_t n,
    struct age_recipient *ret, bool *ret_made);

/*
 * The age file of an identity ("AGE-SECRET-KEY-1..." LF) for n recipients, as
 * base64; returned, to be freed by crypt_free().
 */
must_check enum err keyring_wrap(const struct age_identity *id,
    const struct age_recipient *to, size_t n, char **ret);

/* Find a day; ERR_NOT_FOUND. */
must_check enum err keyring_find_day(const struct keyring *k,
    const char *camera, const char *day, struct age_recipient *ret);

/* The line of that day as in the file; returned, to be freed by crypt_free(). */
must_check enum err keyring_day_line(const struct keyring *k,
    const char *camera, const char *day, char **ret);

/* Every day's line as in the file. */
must_check enum err keyring_all_days(const struct keyring *k, char **ret,
    size_t *ret_n);

/*
 * Whom a day's key is wrapped to cannot be told from the wrap, so a mark of
 * them stands beside it: the first 8 bytes of SHA-256 over the recipients as
 * text, each with LF, in hexadecimal.
 */
#define KEYRING_MARK 17
void keyring_mark(const struct age_recipient *to, size_t n,
    char ret[KEYRING_MARK]);
/* Days that are not wrapped to those of mark (alone, and all of them). */
size_t keyring_stale(const struct keyring *k, const char *mark);
/*
 * The lines of at most `max` such days behind that of camera and day ("" and
 * "": from the first one); returned, to be freed by crypt_free().
 */
must_check enum err keyring_stale_days(const struct keyring *k,
    const char *mark, const char *camera, const char *day, size_t max,
    char **ret, size_t *ret_n);
/*
 * Wrap days anew, to those of mark, `to_n` of them: lines `camera SP day SP
 * recipient SP base64(age file)`. What was wrapped before goes. A day that is
 * not there any more, or has another key by now, is passed over. ERR_FORMAT and nothing changed where a line is
 * wrong or its age file is not for so many recipients.
 */
must_check enum err keyring_rewrap(struct keyring *k, const char *lines,
    size_t n, const char *mark, size_t to_n, size_t *ret_days);

/* Put, find (borrowed) and drop the grant of a request. */
must_check enum err keyring_put_grant(struct keyring *k, const char *request,
    uint64_t person, const void *blob, size_t n);
must_check enum err keyring_find_grant(const struct keyring *k,
    const char *request, uint64_t *ret_person, const void **ret_blob,
    size_t *ret_n);
void keyring_drop_grant(struct keyring *k, const char *request);
/* The request and person of grant i, in no order; false beyond the last. */
bool keyring_grant_at(const struct keyring *k, size_t i,
    const char **ret_request, uint64_t *ret_person);

/* Camera and day i in their order, borrowed; false beyond the last. */
bool keyring_day_at(const struct keyring *k, size_t i, const char **ret_camera,
    const char **ret_day);

/* Forget the key of a day; false where there is none. Then keyring_rekey(). */
bool keyring_drop_day(struct keyring *k, const char *camera, const char *day);

/*
 * Held days: the key that opened all files of a day is gone; another one opens
 * the headers of those that a hold keeps, which stand in the keyring.
 *
 * Swap a day: d (given) stands for camera and date from now on, *ret_old is
 * returned. ERR_NOT_FOUND; ERR_TOO_LARGE where all held headers would take more
 * than KEYRING_HELD_MAX; then d stays the caller's. Then keyring_rekey().
 */
#define KEYRING_HELD_MAX (16u << 20)	/* bytes of text: 65,536 segments */
must_check enum err keyring_swap_day(struct keyring *k, struct keyring_day *d,
    struct keyring_day **ret_old);
bool keyring_is_held(const struct keyring *k, const char *camera,
    const char *day);
/* Forget the header of one held segment; false where there is none. Likewise. */
bool keyring_drop_held(struct keyring *k, const char *camera, const char *day,
    uint64_t seq);

/* Write what was changed; it is durable and was read back when OK. Blocks. */
must_check enum err keyring_commit(struct keyring *k);

/*
 * Write what was changed under a fresh kek into the other slot, read it back,
 * and only then overwrite the old kek: what was dropped cannot be opened any
 * more, whatever old copies of the keyring are left. On failure both slots may
 * stand; the older one stays good until keyring_settle(). Blocks.
 */
must_check enum err keyring_rekey(struct keyring *k);

/*
 * Every further volume has the keyring and its kek, renewed by each commit and
 * rekey. Is the copy of volume_at(i) older than that, as it was away or failed?
 * Then the next commit with it there brings it up, and erases what it had.
 */
bool keyring_is_behind(const struct keyring *k, unsigned i);

/*
 * A data directory without keyring gets the latest of those in n directories
 * (descriptors, -1: passed over). ERR_NOT_FOUND where none has one.
 */
must_check enum err keyring_restore(int data_fd, const int *from, size_t n);

/* At start: finish a rekey that was cut short. Nothing to do is OK. Blocks. */
must_check enum err keyring_settle(struct keyring *k);

#endif
