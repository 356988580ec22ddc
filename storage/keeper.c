/* keeper.c - opening everything, the loop, and the end. */
#include "storage/keeper_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/api/alone.h"
#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "storage/api/walls.h"
#include "storage/disk.h"
#include "storage/expire.h"
#include "storage/keeper_transaction.h"
#include "storage/keeper_wal.h"
#include "storage/spawn.h"
#include "storage/term.h"

#define TICK_NS NS_PER_SEC
#define CHECKPOINT_NS (10 * NS_PER_SEC)
#define TURN_MESSAGES 32 /* of one connection in one turn */
#define FDS_MAX 520
#define FIXED 9 /* of these are no connections */

static void receive(struct keeper *k, struct conn *c)
{
	struct wire w;
	enum err err = OK;

	for (int i = 0; i < TURN_MESSAGES && !c->closing && !conn_waits(c);
	     i++) {
		err = wire_recv(c->sock, &w);
		if (err)
			break;
		dispatch(k, c, &w);
		crypt_wipe(&w, sizeof(w));
	}
	if (err && err != ERR_BUSY) {
		if (err == ERR_BAD_MESSAGE)
			log_warn("a malformed message closes its connection");
		c->closing = true;
	}
}

static void on_signal(struct keeper *k, int fd)
{
	struct signalfd_siginfo s;

	while (read(fd, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
		if (s.ssi_signo == SIGCHLD)
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
		else
			k->stop = true;
	}
}

/* Commit once for the whole turn, then let the answers go (P5). */
static void end_turn(struct keeper *k)
{
	enum err err = OK;

	if (!k->ledger)
		return; /* no new epoch could be begun: it stops */
	if (ledger_dirty(k->ledger))
		err = ledger_commit(k->ledger);
	if (!err && k->mono.ns >= k->next_checkpoint_ns) {
		k->next_checkpoint_ns = k->mono.ns + CHECKPOINT_NS;
		if (ledger_checkpoint_size(k->ledger) < ledger_size(k->ledger))
			err = ledger_checkpoint(k->ledger);
		if (!err)
			epoch_copy(k);
	}
	conn_flush(k, err);
	if (err == ERR_DISK_FULL) {
		/* nothing is lost and it is tried again in the next turn */
		if (!k->full)
			log_error("the ledger finds no room on the disk");
		k->full = true;
	} else if (err) {
		log_error("the ledger cannot be written: %s; storage stops",
		    err_text(err));
		disk_fault(k, 0, FAULT_LEDGER);
		k->stop = true;
	}
	conn_reap(k);
}

/*
 * Not clerk and scrubber: what they have done is taken at the next tick, and a
 * descriptor that nobody reads until then would keep the loop turning.
 */
static size_t gather(struct keeper *k, int signals, struct pollfd *p)
{
	const int fixed[FIXED] = {signals, k->ingest, k->people, k->control,
	    worker_fd(k->syncer), worker_fd(k->prover), worker_fd(k->copier),
	    transactions_fd(k), wal_fd(k)};
	size_t n = 0;

	for (; n < FIXED; n++)
		p[n] = (struct pollfd){.fd = fixed[n], .events = POLLIN};
	for (struct conn *c = k->conns; c && n < FDS_MAX; c = c->next)
		/* -1: one that waits does not even wake us by its end */
		p[n++] = (struct pollfd){
		    .fd = conn_waits(c) && !c->out ? -1 : c->sock,
		    .events = (short)((conn_waits(c) ? 0 : POLLIN) |
			(c->out ? POLLOUT : 0))};
	return n;
}

static int64_t wake_ns(const struct keeper *k)
{
	int64_t at = k->next_tick_ns, log = wal_wake_ns(k);

	if (k->dirty && !k->syncing && k->next_sync_ns < at)
		at = k->next_sync_ns;
	return log < at ? log : at;
}

static void turn(struct keeper *k, int signals)
{
	static struct pollfd p[FDS_MAX];
	int64_t left = (expire_busy(k) && !expire_waits(k)) || k->move.step_ns ?
	    0 :
	    (wake_ns(k) - mono_now().ns) / NS_PER_MS + 1;
	size_t n = gather(k, signals, p), i = FIXED;
	struct conn *c = k->conns;

	if (poll(p, n, left < 0 ? 0 : (int)left) < 0 && errno != EINTR)
		log_error("poll: %s", strerror(errno));
	clock_read(k);
	if (p[0].revents)
		on_signal(k, signals);
	/* connections first: accepting puts new ones before them */
	for (; c && i < n; c = c->next, i++)
		if (p[i].revents & (POLLIN | POLLHUP | POLLERR))
			receive(k, c);
	if (p[1].revents)
		conn_accept(k, k->ingest, PEER_INGEST);
	if (p[2].revents)
		conn_accept(k, k->people, PEER_PEOPLE);
	if (p[3].revents)
		conn_accept(k, k->control, PEER_CONTROL);
	if (worker_done(k->syncer))
		seal_synced(k);
	seal_sync(k);
	seal_proved(k);
	epoch_copied(k);
	transactions_turn(k);
	wal_turn(k);
	if (k->mono.ns >= k->next_tick_ns) {
		k->next_tick_ns = k->mono.ns + TICK_NS;
		keeper_tick(k);
		notify_alive(k->mono);
	}
	expire_turn(k);
	term_move_turn(k);
	end_turn(k);
}

static void run_sync(void *job)
{
	struct keeper *k = job;

	for (unsigned i = 0; i < k->sync_n; i++)
		k->sync[i].err = disk_sync_volume(k->sync[i].fd);
}

static void run_prove(void *job)
{
	segment_prove(job);
}

static enum err user_id(const char *name, unsigned *ret)
{
	const struct passwd *p = getpwnam(name);

	if (!p) {
		log_error("there is no user \"%s\" (saqta.conf, [storage])",
		    name);
		return ERR_CONFIG;
	}
	*ret = p->pw_uid;
	return OK;
}

/* The root of trust: the signing key in entry 1, "person added". */
static enum err read_root(struct keeper *k)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	struct entry_field f;
	size_t n;
	enum err err = ledger_get(k->ledger, 1, buf, &n);

	if (!err)
		err = entry_parse(buf, n, &v);
	if (!err &&
	    (v.type != ENTRY_PERSON || !entry_find(&v, TAG_SIGN_KEY, &f) ||
		f.n != KEY_BYTES))
		err = ERR_FORMAT;
	if (err)
		return err;
	memcpy(k->roots.first, f.p, KEY_BYTES);
	memcpy(k->roots.paper, k->site.paper_sign, sizeof(k->roots.paper));
	k->roots.paper_n = k->site.paper_n;
	return OK;
}

