/* doctor_program.c - what is installed, and whether it is what runs (doctor.h). */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/tool/doctor.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define UNIT_RUN "/run/saqta" /* saqta-storage.service */
#define GONE " (deleted)" /* proc(5), /proc/pid/exe */

static const char *const programs[] = {
    "saqta-storage", "saqta-recorder", "saqta-web", "saqta-alert"};

/*
 * dpkg-query(1), db:Status-Abbrev: "ii " is whole. Others are what an upgrade
 * leaves that was broken off, by a power cut say.
 */
static void package(struct doctor *d)
{
	char program[] = "dpkg-query", show[] = "-W", name[] = "saqta",
	     format[] = "-f${db:Status-Abbrev}";
	char *argv[] = {program, show, format, name, NULL}, state[8];

	if (!doctor_printed("/usr/bin/dpkg-query", argv, state,
		sizeof(state)) ||
	    strlen(state) < 3 || strchr("nc", state[1]))
		doctor_found(d, HEALTH_OK, "package", NULL,
		    "not installed as a package of Debian");
	else if (state[1] == 'H' || state[2] == 'R')
		doctor_found(d, HEALTH_CRITICAL, "package",
		    "dpkg -i saqta_*.deb",
		    "its installation broke off while files were unpacked: "
		    "some may be of another version; install the package file "
		    "once more (that one: an older Saqta does not read what a "
		    "newer one wrote)");
	else if (state[1] != 'i')
		doctor_found(d, HEALTH_WARNING, "package",
		    "dpkg --configure -a",
		    "its installation broke off before it was set up");
	else
		doctor_found(d, HEALTH_OK, "package", NULL,
		    "installed as a whole");
}

/* Of argument i of those at args; "". */
static const char *argument(const char *args, size_t n, unsigned i)
{
	const char *end = args + n;

	while (i && args < end) {
		args += strlen(args) + 1;
		i--;
	}
	return args < end ? args : "";
}

/* Which of our programs a process is, with that configuration; -1: none. */
static int program_of(int proc, const char *conf_path)
{
	char args[1024] = "";
	const char *name, *slash;
	int fd = openat(proc, "cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, args, sizeof(args) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0 || strcmp(argument(args, (size_t)n, 1), "--config") ||
	    strcmp(argument(args, (size_t)n, 2), conf_path))
		return -1;
	slash = strrchr(args, '/');
	name = slash ? slash + 1 : args;
	for (unsigned i = 0; i < N(programs); i++)
		if (!strcmp(name, programs[i]))
			return (int)i;
	return -1;
}

/* Was the file that a process runs replaced since? Root alone may look. */
static bool is_former(int proc)
{
	char exe[512];
	ssize_t n = readlinkat(proc, "exe", exe, sizeof(exe));
	size_t gone = strlen(GONE);

	return n > (ssize_t)gone && !memcmp(exe + n - gone, GONE, gone);
}

/* After an upgrade that did not start everything anew. */
static void running(struct doctor *d)
{
	bool former[N(programs)] = {false};
	DIR *all = opendir("/proc");
	struct dirent *e;
	char mend[64];

	while (all && (e = readdir(all))) {
		int proc, i;

		if (!isdigit((unsigned char)*e->d_name))
			continue;
		proc = openat(dirfd(all), e->d_name, O_RDONLY | O_CLOEXEC);
		if (proc < 0)
			continue;
		i = program_of(proc, d->conf_path);
		if (i >= 0 && is_former(proc))
			former[i] = true;
		close(proc);
	}
	if (all)
		closedir(all);
	for (unsigned i = 0; i < N(programs); i++) {
		snprintf(mend, sizeof(mend), "systemctl restart %s",
		    programs[i]);
		if (former[i])
			doctor_found(d, HEALTH_WARNING, "version", mend,
			    "%s still runs as it was before it was replaced",
			    programs[i]);
	}
}

bool unit_may_write(const struct config *conf, const char *path)
{
	char systemctl[] = "systemctl", show[] = "show", value[] = "--value",
	     what[] = "--property=ReadWritePaths", unit[] = "saqta-storage";
	char *argv[] = {systemctl, show, value, what, unit, NULL};
	char paths[4096], *save = NULL;

	if (strcmp(conf->run, UNIT_RUN) != 0 ||
	    !doctor_printed("/usr/bin/systemctl", argv, paths, sizeof(paths)) ||
	    strspn(paths, " \n") == strlen(paths))
		return true;
	for (char *p = strtok_r(paths, " \n", &save); p;
	     p = strtok_r(NULL, " \n", &save)) {
		size_t n;

		p += strspn(p, "-+");
		n = strlen(p);
		if (!strncmp(path, p, n) && (!path[n] || path[n] == '/'))
			return true;
	}
	return false;
}

void doctor_programs(struct doctor *d)
{
	package(d);
	running(d);
}
