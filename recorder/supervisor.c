#include "recorder/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "recorder/answer.h"
#include "recorder/camera.h"
#include "recorder/look.h"
#include "recorder/zygote.h"
#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "storage/api/wire.h"

#define CAMERAS_MAX 256
#define RETRY_MIN_MS 250	/* storage away: try again, ever slower */
#define RETRY_MAX_MS 2000
#define LOOKS_MAX 4 /* at a time: people at a page */
#define STOP_MS 4000		/* children have so long to end a segment */
#define BEGIN_NS NS_PER_SEC	/* of one turn, to begin children */
#define CAMERA_FDS (CAMERA_POLLS * CAMERAS_MAX)

struct supervisor {
	const struct config *config;
	const struct secret_key *key;
	struct camera_host host;
	struct camera *cameras[CAMERAS_MAX];
	int n;
	struct look *looks[LOOKS_MAX];
	int signals;
	bool stopping;
	struct mono stop_at;
	int begin_at; /* which descriptor, so that each has its turn */
	/* The connection to storage. */
	int storage;		/* -1: away */
	uint32_t id;
	struct mono retry_at;
	int retry_ms;
	bool listed;		/* the whole list came: cameras may run */
	bool listing, changed;
	char last[CAMERA_ID_MAX + 1];
};

static void looks_drop(struct supervisor *s);

static void storage_lost(struct supervisor *s, struct mono now)
{
	if (s->storage >= 0) {
		close(s->storage);
		log_warn("storage is away");
	}
	s->storage = -1;
	s->listing = s->listed = false;
	s->retry_ms = s->retry_ms ? 2 * s->retry_ms : RETRY_MIN_MS;
	if (s->retry_ms > RETRY_MAX_MS)
		s->retry_ms = RETRY_MAX_MS;
	s->retry_at.ns = now.ns + s->retry_ms * NS_PER_MS;
	for (int i = 0; i < s->n; i++)
		camera_hold(s->cameras[i]);
	looks_drop(s);
}

static void storage_send(struct supervisor *s, struct wire *w)
{
	enum err err = s->storage >= 0 ? wire_send(s->storage, w, -1) : OK;

	if (err) {
		log_error("storage: %s", err_text(err));
		storage_lost(s, mono_now());
	}
}

static void list_next(struct supervisor *s)
{
	struct wire w;

	wire_begin(&w, MSG_CAMERA_NEXT, ++s->id);
	wire_put_str(&w, s->last);
	storage_send(s, &w);
}

static void list_begin(struct supervisor *s)
{
	if (s->listing) {
		s->changed = true;
		return;
	}
	for (int i = 0; i < s->n; i++)
		s->cameras[i]->listed = false;
	s->listing = true;
	s->changed = false;
	s->last[0] = '\0';
	list_next(s);
}

static void storage_connect(struct supervisor *s, struct mono now)
{
	struct wire w;
	char path[128];

	snprintf(path, sizeof(path), "%s/ingest.sock", s->config->run);
	if (wire_connect(path, &s->storage)) {
		s->storage = -1;
		storage_lost(s, now);
		return;
	}
	fcntl(s->storage, F_SETFL, O_NONBLOCK);
	s->retry_ms = 0;
	wire_begin(&w, MSG_HELLO_RECORDER, ++s->id);
	wire_put_str(&w, SAQTA_VERSION);
	wire_put_bytes(&w, s->key->public, SECRET_KEY_BYTES);
	storage_send(s, &w);
	if (s->storage >= 0)
		list_begin(s);
}

/* --- looks: what storage asks for people --- */

/* text is given; NULL: no memory, the question is left to its time-out. */
static void look_answer(struct supervisor *s, uint32_t question, char *text)
{
	struct wire w;
	int fd = -1;
	enum err err =
	    text ? bulk_from(text, strlen(text), &fd) : ERR_NO_MEMORY;

	free(text);
	wire_begin(&w, MSG_LOOK_IS, question);
	if (!err && s->storage >= 0)
		err = wire_send(s->storage, &w, fd);
	if (fd >= 0)
		close(fd);
	if (err)
		log_error("a look was not answered: %s", err_text(err));
}

