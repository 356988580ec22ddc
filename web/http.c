/* The only file of web/ that includes libmicrohttpd. */
#include "web/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "web/conn.h"
#include "web/gate.h"
#include "web/reply.h"
#include "web/stats.h"

#define CONNECTIONS_MAX 1024
#define CONNECTIONS_PER_ADDRESS 256
#define HEADER_MEMORY (32u << 10) /* a request's line and headers */
#define SILENT_S 30		/* a connection without any progress */
#define STREAM_BLOCK (64u << 10)
/* AEAD with forward secrecy only; AES-GCM first, as CPUs do it in hardware. */
#define TLS_PRIORITIES \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:" \
	"+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:-KX-ALL:" \
	"+ECDHE-ECDSA:+ECDHE-RSA:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE"

static struct MHD_Daemon *server;
static const char *proxy;	/* its address; "": none */

/* Every answer has these; why each: web/DESIGN.md. */
static const char *const always[][2] = {
    {"Content-Security-Policy",
	"default-src 'none'; script-src 'self'; style-src 'self'; "
	"img-src 'self' blob: data:; media-src 'self' blob:; "
	"connect-src 'self'; base-uri 'none'; form-action 'self'; "
	"frame-ancestors 'none'"},
    {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};

const char *http_header(struct http *x, const char *name)
{
	return MHD_lookup_connection_value(x->c, MHD_HEADER_KIND, name);
}

const char *http_query(struct http *x, const char *name)
{
	return MHD_lookup_connection_value(x->c, MHD_GET_ARGUMENT_KIND, name);
}

struct only {
	const char *const *names;
	size_t n;
	unsigned seen;
	bool ok;
};

static enum MHD_Result check_name(void *cls, enum MHD_ValueKind kind,
    const char *key, const char *value)
{
	struct only *o = cls;
	bool known = false;

	(void)kind;
	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->names[i], key) != 0)
			continue;
		known = !(o->seen & 1u << i) && value;
		o->seen |= 1u << i;
	}
	o->ok = o->ok && known;
	return MHD_YES;
}

bool http_query_only(struct http *x, const char *const *names, size_t n)
{
	struct only o = {names, n, 0, true};

	MHD_get_connection_values(x->c, MHD_GET_ARGUMENT_KIND, check_name, &o);
	return o.ok;
}

void http_wait(struct MHD_Connection *c)
{
	MHD_suspend_connection(c);
}

void http_go_on(struct MHD_Connection *c)
{
	MHD_resume_connection(c);
}

/* I/O thread: the connection is suspended, so x lives until it is resumed. */
static void asked(struct call *c, enum err err, struct wire *w)
{
	struct http *x =
	    (struct http *)(void *)((char *)c - offsetof(struct http, call));

	x->err = err;
	if (w) {
		x->in = *w;
		w->fd = -1;
		explicit_bzero(w->buf, w->len);
	}
	MHD_resume_connection(x->c);
}

static void drop_answer(struct http *x)
{
	if (x->in.fd >= 0)
		close(x->in.fd);
	x->in.fd = -1;
	x->in.type = 0;
	x->in.err = OK;
}

/* What the number or name in the path is. */
static enum thing thing_of(const struct http *x)
{
	static const char drafts[] = "/api/v1/drafts/";

	if (*x->args.camera)
		return THING_CAMERA;
	if (*x->args.request)
		return THING_REQUEST;
	return strncmp(x->path, drafts, sizeof(drafts) - 1) ? THING_PERSON :
							      THING_DRAFT;
}

/* The act on the thing in the path, if that is as the client has seen it. */
static void put_condition(struct http *x, struct wire *w, struct wire *ret)
{
	char number[24];

	snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)x->args.number[0]);
	wire_begin(ret, MSG_IF_MATCH, 0);
	wire_put_u8(ret, (uint8_t)thing_of(x));
	wire_put_str(ret,
	    *x->args.camera	 ? x->args.camera :
		*x->args.request ? x->args.request :
				   number);
	wire_put_str(ret, x->match);
	wire_put_wire(ret, w);
	explicit_bzero(w->buf, w->len);
}

void http_ask(struct http *x, struct peer *p, struct wire *w, uint16_t answer,
    void (*next)(struct http *))
{
	enum err err = ERR_UNAVAILABLE;
	struct wire conditional;

	if (*x->match) {
		put_condition(x, w, &conditional);
		w = &conditional;
	}

	drop_answer(x);
	x->next = next;
	x->call.done = asked;
	x->call.answer = answer;
	/* Suspended first: the answer may be faster than we are. */
	MHD_suspend_connection(x->c);
	if (p)
		err = call_start(p, &x->call, w, CALL_TIMEOUT_MS);
	if (err != OK) {
		x->err = err;
		MHD_resume_connection(x->c);
	}
	explicit_bzero(w->buf, w->len);
}

