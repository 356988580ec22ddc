/* camera.c - a camera while storage runs: its state, its segment. */
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/view.h"

#define SILENT_NS (3 * NS_PER_SEC) /* then a vanished child is a failure */
#define SEGMENTS_LONGEST 5 /* recorder/cut.c: without a key frame */
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

	for (struct camera *m = k->cameras; m; m = m->next) {
		m->live_ns = 0;
		if (!index_camera_find(k->ix, m->id, &row))
			no_recorder(k, &row,
			    k->orderly_stop ? CAUSE_RECORDER_STOPPED :
					      CAUSE_RECORDER_FAILED);
	}
}

enum err camera_load(struct keeper *k, const char *id, struct camera **ret)
{
	struct camera *m = calloc(1, sizeof(*m));
	struct segment_row last;
	struct camera_row row;
	struct gap_row gap;
	int64_t since;
	enum err err = ERR_NO_MEMORY;

	if (!m)
		return err;
	memcpy(m->id, id, strlen(id) + 1);
	err = index_camera_find(k->ix, id, &row);
	if (err) {
		free(m);
		return err;
	}
	m->epoch = k->clock.at[0].number;
	m->last_end_ns = row.added_ns;
	if (!index_segment_last(k->ix, id, &last) &&
	    last.end_ns > m->last_end_ns)
		m->last_end_ns = last.end_ns;
	m->far_end_ns = m->last_end_ns;
	if (!index_segment_farthest(k->ix, id, INT64_MAX, &last) &&
	    last.end_ns > m->far_end_ns)
		m->far_end_ns = last.end_ns;
	m->load_end_ns = clock_last_alive(k);
	if (m->far_end_ns > m->load_end_ns)
		m->load_end_ns = m->far_end_ns;
	m->gap = !index_gap_open(k->ix, id, &gap);
	if (row.state == CAMERA_STREAMING) /* in an earlier life */
		no_recorder(k, &row, CAUSE_STORAGE_AWAY);
	m->alarm = !index_alarm_find(k->ix, id, ALARM_NO_SEGMENT, &since);
	scene_load(k, m);
	aim_load(k, m);
	m->next = k->cameras;
	k->cameras = m;
	*ret = m;
	return OK;
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
	if (err == ERR_DISK)
		volume_broke(k,
		    m->segment ? m->segment->row.volume : m->head.volume,
		    FAULT_WRITE);
	camera_drop(k, m, err);
}

void camera_drop(struct keeper *k, struct camera *m, enum err err)
{
	log_error("camera %s: writing failed: %s", m->id, err_text(err));
	segment_free(m->segment);
	m->segment = NULL;
	m->recover = true;
	camera_gap(k, m,
	    err == ERR_DISK_FULL ? CAUSE_DISK_FULL : CAUSE_DISK_ERROR);
}

/* P11: below the reserve the segment ends, whatever is missing of it. */
static bool is_short(const struct keeper *k, unsigned number)
{
	const struct volume *v = volume_find(number);

	return !v || volume_below(v, reserve_bytes(k));
}

/*
 * P9: a live stream must have a segment sealed within two segment lengths. A
 * segment ends at a key frame, and at the latest after five of its lengths: so
 * it may be as much longer as the camera's key frames are apart.
 */
static int64_t alarm_after(const struct keeper *k, const struct camera *m)
{
	int64_t segment = k->conf.segment_s * NS_PER_SEC;
	int64_t gop = m->gop_ns;

	if (m->segment && k->mono.ns - m->key_ns > gop)
		gop = k->mono.ns - m->key_ns;
	if (gop > SEGMENTS_LONGEST * segment)
		gop = SEGMENTS_LONGEST * segment;
	return 2 * (gop > segment ? gop : segment);
}

static const char *alarm_text(enum alarm kind)
{
	switch (kind) {
	case ALARM_NO_SEGMENT:
		return "it sends, but nothing of it is sealed";
	case ALARM_BLACK:
		return "its picture is black";
	case ALARM_COVERED:
		return "its picture is covered: nothing is to be seen";
	case ALARM_FROZEN:
		return "its picture stands still, to the last pixel";
	case ALARM_DEFOCUSED:
		return "its picture is out of focus";
	case ALARM_MOVED:
		return "its picture is not that of its commissioning";
	case ALARM_NONE:
		break;
	}
	return "";
}

void camera_alarm(struct keeper *k, struct camera *m, enum alarm kind,
    bool raised)
{
	struct enter x;
	int64_t since = k->now.ns;
	enum err err;

	if (!raised && index_alarm_find(k->ix, m->id, kind, &since))
		since = k->now.ns;
	enter_begin(k, &x, raised ? ENTRY_ALARM : ENTRY_ALARM_ENDED, 0);
	entry_put_text(&x.e, TAG_CAMERA, m->id);
	entry_put_i64(&x.e, TAG_FROM, since);
	if (!raised)
		entry_put_i64(&x.e, TAG_TO, k->now.ns);
	entry_put_u64(&x.e, TAG_ALARM, (uint64_t)kind);
	err = enter_end(k, &x, NULL);
	if (!err)
		err = index_alarm_put(k->ix, m->id, kind, raised ? since : 0);
	if (err)
		log_error("camera %s: an alarm was not entered: %s", m->id,
		    err_text(err));
	else
		log_warn("camera %s: %s: %s", m->id,
		    raised ? "ALARM" : "the alarm is over", alarm_text(kind));
}

static void watch_live(struct keeper *k, struct camera *m)
{
	int64_t since = m->sealed_ns > m->live_ns ? m->sealed_ns : m->live_ns;
	bool bad = m->live_ns && k->mono.ns - since > alarm_after(k, m);

	if (bad != m->alarm)
		camera_alarm(k, m, ALARM_NO_SEGMENT, bad);
	m->alarm = bad;
}

void camera_live(struct keeper *k, struct camera *m, bool key)
{
	if (!key)
		return;
	if (m->key_ns)
		m->gop_ns = k->mono.ns - m->key_ns;
	m->key_ns = k->mono.ns;
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
	watch_live(k, m);
	aim_tick(k, m);
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
	err =
	    custodian_recipients(k->ix, &k->roots, &k->site.paper, to, ids, &n);
	if (!err)
		err = keyring_make_day(k->keyring, camera, day, to, n, ret,
		    &made);
	if (!err && made)
		err = keyring_commit(k->keyring);
	if (!err && made)
		err = enter_day_key(k, camera, day, ret, ids, n);
	return err;
}
