/*
 * check_retain.c - what the ledger says was erased: read before the footage is
 * looked at, so that what is rightly gone is not missed, and what went too
 * early, or while it was held, is found (P2, P4). Former ledgers say so, too,
 * as far as the one after each vouches for what is left of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/check_state.h"
#include "storage/due.h"
#include "storage/epoch.h"

static uint64_t number(const struct entry_view *v, enum entry_tag tag)
{
	struct entry_field f;

	return entry_find(v, tag, &f) ? field_u64(&f) : 0;
}

static bool text(const struct entry_view *v, enum entry_tag tag, char *out,
    size_t n)
{
	struct entry_field f;

	if (!entry_find(v, tag, &f) || f.n >= n)
		return false;
	memcpy(out, f.p, f.n);
	out[f.n] = '\0';
	return true;
}

static struct check_erased *add(struct check_camera *cam)
{
	struct check_erased *p =
	    reallocarray(cam->erased, cam->erased_n + 1, sizeof(*p));

	if (!p)
		return NULL;
	cam->erased = p;
	p += cam->erased_n++;
	*p = (struct check_erased){0};
	return p;
}

/* The holds that stood when this was erased, where they touch its span. */
static enum err note_holds(struct check_erased *e, const struct holds *h,
    const char *camera, int64_t from, int64_t to)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct hold *x = &h->h[i];
		struct holds one = {.h = h->h + i, .n = 1};
		struct check_window *p;

		if (!holds_cover(&one, camera, from, to))
			continue;
		p = reallocarray(e->held, e->held_n + 1, sizeof(*p));
		if (!p)
			return ERR_NO_MEMORY;
		e->held = p;
		e->held[e->held_n++] =
		    (struct check_window){x->from_ns, x->to_ns};
	}
	return OK;
}

static enum err on_erasing(struct check *c, const struct entry_view *v,
    const struct holds *h)
{
	char id[CAMERA_ID_MAX + 1], day[DAY_TEXT];
	struct entry_field f;
	struct check_camera *cam;
	size_t d;
	enum err e = OK;

	if (!text(v, TAG_CAMERA, id, sizeof(id)) ||
	    !text(v, TAG_DAY, day, sizeof(day)) || !entry_find(v, TAG_SEQS, &f))
		return OK;
	cam = check_camera(c, id);
	if (!cam)
		return ERR_NO_MEMORY;
	e = check_day(cam, day, &d);
	if (!e && number(v, TAG_METHOD) == ERASE_KEY)
		cam->days[d].erased = true;
	for (size_t i = 0; i + 16 <= f.n && !e; i += 16) {
		struct check_erased *r = add(cam);

		if (!r)
			return ERR_NO_MEMORY;
		r->first = be_get(f.p + i, 8);
		r->last = be_get(f.p + i + 8, 8);
		r->time_ns = v->time.ns;
		if (v->type == ENTRY_ERASED)
			e = note_holds(r, h, id, (int64_t)number(v, TAG_FROM),
			    (int64_t)number(v, TAG_TO));
	}
	return e;
}

/* The first `size` entries of a ledger; each has its holds anew (term.c). */
static enum err take(struct check *c, struct ledger *l, uint64_t size)
{
	unsigned char buf[ENTRY_MAX];
	struct holds h = {0};
	struct entry_view v;
	size_t n;
	enum err e = OK;

	for (uint64_t i = 0; !e && i < size; i++) {
		e = ledger_get(l, i, buf, &n);
		if (e == ERR_NOT_FOUND)
			break;
		/* what is wrong with an entry is said by check_ledger() */
		if (e == ERR_INTEGRITY || e == ERR_TOO_LARGE ||
		    (!e && entry_parse(buf, n, &v))) {
			e = OK;
			continue;
		}
		if (e)
			break;
		e = holds_apply(&h, i, &v);
		if (e == ERR_FORMAT)
			e = OK;
		if (!e && (v.type == ENTRY_ERASING || v.type == ENTRY_ERASED))
			e = on_erasing(c, &v, &h);
		if (!e)
			e = check_gone_take(c, &v);
	}
	holds_free(&h);
	return e == ERR_NOT_FOUND ? OK : e;
}

/* How many entries of l have the root that entry 0 of the next one names. */
static uint64_t named(struct ledger *next, struct ledger *l,
    enum entry_tag size_tag, enum entry_tag root_tag)
{
	unsigned char buf[ENTRY_MAX], root[HASH_BYTES];
	struct entry_field f;
	struct entry_view v;
	uint64_t size;
	size_t n;

	if (ledger_get(next, 0, buf, &n) || entry_parse(buf, n, &v))
		return 0;
	size = number(&v, size_tag);
	return size <= ledger_size(l) && entry_find(&v, root_tag, &f) &&
		!ledger_root_at(l, size, root) &&
		crypt_equal(root, f.p, HASH_BYTES) ?
	    size :
	    0;
}

/* The newest that was known of it, or the one that was left. */
static uint64_t vouched(struct ledger *next, struct ledger *l)
{
	uint64_t size = named(next, l, TAG_FORMER_SIZE, TAG_FORMER_ROOT);

	return size ? size : named(next, l, TAG_KEPT_SIZE, TAG_KEPT_ROOT);
}

enum err check_retain(struct check *c, struct ledger *present)
{
	struct ledger *l[EPOCHS_MAX + 1] = {NULL}, *next = present;
	uint64_t size[EPOCHS_MAX + 1] = {0};
	char name[32];
	unsigned last;
	enum err e = epoch_last(c->data_fd, &last);

	for (unsigned i = last; !e && i; i--) {
		snprintf(name, sizeof(name), "ledger.%u", i);
		if (ledger_open_as_is(c->data_fd, name, &l[i]))
			l[i] = NULL;
		else if ((size[i] = vouched(next, l[i])))
			next = l[i];
	}
	for (unsigned i = 1; !e && i <= last; i++)
		e = take(c, l[i], size[i]);
	if (!e)
		e = take(c, present, UINT64_MAX);
	check_gone_sort(c);
	for (unsigned i = 1; i <= EPOCHS_MAX; i++)
		ledger_close(l[i]);
	return e;
}

/* The newest are asked for most. */
const struct check_erased *check_erased(const struct check_camera *cam,
    uint64_t seq)
{
	for (size_t i = cam->erased_n; i-- > 0;)
		if (seq >= cam->erased[i].first && seq <= cam->erased[i].last)
			return &cam->erased[i];
	return NULL;
}

/* P2, P4: was this segment due when it was erased, and not held? */
void check_was_due(struct check *c, const struct check_camera *cam,
    uint64_t seq, int64_t from_ns, int64_t to_ns, int64_t retain_ns)
{
	for (size_t i = 0; i < cam->erased_n; i++) {
		const struct check_erased *r = &cam->erased[i];

		if (seq < r->first || seq > r->last)
			continue;
		if (retain_ns > r->time_ns)
			check_say(c, CHANGED, "P2", cam->id, from_ns, NULL,
			    "segment %llu was erased before its term ended",
			    (unsigned long long)seq);
		for (size_t k = 0; k < r->held_n; k++)
			if (from_ns < r->held[k].to_ns &&
			    to_ns >= r->held[k].from_ns)
				check_say(c, CHANGED, "P4", cam->id, from_ns,
				    NULL, "segment %llu was erased while held",
				    (unsigned long long)seq);
	}
}
