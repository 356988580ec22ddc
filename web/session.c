#include "web/session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Each entry holds a reference; so does the peer, for dead(). */
static struct session *table[SESSIONS_MAX];

const char *role_name(enum role r)
{
	switch (r) {
	case ROLE_OPERATOR:
		return "operator";
	case ROLE_AUDITOR:
		return "auditor";
	case ROLE_CUSTODIAN:
		return "custodian";
	}
	return NULL;
}

struct session *session_get(struct session *s)
{
	pthread_mutex_lock(&lock);
	s->refs++;
	pthread_mutex_unlock(&lock);
	return s;
}

void session_put(struct session *s)
{
	bool last;

	if (!s)
		return;
	pthread_mutex_lock(&lock);
	last = --s->refs == 0;
	pthread_mutex_unlock(&lock);
	if (!last)
		return;
	peer_put(s->peer);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

/* Take s off the table; true where it was there, with its reference. */
static bool take_off(struct session *s)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	s->ended = true;
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		if (table[i] == s) {
			table[i] = NULL;
			found = true;
		}
	}
	pthread_mutex_unlock(&lock);
	return found;
}

void session_end(struct session *s)
{
	if (!take_off(s))
		return;
	peer_end(s->peer);
	session_put(s);
}

static void dead(void *arg)
{
	struct session *s = arg;

	session_end(s);
	session_put(s);
}

/* The oldest session of a person who has too many; with a reference. */
static struct session *find_surplus(uint64_t person)
{
	struct session *oldest = NULL;
	unsigned n = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = table[i];

		if (!s || s->person != person)
			continue;
		n++;
		if (!oldest || s->born.ns < oldest->born.ns)
			oldest = s;
	}
	if (n < SESSIONS_PER_PERSON)
		oldest = NULL;
	if (oldest)
		oldest->refs++;
	pthread_mutex_unlock(&lock);
	return oldest;
}

static enum err enter(struct session *s)
{
	enum err err = ERR_BUSY;

	pthread_mutex_lock(&lock);
	/* Its socket may have died before it got here. */
	if (s->ended) {
		pthread_mutex_unlock(&lock);
		return ERR_SIGNED_OUT;
	}
	for (size_t i = 0; i < SESSIONS_MAX && err != OK; i++) {
		if (table[i])
			continue;
		table[i] = s;
		s->refs++;
		err = OK;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

enum err session_open(int fd, uint64_t person, const char *user, enum role role,
    struct session **ret)
{
	struct session *s = calloc(1, sizeof(*s));
	struct session *surplus;
	enum err err = ERR_NO_MEMORY;

	if (!s || token_new(&s->token) != OK || token_new(&s->csrf) != OK) {
		free(s);
		close(fd);
		return err;
	}
	s->person = person;
	snprintf(s->user, sizeof(s->user), "%s", user);
	s->role = role;
	s->born = s->last = mono_now();
	s->refs = 2;		/* the caller's and dead()'s */
	surplus = find_surplus(person);
	if (surplus)
		session_end(surplus);
	session_put(surplus);
	/* The peer pointer is read by others only once s is in the table. */
	err = peer_open(fd, ERR_SIGNED_OUT, dead, s, &s->peer);
	if (err != OK) {
		free(s);
		return err;
	}
	err = enter(s);
	if (err != OK) {
		peer_end(s->peer);
		session_put(s);
		return err;
	}
	*ret = s;
	return OK;
}

struct session *session_find(const struct token *t, bool quiet)
{
	struct mono now = mono_now();
	struct session *s = NULL;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (table[i] && token_is(&table[i]->token, t))
			s = table[i];
	if (s) {
		s->refs++;
		if (!quiet)
			s->last = now;
	}
	pthread_mutex_unlock(&lock);
	return s;
}

static bool is_over(const struct session *s, struct mono now, int idle_s)
{
	return now.ns - s->last.ns > idle_s * NS_PER_SEC ||
	    now.ns - s->born.ns > SESSION_HOURS_MAX * 3600 * NS_PER_SEC;
}

void session_sweep(struct mono now, int idle_s)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s;

		pthread_mutex_lock(&lock);
		s = table[i];
		if (s && is_over(s, now, idle_s))
			s->refs++;
		else
			s = NULL;
		pthread_mutex_unlock(&lock);
		if (s)
			session_end(s);
		session_put(s);
	}
}
