/* volume.c - saqta volume add, list. */
#include <stdio.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"

int tool_volume(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, "--json", NULL};
	const char *v[2] = {0}, *words[2] = {"", ""};
	struct config conf;
	struct wire w;
	size_t n;

	if (!options(argc, argv, keys, v, words, 2, &n))
		n = 0;
	if (n == 1 && !strcmp(words[0], "list"))
		return tool_config(v[0], &conf) ?
		    volume_list(&conf, v[1] != NULL) :
		    EXIT_FAILED;
	if (n != 2 || strcmp(words[0], "add") || v[1]) {
		fputs("usage: saqta volume add [--config FILE] PATH\n"
		      "       saqta volume list [--config FILE] [--json]\n"
		      "  PATH is where a file system of its own is mounted, "
		      "owned by the user of\n  saqta-storage, whose unit may "
		      "write there (ReadWritePaths=).\n",
		    stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	wire_begin(&w, MSG_VOLUME_ADD, 1);
	wire_put_str(&w, words[1]);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("volume %s was added; saqta volume list shows all\n", words[1]);
	return EXIT_FINE;
}
