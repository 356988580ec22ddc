#include "storage/tool/look.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/tool/console.h"

#define ANSWER_MAX (256u << 10)

extern char **environ;

/* Beside the tool, or where it is installed: bin and sbin. */
static void find_program(char *ret, size_t room)
{
	char self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	snprintf(ret, room, "%.*s/saqta-recorder",
	    slash ? (int)(slash - self) : 0, self);
	if (access(ret, X_OK) < 0)
		snprintf(ret, room, "/usr/sbin/saqta-recorder");
}

static pid_t start(char *const argv[], int in, int out)
{
	posix_spawn_file_actions_t fa;
	char program[560];
	pid_t pid = -1;
	int e;

	find_program(program, sizeof(program));
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	e = posix_spawn(&pid, program, &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (!e)
		return pid;
	fprintf(stderr, "saqta: %s: %s\n", program, strerror(e));
	return -1;
}

/* All that fd says, NUL behind it; false where it is too much. */
static bool read_all(int fd, char *buf, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while (n + 1 < room &&
	    ((got = read(fd, buf + n, room - 1 - n)) > 0 ||
		(got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	buf[n] = '\0';
	return n + 1 < room;
}

int tool_look(const char *verb, const char *target, bool udp, const char *user,
    const char *password, bool json)
{
	static char text[ANSWER_MAX];
	char program[] = "saqta-recorder", flag[] = "--udp";
	char word[16], what[512];
	char *argv[5] = {program, word, what, NULL, NULL};
	int in[2], out[2], status = 0;
	pid_t pid;

	snprintf(word, sizeof(word), "%s", verb);
	snprintf(what, sizeof(what), "%s", target);
	if (udp)
		argv[3] = flag;
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return EXIT_FAILED;
	pid = start(argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	if (pid > 0)
		dprintf(in[1], "%s\n%s\n", user ? user : "", password);
	close(in[1]);
	if (pid < 0 || !read_all(out[0], text, sizeof(text)) ||
	    waitpid(pid, &status, 0) != pid)
		return EXIT_FAILED;
	close(out[0]);
	if (json)
		fputs(text, stdout);
	else if (!print_look(verb, text))
		fprintf(stderr, "saqta: the recorder sent no answer\n");
	return WIFEXITED(status) && !WEXITSTATUS(status) && !fflush(stdout) ?
	    EXIT_FINE :
	    EXIT_FAILED;
}
