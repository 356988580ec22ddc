/* spawn.c - starting and ending reader processes. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/reader.h"
#include "storage/spawn.h"

#define READERS_MAX 128
#define STARTING_MAX 4 /* Argon2id takes 256 MiB each */
#define SESSIONS_EACH 20 /* web ends the oldest of 16 */
/* Of both, what signing in leaves for acts at the tool. */
#define KEPT_READERS 8
#define KEPT_STARTING 1

extern char **environ;

static enum err limits(const struct keeper *k, bool session,
    const struct person_row *person)
{
	unsigned n = 0, starting = 0, same = 0;

	for (const struct reader *r = k->readers; r; r = r->next) {
		n++;
		starting += !r->started;
		same += person && r->job == READER_SESSION &&
		    r->person == person->id;
	}
	if (session && same >= SESSIONS_EACH)
		return ERR_BUSY;
	if (session) {
		n += KEPT_READERS;
		starting += KEPT_STARTING;
	}
	return n >= READERS_MAX || starting >= STARTING_MAX ? ERR_BUSY : OK;
}

enum err self_start(const char *job, const int *fds, size_t n, int *ret_pid)
{
	char program[] = "saqta-storage", arg[16];
	char *argv[] = {program, arg, NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	int high[SELF_FDS], rc = 0;
	pid_t pid = -1;

	snprintf(arg, sizeof(arg), "%s", job);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	/* above all of them first, so that no target is overwritten */
	for (size_t i = 0; i < n; i++) {
		high[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, 10);
		rc |= fds[i] >= 0 && high[i] < 0;
		if (high[i] >= 0)
			posix_spawn_file_actions_adddup2(&fa, high[i],
			    3 + (int)i);
	}
	if (!rc)
		rc = posix_spawn(&pid, "/proc/self/exe", &fa, &attr, argv,
		    environ);
	for (size_t i = 0; i < n; i++)
		if (high[i] >= 0)
			close(high[i]);
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&attr);
	if (rc)
		return ERR_SYS;
	*ret_pid = pid;
	return OK;
}

static void send_start(struct keeper *k, struct reader *r, const char *password)
{
	struct wire w;

	wire_begin(&w, MSG_READER_START, 1);
	wire_put_u8(&w, (uint8_t)r->job);
	wire_put_u64(&w, r->person);
	wire_put_str(&w, password);
	wire_put_str(&w, k->conf.site_name);
	wire_put_str(&w, k->site.zone);
	wire_put_u8(&w, (uint8_t)k->conf.demo);
	wire_put_u64(&w, (uint64_t)k->conf.reserve_mb << 20);
	wire_put_str(&w, k->conf.data);
	wire_put_i64(&w, 0);
	conn_send(r->conn, &w, -1);
	crypt_wipe(&w, sizeof(w));
}

enum err reader_spawn(struct keeper *k, unsigned job,
    const struct person_row *person, const char *password, struct reader **ret)
{
	struct reader *r = NULL;
	int keeper[2] = {-1, -1}, client[2] = {-1, -1};
	int fds[SELF_FDS];
	enum err err = limits(k, job == READER_SESSION, person);

	if (err)
		return err;
	err = ERR_SYS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, keeper) < 0 ||
	    (job == READER_SESSION &&
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, client) <
		    0))
		goto out;
	err = ERR_NO_MEMORY;
	r = calloc(1, sizeof(*r));
	if (!r)
		goto out;
	fds[0] = keeper[1];	/* 3, 4, 5: reader.h */
	fds[1] = client[1];
	fds[2] = k->data_fd;
	err = self_start("reader", fds, SELF_FDS, &r->pid);
	if (!err)
		err = conn_add(k, keeper[0], PEER_READER, &r->conn);
	if (err)
		goto out;
	keeper[0] = -1;
	r->conn->reader = r;
	r->job = job;
	r->client = client[0];
	client[0] = -1;
	if (person) {
		r->person = person->id;
		r->role = person->role;
		memcpy(r->user, person->user, sizeof(r->user));
	}
	r->next = k->readers;
	k->readers = r;
	send_start(k, r, password);
	*ret = r;
	r = NULL;
out:
	free(r);
	for (int i = 0; i < 2; i++) {
		if (keeper[i] >= 0)
			close(keeper[i]);
		if (client[i] >= 0)
			close(client[i]);
	}
	return err;
}

void reader_carries(struct reader *r, struct conn *asker,
    const struct wire *act, const char *user)
{
	r->asker = asker;
	r->asker_id = act->id;
	r->act = *act;
	r->act.fd = -1;
	if (!r->person)
		snprintf(r->user, sizeof(r->user), "%s", user);
}

static void close_leases(struct keeper *k, struct reader *r)
{
	while (r->leases) {
		struct lease *l = r->leases;
		struct enter x;

		/* the reader died without saying: count it as all served */
		enter_begin(k, &x, ENTRY_LEASE_CLOSED, r->person);
		entry_put_i64(&x.e, TAG_SERVED_FROM, l->row.from_ns);
		entry_put_i64(&x.e, TAG_SERVED_TO, l->row.to_ns);
		entry_put_u64(&x.e, TAG_LEASE, l->row.entry);
		if (enter_end(k, &x, NULL) ||
		    index_lease_closed(k->ix, l->row.entry))
			log_error("lease %llu was not closed",
			    (unsigned long long)l->row.entry);
		r->leases = l->next;
		free(l);
	}
}

void reader_end(struct keeper *k, struct reader *r)
{
	struct reader **at = &k->readers;

	close_leases(k, r);
	export_give_up(k, r, ERR_SIGNED_OUT);
	if (r->signed_in) {
		struct enter x;

		enter_begin(k, &x, ENTRY_SIGN_OUT, r->person);
		entry_put_u64(&x.e, TAG_WHY, 0);
		if (enter_end(k, &x, NULL))
			log_error("a sign-out was not entered");
	}
	if (r->asker && r->acted)
		conn_send(r->asker, &r->act, -1);
	else if (r->asker)
		conn_error(r->asker, r->asker_id, ERR_UNAVAILABLE, NULL);
	if (r->client >= 0)
		close(r->client);
	/* what it still sent is nobody's: it is not read any more */
	r->conn->reader = NULL;
	r->conn->closing = true;
	kill(r->pid, SIGKILL);
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	free(r->draft);
	crypt_wipe(r, sizeof(*r));
	free(r);
}
