#include "recorder/stream.h"

#include <stdlib.h>
#include <string.h>

#include "recorder/clock.h"
#include "recorder/cut.h"
#include "recorder/fragment.h"
#include "recorder/order.h"
#include "recorder/sets.h"
#include "recorder/video.h"

#define HELD_FRAMES 512		/* while the run's start is sought */
#define HELD_BYTES (16u << 20)
#define BAD_MAX 10		/* key frames in a row that do not parse */
#define REPORT_AGE_NS (3600 * NS_PER_SEC) /* an older one says nothing */

struct stream {
	enum codec codec;
	struct feed *feed;
	struct clock clock;
	struct order order;
	struct cut cut;
	struct fragment fragment;
	/* Pictures wait here until the run's start is known. */
	struct frame held[HELD_FRAMES];
	size_t held_n, held_bytes;
	bool flowing;
	bool restart;		/* a new run at the next key frame */
	/* Parameter sets: as they arrive; in force at the picture that is
	 * placed; of the init part; of the open segment. */
	struct sets seen, sets, init_sets, open_sets;
	int bad;
	bool looked; /* at a key frame with `seen` */
	bool broken; /* something is missing since the last key */
	unsigned char *init; /* the init part for init_sets */
	size_t init_n;
	struct video video;
	/* The open segment and fragment. */
	int64_t segment_dts;
	uint32_t number;	/* of the fragment in the segment, from 1 */
	int64_t fragment_dts, end_dts;
	struct utc fragment_start;
	struct mono arrival;
	uint32_t flags;
	struct utc last_end;	/* of what was recorded */
	bool blocked;		/* until storage has taken the queue */
	struct mono waits;
	/* The camera's clock and the RTP time stamp that it belongs to. */
	struct utc camera;
	uint32_t camera_time;
	struct stream_stats stats;
};

static enum err stream_frame(void *arg, struct frame *f);

struct stream *stream_new(enum codec codec, struct feed *feed,
    uint32_t segment_ms, uint32_t fragment_ms)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->codec = codec;
	s->feed = feed;
	clock_init(&s->clock);
	order_init(&s->order,
	    (struct frame_sink){.emit = stream_frame, .arg = s});
	cut_init(&s->cut, segment_ms, fragment_ms);
	fragment_init(&s->fragment);
	return s;
}

void stream_free(struct stream *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->held_n; i++)
		free(s->held[i].unit.data);
	order_wipe(&s->order);
	fragment_wipe(&s->fragment);
	video_free(s->init);
	free(s);
}

void stream_sets(struct stream *s, const unsigned char *p, size_t n)
{
	size_t at = 0;

	while (n - at > 2) {
		size_t len = (size_t)p[at] << 8 | p[at + 1];

		if (len > n - at - 2)
			break;
		sets_put(&s->sets, s->codec, p + at + 2, len);
		at += 2 + len;
	}
	s->seen = s->sets;
}

void stream_cut(struct stream *s, struct utc at)
{
	cut_at(&s->cut, at);
}

void stream_camera_clock(struct stream *s, struct utc camera, uint32_t time,
    struct utc now)
{
	s->camera = camera;
	s->camera_time = time;
	s->stats.camera = camera;
	s->stats.camera_at = now;
}

bool stream_is_behind(const struct stream *s, struct mono now)
{
	return clock_behind(&s->clock, now);
}

struct mono stream_waits_since(const struct stream *s)
{
	return s->waits;
}

const struct stream_stats *stream_stats(const struct stream *s)
{
	return &s->stats;
}

/* Hand over the open fragment, which ends where `end` (dts) is. */
static enum err fragment_close(struct stream *s, int64_t end)
{
	struct fragment *f = &s->fragment;
	struct utc until = clock_utc(&s->clock, end);
	const unsigned char *p;
	size_t n;
	enum err err = OK;

	if (!f->samples)
		return OK;
	if (!s->clock.trusted)
		s->flags |= FRAGMENT_UNTRUSTED;
	if (s->fragment_start.ns < s->last_end.ns)
		s->flags |= FRAGMENT_OVERLAP;
	fragment_seal(f, ++s->number,
	    (uint64_t)(s->fragment_dts - s->segment_dts), &p, &n);
	if (s->feed)
		err = feed_fragment(s->feed, s->fragment_start,
		    until.ns - s->fragment_start.ns, s->arrival, s->flags, p,
		    n);
	if (!err && until.ns > s->last_end.ns)
		s->last_end = until;
	fragment_clear(f);
	if (err == ERR_BUSY) {
		cut_end(&s->cut);
		s->blocked = true;
		err = feed_end(s->feed, CAUSE_STORAGE_AWAY);
	}
	return err;
}

