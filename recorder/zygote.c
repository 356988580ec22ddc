#include "recorder/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder/child.h"
#include "recorder/device.h"
#include "recorder/sandbox.h"
#include "recorder/tls.h"
#include "recorder/video.h"
#include "storage/api/oom.h"

#define PROCESSES_MAX 512
#define RESOLVE_S 10	/* a resolver is ended after that */

static pid_t processes[PROCESSES_MAX];

static enum err fail(void)
{
	return errno == EAGAIN			  ? ERR_BUSY :
	    errno == EPIPE || errno == ECONNRESET ? ERR_GONE :
						    ERR_SYS;
}

enum err zygote_ask(int sock, const struct zygote_message *m,
    const int fd[CHILD_FDS])
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(CHILD_FDS * sizeof(int))];
	} c = {.buf = {0}};
	struct iovec iov = {(void *)(uintptr_t)m, sizeof(*m)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	int send[CHILD_FDS];
	size_t n = 0;

	for (int i = 0; i < CHILD_FDS; i++)
		if (m->fds & 1u << i)
			send[n++] = fd[i];
	if (n) {
		msg.msg_control = c.buf;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c.h.cmsg_level = SOL_SOCKET;
		c.h.cmsg_type = SCM_RIGHTS;
		c.h.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&c.h), send, n * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? fail() : OK;
}

enum err zygote_answer(int sock, struct zygote_message *ret)
{
	ssize_t n = recv(sock, ret, sizeof(*ret), MSG_DONTWAIT);

	if (n < 0)
		return fail();
	return n == sizeof(*ret) ? OK : ERR_GONE;
}

static enum err receive(int sock, struct zygote_message *m, int fd[CHILD_FDS])
{
	union {
		struct cmsghdr h;
		char buf[CMSG_SPACE(CHILD_FDS * sizeof(int))];
	} c;
	struct iovec iov = {m, sizeof(*m)};
	struct msghdr msg = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = c.buf,
	    .msg_controllen = sizeof(c.buf)};
	int got[CHILD_FDS];
	size_t n = 0, at = 0;
	ssize_t len = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *h;

	if (len != sizeof(*m))
		return len < 0 ? fail() : ERR_GONE;
	h = CMSG_FIRSTHDR(&msg);
	if (h && h->cmsg_type == SCM_RIGHTS) {
		n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(got, CMSG_DATA(h), n * sizeof(int));
	}
	for (int i = 0; i < CHILD_FDS; i++)
		fd[i] = m->fds & 1u << i && at < n ? got[at++] : -1;
	return OK;
}

static _Noreturn void resolve(const struct zygote_message *m, int fd)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	struct resolved r;
	char port[8];

	memset(&r, 0, sizeof(r));
	alarm(RESOLVE_S);
	snprintf(port, sizeof(port), "%u", m->port);
	if (!getaddrinfo(m->host, port, &hints, &list))
		for (struct addrinfo *a = list; a && r.n < RESOLVED_MAX;
		     a = a->ai_next) {
			r.at[r.n].n = a->ai_addrlen;
			memcpy(&r.at[r.n].addr, a->ai_addr, a->ai_addrlen);
			r.n++;
		}
	_exit(write(fd, &r, sizeof(r)) == sizeof(r) ? 0 : 1);
}

static _Noreturn void become(const struct zygote_message *m,
    const int fd[CHILD_FDS], int sock, int sig)
{
	sigset_t none;

	close(sock);
	close(sig);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGTERM, SIG_DFL);
	/* Where the zygote dies, nothing of it stays. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL))
		_exit(1);
	if (m->kind == ZYGOTE_RESOLVE)
		resolve(m, fd[0]);
	prctl(PR_SET_NAME,
	    m->kind == ZYGOTE_TLS ? "saqta-tls" : "saqta-camera");
	if (m->kind == ZYGOTE_TLS)
		tls_main(&m->start, fd);
	if (m->kind == ZYGOTE_DEVICE)
		device_main(&m->start, fd);
	child_main(&m->start, fd);
}

static pid_t start(const struct zygote_message *m, const int fd[CHILD_FDS],
    int sock, int sig)
{
	int slot = 0;
	pid_t pid;

	while (slot < PROCESSES_MAX && processes[slot])
		slot++;
	if (slot == PROCESSES_MAX)
		return -1;
	pid = fork();
	if (!pid)
		become(m, fd, sock, sig);
	if (pid > 0)
		processes[slot] = pid;
	return pid;
}

/* Only what has not been waited for may be killed: pids are used again. */
static int find(pid_t pid)
{
	for (int i = 0; pid > 0 && i < PROCESSES_MAX; i++)
		if (processes[i] == pid)
			return i;
	return -1;
}

static void answer(int sock, const struct zygote_message *m)
{
	/* The supervisor reads all the time; where it does not, it is gone. */
	if (send(sock, m, sizeof(*m), MSG_NOSIGNAL) < 0)
		_exit(1);
}

static void reap(int sock)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		struct zygote_message m = {.kind = ZYGOTE_ENDED, .pid = pid};
		int i = find(pid);

		if (i >= 0)
			processes[i] = 0;
		answer(sock, &m);
	}
}

static void request(int sock, int sig)
{
	struct zygote_message m;
	int fd[CHILD_FDS];
	enum err err = receive(sock, &m, fd);

	if (err == ERR_BUSY)
		return;
	if (err)
		_exit(0);	/* the supervisor has gone */
	if (m.kind == ZYGOTE_KILL) {
		if (find(m.pid) >= 0)
			kill(m.pid, SIGKILL);
		return;
	}
	m.pid = start(&m, fd, sock, sig);
	for (int i = 0; i < CHILD_FDS; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	m.kind = ZYGOTE_STARTED;
	answer(sock, &m);
}

static _Noreturn void zygote(int sock)
{
	sigset_t set;
	int sig;

	prctl(PR_SET_NAME, "saqta-zygote");
	oom_first();
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || sandbox_harden())
		_exit(1);
	/* The supervisor stops the children, one by one and in order. */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sig = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sig < 0)
		_exit(1);
	video_preload();
	for (;;) {
		struct pollfd p[] = {{.fd = sock, .events = POLLIN},
		    {.fd = sig, .events = POLLIN}};
		struct signalfd_siginfo si;

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			_exit(1);
		if (p[1].revents && read(sig, &si, sizeof(si)) > 0)
			reap(sock);
		if (p[0].revents)
			request(sock, sig);
	}
}

enum err zygote_start(int *ret_sock)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return ERR_SYS;
	pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return ERR_SYS;
	}
	if (!pid) {
		close(pair[0]);
		zygote(pair[1]);
	}
	close(pair[1]);
	if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		close(pair[0]);
		return ERR_SYS;
	}
	*ret_sock = pair[0];
	return OK;
}
