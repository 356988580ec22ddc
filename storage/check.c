#include "storage/check_state.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/site.h"
#include "storage/volume.h"

#define LATE_MAX 2 /* sealed segments that may wait for entry */

static const char *const kinds[] = {
    [NOTE] = "note", [MISSING] = "missing", [CHANGED] = "changed"};

/* Paths and our own sentences: ASCII, but names on the disk may be anything. */
static void put_json(FILE *out, const char *key, const char *s)
{
	fprintf(out, "\"%s\":", key);
	if (!s) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	for (; *s; s++) {
		unsigned char b = (unsigned char)*s;

		if (b < ' ' || b >= 0x7f || b == '"' || b == '\\')
			fprintf(out, "\\u%04x", b);
		else
			fputc(b, out);
	}
	fputc('"', out);
}

static void put_line(FILE *out, const char *s)
{
	for (; *s; s++)
		fputc((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s, out);
}

void check_say(struct check *c, enum finding kind, const char *promise,
    const char *camera, int64_t at_ns, const char *file, const char *fmt, ...)
{
	bool first = !(c->changed + c->missing + c->notes);
	char text[512], local[48] = "", utc[24] = "";
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (at_ns != NO_TIME) {
		utc_rfc3339((struct utc){at_ns}, local, sizeof(local));
		utc_basic((struct utc){at_ns}, utc, sizeof(utc));
	}
	*(kind == CHANGED	? &c->changed :
		kind == MISSING ? &c->missing :
				  &c->notes) += 1;
	if (!c->json) {
		fprintf(c->out, "%-7s %-3s %s", kinds[kind], promise,
		    camera ? camera : "-");
		if (*local)
			fprintf(c->out, " %s (%s)", local, utc);
		fputc(' ', c->out);
		put_line(c->out, file ? file : "");
		fprintf(c->out, "%s%s\n", file ? ": " : "", text);
		return;
	}
	fputs(first ? "\n{" : ",\n{", c->out);
	put_json(c->out, "kind", kinds[kind]);
	fputc(',', c->out);
	put_json(c->out, "promise", promise);
	fputc(',', c->out);
	put_json(c->out, "camera", camera);
	fputc(',', c->out);
	put_json(c->out, "time", *local ? local : NULL);
	fputc(',', c->out);
	put_json(c->out, "utc", *utc ? utc : NULL);
	fputc(',', c->out);
	put_json(c->out, "file", file);
	fputc(',', c->out);
	put_json(c->out, "text", text);
	fputc('}', c->out);
}

struct check_camera *check_camera(struct check *c, const char *id)
{
	struct check_camera *p;

	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->cameras[i].id, id))
			return &c->cameras[i];
	p = reallocarray(c->cameras, c->n + 1, sizeof(*p));
	if (!p)
		return NULL;
	c->cameras = p;
	p += c->n++;
	memset(p, 0, sizeof(*p));
	p->head_fd = -1;
	snprintf(p->id, sizeof(p->id), "%s", id);
	return p;
}

enum err check_day(struct check_camera *cam, const char *day, size_t *ret)
{
	struct check_day *p;

	/* Nearly always it is the last one, or the one before. */
	for (size_t i = cam->days_n; i-- > 0;) {
		if (!strcmp(cam->days[i].day, day)) {
			*ret = i;
			return OK;
		}
	}
	if (cam->days_n == cam->days_cap) {
		size_t cap = 2 * cam->days_cap + 16;

		p = reallocarray(cam->days, cap, sizeof(*p));
		if (!p)
			return ERR_NO_MEMORY;
		cam->days = p;
		cam->days_cap = cap;
	}
	p = &cam->days[cam->days_n];
	memset(p, 0, sizeof(*p));
	snprintf(p->day, sizeof(p->day), "%s", day);
	*ret = cam->days_n++;
	return OK;
}

static int by_seq(const void *a, const void *b)
{
	uint64_t x = ((const struct check_segment *)a)->seq;
	uint64_t y = ((const struct check_segment *)b)->seq;

	return (x > y) - (x < y);
}

