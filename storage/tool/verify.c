/* verify.c - saqta verify, and saqta-verify: evidence packages for outsiders. */
#include "storage/tool/verify.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/disk.h"
#include "storage/verify.h"

#define EXIT_USAGE 2

static int usage(void)
{
	fputs("usage: saqta verify PACKAGE [--policy FILE] [--json]\n", stderr);
	return EXIT_USAGE;
}

static bool read_policy(const char *path, struct policy *ret)
{
	static char text[POLICY_MAX];
	unsigned line;
	size_t n;
	enum err e = disk_read(AT_FDCWD, path, text, sizeof(text), &n);

	if (e) {
		log_error("%s: %s", path, err_text(e));
		return false;
	}
	if (policy_parse(text, n, ret, &line)) {
		log_error("%s, line %u: not a policy (see saqta-evidence(5))",
		    path, line);
		return false;
	}
	return true;
}

/* Text of JSON: what may stand in it was printed by us, or is escaped. */
static void put_json(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_json(const struct judgement *v)
{
	printf("{\"status\":%d,\"export\":", v->status);
	put_json(v->export_id);
	fputs(",\"log\":", stdout);
	put_json(v->origin_name);
	printf(",\"entries\":%llu,\"origin_proven\":%s,\"claims\":[",
	    (unsigned long long)v->entries, v->origin ? "true" : "false");
	for (int c = 0; c < CLAIMS; c++) {
		printf("%s{\"claim\":\"%s\",\"answer\":\"%s\",\"text\":",
		    c ? "," : "", claim_name((enum claim)c),
		    answer_name(v->answers[c]));
		put_json(v->says[c]);
		putchar('}');
	}
	printf("],\"changed\":%zu,\"missing\":%zu,\"findings\":[", v->changed,
	    v->missing);
	for (size_t i = 0; i < v->findings_n; i++) {
		const struct finding *f = &v->findings[i];

		printf("%s{\"kind\":\"%s\",\"code\":\"%s\",\"file\":",
		    i ? "," : "", f->missing ? "missing" : "changed", f->code);
		put_json(f->file);
		printf(",\"at_ms\":%lld,\"text\":", (long long)f->at_ms);
		put_json(f->text);
		putchar('}');
	}
	fputs("]}\n", stdout);
}

/* A hostile package may name things in terminal escapes. */
static void put_line(const char *s)
{
	for (; *s; s++)
		putchar((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s);
	putchar('\n');
}

static void print_text(const struct judgement *v)
{
	static const char *const names[CLAIMS] = {
	    "unchanged", "complete", "in time", "people", "the log"};
	static const char *const ends[] = {
	    [VERIFY_GENUINE] = "GENUINE",
	    [VERIFY_CHANGED] = "NOT GENUINE: it was changed",
	    [VERIFY_INCOMPLETE] = "INCOMPLETE",
	    [VERIFY_NO_ORIGIN] = ("CONSISTENT IN ITSELF, ORIGIN NOT PROVEN: "
				  "verify with the policy of the log's owner"),
	};

	printf("%s of log %s, %llu entries\n", v->export_id, v->origin_name,
	    (unsigned long long)v->entries);
	for (int c = 0; c < CLAIMS; c++) {
		printf("%-10s %-12s ", names[c], answer_name(v->answers[c]));
		put_line(v->says[c]);
	}
	for (size_t i = 0; i < v->findings_n; i++) {
		printf("%-10s ",
		    v->findings[i].missing ? "MISSING" : "CHANGED");
		put_line(v->findings[i].text);
	}
	if (v->changed + v->missing > v->findings_n)
		printf("and %zu more\n",
		    v->changed + v->missing - v->findings_n);
	printf("%s\n", ends[v->status]);
}

int tool_verify(int argc, char **argv)
{
	static struct judgement v;
	static struct policy policy;
	const char *file = NULL, *policy_file = NULL;
	bool json = false;
	uint64_t size;
	int fd;
	enum err e;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (!strcmp(argv[i], "--policy") && i + 1 < argc)
			policy_file = argv[++i];
		else if (*argv[i] == '-' || file)
			return usage();
		else
			file = argv[i];
	}
	if (!file)
		return usage();
	if (policy_file && !read_policy(policy_file, &policy))
		return EXIT_USAGE;
	e = crypt_init();
	if (!e)
		e = disk_open_read(AT_FDCWD, file, &fd, &size);
	if (!e) {
		e = verify_package(fd, size, policy_file ? &policy : NULL, &v);
		close(fd);
	}
	if (e) {
		log_error("%s: %s", file, err_text(e));
		return VERIFY_FAILED;
	}
	if (json)
		print_json(&v);
	else
		print_text(&v);
	return v.status;
}
