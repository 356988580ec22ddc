/* retention.c - saqta retention and saqta clock. */
#include "storage/tool/retention.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/api/utc.h"
#include "storage/people.h"
#include "storage/site.h"
#include "storage/tool/console.h"
#include "storage/tool/json.h"
#include "storage/view_retention.h"

static const char usage[] =
    "usage: saqta retention due [--config FILE | --data DIR] [--json]\n"
    "       saqta retention lengthen --camera ID --days N [--config FILE]\n"
    "  due: what the next sweep would erase, and what is held; nothing is "
    "changed.\n"
    "  With --data it is worked out from a data directory, by the clock as it "
    "was kept.\n"
    "  lengthen: N days more than six months for what is recorded from now "
    "on.\n";

static const char clock_usage[] =
    "usage: saqta clock [--config FILE] [--json]\n"
    "       saqta clock vouch --by CUSTODIAN --now TIME --reason TEXT\n"
    "                         [--config FILE] [-]\n"
    "  TIME is what your own watch shows, with its offset: "
    "2026-11-22T14:15:00+05:00.\n";

static void print_due(const json_t *j)
{
	const json_t *all = json_object_get(j, "days"), *d;

	printf("now %s, retention clock %s: %s\n", json_text_of(j, "now"),
	    json_text_of(j, "retention_clock"),
	    json_is_true(json_object_get(j, "trusted")) ?
		"trusted" :
		"NOT TRUSTED, nothing is erased");
	for (size_t i = 0; (d = json_array_get(all, i)); i++)
		printf("%-16s %s %6lld segments %10.1f MB  %-8s held %lld\n",
		    json_text_of(d, "camera"), json_text_of(d, "day"),
		    json_number_of(d, "segments"),
		    (double)json_number_of(d, "bytes") / 1e6,
		    json_text_of(d, "method"), json_number_of(d, "held"));
	printf("due %lld segments, %.1f MB; held %lld; overdue %lld\n",
	    json_number_of(j, "segments"),
	    (double)json_number_of(j, "bytes") / 1e6, json_number_of(j, "held"),
	    json_number_of(j, "overdue"));
}

static enum err due_of(struct index *ix, int data_fd, char **ret)
{
	struct ledger *l = NULL;
	struct holds h = {0};
	struct rclock c;
	struct due due = {0};
	size_t n;
	enum err err = ledger_open_readonly(data_fd, &l);

	if (!err)
		err = holds_load(data_fd, l, &h, NULL);
	if (!err)
		err = index_setting_find(ix, RCLOCK_SETTING, &c, sizeof(c), &n);
	if (!err && n != sizeof(c))
		err = ERR_FORMAT;
	if (!err)
		err = due_gather(ix, &h, rclock_both(&c, utc_now()), &due);
	if (!err)
		err = view_due(&due, &c, utc_now(), false, ret);
	due_free(&due);
	holds_free(&h);
	ledger_close(l);
	return err;
}

/* Without storage: from the directory alone. */
static json_t *due_offline(const char *data)
{
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct index *ix = NULL;
	struct site site;
	char *text = NULL;
	json_t *j = NULL;
	enum err err = fd < 0 ? ERR_NOT_FOUND : crypt_init();

	if (!err)
		err = site_read(fd, &site);
	if (!err)
		err = utc_site(site.zone);
	if (!err)
		err = index_open(data, true, &ix);
	if (!err)
		err = due_of(ix, fd, &text);
	if (err)
		fprintf(stderr, "saqta: %s: %s\n", data, err_text(err));
	else
		j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	free(text);
	index_close(ix);
	if (fd >= 0)
		close(fd);
	return j;
}

static int due(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--data", NULL, "--json", NULL};
	const char *v[3] = {0}, *words[1];
	struct config conf;
	struct wire w;
	json_t *j;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n) || (v[0] && v[1])) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (v[1]) {
		j = due_offline(v[1]);
	} else {
		wire_begin(&w, MSG_RETENTION_DUE, 1);
		if (!tool_config(v[0], &conf) || !tool_call(&conf, &w))
			return EXIT_FAILED;
		j = json_of_bulk(&w);
	}
	if (!j)
		return EXIT_FAILED;
	if (v[2])
		json_dumpf(j, stdout, JSON_COMPACT);
	else
		print_due(j);
	if (v[2])
		putchar('\n');
	json_decref(j);
	return EXIT_FINE;
}

