/* handle_control.c - the saqta tool: state, coverage, lists. */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/view.h"

static bool traffic(const struct keeper *k, const char *camera,
    struct view_traffic *ret)
{
	for (const struct camera *m = k->cameras; m; m = m->next)
		if (!strcmp(m->id, camera)) {
			*ret = (struct view_traffic){m->pace.received, m->over};
			return true;
		}
	return false;
}

struct view view_of_keeper(struct keeper *k)
{
	return (struct view){.ix = k->ix,
	    .ledger = k->ledger,
	    .data_fd = k->data_fd,
	    .site = k->conf.site_name,
	    .zone = k->site.zone,
	    .demo = k->conf.demo,
	    .reserve_bytes = (uint64_t)k->conf.reserve_mb << 20,
	    .now = k->now,
	    .sign_ins = k->sign_ins,
	    .sign_ins_refused = k->sign_ins_refused,
	    .traffic = traffic,
	    .keeper = k,
	    .role = ROLE_OPERATOR};
}

static void answer(struct conn *c, uint32_t id, uint16_t type, enum err err,
    char *json)
{
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_json(c, type, id, json);
}

void handle_cameras(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = view_of_keeper(k);
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_cameras(&v, &json);
	answer(c, w->id, MSG_CAMERAS_IS, err, json);
}

void handle_status(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = view_of_keeper(k);
	char *json = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_status(&v, &json);
	answer(c, w->id, MSG_STATUS_IS, err, json);
}

void handle_metrics(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = view_of_keeper(k);
	char *text = NULL;
	enum err err = wire_end(w);

	if (!err)
		err = view_metrics(&v, &text);
	answer(c, w->id, MSG_METRICS_IS, err, text);
}

void handle_coverage(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = view_of_keeper(k);
	char camera[CAMERA_ID_MAX + 1], *json = NULL;
	int64_t from, to;
	enum err err;

	wire_get_text(w, camera, sizeof(camera));
	from = wire_get_i64(w);
	to = wire_get_i64(w);
	err = wire_end(w);
	if (!err)
		err = view_coverage(&v, camera, from, to, &json);
	answer(c, w->id, MSG_COVERAGE_IS, err, json);
}

void handle_recorder_key(struct keeper *k, struct conn *c, struct wire *w)
{
	static const unsigned char none[KEY_BYTES];
	uint32_t id = w->id;

	if (!may_onboard(c)) {
		conn_error(c, id, ERR_DENIED, NULL);
		return;
	}
	if (!memcmp(k->recorder_key, none, KEY_BYTES)) {
		conn_error(c, id, ERR_UNAVAILABLE,
		    "The recorder has not introduced itself yet: start "
		    "saqta-recorder first.");
		return;
	}
	wire_begin(w, MSG_RECORDER_KEY_IS, id);
	wire_put_bytes(w, k->recorder_key, KEY_BYTES);
	conn_send(c, w, -1);
}
