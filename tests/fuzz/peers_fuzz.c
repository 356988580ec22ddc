/*
 * Messages as every peer of the keeper may send them, to the real dispatcher
 * and handlers over a real data directory: the recorder, a camera's child, web,
 * the tool, and readers of each role. An input is messages one after another:
 *
 *     u8 peer || u16 type || u8 what travels beside it || u16 n || n bytes
 *
 * The directory is a copy of SAQTA_FUZZ_BOX, or build/fuzz/seeds/box, which
 * tests/fuzz/seeds.c makes; it is copied anew now and then. No process is
 * started and none is killed.
 */
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "storage/keeper.c"
#include "storage/reader.h"
#include "tests/fuzz/silent.h"

#define PEERS 9
#define INPUTS_EACH 20000 /* then the directory is made anew */
#define CLIP_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct keeper k;
static char work[64];
static unsigned inputs;
static unsigned char clip[2][CLIP_MAX]; /* init part, fragment */
static size_t clip_n[2];

/* Nothing here starts a process or ends one. */
int posix_spawn(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *fa, const posix_spawnattr_t *attr,
    char *const argv[], char *const env[])
{
	(void)pid;
	(void)path;
	(void)fa;
	(void)attr;
	(void)argv;
	(void)env;
	return EAGAIN;
}

int kill(pid_t pid, int number)
{
	(void)pid;
	(void)number;
	return 0;
}

static void clean_up(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", work);
	(void)!system(cmd);
}

static void read_clip(const char *box, const char *name, int i)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", box, name);
	f = fopen(path, "re");
	must(f != NULL, "no box: run tests/seeds of a SAN build first");
	clip_n[i] = fread(clip[i], 1, CLIP_MAX, f);
	fclose(f);
}

static void open_box(void)
{
	const char *box = getenv("SAQTA_FUZZ_BOX");
	char cmd[400];
	int signals = -1;

	box = box ? box : "build/fuzz/seeds/box";
	snprintf(cmd, sizeof(cmd), "rm -rf %s && cp -r %s/data %s", work, box,
	    work);
	must(!system(cmd), "the box cannot be copied");
	read_clip(box, "init", 0);
	read_clip(box, "fragment", 1);
	memset(&k, 0, sizeof(k));
	snprintf(k.conf.data, sizeof(k.conf.data), "%s", work);
	k.conf.segment_s = 60;
	k.conf.export_days = 7;
	k.conf.copy_minutes = 6000;
	k.conf.reserve_mb = 1;
	k.conf.witness_s = 600;
	k.conf.aim_s = 600;
	k.ingest = k.people = k.control = -1;
	k.now = utc_now();
	must(!crypt_init() && !open_data(&k) && !start_workers(&k, &signals) &&
		!start(&k) && !transactions_start(&k),
	    "the box cannot be opened");
	close(signals);
}

static void close_box(void)
{
	finish(&k);
	transactions_stop(&k);
	expire_free(k.expire);
	holds_free(&k.holds);
	while (k.cameras) {
		struct camera *m = k.cameras;

		k.cameras = m->next;
		free(m);
	}
	index_close(k.ix);
	keyring_close(k.keyring);
	ledger_close(k.ledger);
	volumes_close();
	close(k.data_fd);
}

/* --- peers --- */

struct person_of {
	enum role role;
	uint64_t person;
	unsigned job;
};

/* The other end of each; -1: not there in this input yet. */
static int ends[PEERS];
static struct conn *conns[PEERS];

static void add_reader(struct conn *c, struct person_of who)
{
	struct reader *r = calloc(1, sizeof(*r));

	must(r != NULL, "memory");
	c->reader = r;
	r->conn = c;
	r->job = who.job;
	r->person = who.person;
	r->role = who.role;
	r->client = -1;
	r->started = r->signed_in = who.job == READER_SESSION;
	r->session = 1;
	r->next = k.readers;
	k.readers = r;
}

