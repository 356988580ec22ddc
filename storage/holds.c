#include "storage/holds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/disk.h"

#define HOLDS_FILE_MAX (64u << 20)
#define LINE_MAX_BYTES 1024
#define MAGIC "saqta holds v1\n"

void holds_free(struct holds *h)
{
	free(h->h);
	free(h->longer);
	*h = (struct holds){0};
}

static uint64_t number(const struct entry_view *v, enum entry_tag tag,
    uint64_t absent)
{
	struct entry_field f;

	return entry_find(v, tag, &f) ? field_u64(&f) : absent;
}

static void text(const struct entry_view *v, enum entry_tag tag, char *ret,
    size_t room)
{
	struct entry_field f;

	*ret = '\0';
	if (entry_find(v, tag, &f))
		snprintf(ret, room, "%.*s", (int)f.n, (const char *)f.p);
}

/* Each `u8 length || id`, as "a b c". */
static enum err get_cameras(const struct entry_view *v, char *ret, size_t room)
{
	struct entry_field f;
	size_t len = 0;

	if (!entry_find(v, TAG_CAMERAS, &f) || !f.n)
		return ERR_FORMAT;
	for (size_t i = 0; i < f.n; i += 1u + f.p[i]) {
		if (f.p[i] >= f.n - i || len + f.p[i] + 2 > room)
			return ERR_FORMAT;
		if (len)
			ret[len++] = ' ';
		memcpy(ret + len, f.p + i + 1, f.p[i]);
		len += f.p[i];
	}
	ret[len] = '\0';
	return OK;
}

/* Put at the end, or in place of the one with that id. */
static enum err put(struct holds *h, const struct hold *new)
{
	struct hold *more;

	for (size_t i = 0; i < h->n; i++)
		if (h->h[i].id == new->id) {
			h->h[i] = *new;
			return OK;
		}
	more = realloc(h->h, (h->n + 1) * sizeof(*more));
	if (!more)
		return ERR_NO_MEMORY;
	h->h = more;
	h->h[h->n++] = *new;
	return OK;
}

static enum err placed(struct holds *h, uint64_t i, const struct entry_view *v)
{
	struct hold new = {.id = number(v, TAG_HOLD, i),
	    .entry = i,
	    .owner = v->person,
	    .placed_ns = v->time.ns,
	    .from_ns = (int64_t)number(v, TAG_FROM, 0),
	    .to_ns = (int64_t)number(v, TAG_TO, 0),
	    .review_ns = (int64_t)number(v, TAG_REVIEW, 0)};
	enum err err = get_cameras(v, new.cameras, sizeof(new.cameras));

	text(v, TAG_REQUEST, new.request, sizeof(new.request));
	if (!err && new.to_ns <= new.from_ns)
		err = ERR_FORMAT;
	return err ? err : put(h, &new);
}

static void released(struct holds *h, uint64_t id)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->h[i].id == id) {
			memmove(&h->h[i], &h->h[i + 1],
			    (h->n - i - 1) * sizeof(*h->h));
			h->n--;
			return;
		}
}

/* What became of a request says when its hold is let go. */
static void ends(struct holds *h, const struct entry_view *v, int64_t end_ns)
{
	char request[REQUEST_ID_MAX];

	text(v, TAG_REQUEST, request, sizeof(request));
	for (size_t i = 0; i < h->n && *request; i++)
		if (!strcmp(h->h[i].request, request))
			h->h[i].ends_ns = end_ns + HOLD_AFTER_NS;
}

static enum err put_longer(struct holds *h, const char *camera, unsigned days)
{
	struct longer *more;

	for (size_t i = 0; i < h->longer_n; i++)
		if (!strcmp(h->longer[i].camera, camera)) {
			h->longer[i].days = days;
			return OK;
		}
	more = realloc(h->longer, (h->longer_n + 1) * sizeof(*more));
	if (!more)
		return ERR_NO_MEMORY;
	h->longer = more;
	h->longer[h->longer_n] = (struct longer){.days = days};
	snprintf(h->longer[h->longer_n++].camera, sizeof(more->camera), "%s",
	    camera);
	return OK;
}

