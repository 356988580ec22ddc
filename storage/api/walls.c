#include "storage/api/walls.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/api/notify.h"

#define WHAT_MAX (CONFIG_PATH_MAX + 64)

static bool has_capability(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capget, &head, data) == 0 &&
	    (data[0].effective || data[1].effective);
}

/* Asked by a netlink socket: where no such socket may be made, there is none. */
static bool has_network(void)
{
	struct ifaddrs *all;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (struct ifaddrs *a = all; a && !found; a = a->ifa_next)
		found = a->ifa_flags & IFF_UP && !(a->ifa_flags & IFF_LOOPBACK);
	freeifaddrs(all);
	return found;
}

static bool opens(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* What it can do and must not, in words; false: nothing. */
static bool could(const struct config *c, unsigned walls, char what[WHAT_MAX])
{
	const struct {
		unsigned wall;
		const char *dir;
	} dirs[] = {{WALL_DATA, c->data}, {WALL_RECORDER, c->recorder_state},
	    {WALL_WEB, c->web_state}};

	if (!geteuid() || has_capability()) {
		snprintf(what, WHAT_MAX, "it runs as root");
		return true;
	}
	if (walls & WALL_NETWORK && has_network()) {
		snprintf(what, WHAT_MAX, "it can reach a network");
		return true;
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (walls & dirs[i].wall && opens(dirs[i].dir)) {
			snprintf(what, WHAT_MAX, "it can look into %s",
			    dirs[i].dir);
			return true;
		}
	return false;
}

enum err walls_check(const struct config *c, const char *unit, unsigned walls)
{
	char what[WHAT_MAX];

	if (!could(c, walls, what))
		return OK;
	if (c->demo) {
		log_info("%s, and only a demonstration may", what);
		return OK;
	}
	notify_cannot("start-walls",
	    "%s, which it must not: started as systemctl start %s does, "
	    "it cannot; systemctl cat %s shows what was changed there, ls -ld "
	    "whom a directory belongs to",
	    what, unit, unit);
	return ERR_DENIED;
}
