/*
 * host.h - what root's timer says of the machine (systemd/saqta-host): the
 * clock's source, arrays, the disks' own health. Nothing of it decides what is
 * recorded or erased; it is shown, and warned of.
 *
 * Files of others: at most 64 KiB each, 64 disks, 16 arrays; what does not
 * parse is not known. The parsers are pure.
 */
#ifndef SAQTA_HOST_H
#define SAQTA_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_DISKS_MAX 64
#define HOST_ARRAYS_MAX 16
#define HOST_FILE_MAX 65536
#define HOST_OLD_S 900			/* facts beyond that are of the past */
#define HOST_SETTING "host"		/* struct host, in the index */
#define HOST_UNKNOWN INT64_MIN		/* of a number */

enum host_yes { HOST_NO = 0, HOST_YES, HOST_MAYBE /* not known */ };

struct host_array {
	char name[16], level[16];
	unsigned disks, missing;
	bool active;
};

struct host_disk {
	char name[32], model[64];
	enum host_yes healthy;		/* SMART's own verdict */
	int64_t celsius, hours, reallocated, pending, worn_percent;
};

struct host {
	int64_t taken_s;		/* UTC seconds; HOST_UNKNOWN: no facts */
	enum host_yes synced;
	char source[64];		/* "": not known */
	double offset_s;
	bool has_offset;
	struct host_array arrays[HOST_ARRAYS_MAX];
	size_t arrays_n;
	struct host_disk disks[HOST_DISKS_MAX];
	size_t disks_n;
};

/* Lines `key value`; n bytes, as in all parsers here. */
void host_parse_clock(const char *text, size_t n, struct host *h);
/* /proc/mdstat, as the kernel's md.c prints it. */
void host_parse_mdstat(const char *text, size_t n, struct host *h);
/* `smartctl --json`; false where it says nothing of a disk's health. */
bool host_parse_smart(const char *text, size_t n, struct host_disk *ret);

/* All that the directory has; where it has none, taken_s is HOST_UNKNOWN. */
void host_read(const char *dir, struct host *ret);

#endif
