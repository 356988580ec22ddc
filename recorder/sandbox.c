#include "recorder/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static const int allowed[] = {
    /* descriptors that are open already */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockopt),
    /* sealed memory for storage */
    SCMP_SYS(memfd_create),
    SCMP_SYS(ftruncate),
    /* memory, threads of libavcodec, time, the end */
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(adjtimex),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
};

/* Of fcntl() all but F_DUPFD: it would put a socket into another's place. */
static const int fcntls[] = {
    F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS};

static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(socket),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(kill),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(bpf),
    SCMP_SYS(mount),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(keyctl),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(userfaultfd),
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

enum err sandbox_harden(void)
{
	struct rlimit none = {0, 0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || setrlimit(RLIMIT_CORE, &none))
		return ERR_SYS;
	return OK;
}

/* Sanitizers map terabytes of address space and need their signals. */
static enum err limits(void)
{
	struct rlimit memory = {SANDBOX_MEMORY, SANDBOX_MEMORY};
	struct rlimit files = {SANDBOX_FILES, SANDBOX_FILES};
	struct rlimit none = {0, 0};

	if ((!SANITIZED && setrlimit(RLIMIT_AS, &memory)) ||
	    setrlimit(RLIMIT_NOFILE, &files) ||
	    setrlimit(RLIMIT_FSIZE, &(struct rlimit){64u << 20, 64u << 20}) ||
	    setrlimit(RLIMIT_NPROC, &none))
		return ERR_SYS;
	return OK;
}

/* No path at all, for every right that this kernel knows. */
static enum err landlock(void)
{
	struct {
		uint64_t fs, net, scoped;
	} rules = {0};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	size_t size;
	long fd, r;

	if (abi < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? OK : ERR_SYS;
	rules.fs = (UINT64_C(1) << 13) - 1;
	if (abi >= 2)
		rules.fs |= UINT64_C(1) << 13;	/* refer */
	if (abi >= 3)
		rules.fs |= UINT64_C(1) << 14;	/* truncate */
	if (abi >= 4)
		rules.net = 3;			/* bind and connect TCP */
	if (abi >= 5)
		rules.fs |= UINT64_C(1) << 15;	/* ioctl on devices */
	if (abi >= 6)
		rules.scoped = 3;		/* signals, abstract sockets */
	size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return ERR_SYS;
	r = syscall(SYS_landlock_restrict_self, fd, 0);
	close((int)fd);
	return r ? ERR_SYS : OK;
}

/* With an address out of sight of seccomp: only where the peer is fixed. */
static enum err messages(scmp_filter_ctx ctx, int sock)
{
	return sock >= 0 &&
		seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)sock, 0)) ?
	    ERR_SYS :
	    OK;
}

static enum err system_calls(int control, int ingest)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	enum err err = ctx ? OK : ERR_NO_MEMORY;

	for (size_t i = 0; !err && i < N(allowed); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0))
			err = ERR_SYS;
	/* abort(): itself, and not the child of another camera. */
	if (!err &&
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)))
		err = ERR_SYS;
	for (size_t i = 0; !err && i < N(fcntls); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntls[i], 0)))
			err = ERR_SYS;
	if (!err)
		err = messages(ctx, control);
	if (!err)
		err = messages(ctx, ingest);
	/* No address: over UDP only to whom the supervisor connected it. */
	if (!err &&
	    seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1,
		SCMP_A4(SCMP_CMP_EQ, 0, 0)))
		err = ERR_SYS;
	for (size_t i = 0; !err && i < N(deadly); i++)
		if (seccomp_rule_add(ctx, SCMP_ACT_KILL_PROCESS, deadly[i], 0))
			err = ERR_SYS;
	if (!err && seccomp_load(ctx))
		err = ERR_SYS;
	seccomp_release(ctx);
	return err;
}

enum err sandbox_enter(int control, int ingest)
{
	enum err err = sandbox_harden();

	if (!err)
		err = limits();
	if (!err)
		err = landlock();
	if (!err)
		err = system_calls(control, ingest);
	return err;
}
