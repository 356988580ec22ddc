/*
 * tls.h - key and certificate of HTTPS (GnuTLS, which only tls.c includes).
 */
#ifndef SAQTA_WEB_TLS_H
#define SAQTA_WEB_TLS_H

#include <stddef.h>

#include "storage/api/err.h"
#include "storage/api/fingerprint.h"

#define TLS_DAYS 825		/* what browsers accept of a private CA */

struct tls {
	char *key, *cert;	/* PEM, NUL-terminated */
	char fingerprint[FINGERPRINT_TEXT]; /* of the certificate */
	char pin[64];		/* of its public key, "sha256//..." (RFC 7469) */
	long long ends_s;	/* of the certificate: Unix seconds */
};

/*
 * Read dir/tls.key and dir/tls.crt, each before that as a credential of
 * systemd's, saqta-web.tls.key and saqta-web.tls.crt. Where neither is there, make them first:
 * an ECDSA P-256 key (mode 0600) and a self-signed certificate for localhost,
 * 127.0.0.1, ::1 and the host's name. Where one is missing, or the two do not
 * belong together: ERR_CONFIG, logged. Wipe by tls_wipe().
 */
must_check enum err tls_load(const char *dir, struct tls *ret);
void tls_wipe(struct tls *t);

must_check enum err tls_sha256(const void *p, size_t n,
    unsigned char ret[32]);

#endif
