#include "storage/api/config.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/utc.h"

/* From TEXT to ZONE they are texts. */
enum kind {
	TEXT,
	PATH,
	PATH_OR_NONE,
	ADDRESS,
	URL,
	MAIL_SERVER,
	MAIL,
	PIN,
	LANGUAGE,
	ZONE,
	NUMBER,
	YES_NO
};

#define TEXT_KIND_KEY(kind, sec, key, field) \
	{sec, key, kind, offsetof(struct config, field), \
	    sizeof(((struct config *)0)->field), 0}
#define TEXT_KEY(sec, key, field) TEXT_KIND_KEY(TEXT, sec, key, field)
#define PATH_KEY(sec, key, field) TEXT_KIND_KEY(PATH, sec, key, field)
#define PATH_OR_NONE_KEY(sec, key, field) \
	TEXT_KIND_KEY(PATH_OR_NONE, sec, key, field)
#define ADDRESS_KEY(sec, key, field) TEXT_KIND_KEY(ADDRESS, sec, key, field)
#define URL_KEY(sec, key, field) TEXT_KIND_KEY(URL, sec, key, field)
#define MAIL_SERVER_KEY(sec, key, field) \
	TEXT_KIND_KEY(MAIL_SERVER, sec, key, field)
#define MAIL_KEY(sec, key, field) TEXT_KIND_KEY(MAIL, sec, key, field)
#define PIN_KEY(sec, key, field) TEXT_KIND_KEY(PIN, sec, key, field)
#define LANGUAGE_KEY(sec, key, field) TEXT_KIND_KEY(LANGUAGE, sec, key, field)
#define ZONE_KEY(sec, key, field) TEXT_KIND_KEY(ZONE, sec, key, field)
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
    ZONE_KEY("site", "zone", zone),
    {"site", "demo", YES_NO, offsetof(struct config, demo), 0, 1},
    PATH_KEY("storage", "data", data),
    PATH_KEY("storage", "run", run),
    TEXT_KEY("storage", "recorder_user", recorder_user),
    TEXT_KEY("storage", "web_user", web_user),
    NUMBER_KEY("storage", "segment_s", segment_s, 5, 300),
    PATH_KEY("storage", "ledger_copy", ledger_copy),
    NUMBER_KEY("storage", "witness_s", witness_s, 1, 600),
    NUMBER_KEY("storage", "export_days", export_days, 1, 90),
    NUMBER_KEY("storage", "copy_minutes", copy_minutes, 1, 1000000),
    NUMBER_KEY("storage", "reserve_mb", reserve_mb, 1, 1000000),
    PATH_KEY("storage", "host", host),
    PATH_OR_NONE_KEY("storage", "backup", backup),
    NUMBER_KEY("storage", "extra_days", extra_days, 0, 3660),
    NUMBER_KEY("storage", "aim_s", aim_s, 5, 600),
    PATH_KEY("transactions", "rules", rules),
    PATH_OR_NONE_KEY("transactions", "folder", folder),
    NUMBER_KEY("transactions", "threshold", threshold, 1, 1000000000),
    PATH_KEY("recorder", "state", recorder_state),
    NUMBER_KEY("recorder", "timeout_ms", timeout_ms, 100, 600000),
    ADDRESS_KEY("web", "listen", listen),
    NUMBER_KEY("web", "port", port, 1, 65535),
    ADDRESS_KEY("web", "proxy", proxy),
    PATH_KEY("web", "state", web_state),
    PATH_KEY("web", "ui", ui),
    NUMBER_KEY("web", "idle_s", idle_s, 10, 86400),
    URL_KEY("alert", "url", alert_url),
    PIN_KEY("alert", "pin", alert_pin),
    PATH_KEY("alert", "credentials", credentials),
    PATH_KEY("alert", "state", alert_state),
    PATH_KEY("alert", "texts", texts),
    LANGUAGE_KEY("alert", "language", language),
    MAIL_SERVER_KEY("alert", "mail_server", mail_server),
    MAIL_KEY("alert", "mail_from", mail_from),
    MAIL_KEY("alert", "mail_to", mail_to),
    MAIL_KEY("alert", "mail_deputies", mail_deputies),
    URL_KEY("alert", "webhook", webhook),
    PIN_KEY("alert", "webhook_pin", webhook_pin),
    NUMBER_KEY("alert", "digest_hour", digest_hour, 0, 24),
    NUMBER_KEY("alert", "every_s", every_s, 1, 3600),
    {"alert", "cef", YES_NO, offsetof(struct config, cef), 0, 1},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

