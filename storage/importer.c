#include "storage/importer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/api/oom.h"
#include "storage/api/utc.h"
#include "storage/api/wire.h"
#include "storage/confine.h"
#include "storage/crypt.h"
#include "storage/ej_text.h"

#define KEEPER_FD 3
#define FILE_FD 4
#define KEEPER_MS 120000	/* a disk that is slow, a copy that runs */
#define PIECE (64u << 10)

struct importer {
	struct ej_rules *rules;
	struct ej *j;
	struct ej_text *text;
	char batch[TRANSACTIONS_BATCH * TRANSACTION_LINE_MAX + 1];
	size_t batch_n, events;
	char report[IMPORT_REPORT_BYTES];
	size_t report_n;
	unsigned long complaints;
	uint64_t added, known, strange;
	uint32_t id;		/* of MSG_IMPORT_START */
	uint32_t asked;
	enum err err;		/* of the keeper: nothing more is sent */
	struct sha256 hash;
	char piece[PIECE];
};

static void hand_over(struct importer *m)
{
	struct wire w;
	int fd = -1;

	if (!m->events || m->err)
		return;
	m->err = bulk_from(m->batch, m->batch_n, &fd);
	if (m->err)
		return;
	wire_begin(&w, MSG_TRANSACTIONS_PUT, ++m->asked);
	m->err = wire_call(KEEPER_FD, &w, fd, KEEPER_MS);
	close(fd);
	if (!m->err) {
		m->added += wire_get_u32(&w);
		m->known += wire_get_u32(&w);
		m->strange += wire_get_u32(&w);
		m->err = wire_end(&w);
	}
	explicit_bzero(m->batch, m->batch_n);
	m->batch_n = m->events = 0;
}

static void take_event(const struct transaction *t, void *arg)
{
	struct importer *m = arg;

	m->batch_n += transaction_put(t, m->batch + m->batch_n);
	if (++m->events == TRANSACTIONS_BATCH)
		hand_over(m);
}

static void take_complaint(unsigned long line, const char *why, void *arg)
{
	struct importer *m = arg;
	size_t room = sizeof(m->report) - m->report_n;
	int n;

	if (++m->complaints > IMPORT_REPORT_LINES)
		return;
	n = snprintf(m->report + m->report_n, room, "line %lu: %s\n", line,
	    why);
	if (n > 0 && (size_t)n < room)
		m->report_n += (size_t)n;
}

static int fail(struct importer *m, enum err err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int fail(struct importer *m, enum err err, const char *fmt, ...)
{
	char say[600];
	struct wire w;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(say, sizeof(say), fmt, ap);
	va_end(ap);
	wire_begin(&w, MSG_ERROR, m->id);
	wire_put_u16(&w, (uint16_t)err);
	wire_put_str(&w, say);
	if (wire_send(KEEPER_FD, &w, -1))
		log_error("%s", say);
	return 1;
}

static enum err read_rules(struct importer *m, const char *path, char *why,
    size_t why_n)
{
	static char text[EJ_RULES_BYTES + 1];
	FILE *f = fopen(path, "re");
	size_t n;
	enum err err;

	if (!f) {
		snprintf(why, why_n, "%s", strerror(errno));
		return ERR_CONFIG;
	}
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	err = ERR_CONFIG;
	if (n > EJ_RULES_BYTES)
		snprintf(why, why_n, "more than 64 KiB");
	else
		err = ej_rules_parse(text, n, &m->rules, why, why_n);
	return err;
}

/* All that needs a path; 0, or the exit status. */
static int begin(struct importer *m)
{
	struct ej_sink sink = {take_event, take_complaint, m};
	char zone[64], atm[TRANSACTION_ATM_MAX + 1], path[300], encoding[16];
	char why[300] = "";
	struct wire w;
	enum err err = wire_recv(KEEPER_FD, &w);

	if (err || w.type != MSG_IMPORT_START)
		return 1;
	m->id = w.id;
	wire_get_text(&w, zone, sizeof(zone));
	wire_get_text(&w, atm, sizeof(atm));
	wire_get_text(&w, path, sizeof(path));
	wire_get_text(&w, encoding, sizeof(encoding));
	if (wire_end(&w))
		return fail(m, ERR_INVALID, "A name is too long.");
	if (utc_site(zone))
		return fail(m, ERR_CONFIG, "The zone %s is not there.", zone);
	if (read_rules(m, path, why, sizeof(why)))
		return fail(m, ERR_CONFIG, "%s: %s", path, why);
	if (!*encoding)
		snprintf(encoding, sizeof(encoding), "%s",
		    ej_rules_encoding(m->rules));
	err = ej_new(m->rules, atm, &sink, &m->j);
	if (!err)
		err = ej_text_new(encoding, m->j, &sink, &m->text);
	if (err == ERR_NOT_FOUND)
		return fail(m, ERR_INVALID,
		    "The encoding is utf-8, cp1251 or cp866.");
	if (err)
		return fail(m, err, "%s", err_text(err));
	return confine() ? fail(m, ERR_SYS, "The importer was not confined.") :
			   0;
}

static enum err read_all(struct importer *m)
{
	ssize_t n = 0;

	sha256_init(&m->hash);
	while (!m->err && (n = read(FILE_FD, m->piece, sizeof(m->piece))) > 0) {
		sha256_put(&m->hash, m->piece, (size_t)n);
		ej_text_take(m->text, m->piece, (size_t)n);
	}
	if (n < 0)
		return ERR_DISK;
	ej_text_end(m->text);
	ej_end(m->j);
	hand_over(m);
	return m->err;
}

static enum err done(struct importer *m)
{
	const struct ej_counts *c = ej_counts(m->j);
	unsigned char hash[HASH_BYTES];
	struct wire w;
	int fd = -1;
	enum err err = OK;

	sha256_end(&m->hash, hash);
	if (m->report_n)
		err = bulk_from(m->report, m->report_n, &fd);
	if (err)
		return err;
	wire_begin(&w, MSG_IMPORT_DONE, ++m->asked);
	wire_put_bytes(&w, hash, sizeof(hash));
	wire_put_u64(&w, ej_text_lines(m->text));
	wire_put_u64(&w, m->added);
	wire_put_u64(&w, m->known);
	wire_put_u64(&w, c->broken);
	wire_put_u64(&w, ej_text_cards(m->text));
	wire_put_u64(&w, c->backward);
	wire_put_u64(&w, c->without);
	wire_put_u64(&w, m->strange);
	wire_put_u64(&w, m->complaints);
	wire_put_str(&w, c->back_atm);
	wire_put_i64(&w, c->back_to_ns);
	wire_put_i64(&w, c->back_ns / NS_PER_MS);
	err = wire_call(KEEPER_FD, &w, fd, KEEPER_MS);
	if (fd >= 0)
		close(fd);
	return err;
}

int importer_main(void)
{
	struct importer *m = crypt_init() ? NULL : calloc(1, sizeof(*m));
	enum err err;
	int status;

	if (!m)
		return 1;
	oom_first();
	status = begin(m);
	if (!status) {
		err = read_all(m);
		if (!err)
			err = done(m);
		/* a file that cannot be read; the keeper knows the rest */
		status = err ? fail(m, err, "%s", err_text(err)) : 0;
	}
	ej_text_free(m->text);
	ej_free(m->j);
	ej_rules_free(m->rules);
	free(m);
	return status;
}
