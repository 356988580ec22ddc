/*
 * peers.h - whom a custodian has named: witnesses that we ask, and logs that we
 * cosign (data/witness/peers). Names stand in no other place that is read; the
 * entries say who named them.
 */
#ifndef SAQTA_PEERS_H
#define SAQTA_PEERS_H

#include "storage/cosign.h"

#define WITNESSES_MAX 16
#define LOGS_MAX 64
#define WITNESS_URL 200 /* bytes with NUL */
#define WITNESS_PIN 54 /* "sha256//" and base64 of 32 bytes */
#define PEERS_MAX 65536 /* bytes of the file */

struct peers {
	struct {
		struct vkey key;
		char url[WITNESS_URL]; /* https://..., without add-checkpoint */
		char pin[WITNESS_PIN]; /* "": by the machine's CAs */
		bool clock; /* it may vouch for the clock (P12) */
	} witness[WITNESSES_MAX];
	size_t witnesses;
	struct vkey log[LOGS_MAX]; /* a log may have several keys */
	size_t logs;
};

bool witness_url_ok(const char *s);
bool witness_pin_ok(const char *s); /* or "" */

/*
 * One line each, `witness VKEY URL PIN` (PIN may be -), behind one of these
 * `clock VKEY`, or `log VKEY`. Pure.
 */
must_check enum err peers_parse(const char *p, size_t n, struct peers *ret);
must_check enum err peers_format(const struct peers *p, char *out, size_t room,
    size_t *ret_n);

/* Nobody where there is no file; ERR_FORMAT, ERR_DISK. */
must_check enum err peers_load(int data_fd, struct peers *ret);
must_check enum err peers_save(int data_fd, const struct peers *p);

/*
 * The key by which this site cosigns (data/witness/key), made where it is
 * missing; name is the site's origin. ret_seed may be NULL.
 */
must_check enum err witness_key(int data_fd, const char *name, struct vkey *ret,
    unsigned char *ret_seed);

/*
 * The last checkpoint of a log that we cosigned (data/witness/<hash>).
 * ERR_NOT_FOUND; ERR_INTEGRITY where the file is not one.
 */
must_check enum err witness_known(int data_fd, const char *origin,
    struct checkpoint *ret);
/* Durable when OK. Blocks. */
must_check enum err witness_keep(int data_fd, const char *origin,
    const char *note, size_t n);

#endif
