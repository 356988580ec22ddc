/* doctor_away.c - why storage does not answer (doctor.h). */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/tool/doctor.h"

#define USER "saqta-storage"
#define START "systemctl restart saqta-storage saqta-recorder saqta-web"

/* What it said last, of why it ended; "" where nobody knows. */
static void last_words(char *buf, size_t n)
{
	char program[] = "journalctl", quiet[] = "-q", unit[] = "-u" USER,
	     errors[] = "-perr", one[] = "-n1", plain[] = "-ocat";
	char *argv[] = {program, quiet, unit, errors, one, plain, NULL};

	if (!doctor_printed("/usr/bin/journalctl", argv, buf, n))
		*buf = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

/* Its data are another machine's, whose users had other numbers. */
static bool is_foreign(const char *data, const char *site)
{
	const struct passwd *p = getpwnam(USER);
	struct stat st;

	return p &&
	    ((!stat(data, &st) && st.st_uid != p->pw_uid) ||
		(!stat(site, &st) && st.st_uid != p->pw_uid));
}

void doctor_storage_away(struct doctor *d, const char *text)
{
	const char *data = d->conf->data;
	char site[256], mend[320], words[400];

	snprintf(site, sizeof(site), "%s/site", data);
	if (is_foreign(data, site)) {
		snprintf(mend, sizeof(mend), "chown -R " USER ": %s && " START,
		    data);
		doctor_found(d, HEALTH_CRITICAL, "storage", mend,
		    "%s is of another machine, whose users have other numbers "
		    "(so are further volumes)",
		    data);
		return;
	}
	last_words(words, sizeof(words));
	doctor_found(d, HEALTH_CRITICAL, "storage", START, "%s (why: %s)",
	    *text ? text : "storage does not answer",
	    *words ? words : "journalctl -u " USER);
}

/* Pages and storage start only where there is a site: nobody else says this. */
void doctor_site(struct doctor *d)
{
	char site[256], crt[256];

	snprintf(site, sizeof(site), "%s/site", d->conf->data);
	/* saqta init makes it: this is no new machine */
	snprintf(crt, sizeof(crt), "%s/tls.crt", d->conf->web_state);
	if (access(site, F_OK) == 0 || errno != ENOENT)
		return;
	if (access(crt, F_OK) == 0)
		doctor_found(d, HEALTH_CRITICAL, "data", "mount -a && " START,
		    "%s: there is no site on it, so nothing starts: is its "
		    "disk mounted, and is it the right one? Mount the one with "
		    "the footage; never saqta init here",
		    d->conf->data);
	else
		doctor_found(d, HEALTH_CRITICAL, "data",
		    "saqta init --origin NAME --custodian USER",
		    "%s: there is no site yet. Was there one? Then mount its "
		    "disk first",
		    d->conf->data);
}
