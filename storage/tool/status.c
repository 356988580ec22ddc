/* status.c - what storage tells, for people or as --json. */
#include <stdio.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/api/utc.h"
#include "storage/csv.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"
#include "storage/tool/json.h"
#include "storage/tool/import.h"

#define DAY_NS (INT64_C(86400) * NS_PER_SEC)

/* "2 min ago", for how long nobody but the box has vouched for the log. */
static void print_witness(const json_t *w)
{
	const json_t *alarm = json_object_get(w, "alarm");
	const json_t *log_alarm = json_object_get(w, "log_alarm");

	if (json_is_integer(json_object_get(w, "age_s")))
		printf("witness   %lld s ago: %s, %lld entries\n",
		    json_number_of(w, "age_s"),
		    json_string_value(json_array_get(json_object_get(w, "by"),
			0)),
		    json_number_of(w, "size"));
	else
		printf("witness   none has cosigned the ledger yet "
		       "(%lld named)\n",
		    json_number_of(w, "witnesses"));
	if (json_is_object(alarm))
		printf("ALARM     witness %s refused our log (%s), %s\n",
		    json_text_of(alarm, "who"), json_text_of(alarm, "kind"),
		    json_text_of(alarm, "at"));
	if (json_is_object(log_alarm))
		printf("ALARM     the log %s was refused here (%s), %s\n",
		    json_text_of(log_alarm, "who"),
		    json_text_of(log_alarm, "kind"),
		    json_text_of(log_alarm, "at"));
}

/* "3 cameras at 1.0 Mbit/s need 5.99 TB for six months; ..." */
static void print_forecast(const json_t *j)
{
	long long cameras = json_number_of(j, "cameras");
	const json_t *full = json_object_get(j, "full_on");

	if (!cameras)
		return;
	printf("forecast  %lld cameras at %.1f Mbit/s%s need %.2f TB for six "
	       "months;\n          the volumes hold %.2f TB: ",
	    cameras,
	    (double)json_number_of(j, "rate_bps") / 1e6 / (double)cameras,
	    json_number_of(j, "measured") ? "" : " (not measured yet)",
	    (double)json_number_of(j, "need_bytes") / 1e12,
	    (double)json_number_of(j, "capacity_bytes") / 1e12);
	if (json_number_of(j, "held_bytes"))
		printf("holds keep %.2f TB of it;\n          ",
		    (double)json_number_of(j, "held_bytes") / 1e12);
	if (json_number_of(j, "growth_bps"))
		printf("it grows by %.1f Mbit/s;\n          ",
		    (double)json_number_of(j, "growth_bps") / 1e6);
	if (json_is_string(full))
		printf("full on %.10s, in %lld days\n", json_string_value(full),
		    json_number_of(j, "days_left"));
	else
		printf("that holds\n");
}

static int forecast_accept(const struct config *conf, const char *reason)
{
	struct wire w;

	wire_begin(&w, MSG_CAPACITY_ACCEPT, 1);
	wire_put_str(&w, reason);
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	printf("accepted and entered: the disks hold less than six months\n");
	return EXIT_FINE;
}

