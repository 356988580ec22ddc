/* policy.c - saqta policy: the sheet that is kept away from the box. */
#include "storage/tool/policy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/cosign.h"
#include "storage/ledger_keys.h"
#include "storage/tool/console.h"

static int usage(void)
{
	fputs("usage: saqta policy [--config FILE]\n", stderr);
	return EXIT_USAGE;
}

static enum err print(const char *data)
{
	struct vkey k = {.kind = NOTE_ED25519};
	struct ledger *l = NULL;
	char text[VKEY_TEXT];
	int fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e;

	if (fd < 0)
		return ERR_NOT_FOUND;
	e = ledger_open_readonly(fd, &l);
	close(fd);
	if (e)
		return e;
	if (!ledger_key_of(l, ledger_size(l), k.key))
		e = ERR_NOT_FOUND;
	snprintf(k.name, sizeof(k.name), "%s", ledger_origin(l));
	ledger_close(l);
	if (e)
		return e;
	vkey_format(&k, text);
	printf("# Policy for evidence packages of %s (saqta-evidence(5)).\n"
	       "# Keep it away from the appliance: on paper, at head office, "
	       "with the court.\n"
	       "log %s\n"
	       "# Each witness outside the box, with the key that its own "
	       "site prints:\n"
	       "# witness NAME VKEY\n"
	       "# then: quorum NAME, or a group of which some must have "
	       "cosigned.\n"
	       "# Without one, who owns the log's key could have rewritten "
	       "the log.\n"
	       "quorum none\n",
	    k.name, text);
	return OK;
}

int tool_policy(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, NULL};
	const char *values[1] = {NULL};
	static struct config c;
	size_t words;
	enum err e;

	if (!options(argc, argv, keys, values, NULL, 0, &words))
		return usage();
	if (!tool_config(values[0], &c))
		return EXIT_FAILED;
	e = crypt_init();
	if (!e)
		e = print(c.data);
	if (e)
		log_error("%s: %s", c.data, err_text(e));
	return e ? EXIT_FAILED : EXIT_FINE;
}
