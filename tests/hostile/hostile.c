/*
 * hostile ACT [PID|PATH] - a child that a camera has taken over: enters the
 * real sandbox of a child, then tries one thing. Never sanitized, so that all
 * limits hold.
 *
 * Descriptor 3 is what a child has for control, 4 for ingest, 5 a connected
 * datagram socket of a UDP camera.
 *
 * Exit status: 0 it worked (a hole), 7 refused; or killed by the sandbox.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <libavutil/mem.h>

#include "recorder/sandbox.h"
#include "recorder/video.h"

enum { CONTROL = 3, INGEST = 4, DATAGRAM = 5 };

static const char *arg;
static pid_t pid;

static struct sockaddr_in elsewhere(void)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	    .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static long act_open(void)
{
	return open(arg, O_RDONLY);
}

static long act_create(void)
{
	return open(arg, O_WRONLY | O_CREAT, 0600);
}

static long act_openat2(void)
{
	return syscall(SYS_openat2, AT_FDCWD, arg,
	    (uint64_t[3]){O_RDONLY, 0, 0}, 24);
}

static long act_unlink(void)
{
	return unlink(arg);
}

static long act_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static long act_connect(void)
{
	struct sockaddr_in a = elsewhere();

	return connect(DATAGRAM, (struct sockaddr *)&a, sizeof(a));
}

static long act_bind(void)
{
	struct sockaddr_in a = elsewhere();

	return bind(DATAGRAM, (struct sockaddr *)&a, sizeof(a));
}

static long act_sendto(void)
{
	struct sockaddr_in a = elsewhere();

	return sendto(DATAGRAM, "x", 1, 0, (struct sockaddr *)&a, sizeof(a));
}

static long send_message(int sock)
{
	struct sockaddr_in a = elsewhere();
	struct iovec iov = {(char[]){"x"}, 1};
	struct msghdr m = {.msg_name = &a,
	    .msg_namelen = sizeof(a),
	    .msg_iov = &iov,
	    .msg_iovlen = 1};

	return sendmsg(sock, &m, 0);
}

static long act_sendmsg(void)
{
	return send_message(DATAGRAM);
}

/* Put the datagram socket where messages are allowed. */
static long act_dup(void)
{
	close(CONTROL);
	return dup(DATAGRAM) == CONTROL ? send_message(CONTROL) : -1;
}

static long act_dupfd(void)
{
	close(CONTROL);
	return fcntl(DATAGRAM, F_DUPFD, CONTROL) < 0 ? -1 :
						       send_message(CONTROL);
}

static long act_exec(void)
{
	char *argv[] = {(char[]){"/bin/true"}, NULL};

	return execve(argv[0], argv, NULL);
}

static long act_fork(void)
{
	return syscall(SYS_fork);
}

static long act_clone(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long act_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, pid, NULL, NULL);
}

static long act_read_memory(void)
{
	char buf[8];
	struct iovec mine = {buf, sizeof(buf)}, theirs = {&arg, sizeof(arg)};

	return process_vm_readv(pid, &mine, 1, &theirs, 1, 0);
}

static long act_kill(void)
{
	return kill(pid, SIGTERM);
}

static long act_signal(void)
{
	return syscall(SYS_tgkill, pid, pid, SIGTERM);
}

static long act_pidfd(void)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -1 : syscall(SYS_pidfd_getfd, fd, 0, 0);
}

static long act_userns(void)
{
	return unshare(CLONE_NEWUSER);
}

static long act_setuid(void)
{
	return setuid(12345);
}

/* More than the limit of address space, in pieces that libav does not see. */
static long act_memory(void)
{
	for (size_t had = 0; had < 2 * (size_t)SANDBOX_MEMORY; had += 1 << 20) {
		char *p = malloc(1 << 20);

		if (!p)
			return -1;
		memset(p, 1, 1 << 20);
	}
	return 0;
}

static long act_av_alloc(void)
{
	return av_malloc((64u << 20) + 1) ? 0 : -1;
}

static long act_files(void)
{
	for (int i = 0; i < 2 * SANDBOX_FILES; i++)
		if (memfd_create("x", 0) < 0)
			return -1;
	return 0;
}

static long act_big_file(void)
{
	int fd = memfd_create("x", 0);

	signal(SIGXFSZ, SIG_IGN);
	return ftruncate(fd, (off_t)65 << 20);
}

static long act_secret_memory(void)
{
	return syscall(SYS_memfd_secret, 0);
}

/* What a child must be able to do: the tests of refusals would else prove
 * nothing. */
static long act_nothing(void)
{
	char c = 'x';
	struct iovec iov = {&c, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (sendmsg(CONTROL, &m, 0) != 1 || sendmsg(INGEST, &m, 0) != 1 ||
	    send(DATAGRAM, &c, 1, 0) != 1)
		return -1;
	return memfd_create("x", MFD_ALLOW_SEALING) < 0 ? -1 : 0;
}

static const struct {
	const char *name;
	long (*act)(void);
} acts[] = {
    {"nothing", act_nothing},
    {"open", act_open},
    {"create", act_create},
    {"openat2", act_openat2},
    {"unlink", act_unlink},
    {"socket", act_socket},
    {"connect", act_connect},
    {"bind", act_bind},
    {"sendto", act_sendto},
    {"sendmsg", act_sendmsg},
    {"dup", act_dup},
    {"dupfd", act_dupfd},
    {"exec", act_exec},
    {"fork", act_fork},
    {"clone", act_clone},
    {"ptrace", act_ptrace},
    {"read-memory", act_read_memory},
    {"kill", act_kill},
    {"signal", act_signal},
    {"pidfd", act_pidfd},
    {"userns", act_userns},
    {"setuid", act_setuid},
    {"memory", act_memory},
    {"av-alloc", act_av_alloc},
    {"files", act_files},
    {"big-file", act_big_file},
    {"secret-memory", act_secret_memory},
};

int main(int argc, char **argv)
{
	if (argc < 2) {
		for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
			puts(acts[i].name);
		return 2;
	}
	arg = argc > 2 ? argv[2] : "/etc/passwd";
	pid = (pid_t)atoi(arg);
	if (pid <= 0)
		pid = getppid();
	video_preload();
	if (sandbox_enter(CONTROL, INGEST))
		return 3;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (!strcmp(acts[i].name, argv[1]))
			_exit(acts[i].act() < 0 ? 7 : 0);
	return 2;
}
