/* camera.c - a camera while storage runs: its segment and its gaps (P7). */
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/view.h"

#define SILENT_NS (3 * NS_PER_SEC) /* then a vanished child is a failure */
#define QUIET_NS (5 * NS_PER_SEC) /* beyond the recorder's own time-out */

struct camera *camera_find(struct keeper *k, const char *id)
{
	struct camera *m = k->cameras;

	while (m && strcmp(m->id, id))
		m = m->next;
	return m;
}

/* Only the recorder knows better than "down": without him it holds (P9). */
static void no_recorder(struct keeper *k, struct camera_row *row,
    enum cause cause)
{
	enum err err;

	if (row->state == CAMERA_OFF || row->state == CAMERA_DOWN)
		return;
	row->state = CAMERA_DOWN;
	row->cause = cause;
	row->since_ns = k->now.ns;
	row->detail[0] = '\0';
	err = index_camera_put(k->ix, row);
	if (err)
		log_error("camera %s: state not kept: %s", row->id,
		    err_text(err));
}

void camera_no_recorder(struct keeper *k)
{
	struct camera_row row;

	for (struct camera *m = k->cameras; m; m = m->next)
		if (!index_camera_find(k->ix, m->id, &row))
			no_recorder(k, &row,
			    k->orderly_stop ? CAUSE_RECORDER_STOPPED :
					      CAUSE_RECORDER_FAILED);
}

enum err camera_load(struct keeper *k, const char *id, struct camera **ret)
{
	struct camera *m = calloc(1, sizeof(*m));
	struct segment_row last;
	struct camera_row row;
	struct gap_row gap;
	enum err err = ERR_NO_MEMORY;

	if (!m)
		return err;
	memcpy(m->id, id, strlen(id) + 1);
	err = index_camera_find(k->ix, id, &row);
	if (err) {
		free(m);
		return err;
	}
	m->last_end_ns = row.added_ns;
	if (!index_segment_last(k->ix, id, &last) &&
	    last.end_ns > m->last_end_ns)
		m->last_end_ns = last.end_ns;
	m->gap = !index_gap_open(k->ix, id, &gap);
	if (row.state == CAMERA_STREAMING) /* in an earlier life */
		no_recorder(k, &row, CAUSE_STORAGE_AWAY);
	m->next = k->cameras;
	k->cameras = m;
	*ret = m;
	return OK;
}

static enum err enter_gap(struct keeper *k, enum entry_type type,
    const struct gap_row *g)
{
	struct enter x;

	enter_begin(k, &x, type, 0);
	entry_put_text(&x.e, TAG_CAMERA, g->camera);
	entry_put_i64(&x.e, TAG_FROM, g->from_ns);
	if (type == ENTRY_GAP_CLOSED)
		entry_put_i64(&x.e, TAG_TO, g->to_ns);
	entry_put_u64(&x.e, TAG_CAUSE, g->cause);
	return enter_end(k, &x, NULL);
}

static void open_gap(struct keeper *k, struct camera *m, int64_t from_ns,
    enum cause cause)
{
	struct gap_row g = {.from_ns = from_ns,
	    .to_ns = INT64_MAX,
	    .cause = cause,
	    .noticed_ns = k->now.ns};
	enum err err;

	memcpy(g.camera, m->id, sizeof(g.camera));
	err = index_gap_put(k->ix, &g);
	if (!err)
		err = enter_gap(k, ENTRY_GAP_OPENED, &g);
	if (err)
		log_error("camera %s: a gap was not entered: %s", m->id,
		    err_text(err));
	else
		log_warn("camera %s: a gap begins: %s", m->id,
		    cause_name(cause));
	m->gap = !err; /* else the next tick tries again */
}

static void close_gap(struct keeper *k, struct camera *m, struct gap_row *g,
    int64_t to_ns)
{
	enum err err;

	g->to_ns = to_ns;
	if (to_ns <= g->from_ns)
		err = index_gap_drop(k->ix, m->id, g->from_ns);
	else
		err = index_gap_put(k->ix, g);
	if (!err)
		err = enter_gap(k, ENTRY_GAP_CLOSED, g);
	if (err)
		log_error("camera %s: the end of a gap was not entered: %s",
		    m->id, err_text(err));
	m->gap = false;
}

/* A cause of the box itself gives way when the camera turns out to be down. */
static bool is_box_cause(enum cause c)
{
	return c == CAUSE_CONNECTING || c == CAUSE_STORAGE_AWAY ||
	    c == CAUSE_MACHINE_OFF || c == CAUSE_RECORDER_STOPPED ||
	    c == CAUSE_RECORDER_FAILED || c == CAUSE_SWITCHED_OFF;
}

