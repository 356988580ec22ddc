/* view_host.c - the machine: clock, arrays, disks, as root's timer found them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/host.h"
#include "storage/view_json.h"

static json_t *number_or_null(int64_t n)
{
	return n == HOST_UNKNOWN ? json_null() : json_integer(n);
}

static json_t *yes_or_null(enum host_yes y)
{
	return y == HOST_MAYBE ? json_null() : json_boolean(y == HOST_YES);
}

static json_t *arrays(const struct host *h)
{
	json_t *all = json_array();

	for (size_t i = 0; i < h->arrays_n; i++) {
		const struct host_array *a = &h->arrays[i];

		if (json_array_append_new(all,
			json_pack("{s:s, s:s, s:b, s:i, s:i}", "name", a->name,
			    "level", a->level, "active", a->active, "disks",
			    (int)a->disks, "missing", (int)a->missing)) < 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

static json_t *disks(const struct host *h)
{
	json_t *all = json_array();

	for (size_t i = 0; i < h->disks_n; i++) {
		const struct host_disk *d = &h->disks[i];

		if (json_array_append_new(all,
			json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
			    "name", d->name, "model", d->model, "healthy",
			    yes_or_null(d->healthy), "celsius",
			    number_or_null(d->celsius), "hours",
			    number_or_null(d->hours), "reallocated",
			    number_or_null(d->reallocated), "pending",
			    number_or_null(d->pending), "worn_percent",
			    number_or_null(d->worn_percent))) < 0) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

json_t *view_host(const struct view *v)
{
	struct host *h = malloc(sizeof(*h));
	size_t n = 0;
	json_t *j;

	if (!h)
		return NULL;
	if (index_setting_find(v->ix, HOST_SETTING, h, sizeof(*h), &n) ||
	    n != sizeof(*h) || h->taken_s == HOST_UNKNOWN) {
		free(h);
		return json_null();
	}
	j = json_pack("{s:o, s:I, s:{s:o, s:s?, s:o}, s:o, s:o}", "taken",
	    json_time(h->taken_s * NS_PER_SEC), "age_s",
	    (json_int_t)(v->now.ns / NS_PER_SEC - h->taken_s), "clock",
	    "synchronised", yes_or_null(h->synced), "source",
	    *h->source ? h->source : NULL, "offset_s",
	    h->has_offset ? json_real(h->offset_s) : json_null(), "arrays",
	    arrays(h), "disks", disks(h));
	free(h);
	return j;
}

static void head(FILE *f, const char *name, const char *help)
{
	fprintf(f, "# HELP saqta_%s %s\n# TYPE saqta_%s gauge\n", name, help,
	    name);
}

/* A number of each array or disk that has it, in units of so many. */
static void each(FILE *f, const json_t *all, const char *label, const char *key,
    double unit, const char *name, const char *help)
{
	const json_t *o, *n;
	size_t i;

	head(f, name, help);
	json_array_foreach(all, i, o)
	{
		n = json_object_get(o, key);
		if (!json_is_number(n) && !json_is_boolean(n))
			continue;
		fprintf(f, "saqta_%s{%s=\"%s\"} %.12g\n", name, label,
		    json_string_value(json_object_get(o, "name")),
		    json_is_number(n) ? json_number_value(n) / unit :
					json_is_true(n));
	}
}

void view_host_metrics(FILE *f, const json_t *status)
{
	const json_t *h = json_object_get(status, "host");
	const json_t *offset =
	    json_object_get(json_object_get(h, "clock"), "offset_s");
	const json_t *a = json_object_get(h, "arrays"),
		     *d = json_object_get(h, "disks");

	if (!json_is_object(h))
		return;
	head(f, "host_facts_age_seconds",
	    "Since root's timer looked at the machine.");
	fprintf(f, "saqta_host_facts_age_seconds %lld\n",
	    json_integer_value(json_object_get(h, "age_s")));
	if (json_is_number(offset)) {
		head(f, "clock_offset_seconds",
		    "Of the wall clock, as its time source says.");
		fprintf(f, "saqta_clock_offset_seconds %.9g\n",
		    json_number_value(offset));
	}
	each(f, a, "array", "missing", 1, "array_disks_missing",
	    "Disks that an array works without.");
	each(f, d, "disk", "healthy", 1, "disk_healthy",
	    "0 where SMART says that the disk is failing.");
	each(f, d, "disk", "celsius", 1, "disk_temperature_celsius",
	    "Of the disk, by SMART.");
	each(f, d, "disk", "reallocated", 1, "disk_reallocated_sectors",
	    "Sectors that the disk has replaced.");
	each(f, d, "disk", "pending", 1, "disk_pending_sectors",
	    "Sectors that the disk could not read.");
	each(f, d, "disk", "worn_percent", 100, "disk_worn_ratio",
	    "Share of its rated life that is used, of flash.");
}
