/* handle_import.c - journals: a process that reads each, and its report. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/align.h"
#include "storage/api/log.h"
#include "storage/importer.h"
#include "storage/keeper_transaction.h"
#include "storage/spawn.h"

enum count {
	LINES,
	ADDED,
	KNOWN,
	BROKEN,
	CARDS,
	BACKWARD,
	WITHOUT,
	STRANGE,
	COMPLAINTS,
	COUNTS
};

enum err import_enter(struct keeper *k, uint64_t person, uint64_t events,
    const unsigned char hash[HASH_BYTES], uint64_t *ret_entry)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_IMPORTED, person);
	entry_put_u64(&x.e, TAG_EVENTS, events);
	entry_put_bytes(&x.e, TAG_FILE, hash, HASH_BYTES);
	return enter_end(k, &x, ret_entry);
}

static bool is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-_");

	return n && !s[n] && n <= RULES_NAME_MAX;
}

static enum err may_begin(struct keeper *k, int fd, const char *rules,
    const char *atm)
{
	struct stat st;
	unsigned n = 0;

	for (const struct import *m = k->tx->imports; m; m = m->next)
		n++;
	if (k->full)
		return ERR_DISK_FULL;
	if (n >= IMPORTS_MAX)
		return ERR_BUSY;
	if (!is_name(rules) || strlen(atm) > TRANSACTION_ATM_MAX ||
	    fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return ERR_INVALID;
	return st.st_size > IMPORT_BYTES_MAX ? ERR_TOO_LARGE : OK;
}

static enum err start(struct keeper *k, int fd, struct import *m)
{
	int pair[2], fds[2];
	enum err err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return ERR_SYS;
	fds[0] = pair[1];	/* 3 and 4: importer.h */
	fds[1] = fd;
	err = self_start("importer", fds, 2, &m->pid);
	close(pair[1]);
	if (!err)
		err = conn_add(k, pair[0], PEER_IMPORTER, &m->conn);
	if (err)
		close(pair[0]);
	return err;
}

enum err import_begin(struct keeper *k, int fd, const char *rules,
    const char *atm, const char *encoding, struct import **ret)
{
	char path[sizeof(k->conf.rules) + RULES_NAME_MAX + 8];
	struct import *m;
	struct wire w;
	enum err err = may_begin(k, fd, rules, atm);

	if (err)
		return err;
	m = calloc(1, sizeof(*m));
	if (!m)
		return ERR_NO_MEMORY;
	err = start(k, fd, m);
	if (err) {
		free(m);
		return err;
	}
	m->next = k->tx->imports;
	k->tx->imports = m;
	snprintf(path, sizeof(path), "%s/%s.conf", k->conf.rules, rules);
	wire_begin(&w, MSG_IMPORT_START, 1);
	wire_put_str(&w, k->site.zone);
	wire_put_str(&w, atm);
	wire_put_str(&w, path);
	wire_put_str(&w, encoding);
	conn_send(m->conn, &w, -1);
	*ret = m;
	return OK;
}

void handle_transactions_import(struct keeper *k, struct conn *c,
    struct wire *w)
{
	char rules[RULES_NAME_MAX + 1], atm[TRANSACTION_ATM_MAX + 1];
	char encoding[16];
	struct import *m;
	enum err err;

	wire_get_text(w, rules, sizeof(rules));
	wire_get_text(w, atm, sizeof(atm));
	wire_get_text(w, encoding, sizeof(encoding));
	err = wire_end(w);
	if (!err)
		err = w->fd < 0 ?
		    ERR_BAD_MESSAGE :
		    import_begin(k, w->fd, rules, atm, encoding, &m);
	if (err == ERR_BUSY)
		conn_error(c, w->id, err,
		    "Four journals are being read just now: try again when one "
		    "is done.");
	else if (err == ERR_INVALID)
		conn_error(c, w->id, err,
		    "A regular file is needed, rules with a name of small "
		    "letters, digits and -, and an ATM of at most 31 bytes.");
	else if (err == ERR_TOO_LARGE)
		conn_error(c, w->id, err,
		    "A journal has at most 4 GiB: give it in parts, nothing "
		    "stands twice.");
	else if (err)
		conn_error(c, w->id, err, NULL);
	if (err)
		return;
	m->asker = c;
	m->asker_id = w->id;
}

static struct import *find(struct keeper *k, const struct conn *c)
{
	struct import *m = k->tx->imports;

	while (m && m->conn != c)
		m = m->next;
	return m;
}

