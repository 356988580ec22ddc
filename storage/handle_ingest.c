/* handle_ingest.c - what the recorder sends: cameras, segments, gaps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/coverage.h"
#include "storage/keeper.h"

/*
 * P8: with a sync each second a quarter of two seconds is left for sending,
 * writing and syncing. 25 pictures a second make 13 + 12 of a second's GOP,
 * 15 make 8 + 7: no fragment of a single picture.
 */
#define AHEAD_NS (5 * NS_PER_SEC)	/* a start may lie ahead of our clock */
#define BEHIND_NS (300 * NS_PER_SEC)	/* ... or wait in queues */

void handle_site(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;

	wire_begin(w, MSG_SITE_IS, id);
	wire_put_str(w, k->conf.site_name);
	wire_put_str(w, k->site.zone);
	wire_put_u8(w, (uint8_t)k->conf.demo);
	wire_put_str(w, SAQTA_VERSION);
	wire_put_u8(w, (uint8_t)k->setup.state);
	conn_send(c, w, -1);
}

void handle_hello_recorder(struct keeper *k, struct conn *c, struct wire *w)
{
	size_t n;
	const void *key;

	wire_get_str(w);
	key = wire_get_bytes(w, &n);
	if (wire_end(w) || n != KEY_BYTES) {
		conn_error(c, w->id, ERR_BAD_MESSAGE, NULL);
		c->closing = true;
		return;
	}
	if (k->supervisor) /* the old one is dead or about to be */
		k->supervisor->closing = true;
	memcpy(k->recorder_key, key, KEY_BYTES);
	if (index_setting_put(k->ix, "recorder", key, KEY_BYTES))
		log_warn("the recorder's key was not kept");
	c->peer = PEER_SUPERVISOR;
	k->supervisor = c;
	k->orderly_stop = false;
	handle_site(k, c, w);
}

void handle_camera_next(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	struct camera_row row;
	char after[CAMERA_ID_MAX + 1];
	enum err err;

	wire_get_text(w, after, sizeof(after));
	err = wire_end(w);
	if (!err)
		err = index_camera_next(k->ix, after, &row);
	if (err && err != ERR_NOT_FOUND) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(w, err ? MSG_END : MSG_CAMERA_IS, id);
	if (!err) {
		wire_put_str(w, row.id);
		wire_put_str(w, row.url);
		wire_put_u8(w, (uint8_t)row.transport);
		wire_put_u8(w, row.enabled);
		wire_put_bytes(w, row.sealed, row.sealed_n);
		wire_put_str(w, row.certificate);
	}
	conn_send(c, w, -1);
}

void handle_camera_state(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = camera_find(k, wire_get_str(w));
	unsigned state = wire_get_u8(w), cause = wire_get_u8(w);
	int64_t since = wire_get_i64(w);
	const char *detail = wire_get_str(w);
	struct camera_row row;
	enum err err = wire_end(w);

	if (!err && (!m || state > CAMERA_DOWN || cause >= CAUSE_MAX))
		err = ERR_INVALID;
	if (!err)
		err = index_camera_find(k->ix, m->id, &row);
	if (err) {
		conn_error(c, w->id, err, NULL);
		return;
	}
	row.state = (enum camera_state)state;
	row.cause = (enum cause)cause;
	row.since_ns = since;
	snprintf(row.detail, sizeof(row.detail), "%s", detail);
	err = index_camera_put(k->ix, &row);
	if (err)
		log_error("camera %s: state not kept: %s", m->id,
		    err_text(err));
	if (state != CAMERA_STREAMING)
		m->live_ns = 0;
	else if (!m->live_ns)
		m->live_ns = k->mono.ns;
	if (state == CAMERA_OFF)
		cause = CAUSE_SWITCHED_OFF;
	if (state == CAMERA_OFF || (state == CAMERA_DOWN && cause)) {
		camera_end_segment(k, m);
		camera_gap(k, m, (enum cause)cause);
	}
}

