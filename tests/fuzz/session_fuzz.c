/*
 * Messages as a web process may send them for somebody who is signed in, to the
 * real handlers of a reader over a real data directory (as in peers_fuzz.c); of
 * the keeper there are only its answers. The first byte says whose session:
 *
 *     u8 who || messages: u16 type || u16 n || n bytes
 *
 * Beside what reads a copy travels a window for it.
 *
 * Argon2id is worked once for each person: another password is another key
 * without it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <sodium.h>

#include "storage/api/wire.h"

static enum err answered(int sock, struct wire *w, int fd, int ms);
#define wire_call answered
#include "storage/reader.c"
#undef wire_call

#include "storage/keyring.h"
#include "tests/fuzz/silent.h"

#define REQUEST "REQ-2026-00031" /* tests/unit/storage/package_box.h */
#define START INT64_C(1795338907000000000) /* reader_box.h */
#define PEOPLE 3
#define STEPS 64 /* of an export, between two messages */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct session people[PEOPLE];
static char work[64];
static struct keyring *ring;

/* --- Argon2id, once for each person --- */

static struct {
	char password[64];
	unsigned char salt[16], key[32];
} worked[PEOPLE];
static unsigned worked_n;

int crypto_pwhash(unsigned char *const out, unsigned long long n,
    const char *const password, unsigned long long password_n,
    const unsigned char *const salt, unsigned long long ops, size_t mem,
    int alg)
{
	static int (*real)(unsigned char *, unsigned long long, const char *,
	    unsigned long long, const unsigned char *, unsigned long long,
	    size_t, int);
	char text[64] = "";

	if (password_n < sizeof(text))
		memcpy(text, password, (size_t)password_n);
	for (unsigned i = 0; i < worked_n; i++)
		if (n == 32 && !strcmp(text, worked[i].password) &&
		    !memcmp(salt, worked[i].salt, 16)) {
			memcpy(out, worked[i].key, 32);
			return 0;
		}
	if (worked_n == PEOPLE || n != 32) {
		memset(out, (int)password_n, (size_t)n);
		return 0;
	}
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash");
	if (real(out, n, password, password_n, salt, ops, mem, alg))
		return -1;
	memcpy(worked[worked_n].password, text, sizeof(text));
	memcpy(worked[worked_n].salt, salt, 16);
	memcpy(worked[worked_n++].key, out, 32);
	return 0;
}

/* --- what the keeper would say --- */

static enum err granted(struct wire *w)
{
	uint64_t person;
	const void *p;
	size_t n;
	int fd;

	if (strcmp(wire_get_str(w), REQUEST) != 0 ||
	    keyring_find_grant(ring, REQUEST, &person, &p, &n) ||
	    bulk_from(p, n, &fd))
		return ERR_NOT_FOUND;
	wire_begin(w, MSG_GRANT_GET_IS, w->id);
	wire_put_i64(w, START + NS_PER_SEC);
	wire_put_i64(w, START + 20 * NS_PER_SEC);
	wire_put_i64(w, INT64_MAX);
	wire_put_u64(w, 9);
	wire_put_u8(w, 1);
	wire_put_str(w, "cam1");
	w->fd = fd;
	return OK;
}

static enum err answered(int sock, struct wire *w, int fd, int ms)
{
	const size_t head = 8; /* wire.h: version, type, id */
	unsigned type = w->type;
	enum err err = w->err;

	(void)sock;
	(void)fd;
	(void)ms;
	if (err)
		return err;
	w->pos = head;
	switch (type) {
	case MSG_GRANT_GET:
		err = granted(w);
		break;
	case MSG_LEASE_OPEN:
		wire_begin(w, MSG_LEASE_OPEN_IS, w->id);
		wire_put_u64(w, 20);
		break;
	case MSG_EXPORT_BEGIN:
		wire_begin(w, MSG_EXPORT_BEGIN_IS, w->id);
		wire_put_str(w, "EXP-2026-00009");
		w->fd = memfd_create("spool", MFD_CLOEXEC);
		break;
	case MSG_EXPORT_ENTER:
		wire_begin(w, MSG_EXPORT_ENTER_IS, w->id);
		wire_put_u64(w, 2);
		break;
	case MSG_DAY_KEY:
	case MSG_STALE_DAYS:
	case MSG_HELD_DAYS:
		err = ERR_NOT_FOUND;
		break;
	default:
		wire_begin(w, MSG_OK, w->id);
	}
	w->pos = head;
	return err ? err : w->err;
}