static enum err say(enum err err, const char *what)
{
	if (err)
		log_error("%s: %s", what, err_text(err));
	return err;
}

/* Where a copy of the ledger stands, beside those on further volumes. */
static void open_copy(struct keeper *k)
{
	k->copy_fd =
	    open(k->conf.ledger_copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->copy_fd < 0)
		log_warn("%s: %s; no copy of the ledger is kept there",
		    k->conf.ledger_copy, strerror(errno));
}

/* Held until the process ends; a reader has another descriptor. */
static enum err lock_data(const struct keeper *k)
{
	enum err err = alone_in(k->conf.data);

	if (err)
		notify_cannot("start-twice",
		    "%s: another saqta-storage runs on this data: this one "
		    "changes nothing and ends",
		    k->conf.data);
	return err;
}

static const char foreign[] =
    ": a disk of another machine has its users' numbers; as root: chown -R "
    "saqta-storage: and this path, and those of further volumes";

/* Of all that may be wrong only one thing means a new box. */
static enum err read_site(struct keeper *k)
{
	enum err err = site_read(k->data_fd, &k->site);

	if (err == ERR_DISK && errno == EACCES)
		notify_cannot("start-data", "%s/site: %s%s", k->conf.data,
		    strerror(errno), foreign);
	else if (err)
		notify_cannot("start-data", "%s: %s: %s", k->conf.data,
		    err == ERR_NOT_FOUND ?
			"no site in the data directory: is its volume mounted? "
			"On a new box run saqta init" :
			"site",
		    err_text(err));
	return err;
}

