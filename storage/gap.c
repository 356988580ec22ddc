/*
 * gap.c - what was not recorded, and why (P7): a gap has one cause, is opened
 * where the last fragment ended, and entered when it opens and when it closes.
 */
#include <string.h>

#include "storage/api/log.h"
#include "storage/coverage.h"
#include "storage/keeper_machine.h"

#define AHEAD_NS (5 * NS_PER_SEC) /* an end may lie ahead of our clock */

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

static enum err open_gap(struct keeper *k, struct camera *m, int64_t from_ns,
    enum cause cause, struct gap_row *ret)
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
	*ret = g;
	return err;
}

static enum err close_gap(struct keeper *k, struct camera *m, struct gap_row *g,
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
	return err;
}

enum err gap_put(struct keeper *k, struct camera *m, int64_t from_ns,
    int64_t to_ns, enum cause cause)
{
	bool was_open = m->gap;
	struct gap_row g;
	enum err err;

	if (to_ns - from_ns <= COVERAGE_JOIN_NS)
		return OK;
	err = open_gap(k, m, from_ns, cause, &g);
	if (!err)
		err = close_gap(k, m, &g, to_ns);
	m->gap = was_open;
	return err;
}

/* A cause of the box itself gives way when the camera turns out to be down. */
static bool is_box_cause(enum cause c)
{
	return c == CAUSE_CONNECTING || c == CAUSE_STORAGE_AWAY ||
	    c == CAUSE_MACHINE_OFF || c == CAUSE_RECORDER_STOPPED ||
	    c == CAUSE_RECORDER_FAILED;
}

/* Nobody was there; then the camera answers, and says what somebody must do. */
static bool is_refusal_after_silence(enum cause old, enum cause cause)
{
	return (old == CAUSE_NETWORK || old == CAUSE_NO_ANSWER) &&
	    (cause == CAUSE_PASSWORD || cause == CAUSE_CERTIFICATE);
}

/* May the cause of an open gap change? The operator's switch always counts. */
static bool gives_way(enum cause old, enum cause cause)
{
	if (old == cause)
		return false;
	if (old == CAUSE_SWITCHED_OFF || cause == CAUSE_SWITCHED_OFF)
		return true;
	return (is_box_cause(old) && !is_box_cause(cause)) ||
	    is_refusal_after_silence(old, cause);
}

static void split(struct keeper *k, struct camera *m, struct gap_row *g,
    enum cause cause, int64_t at_ns)
{
	at_ns = at_ns > g->from_ns ? at_ns : g->from_ns;
	close_gap(k, m, g, at_ns);
	open_gap(k, m, at_ns < k->now.ns ? at_ns : k->now.ns, cause, g);
}

/* While the operator has switched a camera off, that is the cause. */
static enum cause real_cause(struct keeper *k, const struct camera *m,
    enum cause cause)
{
	struct camera_row row;

	if (!index_camera_find(k->ix, m->id, &row) && !row.enabled)
		return CAUSE_SWITCHED_OFF;
	return cause == CAUSE_NONE || cause >= CAUSE_MAX ? CAUSE_STREAM_ERROR :
							   cause;
}

static void gap(struct keeper *k, struct camera *m, enum cause cause,
    int64_t at_ns, bool always)
{
	struct gap_row g;

	m->silent_since_ns = 0;
	camera_in_epoch(k, m, &k->clock.at[0]);
	/* a machine that starts with its clock behind */
	if (m->last_end_ns > k->now.ns + AHEAD_NS)
		m->last_end_ns = k->now.ns;
	cause = real_cause(k, m, cause);
	if (m->gap && !index_gap_open(k->ix, m->id, &g)) {
		if (gives_way(g.cause, cause) || (always && g.cause != cause))
			split(k, m, &g, cause, at_ns);
		return;
	}
	open_gap(k, m, m->last_end_ns, cause, &g);
}

void camera_gap(struct keeper *k, struct camera *m, enum cause cause)
{
	gap(k, m, cause, k->now.ns, false);
}