enum err holds_apply(struct holds *h, uint64_t i, const struct entry_view *v)
{
	char camera[CAMERA_ID_MAX + 1];
	int64_t end = v->time.ns;
	enum err err = OK;

	switch (v->type) {
	case ENTRY_HOLD:
		err = placed(h, i, v);
		break;
	case ENTRY_RELEASED:
		released(h, number(v, TAG_HOLD, UINT64_MAX));
		break;
	case ENTRY_DECISION:
		if (number(v, TAG_VERDICT, 0) == VERDICT_APPROVE)
			end = (int64_t)number(v, TAG_ENDS, (uint64_t)end);
		ends(h, v, end);
		break;
	case ENTRY_REVOKED:
		ends(h, v, end);
		break;
	case ENTRY_TERM:
		text(v, TAG_CAMERA, camera, sizeof(camera));
		err = put_longer(h, camera,
		    (unsigned)number(v, TAG_EXTRA_DAYS, 0));
		break;
	default:
		if (i + 1 > h->through)
			h->through = i + 1;
		return OK;
	}
	h->changed = true;
	if (!err && i + 1 > h->through)
		h->through = i + 1;
	return err;
}

static enum err catch_up(struct holds *h, struct ledger *l)
{
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	enum err err = OK;
	size_t n;

	/* to the end: a read-only ledger looks at the disk again there */
	for (uint64_t i = h->through; !err; i++) {
		err = ledger_get(l, i, buf, &n);
		if (!err)
			err = entry_parse(buf, n, &v);
		if (!err)
			err = holds_apply(h, i, &v);
	}
	return err == ERR_NOT_FOUND ? OK : err;
}

static enum err log_of(struct ledger *l, char ret[2 * HASH_BYTES + 1])
{
	unsigned char buf[ENTRY_MAX], leaf[HASH_BYTES];
	size_t n;
	enum err err = ledger_get(l, 0, buf, &n);

	if (err)
		return err;
	merkle_leaf(buf, n, leaf);
	hex_encode(leaf, sizeof(leaf), ret);
	return OK;
}

enum err holds_load(int data_fd, struct ledger *l, struct holds *ret,
    struct holds *ret_former)
{
	struct holds h = {0}, former = {0};
	char log[sizeof(h.log)];
	enum err err = log_of(l, log), copy = holds_read(data_fd, &h);

	if (!copy && strcmp(h.log, log)) {
		former = h;
		h = (struct holds){0};
	} else if (copy || h.through > ledger_size(l)) {
		holds_free(&h);
	}
	memcpy(h.log, log, sizeof(log));
	if (!err)
		err = catch_up(&h, l);
	if (err)
		holds_free(&h);
	else
		*ret = h;
	if (!err && ret_former)
		*ret_former = former;
	else
		holds_free(&former);
	return err;
}

/* One line "hold ID ENTRY OWNER PLACED FROM TO REVIEW ENDS REQUEST CAMERA...". */
static bool take_hold(struct holds *h, const char *line)
{
	struct hold x = {0};
	unsigned long long id, entry, owner;
	long long placed, from, to, review, end;
	int at = 0;

	if (sscanf(line, "hold %llu %llu %llu %lld %lld %lld %lld %lld %23s %n",
		&id, &entry, &owner, &placed, &from, &to, &review, &end,
		x.request, &at) != 9 ||
	    !at || !line[at] || strlen(line + at) >= sizeof(x.cameras))
		return false;
	x.id = id;
	x.entry = entry;
	x.owner = owner;
	x.placed_ns = placed;
	x.from_ns = from;
	x.to_ns = to;
	x.review_ns = review;
	x.ends_ns = end;
	if (!strcmp(x.request, "-"))
		*x.request = '\0';
	strcpy(x.cameras, line + at);
	return x.from_ns < x.to_ns && !put(h, &x);
}

