/* volume.c - saqta volume add, replace, list. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"
#include "storage/tool/doctor.h"

/* Before it is taken in: a volume that is away after the next start. */
static bool lasts(const struct config *conf, const char *path)
{
	if (unit_may_write(conf, path))
		return true;
	fprintf(stderr,
	    "saqta: the unit of saqta-storage may not write to %s after its "
	    "next start. Mount the\ndisk below /srv/saqta; or allow that path: "
	    "systemctl edit saqta-storage, with\n[Service]\n"
	    "ReadWritePaths=%s\nand then systemctl restart saqta-storage\n",
	    path, path);
	return false;
}

static int replace(const struct config *conf, const char *number,
    const char *path, const char *reason)
{
	char *end;
	unsigned long volume = strtoul(number, &end, 10);
	struct wire w;

	if (*end || !volume || volume > UINT32_MAX) {
		fprintf(stderr, "saqta: %s is no number of a further volume\n",
		    number);
		return EXIT_USAGE;
	}
	if (!lasts(conf, path))
		return EXIT_FAILED;
	wire_begin(&w, MSG_VOLUME_REPLACE, 1);
	wire_put_u32(&w, (uint32_t)volume);
	wire_put_str(&w, path);
	wire_put_str(&w, reason);
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	printf("volume %s is given up, %s is a volume now. What lay on the "
	       "lost one becomes gaps\nwith the cause \"lost\", one by one; "
	       "destroy that disk: it has old keys (wrapped).\n",
	    number, path);
	return EXIT_FINE;
}

int tool_volume(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--reason", NULL, "--json", NULL};
	const char *v[3] = {0}, *words[3] = {"", "", ""};
	struct config conf;
	struct wire w;
	size_t n;

	if (!options(argc, argv, keys, v, words, 3, &n))
		n = 0;
	if (n == 1 && !v[1] && !strcmp(words[0], "list"))
		return tool_config(v[0], &conf) ?
		    volume_list(&conf, v[2] != NULL) :
		    EXIT_FAILED;
	if (n == 3 && v[1] && !v[2] && !strcmp(words[0], "replace"))
		return tool_config(v[0], &conf) ?
		    replace(&conf, words[1], words[2], v[1]) :
		    EXIT_FAILED;
	if (n != 2 || strcmp(words[0], "add") || v[1] || v[2]) {
		fputs("usage: saqta volume add [--config FILE] PATH\n"
		      "       saqta volume replace [--config FILE] --reason "
		      "TEXT NUMBER PATH\n"
		      "       saqta volume list [--config FILE] [--json]\n"
		      "  replace: the disk of that volume is broken; what lay "
		      "on it is given up\n"
		      "  PATH is where a file system of its own is mounted, "
		      "below /srv/saqta or where\n  the unit of saqta-storage "
		      "may write (ReadWritePaths=), and owned by its user:\n"
		      "  chown saqta-storage: PATH\n",
		    stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf) || !lasts(&conf, words[1]))
		return EXIT_FAILED;
	wire_begin(&w, MSG_VOLUME_ADD, 1);
	wire_put_str(&w, words[1]);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("volume %s was added; saqta volume list shows all\n", words[1]);
	return EXIT_FINE;
}
