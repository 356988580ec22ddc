/* doctor_host.c - what the machine itself tells (doctor.h). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/api/utc.h"
#include "storage/tool/backup.h"
#include "storage/tool/doctor.h"

#define SWAP_LINE_BYTES 512
#define CERTIFICATE_DAYS 30

/* The first line of a file of /sys, without its end; false where none is. */
static bool sys_line(const char *path, char *buf, size_t n)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(buf, (int)n, f);

	if (f)
		fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

/* Is there dm-crypt in or below the block device "8:1"? */
static bool is_encrypted(const char *number, int depth)
{
	char path[256], uuid[128];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/dev/block/%s/dm/uuid", number);
	if (sys_line(path, uuid, sizeof(uuid)) && !strncmp(uuid, "CRYPT-", 6))
		return true;
	snprintf(path, sizeof(path), "/sys/dev/block/%s/slaves", number);
	d = depth < 8 ? opendir(path) : NULL;
	while (d && !found && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/class/block/%.64s/dev",
		    e->d_name);
		found = sys_line(path, uuid, sizeof(uuid)) &&
		    is_encrypted(uuid, depth + 1);
	}
	if (d)
		closedir(d);
	return found;
}

static void number_of(dev_t dev, char *buf, size_t n)
{
	snprintf(buf, n, "%u:%u", major(dev), minor(dev));
}

/* zram is memory; a swap file is as safe as the disk below it. */
static bool swap_is_safe(const char *path)
{
	struct stat st;
	char number[32];

	if (!strncmp(path, "/dev/zram", 9))
		return true;
	if (stat(path, &st) < 0)
		return false;
	number_of(S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev, number,
	    sizeof(number));
	return is_encrypted(number, 0);
}

static void swap(struct doctor *d)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[SWAP_LINE_BYTES], mend[SWAP_LINE_BYTES + 32];
	bool bad = false;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \t")] = '\0';
		if (line[0] != '/' || swap_is_safe(line))
			continue;
		bad = true;
		snprintf(mend, sizeof(mend), "swapoff %s", line);
		doctor_found(d, HEALTH_CRITICAL, "swap", mend,
		    "%s is not encrypted: what is plain in memory may reach it "
		    "where a program runs outside its unit (P1); take it out "
		    "of "
		    "/etc/fstab, too, or encrypt it",
		    line);
	}
	if (f)
		fclose(f);
	if (!bad)
		doctor_found(d, HEALTH_OK, "swap", NULL,
		    "none that is not encrypted");
}

static void raid(struct doctor *d)
{
	DIR *dir = opendir("/sys/block");
	char path[320], text[32], mend[320];
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/block/%s/md/degraded",
		    e->d_name);
		if (strncmp(e->d_name, "md", 2) != 0 ||
		    !sys_line(path, text, sizeof(text)))
			continue;
		snprintf(mend, sizeof(mend), "mdadm --detail /dev/%s",
		    e->d_name);
		if (strcmp(text, "0") != 0)
			doctor_found(d, HEALTH_CRITICAL, "raid", mend,
			    "/dev/%s works with %s disks too few: put in a new "
			    "one",
			    e->d_name, text);
		else
			doctor_found(d, HEALTH_OK, "raid", NULL,
			    "/dev/%s is whole", e->d_name);
	}
	if (dir)
		closedir(dir);
}