void handle_recorder_stopping(struct keeper *k, struct conn *c, struct wire *w)
{
	k->orderly_stop = true;
	for (struct camera *m = k->cameras; m; m = m->next)
		if (!m->segment)
			camera_gap(k, m, CAUSE_RECORDER_STOPPED);
	conn_ok(c, w->id);
}

void handle_hello_camera(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	struct camera *m = camera_find(k, wire_get_str(w));

	if (wire_end(w) || !m) {
		conn_error(c, id, ERR_NOT_FOUND, NULL);
		c->closing = true;
		return;
	}
	if (m->conn) { /* a child that was killed: its socket closes soon */
		camera_end_segment(k, m);
		m->silent_since_ns = k->mono.ns;
		m->conn->camera = NULL;
		m->conn->closing = true;
	}
	m->conn = c;
	c->camera = m;
	c->peer = PEER_CAMERA;
	wire_begin(w, MSG_HELLO_CAMERA_IS, id);
	wire_put_u32(w, (uint32_t)k->conf.segment_s * 1000);
	wire_put_u32(w, FRAGMENT_MS);
	conn_send(c, w, -1);
}

static int64_t behind_ns(void)
{
	return BEHIND_NS + utc_slack_ns();
}

/* Is an instant of epoch e about now? After a step e may be the one before. */
static bool time_ok(const struct keeper *k, const struct wall_epoch *e,
    int64_t ns)
{
	int64_t now = k->mono.ns + e->offset_ns;

	return ns > now - behind_ns() && ns < now + AHEAD_NS;
}

/* Where the next segment goes: its number, day, key, volume and journal. */
static enum err prepare(struct keeper *k, struct camera *m, int64_t start_ns,
    struct segment_row *row, struct age_recipient *to)
{
	struct camera_row cam;
	unsigned volume = 0;
	char day[16];
	enum err err = OK;

	if (k->full)
		return ERR_DISK_FULL;
	if (m->recover)
		err = recover_camera(k, m);
	day_format(utc_local_day((struct utc){start_ns}), day, sizeof(day));
	if (!err)
		err = volume_choose(m->id, day, reserve_bytes(k), &volume);
	if (!err && (strcmp(m->head.day, day) || m->head.volume != volume)) {
		err = journal_head_load(volume_fd(k->data_fd, volume), m->id,
		    day, &m->head);
		m->head.volume = volume;
	}
	if (!err)
		err = camera_day_key(k, m->id, day, to);
	if (!err)
		err = index_camera_find(k->ix, m->id, &cam);
	if (err)
		return err;
	*row = (struct segment_row){
	    .seq = cam.next_seq, .start_ns = start_ns, .volume = volume};
	memcpy(row->camera, m->id, sizeof(row->camera));
	memcpy(row->day, day, sizeof(row->day));
	return OK;
}

/* The number is taken only when the segment exists: no number is missing. */
static enum err took(struct keeper *k, const struct segment *s)
{
	struct camera_row cam = {0};
	enum err err = index_segment_put(k->ix, &s->row);

	if (!err)
		err = index_camera_find(k->ix, s->row.camera, &cam);
	cam.next_seq = s->row.seq + 1;
	return err ? err : index_camera_put(k->ix, &cam);
}

static void answer_begin(struct keeper *k, struct conn *c, struct wire *w,
    const struct segment *s)
{
	struct utc start = {s->row.start_ns};
	int64_t cut = start.ns + k->conf.segment_s * NS_PER_SEC;
	int64_t midnight = utc_next_midnight(start).ns;
	uint32_t id = w->id;

	wire_begin(w, MSG_SEGMENT_BEGIN_IS, id);
	wire_put_u64(w, s->row.seq);
	wire_put_i64(w, cut < midnight ? cut : midnight);
	conn_send(c, w, -1);
}

