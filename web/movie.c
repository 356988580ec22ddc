#include "web/movie.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AHEAD 2			/* pieces in flight or waiting to be read */

struct movie;

/* One piece: asked, there, or failed. Its window serves the next one, too. */
struct piece {
	struct call call;
	struct movie *movie;
	uint64_t from;
	size_t n;		/* 0: free */
	bool there;
	enum err err;
	int window;		/* -1: none yet */
	const void *p;		/* its bytes */
};

/* Shared by HTTP's thread and the I/O thread: what is under lock. */
struct movie {
	struct stream stream;
	struct args args;
	struct session *session;
	struct MHD_Connection *c;
	uint64_t first;		/* offset in the movie of the stream's byte 0 */
	uint64_t end, next;	/* offsets: behind the last, to be asked next */
	size_t room;		/* of a window */
	pthread_mutex_t lock;
	unsigned refs;		/* the stream's, and one per call under way */
	bool waits;		/* the connection is suspended for a piece */
	struct piece piece[AHEAD];
};

static size_t piece_size(uint64_t from, uint64_t end)
{
	return end - from < MOVIE_READ_MAX ? (size_t)(end - from) :
					     MOVIE_READ_MAX;
}

/* An evidence package is named by its id alone. */
bool movie_is_export(const struct args *a)
{
	return !*a->camera;
}

static void question(const struct args *a, const struct piece *p,
    struct wire *w)
{
	wire_begin(w, movie_is_export(a) ? MSG_EXPORT_READ : MSG_MOVIE_READ, 0);
	wire_put_str(w, a->request);
	if (!movie_is_export(a)) {
		wire_put_str(w, a->camera);
		wire_put_u32(w, (uint32_t)a->number[0]);
	}
	wire_put_u64(w, p->from);
	wire_put_u32(w, (uint32_t)p->n);
	w->fd = p->window;
}

static void release(struct movie *m)
{
	bool last;

	pthread_mutex_lock(&m->lock);
	last = --m->refs == 0;
	pthread_mutex_unlock(&m->lock);
	if (!last)
		return;
	for (int i = 0; i < AHEAD; i++) {
		bulk_unmap(m->piece[i].p, m->room);
		if (m->piece[i].window >= 0)
			close(m->piece[i].window);
	}
	session_put(m->session);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

static void came(struct call *c, enum err err, struct wire *w)
{
	struct piece *p =
	    (struct piece *)(void *)((char *)c - offsetof(struct piece, call));
	struct movie *m = p->movie;
	bool go_on;

	pthread_mutex_lock(&m->lock);
	p->err = err != OK ? err : wire_end(w);
	p->there = true;
	go_on = m->waits;
	m->waits = false;
	pthread_mutex_unlock(&m->lock);
	if (go_on)
		http_go_on(m->c);
	release(m);
}

/* p is to be asked for: what comes next. */
static enum err prepare(struct movie *m, struct piece *p)
{
	p->from = m->next;
	p->n = piece_size(m->next, m->end);
	p->there = false;
	m->next += p->n;
	return p->window >= 0 ? OK : window_open(m->room, &p->window, &p->p);
}

/* Ask for what comes next as long as there is room. With the lock. */
static void ask(struct movie *m)
{
	for (int i = 0; i < AHEAD && m->next < m->end; i++) {
		struct piece *p = &m->piece[i];
		struct wire w;

		if (p->n > 0)
			continue;
		p->err = prepare(m, p);
		p->call.done = came;
		p->call.answer = movie_is_export(&m->args) ?
		    MSG_EXPORT_READ_IS :
		    MSG_MOVIE_READ_IS;
		m->refs++;
		question(&m->args, p, &w);
		if (p->err == OK)
			p->err = call_start(m->session->peer, &p->call, &w,
			    CALL_TIMEOUT_MS);
		if (p->err != OK) {
			p->there = true;
			m->refs--;
		}
	}
}

static void done_with(struct movie *m, struct piece *p)
{
	p->n = 0;
	ask(m);
}

static ssize_t read_at(struct stream *s, uint64_t pos, char *buf, size_t max)
{
	struct movie *m = (struct movie *)s;
	uint64_t at = m->first + pos;
	ssize_t got = -1;

	pthread_mutex_lock(&m->lock);
	for (int i = 0; i < AHEAD; i++) {
		struct piece *p = &m->piece[i];

		if (p->n == 0 || at < p->from || at >= p->from + p->n)
			continue;
		if (!p->there) {
			m->waits = true;
			http_wait(m->c);
			got = 0;
			break;
		}
		if (p->err != OK)
			break;
		got = (ssize_t)(p->from + p->n - at);
		if ((size_t)got > max)
			got = (ssize_t)max;
		memcpy(buf, (const char *)p->p + (at - p->from), (size_t)got);
		if (at + (size_t)got == p->from + p->n)
			done_with(m, p);
		break;
	}
	pthread_mutex_unlock(&m->lock);
	return got;
}

static void stream_end(struct stream *s)
{
	release((struct movie *)s);
}

static struct movie *movie_new(void)
{
	struct movie *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->stream.read = read_at;
	m->stream.free = stream_end;
	m->refs = 1;
	pthread_mutex_init(&m->lock, NULL);
	for (int i = 0; i < AHEAD; i++) {
		m->piece[i].movie = m;
		m->piece[i].window = -1;
	}
	return m;
}

enum err movie_open(struct http *x, uint64_t from, uint64_t n, struct wire *w,
    struct stream **ret)
{
	struct movie *m = movie_new();
	enum err err;

	if (!m)
		return ERR_NO_MEMORY;
	m->args = x->args;
	m->c = x->c;
	m->first = m->next = from;
	m->end = from + n;
	m->room = piece_size(from, m->end);
	m->session = session_get(x->session);
	err = prepare(m, &m->piece[0]);
	if (err != OK) {
		release(m);
		return err;
	}
	question(&m->args, &m->piece[0], w);
	*ret = &m->stream;
	return OK;
}

void movie_begin(struct stream *s)
{
	struct movie *m = (struct movie *)s;

	pthread_mutex_lock(&m->lock);
	m->piece[0].there = true;
	ask(m);
	pthread_mutex_unlock(&m->lock);
}

enum err movie_head(struct stream **ret)
{
	struct movie *m = movie_new();

	if (!m)
		return ERR_NO_MEMORY;
	*ret = &m->stream;
	return OK;
}