/* The exit status of smartctl -H, -1 where it did not run. */
static int smartctl(const char *device)
{
	char program[] = "smartctl", quiet[] = "-q", silent[] = "silent",
	     health[] = "-H", at[300];
	char *argv[] = {program, quiet, silent, health, at, NULL};
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	     *env[] = {path, NULL};
	int status;
	pid_t pid;

	snprintf(at, sizeof(at), "%s", device);
	if (posix_spawn(&pid, "/usr/sbin/smartctl", NULL, NULL, argv, env) ||
	    waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/*
 * smartctl(8), EXIT STATUS: 8 failing, 16 below its limits; 1 to 4 no answer,
 * but a disk that fails often answers one question of several only: 4 | 8.
 */
static void smart_one(struct doctor *d, const char *name)
{
	char device[300], mend[320];
	int status;

	snprintf(device, sizeof(device), "/dev/%s", name);
	snprintf(mend, sizeof(mend), "smartctl -a %s", device);
	status = smartctl(device);
	if (status >= 0 && status & 8)
		doctor_found(d, HEALTH_CRITICAL, "disk", mend,
		    "%s says that it is failing: replace it", device);
	else if (status >= 0 && status & 16)
		doctor_found(d, HEALTH_WARNING, "disk", mend,
		    "%s has worn below a limit of its maker", device);
	else if (status < 0 || status & 7)
		doctor_found(d, HEALTH_OK, "disk", NULL,
		    "%s tells nothing of its health", device);
	else
		doctor_found(d, HEALTH_OK, "disk", NULL, "%s is well", device);
}

static void smart(struct doctor *d)
{
	DIR *dir = opendir("/sys/block");
	char path[320];
	struct dirent *e;
	bool any = false;

	while (dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, "sd", 2) != 0 &&
		    strncmp(e->d_name, "nvme", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/device", e->d_name);
		if (access(path, F_OK) < 0)
			continue;
		any = true;
		if (access("/usr/sbin/smartctl", X_OK) < 0)
			break;
		smart_one(d, e->d_name);
	}
	if (dir)
		closedir(dir);
	if (any && access("/usr/sbin/smartctl", X_OK) < 0)
		doctor_found(d, HEALTH_WARNING, "disk",
		    "apt-get install smartmontools",
		    "there is no smartctl: nobody notices a disk that is about "
		    "to fail");
}

bool doctor_printed(const char *path, char *const *argv, char *buf, size_t n)
{
	char locale[] = "LC_ALL=C", *env[] = {locale, NULL};
	posix_spawn_file_actions_t fa;
	int ends[2], status = -1;
	ssize_t got = -1;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&fa, STDERR_FILENO, "/dev/null",
	    O_WRONLY, 0);
	if (posix_spawn(&pid, path, &fa, NULL, argv, env))
		pid = -1;
	close(ends[1]);
	if (pid >= 0)
		got = read(ends[0], buf, n - 1);
	close(ends[0]);
	posix_spawn_file_actions_destroy(&fa);
	buf[got > 0 ? got : 0] = '\0';
	return pid >= 0 && waitpid(pid, &status, 0) == pid && !status;
}

#define ASK_S 5 /* for an answer of who has the port */

static int connected(const struct addrinfo *a, int *ret_errno)
{
	struct timeval wait = {.tv_sec = ASK_S};
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) &&
	    !connect(fd, a->ai_addr, a->ai_addrlen))
		return fd;
	*ret_errno = errno;
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * Is it saqta-web that answers where people are told to go? What it shows:
 * SHOWN_NONE where there is nothing to judge.
 */
static enum shown port(struct doctor *d, const char *crt, long *ret_days)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
			    .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
			*a;
	const char *at = d->conf->listen;
	enum shown is = SHOWN_NONE;
	char service[16], mend[64];
	int fd = -1, why = EADDRNOTAVAIL;

	if (!strcmp(at, "0.0.0.0"))
		at = "127.0.0.1";
	if (!strcmp(at, "::"))
		at = "::1";
	snprintf(service, sizeof(service), "%d", d->conf->port);
	snprintf(mend, sizeof(mend), "ss -ltnp 'sport = :%s'", service);
	if (!getaddrinfo(at, service, &hints, &a)) {
		fd = connected(a, &why);
		freeaddrinfo(a);
	}
	if (fd < 0) {
		doctor_found(d, HEALTH_CRITICAL, "web",
		    "systemctl restart saqta-web",
		    "nobody answers at %s port %s: %s (why: journalctl -u "
		    "saqta-web)",
		    at, service, strerror(why));
		return SHOWN_NONE;
	}
	is = certificate_shown(fd, crt, ret_days);
	close(fd);
	if (is == SHOWN)
		doctor_found(d, HEALTH_OK, "web", NULL, "answers at %s port %s",
		    at, service);
	else if (is == SHOWN_OTHER)
		doctor_found(d, HEALTH_CRITICAL, "web",
		    "systemctl restart saqta-web",
		    "who answers at %s port %s shows another certificate than "
		    "%s: saqta-web takes a new one when it starts; if that "
		    "changes nothing, another program has the port (%s)",
		    at, service, crt, mend); /* crt: it was compared */
	else
		doctor_found(d, HEALTH_CRITICAL, "web", mend,
		    "the port is taken: who answers at %s port %s is not "
		    "saqta-web; stop that program, or name another port "
		    "([web] port)",
		    at, service);
	return is;
}

