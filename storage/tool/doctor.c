/* doctor.c - saqta doctor (doctor.h): findings, and what storage tells. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/host.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"
#include "storage/tool/doctor.h"

#define WITNESS_LATE_S (60 * 60)
#define WITNESS_GONE_S (24 * 60 * 60)
#define VOLUME_ADD "saqta volume add PATH"
#define DISK_DAYS 30
#define DISK_DAYS_CRITICAL 7

static const char *const state_names[] = {
    [HEALTH_OK] = "ok",
    [HEALTH_WARNING] = "warning",
    [HEALTH_CRITICAL] = "critical",
    [HEALTH_UNKNOWN] = "unknown",
};

void doctor_found(struct doctor *d, enum health state, const char *check,
    const char *mend, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (state > d->worst)
		d->worst = state;
	json_array_append_new(d->findings,
	    json_pack("{s:s, s:s, s:s, s:s?}", "check", check, "state",
		state_names[state], "text", text, "mend", mend));
}

static void cameras_count(struct doctor *d, const json_t *c)
{
	if (!json_number_of(c, "total"))
		doctor_found(d, HEALTH_WARNING, "cameras",
		    "saqta camera add --id ID --atm ATM --user USER URL",
		    "there is none");
	else
		doctor_found(d, HEALTH_OK, "cameras", NULL,
		    "%lld recording of %lld switched on",
		    json_number_of(c, "recording"),
		    json_number_of(c, "enabled"));
}

static void room(struct doctor *d, const json_t *status)
{
	const json_t *s = json_object_get(status, "storage");
	const json_t *f = json_object_get(status, "forecast");
	const json_t *full = json_object_get(f, "full_on"), *v;
	long long days = json_number_of(f, "days_left");
	size_t i;

	json_array_foreach(json_object_get(s, "faults"), i, v)
	    doctor_found(d, HEALTH_CRITICAL, "disk", "saqta volume list",
		"the disk of volume %lld reports errors: %lld since %s; "
		"have it looked at",
		json_number_of(v, "volume"), json_number_of(v, "errors"),
		json_text_of(v, "since"));
	if (json_number_of(s, "lost"))
		doctor_found(d, HEALTH_CRITICAL, "footage", "saqta check",
		    "%lld segments are missing or damaged",
		    json_number_of(s, "lost"));
	if (!strcmp(json_text_of(s, "state"), "full"))
		doctor_found(d, HEALTH_CRITICAL, "space", VOLUME_ADD,
		    "the volumes are full: nothing is recorded, nothing is "
		    "erased; add one, or free what is not Saqta's");
	else if (json_is_string(full) && days < DISK_DAYS)
		doctor_found(d,
		    days < DISK_DAYS_CRITICAL ? HEALTH_CRITICAL :
						HEALTH_WARNING,
		    "space", VOLUME_ADD, "full on %.10s, in %lld days",
		    json_string_value(full), days);
	else
		doctor_found(d, HEALTH_OK, "space", NULL, "%.1f GB free",
		    (double)json_number_of(s, "free_bytes") / 1e9);
	if (json_number_of(s, "keys_waiting"))
		doctor_found(d, HEALTH_WARNING, "keys", NULL,
		    "%lld day keys wait to be wrapped for the custodians of "
		    "now: the next act of a custodian does it",
		    json_number_of(s, "keys_waiting"));
	else
		doctor_found(d, HEALTH_OK, "keys", NULL,
		    "wrapped to the custodians of now");
}

static void ledger(struct doctor *d, const json_t *status)
{
	const json_t *l = json_object_get(status, "ledger");
	const json_t *w = json_object_get(status, "witness");
	const json_t *alarm = json_object_get(w, "alarm");
	long long age = json_number_of(w, "age_s");

	if (!json_is_true(json_object_get(l, "confirmed")))
		doctor_found(d, HEALTH_CRITICAL, "ledger",
		    "saqta ledger confirm --by CUSTODIAN",
		    "it was lost or set back: epoch %lld waits for a "
		    "custodian, nothing is erased",
		    json_number_of(l, "epoch"));
	else
		doctor_found(d, HEALTH_OK, "ledger", NULL, "%lld entries",
		    json_number_of(l, "size"));
	if (json_is_object(alarm))
		doctor_found(d, HEALTH_CRITICAL, "witness",
		    "saqta witness list", "%s refused our log (%s), %s",
		    json_text_of(alarm, "who"), json_text_of(alarm, "kind"),
		    json_text_of(alarm, "at"));
	alarm = json_object_get(w, "log_alarm");
	if (json_is_object(alarm))
		doctor_found(d, HEALTH_CRITICAL, "witness",
		    "saqta witness list",
		    "the log %s was refused here (%s), %s",
		    json_text_of(alarm, "who"), json_text_of(alarm, "kind"),
		    json_text_of(alarm, "at"));
	if (!json_number_of(w, "witnesses"))
		doctor_found(d, HEALTH_WARNING, "witness",
		    "saqta witness add --by CUSTODIAN --key VKEY --url URL",
		    "none is named: root could rewrite the whole log, and "
		    "nobody would know");
	else if (!json_is_integer(json_object_get(w, "age_s")) ||
	    age > WITNESS_LATE_S)
		doctor_found(d,
		    age > WITNESS_GONE_S ? HEALTH_CRITICAL : HEALTH_WARNING,
		    "witness", "saqta witness list",
		    "none has cosigned the ledger for an hour or more");
	else
		doctor_found(d, HEALTH_OK, "witness", NULL,
		    "cosigned %lld s ago", age);
}

static void retention(struct doctor *d, const json_t *status)
{
	const json_t *r = json_object_get(status, "retention");
	const char *alarm = json_text_of(r, "alarm");

	if (!strcmp(alarm, "clock"))
		doctor_found(d, HEALTH_CRITICAL, "erasing",
		    "saqta clock vouch --by CUSTODIAN --now TIME --reason TEXT",
		    "the clock is not trusted: nothing is erased until a "
		    "custodian vouches for it");
	else if (json_number_of(r, "overdue"))
		doctor_found(d, HEALTH_CRITICAL, "erasing",
		    "saqta retention due",
		    "%lld segments should have been erased a day ago",
		    json_number_of(r, "overdue"));
	else if (json_number_of(r, "throttled_days"))
		doctor_found(d, HEALTH_WARNING, "erasing", "saqta clock",
		    "too many days are due at once: %lld wait, 3 a day are "
		    "erased; see whether the clock is right",
		    json_number_of(r, "throttled_days"));
	else if (strcmp(alarm, "-") != 0)
		doctor_found(d, HEALTH_CRITICAL, "erasing",
		    "journalctl -u saqta-storage", "it failed: %s", alarm);
	else
		doctor_found(d, HEALTH_OK, "erasing", NULL,
		    "nothing is overdue, %lld segments are held",
		    json_number_of(r, "held"));
}

/* The doctor asks disks and arrays itself; the others hear of them by a timer. */
static void host_facts(struct doctor *d, const json_t *h)
{
	if (!json_is_object(h))
		doctor_found(d, HEALTH_WARNING, "machine",
		    "systemctl enable --now saqta-host.timer",
		    "pages and alerts have heard nothing of clock, arrays and "
		    "disks, ever");
	else if (json_number_of(h, "age_s") > HOST_OLD_S)
		doctor_found(d, HEALTH_WARNING, "machine",
		    "systemctl restart saqta-host.timer",
		    "nothing was heard of clock, arrays and disks for %lld "
		    "minutes",
		    json_number_of(h, "age_s") / 60);
	else
		doctor_found(d, HEALTH_OK, "machine", NULL,
		    "clock, arrays and disks are looked at (time source: %s)",
		    json_text_of(json_object_get(h, "clock"), "source"));
}

