/*
 * saqta-recorder: fetch the streams of the cameras, hand them to storage.
 * See DESIGN.md. The order here matters: the zygote is forked first, and only
 * then is anything secret read.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/probe.h"
#include "recorder/sandbox.h"
#include "recorder/secret.h"
#include "recorder/supervisor.h"
#include "recorder/zygote.h"
#include "storage/api/alone.h"
#include "storage/api/config.h"
#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "storage/api/walls.h"

static int usage(FILE *to)
{
	fprintf(to,
	    "usage: saqta-recorder [--config FILE]\n"
	    "       saqta-recorder probe [--udp] URL\n"
	    "       saqta-recorder onvif ADDRESS\n"
	    "       saqta-recorder discover ADDRESS|RANGE|\"\"\n"
	    "         (user LF password LF on standard input)\n"
	    "       saqta-recorder --version\n");
	return to == stdout ? 0 : 2;
}

static enum look_kind look_of(const char *verb)
{
	return !strcmp(verb, "probe") ? LOOK_PROBE :
	    !strcmp(verb, "onvif")    ? LOOK_ONVIF :
	    !strcmp(verb, "discover") ? LOOK_DISCOVER :
					LOOK_MAX;
}

static int record(const char *config_path, int zygote)
{
	static struct config config;
	static struct secret_key key;
	char why[256];
	int status;

	if (config_read(config_path, &config, why, sizeof(why))) {
		notify_cannot("start-configuration", "%s", why);
		return 2;
	}
	if (alone_in(config.recorder_state) == ERR_BUSY) {
		notify_cannot("start-twice",
		    "%s: another saqta-recorder runs: this one asks no camera "
		    "and ends",
		    config.recorder_state);
		return 1;
	}
	if (walls_check(&config, "saqta-recorder", WALL_DATA | WALL_WEB))
		return 1;
	if (secret_key_open(config.recorder_state, &key)) {
		log_error("%s/recorder.key cannot be read or made",
		    config.recorder_state);
		return 1;
	}
	status = supervisor_run(&config, &key, zygote);
	secret_wipe(&key, sizeof(key));
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"udp", no_argument, NULL, 'u'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0},
	};
	const char *config = CONFIG_PATH_DEFAULT;
	int udp = 0, o, zygote;
	enum look_kind kind;

	log_name("saqta-recorder");
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			config = optarg;
			break;
		case 'u':
			udp = 1;
			break;
		case 'h':
			return usage(stdout);
		case 'v':
			printf("saqta-recorder %s\n", SAQTA_VERSION);
			return 0;
		default:
			return usage(stderr);
		}
	}
	argv += optind;
	argc -= optind;
	kind = argc ? look_of(argv[0]) : LOOK_MAX;
	if (argc && (kind == LOOK_MAX || argc != 2))
		return usage(stderr);
	signal(SIGPIPE, SIG_IGN);
	if (zygote_start(&zygote) || sandbox_harden()) {
		log_error("the process that forks children cannot start");
		return 1;
	}
	return argc ? probe_run(kind, argv[1], udp, zygote) :
		      record(config, zygote);
}
