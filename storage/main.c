/* main.c - saqta-storage: the keeper, a reader, or an importer. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/config.h"
#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "storage/importer.h"
#include "storage/keeper.h"
#include "storage/reader.h"

/* What one person asks for waits for what the keeper does for all cameras. */
#define BEHIND_KEEPER 5

static void behind_keeper(void)
{
	if (nice(BEHIND_KEEPER) == -1)
		log_warn("this is not behind the keeper");
}

int main(int argc, char **argv)
{
	const char *path = CONFIG_PATH_DEFAULT;
	struct config conf;
	char why[512];

	log_name("saqta-storage");
	if (argc == 2 && !strcmp(argv[1], "reader")) {
		log_name("saqta-reader");
		behind_keeper();
		return reader_main();
	}
	if (argc == 2 && !strcmp(argv[1], "importer")) {
		log_name("saqta-importer");
		behind_keeper();
		return importer_main();
	}
	if (argc == 3 && !strcmp(argv[1], "--config"))
		path = argv[2];
	else if (argc != 1) {
		fprintf(stderr, "usage: saqta-storage [--config FILE]\n");
		return 2;
	}
	if (config_read(path, &conf, why, sizeof(why))) {
		notify_cannot("start-configuration", "%s", why);
		return 2;
	}
	return keeper_main(&conf);
}