#define CONF_FILES 32	/* in conf.d */
#define NAME_MAX_BYTES 100

struct parse {
	struct config *out;
	char paths[CONF_FILES + 1][CONFIG_PATH_MAX];	/* read so far */
	size_t files;
	size_t from[KEYS];	/* 1 + the file that says it; 0: the default */
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
    .host = "/run/saqta-host",
    .backup = "none",
    .rules = "/etc/saqta/journals",
    .folder = "none",
    .threshold = 500000,
    .recorder_state = "/var/lib/saqta/recorder",
    .timeout_ms = 10000,
    .listen = "127.0.0.1",
    .port = 8443,
    .web_state = "/var/lib/saqta/web",
    .ui = "/usr/share/saqta/ui",
    .idle_s = 900,
    .alert_url = "https://127.0.0.1:8443",
    .credentials = "/run/credentials/saqta-alert.service",
    .alert_state = "/var/lib/saqta/alert",
    .texts = "/usr/share/saqta/alert.json",
    .language = "en",
    .digest_hour = 24,
    .every_s = 30,
};

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with)) && s[strlen(with)];
}

static bool is_address(const char *s)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, address) == 1 ||
	    inet_pton(AF_INET6, s, address) == 1;
}

/* 32 bytes in base64, as libcurl takes them. */
static bool is_pin(const char *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz0123456789+/";

	return begins(s, "sha256//") && strspn(s + 8, digits) == 43 &&
	    !strcmp(s + 8 + 43, "=");
}

/* What a value of this kind must be, where this one is not; else NULL. */
static const char *needs_of(enum kind kind, const char *s)
{
	switch (kind) {
	case PATH:
		return *s == '/' ? NULL : "a path that begins with /";
	case PATH_OR_NONE:
		return *s == '/' || !strcmp(s, "none") ?
		    NULL :
		    "a path that begins with /, or none";
	case ADDRESS:
		return is_address(s) ?
		    NULL :
		    "a numeric address, such as 127.0.0.1 or 0.0.0.0";
	case URL:
		return begins(s, "https://") ? NULL : "an https:// address";
	case MAIL_SERVER:
		return begins(s, "smtp://") || begins(s, "smtps://") ?
		    NULL :
		    "smtp://HOST:PORT or smtps://HOST:PORT";
	case MAIL:
		return strchr(s, '@') ? NULL : "an address of mail, with an @";
	case PIN:
		return is_pin(s) ? NULL :
				   "sha256// and 44 characters of base64, as "
				   "saqta-web prints it";
	case LANGUAGE:
		return !strcmp(s, "en") || !strcmp(s, "ru") ||
			!strcmp(s, "kk") ?
		    NULL :
		    "en, ru or kk";
	case ZONE:
		return utc_zone(s) ?
		    NULL :
		    "a zone of the tz database, such as Asia/Almaty";
	default:
		return NULL;
	}
}

/* A text that fits, and is what its kind needs; else why is said. */
static bool text_fits(struct parse *p, const struct key *k, const char *value)
{
	const char *needs;

	if (!*value || strlen(value) >= (size_t)k->lo) {
		snprintf(p->why, sizeof(p->why),
		    "%s needs a text of 1 to %ld bytes", k->name, k->lo - 1);
		return false;
	}
	needs = needs_of(k->kind, value);
	if (needs)
		snprintf(p->why, sizeof(p->why), "%s needs %s, not \"%.40s\"",
		    k->name, needs, value);
	return !needs;
}

static bool set(struct parse *p, const struct key *k, const char *value)
{
	void *at = (char *)p->out + k->at;
	char *end;
	long v;

	switch (k->kind) {
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
		*(int *)at = (int)v;
		return true;
	case YES_NO:
		if (strcmp(value, "yes") && strcmp(value, "no")) {
			snprintf(p->why, sizeof(p->why),
			    "%s is yes or no, not \"%.40s\"", k->name, value);
			return false;
		}
		*(int *)at = value[0] == 'y';
		return true;
	default:
		if (!text_fits(p, k, value))
			return false;
		strcpy(at, value);
		return true;
	}
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
		if (p->from[i] == p->files) {
			snprintf(p->why, sizeof(p->why),
			    "%s stands twice in [%s]", name, section);
			return 0;
		}
		p->from[i] = p->files;
		return set(p, &keys[i], value);
	}
	snprintf(p->why, sizeof(p->why),
	    "there is no key \"%.40s\" in [%.40s]; saqta.conf lists those "
	    "that exist",
	    name, section);
	return 0;
}

