#include "storage/api/config.h"

#include <ini.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { TEXT, NUMBER, YES_NO };

#define TEXT_KEY(sec, key, field) \
	{sec, key, TEXT, offsetof(struct config, field), \
	    sizeof(((struct config *)0)->field), 0}
#define NUMBER_KEY(sec, key, field, lo, hi) \
	{                                                                \
		sec, key, NUMBER, offsetof(struct config, field), lo, hi \
	}

static const struct key {
	const char *section, *name;
	enum kind kind;
	size_t at;
	long lo, hi;	/* a number's bounds; a text's room in lo */
} keys[] = {
    TEXT_KEY("site", "name", site_name),
    TEXT_KEY("site", "zone", zone),
    {"site", "demo", YES_NO, offsetof(struct config, demo), 0, 1},
    TEXT_KEY("storage", "data", data),
    TEXT_KEY("storage", "run", run),
    TEXT_KEY("storage", "recorder_user", recorder_user),
    TEXT_KEY("storage", "web_user", web_user),
    NUMBER_KEY("storage", "segment_s", segment_s, 5, 300),
    TEXT_KEY("storage", "ledger_copy", ledger_copy),
    NUMBER_KEY("storage", "witness_s", witness_s, 1, 600),
    NUMBER_KEY("storage", "export_days", export_days, 1, 90),
    NUMBER_KEY("storage", "copy_minutes", copy_minutes, 1, 1000000),
    NUMBER_KEY("storage", "reserve_mb", reserve_mb, 1, 1000000),
    NUMBER_KEY("storage", "extra_days", extra_days, 0, 3660),
    NUMBER_KEY("storage", "aim_s", aim_s, 5, 600),
    TEXT_KEY("recorder", "state", recorder_state),
    NUMBER_KEY("recorder", "timeout_ms", timeout_ms, 100, 600000),
    TEXT_KEY("web", "listen", listen),
    NUMBER_KEY("web", "port", port, 1, 65535),
    TEXT_KEY("web", "state", web_state),
    TEXT_KEY("web", "ui", ui),
    NUMBER_KEY("web", "idle_s", idle_s, 10, 86400),
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

struct parse {
	struct config *out;
	bool seen[KEYS];
	char why[200];	/* of the first error; libinih knows its line */
};

static const struct config defaults = {
    .site_name = "Saqta",
    .zone = "Asia/Almaty",
    .data = "/var/lib/saqta/data",
    .run = "/run/saqta",
    .recorder_user = "saqta-recorder",
    .web_user = "saqta-web",
    .segment_s = 60,
    .export_days = 7,
    .copy_minutes = 6000,
    .reserve_mb = 1024,
    .witness_s = 300,
    .aim_s = 600,
    .ledger_copy = "/var/lib/saqta/copy",
    .recorder_state = "/var/lib/saqta/recorder",
    .timeout_ms = 10000,
    .listen = "127.0.0.1",
    .port = 8443,
    .web_state = "/var/lib/saqta/web",
    .ui = "/usr/share/saqta/ui",
    .idle_s = 900,
};

static bool set(struct parse *p, const struct key *k, const char *value)
{
	char *end;
	long v;

	switch (k->kind) {
	case TEXT:
		if (!*value || strlen(value) >= (size_t)k->lo) {
			snprintf(p->why, sizeof(p->why),
			    "%s needs a text of 1 to %ld bytes", k->name,
			    k->lo - 1);
			return false;
		}
		strcpy((char *)p->out + k->at, value);
		return true;
	case NUMBER:
		errno = 0;
		v = strtol(value, &end, 10);
		if (errno || end == value || *end || v < k->lo || v > k->hi) {
			snprintf(p->why, sizeof(p->why),
			    "%s needs a number from %ld to %ld, not "
			    "\"%.40s\"",
			    k->name, k->lo, k->hi, value);
			return false;
		}
		*(int *)(void *)((char *)p->out + k->at) = (int)v;
		return true;
	case YES_NO:
		if (strcmp(value, "yes") && strcmp(value, "no")) {
			snprintf(p->why, sizeof(p->why),
			    "%s is yes or no, not \"%.40s\"", k->name, value);
			return false;
		}
		*(int *)(void *)((char *)p->out + k->at) = value[0] == 'y';
		return true;
	}
	return false;
}

static int one(void *user, const char *section, const char *name,
    const char *value)
{
	struct parse *p = user;

	if (*p->why)	/* libinih goes on after an error; the first counts */
		return 0;
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(section, keys[i].section) ||
		    strcmp(name, keys[i].name))
			continue;
		if (p->seen[i]) {
			snprintf(p->why, sizeof(p->why),
			    "%s stands twice in [%s]", name, section);
			return 0;
		}
		p->seen[i] = true;
		return set(p, &keys[i], value);
	}
	snprintf(p->why, sizeof(p->why),
	    "there is no key \"%.40s\" in [%.40s]; saqta.conf lists those "
	    "that exist",
	    name, section);
	return 0;
}

enum err config_read(const char *path, struct config *ret, char *why,
    size_t why_n)
{
	struct config c = defaults;
	struct parse p = {.out = &c};
	FILE *f = fopen(path, "re");
	int line;

	if (!f) {
		snprintf(why, why_n, "%s: %s", path, strerror(errno));
		return ERR_CONFIG;
	}
	line = ini_parse_file(f, one, &p);
	fclose(f);
	if (line) {
		snprintf(why, why_n, "%s:%d: %s", path, line,
		    *p.why ? p.why :
			     "not \"key = value\", or more than 180 bytes");
		return ERR_CONFIG;
	}
	*ret = c;
	return OK;
}