/* No camera sends so much: its process does as it likes. */
static void cut_off(struct keeper *k, struct conn *c, uint32_t id)
{
	struct camera *m = c->camera;

	log_warn("camera %s: its process sends more than a camera and is cut "
		 "off",
	    m->id);
	conn_error(c, id, ERR_TOO_LARGE, NULL);
	c->closing = true;
	camera_end_segment(k, m);
	camera_gap(k, m, CAUSE_STREAM_ERROR);
}

/* A segment that its child does not end. */
static bool is_endless(const struct keeper *k, const struct segment *s,
    int64_t start)
{
	return s->row.fragments >= PACE_FRAGMENTS_MAX ||
	    start - s->row.start_ns >
	    PACE_LENGTHS_MAX * k->conf.segment_s * NS_PER_SEC + utc_slack_ns();
}

/*
 * The clock's epoch and state are ours; the child's are not believed, but its
 * times tell which of our epochs it still counts in.
 */
/* People are told before they ask whether their browser shows it. */
static void keep_codec(struct keeper *k, const struct camera *m)
{
	const char *mime = m->segment->mp4.mime;
	char name[CAMERA_ID_MAX + 8], had[64] = "";
	size_t n = 0;

	snprintf(name, sizeof(name), "codec %s", m->id);
	if (!index_setting_find(k->ix, name, had, sizeof(had) - 1, &n) &&
	    !strcmp(had, mime))
		return;
	if (index_setting_put(k->ix, name, mime, strlen(mime)))
		log_warn("camera %s: its codec is not kept", m->id);
}

void handle_segment_begin(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = c->camera;
	int64_t start = wire_get_i64(w), mono = wire_get_i64(w);
	int64_t camera_clock;
	const struct wall_epoch *e =
	    wall_find(&k->clock, start - mono, k->mono);
	struct segment_row row = {0};
	struct age_recipient to;
	const void *init = NULL;
	size_t n = 0;
	enum err err;

	wire_get_u32(w);
	wire_get_u32(w);
	wire_get_u8(w);
	camera_clock = wire_get_i64(w);
	wire_get_u16(w);
	wire_get_u16(w);
	err = wire_end(w);
	if (!pace_segment(&m->pace, k->conf.segment_s, k->mono)) {
		cut_off(k, c, w->id);
		return;
	}
	if (!err && !time_ok(k, e, start))
		err = ERR_INVALID;
	if (!err)
		err = bulk_map(w->fd, MP4_INIT_MAX, &init, &n);
	if (!err) {
		camera_end_segment(k, m);
		err = prepare(k, m, start, &row, &to);
	}
	if (!err)
		err = segment_begin(volume_fd(k->data_fd, row.volume), &row,
		    &to, init, n, mono, e->number, k->clock.state, camera_clock,
		    &m->head, &m->segment);
	bulk_unmap(init, n);
	if (!err)
		err = took(k, m->segment);
	if (err) {
		conn_error(c, w->id, err, NULL);
		if (k->full) /* was said once; P11 */
			return;
		log_error("camera %s: no segment: %s", m->id, err_text(err));
		if (m->segment || err == ERR_DISK || err == ERR_DISK_FULL)
			camera_broken(k, m, err);
		m->recover = m->recover || err != ERR_DISK_FULL;
		return;
	}
	keep_codec(k, m);
	camera_in_epoch(k, m, e);
	m->last_fragment_ns = k->mono.ns;
	k->dirty = true;
	answer_begin(k, c, w, m->segment);
}

struct around {
	const struct segment *own;
	int64_t from_ns, to_ns;
	bool found;
};

static enum err look_at(const struct segment_row *r, void *arg)
{
	struct around *a = arg;

	if (r->seq != a->own->row.seq && r->start_ns < a->to_ns &&
	    r->end_ns > a->from_ns)
		a->found = true;
	return OK;
}

/* Was any of this time recorded before, by a clock that was set back? */
static bool overlaps(struct keeper *k, const struct camera *m, int64_t start,
    int64_t end)
{
	struct around a = {.own = m->segment,
	    .from_ns = start + COVERAGE_JOIN_NS,
	    .to_ns = end - COVERAGE_JOIN_NS};

	if (a.from_ns >= m->far_end_ns)
		return false;
	for (const struct segment *s = k->sealing; s; s = s->next)
		if (!strcmp(s->row.camera, m->id) && look_at(&s->row, &a))
			return false;
	return !index_segments(k->ix, m->id, start, end, look_at, &a) &&
	    a.found;
}

