#include "storage/api/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/api/utc.h"

#define HEADER 8		/* u16 version, u16 type, u32 id */
#define SIZE_SEALS (F_SEAL_GROW | F_SEAL_SHRINK)
#define SEALS (F_SEAL_WRITE | SIZE_SEALS)

static void put_n(struct wire *w, const void *p, size_t n)
{
	if (w->err)
		return;
	if (n > WIRE_MAX - w->len) {
		w->err = ERR_TOO_LARGE;
		return;
	}
	if (n)
		memcpy(w->buf + w->len, p, n);
	w->len += n;
}

static void put_be(struct wire *w, uint64_t v, size_t n)
{
	unsigned char b[8];

	for (size_t i = 0; i < n; i++)
		b[i] = (unsigned char)(v >> 8 * (n - 1 - i));
	put_n(w, b, n);
}

void wire_begin(struct wire *w, uint16_t type, uint32_t id)
{
	w->len = 0;
	w->pos = HEADER;
	w->type = type;
	w->id = id;
	w->fd = -1;
	w->err = OK;
	put_be(w, WIRE_VERSION, 2);
	put_be(w, type, 2);
	put_be(w, id, 4);
}

void wire_put_u8(struct wire *w, uint8_t v)
{
	put_be(w, v, 1);
}

void wire_put_u16(struct wire *w, uint16_t v)
{
	put_be(w, v, 2);
}

void wire_put_u32(struct wire *w, uint32_t v)
{
	put_be(w, v, 4);
}

void wire_put_u64(struct wire *w, uint64_t v)
{
	put_be(w, v, 8);
}

void wire_put_i64(struct wire *w, int64_t v)
{
	put_be(w, (uint64_t)v, 8);
}

void wire_put_str(struct wire *w, const char *s)
{
	size_t n = strlen(s);

	if (n > WIRE_STR_MAX && !w->err)
		w->err = ERR_TOO_LARGE;
	wire_put_bytes(w, s, n);
}

void wire_put_bytes(struct wire *w, const void *p, size_t n)
{
	if (n > WIRE_MAX && !w->err)
		w->err = ERR_TOO_LARGE;
	put_be(w, n, 2);
	put_n(w, p, n);
}

void wire_put_wire(struct wire *w, const struct wire *inner)
{
	if (inner->err && !w->err)
		w->err = inner->err;
	wire_put_u16(w, inner->type);
	put_n(w, inner->buf + HEADER, inner->len - HEADER);
}

enum err wire_unwrap(struct wire *w)
{
	uint16_t type = wire_get_u16(w);
	size_t n = w->len - w->pos;

	if (w->err)
		return w->err;
	memmove(w->buf + HEADER, w->buf + w->pos, n);
	/* what it held may be a password, of which an end would stay here */
	memset(w->buf + HEADER + n, 0, w->len - HEADER - n);
	w->len = HEADER + n;
	w->pos = HEADER;
	w->type = type;
	return OK;
}

static enum err from_errno(void)
{
	switch (errno) {
	case EAGAIN:
	case ETOOMANYREFS: /* of this user's other processes, too */
		return ERR_BUSY;
	case EPIPE:
	case ECONNRESET:
	case ECONNREFUSED:
	case ENOENT:
		return ERR_GONE;
	default:
		return ERR_SYS;
	}
}

enum err wire_send(int sock, struct wire *w, int fd)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(sizeof(int))];
	} c;
	struct iovec iov = {w->buf, w->len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (w->err)
		return w->err;
	if (fd >= 0) {
		memset(&c, 0, sizeof(c));
		m.msg_control = &c;
		m.msg_controllen = sizeof(c.buf);
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		c.h.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.h), &fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? from_errno() : OK;
}

