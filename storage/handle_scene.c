/* handle_scene.c - what a camera's pictures look like, and the alarms of it. */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/bytes.h"
#include "storage/keeper.h"

#define KEPT (2 + SCENE_GRID)	/* sharpness, grid */

static const enum alarm kinds[] = {
    ALARM_BLACK, ALARM_COVERED, ALARM_FROZEN, ALARM_DEFOCUSED, ALARM_MOVED};

static const char *name(const char *camera, char *buf, size_t n)
{
	snprintf(buf, n, "scene %s", camera);
	return buf;
}

void scene_load(struct keeper *k, struct camera *m)
{
	char buf[CAMERA_ID_MAX + 8];
	unsigned char kept[KEPT];
	int64_t since;
	size_t n;

	m->scene = (struct scene_watch){.stands = ALARM_NONE};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!index_alarm_find(k->ix, m->id, kinds[i], &since))
			m->scene.stands = kinds[i];
	if (index_setting_find(k->ix, name(m->id, buf, sizeof(buf)), kept,
		sizeof(kept), &n) ||
	    n != sizeof(kept))
		return;
	m->scene.has_ref = true;
	m->scene.ref.sharpness = (uint16_t)be_get(kept, 2);
	memcpy(m->scene.ref.grid, kept + 2, SCENE_GRID);
}

static void keep(struct keeper *k, const struct camera *m)
{
	char buf[CAMERA_ID_MAX + 8];
	unsigned char kept[KEPT];

	be_put(kept, m->scene.ref.sharpness, 2);
	memcpy(kept + 2, m->scene.ref.grid, SCENE_GRID);
	if (index_setting_put(k->ix, name(m->id, buf, sizeof(buf)), kept,
		sizeof(kept)))
		log_error("camera %s: the picture to compare with was not kept",
		    m->id);
}

/* An alarm gives way to another, or to none. */
static void follow(struct keeper *k, struct camera *m, enum alarm before)
{
	if (m->scene.stands == before)
		return;
	if (before)
		camera_alarm(k, m, before, false);
	if (m->scene.stands)
		camera_alarm(k, m, m->scene.stands, true);
}

/* Only of the segment that was asked about: one picture, one answer. */
void handle_scene(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = c->camera;
	uint64_t seq = wire_get_u64(w);
	enum alarm before = m->scene.stands;
	struct scene_seen s;

	if (scene_get(w, &s)) {
		conn_error(c, w->id, ERR_BAD_MESSAGE, NULL);
		c->closing = true;
		return;
	}
	if (seq != m->asked_seq || seq == m->scene_seq)
		return;
	m->scene_seq = seq;
	if (scene_take(&m->scene, &s))
		keep(k, m);
	follow(k, m, before);
}

enum err scene_anew(struct keeper *k, struct camera *m)
{
	enum alarm before = m->scene.stands;
	char buf[CAMERA_ID_MAX + 8];

	m->scene = (struct scene_watch){.stands = ALARM_NONE};
	follow(k, m, before);
	return index_setting_put(k->ix, name(m->id, buf, sizeof(buf)), "", 0);
}

void handle_scene_new(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	struct camera *m = camera_find(k, wire_get_str(w));
	struct enter x;
	enum err err = wire_end(w);

	if (!err && !m)
		err = ERR_NOT_FOUND;
	if (!err)
		err = scene_anew(k, m);
	if (!err) {
		enter_begin(k, &x, ENTRY_SCENE_NEW, 0);
		entry_put_text(&x.e, TAG_CAMERA, m->id);
		err = enter_end(k, &x, NULL);
	}
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_ok(c, id);
}
