#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/config.h"
#include "storage/api/log.h"
#include "storage/check.h"
#include "storage/crypt.h"
#include "storage/tool/check.h"

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_CHANGED 5
#define EXIT_INCOMPLETE 6

static int usage(void)
{
	fputs("usage: saqta check [--json] [--config FILE | --data DIR]\n",
	    stderr);
	return EXIT_USAGE;
}

/* The data directory: --data, or what the configuration says. */
static enum err data_dir(const char *config, const char *data, char *out,
    size_t n)
{
	static struct config c;
	char why[256];
	enum err e;

	if (data) {
		snprintf(out, n, "%s", data);
		return OK;
	}
	e = config_read(config, &c, why, sizeof(why));
	if (e) {
		log_error("%s", why);
		return e;
	}
	snprintf(out, n, "%s", c.data);
	return OK;
}

static int run(const char *dir, bool json)
{
	unsigned broken;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err e;

	if (fd < 0) {
		log_error("%s: %s", dir, strerror(errno));
		return EXIT_FAILED;
	}
	e = crypt_init();
	if (!e)
		e = check_run(fd, dir, json, stdout, &broken);
	close(fd);
	switch (e) {
	case OK:
		return EXIT_OK;
	case ERR_INTEGRITY:
		return EXIT_CHANGED;
	case ERR_TRUNCATED:
		return EXIT_INCOMPLETE;
	default:
		log_error("%s: the check could not finish: %s", dir,
		    err_text(e));
		return EXIT_FAILED;
	}
}

int tool_check(int argc, char **argv)
{
	const char *config = CONFIG_PATH_DEFAULT, *data = NULL;
	char dir[4096];
	bool json = false, named = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			json = true;
		} else if (!strcmp(argv[i], "--config") && i + 1 < argc) {
			config = argv[++i];
			named = true;
		} else if (!strcmp(argv[i], "--data") && i + 1 < argc) {
			data = argv[++i];
		} else {
			return usage();
		}
	}
	if (data && (named || strlen(data) >= sizeof(dir)))
		return usage();
	if (data_dir(config, data, dir, sizeof(dir)))
		return EXIT_FAILED;
	return run(dir, json);
}