/* Keep the one descriptor that may come; close what is too much. */
static enum err take_fds(struct msghdr *m, int *ret_fd)
{
	enum err err = OK;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(int));
			if (*ret_fd < 0) {
				*ret_fd = fd;
			} else {
				close(fd);
				err = ERR_BAD_MESSAGE;
			}
		}
	}
	return err;
}

enum err wire_recv(int sock, struct wire *w)
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(4 * sizeof(int))];
	} c;
	struct iovec iov = {w->buf, WIRE_MAX};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &c,
	    .msg_controllen = sizeof(c.buf)};
	enum err err;
	ssize_t n;
	int fd = -1;

	w->fd = -1;
	w->len = w->pos = 0;
	w->err = OK;
	do
		n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return from_errno();
	err = take_fds(&m, &fd);
	if (!n && fd < 0)
		return ERR_GONE;
	w->len = (size_t)n;
	if (n < HEADER || m.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    wire_get_u16(w) != WIRE_VERSION)
		err = ERR_BAD_MESSAGE;
	w->type = wire_get_u16(w);
	w->id = wire_get_u32(w);
	if (err && fd >= 0) {
		close(fd);
		fd = -1;
	}
	w->fd = fd;
	return err;
}

static uint64_t get_be(struct wire *w, size_t n)
{
	uint64_t v = 0;

	if (!w->err && n > w->len - w->pos)
		w->err = ERR_BAD_MESSAGE;
	if (w->err)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | w->buf[w->pos++];
	return v;
}

bool wire_more(const struct wire *w)
{
	return !w->err && w->pos < w->len;
}

uint8_t wire_get_u8(struct wire *w)
{
	return (uint8_t)get_be(w, 1);
}

uint16_t wire_get_u16(struct wire *w)
{
	return (uint16_t)get_be(w, 2);
}

uint32_t wire_get_u32(struct wire *w)
{
	return (uint32_t)get_be(w, 4);
}

uint64_t wire_get_u64(struct wire *w)
{
	return get_be(w, 8);
}

int64_t wire_get_i64(struct wire *w)
{
	return (int64_t)get_be(w, 8);
}

const void *wire_get_bytes(struct wire *w, size_t *ret_n)
{
	size_t n = wire_get_u16(w);
	const void *p = w->buf + w->pos;

	if (!w->err && n > w->len - w->pos)
		w->err = ERR_BAD_MESSAGE;
	if (w->err) {
		*ret_n = 0;
		return NULL;
	}
	w->pos += n;
	*ret_n = n;
	return p;
}

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(const unsigned char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned char c = s[i++];
		size_t more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		uint32_t v = more ? c & (0x3fu >> more) : c;

		if (!c || (c >= 0x80 && c < 0xc2) || c > 0xf4 || more > n - i)
			return false;
		for (size_t k = 0; k < more; k++, i++) {
			if ((s[i] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (s[i] & 0x3f);
		}
		if ((more == 2 && (v < 0x800 || (v >> 11) == 0x1b)) ||
		    (more == 3 && (v < 0x10000 || v > 0x10ffff)))
			return false;
	}
	return true;
}

const char *wire_get_str(struct wire *w)
{
	size_t at = w->pos, n;
	const unsigned char *p = wire_get_bytes(w, &n);

	if (!w->err && (n > WIRE_STR_MAX || !is_utf8(p, n)))
		w->err = ERR_BAD_MESSAGE;
	if (w->err)
		return "";
	/* The length field gives way to the text, so that a NUL fits. */
	memmove(w->buf + at, p, n);
	w->buf[at + n] = '\0';
	return (const char *)w->buf + at;
}

void wire_get_text(struct wire *w, char *ret, size_t room)
{
	const char *s = wire_get_str(w);

	if (strlen(s) >= room && !w->err)
		w->err = ERR_TOO_LARGE;
	snprintf(ret, room, "%s", s);
}

enum err wire_end(const struct wire *w)
{
	if (w->err)
		return w->err;
	return w->pos == w->len ? OK : ERR_BAD_MESSAGE;
}

static enum err wait_readable(int sock, int64_t until_ns)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};
	int64_t left = (until_ns - mono_now().ns + NS_PER_MS - 1) / NS_PER_MS;
	int n;

	if (until_ns == INT64_MAX)
		left = -1;
	else if (left < 0)
		left = 0;
	n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
	if (n < 0)
		return errno == EINTR ? OK : ERR_SYS;
	return n ? OK : ERR_TIMEOUT;
}

