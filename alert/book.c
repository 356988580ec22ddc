#include "alert/book.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD "saqta alerts v1"
#define FIELDS 11

static bool known(const struct incident *list, size_t n,
    const struct incident *i)
{
	for (size_t k = 0; k < n; k++)
		if (incident_same(&list[k], i))
			return true;
	return false;
}

static void drop(struct book *b, size_t i)
{
	memmove(&b->queue[i], &b->queue[i + 1],
	    (--b->queue_n - i) * sizeof(b->queue[0]));
	b->changed = true;
}

static void put(struct book *b, enum event event, unsigned to, int64_t at,
    const struct incident *i)
{
	struct message *m;

	if (b->queue_n == QUEUE_MAX)
		drop(b, 0);
	m = &b->queue[b->queue_n++];
	*m = (struct message){++b->last_id, event, to, at, {.n = -1}};
	if (i)
		m->i = *i;
	b->changed = true;
}

size_t book_update(struct book *b, const struct incident *now, size_t n,
    unsigned to, int64_t at)
{
	uint64_t before = b->last_id;

	for (size_t i = 0; i < n; i++)
		if (!known(b->open, b->open_n, &now[i]))
			put(b, EVENT_OPENED, to, at, &now[i]);
	for (size_t i = 0; i < b->open_n; i++)
		if (!known(now, n, &b->open[i]))
			put(b, EVENT_CLOSED, to, at, &b->open[i]);
	for (size_t i = 0; i < n; i++)
		b->open[i] = now[i];
	b->open_n = n;
	return (size_t)(b->last_id - before);
}

size_t book_add(struct book *b, const struct incident *own, unsigned to,
    int64_t at)
{
	if (known(b->open, b->open_n, own) || b->open_n == INCIDENTS_MAX)
		return 0;
	put(b, EVENT_OPENED, to, at, own);
	b->open[b->open_n++] = *own;
	return 1;
}

void book_digest(struct book *b, int64_t day, unsigned to, int64_t at)
{
	if (b->digest_day == day)
		return;
	b->digest_day = day;
	put(b, EVENT_DIGEST, to, at, NULL);
}

bool book_sent(struct book *b, size_t i, unsigned to)
{
	b->queue[i].to &= ~to;
	b->changed = true;
	if (b->queue[i].to)
		return false;
	drop(b, i);
	return true;
}

/* Fields are separated by tabs, which these texts do not keep. */
static void print_text(FILE *f, const char *s)
{
	putc('\t', f);
	for (; *s; s++)
		putc((unsigned char)*s < ' ' ? ' ' : *s, f);
}

static void print_incident(FILE *f, const struct incident *i)
{
	print_text(f, i->kind);
	print_text(f, i->of);
	print_text(f, i->detail);
	print_text(f, i->since);
	fprintf(f, "\t%lld\t%d\n", i->n, i->critical);
}

enum err book_write(const char *path, struct book *b)
{
	char tmp[512];
	FILE *f;
	bool ok;

	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	f = fopen(tmp, "we");
	if (!f)
		return ERR_DISK;
	fprintf(f, HEAD "\t%" PRIu64 "\t%" PRId64 "\n", b->last_id,
	    b->digest_day);
	for (size_t i = 0; i < b->open_n; i++) {
		fprintf(f, "open\t0\t0\t0\t0");
		print_incident(f, &b->open[i]);
	}
	for (size_t i = 0; i < b->queue_n; i++) {
		const struct message *m = &b->queue[i];

		fprintf(f, "tell\t%" PRIu64 "\t%d\t%u\t%" PRId64, m->id,
		    (int)m->event, m->to, m->at);
		print_incident(f, &m->i);
	}
	ok = !fflush(f) && !fsync(fileno(f));
	ok = !fclose(f) && ok && !rename(tmp, path);
	if (ok)
		b->changed = false;
	return ok ? OK : ERR_DISK;
}

static bool number(const char *s, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(s, &end, 10);
	return !errno && end != s && !*end;
}

static void get_text(char *to, size_t n, const char *from)
{
	snprintf(to, n, "%s", from);
}

/* A line's fields; false where it is none of ours. */
static bool get(struct book *b, char **f)
{
	struct incident i;
	struct message m = {0};
	int64_t id, event, to, n, critical;

	get_text(i.kind, sizeof(i.kind), f[5]);
	get_text(i.of, sizeof(i.of), f[6]);
	get_text(i.detail, sizeof(i.detail), f[7]);
	get_text(i.since, sizeof(i.since), f[8]);
	if (!number(f[1], &id) || !number(f[2], &event) ||
	    !number(f[3], &to) || !number(f[4], &m.at) ||
	    !number(f[9], &n) || !number(f[10], &critical))
		return false;
	i.n = n;
	i.critical = critical != 0;
	if (!strcmp(f[0], "open") && b->open_n < INCIDENTS_MAX) {
		b->open[b->open_n++] = i;
		return true;
	}
	if (strcmp(f[0], "tell") != 0 || b->queue_n == QUEUE_MAX ||
	    event < EVENT_OPENED || event > EVENT_DIGEST)
		return false;
	m.id = (uint64_t)id;
	m.event = (enum event)event;
	m.to = (unsigned)to & (TO_MAIL | TO_HOOK);
	m.i = i;
	b->queue[b->queue_n++] = m;
	return true;
}

static size_t split(char *line, char **f)
{
	size_t n = 0;
	char *at;

	line[strcspn(line, "\n")] = '\0';
	for (at = line; at && n < FIELDS; n++)
		f[n] = strsep(&at, "\t");
	return at ? FIELDS + 1 : n;
}

enum err book_read(const char *path, struct book *b)
{
	FILE *file = fopen(path, "re");
	char line[1024], *f[FIELDS];
	int64_t last = 0;
	bool ok;

	*b = (struct book){0};
	if (!file)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_DISK;
	ok = fgets(line, sizeof(line), file) && split(line, f) == 3 &&
	    !strcmp(f[0], HEAD) && number(f[1], &last) &&
	    number(f[2], &b->digest_day);
	while (ok && fgets(line, sizeof(line), file))
		ok = split(line, f) == FIELDS && get(b, f);
	fclose(file);
	b->last_id = (uint64_t)last;
	if (!ok)
		*b = (struct book){0};
	return ok ? OK : ERR_FORMAT;
}
