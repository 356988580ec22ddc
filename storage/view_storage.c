/* view_storage.c - answers about volumes and their room. */
#include <unistd.h>

#include "storage/disk.h"
#include "storage/fault.h"
#include "storage/forecast.h"
#include "storage/setup.h"
#include "storage/view_json.h"
#include "storage/volume.h"

/* Room as it is now; a reader holds no descriptor of further volumes. */
static bool room(const struct view *v, const struct volume *vol,
    uint64_t *ret_free, uint64_t *ret_total)
{
	enum err err;
	int fd;

	if (volume_open_dir(v->data_fd, vol->number, &fd))
		return false;
	err = disk_room(fd, ret_free, ret_total);
	close(fd);
	return !err;
}

static json_t *volume_json(const struct volume *vol, bool here, bool full,
    uint64_t free_bytes, uint64_t total)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:I, s:I}", "number",
	    (int)vol->number, "uuid", vol->uuid, "path", vol->path, "state",
	    !here    ? "away" :
		full ? "full" :
		       "ok",
	    "free_bytes", (json_int_t)free_bytes, "total_bytes",
	    (json_int_t)total);
}

json_t *view_volumes(const struct view *v, struct view_room *ret)
{
	json_t *array = json_array();

	*ret = (struct view_room){.full = true};
	for (unsigned i = 0; i < volumes_count(); i++) {
		const struct volume *vol = volume_at(i);
		uint64_t free_bytes = 0, total = 0;
		bool here, full;

		if (vol->lost)
			continue;
		here = room(v, vol, &free_bytes, &total);
		full = free_bytes <= v->reserve_bytes;
		ret->free_bytes += free_bytes;
		ret->total_bytes += total;
		ret->reserve_bytes += here ? v->reserve_bytes : 0;
		ret->full = ret->full && full;
		if (here && !full)
			ret->above_bytes += free_bytes - v->reserve_bytes;
		ret->away = ret->away || !here;
		if (json_array_append_new(array,
			volume_json(vol, here, full, free_bytes, total)) < 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

/* Alarms of disks that reported errors. */
json_t *view_faults(const struct view *v)
{
	struct fault all[VOLUMES_MAX];
	json_t *array = json_array();

	faults_find(v->ix, all);
	for (int i = 0; i < VOLUMES_MAX; i++)
		if (all[i].n &&
		    json_array_append_new(array,
			json_pack("{s:i, s:s, s:I, s:o, s:o}", "volume", i,
			    "what", fault_name(all[i].what), "errors",
			    (json_int_t)all[i].n, "since",
			    json_time(all[i].since_ns), "last",
			    json_time(all[i].last_ns))) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

json_t *view_forecast(const struct view *v, const struct view_room *room)
{
	static struct forecast f;
	uint64_t above = room->above_bytes;
	struct holds h = {0};
	enum err err = holds_read(v->data_fd, &h);

	if (err == ERR_NOT_FOUND)
		err = OK;
	if (!err)
		err = forecast_gather(v->ix, &h, v->now, above, 0, &f);
	holds_free(&h);
	if (err)
		return json_null();
	forecast_run(&f);
	return json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}",
	    "cameras", (int)f.cameras, "measured", (int)f.measured, "rate_bps",
	    (json_int_t)f.rate * 8, "need_bytes", (json_int_t)f.need_bytes,
	    "capacity_bytes", (json_int_t)f.capacity_bytes, "footage_bytes",
	    (json_int_t)f.footage_bytes, "held_bytes", (json_int_t)f.held_bytes,
	    "growth_bps", (json_int_t)f.growth * 8 * FORECAST_GROWTH_DAYS,
	    "days_left",
	    f.days_left < 0 ? json_null() : json_integer(f.days_left),
	    "full_on",
	    f.days_left < 0 ? json_null() :
			      json_time(v->now.ns +
				  f.days_left * INT64_C(86400) * NS_PER_SEC));
}

json_t *view_setup(const struct view *v)
{
	static const char *const states[] = {"over", "code", "steps"};
	struct setup s;
	unsigned custodians = 0;
	uint64_t accepted = 0;
	size_t n;

	if (setup_get(v->ix, &s) || index_custodians(v->ix, &custodians))
		return json_null();
	if (index_setting_find(v->ix, FORECAST_ACCEPTED, &accepted,
		sizeof(accepted), &n))
		accepted = 0;
	return json_pack("{s:s, s:i, s:I}", "state", states[s.state],
	    "custodians", (int)custodians, "accepted_bytes",
	    (json_int_t)accepted);
}
