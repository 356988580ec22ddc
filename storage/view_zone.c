/* view_zone.c - zones of a picture (zone.h), as people are told them. */
#include "storage/view_json.h"
#include "storage/zone.h"

static json_t *zone_json(const struct zone *z)
{
	json_t *corners = json_array();

	for (unsigned i = 0; i < z->n; i++)
		json_array_append_new(corners,
		    json_pack("{s:i, s:i}", "x", (int)z->at[i].x, "y",
			(int)z->at[i].y));
	return json_pack("{s:s, s:o}", "kind",
	    z->kind == ZONE_FILL ? "fill" : "blur", "corners", corners);
}

json_t *json_zones(const void *p, size_t n)
{
	json_t *array = json_array();
	struct zones z;

	if (zones_parse(p, n, &z))
		z.n = 0;
	for (unsigned i = 0; i < z.n; i++)
		if (json_array_append_new(array, zone_json(&z.of[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}
