/*
 * clip.h - recordings made by ffmpeg at test time, for tests: fragmented MP4
 * as the recorder writes it, split into init part and fragments.
 */
#ifndef SAQTA_TEST_CLIP_H
#define SAQTA_TEST_CLIP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define CLIP_FRAGMENTS 64

struct clip {
	char path[64];
	unsigned char *p;
	size_t n;
	size_t init_n;
	size_t fragments;
	struct {
		size_t off, n;
	} fragment[CLIP_FRAGMENTS];
};

static inline uint32_t clip_u32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Run a command and return what it prints; it must succeed. */
static inline char *clip_output(const char *command)
{
	FILE *f = popen(command, "r");
	char *out = NULL;
	size_t n = 0;
	ssize_t got;

	assert_non_null(f);
	got = getdelim(&out, &n, '\0', f);
	if (pclose(f) != 0)
		fail_msg("%s: failed", command);
	if (got < 0) {
		free(out);
		out = strdup("");
	}
	assert_non_null(out);
	return out;
}

static inline void clip_read(const char *path, unsigned char **ret, size_t *n)
{
	FILE *f = fopen(path, "rb");
	long size;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	rewind(f);
	assert_true(size > 0);
	*ret = malloc((size_t)size);
	assert_non_null(*ret);
	*n = fread(*ret, 1, (size_t)size, f);
	assert_int_equal(*n, size);
	fclose(f);
}

static inline void clip_split(struct clip *c)
{
	size_t at = 0;

	c->init_n = c->fragments = 0;
	while (at < c->n) {
		size_t size = clip_u32(c->p + at);
		const unsigned char *type = c->p + at + 4;

		assert_true(size >= 8 && size <= c->n - at);
		if (!memcmp(type, "moof", 4)) {
			assert_true(c->fragments < CLIP_FRAGMENTS);
			c->fragment[c->fragments].off = at;
			c->fragment[c->fragments++].n = size;
		} else if (!memcmp(type, "mdat", 4)) {
			c->fragment[c->fragments - 1].n += size;
		} else {
			assert_int_equal(c->fragments, 0);
			c->init_n = at + size;
		}
		at += size;
	}
}

/* how: encoder options, such as "-c:v libx264 -bf 0". */
static inline void clip_make(struct clip *c, const char *how)
{
	char command[512];
	int fd;

	memset(c, 0, sizeof(*c));
	strcpy(c->path, "/tmp/saqta-clip-XXXXXX");
	fd = mkstemp(c->path);
	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command),
	    "ffmpeg -nostdin -v error -y -f lavfi -i "
	    "testsrc2=s=192x144:r=25:d=4 -pix_fmt yuv420p %s -g 25 "
	    "-video_track_timescale 90000 -movflags "
	    "frag_keyframe+empty_moov+default_base_moof+skip_trailer "
	    "-f mp4 %s",
	    how, c->path);
	free(clip_output(command));
	clip_read(c->path, &c->p, &c->n);
	clip_split(c);
}

static inline void clip_free(struct clip *c)
{
	unlink(c->path);
	free(c->p);
	c->p = NULL;
}

#define CLIP_H264 "-c:v libx264 -preset veryfast -bf 0"
#define CLIP_H264_B "-c:v libx264 -preset veryfast -bf 2"
#define CLIP_H265                                      \
	"-c:v libx265 -preset ultrafast -x265-params " \
	"log-level=error:bframes=2:keyint=25 -tag:v hvc1"

#endif
