/* ledger.c - saqta ledger: what only a custodian does to the log. */
#include <stdio.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/crypt.h"
#include "storage/people.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"

static const char usage[] =
    "usage: saqta ledger confirm [--config FILE] --by CUSTODIAN [-]\n"
    "       saqta ledger rotate  [--config FILE] --by CUSTODIAN [-]\n"
    "  confirm  the ledger was torn, lost or set back, and recording goes on "
    "in a\n"
    "           new epoch: what is missing is known; erasing on time may go "
    "on\n"
    "  rotate   give the log another signing key\n"
    "  The custodian's password and code are asked for, or are a line of "
    "standard\n"
    "  input with -.\n";

int tool_ledger(int argc, char **argv)
{
	static const char *const keys[] = {"--config", "--by", NULL, NULL};
	const char *v[2] = {0}, *words[2];
	char credential[CREDENTIAL_MAX + 2];
	struct config conf;
	struct wire w;
	bool confirm;
	size_t n;

	if (!options(argc, argv, keys, v, words, 2, &n) || n < 1 || !v[1] ||
	    (strcmp(words[0], "confirm") && strcmp(words[0], "rotate")) ||
	    (n == 2 && strcmp(words[1], "-"))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	confirm = !strcmp(words[0], "confirm");
	if (crypt_init() || !tool_config(v[0], &conf) ||
	    !ask_credential("The custodian's", n == 2, credential,
		sizeof(credential)))
		return EXIT_FAILED;
	wire_begin(&w, confirm ? MSG_LEDGER_CONFIRM : MSG_LEDGER_ROTATE, 1);
	wire_put_str(&w, v[1]);
	wire_put_str(&w, credential);
	crypt_wipe(credential, sizeof(credential));
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	puts(confirm ? "the new epoch of the ledger is confirmed" :
		       "the log has another key; give its new one to those who "
		       "witness it (saqta witness keys)");
	return EXIT_FINE;
}
