/*
 * check_gone.c - volumes that were given up for others (entry 110), and the
 * segments that were entered as lost with them (77): gone, and accounted for.
 * Only the ledger is believed: data/volumes alone says nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/check_state.h"

#define NEVER_ENTERED 2 /* of a camera, when a volume breaks */

static enum err on_volume(struct check *c, const struct entry_view *v)
{
	struct check_given_up g = {.time_ns = v->time.ns};
	struct entry_field uuid, number;

	if (!entry_find(v, TAG_VOLUME, &uuid) || uuid.n >= sizeof(g.uuid) ||
	    !entry_find(v, TAG_VOLUME_NUMBER, &number) ||
	    c->given_up_n == VOLUMES_MAX)
		return OK;
	memcpy(g.uuid, uuid.p, uuid.n);
	g.number = field_u64(&number);
	c->given_up[c->given_up_n++] = g;
	return OK;
}

/* The scrub found nothing of it, because its volume was given up. */
static enum err on_segment(struct check *c, const struct entry_view *v)
{
	struct entry_field id, seq, number;
	char camera[CAMERA_ID_MAX + 1] = "";
	bool given_up = false;
	struct check_camera *cam;
	uint64_t *p;

	if (!entry_find(v, TAG_VOLUME_NUMBER, &number) ||
	    !entry_find(v, TAG_SEQ, &seq) || !entry_find(v, TAG_CAMERA, &id) ||
	    id.n >= sizeof(camera))
		return OK;
	for (size_t i = 0; i < c->given_up_n; i++)
		given_up =
		    given_up || c->given_up[i].number == field_u64(&number);
	if (!given_up)
		return OK;
	memcpy(camera, id.p, id.n);
	cam = check_camera(c, camera);
	p = cam ? reallocarray(cam->gone, cam->gone_n + 1, sizeof(*p)) : NULL;
	if (!p)
		return ERR_NO_MEMORY;
	cam->gone = p;
	p[cam->gone_n++] = field_u64(&seq);
	return OK;
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

bool check_gone_before(const struct check *c, int64_t at_ns)
{
	for (size_t i = 0; i < c->given_up_n; i++)
		if (at_ns <= c->given_up[i].time_ns)
			return true;
	return false;
}

/*
 * Is every number from first to last gone, or erased, but for what was never
 * entered because its volume broke: one that was being written, and one before
 * it that waited for its sync?
 */
bool check_gone_numbers(const struct check *c, const struct check_camera *cam,
    uint64_t first, uint64_t last)
{
	size_t left = NEVER_ENTERED * c->given_up_n + 1;

	for (uint64_t n = first; n <= last && left; n++)
		left -= !check_is_gone(cam, n) && !check_erased(cam, n);
	return left > 0;
}
