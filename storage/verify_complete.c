/* verify_complete.c - is it all that was granted, but for gaps with a cause? */
#include <string.h>

#include "storage/coverage.h"
#include "storage/retain.h"
#include "storage/verify_state.h"

#define TERM_MIN_NS (RETAIN_DAYS_MIN * 86400 * NS_PER_SEC)

/* Is [from, to) of the camera covered by gaps that the manifest names? */
static bool is_named(const struct manifest *m, const char *camera, int64_t from,
    int64_t to)
{
	bool more = true;

	while (more && from < to - COVERAGE_JOIN_NS) {
		more = false;
		for (size_t i = 0; i < m->gaps_n; i++) {
			const struct manifest_gap *g = &m->gaps[i];

			if (strcmp(g->camera, camera) != 0 ||
			    g->from_ns > from + COVERAGE_JOIN_NS ||
			    g->to_ns <= from)
				continue;
			from = g->to_ns;
			more = true;
		}
	}
	return from >= to - COVERAGE_JOIN_NS;
}

static void need_gap(struct verify *v, const char *camera, int64_t from,
    int64_t to)
{
	char a[VERIFY_TIME], b[VERIFY_TIME];

	if (to - from <= COVERAGE_JOIN_NS ||
	    is_named(&v->manifest, camera, from, to))
		return;
	verify_finding(v, true, "hole", "", -1,
	    "camera %s from %s to %s: neither footage nor a gap with a cause",
	    camera, verify_time(v, from, a), verify_time(v, to, b));
}

/* Does the log say that this number came to nothing? */
static bool is_empty(const struct verify *v, const char *camera, uint64_t seq)
{
	for (size_t i = 0; i < v->manifest.empty_n; i++) {
		const struct manifest_empty *m = &v->manifest.empty[i];
		const struct proof *log = verify_proof_of(v, m->epoch);
		const struct proof_entry *x =
		    log ? proof_find(log, m->entry) : NULL;

		if (m->seq == seq && !strcmp(m->camera, camera))
			return x && x->view.type == ENTRY_SEGMENT &&
			    field_is(x, TAG_CAMERA, camera) &&
			    field_is_u64(x, TAG_SEQ, seq) &&
			    field_is_u64(x, TAG_FRAGMENTS, 0);
	}
	return false;
}

/* The numbers of a camera's segments have no hole: one that is not here was. */
static void need_next(struct verify *v, const struct manifest_segment *before,
    const struct manifest_segment *s)
{
	uint64_t from = before->seq + 1;

	while (from < s->seq && is_empty(v, s->camera, from))
		from++;
	if (s->seq <= from)
		return;
	verify_finding(v, true, "segment", "", -1,
	    "camera %s: segments %llu to %llu were recorded and are not here",
	    s->camera, (unsigned long long)from,
	    (unsigned long long)s->seq - 1);
}

static void check_camera(struct verify *v, const char *camera)
{
	const struct manifest *m = &v->manifest;
	const struct held_fragment *before = NULL;
	int64_t at = m->from_ns;
	char a[VERIFY_TIME], b[VERIFY_TIME];

	for (size_t i = 0; i < v->held_n; i++) {
		const struct held_fragment *h = &v->held[i];

		if (strcmp(h->segment->camera, camera) != 0)
			continue;
		if (before)
			need_next(v, before->segment, h->segment);
		need_gap(v, camera, at,
		    h->claim->start_ns < m->to_ns ? h->claim->start_ns :
						    m->to_ns);
		if (h->claim->start_ns + h->claim->duration_ns > at)
			at = h->claim->start_ns + h->claim->duration_ns;
		before = h;
	}
	need_gap(v, camera, at, m->to_ns);
	for (size_t i = 0; i < m->gaps_n; i++)
		if (!strcmp(m->gaps[i].camera, camera) &&
		    !strcmp(m->gaps[i].cause, "lost"))
			verify_finding(v, true, "lost", "", -1,
			    "camera %s from %s to %s: recorded, and since "
			    "lost or damaged at the bank",
			    camera, verify_time(v, m->gaps[i].from_ns, a),
			    verify_time(v, m->gaps[i].to_ns, b));
}