void doctor_status(struct doctor *d, const json_t *status)
{
	const char *version = json_text_of(status, "version");
	const json_t *ix = json_object_get(status, "index");

	if (strcmp(version, SAQTA_VERSION) != 0)
		doctor_found(d, HEALTH_WARNING, "version",
		    "systemctl restart saqta-storage saqta-recorder saqta-web",
		    "storage runs as %s, installed is %s", version,
		    SAQTA_VERSION);
	else
		doctor_found(d, HEALTH_OK, "version", NULL, "%s", version);
	if (!strcmp(json_text_of(ix, "state"), "rebuilding"))
		doctor_found(d, HEALTH_WARNING, "index", NULL,
		    "it is being made anew: %lld %%; nothing to do but wait",
		    json_number_of(ix, "percent"));
	host_facts(d, json_object_get(status, "host"));
	cameras_count(d, json_object_get(status, "cameras"));
	room(d, status);
	ledger(d, status);
	retention(d, status);
}

/* What mends a gap by its cause; where the camera itself is in doubt: a look. */
static void camera_mend(const json_t *c, char *mend, size_t n)
{
	const char *cause = json_text_of(c, "cause");
	const char *url = json_text_of(c, "url");

	if (!strncmp(cause, "recorder-", 9))
		snprintf(mend, n, "systemctl restart saqta-recorder");
	else if (!strcmp(cause, "disk-full"))
		snprintf(mend, n, VOLUME_ADD);
	else if (!strcmp(cause, "password"))
		snprintf(mend, n, "saqta camera replace --id %s --user USER %s",
		    json_text_of(c, "id"), url);
	else
		snprintf(mend, n, "saqta camera probe %s", url);
}