static void http_free(struct http *x)
{
	if (x->reply.free)
		x->reply.free(x->reply.arg);
	if (x->reply.stream)
		x->reply.stream->free(x->reply.stream);
	gate_broken(x);
	if (x->keep_free)
		x->keep_free(x->keep);
	drop_answer(x);
	if (x->body)
		explicit_bzero(x->body, x->body_n);
	free(x->body);
	session_put(x->session);
	explicit_bzero(x, sizeof(*x));	/* a cookie, what storage answered */
	free(x);
}

static void connected(void *cls, struct MHD_Connection *c, void **socket_cls,
    enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *i;

	(void)cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		i = MHD_get_connection_info(c,
		    MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_cls = i ? conn_new(i->connect_fd) : NULL;
	} else {
		conn_free(*socket_cls);
		*socket_cls = NULL;
	}
}

static void limit(struct MHD_Connection *c, int seconds)
{
	const union MHD_ConnectionInfo *i =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	conn_limit(i ? i->socket_context : NULL, seconds);
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct stream *s = cls;
	ssize_t n = s->read(s, pos, buf, max);

	return n < 0 ? MHD_CONTENT_READER_END_WITH_ERROR : n;
}

static void stream_free(void *cls)
{
	struct stream *s = cls;

	s->free(s);
}

/* Hands the body of x->reply over; NULL leaves it to http_free(). */
static struct MHD_Response *response(struct http *x)
{
	struct reply *r = &x->reply;
	struct MHD_Response *m;

	if (r->stream) {
		m = MHD_create_response_from_callback(r->stream_n, STREAM_BLOCK,
		    stream_read, r->stream, stream_free);
		if (m)
			r->stream = NULL;
		return m;
	}
	if (!r->free)
		return MHD_create_response_from_buffer(r->n,
		    (void *)(uintptr_t)r->p, MHD_RESPMEM_PERSISTENT);
	m = MHD_create_response_from_buffer_with_free_callback_cls(r->n,
	    (void *)(uintptr_t)r->p, r->free, r->arg);
	if (m)
		r->free = NULL;
	return m;
}

/* Send x->reply. MHD_NO ends the connection. */
static enum MHD_Result answer(struct http *x)
{
	struct reply *r = &x->reply;
	enum MHD_Result ok = MHD_YES;
	struct MHD_Response *m;

	limit(x->c, r->stream ? CONN_FOREVER : CONN_ANSWER_S);
	stats_answered(x->began, mono_now(), r->status);
	if (r->status == 500)
		log_warn("%s: answered 500 (%s)", x->path, err_name(x->err));
	m = response(x);
	if (!m)
		return MHD_NO;
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		ok &= MHD_add_response_header(m, always[i][0], always[i][1]);
	ok &= MHD_add_response_header(m, "Cache-Control",
	    r->cache ? r->cache : "no-store");
	if (r->type)
		ok &= MHD_add_response_header(m, "Content-Type", r->type);
	for (unsigned i = 0; i < r->header_n; i++)
		ok &= MHD_add_response_header(m, r->header[i].name,
		    r->header[i].value);
	if (ok == MHD_YES)
		ok = MHD_queue_response(x->c, r->status, m);
	MHD_destroy_response(m);
	return ok;
}

/* The last line of them: some proxies put theirs behind their client's. */
static enum MHD_Result take_forwarded(void *cls, enum MHD_ValueKind kind,
    const char *name, const char *value)
{
	(void)kind;
	if (strcasecmp(name, "X-Forwarded-For") == 0)
		*(const char **)cls = value;
	return MHD_YES;
}

