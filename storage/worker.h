/*
 * worker.h - one thread that does one slow thing at a time (a sync of the
 * volume, a read-back) while the loop goes on.
 */
#ifndef SAQTA_WORKER_H
#define SAQTA_WORKER_H

#include "storage/api/err.h"

struct worker;

/* run() is called in the thread for each job; it touches the job alone. */
must_check enum err worker_new(void (*run)(void *job), struct worker **ret);
/* Queue a job; given to the worker until worker_done() hands it back. */
must_check enum err worker_put(struct worker *w, void *job);
/* A descriptor that is readable when a job is done. */
int worker_fd(const struct worker *w);
/* The next done job, NULL when there is none. */
void *worker_done(struct worker *w);
/* Finish what is queued, then end the thread. Jobs done are lost. */
void worker_free(struct worker *w);

#endif
