/*
 * handle_zone.c - what views of a camera cover (zone.h): entered, then told to
 * whoever looks. What is recorded and what leaves knows nothing of it.
 */
#include "storage/keeper.h"
#include "storage/zone.h"

static const char refused[] =
    "At most 8 zones of 3 to 12 corners each, within the picture: 0 to 1000.";

/* Who hangs cameras up, and who answers for what people get to see. */
static bool may_cover(const struct conn *c)
{
	return c->reader && c->reader->signed_in &&
	    (c->reader->role == ROLE_OPERATOR ||
		c->reader->role == ROLE_CUSTODIAN);
}

static enum err enter(struct keeper *k, const struct conn *c, const char *id,
    const unsigned char *zones, size_t n)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_ZONES, who_asks(c));
	entry_put_text(&x.e, TAG_CAMERA, id);
	entry_put_bytes(&x.e, TAG_ZONES, zones, n);
	return enter_end(k, &x, NULL);
}

void handle_zones(struct keeper *k, struct conn *c, struct wire *w)
{
	char id[CAMERA_ID_MAX + 1], name[ZONES_NAME_MAX];
	unsigned char zones[ZONES_BYTES_MAX];
	size_t n = 0;
	enum err err;

	wire_get_text(w, id, sizeof(id));
	err = zones_get(w, zones, &n);
	if (!err && !may_cover(c))
		err = ERR_DENIED;
	if (!err && !camera_find(k, id))
		err = ERR_NOT_FOUND;
	/* a worker is putting those of older entries */
	if (!err && k->rebuild)
		err = ERR_REBUILDING;
	if (!err)
		err = enter(k, c, id, zones, n);
	if (!err)
		err = index_setting_put(k->ix, zones_name(id, name), zones, n);
	if (err)
		conn_error(c, w->id, err, err == ERR_INVALID ? refused : NULL);
	else
		conn_ok(c, w->id);
}
