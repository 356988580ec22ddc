/*
 * main.c - saqta-web: HTTPS for people, no keys of storage, no footage on disk.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "storage/api/config.h"
#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "storage/api/walls.h"
#include "web/call.h"
#include "web/conn.h"
#include "web/http.h"
#include "web/page.h"
#include "web/people.h"
#include "web/session.h"
#include "web/setup.h"
#include "web/stats.h"
#include "web/tls.h"
#include "web/witness.h"

#define TURN_MS 500

static volatile sig_atomic_t stop;

static void on_signal(int n)
{
	(void)n;
	stop = 1;
	call_wake();
}

/* P1: footage passes through this memory; none of it into a core dump. */
static void set_limits(void)
{
	struct rlimit none = {0, 0}, files;

	setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) /* whose leak check needs to trace itself */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void set_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal};

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	a.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &a, NULL);
}

struct arguments {
	const char *config;
	bool certificate;	/* print its fingerprint, and no more */
};

static bool arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"certificate", no_argument, NULL, 'f'}, {0}};
	int o;

	*ret = (struct arguments){.config = CONFIG_PATH_DEFAULT};
	while ((o = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
		if (o == 'c')
			ret->config = optarg;
		else if (o == 'f')
			ret->certificate = true;
		else
			return false;
	}
	return optind == argc;
}

/* For who sets the box up; made first where there is none. */
static enum err show_certificate(const struct config *cfg)
{
	struct tls tls = {.key = NULL};
	enum err err = tls_load(cfg->web_state, &tls);

	if (err == OK)
		puts(tls.fingerprint);
	tls_wipe(&tls);
	return err;
}

static enum err serve(const struct config *cfg)
{
	enum err err = OK;

	while (!stop && err == OK) {
		struct mono now = mono_now();

		people_turn(now);
		session_sweep(now, cfg->idle_s);
		conn_sweep(now);
		notify_alive(now);
		err = call_turn(TURN_MS);
	}
	return err;
}

static enum err run(const struct config *cfg)
{
	struct tls tls = {.key = NULL};
	enum err err;

	err = page_open(cfg->ui);
	if (err == OK)
		err = tls_load(cfg->web_state, &tls);
	if (err == OK)
		err = call_open();
	if (err != OK)
		goto out;
	set_signals();
	people_open(cfg->run);
	stats_certificate(tls.ends_s);
	if (tls.ends_s < utc_now().ns / NS_PER_SEC)
		log_warn("the certificate has ended, and browsers refuse it: "
			 "saqta doctor names what mends it");
	err = http_open(cfg, tls.key, tls.cert);
	setup_certificate(tls.fingerprint);
	if (err == OK) {
		log_info("https://%s:%d/ certificate SHA-256 %s", cfg->listen,
		    cfg->port, tls.fingerprint);
		log_info("as a witness: /tlog-witness, pin %s", tls.pin);
		err = witness_open(cfg->run);
	}
	if (err == OK) {
		notify_ready();
		notify_status("https://%s:%d/", cfg->listen, cfg->port);
		err = serve(cfg);
	}
	notify_stopping();
	witness_close();
	/* First what answers wait for, so that no connection is suspended. */
	call_stop();
	http_close();
	people_close();
	call_close();
out:
	tls_wipe(&tls);
	page_close();
	return err;
}

int main(int argc, char **argv)
{
	struct arguments args;
	struct config cfg;
	char why[256];
	enum err err;

	log_name("saqta-web");
	if (!arguments(argc, argv, &args)) {
		fputs("usage: saqta-web [--config FILE] [--certificate]\n",
		    stderr);
		return 2;
	}
	set_limits();
	if (config_read(args.config, &cfg, why, sizeof(why)) != OK) {
		notify_cannot("start-configuration", "%s", why);
		return 2;
	}
	if (args.certificate)
		return show_certificate(&cfg) == OK ? 0 : 1;
	err = walls_check(&cfg, "saqta-web", WALL_DATA | WALL_RECORDER);
	if (err == OK)
		err = run(&cfg);
	if (err != OK)
		log_error("ended: %s", err_text(err));
	else
		log_info("stopped");
	return err == OK ? 0 : 1;
}