struct check_segment *check_find(struct check_camera *cam, uint64_t seq)
{
	struct check_segment key = {.seq = seq};

	if (!cam->n)
		return NULL;
	return bsearch(&key, cam->segments, cam->n, sizeof(key), by_seq);
}

void check_digest(const unsigned char root[HASH_BYTES],
    const unsigned char cipher[HASH_BYTES], unsigned char ret[HASH_BYTES])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_put(&h, root, HASH_BYTES);
	sha256_put(&h, cipher, HASH_BYTES);
	sha256_end(&h, ret);
}

/* P7: the numbers of a camera's segments have no hole and no double. */
static void check_numbers(struct check *c, struct check_camera *cam)
{
	uint64_t want = 1;

	if (cam->n)
		qsort(cam->segments, cam->n, sizeof(*cam->segments), by_seq);
	if (c->away) /* what is not here was said */
		return;
	for (size_t i = 0; i < cam->n; i++) {
		const struct check_segment *s = &cam->segments[i];

		while (want < s->seq && check_erased(cam, want))
			want++;
		if (s->seq > want && !check_gone_numbers(cam, want, s->seq - 1))
			check_say(c, MISSING, "P7", cam->id, s->from_ns, NULL,
			    "segments %llu to %llu before this have no "
			    "journal record",
			    (unsigned long long)want,
			    (unsigned long long)s->seq - 1);
		else if (s->seq < want)
			check_say(c, CHANGED, "P7", cam->id, s->from_ns, NULL,
			    "segment %llu is in the journals twice",
			    (unsigned long long)s->seq);
		want = s->seq + 1;
	}
}

/*
 * Sealed segments that the ledger does not name. Between seal and entry stands
 * a sync, so a running box may be behind by the last two.
 */
static void check_entered(struct check *c, const struct check_camera *cam)
{
	size_t tail = cam->n, late = 0;

	while (tail && !cam->segments[tail - 1].entered &&
	    cam->segments[tail - 1].from_ns >= c->epoch_ns)
		late += cam->segments[--tail].kind != 0;
	for (size_t i = 0; i < cam->n; i++) {
		const struct check_segment *s = &cam->segments[i];

		if (!s->kind || s->entered)
			continue;
		if (i >= tail && late <= LATE_MAX)
			check_say(c, NOTE, "P10", cam->id, s->from_ns, NULL,
			    "segment %llu is sealed and not entered yet",
			    (unsigned long long)s->seq);
		else if (s->from_ns < c->epoch_ns)
			check_say(c, MISSING, "P10", cam->id, s->from_ns, NULL,
			    "segment %llu is not in the ledger, of which "
			    "entries were lost",
			    (unsigned long long)s->seq);
		else
			check_say(c, CHANGED, "P10", cam->id, s->from_ns, NULL,
			    "segment %llu is not in the ledger",
			    (unsigned long long)s->seq);
	}
}

static void summary(struct check *c, size_t cameras)
{
	const char *verdict = c->changed ? "changed" :
	    c->missing			 ? "incomplete" :
					   "whole";

	if (!c->json) {
		fprintf(c->out,
		    "%zu cameras, %llu segments (%llu sealed, "
		    "%llu cut, %llu open), %llu bytes, %llu erased by term, "
		    "%llu ledger entries, checkpoint at %llu\n",
		    cameras, (unsigned long long)(c->sealed + c->cut + c->open),
		    (unsigned long long)c->sealed, (unsigned long long)c->cut,
		    (unsigned long long)c->open, (unsigned long long)c->bytes,
		    (unsigned long long)c->erased,
		    (unsigned long long)c->entries,
		    (unsigned long long)c->checkpoint);
		fprintf(c->out, "%s: %u changed, %u missing, %u notes\n",
		    verdict, c->changed, c->missing, c->notes);
		return;
	}
	fprintf(c->out,
	    "],\n\"summary\":{\"verdict\":\"%s\",\"changed\":%u,"
	    "\"missing\":%u,\"notes\":%u,\"cameras\":%zu,\"sealed\":%llu,"
	    "\"cut\":%llu,\"open\":%llu,\"bytes\":%llu,\"erased\":%llu,"
	    "\"entries\":%llu,\"checkpoint\":%llu}}\n",
	    verdict, c->changed, c->missing, c->notes, cameras,
	    (unsigned long long)c->sealed, (unsigned long long)c->cut,
	    (unsigned long long)c->open, (unsigned long long)c->bytes,
	    (unsigned long long)c->erased, (unsigned long long)c->entries,
	    (unsigned long long)c->checkpoint);
}

