#include "storage/worker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct job {
	struct job *next;
	void *arg;
};

struct worker {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *todo, **todo_end, *done, **done_end;
	void (*run)(void *);
	int fd;
	bool stop;
};

static void *loop(void *arg)
{
	struct worker *w = arg;
	const uint64_t one = 1;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct job *j = w->todo;

		if (!j && w->stop)
			break;
		if (!j) {
			pthread_cond_wait(&w->wake, &w->lock);
			continue;
		}
		w->todo = j->next;
		if (!w->todo)
			w->todo_end = &w->todo;
		pthread_mutex_unlock(&w->lock);
		w->run(j->arg);
		pthread_mutex_lock(&w->lock);
		j->next = NULL;
		*w->done_end = j;
		w->done_end = &j->next;
		if (write(w->fd, &one, sizeof(one)) < 0)
			break;	/* cannot happen: the counter is far from full */
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

enum err worker_new(void (*run)(void *job), struct worker **ret)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return ERR_NO_MEMORY;
	w->run = run;
	w->todo_end = &w->todo;
	w->done_end = &w->done;
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd < 0) {
		free(w);
		return ERR_SYS;
	}
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	if (pthread_create(&w->thread, NULL, loop, w)) {
		close(w->fd);
		free(w);
		return ERR_SYS;
	}
	*ret = w;
	return OK;
}

enum err worker_put(struct worker *w, void *arg)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return ERR_NO_MEMORY;
	j->arg = arg;
	pthread_mutex_lock(&w->lock);
	*w->todo_end = j;
	w->todo_end = &j->next;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return OK;
}

int worker_fd(const struct worker *w)
{
	return w->fd;
}

void *worker_done(struct worker *w)
{
	struct job *j;
	void *arg = NULL;
	uint64_t n;

	pthread_mutex_lock(&w->lock);
	j = w->done;
	if (j) {
		arg = j->arg;
		w->done = j->next;
		if (!w->done)
			w->done_end = &w->done;
	} else if (read(w->fd, &n, sizeof(n)) < 0) {
		n = 0;	/* nothing was signalled */
	}
	pthread_mutex_unlock(&w->lock);
	free(j);
	return arg;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	while (worker_done(w))
		;
	close(w->fd);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	free(w);
}
