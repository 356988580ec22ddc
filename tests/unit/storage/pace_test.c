#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storage/pace.h"

#define START (1000 * NS_PER_SEC)
#define MB (1u << 20)

static struct mono at(int64_t ms)
{
	return (struct mono){START + ms * NS_PER_MS};
}

static void a_camera_is_never_held_up(void **state)
{
	struct pace p = {0};

	(void)state;
	/* 60 Mbit/s, a fragment each half second, sets that flap: for an hour;
	 * and a queue of 40 fragments of 30 MB in between. */
	for (int64_t i = 0; i < 7200; i++) {
		assert_true(pace_fragment(&p, 60 * MB / 16, at(500 * i)));
		if (i % 30 == 0)
			assert_true(pace_segment(&p, 60, at(500 * i)));
	}
	p = (struct pace){0};
	for (int64_t i = 0; i < 40; i++)
		assert_true(pace_fragment(&p, 32 * MB / 40, at(0)));
}

static void what_floods_is_stopped(void **state)
{
	struct pace p = {0};
	int segments = 0, fragments = 0, bytes = 0;

	(void)state;
	for (int64_t i = 0; i < 600000; i++) {	/* a minute, 10 in a ms */
		segments += pace_segment(&p, 60, at(i / 10));
		fragments += pace_fragment(&p, 1, at(i / 10));
	}
	assert_in_range(segments, 32, 32 + 17);
	assert_in_range(fragments, 256, 256 + 8 * 61);
	p = (struct pace){0};
	for (int64_t i = 0; i < 60 * 8; i++)
		bytes += pace_fragment(&p, 32 * MB, at(125 * i)) ? 32 : 0;
	assert_in_range(bytes, 256, 256 + 16 * 61);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_camera_is_never_held_up),
	    cmocka_unit_test(what_floods_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