static enum err segment_close(struct stream *s, int64_t end, enum cause cause)
{
	enum err err;

	if (!s->cut.open)
		return OK;
	err = fragment_close(s, end);
	if (!err && s->feed && s->cut.open)
		err = feed_end(s->feed, cause);
	cut_end(&s->cut);
	return err;
}

/* Make the init part for the sets in force, unless it is there. */
static enum err take_init(struct stream *s, const struct unit *u)
{
	unsigned char *init;
	size_t n;
	enum err err;

	if (s->init && sets_equal(&s->sets, &s->init_sets))
		return OK;
	err = video_init_part(s->codec, s->sets.p, s->sets.n, u, &s->video,
	    &init, &n);
	if (err)
		return err;
	video_free(s->init);
	s->init = init;
	s->init_n = n;
	s->init_sets = s->sets;
	s->stats.width = s->video.width;
	s->stats.height = s->video.height;
	memcpy(s->stats.profile, s->video.profile, sizeof(s->stats.profile));
	return OK;
}

static enum err segment_begin(struct stream *s, const struct frame *f,
    struct utc utc)
{
	struct feed_segment seg = {.start = utc,
	    .arrival = f->unit.arrival,
	    .epoch = s->clock.epoch,
	    .clock_state = utc_state(),
	    .width = s->video.width,
	    .height = s->video.height};

	if (s->camera.ns && utc.ns - s->stats.camera_at.ns < REPORT_AGE_NS)
		seg.camera.ns = s->camera.ns +
		    (int64_t)(int32_t)(f->unit.time - s->camera_time) *
			NS_PER_SEC / CLOCK_HZ;
	s->segment_dts = f->dts;
	s->number = 0;
	s->waits.ns = 0;
	s->open_sets = s->init_sets;
	return s->feed ? feed_begin(s->feed, &seg, s->init, s->init_n) : OK;
}

static void measure(struct stream *s, const struct frame *f)
{
	struct stream_stats *t = &s->stats;

	if (!t->frames++)
		t->first_pts = f->dts;
	t->last_pts = f->dts;
	t->bytes += f->unit.n;
	t->damaged += f->unit.damaged;
	t->slips = s->clock.slips;
	t->forced = s->order.forced;
	if (!f->unit.key)
		return;
	if (!t->keys++)
		t->first_key = f->dts;
	t->last_key = f->dts;
}

/* May this picture be recorded at all? */
static bool is_wanted(struct stream *s, const struct frame *f, bool *ret_new)
{
	bool key = f->unit.key;

	(void)sets_take(&s->sets, s->codec, &f->unit);
	*ret_new = false;
	if (key || (!s->init && sets_have_sequence(&s->sets, s->codec))) {
		enum err err = take_init(s, &f->unit);

		if (err && !s->init)
			return false;
		if (key)
			s->bad = err ? s->bad + 1 : 0;
		*ret_new = key && !sets_equal(&s->init_sets, &s->open_sets);
	}
	if (s->blocked && !feed_wants_write(s->feed))
		s->blocked = false;
	return s->init && !s->blocked;
}

/* Put one picture where it belongs. Frees its bytes. */
static enum err place(struct stream *s, struct frame *f)
{
	struct utc utc = clock_utc(&s->clock, f->dts);
	bool new_sets;
	enum cut_where where = CUT_DROP;
	bool was_open = s->cut.open;
	enum err err = OK;