static bool take_line(struct holds *h, const char *line)
{
	char camera[CAMERA_ID_MAX + 1];
	unsigned long long through;
	unsigned days;

	if (sscanf(line, "through %llu", &through) == 1) {
		h->through = through;
		return true;
	}
	if (sscanf(line, "log %64s", h->log) == 1)
		return true;
	if (sscanf(line, "longer %32s %u", camera, &days) == 2)
		return !put_longer(h, camera, days);
	return !strcmp(line, "end") || take_hold(h, line);
}

/* The last line is "end": a file without it is not whole. */
static bool take_text(struct holds *h, char *p)
{
	char *save = NULL, *line;
	bool whole = false;

	if (strncmp(p, MAGIC, strlen(MAGIC)))
		return false;
	for (line = strtok_r(p + strlen(MAGIC), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (whole || !take_line(h, line))
			return false;
		whole = !strcmp(line, "end");
	}
	return whole;
}

enum err holds_read(int data_fd, struct holds *ret)
{
	struct holds h = {0};
	unsigned char *p = NULL;
	size_t n;
	enum err err = disk_read_all(data_fd, "holds", HOLDS_FILE_MAX, &p, &n);

	if (err)
		return err;
	p[n] = '\0'; /* disk_read_all() has room for it */
	if (strlen((char *)p) != n || !take_text(&h, (char *)p))
		err = ERR_FORMAT;
	free(p);
	if (err)
		holds_free(&h);
	else
		*ret = h;
	return err;
}

enum err holds_save(int data_fd, const struct holds *h)
{
	size_t room = (h->n + h->longer_n + 4) * LINE_MAX_BYTES, n;
	char *p = malloc(room);
	enum err err;

	if (!p)
		return ERR_NO_MEMORY;
	n = (size_t)snprintf(p, room, MAGIC "log %s\nthrough %llu\n", h->log,
	    (unsigned long long)h->through);
	for (size_t i = 0; i < h->longer_n; i++)
		n += (size_t)snprintf(p + n, room - n, "longer %s %u\n",
		    h->longer[i].camera, h->longer[i].days);
	for (size_t i = 0; i < h->n; i++) {
		const struct hold *x = &h->h[i];

		n += (size_t)snprintf(p + n, room - n,
		    "hold %llu %llu %llu %lld %lld %lld %lld %lld %s %s\n",
		    (unsigned long long)x->id, (unsigned long long)x->entry,
		    (unsigned long long)x->owner, (long long)x->placed_ns,
		    (long long)x->from_ns, (long long)x->to_ns,
		    (long long)x->review_ns, (long long)x->ends_ns,
		    *x->request ? x->request : "-", x->cameras);
	}
	n += (size_t)snprintf(p + n, room - n, "end\n");
	err = disk_replace(data_fd, ".", "holds", p, n);
	free(p);
	return err;
}

static bool names(const char *list, const char *camera)
{
	size_t n = strlen(camera);

	for (const char *p = list; n && (p = strstr(p, camera)); p += n)
		if ((p == list || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

bool holds_cover(const struct holds *h, const char *camera, int64_t from_ns,
    int64_t to_ns)
{
	for (size_t i = 0; i < h->n; i++)
		if (from_ns < h->h[i].to_ns && to_ns >= h->h[i].from_ns &&
		    names(h->h[i].cameras, camera))
			return true;
	return false;
}

bool holds_reach(const struct holds *h, int64_t to_ns)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->h[i].from_ns <= to_ns)
			return true;
	return false;
}

bool holds_cover_all(const struct holds *h, const char *camera, int64_t from_ns,
    int64_t to_ns)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->h[i].from_ns <= from_ns && to_ns < h->h[i].to_ns &&
		    names(h->h[i].cameras, camera))
			return true;
	return false;
}

const struct hold *holds_find(const struct holds *h, uint64_t id)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->h[i].id == id)
			return &h->h[i];
	return NULL;
}

unsigned holds_longer(const struct holds *h, const char *camera)
{
	for (size_t i = 0; i < h->longer_n; i++)
		if (!strcmp(h->longer[i].camera, camera))
			return h->longer[i].days;
	return 0;
}
