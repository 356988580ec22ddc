/* view_align.c - the clocks of journals beside the video's, as JSON. */
#include <stdlib.h>
#include <string.h>

#include "storage/align.h"
#include "storage/view_json.h"
#include "storage/view_transaction.h"

static json_t *piece_json(const struct view *v, const struct alignment *a)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:i, s:o}",
	    "entry", (json_int_t)a->entry, "atm",
	    json_text(a->atm, strlen(a->atm)), "from", json_time(a->from_ns),
	    "made", json_time(a->made_ns), "who", view_person(v, a->person),
	    "offset_ms", (json_int_t)a->offset_ms, "uncertainty_ms",
	    (json_int_t)a->uncertainty_ms, "samples", (int)a->samples,
	    "jump_ms", a->jump_ms ? json_integer(a->jump_ms) : json_null());
}

enum err view_alignments(const struct view *v, char **ret)
{
	struct alignments all;
	json_t *array = json_array();
	enum err err = index_alignments(v->ix, &all);

	for (size_t i = 0; !err && i < all.n; i++)
		if (json_array_append_new(array, piece_json(v, &all.all[i])))
			err = ERR_NO_MEMORY;
	if (!err)
		free(all.all);
	if (err) {
		json_decref(array);
		return err;
	}
	return view_text(json_pack("{s:o, s:i}", "alignments", array,
			     "unmeasured_ms", ALIGN_UNKNOWN_MS),
	    ret);
}

enum err view_clock_alarms(const struct view *v,
    void (*fn)(void *arg, const struct alignment *a), void *arg)
{
	struct alignments all;
	enum err err = index_alignments(v->ix, &all);

	if (err)
		return err;
	for (size_t i = 0; i < all.n; i++)
		if (align_alarm(&all, all.all[i].atm, v->now) == &all.all[i])
			fn(arg, &all.all[i]);
	free(all.all);
	return OK;
}
