#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/scene.h"

/* An office: light from the left, a dark counter below. */
static struct scene_seen office(int light, uint64_t print)
{
	struct scene_seen s = {
	    .mean = 110, .contrast = 45, .sharpness = 700, .print = print};

	for (int i = 0; i < SCENE_GRID; i++)
		s.grid[i] = (unsigned char)((160 - 12 * (i % 8) -
						(i / 8 > 5 ? 50 : 0)) *
		    light / 100);
	return s;
}

/* The same turned round by half. */
static struct scene_seen turned(uint64_t print)
{
	struct scene_seen s = office(100, print), r = s;

	for (int i = 0; i < SCENE_GRID; i++)
		r.grid[i] = s.grid[SCENE_GRID - 1 - i];
	return r;
}

static enum alarm after(struct scene_watch *w, struct scene_seen s, int times)
{
	while (times--) {
		s.print++;
		(void)scene_take(w, &s);
	}
	return w->stands;
}

static struct scene_watch commissioned(void)
{
	struct scene_watch w = {0};
	struct scene_seen s = office(100, 1);

	assert_true(scene_take(&w, &s));
	return w;
}

static void each_fault_has_its_name_after_three_pictures(void **state)
{
	struct scene_seen black = office(100, 100), covered, soft, moved;

	(void)state;
	covered = soft = black;
	moved = turned(200);
	black.mean = 17;
	black.contrast = 2;
	covered.contrast = 5;
	soft.sharpness = 200;
	for (int i = 0; i < 4; i++) {
		static const enum alarm want[] = {
		    ALARM_BLACK, ALARM_COVERED, ALARM_DEFOCUSED, ALARM_MOVED};
		const struct scene_seen s[] = {black, covered, soft, moved};
		struct scene_watch w = commissioned();

		assert_int_equal(after(&w, s[i], 2), ALARM_NONE);
		w = commissioned();
		assert_int_equal(after(&w, s[i], 3), want[i]);
		/* One good picture is no proof, two are. */
		assert_int_equal(after(&w, office(100, 300), 1), want[i]);
		assert_int_equal(after(&w, office(100, 400), 2), ALARM_NONE);
	}
}

static void the_same_pixels_three_times_are_frozen(void **state)
{
	struct scene_watch w = commissioned();
	struct scene_seen s = office(100, 77);

	(void)state;
	(void)scene_take(&w, &s);
	(void)scene_take(&w, &s);
	assert_int_equal(w.stands, ALARM_NONE);
	(void)scene_take(&w, &s);
	assert_int_equal(w.stands, ALARM_FROZEN);
	assert_int_equal(after(&w, office(100, 500), 2), ALARM_NONE);
}

static void light_alone_is_no_fault(void **state)
{
	struct scene_watch w = commissioned();

	(void)state;
	for (int light = 20; light <= 140; light += 10)
		assert_int_equal(after(&w, office(light, (uint64_t)light * 9),
				     4),
		    ALARM_NONE);
}

static void a_dark_beginning_is_not_what_is_compared_with(void **state)
{
	struct scene_watch w = {0};
	struct scene_seen black = {.mean = 16, .print = 5}, s = office(100, 9);

	(void)state;
	assert_false(scene_take(&w, &black));
	assert_false(w.has_ref);
	assert_true(scene_take(&w, &s));
	assert_false(scene_take(&w, &s));
	assert_int_equal(w.ref.print, 9);
}

static void what_is_no_scene_is_refused(void **state)
{
	struct scene_seen s = office(100, 8), got;
	unsigned char grid[SCENE_GRID] = {0};
	struct wire w;

	(void)state;
	for (size_t n = SCENE_GRID - 1; n <= SCENE_GRID; n++) {
		wire_begin(&w, MSG_SCENE, 1);
		w.pos = w.len;
		wire_put_u8(&w, s.mean);
		wire_put_u8(&w, s.contrast);
		wire_put_u16(&w, s.sharpness);
		wire_put_u64(&w, s.print);
		wire_put_bytes(&w, n == SCENE_GRID ? s.grid : grid, n);
		assert_int_equal(scene_get(&w, &got),
		    n == SCENE_GRID ? OK : ERR_BAD_MESSAGE);
	}
	assert_memory_equal(got.grid, s.grid, SCENE_GRID);
	assert_int_equal(got.sharpness, s.sharpness);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_fault_has_its_name_after_three_pictures),
	    cmocka_unit_test(the_same_pixels_three_times_are_frozen),
	    cmocka_unit_test(light_alone_is_no_fault),
	    cmocka_unit_test(a_dark_beginning_is_not_what_is_compared_with),
	    cmocka_unit_test(what_is_no_scene_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