static void look_begin(struct supervisor *s, struct wire *w)
{
	struct credentials login;
	unsigned kind = wire_get_u8(w), transport;
	char target[RTSP_URL_MAX];
	const void *box;
	size_t n;
	int at = 0;
	enum err err;

	wire_get_text(w, target, sizeof(target));
	transport = wire_get_u8(w);
	box = wire_get_bytes(w, &n);
	err = wire_end(w);
	if (!err && (!kind || kind >= LOOK_MAX || transport > TRANSPORT_UDP))
		err = ERR_INVALID;
	if (!err)
		err = secret_open(s->key, box, n, &login);
	while (at < LOOKS_MAX && s->looks[at])
		at++;
	if (err || at == LOOKS_MAX) {
		look_answer(s, w->id,
		    answer_error(err ? "invalid" : "busy",
			err ? err_text(err) : "too many looks at once", NULL));
		return;
	}
	s->looks[at] = look_new((enum look_kind)kind, target,
	    (enum transport)transport, &login, s->host.zygote);
	secret_wipe(&login, sizeof(login));
	if (s->looks[at])
		s->looks[at]->question = w->id;
}

/* Answer what is done; returns ms until one wants to be called. */
static int looks_tick(struct supervisor *s, struct mono now)
{
	int wait = 1000;

	for (int i = 0; i < LOOKS_MAX; i++) {
		struct look *l = s->looks[i];
		int ms = l ? look_tick(l, now) : wait;

		if (l && l->done) {
			look_answer(s, l->question, l->text);
			l->text = NULL;
			look_free(l);
			s->looks[i] = NULL;
		} else if (ms < wait) {
			wait = ms;
		}
	}
	return wait;
}

/* Storage has forgotten what it asked. */
static void looks_drop(struct supervisor *s)
{
	for (int i = 0; i < LOOKS_MAX; i++) {
		look_free(s->looks[i]);
		s->looks[i] = NULL;
	}
}

/* --- the list of cameras --- */

static struct camera *camera_find(struct supervisor *s, const char *id)
{
	for (int i = 0; i < s->n; i++)
		if (!strcmp(s->cameras[i]->id, id))
			return s->cameras[i];
	return NULL;
}

static struct camera *camera_new(struct supervisor *s, const char *id)
{
	struct camera *c = s->n < CAMERAS_MAX ? malloc(sizeof(*c)) : NULL;

	if (!c)
		return NULL;
	camera_init(c, &s->host);
	snprintf(c->id, sizeof(c->id), "%s", id);
	s->cameras[s->n++] = c;
	return c;
}

/* What storage knows of a camera; a change begins its session anew. */
static void camera_take(struct supervisor *s, struct wire *w)
{
	struct camera now = {.pid = 0}, *c;
	char id[CAMERA_ID_MAX + 1], url[RTSP_URL_MAX];
	const void *box;
	size_t n;
	enum err err;

	snprintf(id, sizeof(id), "%.32s", wire_get_str(w));
	snprintf(url, sizeof(url), "%.511s", wire_get_str(w));
	now.transport = wire_get_u8(w) ? TRANSPORT_UDP : TRANSPORT_TCP;
	now.enabled = wire_get_u8(w);
	box = wire_get_bytes(w, &n);
	now.pinned = !fingerprint_parse(wire_get_str(w), now.certificate);
	err = wire_end(w);
	if (err || !*id) {
		storage_lost(s, mono_now());
		return;
	}
	strcpy(s->last, id);
	err = rtsp_url_parse(url, &now.url);
	if (err) {
		now.unfit = CAUSE_NO_ANSWER;
		now.why_unfit = "its URL is not one of RTSP";
	} else if (now.url.tls && !now.pinned) {
		now.unfit = CAUSE_CERTIFICATE; /* to whom would one talk? */
		now.why_unfit = "its URL needs a certificate, and none is set";
	} else if (secret_open(s->key, box, n, &now.credentials)) {
		now.unfit = CAUSE_PASSWORD;
		now.why_unfit =
		    "its password was sealed for another recorder key: set it "
		    "anew (saqta camera replace)";
	}
	if (now.unfit)
		log_error("camera %s: %s", id, now.why_unfit);
	c = camera_find(s, id);
	if (!c)
		c = camera_new(s, id);
	if (!c) {
		log_error("camera %s: there are too many", id);
		goto out;
	}
	c->listed = true;
	if (strcmp(c->url.text, now.url.text) ||
	    memcmp(&c->credentials, &now.credentials,
		sizeof(now.credentials)) ||
	    c->transport != now.transport || c->pinned != now.pinned ||
	    memcmp(c->certificate, now.certificate, FINGERPRINT_BYTES)) {
		camera_hold(c);
		c->url = now.url;
		c->credentials = now.credentials;
		c->transport = now.transport;
		c->pinned = now.pinned;
		memcpy(c->certificate, now.certificate, FINGERPRINT_BYTES);
	}
	c->enabled = now.enabled;
	c->unfit = now.unfit;
	c->why_unfit = now.why_unfit;
out:
	secret_wipe(&now, sizeof(now));
}

