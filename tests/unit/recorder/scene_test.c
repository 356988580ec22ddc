/* Pictures that are drawn here, as a lens would change them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/scene.h"

#define W 320
#define H 240

static unsigned char picture[H][W], other[H][W];

/* The same in every run. */
static int chance(int below)
{
	static uint32_t x = 7;

	x = x * 1103515245u + 12345u;
	return (int)(x >> 16) % below;
}

/* Tiles of random light with sharp borders, and a bright half. */
static void draw(void)
{
	for (int y = 0; y < H; y += 12)
		for (int x = 0; x < W; x += 10) {
			int v = 30 + chance(120) + (x > W / 2 ? 60 : 0);

			for (int j = 0; j < 12; j++)
				memset(&picture[y + j][x], v, 10);
		}
}

/* Out of focus: the mean of 2 r + 1 pixels in a row. */
static void blur(int r)
{
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++) {
			int sum = 0;

			for (int i = -r; i <= r; i++) {
				int at = x + i < 0 ? 0 :
				    x + i >= W	   ? W - 1 :
						     x + i;

				sum += picture[y][at];
			}
			other[y][x] = (unsigned char)(sum / (2 * r + 1));
		}
}

static struct scene measure(unsigned char p[H][W])
{
	struct scene s;

	scene_measure(p[0], W, W, H, &s);
	return s;
}

static void mean_contrast_and_grid_are_those_of_the_pixels(void **state)
{
	struct scene s;

	(void)state;
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++)
			other[y][x] = (unsigned char)(x < W / 2 ? 50 : 150);
	s = measure(other);
	assert_int_equal(s.mean, 100);
	assert_int_equal(s.contrast, 50);
	for (int i = 0; i < SCENE_GRID; i++)
		assert_int_equal(s.grid[i], i % 8 < 4 ? 50 : 150);
	memset(other, 16, sizeof(other));
	s = measure(other);
	assert_int_equal(s.mean, 16);
	assert_int_equal(s.contrast, 0);
	assert_int_equal(s.sharpness, 0);
}

static void sharpness_falls_with_focus_and_not_with_light(void **state)
{
	struct scene sharp, dim, soft;

	(void)state;
	draw();
	sharp = measure(picture);
	for (int y = 0; y < H; y++)
		for (int x = 0; x < W; x++)
			other[y][x] = (unsigned char)(picture[y][x] / 2);
	dim = measure(other);
	assert_in_range(dim.sharpness, sharp.sharpness * 9 / 10,
	    sharp.sharpness * 11 / 10);
	blur(1);
	soft = measure(other);
	assert_true(soft.sharpness > sharp.sharpness / 4);
	blur(8);
	soft = measure(other);
	assert_true(soft.sharpness < sharp.sharpness / 5);
	assert_true(soft.contrast > 15);
}

static void the_print_changes_with_any_pixel_and_with_nothing_else(void **state)
{
	struct scene a, b;

	(void)state;
	draw();
	a = measure(picture);
	b = measure(picture);
	assert_true(a.print == b.print);
	for (int i = 0; i < 50; i++) {
		int x = chance(W), y = chance(H);

		picture[y][x] ^= 1;
		b = measure(picture);
		assert_true(a.print != b.print);
		picture[y][x] ^= 1;
	}
	/* What stands between the rows is no picture. */
	scene_measure(picture[0], W, W - 3, H, &a);
	picture[5][W - 1] ^= 1;
	scene_measure(picture[0], W, W - 3, H, &b);
	assert_true(a.print == b.print);
}

static void any_size_is_measured(void **state)
{
	struct scene s;

	(void)state;
	for (unsigned w = 0; w < 20; w++)
		for (unsigned h = 0; h < 20; h++)
			scene_measure(picture[0], W, w, h, &s);
	assert_true(s.print != 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mean_contrast_and_grid_are_those_of_the_pixels),
	    cmocka_unit_test(sharpness_falls_with_focus_and_not_with_light),
	    cmocka_unit_test(
		the_print_changes_with_any_pixel_and_with_nothing_else),
	    cmocka_unit_test(any_size_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