void camera_gap(struct keeper *k, struct camera *m, enum cause cause)
{
	struct gap_row g;

	m->silent_since_ns = 0;
	if (cause == CAUSE_NONE || cause >= CAUSE_MAX)
		cause = CAUSE_STREAM_ERROR;
	if (!m->gap) {
		open_gap(k, m, m->last_end_ns, cause);
		return;
	}
	if (index_gap_open(k->ix, m->id, &g) || !is_box_cause(g.cause) ||
	    cause == g.cause ||
	    (is_box_cause(cause) && cause != CAUSE_SWITCHED_OFF))
		return;
	close_gap(k, m, &g, k->now.ns);
	open_gap(k, m, k->now.ns > g.from_ns ? k->now.ns : g.from_ns, cause);
}

void camera_gap_close(struct keeper *k, struct camera *m, int64_t start_ns)
{
	struct gap_row g;

	m->silent_since_ns = 0;
	if (m->gap && !index_gap_open(k->ix, m->id, &g))
		close_gap(k, m, &g, start_ns);
	m->gap = false;
}

void camera_end_segment(struct keeper *k, struct camera *m)
{
	struct segment *s = m->segment;
	enum err err;

	if (!s)
		return;
	m->segment = NULL;
	err = segment_seal(s);
	if (err) {
		m->segment = s;
		camera_broken(k, m, err);
		return;
	}
	seal_queue(k, s);
}

void camera_broken(struct keeper *k, struct camera *m, enum err err)
{
	unsigned volume = m->segment ? m->segment->row.volume : m->head.volume;

	log_error("camera %s: writing failed: %s", m->id, err_text(err));
	segment_free(m->segment);
	m->segment = NULL;
	m->recover = true;
	if (err == ERR_DISK)
		volume_broke(k, volume);
	camera_gap(k, m,
	    err == ERR_DISK_FULL ? CAUSE_DISK_FULL : CAUSE_DISK_ERROR);
}

/* P11: below the reserve the segment ends, whatever is missing of it. */
static bool is_short(const struct keeper *k, unsigned number)
{
	const struct volume *v = volume_find(number);

	return !v || volume_below(v, reserve_bytes(k));
}

void camera_tick(struct keeper *k, struct camera *m)
{
	int64_t quiet = QUIET_NS + k->conf.timeout_ms * NS_PER_MS;

	if (m->silent_since_ns && k->mono.ns - m->silent_since_ns > SILENT_NS)
		camera_gap(k, m,
		    k->orderly_stop ? CAUSE_RECORDER_STOPPED :
				      CAUSE_RECORDER_FAILED);
	if (m->segment && k->mono.ns - m->last_fragment_ns > quiet) {
		camera_end_segment(k, m);
		camera_gap(k, m, CAUSE_NETWORK);
	}
	if (m->segment && is_short(k, m->segment->row.volume)) {
		camera_end_segment(k, m);
		camera_gap(k, m, CAUSE_DISK_FULL);
	}
	if (k->full && (m->segment || !m->gap)) {
		camera_end_segment(k, m);
		camera_gap(k, m, CAUSE_DISK_FULL);
	}
}

static enum err enter_day_key(struct keeper *k, const char *camera,
    const char *day, const struct age_recipient *r, const uint64_t *ids,
    size_t n)
{
	unsigned char to[8 * AGE_RECIPIENTS_MAX];
	char text[RECIPIENT_TEXT];
	struct enter x;

	for (size_t i = 0; i < 8 * n; i++)
		to[i] = (unsigned char)(ids[i / 8] >> (56 - 8 * (i % 8)));
	recipient_format(r, text);
	enter_begin(k, &x, ENTRY_DAY_KEY, 0);
	entry_put_text(&x.e, TAG_CAMERA, camera);
	entry_put_text(&x.e, TAG_DAY, day);
	entry_put_text(&x.e, TAG_RECIPIENT, text);
	entry_put_bytes(&x.e, TAG_WRAPPED_TO, to, 8 * n);
	return enter_end(k, &x, NULL);
}

enum err camera_day_key(struct keeper *k, const char *camera, const char *day,
    struct age_recipient *ret)
{
	struct age_recipient to[AGE_RECIPIENTS_MAX];
	uint64_t ids[AGE_RECIPIENTS_MAX];
	bool made = false;
	size_t n;
	enum err err = keyring_find_day(k->keyring, camera, day, ret);

	if (err != ERR_NOT_FOUND)
		return err;
	err = custodian_recipients(k->ix, k->root, &k->site.paper, to, ids, &n);
	if (!err)
		err = keyring_make_day(k->keyring, camera, day, to, n, ret,
		    &made);
	if (!err && made)
		err = keyring_commit(k->keyring);
	if (!err && made)
		err = enter_day_key(k, camera, day, ret, ids, n);
	return err;
}