static void list_end(struct supervisor *s)
{
	for (int i = 0; i < s->n;) {
		struct camera *c = s->cameras[i];

		if (c->listed) {
			i++;
			continue;
		}
		camera_wipe(c);
		free(c);
		s->cameras[i] = s->cameras[--s->n];
	}
	if (!s->listed)
		log_info("%d cameras", s->n);
	notify_status("%d cameras in the list of storage", s->n);
	s->listing = false;
	s->listed = true;
	for (int i = 0; i < s->n; i++)
		s->cameras[i]->changed = true;
	if (s->changed)
		list_begin(s);
}

static void storage_read(struct supervisor *s, struct mono now)
{
	struct wire w;
	enum err err = wire_recv(s->storage, &w);

	if (w.fd >= 0)
		close(w.fd);
	if (err == ERR_BUSY)
		return;
	if (err) {
		storage_lost(s, now);
		return;
	}
	switch (w.type) {
	case MSG_CAMERA_IS:
		camera_take(s, &w);
		if (s->storage >= 0)
			list_next(s);
		break;
	case MSG_END:
		list_end(s);
		break;
	case MSG_CAMERAS_CHANGED:
		list_begin(s);
		break;
	case MSG_LOOK:
		look_begin(s, &w);
		break;
	case MSG_ERROR:
		log_error("storage refuses: %s",
		    err_text(err_from_wire(wire_get_u16(&w))));
		break;
	default:
		break;	/* MSG_OK, MSG_SITE_IS: nothing to do */
	}
	secret_wipe(&w, sizeof(w));
}

/* --- the loop --- */

static void report(struct supervisor *s, struct camera *c)
{
	struct wire w;

	if (!c->changed || s->storage < 0 || !s->listed)
		return;
	c->changed = false;
	log_info("camera %s: %s%s%s", c->id,
	    c->state == CAMERA_STREAMING      ? "streaming" :
		c->state == CAMERA_CONNECTING ? "connecting" :
		c->state == CAMERA_OFF	      ? "off" :
						"down",
	    c->detail[0] ? ": " : "", c->detail);
	wire_begin(&w, MSG_CAMERA_STATE, ++s->id);
	wire_put_str(&w, c->id);
	wire_put_u8(&w, (uint8_t)c->state);
	wire_put_u8(&w, (uint8_t)c->cause);
	wire_put_i64(&w, c->since.ns);
	wire_put_str(&w, c->detail);
	storage_send(s, &w);
}

static void stop(struct supervisor *s, struct mono now)
{
	struct wire w;

	if (s->stopping)
		return;
	notify_stopping();
	s->stopping = true;
	s->stop_at.ns = now.ns + STOP_MS * NS_PER_MS;
	if (s->storage >= 0) {
		wire_begin(&w, MSG_RECORDER_STOPPING, ++s->id);
		storage_send(s, &w);
	}
	for (int i = 0; i < s->n; i++)
		camera_stop(s->cameras[i], CAUSE_RECORDER_STOPPED);
}

static bool is_stopped(const struct supervisor *s, struct mono now)
{
	if (!s->stopping)
		return false;
	for (int i = 0; i < s->n; i++)
		if (s->cameras[i]->phase == PHASE_CHILD)
			return now.ns >= s->stop_at.ns;
	return true;
}

static bool zygote_read(struct supervisor *s)
{
	struct zygote_message m;
	enum err err;

	while (!(err = zygote_answer(s->host.zygote, &m))) {
		for (int i = 0; i < s->n; i++)
			camera_zygote(s->cameras[i], &m);
		for (int i = 0; i < LOOKS_MAX; i++)
			if (s->looks[i])
				look_zygote(s->looks[i], &m);
	}
	return err == ERR_BUSY;
}

