#include "storage/tool/import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/crypt.h"
#include "storage/csv.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"

#define FILE_MAX (1u << 20)

enum column {
	ID,
	NAME,
	ATM,
	PLACE,
	URL,
	TRANSPORT,
	USER,
	PASSWORD,
	DEVICE,
	CERTIFICATE,
	COLUMNS
};

static const char *const columns[COLUMNS] = {"id", "name", "atm", "place",
    "url", "transport", "user", "password", "device", "certificate"};

struct import {
	const struct config *conf;
	struct csv csv;
	size_t of[COLUMNS];	/* 1 + its place in a record; 0: not there */
	unsigned added, there, wrong;
	char text[FILE_MAX];
	size_t n;
};

static const char *cell(const struct import *m, enum column c)
{
	return m->of[c] ? m->csv.field[m->of[c] - 1] : "";
}

/* What stands in a line is not repeated: it may be a password. */
static void complain(struct import *m, const char *why)
{
	fprintf(stderr, "line %u: %s\n", m->csv.line, why);
	m->wrong++;
}

static bool take_names(struct import *m)
{
	if (csv_next(&m->csv)) {
		fprintf(stderr, "saqta: the file has no line of names\n");
		return false;
	}
	for (size_t i = 0; i < m->csv.fields; i++) {
		size_t k = 0;

		while (k < COLUMNS && strcmp(m->csv.field[i], columns[k]))
			k++;
		if (k == COLUMNS || m->of[k]) {
			fprintf(stderr,
			    "line 1: column %zu is none of id, name, atm, "
			    "place, url, transport, user, password, device, "
			    "certificate, or stands there twice\n",
			    i + 1);
			return false;
		}
		m->of[k] = i + 1;
	}
	if (m->of[ID] && m->of[ATM] && m->of[URL])
		return true;
	fprintf(stderr, "line 1: id, atm and url are needed\n");
	return false;
}

struct known {
	const struct import *m;
	bool there, elsewhere;
};

static void compare(const char *id, const char *url, bool retired, void *arg)
{
	struct known *k = arg;

	if (!strcmp(id, cell(k->m, ID)))
		k->there = true;
	else if (!retired && !strcmp(url, cell(k->m, URL)))
		k->elsewhere = true;
}

static enum err send(struct import *m, const char **ret_why)
{
	static unsigned char sealed[512 + BOX_EXTRA];
	static struct wire w;
	size_t n = 0;
	const char *name = cell(m, NAME);

	if (*cell(m, USER) &&
	    !camera_seal(m->conf, cell(m, USER), cell(m, PASSWORD), sealed, &n))
		return ERR_UNAVAILABLE;
	wire_begin(&w, MSG_CAMERA_ADD, 1);
	wire_put_str(&w, cell(m, ID));
	wire_put_str(&w, *name ? name : cell(m, ID));
	wire_put_str(&w, cell(m, ATM));
	wire_put_str(&w, cell(m, PLACE));
	wire_put_str(&w, cell(m, URL));
	wire_put_u8(&w,
	    strcmp(cell(m, TRANSPORT), "udp") ? TRANSPORT_TCP : TRANSPORT_UDP);
	wire_put_bytes(&w, sealed, n);
	wire_put_str(&w, cell(m, DEVICE));
	wire_put_str(&w, cell(m, CERTIFICATE));
	return tool_ask(m->conf, &w, ret_why);
}

static void take_record(struct import *m, size_t names)
{
	struct known k = {.m = m};
	const char *why = "";
	enum err err;

	if (m->csv.fields != names) {
		complain(m, "it has not as many cells as line 1");
		return;
	}
	if (strcmp(cell(m, TRANSPORT), "") &&
	    strcmp(cell(m, TRANSPORT), "tcp") &&
	    strcmp(cell(m, TRANSPORT), "udp")) {
		complain(m, "transport is tcp or udp");
		return;
	}
	if (!cameras_each(m->conf, compare, &k)) {
		complain(m, "storage does not answer");
		return;
	}
	if (k.there) {
		m->there++;
		return;
	}
	if (k.elsewhere) {
		complain(m, "its url is that of another camera");
		return;
	}
	err = send(m, &why);
	if (err)
		complain(m, *why ? why : err_text(err));
	else
		m->added++;
}

static bool read_file(struct import *m, const char *file)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "re") : stdin;

	if (!f) {
		fprintf(stderr, "saqta: %s: %s\n", file, strerror(errno));
		return false;
	}
	setvbuf(f, NULL, _IONBF, 0);	/* no second copy of passwords */
	m->n = fread(m->text, 1, sizeof(m->text), f);
	if (f != stdin)
		fclose(f);
	if (m->n < sizeof(m->text))
		return true;
	fprintf(stderr, "saqta: the file is larger than 1 MiB\n");
	return false;
}

int camera_import(const struct config *conf, const char *file)
{
	static struct import m;
	enum err err = OK;
	size_t names;

	m.conf = conf;
	if (!read_file(&m, file)) {
		crypt_wipe(&m, sizeof(m));
		return EXIT_FAILED;
	}
	csv_begin(&m.csv, m.text, m.n);
	if (!take_names(&m)) {
		crypt_wipe(&m, sizeof(m));
		return EXIT_FAILED;
	}
	names = m.csv.fields;
	while ((err = csv_next(&m.csv)) != ERR_NOT_FOUND) {
		if (err)
			complain(&m, "its quotes are wrong, or it is too long");
		else
			take_record(&m, names);
	}
	printf("%u added, %u there already, %u wrong\n", m.added, m.there,
	    m.wrong);
	if (m.of[PASSWORD] && strcmp(file, "-"))
		printf("the file has passwords: erase it when you are done\n");
	err = m.wrong ? ERR_INVALID : OK;
	crypt_wipe(&m, sizeof(m));
	return err ? EXIT_FAILED : EXIT_FINE;
}
