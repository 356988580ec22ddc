/*
 * view_json.h - shared by view*.c, the only files that include <jansson.h>.
 * There are several because the answers together are too much for one file.
 *
 * Errors are sticky as in jansson: NULL where memory is short, which
 * json_pack() passes on and view_text() reports.
 */
#ifndef SAQTA_VIEW_JSON_H
#define SAQTA_VIEW_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "storage/view.h"

/* RFC 3339 with the site's offset. */
json_t *json_time(int64_t ns);
/* null where ns is 0. */
json_t *json_time_or_null(int64_t ns);
/* A number above 2^53 as a string: JavaScript would round it. */
json_t *json_ns(int64_t ns);
/* Text that may not be UTF-8; then null. */
json_t *json_text(const void *p, size_t n);
/* Words separated by one space, as an array. */
json_t *json_words(const char *s);
/*
 * Cut a list of objects, in the order of their numbers "id", to a page of it.
 *   ret_next  where it goes on, or null
 */
must_check enum err json_page(json_t *array, const struct page *page,
    json_t **ret_next);
/* The number of a page's last item, 0 without one; ERR_INVALID. */
must_check enum err page_number(const struct page *page, uint64_t *ret);
/* What views of a camera cover (zone.h); none where the bytes are no zones. */
json_t *json_zones(const void *p, size_t n);
/* FRAGMENT_* but the key frame. */
json_t *json_flags(uint32_t flags);

/* Terms, in the status (view_retention.c). */
json_t *view_retention(const struct view *v);
/* Print j and free it. ERR_NO_MEMORY where j is NULL. */
must_check enum err view_text(json_t *j, char **ret);
/* A person's name; null for 0 and where there is none. */
json_t *view_person(const struct view *v, uint64_t person);
/* What people call the state that the request is in now. */
const char *view_request_state(const struct view *v,
    const struct request_row *r);
/* Is the camera recording (P9)? */
must_check enum err view_recording(const struct view *v,
    const struct camera_row *c, int64_t proved_ns, bool *ret);

/* What is wrong now, by the other members of the status; NULL on failure. */
json_t *view_incidents(const struct view *v, const json_t *status);

/* What root's timer says of the machine; null where it says nothing. */
json_t *view_host(const struct view *v);
void view_host_metrics(FILE *f, const json_t *status);

/* Who witnesses our log and since when; NULL without memory. */
json_t *view_witness_state(const struct view *v);
/*
 * Who cosigned last: names (returned, for json_decref()), when, and how many
 * entries; *ret_s 0 where nobody has.
 */
json_t *view_witnessed(const struct view *v, int64_t *ret_s,
    uint64_t *ret_size);

/* All volumes together. */
struct view_room {
	uint64_t free_bytes, total_bytes, reserve_bytes;
	uint64_t above_bytes;	/* free above the reserves */
	bool full, away; /* all are below the reserve; one is away */
};
/* The forecast (P11) for that room. */
/* Volumes whose disk reported errors. */
json_t *view_faults(const struct view *v);
/* How far set-up is, and what it waits for. */
json_t *view_setup(const struct view *v);
json_t *view_forecast(const struct view *v, const struct view_room *room);
/* Each volume with its room now; NULL without memory. */
json_t *view_volumes(const struct view *v, struct view_room *ret);

#endif