static void camera(struct doctor *d, const json_t *c)
{
	const char *state = json_text_of(c, "state");
	const char *detail = json_text_of(c, "detail");
	const json_t *alarms = json_object_get(c, "alarms"), *a;
	char check[64], mend[1200];

	snprintf(check, sizeof(check), "camera %s", json_text_of(c, "id"));
	camera_mend(c, mend, sizeof(mend));
	if (!strcmp(state, "down") || !strcmp(state, "connecting"))
		doctor_found(d, HEALTH_CRITICAL, check, mend,
		    "not recording since %s: %s%s%s", json_text_of(c, "since"),
		    json_text_of(c, "cause"), *detail ? ", " : "", detail);
	else if (!strcmp(state, "streaming"))
		doctor_found(d, HEALTH_WARNING, check, mend,
		    "it sends, and no segment of it is proved yet");
	else
		doctor_found(d, HEALTH_OK, check, NULL, "%s", state);
	for (size_t i = 0; (a = json_array_get(alarms, i)); i++)
		doctor_found(d, HEALTH_WARNING, check, mend, "%s, since %s",
		    camera_alarm_text(json_text_of(a, "kind")),
		    json_text_of(a, "since"));
}

void doctor_cameras(struct doctor *d, const json_t *cameras)
{
	const json_t *all = json_object_get(cameras, "cameras"), *c;

	for (size_t i = 0; (c = json_array_get(all, i)); i++)
		if (!json_is_string(json_object_get(c, "retired")))
			camera(d, c);
}

/* An answer of storage, or NULL and a finding; the caller releases it. */
static json_t *ask(struct doctor *d, uint16_t message)
{
	const char *text;
	struct wire w;
	enum err err;

	wire_begin(&w, message, 1);
	err = tool_ask(d->conf, &w, &text);
	if (!err)
		return json_of_bulk(&w);
	doctor_storage_away(d, text);
	return NULL;
}

static void ask_storage(struct doctor *d)
{
	json_t *status = ask(d, MSG_STATUS);
	json_t *cameras = status ? ask(d, MSG_CAMERAS) : NULL;

	if (status) {
		doctor_found(d, HEALTH_OK, "storage", NULL, "answers");
		doctor_status(d, status);
		doctor_volumes(d, status);
	}
	if (cameras)
		doctor_cameras(d, cameras);
	json_decref(status);
	json_decref(cameras);
}

static void print(const struct doctor *d)
{
	const json_t *f;
	const char *mend;
	size_t i;

	json_array_foreach(d->findings, i, f)
	{
		mend = json_string_value(json_object_get(f, "mend"));
		printf("%-8s  %-18s  %s\n", json_text_of(f, "state"),
		    json_text_of(f, "check"), json_text_of(f, "text"));
		if (mend)
			printf("%30s%s\n", "-> ", mend);
	}
}

/* Others would be told that storage is away, and restart what runs. */
static bool may_look(const struct config *conf)
{
	struct stat st;

	return !geteuid() || stat(conf->data, &st) < 0 ||
	    st.st_uid == geteuid();
}

int tool_doctor(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, "--json", NULL};
	const char *v[2] = {0}, *words[1];
	struct config conf;
	struct doctor d = {.conf = &conf};
	char why[512];
	json_t *all;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n)) {
		fputs("usage: saqta doctor [--config FILE] [--json]\n"
		      "  exits 0 all is well, 1 something to see to, 2 "
		      "something "
		      "is lost now, 3 could not look\n",
		    stderr);
		return HEALTH_UNKNOWN;
	}
	d.findings = json_array();
	if (!d.findings)
		return HEALTH_UNKNOWN;
	d.conf_path = v[0] ? v[0] : CONFIG_PATH_DEFAULT;
	if (config_read(d.conf_path, &conf, why, sizeof(why))) {
		doctor_found(&d, HEALTH_UNKNOWN, "configuration",
		    "saqta config check", "%s", why);
	} else {
		if (may_look(&conf)) {
			doctor_programs(&d);
			doctor_host(&d);
			ask_storage(&d);
		} else {
			doctor_found(&d, HEALTH_UNKNOWN, "rights",
			    "sudo saqta doctor",
			    "storage, keys and disks answer root alone");
		}
	}
	if (v[1]) {
		all = json_pack("{s:s, s:O}", "state", state_names[d.worst],
		    "findings", d.findings);
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	} else {
		print(&d);
	}
	json_decref(d.findings);
	return (int)d.worst;
}