void camera_gap_since(struct keeper *k, struct camera *m, enum cause cause,
    int64_t at_ns)
{
	gap(k, m, cause, at_ns, true);
}

/* Nobody said why there is a hole: the stream, or a child that vanished. */
static enum cause unspoken(const struct keeper *k, const struct camera *m)
{
	if (!m->silent_since_ns)
		return CAUSE_STREAM_ERROR;
	return k->orderly_stop ? CAUSE_RECORDER_STOPPED : CAUSE_RECORDER_FAILED;
}

void camera_gap_close(struct keeper *k, struct camera *m, int64_t start_ns)
{
	struct gap_row g = {.cause = unspoken(k, m)};

	if (m->gap && !index_gap_open(k->ix, m->id, &g)) {
		close_gap(k, m, &g, start_ns);
		m->over[g.cause]++;
	} else if (start_ns - m->last_end_ns > COVERAGE_JOIN_NS) {
		gap_put(k, m, m->last_end_ns, start_ns, g.cause);
		m->over[g.cause]++;
	}
	m->silent_since_ns = 0;
	m->gap = false;
}

void camera_received(struct keeper *k, struct camera *m,
    const struct wall_epoch *e, int64_t start_ns, int64_t end_ns)
{
	camera_in_epoch(k, m, e);
	camera_gap_close(k, m, start_ns);
	if (end_ns > m->last_end_ns)
		m->last_end_ns = end_ns;
	if (end_ns > m->far_end_ns)
		m->far_end_ns = end_ns;
}

/*
 * Forward: the clock went past seconds that never were, or, coming back from
 * a wrong time, that were recorded under other names. A machine that began
 * its life behind what is recorded was off until its start.
 */
static void stepped_forward(struct keeper *k, struct camera *m,
    const struct wall_epoch *old, const struct wall_epoch *e, int64_t to_ns)
{
	int64_t at = m->last_end_ns;

	if (m->far_end_ns > at)
		at = m->far_end_ns;
	if (old->before_ns > at)
		at = old->before_ns;
	if (old->boot && old->begun_ns < m->load_end_ns) {
		int64_t boot = e->offset_ns < to_ns ? e->offset_ns : to_ns;

		if (m->load_end_ns > at)
			at = m->load_end_ns;
		gap_put(k, m, at, boot, CAUSE_MACHINE_OFF);
		at = boot > at ? boot : at;
	}
	gap_put(k, m, at, to_ns, CAUSE_CLOCK_STEP);
}

/*
 * Backward, to before this boot's clock began: what was recorded since the
 * boot stands under times that have not come yet.
 */
static void stepped_back(struct keeper *k, struct camera *m,
    const struct wall_epoch *old, const struct wall_epoch *e, int64_t to_ns)
{
	int64_t at = e->offset_ns;

	if (!old->boot || old->begun_ns <= to_ns)
		return;
	if (m->load_end_ns > at)
		at = m->load_end_ns;
	gap_put(k, m, at, to_ns, CAUSE_CLOCK_STEP);
}

void camera_in_epoch(struct keeper *k, struct camera *m,
    const struct wall_epoch *e)
{
	const struct wall_epoch *old = wall_number(&k->clock, m->epoch);
	int64_t to = m->last_end_ns + e->offset_ns - old->offset_ns;

	if (e->number == m->epoch)
		return;
	if (to > m->last_end_ns)
		stepped_forward(k, m, old, e, to);
	else
		stepped_back(k, m, old, e, to);
	m->last_end_ns = to;
	m->epoch = e->number;
}

void camera_stepped(struct keeper *k, struct camera *m)
{
	struct gap_row g;

	if (!m->gap || index_gap_open(k->ix, m->id, &g))
		return;
	/* nothing was recorded until now, by the clock that was */
	m->last_end_ns =
	    k->mono.ns + wall_number(&k->clock, m->epoch)->offset_ns;
	close_gap(k, m, &g, m->last_end_ns);
	camera_in_epoch(k, m, &k->clock.at[0]);
	open_gap(k, m, m->last_end_ns, g.cause, &g);
}