static enum err open_data(struct keeper *k)
{
	struct statvfs v;
	enum err err;
	size_t n;

	k->data_fd = open(k->conf.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->data_fd < 0) {
		notify_cannot("start-data", "%s: %s%s", k->conf.data,
		    strerror(errno), errno != EACCES ? "" : foreign);
		return ERR_NOT_FOUND;
	}
	if (fstatvfs(k->data_fd, &v) == 0 && v.f_flag & ST_RDONLY) {
		notify_cannot("start-data",
		    "%s: the volume is mounted read-only: look for disk "
		    "errors, then remount it writable",
		    k->conf.data);
		return ERR_DISK;
	}
	err = read_site(k);
	if (!err)
		err = say(volumes_open(k->data_fd, k->conf.data, k->site.origin,
			      true),
		    "volumes");
	if (!err)
		err = say(utc_site(k->site.zone), "time zone");
	if (!err)
		err = lock_data(k);
	if (!err)
		err = say(index_start(k), "index");
	open_copy(k);
	if (!err)
		err = say(epoch_open(k), "ledger");
	if (!err)
		err = say(index_fit(k), "index");
	if (!err)
		err = say(read_root(k), "ledger: first custodian");
	if (!err)
		err = say(setup_get(k->ix, &k->setup), "set-up");
	if (!err)
		witness_open(k);
	if (!err)
		err = say(keyring_open(k->data_fd, &k->keyring), "keyring");
	if (!err)
		err = say(keyring_settle(k->keyring), "keyring");
	if (!err &&
	    index_setting_find(k->ix, "recorder", k->recorder_key,
		sizeof(k->recorder_key), &n))
		memset(k->recorder_key, 0, sizeof(k->recorder_key));
	return err;
}

static enum err open_sockets(struct keeper *k)
{
	char path[128];
	enum err err = user_id(k->conf.recorder_user, &k->recorder_uid);

	if (!err)
		err = user_id(k->conf.web_user, &k->web_uid);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/ingest.sock", k->conf.run);
	err = say(wire_listen(path, 0666, &k->ingest), path);
	snprintf(path, sizeof(path), "%s/people.sock", k->conf.run);
	if (!err)
		err = say(wire_listen(path, 0666, &k->people), path);
	snprintf(path, sizeof(path), "%s/control.sock", k->conf.run);
	if (!err)
		err = say(wire_listen(path, 0600, &k->control), path);
	return err;
}

/* What was missed while storage was away is a gap with the reason (P7). */
static void gaps_at_start(struct keeper *k, enum cause cause)
{
	int64_t alive = clock_last_alive(k);

	for (struct camera *m = k->cameras; m; m = m->next)
		camera_gap_since(k, m, cause, alive);
}

static enum err close_old_lease(const struct lease_row *l, void *arg)
{
	struct keeper *k = arg;
	struct enter x;

	enter_begin(k, &x, ENTRY_LEASE_CLOSED, l->person);
	entry_put_i64(&x.e, TAG_SERVED_FROM, l->from_ns);
	entry_put_i64(&x.e, TAG_SERVED_TO, l->to_ns);
	entry_put_u64(&x.e, TAG_LEASE, l->entry);
	return enter_end(k, &x, NULL);
}

static enum err start(struct keeper *k)
{
	char id[CAMERA_ID_MAX + 1] = "";
	enum cause cause = CAUSE_NONE;
	struct camera_row row;
	struct camera *m;
	struct enter x;
	enum err err;