#define CREDSTORE "/etc/credstore.encrypted/"
#define TLS_CRT "saqta-web.tls.crt"
#define TLS_KEY "saqta-web.tls.key"

/* Is it a credential of web's unit, which counts before a file? */
static bool is_sealed(const char *name)
{
	char path[128], given[128];

	snprintf(path, sizeof(path), CREDSTORE "%s", name);
	snprintf(given, sizeof(given), "/run/credentials/saqta-web.service/%s",
	    name);
	return access(path, F_OK) == 0 || access(given, F_OK) == 0;
}

/* In days: of what browsers get, else of the file that saqta-web would take. */
static void certificate(struct doctor *d)
{
	char path[256], mend[512];
	const char *more = "";
	enum shown shown;
	long days;
	bool crt = is_sealed(TLS_CRT); /* then that counts */

	snprintf(path, sizeof(path), "%s/tls.crt", d->conf->web_state);
	if (crt) {
		snprintf(path, sizeof(path), CREDSTORE TLS_CRT);
		snprintf(mend, sizeof(mend),
		    "systemd-creds encrypt --name=" TLS_CRT " NEW.crt %s && "
		    "systemctl restart saqta-web",
		    path);
	} else if (is_sealed(TLS_KEY)) {
		snprintf(mend, sizeof(mend),
		    "install -m 644 NEW.crt %s && systemctl restart saqta-web",
		    path);
	} else {
		/* both: one alone is refused, for it may be its owner's */
		snprintf(mend, sizeof(mend),
		    "rm %s %s/tls.key && systemctl restart saqta-web", path,
		    d->conf->web_state);
		more = ", or let saqta-web make one";
	}
	shown = port(d, crt ? NULL : path, &days);
	if (crt && shown != SHOWN)
		return; /* only systemd opens it */
	if (!crt && access(path, R_OK) < 0)
		doctor_found(d, HEALTH_WARNING, "certificate",
		    "systemctl restart saqta-web", "%s: %s%s", path,
		    strerror(errno),
		    *more ? "; saqta-web makes one where there is none" : "");
	else if (shown != SHOWN && !certificate_days(path, &days))
		doctor_found(d, HEALTH_CRITICAL, "certificate", mend,
		    "%s is no certificate; put yours there%s", path, more);
	else if (days < 0)
		doctor_found(d, HEALTH_CRITICAL, "certificate", mend,
		    "%s ended %ld days ago: browsers refuse it; put a new one "
		    "there%s",
		    path, -days, more);
	else if (days < CERTIFICATE_DAYS)
		doctor_found(d, HEALTH_WARNING, "certificate", mend,
		    "%s ends in %ld days; put a new one there%s", path, days,
		    more);
	else
		doctor_found(d, HEALTH_OK, "certificate", NULL,
		    "good for %ld days", days);
}

static void time_source(struct doctor *d)
{
	if (utc_state() == CLOCK_SYNCED)
		doctor_found(d, HEALTH_OK, "clock", NULL,
		    "the kernel calls it synchronised");
	else
		doctor_found(d, HEALTH_WARNING, "clock",
		    "timedatectl set-ntp true",
		    "not synchronised: footage is flagged so; name a time "
		    "server of the bank's network (systemd-timesyncd, chrony)");
}

#define BACKUP_OLD_NS (2 * 86400 * NS_PER_SEC)
#define BACKUP_NOW                                      \
	"systemctl enable --now saqta-backup.timer && " \
	"systemctl start saqta-backup"
/* Where its unit may write without a drop-in. */
#define BACKUP_BEGIN                                                \
	"install -d -o saqta-storage -m 700 /var/backups/saqta && " \
	"printf '[storage]\\nbackup = /var/backups/saqta\\n' "      \
	">/etc/saqta/conf.d/backup.conf && " BACKUP_NOW

static void backup(struct doctor *d)
{
	const char *dir = d->conf->backup;
	int64_t made, days;

	if (!strcmp(dir, "none")) {
		doctor_found(d, HEALTH_WARNING, "backup", BACKUP_BEGIN,
		    "none is made: a new system disk would begin without "
		    "configuration, a new data disk without people; best on "
		    "another machine ([storage] backup)");
		return;
	}
	made = backup_newest(dir, 0);
	days = made == INT64_MIN ? 0 :
				   (utc_now().ns - made) / (86400 * NS_PER_SEC);
	if (made == INT64_MIN)
		doctor_found(d, HEALTH_WARNING, "backup", BACKUP_NOW,
		    "there is none in %s", dir);
	else if (utc_now().ns - made > BACKUP_OLD_NS)
		doctor_found(d, HEALTH_WARNING, "backup", BACKUP_NOW,
		    "the newest in %s is %lld days old: look at journalctl -u "
		    "saqta-backup",
		    dir, (long long)days);
	else
		doctor_found(d, HEALTH_OK, "backup", NULL,
		    "the newest in %s is of the last two days", dir);
}

