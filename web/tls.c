/* The only file of web/ that includes GnuTLS. */
#include "web/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "storage/api/credential.h"
#include "storage/api/log.h"
#include "storage/api/notify.h"

#define PEM_MAX 65536
#define CREDENTIAL_KEY "saqta-web.tls.key"
#define CREDENTIAL_CRT "saqta-web.tls.crt"

enum err tls_sha256(const void *p, size_t n, unsigned char ret[32])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA256, p, n, ret) == 0 ?
	    OK :
	    ERR_INTERNAL;
}

/* The names that a browser may use for this machine. */
static int set_names(gnutls_x509_crt_t crt)
{
	char host[256] = "";
	struct in6_addr six = IN6ADDR_LOOPBACK_INIT;
	struct in_addr four = {htonl(INADDR_LOOPBACK)};
	int bad;

	gethostname(host, sizeof(host) - 1);
	bad = gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME,
	    "localhost", 9, GNUTLS_FSAN_SET);
	bad |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS,
	    &four, sizeof(four), GNUTLS_FSAN_APPEND);
	bad |= gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS,
	    &six, sizeof(six), GNUTLS_FSAN_APPEND);
	if (*host && strcmp(host, "localhost") != 0)
		bad |= gnutls_x509_crt_set_subject_alt_name(crt,
		    GNUTLS_SAN_DNSNAME, host, (unsigned)strlen(host),
		    GNUTLS_FSAN_APPEND);
	return bad;
}

static int set_certificate(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
	/* An hour back, for clients whose clock is behind. */
	time_t from = time(NULL) - 3600;
	unsigned char serial[16];
	int bad = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	serial[0] = (unsigned char)((serial[0] & 0x7f) | 1);
	bad |= gnutls_x509_crt_set_version(crt, 3);
	bad |= gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	bad |= gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME,
	    0, "Saqta", 5);
	bad |= gnutls_x509_crt_set_activation_time(crt, from);
	bad |=
	    gnutls_x509_crt_set_expiration_time(crt, from + TLS_DAYS * 86400L);
	bad |= gnutls_x509_crt_set_key(crt, key);
	bad |= set_names(crt);
	bad |= gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	bad |= gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	bad |= gnutls_x509_crt_set_key_purpose_oid(crt,
	    GNUTLS_KP_TLS_WWW_SERVER, 0);
	bad |= gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
	return bad;
}

static enum err write_all(int fd, const unsigned char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done <= 0)
			return ERR_SYS;
		p += done;
		n -= (size_t)done;
	}
	return fsync(fd) == 0 ? OK : ERR_SYS;
}

/* A whole file or none: temporary, sync, rename. */
static enum err put_file(int dir, const char *name, mode_t mode,
    const gnutls_datum_t *d)
{
	char temp[32];
	enum err err;
	int fd;

	snprintf(temp, sizeof(temp), ".%s.new", name);
	unlinkat(dir, temp, 0);
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return ERR_SYS;
	err = write_all(fd, d->data, d->size);
	close(fd);
	if (err == OK && renameat(dir, temp, dir, name) != 0)
		err = ERR_SYS;
	return err;
}

static enum err make(int dir)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	gnutls_datum_t k = {0}, c = {0};
	enum err err = ERR_INTERNAL;

	if (gnutls_x509_privkey_init(&key) != 0 ||
	    gnutls_x509_crt_init(&crt) != 0 ||
	    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) != 0 ||
	    set_certificate(crt, key) != 0 ||
	    gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &k) != 0 ||
	    gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &c) != 0)
		goto out;
	/* The certificate last: with it both are there. */
	err = put_file(dir, "tls.key", 0600, &k);
	if (err == OK)
		err = put_file(dir, "tls.crt", 0644, &c);
	if (err == OK && fsync(dir) != 0)
		err = ERR_SYS;
out:
	if (k.data)
		explicit_bzero(k.data, k.size);
	gnutls_free(k.data);
	gnutls_free(c.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
	return err;
}