/* Does the entry close this gap with this cause, or erase what was there? */
static bool says_gap(const struct proof_entry *x, const struct manifest_gap *g)
{
	struct entry_field from, to, cause;

	if (!x || !field_is(x, TAG_CAMERA, g->camera) ||
	    !entry_find(&x->view, TAG_FROM, &from) ||
	    !entry_find(&x->view, TAG_TO, &to) ||
	    (int64_t)field_u64(&from) > g->from_ns + COVERAGE_JOIN_NS ||
	    (int64_t)field_u64(&to) < g->to_ns - COVERAGE_JOIN_NS)
		return false;
	if (x->view.type == ENTRY_ERASED)
		return !strcmp(g->cause, cause_name(CAUSE_EXPIRED));
	return x->view.type == ENTRY_GAP_CLOSED &&
	    entry_find(&x->view, TAG_CAUSE, &cause) &&
	    field_u64(&cause) < CAUSE_MAX &&
	    !strcmp(g->cause, cause_name((enum cause)field_u64(&cause)));
}

static void check_gap(struct verify *v, const struct manifest_gap *g)
{
	const struct proof *log = verify_proof_of(v, g->epoch);
	const struct proof_entry *x = log ? proof_find(log, g->entry) : NULL;
	char a[VERIFY_TIME], b[VERIFY_TIME];

	if (!says_gap(x, g))
		verify_finding(v, false, "gap", "manifest.json", -1,
		    "camera %s from %s to %s: entry %llu does not say what "
		    "the manifest says of this gap",
		    g->camera, verify_time(v, g->from_ns, a),
		    verify_time(v, g->to_ns, b), (unsigned long long)g->entry);
	else if (x->view.type == ENTRY_ERASED &&
	    x->view.time.ns < g->to_ns + TERM_MIN_NS)
		verify_finding(v, true, "early", "", -1,
		    "camera %s from %s to %s: erased before any term could "
		    "end",
		    g->camera, verify_time(v, g->from_ns, a),
		    verify_time(v, g->to_ns, b));
}

static void check_gaps(struct verify *v)
{
	const struct manifest *m = &v->manifest;

	for (size_t i = 0; i < m->gaps_n; i++)
		if (m->gaps[i].entered)
			check_gap(v, &m->gaps[i]);
}

static void judge_complete(struct verify *v)
{
	const struct manifest *m = &v->manifest;
	char from[VERIFY_TIME], to[VERIFY_TIME];
	size_t named = 0, entered = 0;

	for (size_t i = 0; i < m->gaps_n; i++) {
		named += strcmp(m->gaps[i].cause, "lost") != 0;
		entered +=
		    strcmp(m->gaps[i].cause, "lost") != 0 && m->gaps[i].entered;
	}
	verify_time(v, m->from_ns, from);
	verify_time(v, m->to_ns, to);
	if (v->out->missing || v->out->changed)
		verify_say(v, CLAIM_COMPLETE, NOT_PROVEN,
		    "%s to %s, %zu cameras: something is missing", from, to,
		    m->cameras_n);
	else if (named > entered)
		verify_say(v, CLAIM_COMPLETE, NOT_CLAIMED,
		    "%s to %s, %zu cameras: of %zu gap%s %zu stand%s in no "
		    "entry of the log: that nothing was recorded there is its "
		    "owner's word",
		    from, to, m->cameras_n, named, named == 1 ? "" : "s",
		    named - entered, named - entered == 1 ? "s" : "");
	else if (named)
		verify_say(v, CLAIM_COMPLETE, PROVEN,
		    "%s to %s, %zu cameras: complete, with %zu gap%s, entered "
		    "with bounds and cause",
		    from, to, m->cameras_n, named, named == 1 ? "" : "s");
	else
		verify_say(v, CLAIM_COMPLETE, PROVEN,
		    "%s to %s, %zu cameras: complete, without a gap", from, to,
		    m->cameras_n);
}

void verify_complete(struct verify *v)
{
	for (size_t i = 0; i < v->manifest.cameras_n; i++)
		check_camera(v, v->manifest.cameras[i]);
	check_gaps(v);
	judge_complete(v);
}
