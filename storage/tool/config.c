/* config.c - saqta config: what the programs read at their start. */
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/site.h"
#include "storage/tool/config.h"
#include "storage/tool/console.h"

static bool user_there(const char *key, const char *name)
{
	if (getpwnam(name))
		return true;
	fprintf(stderr, "saqta: %s = %s: there is no such user\n", key, name);
	return false;
}

/* What a file can say by itself config_read() has looked at. */
static int check(const struct config *c, const char *path)
{
	bool fine = user_there("recorder_user", c->recorder_user);
	int fd = open(c->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct site site;

	fine = user_there("web_user", c->web_user) && fine;
	if (*c->mail_server && (!*c->mail_from || !*c->mail_to)) {
		fputs("saqta: [alert] mail_server needs mail_from and mail_to "
		      "as well: no mail goes out\n",
		    stderr);
		fine = false;
	}
	if (fd >= 0 && !site_read(fd, &site) &&
	    strcmp(site.zone, c->zone) != 0) {
		fprintf(stderr,
		    "saqta: zone = %s, but the site's is %s, which holds: "
		    "write zone = %s; or, before the first camera, systemctl "
		    "stop saqta-storage and saqta setup zone %s\n",
		    c->zone, site.zone, site.zone, c->zone);
		fine = false;
	}
	if (fd >= 0)
		close(fd);
	if (!fine)
		return EXIT_FAILED;
	printf("%s and conf.d beside it: no error; a program reads them when "
	       "it starts\n",
	    path);
	return EXIT_FINE;
}

int tool_configuration(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, NULL};
	const char *v[1] = {0}, *words[1];
	const char *path;
	struct config c;
	char why[256];
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n) || n != 1 ||
	    (strcmp(words[0], "check") != 0 && strcmp(words[0], "show") != 0)) {
		fputs("usage: saqta config check [--config FILE]\n"
		      "       saqta config show [--config FILE]\n"
		      "  check  name the first error by file and line\n"
		      "  show   each key, its value and the file that says "
		      "it\n",
		    stderr);
		return EXIT_USAGE;
	}
	path = v[0] ? v[0] : CONFIG_PATH_DEFAULT;
	if (!strcmp(words[0], "check"))
		return tool_config(path, &c) ? check(&c, path) : EXIT_FAILED;
	if (config_print(path, stdout, why, sizeof(why))) {
		fprintf(stderr, "saqta: %s\n", why);
		return EXIT_FAILED;
	}
	return fflush(stdout) ? EXIT_FAILED : EXIT_FINE;
}
