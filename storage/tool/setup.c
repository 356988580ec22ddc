/* setup.c - saqta setup: what a person needs to open the first page. */
#include "storage/tool/setup.h"

#include <arpa/inet.h>
#include <grp.h>
#include <ifaddrs.h>
#include <libgen.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/crypt.h"
#include "storage/tool/console.h"

static const char usage[] =
    "usage: saqta setup code [--config FILE]\n"
    "       saqta setup zone ZONE [--config FILE]\n"
    "  code: another one-time code for set-up in the browser, good for a day, "
    "while\n"
    "  nobody can sign in yet; saqta init shows the first one.\n"
    "  zone: put the site's time zone right (such as Asia/Almaty), before the "
    "first\n"
    "  camera is added and while saqta-storage is stopped.\n";

/* As who owns the directory, so that what is made there is web's. */
static void be_owner(const char *dir)
{
	struct stat st;

	if (geteuid() || stat(dir, &st) < 0)
		return;
	if (setgroups(0, NULL) || setgid(st.st_gid) || setuid(st.st_uid))
		_exit(EXIT_FAILED);
}

/* saqta-web beside this program, or where the package has it. */
static void run_web(const char *config)
{
	char self[512], path[600];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = '\0';
		snprintf(path, sizeof(path), "%s/saqta-web", dirname(self));
		execl(path, "saqta-web", "--config", config, "--certificate",
		    (char *)NULL);
	}
	execl("/usr/sbin/saqta-web", "saqta-web", "--config", config,
	    "--certificate", (char *)NULL);
	_exit(EXIT_FAILED);
}

/*
 * Only saqta-web knows how a key and its certificate are made, and which one it
 * shows: it is asked. False where it could not say.
 */
static bool fingerprint(const char *path, const struct config *conf, char *ret,
    size_t n)
{
	int out[2], status = 1;
	size_t got = 0;
	ssize_t m;
	pid_t pid;

	if (pipe(out) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		be_owner(conf->web_state);
		run_web(path ? path : CONFIG_PATH_DEFAULT);
	}
	close(out[1]);
	while (got < n - 1 && (m = read(out[0], ret + got, n - 1 - got)) > 0)
		got += (size_t)m;
	close(out[0]);
	ret[got] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 &&
	    *ret;
}

static void show_address(const char *host, int port)
{
	bool six = strchr(host, ':') != NULL;

	printf("  address      https://%s%s%s:%d/\n", six ? "[" : "", host,
	    six ? "]" : "", port);
}

/* Each address of this machine that a PC of the branch may reach. */
static void show_addresses(const struct config *conf)
{
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *all = NULL;
	unsigned n = 0;

	if (strcmp(conf->listen, "0.0.0.0") && strcmp(conf->listen, "::")) {
		show_address(conf->listen, conf->port);
		if (!strncmp(conf->listen, "127.", 4) ||
		    !strcmp(conf->listen, "::1"))
			printf("               (from this machine alone: "
			       "listen = 0.0.0.0 lets the branch in)\n");
		return;
	}
	if (getifaddrs(&all) < 0)
		all = NULL;
	for (struct ifaddrs *a = all; a; a = a->ifa_next) {
		const struct sockaddr_in *in = (const void *)a->ifa_addr;

		if (!in || in->sin_family != AF_INET ||
		    a->ifa_flags & IFF_LOOPBACK || !(a->ifa_flags & IFF_UP) ||
		    !inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)))
			continue;
		show_address(text, conf->port);
		n++;
	}
	freeifaddrs(all);
	if (!n)
		printf("  address      port %d of this machine, which has no "
		       "network address yet\n",
		    conf->port);
}

void setup_show(const char *path, const struct config *conf, const char *code)
{
	char sum[128];

	printf("\nThen open this page in a browser, compare the fingerprint, "
	       "and enter the code:\n");
	show_addresses(conf);
	fflush(stdout);
	if (fingerprint(path, conf, sum, sizeof(sum)))
		printf("  certificate  %s\n", sum);
	else
		printf("  certificate  its fingerprint comes when saqta-web "
		       "has made one: saqta setup code\n");
	printf("  set-up code  %s  (good once, for 24 hours)\n", code);
}

static int another_code(const char *path, const struct config *conf)
{
	char code[64];
	struct wire w;

	wire_begin(&w, MSG_SETUP_NEW, 1);
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	wire_get_text(&w, code, sizeof(code));
	if (wire_end(&w))
		return EXIT_FAILED;
	setup_show(path, conf, code);
	crypt_wipe(code, sizeof(code));
	crypt_wipe(w.buf, sizeof(w.buf));
	return EXIT_FINE;
}

int tool_setup(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, NULL};
	const char *v[1] = {0}, *words[2] = {"", ""};
	struct config conf;
	size_t n;
	bool code, zone;

	if (!options(argc, argv, keys, v, words, 2, &n))
		n = 0;
	code = n == 1 && !strcmp(words[0], "code");
	zone = n == 2 && !strcmp(words[0], "zone");
	if (!code && !zone) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	return code ? another_code(v[0], &conf) : setup_zone(&conf, words[1]);
}
