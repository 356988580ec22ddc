#include "storage/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/utc.h"
#include "storage/disk.h"

#define SITE_MAX 4096

enum err site_write(int data_fd, const struct site *s)
{
	char text[SITE_MAX], paper[RECIPIENT_TEXT], key[B64_LEN(KEY_BYTES)];
	int n;

	recipient_format(&s->paper, paper);
	n = snprintf(text, sizeof(text),
	    "origin %s\nzone %s\npaper %s\ncreated %lld\n", s->origin, s->zone,
	    paper, (long long)s->created_ns);
	for (size_t i = 0; i < s->paper_n; i++) {
		b64_encode(s->paper_sign[i], KEY_BYTES, true, key);
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    "paper-sign-%zu %s\n", i, key);
	}
	return disk_replace(data_fd, ".", "site", text, (size_t)n);
}

/* The value after "key ", up to the line's end; "" where the key is absent. */
static void value(const char *text, const char *key, char *ret, size_t room)
{
	size_t n = strlen(key);

	*ret = '\0';
	while (text) {
		if (!strncmp(text, key, n) && text[n] == ' ') {
			text += n + 1;
			snprintf(ret, room, "%.*s", (int)strcspn(text, "\n"),
			    text);
			return;
		}
		text = strchr(text, '\n');
		if (text)
			text++;
	}
}

enum err site_read(int data_fd, struct site *ret)
{
	char text[SITE_MAX], paper[128], created[32];
	struct site s = {0};
	size_t n;
	enum err err = disk_read(data_fd, "site", text, sizeof(text) - 1, &n);

	if (err)
		return err;
	text[n] = '\0';
	value(text, "origin", s.origin, sizeof(s.origin));
	value(text, "zone", s.zone, sizeof(s.zone));
	value(text, "paper", paper, sizeof(paper));
	value(text, "created", created, sizeof(created));
	s.created_ns = strtoll(created, NULL, 10);
	for (size_t i = 0; i < PAPER_KEYS_MAX; i++) {
		char name[16], key[B64_LEN(KEY_BYTES)];

		snprintf(name, sizeof(name), "paper-sign-%zu", i);
		value(text, name, key, sizeof(key));
		if (!*key)
			break;
		if (b64_decode(key, strlen(key), true, s.paper_sign[i],
			KEY_BYTES, &n) ||
		    n != KEY_BYTES)
			return ERR_FORMAT;
		s.paper_n++;
	}
	if (!*s.origin || !*s.zone || recipient_parse(paper, &s.paper))
		return ERR_FORMAT;
	*ret = s;
	return OK;
}

char *path_day(const char *camera, const char *day, char *buf, size_t n)
{
	snprintf(buf, n, "footage/%s/%.4s/%.2s/%.2s", camera, day, day + 5,
	    day + 8);
	return buf;
}

static char *path_of(const char *camera, const char *day, int64_t start_ns,
    uint64_t seq, const char *what, char *buf, size_t n)
{
	char dir[96], start[24];

	snprintf(buf, n, "%s/%s-%08llu.%s",
	    path_day(camera, day, dir, sizeof(dir)),
	    utc_basic((struct utc){start_ns}, start, sizeof(start)),
	    (unsigned long long)seq, what);
	return buf;
}

char *path_segment(const char *camera, const char *day, int64_t start_ns,
    uint64_t seq, char *buf, size_t n)
{
	return path_of(camera, day, start_ns, seq, "mp4.age", buf, n);
}

char *path_tail(const char *camera, const char *day, int64_t start_ns,
    uint64_t seq, char *buf, size_t n)
{
	return path_of(camera, day, start_ns, seq, "tail.age", buf, n);
}

char *path_slot(const char *camera, const char *day, int64_t start_ns,
    uint64_t seq, unsigned slot, char *buf, size_t n)
{
	return path_of(camera, day, start_ns, seq, slot ? "tail1" : "tail0",
	    buf, n);
}

char *path_journal(const char *camera, const char *day, char *buf, size_t n)
{
	char dir[96];

	snprintf(buf, n, "%s/journal", path_day(camera, day, dir, sizeof(dir)));
	return buf;
}