/* The site's zone, for the times in the findings. */
static void use_zone(struct check *c)
{
	struct site site;
	enum err e = site_read(c->data_fd, &site);

	if (!e)
		e = utc_site(site.zone);
	if (e)
		check_say(c, e == ERR_NOT_FOUND ? MISSING : CHANGED, "P10",
		    NULL, NO_TIME, "site", "%s", err_text(e));
	e = volumes_open(c->data_fd, c->data, e ? "" : site.origin, false);
	if (e)
		check_say(c, CHANGED, "P2", NULL, NO_TIME, "volumes", "%s",
		    err_text(e));
}

static void say_unseen(struct check *c)
{
	if (c->unseen)
		check_say(c, MISSING, "P2", NULL, NO_TIME, NULL,
		    "%llu segments of the ledger are on no volume that is "
		    "here",
		    (unsigned long long)c->unseen);
}

static void say_gone(struct check *c)
{
	if (c->gone)
		check_say(c, NOTE, "P7", NULL, NO_TIME, NULL,
		    "%llu segments were lost with volumes that were given up, "
		    "and entered",
		    (unsigned long long)c->gone);
}

static enum err open_ledger(struct check *c, struct ledger **ret)
{
	enum err e = ledger_open_readonly(c->data_fd, ret);

	*ret = e ? NULL : *ret;
	if (e == ERR_NOT_FOUND)
		check_say(c, MISSING, "P2", NULL, NO_TIME, "ledger",
		    "the ledger is missing");
	else if (e == ERR_INTEGRITY || e == ERR_FORMAT)
		check_say(c, CHANGED, "P10", NULL, NO_TIME, "ledger",
		    "the ledger does not fit its checkpoint (the log says "
		    "where)");
	else
		return e;
	return OK;
}

static void wipe(struct check *c)
{
	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; k < c->cameras[i].erased_n; k++)
			free(c->cameras[i].erased[k].held);
		free(c->cameras[i].erased);
		free(c->cameras[i].gone);
		free(c->cameras[i].segments);
		free(c->cameras[i].days);
		if (c->cameras[i].head_fd >= 0)
			close(c->cameras[i].head_fd);
	}
	free(c->cameras);
}

enum err check_run(int data_fd, const char *data, bool json, FILE *out,
    unsigned *ret_broken)
{
	static struct check c; /* one at a time: it is large */
	struct ledger *l = NULL;
	size_t cameras;
	enum err e;

	memset(&c, 0, sizeof(c));
	c.data_fd = data_fd;
	c.data = data;
	c.json = json;
	c.out = out;
	if (json)
		fputs("{\"findings\":[", out);
	use_zone(&c);
	e = open_ledger(&c, &l);
	if (!e && l)
		e = check_retain(&c, l);
	if (!e)
		e = check_footage(&c);
	if (e)
		goto out;
	cameras = c.n;
	for (size_t i = 0; i < c.n; i++)
		check_numbers(&c, &c.cameras[i]);
	if (l)
		e = check_ledger(&c, l);
	if (e)
		goto out;
	for (size_t i = 0; l && i < c.n; i++)
		check_entered(&c, &c.cameras[i]);
	say_unseen(&c);
	say_gone(&c);
	summary(&c, cameras);
	if (fflush(out) || ferror(out))
		e = ERR_DISK;
	*ret_broken = c.changed + c.missing;
	if (!e && c.changed)
		e = ERR_INTEGRITY;
	else if (!e && c.missing)
		e = ERR_TRUNCATED;
out:
	ledger_close(l);
	volumes_close();
	wipe(&c);
	return e;
}