int tool_forecast(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--reason", NULL, "--json", "--accept", NULL};
	const char *v[4] = {0}, *words[1];
	struct config conf;
	struct wire w;
	json_t *j;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n) || !v[3] != !v[1]) {
		fputs("usage: saqta forecast [--config FILE] [--json]\n"
		      "       saqta forecast [--config FILE] --accept --reason "
		      "TEXT\n"
		      "  --accept  the disks may hold less than six months: "
		      "entered in the ledger\n",
		    stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	if (v[3])
		return forecast_accept(&conf, v[1]);
	wire_begin(&w, MSG_STATUS, 1);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	j = json_of_bulk(&w);
	if (!j)
		return EXIT_FAILED;
	if (v[2]) {
		json_dumpf(json_object_get(j, "forecast"), stdout,
		    JSON_COMPACT);
		putchar('\n');
	} else {
		print_forecast(json_object_get(j, "forecast"));
	}
	json_decref(j);
	return EXIT_FINE;
}

/* What is to be erased, and what keeps it from that. */
static void print_retention(const json_t *j)
{
	const char *alarm = json_text_of(j, "alarm");

	printf("erasing   %lld segments are due, %lld more are held\n",
	    json_number_of(j, "due"), json_number_of(j, "held"));
	if (json_number_of(j, "throttled_days"))
		printf("ALARM     too many days are due at once: %lld days "
		       "wait, 3 a day are erased;\n          see whether the "
		       "clock is right (saqta clock)\n",
		    json_number_of(j, "throttled_days"));
	if (json_number_of(j, "overdue"))
		printf("ALARM     %lld segments should have been erased a day "
		       "ago\n",
		    json_number_of(j, "overdue"));
	if (!strcmp(alarm, "clock"))
		printf("ALARM     the clock is not trusted: nothing is erased "
		       "until a custodian\n          vouches for it (saqta "
		       "clock vouch)\n");
}

static void print_faults(const json_t *faults)
{
	const json_t *f;
	size_t i;

	json_array_foreach(faults, i, f)
	    printf("ALARM     the disk of volume %lld reports errors: %lld "
		   "since %s, the last %s\n          (%s); what was being "
		   "written there is a gap: have the disk looked at\n",
		json_number_of(f, "volume"), json_number_of(f, "errors"),
		json_text_of(f, "since"), json_text_of(f, "last"),
		json_text_of(f, "what"));
}

static void print_status(const json_t *j)
{
	const json_t *s = json_object_get(j, "storage");
	const json_t *c = json_object_get(j, "cameras");
	const json_t *l = json_object_get(j, "ledger");
	const json_t *k = json_object_get(j, "clock");

	printf("Saqta %s, %s, %s\n", json_text_of(j, "version"),
	    json_text_of(j, "site"), json_text_of(j, "now"));
	printf("cameras   %lld recording of %lld switched on (%lld in all)\n",
	    json_number_of(c, "recording"), json_number_of(c, "enabled"),
	    json_number_of(c, "total"));
	printf("disk      %s: %.1f GB free of %.1f GB, %.1f GB reserved\n",
	    json_text_of(s, "state"),
	    (double)json_number_of(s, "free_bytes") / 1e9,
	    (double)json_number_of(s, "total_bytes") / 1e9,
	    (double)json_number_of(s, "reserve_bytes") / 1e9);
	print_forecast(json_object_get(j, "forecast"));
	print_retention(json_object_get(j, "retention"));
	print_faults(json_object_get(s, "faults"));
	if (json_number_of(s, "lost"))
		printf("ALARM     %lld segments are missing or damaged; saqta "
		       "coverage shows which\n",
		    json_number_of(s, "lost"));
	if (json_number_of(s, "keys_waiting"))
		printf("keys      %lld day keys wait to be wrapped for the "
		       "custodians of now: the next act of a custodian does "
		       "it\n",
		    json_number_of(s, "keys_waiting"));
	if (!strcmp(json_text_of(json_object_get(j, "index"), "state"),
		"rebuilding"))
		printf("index     is being made anew: %lld %%\n",
		    json_number_of(json_object_get(j, "index"), "percent"));
	printf("ledger    %lld entries, checkpoint at %lld\n",
	    json_number_of(l, "size"), json_number_of(l, "checkpoint"));
	printf("clock     %s, epoch %lld\n", json_text_of(k, "state"),
	    json_number_of(k, "epoch"));
	if (!json_is_true(json_object_get(l, "confirmed")))
		printf("ALARM     the ledger was lost or set back: epoch %lld "
		       "waits for a custodian (saqta ledger confirm)\n",
		    json_number_of(l, "epoch"));
	print_witness(json_object_get(j, "witness"));
}

int tool_status(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, "--json", NULL};
	const char *v[2] = {0}, *words[1];
	struct config conf;
	struct wire w;
	json_t *j;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n)) {
		fputs("usage: saqta status [--config FILE] [--json]\n", stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	wire_begin(&w, MSG_STATUS, 1);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	if (v[1])
		return print_bulk(&w) ? EXIT_FINE : EXIT_FAILED;
	j = json_of_bulk(&w);
	if (!j)
		return EXIT_FAILED;
	print_status(j);
	json_decref(j);
	return EXIT_FINE;
}

int tool_metrics(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, NULL};
	const char *v[1] = {0}, *words[1];
	struct config conf;
	struct wire w;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n)) {
		fputs("usage: saqta metrics [--config FILE]\n", stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	wire_begin(&w, MSG_METRICS, 1);
	if (!tool_call(&conf, &w) || !print_bulk(&w))
		return EXIT_FAILED;
	return EXIT_FINE;
}

static void print_volumes(const json_t *j)
{
	const json_t *all = json_object_get(j, "volumes"), *v;

	printf("%-6s %-36s  %-5s %10s %10s  %s\n", "volume", "uuid", "state",
	    "free GB", "of GB", "path");
	for (size_t i = 0; (v = json_array_get(all, i)); i++)
		printf("%-6lld %-36s  %-5s %10.1f %10.1f  %s\n",
		    json_number_of(v, "number"), json_text_of(v, "uuid"),
		    json_text_of(v, "state"),
		    (double)json_number_of(v, "free_bytes") / 1e9,
		    (double)json_number_of(v, "total_bytes") / 1e9,
		    json_text_of(v, "path"));
}

int volume_list(const struct config *conf, bool json)
{
	const json_t *storage;
	struct wire w;
	json_t *j;

	wire_begin(&w, MSG_STATUS, 1);
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	j = json_of_bulk(&w);
	if (!j)
		return EXIT_FAILED;
	storage = json_object_get(j, "storage");
	if (json) {
		json_dumpf(storage, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		print_volumes(storage);
	}
	json_decref(j);
	return EXIT_FINE;
}

const char *camera_alarm_text(const char *kind)
{
	static const char *const texts[][2] = {
	    {"no-segment", "it sends, but nothing of it is sealed"},
	    {"black", "its picture is black"},
	    {"covered", "its picture is covered: nothing is to be seen"},
	    {"frozen", "its picture stands still, to the last pixel"},
	    {"defocused", "its picture is out of focus"},
	    {"moved", "its picture is not that of its commissioning"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(kind, texts[i][0]))
			return texts[i][1];
	return kind;
}

static void print_cameras(const json_t *j)
{
	const json_t *all = json_object_get(j, "cameras"), *c, *a, *list;
	char clock[32];

	printf("%-16s %-11s %-12s %-30s %-10s %s\n", "camera", "state", "cause",
	    "last proved", "its clock", "detail");
	for (size_t i = 0; (c = json_array_get(all, i)); i++) {
		snprintf(clock, sizeof(clock), "-");
		if (json_is_integer(json_object_get(c, "clock_offset_ms")))
			snprintf(clock, sizeof(clock), "%+.1f s",
			    (double)json_number_of(c, "clock_offset_ms") /
				1000);
		printf("%-16s %-11s %-12s %-30s %-10s %s\n",
		    json_text_of(c, "id"), json_text_of(c, "state"),
		    json_text_of(c, "cause"), json_text_of(c, "last_proved"),
		    clock, json_text_of(c, "detail"));
		list = json_object_get(c, "alarms");
		for (size_t k = 0; (a = json_array_get(list, k)); k++)
			printf("  ALARM since %s: %s\n",
			    json_text_of(a, "since"),
			    camera_alarm_text(json_text_of(a, "kind")));
	}
}

bool cameras_each(const struct config *conf,
    void (*fn)(const char *id, const char *url, bool retired, void *arg),
    void *arg)
{
	struct wire w;
	const json_t *all, *c;
	json_t *j;

	wire_begin(&w, MSG_CAMERAS, 1);
	if (!tool_call(conf, &w))
		return false;
	j = json_of_bulk(&w);
	if (!j)
		return false;
	all = json_object_get(j, "cameras");
	for (size_t i = 0; (c = json_array_get(all, i)); i++)
		fn(json_text_of(c, "id"), json_text_of(c, "url"),
		    json_is_string(json_object_get(c, "retired")), arg);
	json_decref(j);
	return true;
}

static bool export_one(const json_t *c)
{
	static const char *const keys[] = {
	    "id", "name", "atm", "place", "url", "transport"};
	const json_t *devices = json_object_get(c, "devices");
	const json_t *now =
	    json_array_get(devices, json_array_size(devices) - 1);
	const char *device = json_string_value(json_object_get(now, "device"));
	const char *pin = json_string_value(json_object_get(c, "certificate"));
	char line[8192] = "";
	bool ok = true;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ok = ok &&
		    !csv_put(line, sizeof(line), !i, json_text_of(c, keys[i]));
	ok = ok && !csv_put(line, sizeof(line), false, device ? device : "");
	ok = ok && !csv_put(line, sizeof(line), false, pin ? pin : "");
	if (ok)
		printf("%s\r\n", line);
	return ok;
}

/* No password: storage could not tell one. Retired cameras stay behind. */
int camera_export(const struct config *conf)
{
	struct wire w;
	const json_t *all, *c;
	json_t *j;
	bool ok = true;

	wire_begin(&w, MSG_CAMERAS, 1);
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	j = json_of_bulk(&w);
	if (!j)
		return EXIT_FAILED;
	printf("id,name,atm,place,url,transport,device,certificate\r\n");
	all = json_object_get(j, "cameras");
	for (size_t i = 0; (c = json_array_get(all, i)); i++)
		if (!json_is_string(json_object_get(c, "retired")))
			ok = export_one(c) && ok;
	json_decref(j);
	return ok && !fflush(stdout) ? EXIT_FINE : EXIT_FAILED;
}

int camera_list(const struct config *conf, bool json)
{
	struct wire w;
	json_t *j;

	wire_begin(&w, MSG_CAMERAS, 1);
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	if (json)
		return print_bulk(&w) ? EXIT_FINE : EXIT_FAILED;
	j = json_of_bulk(&w);
	if (!j)
		return EXIT_FAILED;
	print_cameras(j);
	json_decref(j);
	return EXIT_FINE;
}

static void print_spans(const json_t *camera)
{
	const json_t *all = json_object_get(camera, "spans"), *s, *f;

	for (size_t i = 0; (s = json_array_get(all, i)); i++) {
		printf("  %-8s %s  %s  %s", json_text_of(s, "kind"),
		    json_text_of(s, "from"), json_text_of(s, "to"),
		    strcmp(json_text_of(s, "kind"), "gap") ?
			"" :
			json_text_of(s, "cause"));
		f = json_object_get(s, "flags");
		for (size_t k = 0; k < json_array_size(f); k++)
			printf(" %s", json_string_value(json_array_get(f, k)));
		putchar('\n');
	}
}

static void print_coverage(const json_t *j)
{
	const json_t *all = json_object_get(j, "cameras"), *c;

	printf("%s to %s\n", json_text_of(j, "from"), json_text_of(j, "to"));
	for (size_t i = 0; (c = json_array_get(all, i)); i++) {
		printf("%s: recorded %.1f s, gaps %.1f s\n",
		    json_text_of(c, "camera"),
		    (double)json_number_of(c, "recorded_ns") / 1e9,
		    (double)json_number_of(c, "gap_ns") / 1e9);
		print_spans(c);
	}
}

int tool_coverage(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--camera", "--from", "--to", NULL, "--json", NULL};
	const char *v[5] = {0}, *words[1];
	struct config conf;
	struct utc from, to;
	struct wire w;
	bool bad;
	json_t *j;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n)) {
		fputs("usage: saqta coverage [--config FILE] [--camera ID] "
		      "[--from TIME] [--to TIME] [--json]\n"
		      "  TIME with its offset: 2026-11-22T14:15:00+05:00; the "
		      "last 24 hours\n  where it is not said\n",
		    stderr);
		return EXIT_USAGE;
	}
	to = utc_now();
	bad = v[3] && utc_parse(v[3], &to);
	from.ns = to.ns - DAY_NS;
	if (bad || (v[2] && utc_parse(v[2], &from))) {
		fprintf(stderr,
		    "saqta: a time needs its offset: "
		    "2026-11-22T14:15:00+05:00\n");
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	wire_begin(&w, MSG_COVERAGE, 1);
	wire_put_str(&w, v[1] ? v[1] : "");
	wire_put_i64(&w, from.ns);
	wire_put_i64(&w, to.ns);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	if (v[4])
		return print_bulk(&w) ? EXIT_FINE : EXIT_FAILED;
	j = json_of_bulk(&w);
	if (!j)
		return EXIT_FAILED;
	print_coverage(j);
	json_decref(j);
	return EXIT_FINE;
}

static void print_witnesses(const json_t *j)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(j, "witnesses"), i, o)
	    printf("witness %-9s %s\n        %s %s\n", json_text_of(o, "state"),
		json_text_of(o, "key"), json_text_of(o, "url"),
		json_text_of(o, "pin"));
	json_array_foreach(json_object_get(j, "logs"), i, o)
	    printf("log     %-9lld %s\n", json_number_of(o, "size"),
		json_text_of(o, "key"));
}

int witness_list(const struct config *conf, bool keys, bool json)
{
	struct wire w;
	json_t *j;

	wire_begin(&w, MSG_WITNESS_LIST, 1);
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	if (json)
		return print_bulk(&w) ? EXIT_FINE : EXIT_FAILED;
	j = json_of_bulk(&w);
	if (!j)
		return EXIT_FAILED;
	if (keys)
		printf("log      %s\nwitness  %s\n", json_text_of(j, "log_key"),
		    json_text_of(j, "witness_key"));
	else
		print_witnesses(j);
	json_decref(j);
	return EXIT_FINE;
}
