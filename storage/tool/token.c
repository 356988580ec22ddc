/* token.c - saqta token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/people.h"
#include "storage/token.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"
#include "storage/tool/json.h"

#define DAYS "365"

static const char usage[] =
    "usage: saqta token add --by USER --name NAME --scope SCOPES "
    "[--days N]\n"
    "                       [--config FILE] [-]\n"
    "       saqta token list [--config FILE] [--json]\n"
    "       saqta token end --by USER --token NUMBER --reason TEXT\n"
    "                       [--config FILE] [-]\n"
    "  SCOPES: health:read, alerts:write, transactions:write; several in "
    "quotes. USER is an "
    "operator or\n"
    "  a custodian, whose password and code are asked for; with - they are "
    "lines of\n"
    "  standard input. The token is printed this once. It is good for N days, "
    "at most 366\n"
    "  (" DAYS ").\n";

static int bad(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

/* A whole number of 1..max; false where it is none. */
static bool number(const char *s, unsigned long long max,
    unsigned long long *ret)
{
	char *end;

	*ret = strtoull(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && *ret && *ret <= max;
}

static bool begin(struct wire *w, enum msg type, const char *by, bool pipe)
{
	char credential[CREDENTIAL_MAX + 2];

	if (crypt_init() ||
	    !ask_credential("Your", pipe, credential, sizeof(credential)))
		return false;
	wire_begin(w, (uint16_t)type, 1);
	wire_put_str(w, by);
	wire_put_str(w, credential);
	crypt_wipe(credential, sizeof(credential));
	return true;
}

static int add(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--by", "--name", "--scope", "--days", NULL, NULL};
	const char *v[5] = {0}, *words[1];
	unsigned long long days, token;
	struct config conf;
	struct wire w;
	unsigned scopes;
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n) || !v[1] || !v[2] ||
	    !*v[2] || !v[3] || token_scopes_parse(v[3], &scopes) ||
	    (n && strcmp(words[0], "-")) ||
	    !number(v[4] ? v[4] : DAYS, TOKEN_DAYS_MAX, &days))
		return bad();
	if (!tool_config(v[0], &conf) ||
	    !begin(&w, MSG_TOKEN_NEW, v[1], n == 1))
		return EXIT_FAILED;
	wire_put_str(&w, v[2]);
	wire_put_str(&w, v[3]);
	wire_put_i64(&w, utc_now().ns + (int64_t)days * 24 * 3600 * NS_PER_SEC);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	token = wire_get_u64(&w);
	fprintf(stderr, "token %llu; it is shown this once:\n", token);
	printf("%s\n", wire_get_str(&w));
	crypt_wipe(w.buf, sizeof(w.buf));
	return EXIT_FINE;
}

static int list(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, "--json", NULL};
	const char *v[2] = {0}, *words[1];
	struct config conf;
	const json_t *t;
	struct wire w;
	json_t *j;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n))
		return bad();
	wire_begin(&w, MSG_TOKENS, 1);
	if (!tool_config(v[0], &conf) || !tool_call(&conf, &w))
		return EXIT_FAILED;
	if (v[1])
		return print_bulk(&w) ? EXIT_FINE : EXIT_FAILED;
	j = json_of_bulk(&w);
	for (size_t i = 0;
	     (t = json_array_get(json_object_get(j, "tokens"), i)); i++) {
		bool ended = json_is_string(json_object_get(t, "ended"));

		printf("%6lld  %s  (%s)  %s %s  by %s\n",
		    (long long)json_number_of(t, "id"), json_text_of(t, "name"),
		    json_text_of(t, "scope"), ended ? "ended" : "until",
		    json_text_of(t, ended ? "ended" : "ends"),
		    json_text_of(t, "maker"));
	}
	json_decref(j);
	return j ? EXIT_FINE : EXIT_FAILED;
}

static int end(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--by", "--token", "--reason", NULL, NULL};
	const char *v[4] = {0}, *words[1];
	unsigned long long token;
	struct config conf;
	struct wire w;
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n) || !v[1] || !v[2] ||
	    !v[3] || (n && strcmp(words[0], "-")) ||
	    !number(v[2], INT64_MAX, &token))
		return bad();
	if (!tool_config(v[0], &conf) ||
	    !begin(&w, MSG_TOKEN_END, v[1], n == 1))
		return EXIT_FAILED;
	wire_put_u64(&w, token);
	wire_put_str(&w, v[3]);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("token %llu has ended\n", token);
	return EXIT_FINE;
}

int tool_token(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "add"))
		return add(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "list"))
		return list(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "end"))
		return end(argc - 1, argv + 1);
	return bad();
}
