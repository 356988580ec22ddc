#include "storage/volume.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "storage/api/utc.h"
#include "storage/crypt.h"
#include "storage/disk.h"
#include "storage/site.h"

#define FILE_MAX 512
#define LIST_MAX (VOLUMES_USED * VOLUME_PATH + VOLUMES_MAX * (VOLUME_UUID + 8))
#define LOST "-" /* instead of a path: it was given up */
#define RETRY_NS (5 * NS_PER_SEC)
#define RETRY_FAILED_NS (60 * NS_PER_SEC)

static struct {
	struct volume v[VOLUMES_MAX];
	unsigned n;
	char origin[128];
	bool writing;
} set;

/* The file `volume`: who it is, in three lines. */
struct mark {
	unsigned number;
	char uuid[VOLUME_UUID], origin[128];
};

static void uuid_make(char ret[VOLUME_UUID])
{
	unsigned char b[16];

	crypt_random(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40); /* RFC 9562, version 4 */
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(ret, VOLUME_UUID,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
}

static bool uuid_ok(const char *s)
{
	return strlen(s) == VOLUME_UUID - 1 &&
	    strspn(s, "0123456789abcdef-") == VOLUME_UUID - 1;
}

static enum err mark_read(int fd, struct mark *ret)
{
	char text[FILE_MAX];
	struct mark m;
	size_t n;
	enum err err = disk_read(fd, "volume", text, sizeof(text) - 1, &n);

	if (err)
		return err == ERR_TOO_LARGE ? ERR_FORMAT : err;
	text[n] = '\0';
	if (sscanf(text, "uuid %36s\norigin %127s\nnumber %u\n", m.uuid,
		m.origin, &m.number) != 3 ||
	    !uuid_ok(m.uuid))
		return ERR_FORMAT;
	*ret = m;
	return OK;
}

static enum err mark_write(int fd, const struct mark *m)
{
	char text[FILE_MAX];
	int n = snprintf(text, sizeof(text), "uuid %s\norigin %s\nnumber %u\n",
	    m->uuid, m->origin, m->number);

	return disk_replace(fd, ".", "volume", text, (size_t)n);
}

/* Is a file system mounted on this directory? Else its device is the parent's. */
static bool is_mounted(int fd)
{
	struct stat here, above;

	return fstat(fd, &here) == 0 && fstatat(fd, "..", &above, 0) == 0 &&
	    here.st_dev != above.st_dev;
}

static bool is_read_only(int fd)
{
	struct statvfs v;

	return fstatvfs(fd, &v) == 0 && v.f_flag & ST_RDONLY;
}

static int open_mounted(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && !is_mounted(fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Open what is at the path of v, if it is v: asked through the descriptor. */
static enum err look(const struct volume *v, int *ret_fd)
{
	int fd = v->lost ? -1 : open_mounted(v->path);
	struct mark m;
	enum err err;

	if (fd < 0)
		return ERR_NOT_FOUND;
	err = mark_read(fd, &m);
	if (err == ERR_NOT_FOUND || err == ERR_FORMAT ||
	    (!err && (strcmp(m.uuid, v->uuid) || strcmp(m.origin, set.origin))))
		err = ERR_INTEGRITY;
	if (!err && set.writing && is_read_only(fd))
		err = ERR_DISK;
	if (err)
		close(fd);
	else
		*ret_fd = fd;
	return err;
}

/* Those given up keep their numbers, but take nobody's place. */
static unsigned used(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < set.n; i++)
		n += !set.v[i].lost;
	return n;
}

static enum err list_read(int data_fd)
{
	static char text[LIST_MAX + 1];
	char *line, *rest = text;
	size_t n;
	enum err err = disk_read(data_fd, "volumes", text, LIST_MAX, &n);

	if (err)
		return err == ERR_NOT_FOUND ? OK :
		    err == ERR_TOO_LARGE    ? ERR_FORMAT :
					      err;
	text[n] = '\0';
	while ((line = strsep(&rest, "\n")) && *line) {
		struct volume *v = &set.v[set.n];

		if (set.n == VOLUMES_MAX)
			return ERR_FORMAT;
		*v = (struct volume){.fd = -1, .why = ERR_NOT_FOUND};
		if (sscanf(line, "%u %36s %159s", &v->number, v->uuid,
			v->path) != 3 ||
		    !uuid_ok(v->uuid) ||
		    (*v->path != '/' && strcmp(v->path, LOST) != 0) ||
		    v->number <= set.v[set.n - 1].number)
			return ERR_FORMAT;
		v->lost = *v->path != '/';
		set.n++;
	}
	return used() > VOLUMES_USED ? ERR_FORMAT : OK;
}

static enum err list_write(void)
{
	char text[LIST_MAX + 1] = "";
	size_t at = 0;

	for (unsigned i = 1; i < set.n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
		    "%u %s %s\n", set.v[i].number, set.v[i].uuid,
		    set.v[i].lost ? LOST : set.v[i].path);
	return disk_replace(set.v[0].fd, ".", "volumes", text, at);
}

enum err volumes_open(int data_fd, const char *data, const char *origin,
    bool writing)
{
	struct mark m = {0};
	enum err err;

	volumes_close();
	set.writing = writing;
	snprintf(set.origin, sizeof(set.origin), "%s", origin);
	set.n = 1;
	set.v[0] = (struct volume){.fd = data_fd};
	snprintf(set.v[0].path, sizeof(set.v[0].path), "%s", data);
	err = mark_read(data_fd, &m);
	if (err == ERR_NOT_FOUND) {
		uuid_make(m.uuid);
		snprintf(m.origin, sizeof(m.origin), "%s", origin);
		err = writing ? mark_write(data_fd, &m) : OK;
	}
	if (!*origin && !err)
		memcpy(set.origin, m.origin, sizeof(m.origin));
	if (!err && m.number) /* a further volume, mounted in its place */
		err = ERR_FORMAT;
	memcpy(set.v[0].uuid, m.uuid, sizeof(m.uuid));
	if (!err)
		err = list_read(data_fd);
	for (unsigned i = 0; !err && i < set.n; i++) {
		if (i && writing)
			set.v[i].why = look(&set.v[i], &set.v[i].fd);
		volume_measure(i);
	}
	return err;
}

void volumes_close(void)
{
	for (unsigned i = 1; i < set.n; i++)
		if (set.v[i].fd >= 0)
			close(set.v[i].fd);
	memset(&set, 0, sizeof(set));
}

unsigned volumes_count(void)
{
	return set.n;
}

const struct volume *volume_at(unsigned i)
{
	return &set.v[i];
}

static struct volume *find(unsigned number)
{
	for (unsigned i = 0; i < set.n; i++)
		if (set.v[i].number == number)
			return &set.v[i];
	return NULL;
}

const struct volume *volume_find(unsigned number)
{
	return find(number);
}

int volume_fd(int data_fd, unsigned number)
{
	const struct volume *v = number ? find(number) : NULL;

	if (!number)
		return data_fd;
	return v ? v->fd : -1;
}

enum err volume_open_dir(int data_fd, unsigned number, int *ret)
{
	const struct volume *v = number ? find(number) : NULL;
	int fd = number && v ? v->fd : data_fd;
	enum err err = OK;

	if (number && !v)
		return ERR_AWAY;
	if (number && !set.writing)
		err = look(v, ret);
	else if (fd < 0)
		err = ERR_AWAY;
	else
		*ret = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	if (err)
		return ERR_AWAY;
	return *ret < 0 ? ERR_SYS : OK;
}

enum err volume_open_read(int data_fd, unsigned number, const char *path,
    int *ret_fd, uint64_t *ret_size)
{
	int dir = -1;
	enum err err = volume_open_dir(data_fd, number, &dir);

	if (err)
		return err;
	err = disk_open_read(dir, path, ret_fd, ret_size);
	close(dir);
	return err;
}

bool volume_present(unsigned number)
{
	const struct volume *v = number ? find(number) : NULL;
	int fd = -1;

	if (!number)
		return true;
	if (!v || (set.writing && v->fd < 0))
		return false;
	if (set.writing)
		return true;
	if (look(v, &fd))
		return false;
	close(fd);
	return true;
}

static bool same_device(int fd)
{
	struct stat a, b;

	if (fstat(fd, &a) < 0)
		return true;
	for (unsigned i = 0; i < set.n; i++)
		if (set.v[i].fd >= 0 && fstat(set.v[i].fd, &b) == 0 &&
		    a.st_dev == b.st_dev)
			return true;
	return false;
}

static bool has_place(void)
{
	return used() < VOLUMES_USED && set.n < VOLUMES_MAX;
}

/* Which number a volume at fd gets: the one it bears, or the next. */
static enum err number_of(int fd, struct mark *m)
{
	const struct volume *taken;
	enum err err = mark_read(fd, m);

	if (err == ERR_NOT_FOUND && !has_place())
		return ERR_TOO_LARGE;
	if (err == ERR_NOT_FOUND) {
		uuid_make(m->uuid);
		snprintf(m->origin, sizeof(m->origin), "%s", set.origin);
		m->number = set.v[set.n - 1].number + 1;
		return mark_write(fd, m);
	}
	if (err)
		return err == ERR_FORMAT ? ERR_INTEGRITY : err;
	if (strcmp(m->origin, set.origin) || !m->number)
		return ERR_INTEGRITY;
	taken = find(m->number);
	if (taken)
		return strcmp(taken->uuid, m->uuid) ? ERR_INTEGRITY :
						      ERR_EXISTS;
	return has_place() ? OK : ERR_TOO_LARGE;
}

/* One that is away stands here now: volume_watch() takes it back. */
static enum err moved(unsigned number, const char *path, int fd)
{
	struct volume *v = find(number), was;
	enum err err;

	if (!v || v->lost || v->fd >= 0 || is_read_only(fd))
		return ERR_EXISTS;
	was = *v;
	memcpy(v->path, path, strlen(path) + 1);
	v->retry_ns = 0;
	err = list_write();
	if (err)
		*v = was;
	return err;
}

static void insert(const struct volume *v)
{
	unsigned i = set.n++;

	for (; i > 1 && set.v[i - 1].number > v->number; i--)
		set.v[i] = set.v[i - 1];
	set.v[i] = *v;
}

static void take_out(unsigned number)
{
	unsigned i = 1;

	while (set.v[i].number != number)
		i++;
	memmove(&set.v[i], &set.v[i + 1],
	    (size_t)(--set.n - i) * sizeof(set.v[0]));
}

/* Mounted, but not for us to look into: its parent tells. */
static bool is_closed_mount(const char *path)
{
	char above[VOLUME_PATH];
	struct stat here, there;
	char *end;

	snprintf(above, sizeof(above), "%s", path);
	end = strrchr(above, '/');
	end[end == above] = '\0';
	return access(path, R_OK | X_OK) < 0 && !stat(path, &here) &&
	    !stat(above, &there) && here.st_dev != there.st_dev;
}

enum err volume_add(const char *path, unsigned *ret_number)
{
	struct volume v = {.fd = -1};
	struct mark m = {.number = 0};
	enum err err = OK;

	if (*path != '/' || strlen(path) >= sizeof(v.path) ||
	    strpbrk(path, " \t\n"))
		return ERR_INVALID;
	v.fd = open_mounted(path);
	if (v.fd < 0)
		return is_closed_mount(path) ? ERR_DENIED : ERR_NOT_FOUND;
	if (same_device(v.fd))
		err = ERR_EXISTS;
	if (!err &&
	    (is_read_only(v.fd) ||
		faccessat(v.fd, ".", W_OK | X_OK, AT_EACCESS) < 0))
		err = ERR_DENIED;
	if (!err)
		err = number_of(v.fd, &m);
	if (err == ERR_EXISTS && m.number) {
		err = moved(m.number, path, v.fd);
		close(v.fd);
		if (!err)
			*ret_number = m.number;
		return err;
	}
	if (!err) {
		v.number = m.number;
		memcpy(v.uuid, m.uuid, sizeof(v.uuid));
		memcpy(v.path, path, strlen(path) + 1);
		insert(&v);
		err = list_write();
		if (err)
			take_out(v.number);
	}
	if (err) {
		close(v.fd);
		return err;
	}
	for (unsigned i = 0; i < set.n; i++)
		volume_measure(i);
	*ret_number = v.number;
	return OK;
}

const struct volume *volume_at_path(const char *path)
{
	struct stat a, b;
	int fd = open_mounted(path);
	const struct volume *found = NULL;

	if (fd < 0)
		return NULL;
	for (unsigned i = 1; i < set.n && fstat(fd, &a) == 0; i++)
		if (set.v[i].fd >= 0 && fstat(set.v[i].fd, &b) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			found = &set.v[i];
	close(fd);
	return found;
}

bool volume_is_away(unsigned number)
{
	const struct volume *v = number ? find(number) : NULL;

	return number && (!v || (v->fd < 0 && !v->lost));
}

enum err volume_give_up(unsigned number)
{
	struct volume *v = number ? find(number) : NULL;
	enum err err;

	if (!v)
		return ERR_NOT_FOUND;
	if (v->lost || v->fd >= 0)
		return ERR_EXISTS;
	v->lost = true;
	err = list_write();
	if (err)
		v->lost = false;
	else
		v->free_bytes = v->total_bytes = 0;
	return err;
}

static void drop(struct volume *v, enum err why, int64_t retry_ns)
{
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
	v->why = why;
	v->retry_ns = retry_ns;
}

/* Does its path still lead to what we hold open? */
static bool still_there(const struct volume *v)
{
	struct stat held, named;

	return fstat(v->fd, &held) == 0 && stat(v->path, &named) == 0 &&
	    held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

bool volume_watch(unsigned i, int64_t mono_ns)
{
	struct volume *v = &set.v[i];

	if (!i || v->lost)
		return false;
	if (v->fd >= 0) {
		if (!still_there(v))
			drop(v, ERR_NOT_FOUND, mono_ns + RETRY_NS);
		else if (is_read_only(v->fd))
			drop(v, ERR_DISK, mono_ns + RETRY_NS);
		return v->fd < 0;
	}
	if (mono_ns < v->retry_ns)
		return false;
	v->retry_ns = mono_ns + RETRY_NS;
	v->why = look(v, &v->fd);
	return v->fd >= 0;
}

void volume_failed(unsigned number, int64_t mono_ns)
{
	struct volume *v = number ? find(number) : NULL;

	if (v)
		drop(v, ERR_DISK, mono_ns + RETRY_FAILED_NS);
}

void volume_measure(unsigned i)
{
	struct volume *v = &set.v[i];
	struct statvfs s;

	if (v->fd < 0 || fstatvfs(v->fd, &s) < 0)
		return;
	v->free_bytes = (uint64_t)s.f_bavail * s.f_frsize;
	v->total_bytes = (uint64_t)s.f_blocks * s.f_frsize;
	v->free_inodes = s.f_files ? s.f_favail : UINT64_MAX;
}

bool volume_below(const struct volume *v, uint64_t bytes)
{
	return v->free_bytes < bytes || v->free_inodes < VOLUME_INODES;
}

enum err volume_choose(const char *camera, const char *day, uint64_t reserve,
    unsigned *ret_number)
{
	const struct volume *best = NULL;
	char path[160];

	path_journal(camera, day, path, sizeof(path));
	for (unsigned i = 0; i < set.n; i++) {
		const struct volume *v = &set.v[i];

		if (v->fd < 0 || volume_below(v, reserve))
			continue;
		if (!volume_below(v, reserve + reserve / 8) &&
		    faccessat(v->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
			best = v;
			break;
		}
		if (!best || v->free_bytes > best->free_bytes)
			best = v;
	}
	if (!best)
		return ERR_DISK_FULL;
	*ret_number = best->number;
	return OK;
}
