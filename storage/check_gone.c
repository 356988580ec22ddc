/*
 * check_gone.c - volumes that were given up for others (entry 110), and the
 * segments that were entered as lost with them (77): gone, and accounted for.
 * Only the ledgers are believed: data/volumes alone says nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/check_state.h"

static struct check_given_up *find_uuid(struct check *c, const char *uuid)
{
	for (size_t i = 0; i < c->given_up_n; i++)
		if (!strcmp(c->given_up[i].uuid, uuid))
			return &c->given_up[i];
	return NULL;
}

/* A command that was broken off and given again enters the volume again. */
static enum err on_volume(struct check *c, const struct entry_view *v)
{
	struct check_given_up g = {.time_ns = v->time.ns}, *had;
	struct entry_field uuid, number;

	if (!entry_find(v, TAG_VOLUME, &uuid) || uuid.n >= sizeof(g.uuid) ||
	    !entry_find(v, TAG_VOLUME_NUMBER, &number))
		return OK;
	memcpy(g.uuid, uuid.p, uuid.n);
	g.number = field_u64(&number);
	had = find_uuid(c, g.uuid);
	if (had)
		*had = g;
	else if (c->given_up_n < VOLUMES_MAX)
		c->given_up[c->given_up_n++] = g;
	return OK;
}

/*
 * Heads do not say on which volume their journal stood; but a day of which a
 * segment was lost with one had a journal there.
 */
static enum err day_lost(struct check_camera *cam, int64_t from_ns,
    int64_t given_up_ns)
{
	char day[DAY_TEXT];
	size_t d;
	enum err e;

	day_format(utc_local_day((struct utc){from_ns}), day, sizeof(day));
	e = check_day(cam, day, &d);
	if (!e && cam->days[d].gone_ns < given_up_ns)
		cam->days[d].gone_ns = given_up_ns;
	return e;
}

/*
 * The scrub found nothing of it, because its volume was given up; or it was
 * being written there when that broke, or waited for its sync.
 */
static enum err on_segment(struct check *c, const struct entry_view *v)
{
	const struct check_given_up *g = NULL;
	struct entry_field id, seq, number, from;
	char camera[CAMERA_ID_MAX + 1] = "";
	struct check_camera *cam;
	uint64_t *p;

	if (!entry_find(v, TAG_VOLUME_NUMBER, &number) ||
	    !entry_find(v, TAG_SEQ, &seq) || !entry_find(v, TAG_FROM, &from) ||
	    !entry_find(v, TAG_CAMERA, &id) || id.n >= sizeof(camera))
		return OK;
	for (size_t i = 0; i < c->given_up_n; i++)
		if (c->given_up[i].number == field_u64(&number))
			g = &c->given_up[i];
	if (!g)
		return OK;
	memcpy(camera, id.p, id.n);
	cam = check_camera(c, camera);
	p = cam ? reallocarray(cam->gone, cam->gone_n + 1, sizeof(*p)) : NULL;
	if (!p)
		return ERR_NO_MEMORY;
	cam->gone = p;
	p[cam->gone_n++] = field_u64(&seq);
	return day_lost(cam, (int64_t)field_u64(&from), g->time_ns);
}

enum err check_gone_take(struct check *c, const struct entry_view *v)
{
	return v->type == ENTRY_VOLUME_LOST ? on_volume(c, v) :
	    v->type == ENTRY_LOST	    ? on_segment(c, v) :
					      OK;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void check_gone_sort(struct check *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->cameras[i].gone_n)
			qsort(c->cameras[i].gone, c->cameras[i].gone_n,
			    sizeof(*c->cameras[i].gone), compare);
}

bool check_is_gone(const struct check_camera *cam, uint64_t seq)
{
	return cam->gone_n &&
	    bsearch(&seq, cam->gone, cam->gone_n, sizeof(seq), compare);
}

bool check_given_up(const struct check *c, const char *uuid)
{
	for (size_t i = 0; i < c->given_up_n; i++)
		if (!strcmp(c->given_up[i].uuid, uuid))
			return true;
	return false;
}

bool check_gone_numbers(const struct check_camera *cam, uint64_t first,
    uint64_t last)
{
	for (uint64_t n = first; n <= last; n++)
		if (!check_is_gone(cam, n) && !check_erased(cam, n))
			return false;
	return true;
}