static void set_address(struct http *x)
{
	char from[FORWARDED_TEXT];
	const char *line = NULL;
	const union MHD_ConnectionInfo *i =
	    MHD_get_connection_info(x->c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *a = i ? i->client_addr : NULL;
	socklen_t n = a && a->sa_family == AF_INET6 ?
	    sizeof(struct sockaddr_in6) :
	    sizeof(struct sockaddr_in);

	if (!a ||
	    getnameinfo(a, n, from, sizeof(from), NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(from, sizeof(from), "unknown");
	MHD_get_connection_values(x->c, MHD_HEADER_KIND, take_forwarded, &line);
	forwarded_address(from, proxy, line, x->address);
}

/* The headers are there. */
static enum MHD_Result first(struct http *x, const char *method)
{
	const char *length = http_header(x, "Content-Length");

	x->method = method_of(method);
	set_address(x);
	limit(x->c, CONN_BODY_S);
	gate_headers(x);
	/* Not worth reading to its end: answered now, then closed. */
	if (length && strtoull(length, NULL, 10) > DRAIN_MAX) {
		if (x->reply.free)
			x->reply.free(x->reply.arg);
		memset(&x->reply, 0, sizeof(x->reply));
		reply_problem(x, ERR_TOO_LARGE, NULL, NULL);
		return answer(x);
	}
	return MHD_YES;
}

static enum MHD_Result take_body(struct http *x, const char *p, size_t n)
{
	char *more;

	x->drained += n;
	if (x->drained > DRAIN_MAX)
		return MHD_NO;
	/* Refused already, or too long: read only to be able to answer. */
	if (x->reply.status || x->drained > BODY_MAX)
		return MHD_YES;
	more = malloc(x->body_n + n + 1);
	if (!more)
		return MHD_NO;
	if (x->body) {
		memcpy(more, x->body, x->body_n);
		explicit_bzero(x->body, x->body_n);
	}
	memcpy(more + x->body_n, p, n);
	free(x->body);
	x->body = more;
	x->body_n += n;
	x->body[x->body_n] = '\0';
	return MHD_YES;
}

/* The whole request is there, or what it asked has been answered. */
static enum MHD_Result go_on(struct http *x)
{
	void (*next)(struct http *) = x->next;

	x->next = NULL;
	if (!x->ran) {
		x->ran = true;
		limit(x->c, CONN_FOREVER);
		if (!x->reply.status && x->drained > BODY_MAX)
			reply_problem(x, ERR_TOO_LARGE,
			    "a body has at most 64 KiB", NULL);
		else if (!x->reply.status && gate_once(x))
			x->route->handler(x);
	} else if (next) {
		next(x);
	}
	if (x->reply.status) {
		gate_answered(x);
		return answer(x);
	}
	return x->next ? MHD_YES : MHD_NO;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *c,
    const char *url, const char *method, const char *version,
    const char *upload, size_t *upload_n, void **req_cls)
{
	struct http *x = *req_cls;

	(void)cls;
	(void)c;
	(void)url;
	(void)version;
	if (!x)
		return MHD_NO;
	if (!x->seen) {
		x->seen = true;
		x->began = mono_now();
		return first(x, method);
	}
	if (*upload_n > 0) {
		enum MHD_Result ok = take_body(x, upload, *upload_n);

		*upload_n = 0;
		return ok;
	}
	return go_on(x);
}

/*
 * A request begins: its raw target, before any decoding. No path of ours has
 * bytes that need an escape, so that one with others is none of ours; nothing
 * is decoded, and "%2e%2e%2f" or "%00" mean nothing.
 */
static void *begin(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct http *x = calloc(1, sizeof(*x));
	size_t n = strcspn(uri, "?");

	(void)cls;
	if (!x)
		return NULL;
	x->c = c;
	x->in.fd = -1;
	if (n <= PATH_MAX_WEB && args_is_path(uri, n))
		memcpy(x->path, uri, n);
	return x;
}

static void ended(void *cls, struct MHD_Connection *c, void **req_cls,
    enum MHD_RequestTerminationCode why)
{
	(void)cls;
	(void)why;
	limit(c, CONN_REST_S);
	if (*req_cls)
		http_free(*req_cls);
	*req_cls = NULL;
}

/* A listening socket at the configured address, which must be numeric. */
static enum err listen_on(const char *address, int port, int *ret)
{
	struct addrinfo hint = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE,
	    .ai_socktype = SOCK_STREAM};
	struct addrinfo *a = NULL;
	char service[16];
	int fd, on = 1;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(address, service, &hint, &a) != 0) {
		log_error("[web] listen = %s is no numeric address", address);
		return ERR_CONFIG;
	}
	fd =
	    socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 128) != 0) {
		if (errno == EADDRINUSE)
			notify_cannot("start-port",
			    "cannot listen on %s port %d: the port is taken: "
			    "ss -ltnp says by whom; [web] port names another "
			    "one",
			    address, port);
		else
			log_error("cannot listen on %s port %d: %s", address,
			    port, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	*ret = fd;
	return fd >= 0 ? OK : ERR_SYS;
}

enum err http_open(const struct config *cfg, const char *key_pem,
    const char *cert_pem)
{
	enum err err;
	int fd;

	proxy = cfg->proxy;
	err = listen_on(cfg->listen, cfg->port, &fd);
	if (err != OK)
		return err;
	/* clang-format off */
	server = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD |
	    MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME,
	    0, NULL, NULL, handle, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_HTTPS_MEM_KEY, key_pem,
	    MHD_OPTION_HTTPS_MEM_CERT, cert_pem,
	    MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
	    MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    /* a proxy's are everybody's */
	    *proxy ? CONNECTIONS_MAX : CONNECTIONS_PER_ADDRESS,
	    MHD_OPTION_CONNECTION_TIMEOUT, SILENT_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MEMORY,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_URI_LOG_CALLBACK, begin, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, ended, NULL,
	    MHD_OPTION_NOTIFY_CONNECTION, connected, NULL,
	    MHD_OPTION_END);
	/* clang-format on */
	if (server)
		return OK;
	log_error("cannot start HTTPS on %s port %d", cfg->listen, cfg->port);
	close(fd);
	return ERR_SYS;
}

void http_close(void)
{
	if (server)
		MHD_stop_daemon(server);
	server = NULL;
}
