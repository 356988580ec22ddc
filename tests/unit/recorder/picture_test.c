/* What decodes is a recording by ffmpeg; what does not is that, damaged. */
#include "tests/unit/storage/clip.h"

#include "recorder/picture.h"

static struct clip clip;
static struct scene scene;

static size_t first_part(void)
{
	return clip.fragment[0].off + clip.fragment[0].n;
}

static int set_up(void **state)
{
	(void)state;
	clip_make(&clip, CLIP_H264);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	clip_free(&clip);
	return 0;
}

static void P9_the_first_picture_of_init_part_and_fragment_is_decoded(void *
	*state)
{
	uint16_t w = 0, h = 0;

	(void)state;
	assert_int_equal(picture_decode(clip.p, first_part(), &w, &h, &scene),
	    OK);
	assert_int_equal(w, 192);
	assert_int_equal(h, 144);
	/* Something is to be seen on it, and it has a print. */
	assert_in_range(scene.mean, 30, 220);
	assert_true(scene.contrast > 20 && scene.sharpness && scene.print);
}

static void P9_a_fragment_whose_samples_are_gone_is_no_picture(void **state)
{
	unsigned char *p = malloc(clip.n);
	uint16_t w = 7, h = 7;

	(void)state;
	memcpy(p, clip.p, clip.n);
	memset(p + first_part() - clip.fragment[0].n + 600, 0,
	    clip.fragment[0].n - 600);
	assert_int_equal(picture_decode(p, first_part(), &w, &h, &scene),
	    ERR_FORMAT);
	assert_int_equal(w, 7);
	free(p);
}

static void P9_an_init_part_alone_or_noise_is_no_picture(void **state)
{
	unsigned char noise[4096];
	uint16_t w = 7, h = 7;

	(void)state;
	assert_int_equal(picture_decode(clip.p, clip.init_n, &w, &h, &scene),
	    ERR_FORMAT);
	memset(noise, 0xa5, sizeof(noise));
	assert_int_equal(picture_decode(noise, sizeof(noise), &w, &h, &scene),
	    ERR_FORMAT);
	assert_int_equal(w, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P9_the_first_picture_of_init_part_and_fragment_is_decoded),
	    cmocka_unit_test(
		P9_a_fragment_whose_samples_are_gone_is_no_picture),
	    cmocka_unit_test(P9_an_init_part_alone_or_noise_is_no_picture),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