static struct conn *peer(unsigned i)
{
	static const enum peer kinds[PEERS] = {PEER_INGEST, PEER_SUPERVISOR,
	    PEER_CAMERA, PEER_PEOPLE, PEER_CONTROL, PEER_READER, PEER_READER,
	    PEER_READER, PEER_READER};
	static const struct person_of who[PEERS] = {
	    [5] = {ROLE_AUDITOR, 2, READER_SESSION},
	    [6] = {ROLE_CUSTODIAN, 4, READER_SESSION},
	    [7] = {ROLE_OPERATOR, 3, READER_SESSION},
	    [8] = {ROLE_CUSTODIAN, 1, READER_ACT}};
	int pair[2];

	if (ends[i] >= 0)
		return conns[i];
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		 0, pair) &&
		!conn_add(&k, pair[0], kinds[i], &conns[i]),
	    "a connection");
	ends[i] = pair[1];
	if (kinds[i] == PEER_SUPERVISOR && !k.supervisor)
		k.supervisor = conns[i];
	if (kinds[i] == PEER_CAMERA) {
		conns[i]->camera = camera_find(&k, "cam1");
		if (conns[i]->camera)
			conns[i]->camera->conn = conns[i];
	}
	if (kinds[i] == PEER_READER)
		add_reader(conns[i], who[i]);
	return conns[i];
}

/* What is answered is read, and what came beside it closed. */
static void drain(void)
{
	struct wire w;

	for (unsigned i = 0; i < PEERS; i++)
		while (ends[i] >= 0 && !wire_recv(ends[i], &w))
			if (w.fd >= 0)
				close(w.fd);
}

/* A connection that the keeper has closed is gone with what hung on it. */
static void forget_closed(void)
{
	for (unsigned i = 0; i < PEERS; i++) {
		bool there = false;

		for (struct conn *c = k.conns; c; c = c->next)
			there = there || c == conns[i];
		if (ends[i] >= 0 && !there) {
			close(ends[i]);
			ends[i] = -1;
		}
	}
}

/* 1: the message's own bytes; 2, 3: a genuine init part, a fragment. */
static int beside(unsigned what, const void *p, size_t n)
{
	int fd;

	if (what % 4 == 0)
		return -1;
	if (what % 4 > 1) {
		p = clip[what % 4 - 2];
		n = clip_n[what % 4 - 2];
	}
	fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	must(fd >= 0 && write(fd, p, n) == (ssize_t)n, "memory");
	fcntl(fd, F_ADD_SEALS,
	    F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	return fd;
}

static void one(unsigned who, unsigned type, unsigned what, const void *p,
    size_t n)
{
	struct conn *c = peer(who % PEERS);
	struct wire w;

	/* it would make files wherever root may mount something */
	if (type == MSG_VOLUME_ADD)
		return;
	wire_begin(&w, (uint16_t)type, 7);
	if (n > WIRE_MAX - w.len)
		n = WIRE_MAX - w.len;
	w.pos = w.len;
	memcpy(w.buf + w.len, p, n);
	w.len += n;
	w.fd = beside(what, p, n);
	dispatch(&k, c, &w);
	end_turn(&k);
	drain();
	forget_closed();
}

static void close_peers(void)
{
	for (struct conn *c = k.conns; c; c = c->next)
		c->closing = true;
	conn_reap(&k);
	forget_closed();
	end_turn(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (!*work) {
		snprintf(work, sizeof(work), "/dev/shm/saqta-fuzz-%d",
		    (int)getpid());
		atexit(clean_up);
		open_box();
	} else if (++inputs % INPUTS_EACH == 0) {
		close_box();
		open_box();
	}
	for (unsigned i = 0; i < PEERS; i++)
		ends[i] = -1;
	clock_read(&k);
	while (n >= 6) {
		unsigned type = (unsigned)p[1] << 8 | p[2];
		size_t len = (size_t)p[4] << 8 | p[5];

		if (len > n - 6)
			len = n - 6;
		one(p[0], type, p[3], p + 6, len);
		p += 6 + len;
		n -= 6 + len;
	}
	close_peers();
	if (k.stop)
		abort();
	return 0;
}
