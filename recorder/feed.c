#include "recorder/feed.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/api/wire.h"

struct item {
	struct item *next;
	int fd;
	size_t bytes;
	struct wire w;
};

struct feed {
	int sock;
	struct item *head, **tail;
	size_t bytes;		/* of bulk that waits */
	unsigned n; /* messages that wait */
	bool crowded; /* not because the socket is full */
	uint32_t id;		/* of the last message */
	uint32_t begin_id;	/* of the newest MSG_SEGMENT_BEGIN */
};

struct feed *feed_new(int sock)
{
	struct feed *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->sock = sock;
	f->tail = &f->head;
	fcntl(sock, F_SETFL, fcntl(sock, F_GETFL) | O_NONBLOCK);
	return f;
}

static void shift(struct feed *f)
{
	struct item *it = f->head;

	f->head = it->next;
	if (!f->head)
		f->tail = &f->head;
	f->bytes -= it->bytes;
	f->n--;
	if (it->fd >= 0)
		close(it->fd);
	free(it);
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	while (f->head)
		shift(f);
	close(f->sock);
	free(f);
}

int feed_socket(const struct feed *f)
{
	return f->sock;
}

bool feed_wants_write(const struct feed *f)
{
	return f->head;
}

bool feed_is_crowded(const struct feed *f)
{
	return f->crowded;
}

bool feed_is_full(const struct feed *f)
{
	return f->bytes >= FEED_BYTES_MAX || f->n >= FEED_ITEMS_MAX;
}

