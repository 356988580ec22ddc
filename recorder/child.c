#include "recorder/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "recorder/control_talk.h"
#include "recorder/depay.h"
#include "recorder/feed.h"
#include "recorder/rtp.h"
#include "recorder/sandbox.h"
#include "recorder/session.h"
#include "recorder/show.h"
#include "recorder/stream.h"
#include "storage/api/wire.h"

#define IN_MAX (384u << 10)
#define IN_MUCH (128u << 10) /* so much at once, and more is near */
#define PACE_NS (100 * NS_PER_MS)	/* read in large pieces: costs less */
#define PACE_UDP_NS (10 * NS_PER_MS)
#define TICK_MS 100
#define UDP_BATCH 256			/* packets read before looking around */
#define WAITS_NS (10 * NS_PER_SEC)	/* without a key frame: say so */
#define PROBE_NS (4 * NS_PER_SEC)
#define REPORT_NS (5 * NS_PER_SEC)	/* RTCP over UDP */
#define ALIVE_NS NS_PER_SEC
#define PICTURE_TIMEOUTS 6 /* packets, and no picture for so long */
#define STOP_MS 1500

struct child {
	const struct child_start *start;
	int control, camera, rtp_fd, rtcp_fd;
	struct session session;
	struct rtp_order *order;
	struct depay *depay;
	struct stream *stream;
	struct feed *feed;
	unsigned char *in;
	size_t in_n;
	struct mono begun, last_read, last_data, last_report, last_alive;
	struct mono last_picture;
	uint32_t pictures;
	struct mono played;		/* pictures flow since; 0 = not yet */
	bool told, told_waits;
	enum cause stop;		/* the supervisor said so */
	/* Why it ends. */
	enum cause cause;
	char detail[160];
};

