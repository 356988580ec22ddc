/* certificate.c - the only file of the tool that includes <openssl/>. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "storage/tool/doctor.h"

static X509 *of_file(const char *path)
{
	FILE *f = fopen(path, "re");
	X509 *crt = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	return crt;
}

static bool days_of(const X509 *crt, long *ret_days)
{
	int days, seconds;

	if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(crt)) != 1)
		return false;
	*ret_days = seconds < 0 ? days - 1 : days;
	return true;
}

bool certificate_days(const char *path, long *ret_days)
{
	X509 *crt = of_file(path);
	bool ok = crt && days_of(crt, ret_days);

	X509_free(crt);
	return ok;
}

/* Whoever it is, is asked: not verified, for a pin or a person does that. */
static X509 *of_peer(int fd)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = ctx ? SSL_new(ctx) : NULL;
	X509 *crt = NULL;

	if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_connect(ssl) == 1)
		crt = SSL_get1_peer_certificate(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return crt;
}

enum shown certificate_shown(int fd, const char *path, long *ret_days)
{
	X509 *crt, *own = path ? of_file(path) : NULL;
	bool other = path && access(path, F_OK) == 0;
	enum shown is = SHOWN_NONE;

	signal(SIGPIPE, SIG_IGN);
	crt = of_peer(fd);
	if (crt && days_of(crt, ret_days))
		is =
		    other && (!own || X509_cmp(own, crt)) ? SHOWN_OTHER : SHOWN;
	X509_free(own);
	X509_free(crt);
	return is;
}
