/*
 * expire_unused.c - keys that were made ahead for a day on which nothing was
 * recorded: they open nothing and are not kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/expire_sweep.h"
#include "storage/site.h"

#define EACH 256 /* looked at in a sweep: the loop waits for it */
#define PAST_NS (INT64_C(2) * 86400 * NS_PER_SEC)

/* Volumes that are away may have what the index does not know. */
static bool all_here(void)
{
	for (unsigned i = 0; i < volumes_count(); i++)
		if (volume_is_away(volume_at(i)->number))
			return false;
	return volumes_count() > 0;
}

static enum err is_there(const struct segment_row *s, void *arg)
{
	bool *there = arg;

	(void)s;
	*there = true;
	return OK;
}

/* Neither a row nor so much as a folder, on any volume. */
static bool is_unused(struct keeper *k, const char *camera, const char *day)
{
	bool there = false;
	char dir[96];

	if (index_segments_of_day(k->ix, camera, day, 0, 1, is_there, &there) ||
	    there)
		return false;
	path_day(camera, day, dir, sizeof(dir));
	for (unsigned i = 0; i < volumes_count(); i++)
		if (volume_at(i)->lost)
			continue;
		else if (!faccessat(volume_at(i)->fd, dir, F_OK,
			     AT_SYMLINK_NOFOLLOW) ||
		    errno != ENOENT)
			return false;
	return true;
}

static enum err enter_unused(struct keeper *k, const char *day, uint64_t n)
{
	struct enter e;
	enum err err;

	enter_begin(k, &e, ENTRY_UNUSED_KEYS, 0);
	entry_put_text(&e.e, TAG_DAY, day);
	entry_put_u64(&e.e, TAG_KEYS, n);
	err = enter_end(k, &e, NULL);
	return err ? err : ledger_commit(k->ledger);
}

enum err sweep_unused(struct keeper *k, bool *ret_any)
{
	struct expire *x = k->expire;
	struct utc past = {x->both.ns - PAST_NS};
	char before[11], newest[11] = "", id[CAMERA_ID_MAX + 1], date[11];
	const char *camera, *day;
	uint64_t n = 0;

	if (!all_here())
		return OK;
	day_format(utc_local_day(past), before, sizeof(before));
	for (unsigned i = 0; i < EACH; i++) {
		if (!keyring_day_at(k->keyring, x->unused_at, &camera, &day)) {
			x->unused_at = 0;
			break;
		}
		if (strcmp(day, before) >= 0 || !is_unused(k, camera, day)) {
			x->unused_at++;
			continue;
		}
		memcpy(date, day, sizeof(date)); /* both go with the key */
		memcpy(id, camera, strlen(camera) + 1);
		keyring_drop_day(k->keyring, id, date);
		if (strcmp(date, newest) > 0)
			memcpy(newest, date, sizeof(newest));
		n++;
	}
	if (!n)
		return OK;
	*ret_any = true;
	log_info("%llu keys of days without footage are not kept",
	    (unsigned long long)n);
	return enter_unused(k, newest, n);
}
