/* certificate.c - the only file of the tool that includes <openssl/>. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "storage/tool/doctor.h"

bool certificate_days(const char *path, long *ret_days)
{
	FILE *f = fopen(path, "re");
	X509 *crt = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	int days, seconds;
	bool ok;

	if (f)
		fclose(f);
	ok = crt &&
	    ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(crt)) == 1;
	if (ok)
		*ret_days = seconds < 0 ? days - 1 : days;
	X509_free(crt);
	return ok;
}
