#include "storage/tool/look.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/tool/console.h"
#include "storage/tool/json.h"

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

static double real(const json_t *j, const char *key)
{
	return json_number_value(json_object_get(j, key));
}

static void print_probe(const json_t *j)
{
	const json_t *plays = json_object_get(j, "plays"), *v;
	const char *browser;

	printf("%s %s, %lld x %lld\n", json_text_of(j, "codec"),
	    json_text_of(j, "profile"), json_number_of(j, "width"),
	    json_number_of(j, "height"));
	printf("%.2f frames/s, %.2f Mbit/s, ", real(j, "fps"),
	    real(j, "bitrate_bps") / 1e6);
	if (json_is_null(json_object_get(j, "gop_s")))
		printf("key frames more than %.1f s apart\n",
		    real(j, "measured_s"));
	else
		printf("a key frame every %.2f s\n", real(j, "gop_s"));
	printf("audio %s, over %s\n", json_text_of(j, "audio"),
	    json_text_of(j, "transport"));
	if (json_is_null(json_object_get(j, "clock_offset_ms")))
		printf("the camera does not tell its clock\n");
	else
		printf("the camera's clock is %+.3f s off ours\n",
		    real(j, "clock_offset_ms") / 1000);
	if (!json_is_null(json_object_get(j, "certificate")))
		printf("certificate %s\n"
		       "  (compare it with what the camera's own page shows)\n",
		    json_text_of(j, "certificate"));
	printf("plays in");
	json_object_foreach((json_t *)(uintptr_t)plays, browser, v)
	    printf(" %s: %s;", browser, json_string_value(v));
	putchar('\n');
}

static void print_found(const json_t *j)
{
	const json_t *all = json_object_get(j, "devices"), *d;

	for (size_t i = 0; (d = json_array_get(all, i)); i++)
		printf("%-15s %-20s %-20s %s\n", json_text_of(d, "address"),
		    json_text_of(d, "name"), json_text_of(d, "hardware"),
		    json_text_of(d, "xaddr"));
	if (!json_array_size(all))
		printf("no device answered\n");
}

static void print_onvif(const json_t *j)
{
	const json_t *all = json_object_get(j, "profiles"), *p;

	printf("%s %s, firmware %s, serial number %s\n",
	    json_text_of(j, "maker"), json_text_of(j, "model"),
	    json_text_of(j, "firmware"), json_text_of(j, "serial"));
	if (json_is_integer(json_object_get(j, "clock_offset_ms")))
		printf("its clock is %+.0f s off ours\n",
		    real(j, "clock_offset_ms") / 1000);
	for (size_t i = 0; (p = json_array_get(all, i)); i++)
		printf("%-16s %-6s %4lld x %-4lld %s\n",
		    json_text_of(p, "name"), json_text_of(p, "encoding"),
		    json_number_of(p, "width"), json_number_of(p, "height"),
		    json_text_of(p, "url"));
}

bool print_look(const char *verb, const char *said)
{
	json_t *j = json_loads(said, JSON_REJECT_DUPLICATES, NULL);

	if (!j)
		return false;
	if (json_object_get(j, "error"))
		fprintf(stderr, "saqta: %s\n", json_text_of(j, "message"));
	else if (!strcmp(verb, "discover"))
		print_found(j);
	else if (!strcmp(verb, "onvif"))
		print_onvif(j);
	else
		print_probe(j);
	json_decref(j);
	return true;
}
