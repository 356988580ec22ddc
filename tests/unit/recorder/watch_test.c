#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "recorder/watch.h"

static struct mono at(int64_t ns)
{
	return (struct mono){NS_PER_SEC + ns};
}

static void a_child_that_says_nothing_hung(void **state)
{
	struct watch w;
	int64_t limit = WATCH_SILENT_NS + NS_PER_SEC;

	(void)state;
	watch_begin(&w, at(0));
	assert_null(watch_look(&w, getpid(), 1000, at(limit)));
	assert_string_equal(watch_look(&w, getpid(), 1000, at(limit + 1)),
	    "the camera's process hung");
	watch_heard(&w, at(limit));
	assert_null(watch_look(&w, getpid(), 1000, at(limit + 1)));
}

/* A child that burns CPU until it has used some, then waits. */
static pid_t burn(int64_t ns)
{
	pid_t pid = fork();
	struct timespec t = {0};

	if (pid)
		return pid;
	while (t.tv_sec * NS_PER_SEC + t.tv_nsec < ns)
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	for (;;)
		pause();
}

static void the_cpu_time_of_a_window_is_what_counts(void **state)
{
	struct watch w;
	pid_t pid = burn(50 * NS_PER_MS);
	int64_t used = 0;

	(void)state;
	assert_true(pid > 0);
	/* Until the look sees what the child has burnt. */
	for (int i = 0; i < 1000 && used < 50 * NS_PER_MS; i++) {
		watch_begin(&w, at(0));
		watch_heard(&w, at(WATCH_WINDOW_NS));
		assert_null(watch_look(&w, pid, 1000, at(WATCH_WINDOW_NS)));
		used = w.cpu_ns;
		usleep(10000);
	}
	assert_true(used >= 50 * NS_PER_MS);
	/* As if it had used the rest of what is allowed since. */
	w.cpu_ns = used - WATCH_CPU_NS - 1;
	w.heard = w.since = at(0);
	watch_heard(&w, at(WATCH_WINDOW_NS));
	assert_string_equal(watch_look(&w, pid, 1000, at(WATCH_WINDOW_NS)),
	    "the camera's process used too much CPU");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* One that has gone is no matter of ours. */
	watch_begin(&w, at(0));
	watch_heard(&w, at(WATCH_WINDOW_NS));
	assert_null(watch_look(&w, pid, 1000, at(WATCH_WINDOW_NS)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_child_that_says_nothing_hung),
	    cmocka_unit_test(the_cpu_time_of_a_window_is_what_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
