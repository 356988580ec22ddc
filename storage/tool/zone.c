/*
 * zone.c - saqta setup zone: the site's zone put right while nothing depends on
 * it. Days, terms and keys are by local midnight: with the first camera it is
 * fixed for good.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/index.h"
#include "storage/ledger.h"
#include "storage/site.h"
#include "storage/tool/console.h"
#include "storage/tool/setup.h"

static int refuse(const char *why)
{
	fprintf(stderr, "saqta: %s\n", why);
	return EXIT_FAILED;
}

static bool has_camera(const struct config *conf)
{
	struct index *ix = NULL;
	struct camera_row row;
	bool has = index_open(conf->data, true, &ix) ||
	    index_camera_next(ix, "", &row) != ERR_NOT_FOUND;

	index_close(ix);
	return has;
}

static enum err enter_zone(int data_fd, const char *zone)
{
	struct ledger *l = NULL;
	struct entry e;
	size_t cut;
	uint64_t at;
	enum err err = ledger_open(data_fd, &l, &cut);

	if (err)
		return err;
	entry_begin(&e, ENTRY_SETUP, utc_now(), 0);
	entry_put_text(&e, TAG_ZONE, zone);
	entry_put_u64(&e, TAG_SETUP, SETUP_STEP_ZONE);
	err = entry_end(&e);
	if (!err)
		err = ledger_put(l, &e, &at);
	if (!err)
		err = ledger_commit(l);
	if (!err)
		err = ledger_checkpoint(l);
	ledger_close(l);
	return err;
}

int setup_zone(const struct config *conf, const char *zone)
{
	char now[64];
	struct site site;
	enum err err;
	int fd, lock;

	if (!become_owner(conf->data))
		return EXIT_FAILED;
	fd = open(conf->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lock = open(conf->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || lock < 0 || site_read(fd, &site))
		return refuse("there is no site yet: saqta init makes it, with "
			      "--zone");
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		return refuse("saqta-storage runs: systemctl stop "
			      "saqta-storage first");
	if (has_camera(conf))
		return refuse("a camera was added already: terms and keys go "
			      "by this zone's midnights, so it stays");
	if (utc_site(zone))
		return refuse("there is no such time zone; timedatectl "
			      "list-timezones names them");
	snprintf(site.zone, sizeof(site.zone), "%s", zone);
	err = enter_zone(fd, zone);
	if (!err)
		err = site_write(fd, &site);
	if (err)
		return refuse(err_text(err));
	utc_rfc3339(utc_now(), now, sizeof(now));
	printf("The site's zone is %s: it is now %.16s there. Put zone = %s "
	       "into the\nconfiguration as well, then start saqta-storage and "
	       "saqta-web.\n",
	    zone, now, zone);
	return EXIT_FINE;
}