	err = clock_start(k, &cause);
	if (err)
		return err;
	enter_begin(k, &x, ENTRY_STARTED, 0);
	entry_put_text(&x.e, TAG_VERSION, SAQTA_VERSION);
	entry_put_text(&x.e, TAG_BOOT, k->boot);
	entry_put_u64(&x.e, TAG_CLOCK_STATE, k->clock.state);
	err = enter_end(k, &x, NULL);
	if (!err)
		err = say(term_start(k), "retention clock");
	while (!err && !index_camera_next(k->ix, id, &row)) {
		memcpy(id, row.id, sizeof(id));
		row.state = CAMERA_DOWN;
		err = index_camera_put(k->ix, &row);
		if (!err)
			err = camera_load(k, id, &m);
	}
	if (!err)
		err = say(recover_all(k), "recovery");
	clock_read(k);
	lockout_load(&k->lockout, k->ledger, k->ix, k->now, k->mono);
	if (!err)
		gaps_at_start(k, cause);
	if (!err)
		err = index_leases_open(k->ix, close_old_lease, k);
	if (!err)
		err = export_start(k);
	clock_alive(k);
	if (!err)
		err = expire_new(&k->expire);
	if (!err)
		err = ledger_commit(k->ledger);
	return err ? err : ledger_checkpoint(k->ledger);
}

static enum err start_workers(struct keeper *k, int *ret_signals)
{
	sigset_t set;
	enum err err;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*ret_signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (*ret_signals < 0)
		return ERR_SYS;
	err = worker_new(run_sync, &k->syncer);
	if (!err)
		err = worker_new(run_prove, &k->prover);
	if (!err)
		err = worker_new(epoch_run_copy, &k->copier);
	if (!err)
		err = worker_new(scrub_work, &k->scrubber);
	if (!err)
		err = worker_new(clerk_run, &k->clerk);
	return err ? err : wal_start(k);
}

/* In order: seal what is open, sync, enter, checkpoint. */
static void finish(struct keeper *k)
{
	struct enter x;

	notify_stopping();
	clock_read(k);
	for (struct camera *m = k->cameras; m; m = m->next)
		camera_end_segment(k, m);
	index_stop(k);
	wal_stop(k);
	worker_free(k->scrubber);
	seal_stop(k);
	seal_proved(k);
	worker_free(k->prover);
	volumes_seal(k);
	worker_free(k->copier);
	while (k->readers)
		reader_end(k, k->readers);
	term_stop(k);
	enter_begin(k, &x, ENTRY_STOPPED, 0);
	if (enter_end(k, &x, NULL) || ledger_commit(k->ledger) ||
	    ledger_checkpoint(k->ledger))
		log_error("the stop was not entered");
}

/* P1: no core dump, and nobody of the same user may look into the memory. */
static void harden(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	umask(077);
}

int keeper_main(const struct config *conf)
{
	static struct keeper k;
	int signals = -1;
	enum err err;

	harden();
	k.conf = *conf;
	k.ingest = k.people = k.control = -1;
	err = say(crypt_init(), "libsodium");
	k.now = utc_now();
	if (!err)
		err = walls_check(conf, "saqta-storage",
		    WALL_NETWORK | WALL_RECORDER | WALL_WEB);
	if (!err)
		err = open_data(&k);
	if (!err)
		err = say(start_workers(&k, &signals), "worker");
	if (!err)
		err = say(start(&k), "start");
	if (!err)
		err = say(transactions_start(&k), "transactions");
	if (!err)
		err = open_sockets(&k);
	if (!err) {
		log_info("ready: ledger of %llu entries",
		    (unsigned long long)ledger_size(k.ledger));
		notify_ready();
	}
	while (!err && !k.stop)
		turn(&k, signals);
	if (!err && k.ledger)
		finish(&k);
	transactions_stop(&k);
	health_forget(&k);
	events_forget(&k);
	expire_free(k.expire);
	holds_free(&k.holds);
	index_close(k.ix);
	keyring_close(k.keyring);
	ledger_close(k.ledger);
	volumes_close();
	return err ? 1 : 0;
}
