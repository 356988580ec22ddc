#include "web/media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/json.h"
#include "web/movie.h"
#include "web/range.h"
#include "web/reply.h"

#define PART_MAX (64u << 20)
#define PIECE_NONE UINT64_MAX

void media_file_name(const char *name, char *ret, size_t n)
{
	size_t at = 0;

	for (; *name && at + 1 < n; name++) {
		char c = *name;

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '.')
			c = '_';
		if (c != '.' || at > 0)
			ret[at++] = c;
	}
	ret[at] = '\0';
	if (at == 0)
		snprintf(ret, n, "saqta.mp4");
}

static void part(struct http *x)
{
	const char *etag;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	etag = wire_get_str(&x->in);
	if (wire_end(&x->in) != OK || !reply_etag(x, etag)) {
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	reply_bulk(x, "video/mp4", PART_MAX);
}

static void begin(struct http *x, struct wire *w, uint16_t type)
{
	wire_begin(w, type, 0);
	wire_put_str(w, x->args.request);
	wire_put_str(w, x->args.camera);
}

void media_init(struct http *x)
{
	struct wire w;

	begin(x, &w, MSG_MEDIA_INIT);
	wire_put_u64(&w, x->args.number[0]);
	http_ask(x, x->session->peer, &w, MSG_MEDIA_INIT_IS, part);
}

void media_fragment(struct http *x)
{
	struct wire w;

	if (x->args.number[1] > UINT32_MAX) {
		reply_problem(x, ERR_NOT_FOUND, NULL, NULL);
		return;
	}
	begin(x, &w, MSG_MEDIA_FRAGMENT);
	wire_put_u64(&w, x->args.number[0]);
	wire_put_u32(&w, (uint32_t)x->args.number[1]);
	http_ask(x, x->session->peer, &w, MSG_MEDIA_FRAGMENT_IS, part);
}

/* What a download keeps from the first answer to the second. */
struct plan {
	struct range range;
	uint64_t size;
	struct stream *stream;	/* until it is sent */
};

static void plan_free(void *keep)
{
	struct plan *p = keep;

	if (p->stream)
		p->stream->free(p->stream);
	free(p);
}

static void send_stream(struct http *x, struct stream *s, uint64_t n)
{
	const struct plan *p = x->keep;

	x->reply.status = p->range.partial ? 206 : 200;
	x->reply.type =
	    movie_is_export(&x->args) ? "application/zip" : "video/mp4";
	x->reply.stream = s;
	x->reply.stream_n = n;
	if (p->range.partial)
		reply_header(x, "Content-Range", "bytes %llu-%llu/%llu",
		    (unsigned long long)p->range.from,
		    (unsigned long long)(p->range.from + n - 1),
		    (unsigned long long)p->size);
}

/* The first piece is there: so an error of it still got its own status. */
static void first_piece(struct http *x)
{
	struct plan *p = x->keep;

	if (x->err == OK && wire_end(&x->in) != OK)
		x->err = ERR_INTERNAL;
	if (x->err != OK) {
		x->reply.header_n = 0;
		reply_failed(x);
		return;
	}
	movie_begin(p->stream);
	send_stream(x, p->stream, p->range.n);
	p->stream = NULL;
}

/* Range counts for GET alone (RFC 9110, 14.2). */
static enum err plan_range(struct http *x, const char *etag, struct plan *p)
{
	const char *range = http_header(x, "Range");
	char quoted[WIRE_STR_MAX + 3];

	snprintf(quoted, sizeof(quoted), "\"%s\"", etag);
	if (x->method != METHOD_GET ||
	    !range_if(http_header(x, "If-Range"), quoted))
		range = NULL;
	return range_parse(range, p->size, &p->range);
}

static void refuse_range(struct http *x, enum err err, uint64_t size)
{
	x->reply.header_n = 0;
	if (err == ERR_RANGE)
		reply_header(x, "Content-Range", "bytes */%llu",
		    (unsigned long long)size);
	reply_problem(x, err,
	    err == ERR_RANGE ? NULL : "the header Range is malformed", NULL);
}

static void plan_movie(struct http *x, struct plan *p)
{
	char etag[WIRE_STR_MAX + 1], name[128];
	struct wire w;
	enum err err;

	p->size = wire_get_u64(&x->in);
	snprintf(etag, sizeof(etag), "%s", wire_get_str(&x->in));
	media_file_name(wire_get_str(&x->in), name, sizeof(name));
	if (wire_end(&x->in) != OK || p->size == 0 || !reply_etag(x, etag)) {
		x->reply.header_n = 0;
		reply_problem(x, ERR_INTERNAL, NULL, NULL);
		return;
	}
	err = plan_range(x, etag, p);
	if (err != OK) {
		refuse_range(x, err, p->size);
		return;
	}
	reply_header(x, "Accept-Ranges", "bytes");
	reply_header(x, "Content-Disposition", "attachment; filename=\"%s\"",
	    name);
	if (x->method == METHOD_HEAD)
		err = movie_head(&p->stream);
	else
		err = movie_open(x, p->range.from, p->range.n, &w, &p->stream);
	if (err != OK) {
		x->reply.header_n = 0;
		reply_problem(x, err, NULL, NULL);
		return;
	}
	if (x->method == METHOD_HEAD) {
		send_stream(x, p->stream, p->range.n);
		p->stream = NULL;
		return;
	}
	http_ask(x, x->session->peer, &w,
	    movie_is_export(&x->args) ? MSG_EXPORT_READ_IS : MSG_MOVIE_READ_IS,
	    first_piece);
}

static void movie_is(struct http *x)
{
	struct plan *p;

	if (x->err != OK) {
		reply_failed(x);
		return;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		reply_problem(x, ERR_NO_MEMORY, NULL, NULL);
		return;
	}
	x->keep = p;
	x->keep_free = plan_free;
	plan_movie(x, p);
}

/* Plain MP4s of a request may be fetched by this session from now on. */
void media_open(struct http *x)
{
	struct json j;
	struct wire w;
	enum err err;

	x->err = json_begin(&j, x->body, x->body_n);
	wire_begin(&w, MSG_FILES_OPEN, 0);
	wire_put_str(&w, x->args.request);
	json_put_credential(&j, &w);
	err = json_end(&j);
	if (err == OK)
		http_ask(x, x->session->peer, &w, MSG_OK, reply_done);
	else
		reply_problem(x, err, j.detail, j.pointer);
	explicit_bzero(&w, sizeof(w));
	json_wipe(&j);
}

void media_movie(struct http *x)
{
	struct wire w;

	if (x->args.number[0] > UINT32_MAX) {
		reply_problem(x, ERR_NOT_FOUND, NULL, NULL);
		return;
	}
	begin(x, &w, MSG_MOVIE);
	wire_put_u32(&w, (uint32_t)x->args.number[0]);
	http_ask(x, x->session->peer, &w, MSG_MOVIE_IS, movie_is);
}

void media_export(struct http *x)
{
	struct wire w;

	wire_begin(&w, MSG_EXPORT, 0);
	wire_put_str(&w, x->args.request);
	http_ask(x, x->session->peer, &w, MSG_EXPORT_IS, movie_is);
}
