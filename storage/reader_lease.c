/* reader_lease.c - what of the footage was served, entered first (P5). */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/session.h"

/* The lease that covers this, and has room for one more range. */
static struct held *find(struct session *s, const char *camera,
    enum lease_kind kind, int64_t from_ns, int64_t to_ns)
{
	for (size_t i = 0; i < LEASES_MAX; i++) {
		struct held *h = &s->leases[i];

		if (h->open && h->kind == kind && h->n < LEASE_RANGES &&
		    from_ns >= h->from_ns && to_ns <= h->to_ns &&
		    !strcmp(h->camera, camera) &&
		    !strcmp(h->request, s->access.request))
			return h;
	}
	return NULL;
}

/*
 * Told, not asked: who goes on watching does not wait for it. A keeper that is
 * gone closes what is open by itself.
 */
static void close_one(struct session *s, struct held *h)
{
	struct wire w;

	keeper_begin(s, &w, MSG_LEASE_CLOSE);
	wire_put_u64(&w, h->lease);
	wire_put_u16(&w, (uint16_t)h->n);
	for (size_t i = 0; i < h->n; i++) {
		wire_put_i64(&w, h->served[i].from_ns);
		wire_put_i64(&w, h->served[i].to_ns);
	}
	h->open = false;
	keeper_tell(s, &w);
}

static struct held *place(struct session *s)
{
	struct held *oldest = &s->leases[0];

	for (size_t i = 0; i < LEASES_MAX; i++) {
		struct held *h = &s->leases[i];

		if (!h->open)
			return h;
		if (h->used_ns < oldest->used_ns)
			oldest = h;
	}
	close_one(s, oldest);
	return oldest;
}

/* Within the grant, but for a fragment that reaches over its end. */
static int64_t lease_end(const struct session *s, int64_t from_ns,
    int64_t to_ns)
{
	int64_t end = from_ns + LEASE_NS;

	if (end > s->access.to_ns)
		end = s->access.to_ns;
	return end > to_ns ? end : to_ns;
}

/* What is copied counts each time: one lease of a camera at once. */
static void close_before(struct session *s, const char *camera,
    enum lease_kind kind)
{
	for (size_t i = 0; i < LEASES_MAX; i++) {
		struct held *h = &s->leases[i];

		if (h->open && h->kind == kind && !strcmp(h->camera, camera) &&
		    !strcmp(h->request, s->access.request))
			close_one(s, h);
	}
}

/*
 * Of what is watched the lease before stays open until nothing came of it for
 * some seconds, and none is waited for while it closes: who goes to another
 * minute waits for one sync.
 */
enum err lease_cover(struct session *s, const char *camera,
    enum lease_kind kind, int64_t from_ns, int64_t to_ns)
{
	struct held *h = find(s, camera, kind, from_ns, to_ns);
	struct wire w;
	enum err err;

	if (h)
		return OK;
	if (kind != LEASE_VIEW)
		close_before(s, camera, kind);
	h = place(s);
	keeper_begin(s, &w, MSG_LEASE_OPEN);
	wire_put_str(&w, s->access.request);
	wire_put_str(&w, camera);
	wire_put_i64(&w, from_ns);
	wire_put_i64(&w, lease_end(s, from_ns, to_ns));
	wire_put_u8(&w, (uint8_t)kind);
	err = keeper_call(s, &w, -1);
	if (err)
		return err;
	*h = (struct held){.kind = kind,
	    .from_ns = from_ns,
	    .to_ns = lease_end(s, from_ns, to_ns)};
	h->lease = wire_get_u64(&w);
	if (w.type != MSG_LEASE_OPEN_IS || wire_end(&w))
		return ERR_BAD_MESSAGE;
	snprintf(h->request, sizeof(h->request), "%s", s->access.request);
	snprintf(h->camera, sizeof(h->camera), "%s", camera);
	h->used_ns = mono_now().ns;
	h->open = true;
	return OK;
}

/* Keep the ranges in order and merged; there is room for one more. */
void lease_served(struct session *s, const char *camera, enum lease_kind kind,
    int64_t from_ns, int64_t to_ns)
{
	struct held *h = find(s, camera, kind, from_ns, to_ns);
	size_t at = 0, end;

	if (!h)
		return;
	h->used_ns = mono_now().ns;
	while (at < h->n && h->served[at].to_ns < from_ns)
		at++;
	for (end = at; end < h->n && h->served[end].from_ns <= to_ns; end++) {
		if (h->served[end].from_ns < from_ns)
			from_ns = h->served[end].from_ns;
		if (h->served[end].to_ns > to_ns)
			to_ns = h->served[end].to_ns;
	}
	memmove(&h->served[at + 1], &h->served[end],
	    (h->n - end) * sizeof(h->served[0]));
	h->n = h->n + 1 - (end - at);
	h->served[at].from_ns = from_ns;
	h->served[at].to_ns = to_ns;
}

void lease_close_all(struct session *s)
{
	for (size_t i = 0; i < LEASES_MAX; i++)
		if (s->leases[i].open)
			close_one(s, &s->leases[i]);
	keeper_settle(s);
}

int lease_tick(struct session *s)
{
	int64_t now = mono_now().ns, next = INT64_MAX;

	for (size_t i = 0; i < LEASES_MAX; i++) {
		struct held *h = &s->leases[i];
		int64_t due = h->used_ns + LEASE_IDLE_NS;

		if (!h->open)
			continue;
		if (due <= now)
			close_one(s, h);
		else if (due < next)
			next = due;
	}
	return next == INT64_MAX ? -1 : (int)((next - now) / NS_PER_MS + 1);
}
