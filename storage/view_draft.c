/* view_draft.c - requests that nobody has made yet, told to who writes them. */
#include <string.h>

#include "storage/etag.h"
#include "storage/people.h"
#include "storage/view_json.h"

#define DAY_NS (24 * 3600 * NS_PER_SEC)

static json_t *right_json(unsigned rights)
{
	return !rights ?
	    json_null() :
	    json_string(rights == RIGHT_EXPORT ? "export" : "view");
}

static json_t *code_json(int code)
{
	return code < 0 ? json_null() :
			  json_string(reason_code_name((unsigned)code));
}

static enum err put_draft(const struct draft_row *d, void *arg)
{
	json_t *array = arg;
	char etag[ETAG_TEXT];

	etag_draft(d, etag);
	return json_array_append_new(array,
		   json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			     "s:o, s:o, s:o, s:s}",
		       "id", (json_int_t)d->id, "saved", json_time(d->saved_ns),
		       "ends", json_time(d->saved_ns + DRAFT_DAYS * DAY_NS),
		       "cameras", json_words(d->cameras), "from",
		       json_time_or_null(d->from_ns), "to",
		       json_time_or_null(d->to_ns), "reason",
		       json_text(d->reason, strlen(d->reason)), "case",
		       json_text(d->case_no, strlen(d->case_no)), "longer",
		       json_text(d->longer, strlen(d->longer)), "reason_code",
		       code_json(d->reason_code), "right",
		       right_json(d->rights), "until",
		       json_time_or_null(d->until_ns), "etag", etag)) ?
	    ERR_NO_MEMORY :
	    OK;
}

enum err view_drafts(const struct view *v, char **ret)
{
	json_t *array = json_array();
	enum err err = v->person ?
	    index_drafts(v->ix, v->person, put_draft, array) :
	    ERR_DENIED;

	if (!err)
		err = view_text(json_pack("{s:O}", "drafts", array), ret);
	json_decref(array);
	return err;
}