static bool is_writable(int sock)
{
	struct pollfd p = {.fd = sock, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && p.revents & POLLOUT;
}

enum err feed_write(struct feed *f)
{
	f->crowded = false;
	while (f->head) {
		enum err err = wire_send(f->sock, &f->head->w, f->head->fd);

		if (err == ERR_BUSY) {
			f->crowded = is_writable(f->sock);
			return OK;
		}
		if (err)
			return err;
		shift(f);
	}
	return OK;
}

static struct item *item_new(struct feed *f, uint16_t type)
{
	struct item *it = malloc(sizeof(*it));

	if (!it)
		return NULL;
	it->next = NULL;
	it->fd = -1;
	it->bytes = 0;
	wire_begin(&it->w, type, ++f->id);
	return it;
}

/* Put the bytes into a sealed memfd beside the message and queue both. */
static enum err queue(struct feed *f, struct item *it, const void *p, size_t n)
{
	enum err err = p ? bulk_from(p, n, &it->fd) : OK;

	if (err) {
		free(it);
		return err;
	}
	it->bytes = n + sizeof(*it);
	f->bytes += it->bytes;
	f->n++;
	*f->tail = it;
	f->tail = &it->next;
	return feed_write(f);
}

enum err feed_begin(struct feed *f, const struct feed_segment *s, const void *p,
    size_t n)
{
	struct item *it = item_new(f, MSG_SEGMENT_BEGIN);

	if (!it)
		return ERR_NO_MEMORY;
	f->begin_id = f->id;
	wire_put_i64(&it->w, s->start.ns);
	wire_put_i64(&it->w, s->arrival.ns);
	wire_put_u32(&it->w, 90000);
	wire_put_u32(&it->w, s->epoch);
	wire_put_u8(&it->w, (uint8_t)s->clock_state);
	wire_put_i64(&it->w, s->camera.ns);
	wire_put_u16(&it->w, s->width);
	wire_put_u16(&it->w, s->height);
	return queue(f, it, p, n);
}

enum err feed_fragment(struct feed *f, struct utc start, int64_t duration_ns,
    struct mono arrival, uint32_t flags, const void *p, size_t n)
{
	struct item *it;

	if (feed_is_full(f))
		return ERR_BUSY;
	it = item_new(f, MSG_FRAGMENT);
	if (!it)
		return ERR_NO_MEMORY;
	wire_put_i64(&it->w, start.ns);
	wire_put_i64(&it->w, duration_ns);
	wire_put_i64(&it->w, arrival.ns);
	wire_put_u32(&it->w, flags);
	return queue(f, it, p, n);
}

enum err feed_end(struct feed *f, enum cause cause)
{
	struct item *it = item_new(f, MSG_SEGMENT_END);

	if (!it)
		return ERR_NO_MEMORY;
	wire_put_u8(&it->w, (uint8_t)cause);
	return queue(f, it, NULL, 0);
}

enum err feed_picture(struct feed *f, uint64_t seq, uint32_t id, bool decoded,
    uint16_t width, uint16_t height)
{
	struct item *it = item_new(f, MSG_PICTURE_IS);

	if (!it)
		return ERR_NO_MEMORY;
	wire_begin(&it->w, MSG_PICTURE_IS, id);
	wire_put_u64(&it->w, seq);
	wire_put_u8(&it->w, decoded);
	wire_put_u16(&it->w, width);
	wire_put_u16(&it->w, height);
	return queue(f, it, NULL, 0);
}

enum err feed_aim(struct feed *f, uint32_t id, const void *p, size_t n)
{
	struct item *it = item_new(f, MSG_AIM_PICTURE_IS);

	if (!it)
		return ERR_NO_MEMORY;
	wire_begin(&it->w, MSG_AIM_PICTURE_IS, id);
	return queue(f, it, p, n);
}

enum err feed_scene(struct feed *f, uint64_t seq, const struct scene *s)
{
	struct item *it = item_new(f, MSG_SCENE);

	if (!it)
		return ERR_NO_MEMORY;
	wire_put_u64(&it->w, seq);
	wire_put_u8(&it->w, s->mean);
	wire_put_u8(&it->w, s->contrast);
	wire_put_u16(&it->w, s->sharpness);
	wire_put_u64(&it->w, s->print);
	wire_put_bytes(&it->w, s->grid, SCENE_GRID);
	return queue(f, it, NULL, 0);
}

static enum err understand(struct feed *f, struct wire *w, struct feed_event *e)
{
	switch (w->type) {
	case MSG_SEGMENT_BEGIN_IS:
		(void)wire_get_u64(w);
		e->cut.ns = wire_get_i64(w);
		if (w->id == f->begin_id)
			e->what = FEED_CUT;
		return wire_end(w);
	case MSG_PICTURE:
		e->seq = wire_get_u64(w);
		e->id = w->id;
		e->what = FEED_PICTURE;
		return w->fd < 0 ? ERR_BAD_MESSAGE : wire_end(w);
	case MSG_AIM_PICTURE:
		e->id = w->id;
		e->what = FEED_AIM;
		return w->fd < 0 ? ERR_BAD_MESSAGE : wire_end(w);
	case MSG_ERROR:
		e->err = err_from_wire(wire_get_u16(w));
		(void)wire_get_str(w);
		e->what = FEED_REFUSED;
		return wire_end(w);
	default:
		return OK;	/* MSG_OK; and what a newer storage may add */
	}
}

enum err feed_read(struct feed *f, struct feed_event *ret)
{
	struct feed_event e = {.what = FEED_NOTHING, .fd = -1};
	struct wire w;
	enum err err = wire_recv(f->sock, &w);

	if (!err)
		err = understand(f, &w, &e);
	else if (err == ERR_BUSY)
		err = OK;
	if (!err && (e.what == FEED_PICTURE || e.what == FEED_AIM))
		e.fd = w.fd;
	else if (w.fd >= 0)
		close(w.fd);
	if (!err)
		*ret = e;
	return err;
}

void feed_drain(struct feed *f, int ms)
{
	int64_t until = mono_now().ns + ms * NS_PER_MS;

	while (f->head && mono_now().ns < until) {
		struct pollfd p = {
		    .fd = f->sock, .events = f->crowded ? 0 : POLLOUT};

		if (poll(&p, 1, 50) < 0 || feed_write(f))
			return;
	}
}
