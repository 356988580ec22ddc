#include "storage/host.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/disk.h"

/* Words of others, for people: printable ASCII, no quotes, cut to the room. */
static void plain(char *to, size_t room, const char *s, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at + 1 < room; i++)
		if (s[i] >= ' ' && s[i] <= '~' && s[i] != '"' && s[i] != '\\')
			to[at++] = s[i];
	to[at] = '\0';
}

/* The next line of text, without its end, as a string of its own. */
static bool line_of(const char **p, const char *end, char *buf, size_t room)
{
	const char *nl;

	if (*p >= end)
		return false;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	nl = nl ? nl : end;
	plain(buf, room, *p, (size_t)(nl - *p));
	*p = nl + 1;
	return true;
}

void host_parse_clock(const char *text, size_t n, struct host *h)
{
	const char *end = text + n;
	char line[160], *value, *rest;

	h->synced = HOST_MAYBE;
	while (line_of(&text, end, line, sizeof(line))) {
		value = strchr(line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		if (!strcmp(line, "source"))
			plain(h->source, sizeof(h->source), value,
			    strlen(value));
		else if (!strcmp(line, "synchronised"))
			h->synced = !strcmp(value, "yes") ? HOST_YES :
			    !strcmp(value, "no")	  ? HOST_NO :
							    HOST_MAYBE;
		else if (!strcmp(line, "offset")) {
			h->offset_s = strtod(value, &rest);
			h->has_offset = rest > value && !*rest &&
			    h->offset_s > -1e9 && h->offset_s < 1e9;
		}
	}
}

/* "md0 : active raid1 sdb1[1] sda1[0](F)"; "inactive" has no level. */
static bool array_begin(const char *line, struct host_array *a)
{
	char state[16];

	*a = (struct host_array){.disks = 0};
	if (sscanf(line, "%15[a-z0-9_] : %15s %15[a-z0-9]", a->name, state,
		a->level) < 2 ||
	    strncmp(a->name, "md", 2) != 0)
		return false;
	a->active = !strcmp(state, "active");
	return a->active || !strcmp(state, "inactive");
}

/* "      1046528 blocks super 1.2 [2/1] [U_]" */
static void array_disks(const char *line, struct host_array *a)
{
	const char *p = line;
	unsigned all, up;

	while ((p = strchr(p, '['))) {
		if (sscanf(p, "[%u/%u]", &all, &up) == 2 && up <= all &&
		    all <= 1024) {
			a->disks = all;
			a->missing = all - up;
			return;
		}
		p++;
	}
}

void host_parse_mdstat(const char *text, size_t n, struct host *h)
{
	const char *end = text + n;
	struct host_array a;
	char line[512];

	h->arrays_n = 0;
	while (line_of(&text, end, line, sizeof(line))) {
		if (array_begin(line, &a)) {
			if (h->arrays_n == HOST_ARRAYS_MAX)
				return;
			h->arrays[h->arrays_n++] = a;
		} else if (h->arrays_n && line[0] == ' ' &&
		    !h->arrays[h->arrays_n - 1].disks) {
			array_disks(line, &h->arrays[h->arrays_n - 1]);
		}
	}
}

/* A number at a.b of the JSON; HOST_UNKNOWN where there is none. */
static int64_t number_at(const json_t *j, const char *a, const char *b)
{
	const json_t *v = json_object_get(j, a);

	if (b)
		v = json_object_get(v, b);
	return json_is_integer(v) && json_integer_value(v) >= 0 ?
	    json_integer_value(v) :
	    HOST_UNKNOWN;
}

/* ATA attribute 5: reallocated sectors, 197: those that wait for it. */
static void take_attributes(const json_t *j, struct host_disk *d)
{
	const json_t *all =
	    json_object_get(json_object_get(j, "ata_smart_attributes"),
		"table");
	const json_t *o;
	size_t i;

	json_array_foreach(all, i, o)
	{
		int64_t raw = number_at(o, "raw", "value");

		switch (number_at(o, "id", NULL)) {
		case 5:
			d->reallocated = raw;
			break;
		case 197:
			d->pending = raw;
			break;
		default:
			break;
		}
	}
}

bool host_parse_smart(const char *text, size_t n, struct host_disk *ret)
{
	json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *passed =
	    json_object_get(json_object_get(j, "smart_status"), "passed");
	const char *model = json_string_value(json_object_get(j, "model_name"));
	struct host_disk d = {
	    .reallocated = HOST_UNKNOWN, .pending = HOST_UNKNOWN};

	d.healthy = json_is_true(passed) ? HOST_YES :
	    json_is_false(passed)	 ? HOST_NO :
					   HOST_MAYBE;
	if (model)
		plain(d.model, sizeof(d.model), model, strlen(model));
	d.celsius = number_at(j, "temperature", "current");
	d.hours = number_at(j, "power_on_time", "hours");
	d.worn_percent = number_at(j, "nvme_smart_health_information_log",
	    "percentage_used");
	take_attributes(j, &d);
	json_decref(j);
	if (d.healthy == HOST_MAYBE)
		return false;
	memcpy(d.name, ret->name, sizeof(d.name));
	*ret = d;
	return true;
}

/* A plain file of the directory, never more than the limit. */
static char *file_of(int dir, const char *name, size_t *ret_n)
{
	unsigned char *p = NULL;

	return disk_read_all(dir, name, HOST_FILE_MAX, &p, ret_n) ? NULL :
								    (char *)p;
}

static bool disk_name(const char *file, char *ret, size_t room)
{
	size_t n = strlen(file), stem = n > 11 ? n - 11 : 0;

	if (!stem || stem >= room || strncmp(file, "smart-", 6) != 0 ||
	    strcmp(file + n - 5, ".json") != 0)
		return false;
	for (size_t i = 0; i < stem; i++)
		if (!isalnum((unsigned char)file[6 + i]))
			return false;
	memcpy(ret, file + 6, stem);
	ret[stem] = '\0';
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct host_disk *)a)->name,
	    ((const struct host_disk *)b)->name);
}

