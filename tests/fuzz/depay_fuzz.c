/* u8 options, then packets: u16 length, RTP. All the way to fragments. */
#include <stdlib.h>

#include "recorder/clock.h"
#include "recorder/depay.h"
#include "recorder/fragment.h"
#include "recorder/order.h"
#include "recorder/rtp.h"
#include "recorder/sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct clock clock_;
static struct order order;
static struct fragment fragment;
static struct sets sets;
static int64_t now, next;

static enum err on_frame(void *arg, struct frame *f)
{
	enum err err;

	(void)arg;
	if (next != INT64_MIN && f->dts != next)
		abort();
	next = f->dts + f->duration;
	err = fragment_put(&fragment, f->unit.data, f->unit.n, f->duration,
	    (int32_t)(f->pts - f->dts), f->unit.key);
	free(f->unit.data);
	return err;
}

static enum err on_unit(void *arg, struct unit *u)
{
	int64_t pts;
	enum err err = OK;

	(void)sets_take(&sets, *(enum codec *)arg, u);
	if (sets.n > SETS_MAX)
		abort();
	if (!clock_take(&clock_, u->time, u->arrival, &pts)) {
		err = order_end(&order);
		next = INT64_MIN;
	}
	if (err) {
		free(u->data);
		return err;
	}
	return order_put(&order, u, pts);
}

static enum err on_packet(void *arg, const struct rtp_packet *p)
{
	return depay_put(arg, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	enum codec codec = n && p[0] & 1 ? CODEC_H265 : CODEC_H264;
	struct depay *d = depay_new(codec,
	    (struct unit_sink){.emit = on_unit, .arg = &codec});
	struct rtp_order *o = rtp_new(n && p[0] & 2, 96,
	    (struct rtp_sink){.emit = on_packet, .arg = d});
	const unsigned char *out;
	size_t out_n;
	enum err err = d && o ? OK : ERR_NO_MEMORY;

	clock_init(&clock_);
	sets.n = 0;
	order_init(&order, (struct frame_sink){.emit = on_frame});
	fragment_init(&fragment);
	next = INT64_MIN;
	now = 1;
	for (size_t at = 1; !err && n - at > 2 && at < n;) {
		size_t len = (size_t)p[at] << 8 | p[at + 1];
		struct utc camera;
		uint32_t time, source;

		at += 2;
		if (len > n - at)
			len = n - at;
		now += 10 * NS_PER_MS;
		(void)rtcp_sender_report(p + at, len, &source, &camera, &time);
		err = rtp_put(o, p + at, len, (struct mono){now});
		if (!err)
			err = rtp_tick(o, (struct mono){now});
		at += len;
	}
	if (!err)
		err = depay_end(d);
	if (!err)
		err = order_end(&order);
	if (fragment.samples)
		fragment_seal(&fragment, 1, 0, &out, &out_n);
	order_wipe(&order);
	fragment_wipe(&fragment);
	rtp_free(o);
	depay_free(d);
	return 0;
}