static enum err read_file(struct parse *p, char *why, size_t why_n)
{
	const char *path = p->paths[p->files++];
	FILE *f = fopen(path, "re");
	int line;

	if (!f) {
		snprintf(why, why_n, "%s: %s", path, strerror(errno));
		return ERR_CONFIG;
	}
	line = ini_parse_file(f, one, p);
	fclose(f);
	if (!line)
		return OK;
	snprintf(why, why_n, "%s:%d: %s", path, line,
	    *p->why ? p->why : "not \"key = value\", or more than 180 bytes");
	return ERR_CONFIG;
}

static int is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' &&
	    !strcmp(e->d_name + n - 5, ".conf");
}

/* The files of conf.d beside path, in the order of their names' bytes. */
static enum err read_conf_d(struct parse *p, const char *path, char *why,
    size_t why_n)
{
	char dir[CONFIG_PATH_MAX - NAME_MAX_BYTES];
	const char *slash = strrchr(path, '/');
	struct dirent **names;
	enum err err = OK;
	int n, at;

	snprintf(dir, sizeof(dir), "%.*sconf.d",
	    slash ? (int)(slash + 1 - path) : 0, path);
	n = scandir(dir, &names, is_conf, alphasort);
	at = errno;
	if (n < 0 && at == ENOENT)
		return OK;
	if (n < 0) {
		snprintf(why, why_n, "%s: %s", dir, strerror(at));
		return ERR_CONFIG;
	}
	if (n > CONF_FILES) {
		snprintf(why, why_n, "%s: more than %d files", dir, CONF_FILES);
		err = ERR_CONFIG;
	}
	for (int i = 0; i < n; i++) {
		if (!err && strlen(names[i]->d_name) >= NAME_MAX_BYTES - 1) {
			snprintf(why, why_n, "%s/%.40s...: too long a name",
			    dir, names[i]->d_name);
			err = ERR_CONFIG;
		}
		if (!err) {
			snprintf(p->paths[p->files], sizeof(p->paths[0]),
			    "%s/%.*s", dir, NAME_MAX_BYTES - 2,
			    names[i]->d_name);
			err = read_file(p, why, why_n);
		}
		free(names[i]);
	}
	free(names);
	return err;
}

static enum err read_all(struct parse *p, const char *path, char *why,
    size_t why_n)
{
	enum err err;

	if (strlen(path) >= CONFIG_PATH_MAX - NAME_MAX_BYTES - 8) {
		snprintf(why, why_n, "%.40s...: too long a path", path);
		return ERR_CONFIG;
	}
	strcpy(p->paths[0], path);
	err = read_file(p, why, why_n);
	return err ? err : read_conf_d(p, path, why, why_n);
}

enum err config_read(const char *path, struct config *ret, char *why,
    size_t why_n)
{
	struct config c = defaults;
	struct parse p = {.out = &c};
	enum err err = read_all(&p, path, why, why_n);

	if (!err)
		*ret = c;
	return err;
}

static void print_key(FILE *out, const struct parse *p, size_t i)
{
	const struct key *k = &keys[i];
	const void *at = (const char *)p->out + k->at;

	if (!i || strcmp(k->section, k[-1].section))
		fprintf(out, "%s[%s]\n", i ? "\n" : "", k->section);
	if (k->kind <= ZONE && !*(const char *)at)
		putc(';', out);	/* none, which no file can say */
	fprintf(out, "%s = ", k->name);
	if (k->kind == NUMBER)
		fprintf(out, "%d", *(const int *)at);
	else if (k->kind == YES_NO)
		fputs(*(const int *)at ? "yes" : "no", out);
	else
		fputs(at, out);
	fprintf(out, " ; %s\n",
	    p->from[i] ? p->paths[p->from[i] - 1] : "default");
}

enum err config_print(const char *path, FILE *out, char *why, size_t why_n)
{
	struct config c = defaults;
	struct parse p = {.out = &c};
	enum err err = read_all(&p, path, why, why_n);

	for (size_t i = 0; !err && i < KEYS; i++)
		print_key(out, &p, i);
	return err;
}