	measure(s, f);
	if (f->unit.damaged)
		s->broken = true;
	else if (f->unit.key)
		s->broken = false;
	if (is_wanted(s, f, &new_sets))
		where = cut_next(&s->cut, utc, f->dts, f->duration, f->unit.key,
		    new_sets, s->fragment.n);
	if (where == CUT_NOT && !fragment_has_room(&s->fragment, f->unit.n))
		where = CUT_FRAGMENT;
	if (where == CUT_DROP && !s->waits.ns)
		s->waits = f->unit.arrival;
	if (where == CUT_SEGMENT || where == CUT_FRAGMENT)
		err = fragment_close(s, f->dts);
	if (!err && s->blocked)
		where = CUT_DROP;
	if (!err && where == CUT_SEGMENT) {
		if (was_open && s->feed)
			err = feed_end(s->feed, CAUSE_NONE);
		if (!err)
			err = segment_begin(s, f, utc);
		if (!was_open && !f->unit.key)
			s->broken = true; /* what it builds on is not here */
	}
	if (err || where == CUT_DROP)
		goto out;
	if (!s->fragment.samples) {
		s->fragment_dts = f->dts;
		s->fragment_start = utc;
		s->flags = f->unit.key ? FRAGMENT_KEY : 0;
	}
	if (s->broken)
		s->flags |= FRAGMENT_DAMAGED;
	s->arrival = f->unit.arrival;
	s->end_dts = f->dts + f->duration;
	err = fragment_put(&s->fragment, f->unit.data, f->unit.n, f->duration,
	    (int32_t)(f->pts - f->dts), f->unit.key);
out:
	free(f->unit.data);
	return err;
}

/* The run's start is known, or there is no more room to wait for it. */
static enum err release(struct stream *s)
{
	enum err err = OK;

	s->flowing = true;
	for (size_t i = 0; i < s->held_n; i++) {
		if (!err)
			err = place(s, &s->held[i]);
		else
			free(s->held[i].unit.data);
	}
	s->held_n = s->held_bytes = 0;
	return err;
}

static enum err stream_frame(void *arg, struct frame *f)
{
	struct stream *s = arg;

	if (s->flowing)
		return place(s, f);
	s->held_bytes += f->unit.n;
	s->held[s->held_n++] = *f;
	if (s->held_n == HELD_FRAMES || s->held_bytes > HELD_BYTES)
		return release(s);
	return OK;
}

/* Everything that is under way goes out; the segment ends. */
static enum err run_end(struct stream *s, enum cause cause)
{
	enum err err = order_end(&s->order);

	if (!err)
		err = release(s);
	if (!err)
		err = segment_close(s, s->end_dts, cause);
	s->flowing = false;
	return err;
}

enum err stream_end(struct stream *s, enum cause cause)
{
	return run_end(s, cause);
}

void stream_refused(struct stream *s)
{
	cut_end(&s->cut);
	s->number = 0;
	fragment_clear(&s->fragment);
}

/* How far a new set of parameters reorders must be known before ordering. */
static void look_ahead(struct stream *s, const struct unit *u)
{
	unsigned char *init;
	struct video v;
	size_t n;

	if (sets_take(&s->seen, s->codec, u))
		s->looked = false;
	if (!u->key || s->looked)
		return;
	s->looked = true;
	if (video_init_part(s->codec, s->seen.p, s->seen.n, u, &v, &init, &n))
		return;
	video_free(init);
	order_depth(&s->order, v.reorder);
}

enum err stream_unit(void *arg, struct unit *u)
{
	struct stream *s = arg;
	struct clock before = s->clock;
	int64_t pts;
	enum err err = OK;

	look_ahead(s, u);
	if (u->turned) {
		err = run_end(s, CAUSE_STREAM_ERROR);
		clock_restart(&s->clock);
	}
	if (!err && u->key) {
		if (s->restart)
			err = run_end(s, CAUSE_NONE);
		if (s->restart)
			clock_restart(&s->clock);
		s->restart = false;
	}
	if (!err && !clock_take(&s->clock, u->time, u->arrival, &pts)) {
		/* What is under way belongs to the old timeline. */
		struct clock now = s->clock;

		s->clock = before;
		err = run_end(s, CAUSE_STREAM_ERROR);
		s->clock = now;
	}
	if (!err && s->bad > BAD_MAX)
		err = ERR_FORMAT;
	if (err) {
		free(u->data);
		return err;
	}
	return order_put(&s->order, u, pts);
}

enum err stream_tick(struct stream *s, struct utc utc, struct mono mono)
{
	if (clock_wall(&s->clock, utc, mono))
		s->restart = true;
	if (!s->flowing && clock_settled(&s->clock, mono))
		return release(s);
	return OK;
}