static int tick(struct supervisor *s, struct mono now)
{
	bool run = s->listed && !s->stopping;
	int wait = looks_tick(s, now);

	if (s->stopping && wait > 50)
		wait = 50;

	if (s->storage < 0 && !s->stopping) {
		if (now.ns >= s->retry_at.ns)
			storage_connect(s, now);
		if (s->storage < 0)
			wait = RETRY_MIN_MS;
	}
	for (int i = 0; i < s->n; i++) {
		int ms =
		    s->stopping ? wait : camera_tick(s->cameras[i], run, now);

		report(s, s->cameras[i]);
		if (ms < wait)
			wait = ms;
	}
	return wait;
}

/*
 * Children first: they are heard at once. Who is being connected to may wait
 * for storage's answer, seconds each where that is slow; what is left when a
 * second is over has its turn when all children were heard again, and systemd.
 */
static void cameras_ready(struct supervisor *s, struct camera *const *of,
    const struct pollfd *p, int n, struct mono now)
{
	bool connects[CAMERA_FDS];
	int i = 0;

	for (int k = 0; k < n; k++) {
		connects[k] = camera_connects(of[k]);
		if (!connects[k])
			camera_ready(of[k], &p[k], now);
	}
	for (struct mono at = now; i < n && at.ns - now.ns < BEGIN_NS; i++) {
		int k = (s->begin_at + i) % n;

		if (connects[k])
			camera_ready(of[k], &p[k], at);
		at = mono_now();
	}
	s->begin_at = n ? (s->begin_at + i) % n : 0;
}

/* One turn: 1 = go on, 0 = stopped in order, -1 = the zygote has died. */
static int turn(struct supervisor *s)
{
	struct pollfd p[3 + CAMERA_FDS + LOOK_POLLS * LOOKS_MAX];
	struct camera *of[3 + CAMERA_FDS];
	struct look *look_of[LOOK_POLLS * LOOKS_MAX];
	struct signalfd_siginfo si;
	struct mono now = mono_now();
	int wait = tick(s, now), n = 3, tracked;

	p[0] = (struct pollfd){.fd = s->signals, .events = POLLIN};
	p[1] = (struct pollfd){.fd = s->host.zygote, .events = POLLIN};
	p[2] = (struct pollfd){.fd = s->storage, .events = POLLIN};
	for (int i = 0; i < s->n; i++) {
		int k = camera_poll(s->cameras[i], p + n);

		while (k--)
			of[n++] = s->cameras[i];
	}
	tracked = n;
	for (int i = 0; i < LOOKS_MAX; i++) {
		int k = s->looks[i] ? look_poll(s->looks[i], p + n) : 0;

		while (k--)
			look_of[n++ - tracked] = s->looks[i];
	}
	if (poll(p, (nfds_t)n, wait) < 0 && errno != EINTR)
		return -1;
	now = mono_now();
	notify_alive(now);
	cameras_ready(s, of + 3, p + 3, tracked - 3, now);
	for (int i = tracked; i < n; i++)
		if (p[i].revents)
			look_ready(look_of[i - tracked], &p[i], now);
	if (p[1].revents && !zygote_read(s))
		return -1;
	/* Last, for the list may change under it. */
	if (p[2].revents && s->storage >= 0)
		storage_read(s, now);
	if (p[0].revents && read(s->signals, &si, sizeof(si)) > 0)
		stop(s, now);
	return is_stopped(s, now) ? 0 : 1;
}

int supervisor_run(const struct config *config, const struct secret_key *key,
    int zygote)
{
	struct supervisor s = {.config = config,
	    .key = key,
	    .storage = -1,
	    .host = {.zygote = zygote, .timeout_ms = config->timeout_ms}};
	sigset_t set;
	int go = 1;

	snprintf(s.host.ingest, sizeof(s.host.ingest), "%s/ingest.sock",
	    config->run);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signals < 0)
		return 1;
	log_info("started");
	notify_ready();
	while (go > 0)
		go = turn(&s);
	for (int i = 0; i < s.n; i++) {
		camera_wipe(s.cameras[i]);
		free(s.cameras[i]);
	}
	looks_drop(&s);
	if (s.storage >= 0)
		close(s.storage);
	close(s.signals);
	if (go < 0)
		log_error("the zygote has died");
	else
		log_info("stopped");
	return go < 0;
}
