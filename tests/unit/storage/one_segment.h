/*
 * one_segment.h - a data directory with segments of real pictures being written
 * one after the other, and the program `age` to judge them, for tests.
 */
#ifndef SAQTA_TEST_ONE_SEGMENT_H
#define SAQTA_TEST_ONE_SEGMENT_H

#include <fcntl.h>

#include "tests/unit/storage/clip.h"
#include "storage/disk.h"
#include "storage/identity.h"
#include "storage/segment.h"
#include "storage/site.h"

static char data[] = "/tmp/saqta-segment-XXXXXX";
static int data_fd;
static struct clip clip;
static struct age_identity id;
static struct age_recipient to;
static struct journal_head head;
static struct segment_row row = {.camera = "cam1",
    .day = "2026-11-22",
    .start_ns = INT64_C(1795338907) * NS_PER_SEC};

static inline int set_up(void **state)
{
	char text[IDENTITY_TEXT];

	(void)state;
	if (crypt_init() || !mkdtemp(data))
		return -1;
	data_fd = open(data, O_RDONLY | O_DIRECTORY);
	clip_make(&clip, CLIP_H264);
	identity_new(&id);
	identity_recipient(&id, &to);
	identity_format(&id, text);
	return journal_head_load(data_fd, "cam1", "2026-11-22", &head) ||
	    disk_replace(data_fd, ".", "day.key", text, strlen(text));
}

static inline int tear_down(void **state)
{
	char cmd[64];

	(void)state;
	clip_free(&clip);
	close(data_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", data);
	return system(cmd);
}

static inline struct segment *begin(void)
{
	struct segment *s = NULL;

	row.seq++;
	assert_int_equal(segment_begin(data_fd, &row, &to, clip.p, clip.init_n,
			     5, 1, 1, 0, &head, &s),
	    OK);
	return s;
}

static inline void put(struct segment *s, size_t i)
{
	assert_int_equal(segment_put(s, clip.p + clip.fragment[i].off,
			     clip.fragment[i].n,
			     row.start_ns + (int64_t)i * NS_PER_SEC, NS_PER_SEC,
			     7, i ? 0 : FRAGMENT_KEY),
	    OK);
}

static inline char *segment_path(char *buf, size_t n)
{
	return path_segment("cam1", row.day, row.start_ns, row.seq, buf, n);
}

/* What `age -d` prints of a file in data; it must exit with `status`. */
static inline unsigned char *age_output_of(const char *path, int status,
    size_t *ret_n)
{
	char cmd[400], out[64];
	unsigned char *p = NULL;

	snprintf(out, sizeof(out), "%s/out", data);
	snprintf(cmd, sizeof(cmd),
	    "age -d -i %s/day.key %s/%s > %s 2>/dev/null; test $? = %d", data,
	    data, path, out, status);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(disk_read_all(AT_FDCWD, out, 1u << 30, &p, ret_n), OK);
	return p;
}

static inline unsigned char *age_output(int status, size_t *ret_n)
{
	char path[160];

	return age_output_of(segment_path(path, sizeof(path)), status, ret_n);
}

/* A slot's bytes, or NULL where there is none. */
static inline unsigned char *read_slot(unsigned slot, size_t *ret_n)
{
	char path[160];
	unsigned char *p = NULL;

	path_slot("cam1", row.day, row.start_ns, row.seq, slot, path,
	    sizeof(path));
	if (disk_read_all(data_fd, path, 1u << 20, &p, ret_n))
		return NULL;
	return p;
}

static inline void read_journal(struct journal *j)
{
	char path[128];
	unsigned char *p;
	size_t n;

	assert_int_equal(disk_read_all(data_fd,
			     path_journal("cam1", row.day, path, sizeof(path)),
			     1u << 20, &p, &n),
	    OK);
	assert_int_equal(journal_parse(p, n, "cam1", row.day, j), OK);
	assert_int_equal(j->valid_n, n);
	free(p);
}

#endif