enum err wire_call(int sock, struct wire *w, int fd, int timeout_ms)
{
	int64_t until =
	    timeout_ms < 0 ? INT64_MAX : mono_now().ns + timeout_ms * NS_PER_MS;
	uint32_t id = w->id;
	enum err err = wire_send(sock, w, fd);

	while (!err) {
		err = wait_readable(sock, until);
		if (!err)
			err = wire_recv(sock, w);
		if (err == ERR_BUSY)
			err = OK;
		else if (!err && w->id == id && w->type % 2)
			break;
		else if (!err && w->fd >= 0)
			close(w->fd);
	}
	if (!err && w->type == MSG_ERROR) {
		err = err_from_wire(wire_get_u16(w));
		if (!err)
			err = ERR_INTERNAL;
	}
	return err;
}

enum err bulk_from(const void *p, size_t n, int *ret_fd)
{
	int fd = memfd_create("saqta", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const char *at = p;

	if (fd < 0)
		return ERR_SYS;
	while (n) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			goto out;
		at += done;
		n -= (size_t)done;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		goto out;
	*ret_fd = fd;
	return OK;
out:
	close(fd);
	return ERR_SYS;
}

enum err bulk_map(int fd, size_t max, const void **ret_p, size_t *ret_n)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *p;

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 ||
	    st.st_size <= 0 || (uint64_t)st.st_size > max)
		return ERR_BAD_MESSAGE;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return ERR_SYS;
	*ret_p = p;
	*ret_n = (size_t)st.st_size;
	return OK;
}

void bulk_unmap(const void *p, size_t n)
{
	if (p)
		munmap((void *)(uintptr_t)p, n);
}

enum err window_open(size_t n, int *ret_fd, const void **ret_p)
{
	int fd = memfd_create("saqta", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *p = MAP_FAILED;

	if (fd < 0)
		return ERR_SYS;
	if (ftruncate(fd, (off_t)n) == 0 &&
	    fcntl(fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_SEAL) == 0)
		p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		close(fd);
		return ERR_SYS;
	}
	*ret_fd = fd;
	*ret_p = p;
	return OK;
}

enum err window_check(int fd, size_t n)
{
	int seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & SEALS) != SIZE_SEALS || fstat(fd, &st) < 0 ||
	    (uint64_t)st.st_size < n)
		return ERR_BAD_MESSAGE;
	return OK;
}

enum err window_put(int fd, size_t at, const void *p, size_t n)
{
	const char *from = p;

	while (n) {
		ssize_t done = pwrite(fd, from, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return ERR_SYS;
		from += done;
		at += (size_t)done;
		n -= (size_t)done;
	}
	return OK;
}

static enum err address(const char *path, struct sockaddr_un *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(ret->sun_path))
		return ERR_TOO_LARGE;
	memcpy(ret->sun_path, path, strlen(path));
	return OK;
}

enum err wire_listen(const char *path, unsigned mode, int *ret_fd)
{
	struct sockaddr_un a;
	enum err err = address(path, &a);
	int fd;

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ERR_SYS;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    chmod(path, mode) < 0 || listen(fd, 64) < 0) {
		close(fd);
		return ERR_SYS;
	}
	*ret_fd = fd;
	return OK;
}

enum err wire_connect(const char *path, int *ret_fd)
{
	struct sockaddr_un a;
	enum err err = address(path, &a);
	int fd;

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ERR_SYS;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		err = from_errno();
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return OK;
}