static enum err because(struct child *c, enum err err, enum cause cause,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static enum err because(struct child *c, enum err err, enum cause cause,
    const char *fmt, ...)
{
	va_list ap;

	if (c->cause != CAUSE_NONE)
		return err;
	va_start(ap, fmt);
	vsnprintf(c->detail, sizeof(c->detail), fmt, ap);
	va_end(ap);
	c->cause = cause;
	return err;
}

/* --- to the supervisor --- */

static enum err authorize(void *arg, const char *challenge, const char *method,
    const char *uri, char *buf, size_t max)
{
	struct child *c = arg;

	return control_authorize(c->control, challenge, method, uri, buf, max);
}

static enum err udp_peer(struct child *c)
{
	enum err err = control_udp(c->control, c->session.channels.server_rtp,
	    c->session.channels.server_rtcp);

	return err ? because(c, err, CAUSE_RECORDER_FAILED,
			 "the UDP ports could not be connected") :
		     OK;
}

/* --- pictures --- */

static enum err on_packet(void *arg, const struct rtp_packet *p)
{
	return depay_put(((struct child *)arg)->depay, p);
}

static enum err stream_open(struct child *c)
{
	const struct rtsp_sdp *sdp = &c->session.sdp;

	c->stream = stream_new(sdp->codec, c->feed, c->start->segment_ms,
	    c->start->fragment_ms);
	c->depay = depay_new(sdp->codec,
	    (struct unit_sink){.emit = stream_unit, .arg = c->stream});
	c->order = rtp_new(c->start->transport == TRANSPORT_UDP, sdp->payload,
	    (struct rtp_sink){.emit = on_packet, .arg = c});
	if (!c->stream || !c->depay || !c->order)
		return because(c, ERR_NO_MEMORY, CAUSE_RECORDER_FAILED,
		    "out of memory");
	stream_sets(c->stream, sdp->sets, sdp->sets_n);
	return stream_tick(c->stream, utc_now(), mono_now());
}

static enum err stream_failed(struct child *c, enum err err)
{
	switch (err) {
	case OK:
		return OK;
	case ERR_GONE:
		return because(c, err, CAUSE_STORAGE_AWAY, "storage is away");
	case ERR_FORMAT:
	case ERR_TOO_LARGE:
		return because(c, err, CAUSE_STREAM_ERROR,
		    "the camera's pictures make no sense");
	default:
		return because(c, err, CAUSE_RECORDER_FAILED, "%s",
		    err_text(err));
	}
}

static enum err take_rtp(struct child *c, const unsigned char *p, size_t n,
    struct mono now)
{
	/* A4, A5: before the answer to PLAY it may be an old session's. */
	if (!c->order || c->session.state != SESSION_PLAYING)
		return OK;
	c->last_data = now;
	return stream_failed(c, rtp_put(c->order, p, n, now));
}

static void take_rtcp(struct child *c, const unsigned char *p, size_t n)
{
	struct utc camera;
	uint32_t time, source;

	if (c->stream && rtcp_sender_report(p, n, &source, &camera, &time) &&
	    rtp_is_source(c->order, source))
		stream_camera_clock(c->stream, camera, time, utc_now());
}

/* --- from the camera --- */

static enum err take_answer(struct child *c, const struct rtsp_answer *a,
    struct mono now)
{
	enum session_state before = c->session.state;
	enum err err = session_answer(&c->session, a, now);

	if (err)
		return because(c, err, c->session.cause, "%s",
		    c->session.detail);
	if (before == SESSION_SETUP && c->session.state == SESSION_PLAY) {
		if (c->start->transport == TRANSPORT_UDP)
			err = udp_peer(c);
		if (!err)
			err = stream_open(c);
		c->last_data = c->last_picture = now;
	}
	return err;
}

static enum err take_item(struct child *c, const struct rtsp_item *it,
    struct mono now)
{
	static const char sorry[] = "RTSP/1.0 501 Not Implemented\r\n"
				    "CSeq: %u\r\n\r\n";
	struct session *s = &c->session;
	int n;

	switch (it->kind) {
	case RTSP_DATA:
		if (it->channel == s->channels.rtp_channel)
			return take_rtp(c, it->data, it->data_n, now);
		if (it->channel == s->channels.rtcp_channel)
			take_rtcp(c, it->data, it->data_n);
		return OK;
	case RTSP_ANSWER:
		return take_answer(c, &it->answer, now);
	case RTSP_REQUEST:
		n = snprintf(s->out + s->out_n, sizeof(s->out) - s->out_n,
		    sorry, it->answer.cseq);
		if (n > 0 && (size_t)n < sizeof(s->out) - s->out_n)
			s->out_n += (size_t)n;
		return OK;
	case RTSP_MORE:
	case RTSP_SKIP:
		break;
	}
	return OK;
}

static enum err read_camera(struct child *c, struct mono now)
{
	size_t room = IN_MAX - c->in_n, at = 0;
	ssize_t n = recv(c->camera, c->in + c->in_n, room, MSG_DONTWAIT);
	enum err err = OK;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return OK;
	if (n <= 0)
		return because(c, ERR_GONE,
		    c->played.ns ? CAUSE_NETWORK : CAUSE_NO_ANSWER,
		    n ? "the connection to the camera broke" :
			"the camera closed the connection");
	/* Where much waits (C7), the rest is read at once. */
	if ((size_t)n < room && (size_t)n < IN_MUCH)
		c->last_read = now;
	c->in_n += (size_t)n;
	while (!err) {
		struct rtsp_item it;

		err = rtsp_next(c->in + at, c->in_n - at, &it);
		if (err)
			return because(c, err, CAUSE_CAMERA_ERROR,
			    "what the camera sends is no RTSP");
		if (!it.consumed)
			break;
		err = take_item(c, &it, now);
		at += it.consumed;
	}
	c->in_n -= at;
	memmove(c->in, c->in + at, c->in_n);
	return err;
}

static enum err read_udp(struct child *c, int fd, bool rtcp, struct mono now)
{
	enum err err = OK;

	for (int i = 0; !err && i < UDP_BATCH; i++) {
		ssize_t n =
		    recv(fd, c->in + c->in_n, IN_MAX - c->in_n, MSG_DONTWAIT);

		if (n < 0)
			break;
		if (rtcp)
			take_rtcp(c, c->in + c->in_n, (size_t)n);
		else
			err = take_rtp(c, c->in + c->in_n, (size_t)n, now);
	}
	c->last_read = now;
	return err;
}

static enum err write_camera(struct child *c)
{
	struct session *s = &c->session;
	ssize_t n;

	if (!s->out_n)
		return OK;
	n = send(c->camera, s->out, s->out_n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ?
		    OK :
		    because(c, ERR_GONE, CAUSE_NETWORK,
			"the connection to the camera broke");
	s->out_n -= (size_t)n;
	memmove(s->out, s->out + n, s->out_n);
	return OK;
}

/* --- from storage and the supervisor --- */

static enum err read_storage(struct child *c)
{
	struct feed_event e = {.fd = -1};
	enum err err = feed_read(c->feed, &e);

	if (err)
		return because(c, err, CAUSE_STORAGE_AWAY, "storage is away");
	switch (e.what) {
	case FEED_CUT:
		if (c->stream)
			stream_cut(c->stream, e.cut);
		return OK;
	case FEED_PICTURE:
		return stream_failed(c, show_proof(c->feed, &e));
	case FEED_AIM:
		return stream_failed(c, show_aim(c->feed, &e));
	case FEED_REFUSED:
		return because(c, e.err,
		    e.err == ERR_DISK_FULL ? CAUSE_DISK_FULL :
			e.err == ERR_DISK  ? CAUSE_DISK_ERROR :
					     CAUSE_STORAGE_AWAY,
		    "storage refuses: %s", err_text(e.err));
	case FEED_NOTHING:
		break;
	}
	return OK;
}

static enum err read_control(struct child *c)
{
	struct wire w;
	enum err err = wire_recv(c->control, &w);

	if (w.fd >= 0)
		close(w.fd);
	if (err == ERR_BUSY)
		return OK;
	c->stop = CAUSE_RECORDER_FAILED;
	if (!err && w.type == CONTROL_STOP)
		c->stop = wire_get_u8(&w);
	return because(c, ERR_GONE, c->stop, "told to stop");
}

/* --- time --- */

static enum err probe_tick(struct child *c, struct mono now)
{
	const struct stream_stats *t;

	if (!c->start->probe || !c->played.ns ||
	    now.ns - c->played.ns < PROBE_NS)
		return OK;
	t = stream_stats(c->stream);
	if (!t->frames || !t->width)
		return OK;	/* until the time-out of the whole probe */
	control_probed(c->control, c->session.sdp.codec, t,
	    c->session.sdp.audio);
	return because(c, ERR_GONE, CAUSE_NONE, "probed");
}

/* Packets are no proof that a camera works; pictures are. */
static enum err picture_tick(struct child *c, struct mono now)
{
	const struct stream_stats *t = stream_stats(c->stream);

	if (t->frames != c->pictures)
		c->last_picture = now;
	c->pictures = t->frames;
	if (now.ns - c->last_picture.ns >
	    PICTURE_TIMEOUTS * c->start->timeout_ms * NS_PER_MS)
		return because(c, ERR_TIMEOUT, CAUSE_STREAM_ERROR,
		    "packets come, and no picture");
	if (c->start->patient || c->start->probe ||
	    !stream_is_behind(c->stream, now))
		return OK;
	control_say(c->control, CONTROL_SLOW);
	return because(c, ERR_TIMEOUT, CAUSE_NETWORK,
	    "pictures come slower than the camera makes them");
}

static enum err tick(struct child *c, struct mono now)
{
	int64_t limit = c->start->timeout_ms * NS_PER_MS;
	enum err err = session_tick(&c->session, now, limit);

	if (err)
		return because(c, err, c->session.cause, "%s",
		    c->session.detail);
	if (c->session.state == SESSION_PLAYING &&
	    now.ns - c->last_data.ns > limit)
		return because(c, ERR_TIMEOUT, CAUSE_NETWORK,
		    "no data from the camera for %u ms", c->start->timeout_ms);
	if (c->order)
		err = rtp_tick(c->order, now);
	if (!err && c->stream)
		err = stream_tick(c->stream, utc_now(), now);
	if (err)
		return stream_failed(c, err);
	if (now.ns - c->last_alive.ns > ALIVE_NS) {
		control_say(c->control, CONTROL_ALIVE);
		c->last_alive = now;
	}
	if (c->stream && c->session.state == SESSION_PLAYING)
		err = picture_tick(c, now);
	if (err)
		return err;
	if (c->stream && !c->played.ns && stream_stats(c->stream)->frames)
		c->played = now;
	if (c->played.ns) {
		struct mono since = stream_waits_since(c->stream);
		bool waits = since.ns && now.ns - since.ns > WAITS_NS;

		if (!c->told || waits != c->told_waits)
			control_tell(c->control, CONTROL_STATE,
			    waits ? CAUSE_NO_KEY_FRAME : CAUSE_NONE,
			    waits ? "no key frame" : "");
		c->told = true;
		c->told_waits = waits;
	}
	if (c->rtcp_fd >= 0 && c->session.state == SESSION_PLAYING &&
	    now.ns - c->last_report.ns > REPORT_NS) {
		unsigned char report[RTCP_REPORT_BYTES];

		rtcp_receiver_report((uint32_t)getpid(), report);
		(void)!send(c->rtcp_fd, report, sizeof(report), MSG_DONTWAIT);
		c->last_report = now;
	}
	return probe_tick(c, now);
}

/* Until the start of the run is known each packet's arrival counts. */
static bool may_read(const struct child *c, struct mono now)
{
	int64_t pace = c->rtp_fd >= 0 ? PACE_UDP_NS : PACE_NS;

	return !c->played.ns || now.ns - c->last_read.ns >= pace;
}

static enum err turn(struct child *c)
{
	struct mono now = mono_now();
	bool reads = may_read(c, now);
	struct pollfd p[] = {
	    {.fd = c->control, .events = POLLIN},
	    {.fd = c->camera,
		.events = (short)((reads ? POLLIN : 0) |
		    (c->session.out_n ? POLLOUT : 0))},
	    {.fd = c->feed ? feed_socket(c->feed) : -1, .events = POLLIN},
	    {.fd = c->rtp_fd, .events = reads ? POLLIN : 0},
	    {.fd = c->rtcp_fd, .events = POLLIN},
	};
	int wait = TICK_MS;
	enum err err = OK;

	if (!reads) {
		int64_t pace = c->rtp_fd >= 0 ? PACE_UDP_NS : PACE_NS;
		int64_t left = c->last_read.ns + pace - now.ns;

		wait = (int)(left / NS_PER_MS) + 1;
		/* A camera that hung up would wake us again and again. */
		if (!p[1].events)
			p[1].fd = -1;
	}
	if (c->feed && feed_wants_write(c->feed) && !feed_is_crowded(c->feed))
		p[2].events |= POLLOUT;
	if (poll(p, sizeof(p) / sizeof(p[0]), wait) < 0 && errno != EINTR)
		return because(c, ERR_SYS, CAUSE_RECORDER_FAILED, "poll");
	now = mono_now();
	if (p[0].revents)
		err = read_control(c);
	if (!err &&
	    (p[2].revents & POLLOUT || (c->feed && feed_is_crowded(c->feed))))
		err = stream_failed(c, feed_write(c->feed));
	if (!err && p[2].revents & ~POLLOUT)
		err = read_storage(c);
	if (!err && p[3].revents)
		err = read_udp(c, c->rtp_fd, false, now);
	if (!err && p[4].revents)
		err = read_udp(c, c->rtcp_fd, true, now);
	if (!err && p[1].revents & ~POLLOUT)
		err = read_camera(c, now);
	if (!err)
		err = tick(c, now);
	if (!err)
		err = write_camera(c);
	return err;
}

/* The open segment ends with its cause; the camera and storage hear of it. */
static void wind_up(struct child *c)
{
	enum err err = OK;

	if (c->depay)
		err = depay_end(c->depay);
	if (c->stream && !err)
		err = stream_end(c->stream, c->cause);
	session_end(&c->session);
	(void)!write_camera(c);
	if (c->feed && c->cause != CAUSE_STORAGE_AWAY)
		feed_drain(c->feed, STOP_MS);
	if (c->stream)
		control_counted(c->control, stream_stats(c->stream),
		    rtp_missing(c->order));
	control_tell(c->control, CONTROL_END, c->cause, c->detail);
}

_Noreturn void child_main(const struct child_start *start,
    const int fd[CHILD_FDS])
{
	static struct child child;
	struct child *c = &child;
	enum err err = sandbox_enter(fd[FD_CONTROL], fd[FD_INGEST]);

	*c = (struct child){.start = start,
	    .control = fd[FD_CONTROL],
	    .camera = fd[FD_CAMERA],
	    .rtp_fd = fd[FD_RTP],
	    .rtcp_fd = fd[FD_RTCP],
	    .begun = mono_now()};
	if (err) {
		control_tell(c->control, CONTROL_END, CAUSE_RECORDER_FAILED,
		    "the sandbox could not be closed");
		_exit(1);
	}
	c->in = malloc(IN_MAX);
	if (fd[FD_INGEST] >= 0)
		c->feed = feed_new(fd[FD_INGEST]);
	if (!c->in || (fd[FD_INGEST] >= 0 && !c->feed))
		_exit(1);
	err = session_begin(&c->session, start->url, start->transport,
	    start->udp_port,
	    (struct session_guard){.authorize = authorize, .arg = c},
	    mono_now());
	if (!err)
		err = write_camera(c);
	while (!err)
		err = turn(c);
	wind_up(c);
	_exit(0);
}