/* What storage knows of a fragment beside what its sender says. */
static uint32_t flags_of(struct keeper *k, struct camera *m,
    const struct wall_epoch *e, int64_t start, int64_t end, uint32_t flags)
{
	flags &= FRAGMENT_KEY | FRAGMENT_DAMAGED | FRAGMENT_UNTRUSTED;
	if (e != &k->clock.at[0] || !wall_trusted(&k->clock, k->mono))
		flags |= FRAGMENT_UNTRUSTED;
	if (overlaps(k, m, start, end))
		flags |= FRAGMENT_OVERLAP;
	if (k->rclock.untrusted)
		flags |= FRAGMENT_UNTRUSTED;
	return flags;
}

/* Fragments of a segment join: a hole in one would hide from coverage. */
static bool joins(const struct segment *s, int64_t start)
{
	int64_t hole = start - s->row.end_ns;

	return hole >= -COVERAGE_JOIN_NS && hole <= COVERAGE_JOIN_NS;
}

void handle_fragment(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = c->camera;
	int64_t start = wire_get_i64(w), duration = wire_get_i64(w);
	int64_t mono = wire_get_i64(w);
	uint32_t flags = wire_get_u32(w);
	const struct wall_epoch *e = NULL;
	const void *p = NULL;
	size_t n = 0;
	enum err err = wire_end(w);

	if (!err && !m->segment)
		err = ERR_NOT_FOUND;
	if (!err)
		e = wall_number(&k->clock, m->segment->epoch);
	if (!err &&
	    (!time_ok(k, e, start) || duration <= 0 || duration > behind_ns() ||
		!joins(m->segment, start)))
		err = ERR_INVALID;
	if (!err)
		err = bulk_map(w->fd, MP4_FRAGMENT_MAX, &p, &n);
	if (!pace_fragment(&m->pace, n, k->mono) ||
	    (!err && is_endless(k, m->segment, start))) {
		bulk_unmap(p, n);
		cut_off(k, c, w->id);
		return;
	}
	if (!err) {
		flags = flags_of(k, m, e, start, start + duration, flags);
		err =
		    segment_put(m->segment, p, n, start, duration, mono, flags);
	}
	if (!err && flags & FRAGMENT_KEY)
		aim_fragment(k, m, p, n);
	bulk_unmap(p, n);
	if (!err) {
		camera_received(k, m, e, start, start + duration);
		camera_live(k, m, flags & FRAGMENT_KEY);
		m->last_fragment_ns = k->mono.ns;
		k->dirty = true;
		return;
	}
	conn_error(c, w->id, err, NULL);
	if (!m->segment)
		return;
	if (err == ERR_DISK || err == ERR_DISK_FULL)
		camera_broken(k, m, err);
	else
		camera_end_segment(k, m);
	camera_gap(k, m, CAUSE_STREAM_ERROR);
}

void handle_segment_end(struct keeper *k, struct conn *c, struct wire *w)
{
	struct camera *m = c->camera;
	unsigned cause = wire_get_u8(w);

	if (wire_end(w) || cause >= CAUSE_MAX) {
		conn_error(c, w->id, ERR_BAD_MESSAGE, NULL);
		c->closing = true;
		return;
	}
	camera_end_segment(k, m);
	if (cause != CAUSE_NONE)
		camera_gap(k, m, (enum cause)cause);
}

void handle_picture_is(struct keeper *k, struct conn *c, struct wire *w)
{
	uint64_t seq = wire_get_u64(w);
	bool decoded = wire_get_u8(w) == 1;

	wire_get_u16(w);
	wire_get_u16(w);
	if (!wire_end(w))
		seal_picture(k, c->camera, seq, decoded);
}
