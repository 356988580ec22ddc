/* user.c - saqta user add. */
#include <stdio.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/people.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"
#include "storage/tool/factor.h"

static const char usage[] =
    "usage: saqta user add [--config FILE] --user USER --role ROLE\n"
    "                      [--name FULL-NAME] [--by CUSTODIAN] [--deputy] "
    "[--factor-file FILE]\n"
    "                      [-]\n"
    "  ROLE is auditor, custodian or operator. Auditors and custodians are "
    "made by a\n"
    "  custodian (--by), whose password and code are asked for; then the new "
    "person\n"
    "  chooses a password. With - all are lines of standard input, in that "
    "order.\n"
    "  --deputy: a custodian elsewhere, reminded of requests when the others "
    "are silent.\n"
    "  A new custodian's second factor is shown once (--factor-file: written "
    "there,\n"
    "  for demonstrations).\n";

int tool_user(int argc, char **argv)
{
	static const char *const keys[] = {"--config", "--user", "--role",
	    "--name", "--by", "--factor-file", NULL, "--deputy", NULL};
	const char *v[7] = {0}, *words[2], *uri;
	char by[CREDENTIAL_MAX + 2] = "", first[PASSWORD_MAX + 2];
	unsigned long long person;
	struct config conf;
	struct wire w;
	enum role role;
	bool pipe;
	size_t n;

	if (!options(argc, argv, keys, v, words, 2, &n) || n < 1 ||
	    strcmp(words[0], "add") || (n == 2 && strcmp(words[1], "-")) ||
	    !v[1] || !v[2] || role_parse(v[2], &role) ||
	    (role != ROLE_OPERATOR) != (v[4] != NULL) ||
	    (v[6] && role != ROLE_CUSTODIAN)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	pipe = n == 2;
	if (!user_name_ok(v[1])) {
		fprintf(stderr,
		    "saqta: a user name is 2 to 32 of a-z, 0-9, "
		    ". _ -\n");
		return EXIT_USAGE;
	}
	if (crypt_init() || !tool_config(v[0], &conf) ||
	    (v[4] &&
		!ask_credential("The custodian's", pipe, by, sizeof(by))) ||
	    !ask_secret("First password of the new person", pipe, !pipe, first,
		sizeof(first)))
		return EXIT_FAILED;
	if (!password_ok(first)) {
		fprintf(stderr, "saqta: a password has %d to %d characters\n",
		    PASSWORD_MIN, PASSWORD_MAX);
		return EXIT_FAILED;
	}
	wire_begin(&w, MSG_USER_ADD, 1);
	wire_put_str(&w, v[4] ? v[4] : "");
	wire_put_str(&w, by);
	wire_put_str(&w, v[1]);
	wire_put_str(&w, v[3] ? v[3] : v[1]);
	wire_put_u8(&w, (uint8_t)role);
	wire_put_str(&w, first);
	wire_put_u8(&w, v[6] != NULL);
	crypt_wipe(by, sizeof(by));
	crypt_wipe(first, sizeof(first));
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	person = wire_get_u64(&w);
	uri = wire_get_str(&w);
	if (*uri && !show_factor(v[1], uri, v[5], conf.demo, pipe))
		return EXIT_FAILED;
	crypt_wipe(w.buf, sizeof(w.buf));
	printf("%s %s is person %llu\n", v[2], v[1], person);
	return EXIT_FINE;
}