static enum err get_file(int dir, const char *name, char **ret)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	char *p;
	ssize_t n;

	if (fd < 0)
		return ERR_SYS;
	p = calloc(1, PEM_MAX + 1);
	n = p ? read(fd, p, PEM_MAX) : -1;
	close(fd);
	if (n <= 0) {
		free(p);
		return ERR_SYS;
	}
	*ret = p;
	return OK;
}

/* SHA-256 of the public key, as curl and RFC 7469 pin it. */
static bool get_pin(gnutls_x509_crt_t crt, char *out, size_t room)
{
	unsigned char sum[32];
	size_t n = sizeof(sum);
	gnutls_datum_t in = {sum, sizeof(sum)}, b64;
	bool fits;

	if (gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, sum, &n) !=
		0 ||
	    gnutls_base64_encode2(&in, &b64) != 0)
		return false;
	fits = (size_t)snprintf(out, room, "sha256//%.*s", (int)b64.size,
		   (char *)b64.data) < room;
	gnutls_free(b64.data);
	return fits;
}

/* That key and certificate belong together, and the fingerprint. */
static enum err check(struct tls *t)
{
	gnutls_certificate_credentials_t cred = NULL;
	gnutls_datum_t c = {
	    (unsigned char *)t->cert, (unsigned)strlen(t->cert)};
	gnutls_datum_t k = {(unsigned char *)t->key, (unsigned)strlen(t->key)};
	gnutls_x509_crt_t crt = NULL;
	unsigned char sum[FINGERPRINT_BYTES];
	size_t n = sizeof(sum);
	enum err err = ERR_CONFIG;

	if (gnutls_certificate_allocate_credentials(&cred) != 0 ||
	    gnutls_certificate_set_x509_key_mem(cred, &c, &k,
		GNUTLS_X509_FMT_PEM) < 0 ||
	    gnutls_x509_crt_init(&crt) != 0 ||
	    gnutls_x509_crt_import(crt, &c, GNUTLS_X509_FMT_PEM) != 0 ||
	    gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, sum, &n) !=
		0 ||
	    !get_pin(crt, t->pin, sizeof(t->pin)))
		goto out;
	fingerprint_text(sum, t->fingerprint);
	t->ends_s = gnutls_x509_crt_get_expiration_time(crt);
	err = OK;
out:
	if (crt)
		gnutls_x509_crt_deinit(crt);
	if (cred)
		gnutls_certificate_free_credentials(cred);
	return err;
}

void tls_wipe(struct tls *t)
{
	if (t->key)
		explicit_bzero(t->key, strlen(t->key));
	free(t->key);
	free(t->cert);
	memset(t, 0, sizeof(*t));
}

/* A credential of systemd's, where there is one, else a file of the state. */
static enum err get(int dir, const char *credential, const char *name,
    char **ret)
{
	int from = credential_dir(credential);
	enum err err;

	if (from < 0)
		return get_file(dir, name, ret);
	err = get_file(from, credential, ret);
	close(from);
	return err;
}

static bool has(int dir, const char *credential, const char *name)
{
	int from = credential_dir(credential);

	if (from >= 0)
		close(from);
	return from >= 0 || faccessat(dir, name, F_OK, 0) == 0;
}

enum err tls_load(const char *path, struct tls *ret)
{
	struct tls t = {.key = NULL};
	bool has_key, has_crt;
	enum err err = OK;
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		log_error("[web] state = %s: %s", path, strerror(errno));
		return ERR_CONFIG;
	}
	has_key = has(dir, CREDENTIAL_KEY, "tls.key");
	has_crt = has(dir, CREDENTIAL_CRT, "tls.crt");
	/* One alone may be its owner's: refused below, not overwritten. */
	if (!has_crt && !has_key)
		err = make(dir);
	if (err == OK)
		err = get(dir, CREDENTIAL_KEY, "tls.key", &t.key);
	if (err == OK)
		err = get(dir, CREDENTIAL_CRT, "tls.crt", &t.cert);
	if (err == OK)
		err = check(&t);
	close(dir);
	if (err != OK) {
		notify_cannot("start-certificate",
		    "%s/tls.key and tls.crt: not a key with its certificate: "
		    "%s",
		    path, err_text(err));
		tls_wipe(&t);
		return ERR_CONFIG;
	}
	*ret = t;
	return OK;
}
