/* hold.c - saqta hold. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/api/utc.h"
#include "storage/people.h"
#include "storage/tool/console.h"
#include "storage/tool/json.h"
#include "storage/tool/retention.h"

static const char usage[] =
    "usage: saqta hold list [--config FILE] [--json]\n"
    "       saqta hold place --by USER --camera ID[,ID...] --from TIME\n"
    "                        [--to TIME] [--review TIME] --reason TEXT\n"
    "                        --case TEXT [--config FILE] [-]\n"
    "       saqta hold release --by CUSTODIAN --hold NUMBER --reason TEXT\n"
    "                          [--config FILE] [-]\n"
    "  TIME with its offset: 2026-11-22T14:15:00+05:00. Without --to the hold "
    "lasts until\n"
    "  it is released. The password of who acts is asked for; with - it is a "
    "line of\n"
    "  standard input. Nobody releases his own hold.\n";

static int bad(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static void print_hold(const json_t *h)
{
	const json_t *c;

	printf("%6lld  %s to %s  by %s", json_number_of(h, "id"),
	    json_text_of(h, "from"), json_text_of(h, "to"),
	    json_text_of(h, "owner"));
	for (size_t i = 0;
	     (c = json_array_get(json_object_get(h, "cameras"), i)); i++)
		printf("%s%s", i ? "," : "  ", json_string_value(c));
	printf("  %s %s, review %s\n", json_text_of(h, "request"),
	    json_text_of(h, "case"), json_text_of(h, "review"));
}

static int list(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, "--json", NULL};
	const char *v[2] = {0}, *words[1];
	struct config conf;
	const json_t *h;
	struct wire w;
	json_t *j;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n))
		return bad();
	wire_begin(&w, MSG_HOLDS, 1);
	if (!tool_config(v[0], &conf) || !tool_call(&conf, &w))
		return EXIT_FAILED;
	if (v[1])
		return print_bulk(&w) ? EXIT_FINE : EXIT_FAILED;
	j = json_of_bulk(&w);
	for (size_t i = 0; (h = json_array_get(json_object_get(j, "holds"), i));
	     i++)
		print_hold(h);
	json_decref(j);
	return j ? EXIT_FINE : EXIT_FAILED;
}

/* "a,b,c" as u8 n, n * str. */
static void put_list(struct wire *w, const char *ids)
{
	char copy[1024], *save = NULL, *id;
	uint8_t n = *ids != '\0';

	for (const char *p = ids; *p; p++)
		n = (uint8_t)(n + (*p == ','));
	snprintf(copy, sizeof(copy), "%s", ids);
	wire_put_u8(w, n);
	for (id = strtok_r(copy, ",", &save); id;
	     id = strtok_r(NULL, ",", &save))
		wire_put_str(w, id);
}

/* Who acts, and his password, at the head of the message. */
static bool begin_act(struct wire *w, uint16_t type, const char *user,
    bool from_stdin)
{
	char credential[CREDENTIAL_MAX + 2];

	if (crypt_init() ||
	    !ask_credential("Your", from_stdin, credential, sizeof(credential)))
		return false;
	wire_begin(w, type, 1);
	wire_put_str(w, user);
	wire_put_str(w, credential);
	crypt_wipe(credential, sizeof(credential));
	return true;
}

static int place(int argc, char **argv)
{
	static const char *const keys[] = {"--config", "--by", "--camera",
	    "--from", "--to", "--review", "--reason", "--case", NULL, NULL};
	const char *v[8] = {0}, *words[1];
	struct utc from, to = {INT64_MAX}, review = {0};
	struct config conf;
	struct wire w;
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n) || !v[1] || !v[2] ||
	    !v[3] || !v[6] || !v[7] || (n && strcmp(words[0], "-")) ||
	    utc_parse(v[3], &from) || (v[4] && utc_parse(v[4], &to)) ||
	    (v[5] && utc_parse(v[5], &review)))
		return bad();
	if (!tool_config(v[0], &conf) ||
	    !begin_act(&w, MSG_HOLD_PLACE, v[1], n == 1))
		return EXIT_FAILED;
	wire_put_i64(&w, from.ns);
	wire_put_i64(&w, to.ns);
	wire_put_i64(&w, review.ns);
	wire_put_str(&w, v[6]);
	wire_put_str(&w, v[7]);
	put_list(&w, v[2]);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("hold %llu is placed\n", (unsigned long long)wire_get_u64(&w));
	return EXIT_FINE;
}

static int release(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--by", "--hold", "--reason", NULL, NULL};
	const char *v[4] = {0}, *words[1];
	unsigned long long hold = 0;
	struct config conf;
	char *end = NULL;
	struct wire w;
	size_t n;

	if (options(argc, argv, keys, v, words, 1, &n) && v[1] && v[2] &&
	    v[3] && (!n || !strcmp(words[0], "-")))
		hold = strtoull(v[2], &end, 10);
	if (!end || end == v[2] || *end)
		return bad();
	if (!tool_config(v[0], &conf) ||
	    !begin_act(&w, MSG_HOLD_RELEASE, v[1], n == 1))
		return EXIT_FAILED;
	wire_put_u64(&w, hold);
	wire_put_str(&w, v[3]);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("hold %llu is released\n", hold);
	return EXIT_FINE;
}

int tool_hold(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "list"))
		return list(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "place"))
		return place(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "release"))
		return release(argc - 1, argv + 1);
	return bad();
}
