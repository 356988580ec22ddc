/* user.c - saqta user add. */
#include <stdio.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/people.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"

static const char usage[] =
    "usage: saqta user add [--config FILE] --user USER --role ROLE\n"
    "                      [--name FULL-NAME] [--by CUSTODIAN] [-]\n"
    "  ROLE is auditor, custodian or operator. Auditors and custodians are "
    "made by a\n"
    "  custodian (--by), whose password is asked for; then the new person's "
    "first\n"
    "  password. With - both are lines of standard input, in that order.\n";

int tool_user(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--user", "--role", "--name", "--by", NULL, NULL};
	const char *v[5] = {0}, *words[2];
	char by[PASSWORD_MAX + 2] = "", first[PASSWORD_MAX + 2];
	struct config conf;
	struct wire w;
	enum role role;
	bool pipe;
	size_t n;

	if (!options(argc, argv, keys, v, words, 2, &n) || n < 1 ||
	    strcmp(words[0], "add") || (n == 2 && strcmp(words[1], "-")) ||
	    !v[1] || !v[2] || role_parse(v[2], &role) ||
	    (role != ROLE_OPERATOR) != (v[4] != NULL)) {
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
		!ask_secret("The custodian's password", pipe, false, by,
		    sizeof(by))) ||
	    !ask_secret("First password of the new person", pipe, !pipe, first,
		sizeof(first)))
		return EXIT_FAILED;
	if (strlen(first) < PASSWORD_MIN) {
		fprintf(stderr,
		    "saqta: a password has at least %d "
		    "characters\n",
		    PASSWORD_MIN);
		return EXIT_FAILED;
	}
	wire_begin(&w, MSG_USER_ADD, 1);
	wire_put_str(&w, v[4] ? v[4] : "");
	wire_put_str(&w, by);
	wire_put_str(&w, v[1]);
	wire_put_str(&w, v[3] ? v[3] : v[1]);
	wire_put_u8(&w, (uint8_t)role);
	wire_put_str(&w, first);
	crypt_wipe(by, sizeof(by));
	crypt_wipe(first, sizeof(first));
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("%s %s is person %llu\n", v[2], v[1],
	    (unsigned long long)wire_get_u64(&w));
	return EXIT_FINE;
}