void doctor_host(struct doctor *d)
{
	swap(d);
	raid(d);
	smart(d);
	time_source(d);
	doctor_site(d);
	certificate(d);
	backup(d);
}

static bool same_file(const char *a, const char *b)
{
	FILE *f = fopen(a, "re"), *g = fopen(b, "re");
	bool same = f && g;
	int c = 0;

	while (same && c != EOF) {
		c = getc(f);
		same = c == getc(g);
	}
	if (f)
		fclose(f);
	if (g)
		fclose(g);
	return same;
}

/* A copy is written a moment after the keyring: look again before saying so. */
static bool copied(const char *data, const char *volume)
{
	static const char *const files[] = {"keyring.age", "keyring-b.age"};
	char a[256], b[256];
	bool same = false;

	for (int again = 0; !same && again < 3; again++) {
		if (again)
			sleep(1);
		same = true;
		for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
			snprintf(a, sizeof(a), "%s/keyring/%s", data, files[i]);
			snprintf(b, sizeof(b), "%s/keyring/%s", volume,
			    files[i]);
			same = same && (access(a, F_OK) < 0 || same_file(a, b));
		}
	}
	return same;
}

static void volume(struct doctor *d, const json_t *v)
{
	const char *path = json_text_of(v, "path");
	const char *state = json_text_of(v, "state");
	struct stat st;
	char check[32], number[32], mend[320];

	snprintf(check, sizeof(check), "volume %lld",
	    json_number_of(v, "number"));
	if (!strcmp(state, "away") && !unit_may_write(d->conf, path)) {
		doctor_found(d, HEALTH_CRITICAL, check,
		    "systemctl edit saqta-storage",
		    "the unit of saqta-storage may not write to %s: add "
		    "[Service] and ReadWritePaths=%s there, and restart it; or "
		    "mount the disk below /srv/saqta and saqta volume add it "
		    "again",
		    path, path);
		return;
	}
	if (!strcmp(state, "away")) {
		snprintf(mend, sizeof(mend), "mount %s", path);
		doctor_found(d, HEALTH_CRITICAL, check, mend,
		    "%s is not here, or another disk is: mount it, and its "
		    "footage is there again; only if it is broken, give it "
		    "up: saqta volume replace --reason TEXT %lld NEWPATH",
		    path, json_number_of(v, "number"));
		return;
	}
	if (json_number_of(v, "number") && !copied(d->conf->data, path))
		doctor_found(d, HEALTH_CRITICAL, check,
		    "systemctl restart saqta-storage",
		    "%s: its copy of the keyring is not the keyring", path);
	else if (stat(path, &st) < 0)
		doctor_found(d, HEALTH_CRITICAL, check, "saqta volume list",
		    "%s: %s", path, strerror(errno));
	else {
		number_of(st.st_dev, number, sizeof(number));
		doctor_found(d, HEALTH_OK, check, NULL, "%s: %s, %s", path,
		    state,
		    is_encrypted(number, 0) ?
			"on an encrypted disk" :
			"not on LUKS: names, times and reasons lie there "
			"in clear");
	}
}

void doctor_volumes(struct doctor *d, const json_t *status)
{
	const json_t *all =
	    json_object_get(json_object_get(status, "storage"), "volumes");
	struct stat data, copy;
	const json_t *v;

	for (size_t i = 0; (v = json_array_get(all, i)); i++)
		volume(d, v);
	if (json_array_size(all) > 1 || stat(d->conf->data, &data) < 0)
		return;
	if (stat(d->conf->ledger_copy, &copy) < 0 || data.st_dev == copy.st_dev)
		doctor_found(d, HEALTH_WARNING, "ledger copy", NULL,
		    "[storage] ledger_copy = %s is not on another disk: a "
		    "ledger lost with this one would not be noticed by its "
		    "copy",
		    d->conf->ledger_copy);
	else
		doctor_found(d, HEALTH_OK, "ledger copy", NULL, "%s",
		    d->conf->ledger_copy);
}
