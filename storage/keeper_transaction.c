#include "storage/keeper_transaction.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/disk.h"

#define FILE_NAME "transactions.db"

/* The thread has one handle, for its own. */
static struct index *scribe_index;

static void scribe_run(void *job)
{
	struct scribe_job *j = job;

	j->err = j->drop ?
	    transactions_drop(scribe_index, j->drop, j->n) :
	    transactions_put(scribe_index, j->t, j->n, &j->known);
}

static void job_free(struct scribe_job *j)
{
	free(j->t);
	free(j->drop);
	free(j);
}

enum err scribe_put(struct keeper *k, struct scribe_job *j)
{
	enum err err = worker_put(k->tx->scribe, j);

	if (err) {
		job_free(j);
		return err;
	}
	j->next = k->tx->jobs;
	k->tx->jobs = j;
	return OK;
}

enum err transactions_wipe(int data_fd, const char *name)
{
	enum err err = disk_blank(data_fd, name, UINT64_MAX);

	if (err == ERR_NOT_FOUND)
		return OK;
	if (!err)
		err = disk_sync_volume(data_fd);
	return err ? err : disk_unlink(data_fd, name);
}

/* A damaged file is kept aside; what it had can be imported again. */
static enum err begin_anew(struct keeper *k)
{
	int64_t now = k->now.ns;

	log_error(FILE_NAME " is damaged: it is kept as " TRANSACTIONS_DAMAGED
			    ", and transactions begin anew; import the "
			    "journals again");
	/* one that was kept before is older */
	if (transactions_wipe(k->data_fd, TRANSACTIONS_DAMAGED) ||
	    transactions_wipe(k->data_fd, FILE_NAME "-wal") ||
	    transactions_wipe(k->data_fd, FILE_NAME "-shm"))
		log_warn("what was left of transactions was not erased");
	renameat(k->data_fd, FILE_NAME, k->data_fd, TRANSACTIONS_DAMAGED);
	if (index_setting_put(k->ix, TRANSACTIONS_LOST, &now, sizeof(now)))
		log_warn("the loss was not noted");
	return transactions_open(k->conf.data, false, &k->tx->written);
}

enum err transactions_start(struct keeper *k)
{
	int64_t threshold = (int64_t)k->conf.threshold * 100;
	struct transactions *x = calloc(1, sizeof(*x));
	enum err err;

	if (!x)
		return ERR_NO_MEMORY;
	k->tx = x;
	err = transactions_open(k->conf.data, false, &x->written);
	if (err == ERR_INTEGRITY)
		err = begin_anew(k);
	if (!err)
		err = transactions_open(k->conf.data, true, &x->read);
	if (!err)
		err = index_setting_put(k->ix, TRANSACTIONS_THRESHOLD,
		    &threshold, sizeof(threshold));
	scribe_index = x->written;
	return err ? err : worker_new(scribe_run, &x->scribe);
}

void transactions_stop(struct keeper *k)
{
	struct transactions *x = k->tx;

	if (!x)
		return;
	worker_free(x->scribe);
	while (x->jobs) {
		struct scribe_job *j = x->jobs;

		x->jobs = j->next;
		job_free(j);
	}
	while (x->imports) {
		struct import *m = x->imports;

		x->imports = m->next;
		free(m);
	}
	index_close(x->read);
	index_close(x->written);
	free(x);
	k->tx = NULL;
}

int transactions_fd(const struct keeper *k)
{
	return worker_fd(k->tx->scribe);
}

/* What a program sent is an import, too; the same again is none. */
static void enter_push(struct keeper *k, struct scribe_job *j)
{
	if (j->entered && !j->err && j->n > j->known)
		j->err = import_enter(k, 0, j->n - j->known, j->hash, NULL);
}

static void answer(struct scribe_job *j)
{
	struct wire w;

	if (!j->conn)
		return;
	if (j->err) {
		conn_error(j->conn, j->id, j->err, NULL);
		return;
	}
	wire_begin(&w, MSG_TRANSACTIONS_PUT_IS, j->id);
	wire_put_u32(&w, (uint32_t)(j->n - j->known));
	wire_put_u32(&w, (uint32_t)j->known);
	wire_put_u32(&w, (uint32_t)j->strange);
	conn_send(j->conn, &w, -1);
}