static void read_disks(int dir, struct host *h)
{
	DIR *d = disk_opendir(dir, ".");
	struct dirent *e;

	while (d && (e = readdir(d)) && h->disks_n < HOST_DISKS_MAX) {
		struct host_disk *disk = &h->disks[h->disks_n];
		char *text;
		size_t n;

		if (!disk_name(e->d_name, disk->name, sizeof(disk->name)))
			continue;
		text = file_of(dir, e->d_name, &n);
		h->disks_n += text && host_parse_smart(text, n, disk);
		free(text);
	}
	if (d)
		closedir(d);
	qsort(h->disks, h->disks_n, sizeof(*h->disks), by_name);
}

static int64_t read_taken(int dir)
{
	char *text, *end;
	size_t n = 0;
	int64_t s;

	text = file_of(dir, "taken", &n);
	if (!text || n > 20) {
		free(text);
		return HOST_UNKNOWN;
	}
	text[n - (n > 0)] = '\0'; /* its line end */
	s = strtoll(text, &end, 10);
	s = end > text && !*end && s > 0 ? s : HOST_UNKNOWN;
	free(text);
	return s;
}

void host_read(const char *dir, struct host *ret)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *text;
	size_t n;

	*ret = (struct host){.taken_s = HOST_UNKNOWN, .synced = HOST_MAYBE};
	if (fd < 0)
		return;
	ret->taken_s = read_taken(fd);
	if ((text = file_of(fd, "clock", &n)))
		host_parse_clock(text, n, ret);
	free(text);
	if ((text = file_of(fd, "mdstat", &n)))
		host_parse_mdstat(text, n, ret);
	free(text);
	read_disks(fd, ret);
	close(fd);
}