/* What people are told of it, of the folder. */
static void tell_folder(struct keeper *k, const struct import *m,
    uint64_t entry, const uint64_t *n, int fd)
{
	char text[400];
	const void *p = NULL;
	size_t size = 0;

	snprintf(text, sizeof(text),
	    "%llu lines; events: %llu added, %llu known already, %llu broken, "
	    "%llu of no known kind; %llu card numbers cut; %llu clock jumps "
	    "back; %llu of ATMs without cameras; entry %llu\n",
	    (unsigned long long)n[LINES], (unsigned long long)n[ADDED],
	    (unsigned long long)n[KNOWN], (unsigned long long)n[BROKEN],
	    (unsigned long long)n[WITHOUT], (unsigned long long)n[CARDS],
	    (unsigned long long)n[BACKWARD], (unsigned long long)n[STRANGE],
	    (unsigned long long)entry);
	if (fd >= 0 && bulk_map(fd, IMPORT_REPORT_BYTES, &p, &size))
		p = NULL;
	folder_done(k, &m->file, true, text, p, p ? size : 0);
	if (p)
		bulk_unmap(p, size);
}

static void tell_asker(const struct import *m, uint64_t entry,
    const uint64_t *n, const struct wire *in)
{
	struct wire w;

	wire_begin(&w, MSG_TRANSACTIONS_IMPORT_IS, m->asker_id);
	wire_put_u64(&w, entry);
	for (unsigned i = 0; i < COUNTS; i++)
		wire_put_u64(&w, n[i]);
	conn_pass(m->asker, &w, in->fd);
}

/* What an importer says is no more than a hint: it is looked at like lines. */
static void take_jump(struct keeper *k, char atm[TRANSACTION_ATM_MAX + 1],
    int64_t to_ns, int64_t back_ms)
{
	enum err err;

	if (!*atm || to_ns <= 0 || back_ms <= 0 ||
	    back_ms > ALIGN_BACK_MAX_MS || !transactions_name_atm(k, atm))
		return;
	err = align_import(k, atm, to_ns, back_ms);
	if (err)
		log_error("a jump of a journal's clock was not entered: %s",
		    err_text(err));
}

void handle_import_done(struct keeper *k, struct conn *c, struct wire *w)
{
	struct import *m = find(k, c);
	char atm[TRANSACTION_ATM_MAX + 1];
	uint64_t n[COUNTS], entry = 0;
	int64_t to_ns, back_ms;
	unsigned char hash[HASH_BYTES];
	const void *p;
	size_t hash_n;
	enum err err;

	p = wire_get_bytes(w, &hash_n);
	if (p && hash_n == HASH_BYTES)
		memcpy(hash, p, HASH_BYTES);
	for (unsigned i = 0; i < COUNTS; i++)
		n[i] = wire_get_u64(w);
	wire_get_text(w, atm, sizeof(atm));
	to_ns = wire_get_i64(w);
	back_ms = wire_get_i64(w);
	err = wire_end(w);
	if (!err && (!m || m->over || hash_n != HASH_BYTES))
		err = ERR_BAD_MESSAGE;
	if (!err)
		err = import_enter(k, 0, n[ADDED], hash, &entry);
	if (err) {
		conn_error(c, w->id, err, NULL);
		return;
	}
	log_info("journal: %llu events added, %llu known already, %llu lines",
	    (unsigned long long)n[ADDED], (unsigned long long)n[KNOWN],
	    (unsigned long long)n[LINES]);
	take_jump(k, atm, to_ns, back_ms);
	conn_ok(c, w->id);
	m->over = true;
	if (*m->file.name)
		tell_folder(k, m, entry, n, w->fd);
	else if (m->asker)
		tell_asker(m, entry, n, w);
}

static void failed(struct keeper *k, struct import *m, enum err err,
    const char *why)
{
	char text[700];

	m->over = true;
	snprintf(text, sizeof(text), "%s\n", why);
	if (*m->file.name)
		folder_done(k, &m->file, false, text, NULL, 0);
	else if (m->asker)
		conn_error(m->asker, m->asker_id, err, why);
}

void handle_import_failed(struct keeper *k, struct conn *c, struct wire *w)
{
	struct import *m = find(k, c);
	enum err err = err_from_wire(wire_get_u16(w));
	char why[600];

	wire_get_text(w, why, sizeof(why));
	if (wire_end(w) || !m || m->over) {
		c->closing = true;
		return;
	}
	log_warn("a journal was not read: %s", why);
	failed(k, m, err, why);
}

void import_gone(struct keeper *k, const struct conn *c)
{
	struct import **at = &k->tx->imports, *m;

	while (*at && (*at)->conn != c)
		at = &(*at)->next;
	m = *at;
	if (!m)
		return;
	if (!m->over)
		failed(k, m, ERR_GONE,
		    "The process that read it broke off. What was read is "
		    "there; import it again, nothing stands twice.");
	*at = m->next;
	kill(m->pid, SIGKILL);
	free(m);
}