void transactions_turn(struct keeper *k)
{
	struct scribe_job *j;

	while ((j = worker_done(k->tx->scribe))) {
		struct scribe_job **at = &k->tx->jobs;

		while (*at != j)
			at = &(*at)->next;
		*at = j->next;
		if (j->err)
			log_error("transactions: %s", err_text(j->err));
		if (j->drop)
			forget_dropped(k, j);
		enter_push(k, j);
		answer(j);
		job_free(j);
	}
}

void transactions_tick(struct keeper *k)
{
	folder_tick(k);
	forget_tick(k);
}

void transactions_forget(struct keeper *k, const struct conn *c)
{
	if (!k->tx)	/* a keeper that was never begun has no imports */
		return;
	for (struct scribe_job *j = k->tx->jobs; j; j = j->next)
		if (j->conn == c)
			j->conn = NULL;
	for (struct import *m = k->tx->imports; m; m = m->next)
		if (m->asker == c)
			m->asker = NULL;
	if (c->peer == PEER_IMPORTER)
		import_gone(k, c);
}

bool transactions_name_atm(struct keeper *k, char atm[TRANSACTION_ATM_MAX + 1])
{
	struct camera_row row = {0};

	while (!index_camera_next(k->ix, row.id, &row))
		if (atm_same(atm, row.atm)) {
			if (strlen(row.atm) <= TRANSACTION_ATM_MAX)
				strcpy(atm, row.atm);
			return true;
		}
	return false;
}

/* Lines to rows; each is looked at as if nobody had before. */
static enum err lines_get(struct keeper *k, const char *p, size_t n,
    struct scribe_job *j)
{
	char last[TRANSACTION_ATM_MAX + 1] = "", name[sizeof(last)] = "";
	bool known = false;
	enum err err = OK;

	while (n && !err) {
		const char *end = memchr(p, '\n', n);
		struct transaction *t = &j->t[j->n];

		if (!end || j->n == TRANSACTIONS_BATCH)
			return ERR_FORMAT;
		err = transaction_get(p, (size_t)(end - p), t);
		if (err)
			break;
		if (!*last || strcmp(last, t->atm) != 0) {
			strcpy(last, t->atm);
			strcpy(name, t->atm);
			known = transactions_name_atm(k, name);
		}
		strcpy(t->atm, name);
		j->strange += !known;
		j->n++;
		n -= (size_t)(end - p) + 1;
		p = end + 1;
	}
	return err;
}

/* The lines beside w, for whoever waits at c. */
static enum err put_lines(struct keeper *k, struct conn *c, struct wire *w,
    bool entered)
{
	struct scribe_job *j;
	const void *p = NULL;
	size_t n = 0;
	enum err err = wire_end(w);

	if (!err && k->full)
		err = ERR_DISK_FULL;
	if (!err)
		err = bulk_map(w->fd,
		    TRANSACTIONS_BATCH * (TRANSACTION_LINE_MAX + 1), &p, &n);
	if (err)
		return err;
	j = calloc(1, sizeof(*j));
	if (j)
		j->t = calloc(TRANSACTIONS_BATCH, sizeof(*j->t));
	err = j && j->t ? lines_get(k, p, n, j) : ERR_NO_MEMORY;
	if (!err) {
		sha256(p, n, j->hash);
		j->entered = entered;
		j->conn = c;
		j->id = w->id;
		err = scribe_put(k, j);
	} else if (j) {
		job_free(j);
	}
	bulk_unmap(p, n);
	return err;
}

void handle_transactions_put(struct keeper *k, struct conn *c, struct wire *w)
{
	enum err err = put_lines(k, c, w, false);

	if (err)
		conn_error(c, w->id, err, NULL);
}

void handle_transactions_push(struct keeper *k, struct conn *c, struct wire *w)
{
	struct token_row t;
	unsigned waiting = 0;
	enum err err = token_use(k, w, SCOPE_TRANSACTIONS_WRITE, &t);

	for (const struct scribe_job *j = k->tx->jobs; j; j = j->next)
		waiting += j->entered;
	if (err) {
		conn_error(c, w->id, err, token_say(err));
		return;
	}
	err = waiting < PUSHES_MAX ? put_lines(k, c, w, true) : ERR_BUSY;
	if (err)
		conn_error(c, w->id, err, NULL);
}