/* --- the sessions --- */

static void clean_up(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", work);
	(void)!system(cmd);
}

static void open_session(struct session *s, uint64_t person,
    const char *password)
{
	struct secret secret;
	uint64_t step;

	s->keeper = s->client = -1;
	s->job = READER_SESSION;
	s->data_fd = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(s->site, sizeof(s->site), "Site");
	snprintf(s->zone, sizeof(s->zone), "Asia/Almaty");
	must(s->data_fd >= 0 && !index_open(work, true, &s->ix) &&
		!ledger_open_readonly(s->data_fd, &s->ledger) &&
		!read_root(s) && !index_person_find(s->ix, person, &s->me),
	    "a session cannot be opened");
	if (person_open(&s->me, password, session_now(s), &secret, &step))
		return; /* a custodian's code: his key is known all the same */
	if (s->me.role == ROLE_AUDITOR)
		seed_identity(secret.seed, &s->identity);
}

static void open_box(void)
{
	const char *box = getenv("SAQTA_FUZZ_BOX");
	char cmd[400];

	box = box ? box : "build/fuzz/seeds/box";
	snprintf(work, sizeof(work), "/dev/shm/saqta-session-%d",
	    (int)getpid());
	atexit(clean_up);
	snprintf(cmd, sizeof(cmd), "rm -rf %s && cp -r %s/data %s", work, box,
	    work);
	must(!system(cmd), "no box: run tests/seeds of a SAN build first");
	must(!crypt_init() && !utc_site("Asia/Almaty"), "start");
	open_session(&people[0], 2, "auditor-two");
	open_session(&people[1], 4, "custodian-four\n000000");
	open_session(&people[2], 3, "operator-three");
	must(!volumes_open(people[0].data_fd, work, "", false), "volumes");
	must(!keyring_open(people[0].data_fd, &ring), "keyring");
}

static void drain(int sock)
{
	struct wire w;

	while (!wire_recv(sock, &w))
		if (w.fd >= 0)
			close(w.fd);
}

/* False where the session is to end. */
static int window(unsigned type)
{
	static int fd = -1;
	const void *p;

	if (type != MSG_MOVIE_READ && type != MSG_EXPORT_READ)
		return -1;
	if (fd < 0)
		must(!window_open(MOVIE_READ_MAX, &fd, &p), "a window");
	return fd;
}

static bool one(struct session *s, int sock, unsigned type, const void *p,
    size_t n)
{
	struct wire w;
	bool more;

	wire_begin(&w, (uint16_t)type, 7);
	if (n > WIRE_MAX - w.len)
		n = WIRE_MAX - w.len;
	memcpy(w.buf + w.len, p, n);
	w.len += n;
	if (wire_send(sock, &w, window(type)))
		return false;
	more = serve(s);
	for (int i = 0; i < STEPS && export_step(s); i++)
		;
	drain(sock);
	return more;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct session *s;
	int pair[2];

	if (!*work)
		open_box();
	if (!n)
		return 0;
	s = &people[p[0] % PEOPLE];
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		 0, pair),
	    "a connection");
	s->client = pair[0];
	s->signed_out = false;
	p++;
	n--;
	while (n >= 4) {
		unsigned type = (unsigned)p[0] << 8 | p[1];
		size_t len = (size_t)p[2] << 8 | p[3];

		if (len > n - 4)
			len = n - 4;
		if (!one(s, pair[1], type, p + 4, len))
			break;
		p += 4 + len;
		n -= 4 + len;
	}
	export_drop(s, ERR_SIGNED_OUT);
	spool_drop(s);
	access_drop(s);
	close(pair[0]);
	close(pair[1]);
	return 0;
}
