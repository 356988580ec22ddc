#include "web/people.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/api/messages.h"

#define AGAIN_MS 500		/* between two tries to connect */
#define ASK_MS 2000		/* between two questions how it is */
#define ASK_TIMEOUT_MS 5000

static const char *run_dir;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer *peer;	/* NULL: away */
static bool well;		/* the last question was answered */
static struct site site;
static bool zone_set;
/* I/O thread only: */
static struct mono next_try, next_ask;
static bool asking, said_away;

void people_open(const char *run)
{
	run_dir = run;
}

/* utc_site() may be called once only: other threads format times. */
static void set_site(const struct site *s)
{
	if (!zone_set && utc_site(s->zone) != OK)
		log_error("storage names the zone %s, unknown here", s->zone);
	else if (zone_set && strcmp(site.zone, s->zone) != 0)
		log_error("storage changed its zone: start saqta-web again");
	zone_set = true;
	pthread_mutex_lock(&lock);
	site = *s;
	well = true;
	pthread_mutex_unlock(&lock);
}

static void site_done(struct call *c, enum err err, struct wire *w)
{
	struct site s;

	asking = false;
	free(c);
	memset(&s, 0, sizeof(s));
	if (err == OK) {
		snprintf(s.name, sizeof(s.name), "%s", wire_get_str(w));
		snprintf(s.zone, sizeof(s.zone), "%s", wire_get_str(w));
		s.demo = wire_get_u8(w) != 0;
		wire_get_str(w);
		s.setup = (enum setup_state)wire_get_u8(w);
		err = wire_end(w);
	}
	if (err == OK) {
		if (said_away)
			log_info("storage is there");
		said_away = false;
		set_site(&s);
		return;
	}
	pthread_mutex_lock(&lock);
	well = false;
	pthread_mutex_unlock(&lock);
}

static void dead(void *arg)
{
	struct peer *p;

	(void)arg;
	pthread_mutex_lock(&lock);
	p = peer;
	peer = NULL;
	well = false;
	pthread_mutex_unlock(&lock);
	peer_put(p);
}

static void ask(struct mono now)
{
	struct call *c = calloc(1, sizeof(*c));
	struct wire w;

	next_ask.ns = now.ns + ASK_MS * NS_PER_MS;
	if (!c)
		return;
	c->done = site_done;
	c->answer = MSG_SITE_IS;
	wire_begin(&w, MSG_SITE, 0);
	asking = true;
	if (call_start(peer, c, &w, ASK_TIMEOUT_MS) != OK) {
		asking = false;
		free(c);
	}
}

static void try_connect(struct mono now)
{
	char path[108];
	struct peer *p = NULL;
	int fd;

	next_try.ns = now.ns + AGAIN_MS * NS_PER_MS;
	snprintf(path, sizeof(path), "%s/people.sock", run_dir);
	if (wire_connect(path, &fd) != OK ||
	    peer_open(fd, ERR_UNAVAILABLE, dead, NULL, &p) != OK) {
		if (!said_away)
			log_warn("storage is away: %s", path);
		said_away = true;
		return;
	}
	pthread_mutex_lock(&lock);
	peer = p;
	pthread_mutex_unlock(&lock);
	ask(now);
}

void people_turn(struct mono now)
{
	/* Only this thread sets peer, so it may look without the lock. */
	if (!peer && now.ns >= next_try.ns)
		try_connect(now);
	else if (peer && !asking && now.ns >= next_ask.ns)
		ask(now);
}

void people_close(void)
{
	dead(NULL);
}

enum err people_site(struct site *ret)
{
	enum err err = ERR_UNAVAILABLE;

	pthread_mutex_lock(&lock);
	if (peer && well) {
		*ret = site;
		err = OK;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

enum setup_state people_setup(void)
{
	enum setup_state s;

	pthread_mutex_lock(&lock);
	s = site.setup;
	pthread_mutex_unlock(&lock);
	return s;
}

void people_set_up(enum setup_state s)
{
	pthread_mutex_lock(&lock);
	site.setup = s;
	pthread_mutex_unlock(&lock);
}

struct peer *people_peer(void)
{
	struct peer *p = NULL;

	pthread_mutex_lock(&lock);
	if (peer)
		p = peer_get(peer);
	pthread_mutex_unlock(&lock);
	return p;
}
