#include "storage/zone.h"

#include <stdio.h>
#include <string.h>

#include "storage/bytes.h"

/* One zone from *p on, which then stands behind it; false: it is none. */
static bool parse(const unsigned char **p, const unsigned char *end,
    struct zone *ret)
{
	const unsigned char *b = *p;

	if (end - b < 2)
		return false;
	ret->kind = (enum zone_kind)b[0];
	ret->n = b[1];
	if (ret->kind < ZONE_BLUR || ret->kind >= ZONE_KIND_MAX ||
	    ret->n < ZONE_CORNERS_MIN || ret->n > ZONE_CORNERS_MAX ||
	    end - b - 2 < 4 * (int)ret->n)
		return false;
	b += 2;
	for (unsigned i = 0; i < ret->n; i++, b += 4) {
		ret->at[i].x = (unsigned)be_get(b, 2);
		ret->at[i].y = (unsigned)be_get(b + 2, 2);
		if (ret->at[i].x > ZONE_SCALE || ret->at[i].y > ZONE_SCALE)
			return false;
	}
	*p = b;
	return true;
}

const char *zones_name(const char *camera, char name[ZONES_NAME_MAX])
{
	snprintf(name, ZONES_NAME_MAX, "zones %s", camera);
	return name;
}

enum err zones_parse(const void *p, size_t n, struct zones *ret)
{
	const unsigned char *b = p, *end = b + n;
	struct zones z = {0};

	if (!n || *b > ZONES_MAX)
		return ERR_INVALID;
	z.n = *b++;
	for (unsigned i = 0; i < z.n; i++)
		if (!parse(&b, end, &z.of[i]))
			return ERR_INVALID;
	if (b != end)
		return ERR_INVALID;
	*ret = z;
	return OK;
}

enum err zones_get(struct wire *w, unsigned char ret[ZONES_BYTES_MAX],
    size_t *ret_n)
{
	size_t n = w->len - w->pos;
	struct zones z;
	enum err err = w->err;

	if (!err && n > ZONES_BYTES_MAX)
		err = ERR_INVALID;
	if (!err)
		err = zones_parse(w->buf + w->pos, n, &z);
	if (err)
		return err;
	memcpy(ret, w->buf + w->pos, n);
	*ret_n = n;
	w->pos = w->len;
	return wire_end(w);
}