static int lengthen(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--camera", "--days", NULL, NULL};
	const char *v[3] = {0}, *words[1];
	struct config conf;
	char *end = NULL;
	unsigned long days = 0;
	struct wire w;
	size_t n;

	if (options(argc, argv, keys, v, words, 0, &n) && v[1] && v[2])
		days = strtoul(v[2], &end, 10);
	if (!end || end == v[2] || *end || days > UINT32_MAX) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	wire_begin(&w, MSG_TERM, 1);
	wire_put_str(&w, v[1]);
	wire_put_u32(&w, (uint32_t)days);
	if (!tool_config(v[0], &conf) || !tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("%s: what is recorded from now on is kept six months and %lu "
	       "days\n",
	    v[1], days);
	return EXIT_FINE;
}

int tool_retention(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "due"))
		return due(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "lengthen"))
		return lengthen(argc - 1, argv + 1);
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int vouch(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--by", "--now", "--reason", NULL, NULL};
	const char *v[4] = {0}, *words[1];
	char credential[CREDENTIAL_MAX + 2];
	struct config conf;
	struct utc watch;
	struct wire w;
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n) || !v[1] || !v[2] ||
	    !v[3] || (n && strcmp(words[0], "-")) || utc_parse(v[2], &watch)) {
		fputs(clock_usage, stderr);
		return EXIT_USAGE;
	}
	if (crypt_init() || !tool_config(v[0], &conf) ||
	    !ask_credential("The custodian's", n == 1, credential,
		sizeof(credential)))
		return EXIT_FAILED;
	wire_begin(&w, MSG_CLOCK_VOUCH, 1);
	wire_put_str(&w, v[1]);
	wire_put_str(&w, credential);
	wire_put_i64(&w, watch.ns);
	wire_put_str(&w, v[3]);
	crypt_wipe(credential, sizeof(credential));
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("the clock is vouched for by %s\n", v[1]);
	return EXIT_FINE;
}

/* Who may vouch beside custodians, and who did last. */
static void print_vouched(const json_t *j)
{
	const json_t *v = json_object_get(j, "vouched"),
		     *all = json_object_get(j, "witnesses"), *o;
	size_t i;

	json_array_foreach(all, i, o)
	{
		bool said = json_is_string(json_object_get(o, "says"));

		printf("witness          %s%s%s\n", json_text_of(o, "name"),
		    said ? " says " : "", said ? json_text_of(o, "says") : "");
	}
	if (i)
		printf("                 may vouch for %lld days\n",
		    json_number_of(j, "witness_budget_s") / 86400);
	if (json_is_object(v))
		printf("vouched for      %s by %s: %lld s\n",
		    json_text_of(v, "at"),
		    json_is_string(json_object_get(v, "witnesses")) ?
			json_text_of(v, "witnesses") :
			json_text_of(v, "person"),
		    json_number_of(v, "step_s"));
}

int tool_clock(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, "--json", NULL};
	const char *v[2] = {0}, *words[1];
	struct config conf;
	struct wire w;
	json_t *j;
	size_t n;

	if (argc > 1 && !strcmp(argv[1], "vouch"))
		return vouch(argc - 1, argv + 1);
	if (!options(argc, argv, keys, v, words, 0, &n)) {
		fputs(clock_usage, stderr);
		return EXIT_USAGE;
	}
	wire_begin(&w, MSG_CLOCK, 1);
	if (!tool_config(v[0], &conf) || !tool_call(&conf, &w))
		return EXIT_FAILED;
	if (v[1])
		return print_bulk(&w) ? EXIT_FINE : EXIT_FAILED;
	j = json_of_bulk(&w);
	if (!j)
		return EXIT_FAILED;
	printf("wall clock       %s\nretention clock  %s: %s, %lld s behind, "
	       "may catch up %lld s\n",
	    json_text_of(j, "wall"), json_text_of(j, "retention_clock"),
	    json_text_of(j, "state"), json_number_of(j, "behind_s"),
	    json_number_of(j, "budget_s"));
	print_vouched(j);
	if (strcmp(json_text_of(j, "state"), "trusted"))
		puts("Nothing is erased until the clock is right again or a "
		     "custodian vouches for it: saqta clock vouch");
	json_decref(j);
	return EXIT_FINE;
}
