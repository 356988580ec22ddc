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

/* What ffmpeg makes of the first picture of a file, as w x h of RGB. */
static unsigned char *rgb(const char *path, const char *scale, int w, int h)
{
	char out[] = "/tmp/saqta-rgb-XXXXXX", command[400];
	size_t n = (size_t)w * (size_t)h * 3, got;
	int fd = mkstemp(out);
	unsigned char *p;

	assert_true(fd >= 0);
	close(fd);
	snprintf(command, sizeof(command),
	    "ffmpeg -nostdin -v error -y -i %s %s -frames:v 1 -pix_fmt rgb24 "
	    "-f rawvideo %s",
	    path, scale, out);
	free(clip_output(command));
	clip_read(out, &p, &got);
	unlink(out);
	assert_int_equal(got, n);
	return p;
}

/* The JPEG of the clip and ffmpeg's own picture differ by so much a sample. */
static unsigned difference(struct clip *c, const char *scale, int w, int h)
{
	char path[] = "/tmp/saqta-jpeg-XXXXXX";
	unsigned char *jpeg = NULL, *is, *ought;
	size_t n = 0, parts = c->fragment[0].off + c->fragment[0].n;
	unsigned long sum = 0;
	int fd = mkstemp(path);

	assert_int_equal(picture_jpeg(c->p, parts, &jpeg, &n), OK);
	assert_true(n > 1000 && n <= AIM_BYTES_MAX);
	assert_int_equal(write(fd, jpeg, n), (ssize_t)n);
	close(fd);
	free(jpeg);
	is = rgb(path, "", w, h);
	ought = rgb(c->path, scale, w, h);
	unlink(path);
	for (int i = 0; i < w * h * 3; i++)
		sum += (unsigned)abs(is[i] - ought[i]);
	free(is);
	free(ought);
	return (unsigned)(sum / ((unsigned)w * (unsigned)h * 3));
}

static void the_aiming_picture_shows_what_ffmpeg_shows(void **state)
{
	(void)state;
	assert_in_range(difference(&clip, "", 192, 144), 0, 4);
}

static void a_large_picture_is_made_smaller_by_a_whole_number(void **state)
{
	struct clip large;

	(void)state;
	clip_make(&large, "-s 1920x1080 -t 0.4 " CLIP_H264);
	assert_in_range(difference(&large, "-vf scale=640:360:flags=area", 640,
			    360),
	    0, 4);
	clip_free(&large);
	clip_make(&large, "-s 1000x1400 -pix_fmt yuvj444p -t 0.4 " CLIP_H264);
	assert_in_range(difference(&large, "-vf scale=332:466:flags=area", 332,
			    466),
	    0, 6);
	clip_free(&large);
}

static void what_is_no_picture_or_of_other_pixels_is_no_jpeg(void **state)
{
	unsigned char *jpeg = NULL;
	struct clip ten;
	size_t n = 7;

	(void)state;
	assert_int_equal(picture_jpeg(clip.p, clip.init_n, &jpeg, &n),
	    ERR_FORMAT);
	clip_make(&ten, "-pix_fmt yuv420p10le -t 0.4 " CLIP_H265);
	assert_int_equal(picture_jpeg(ten.p,
			     ten.fragment[0].off + ten.fragment[0].n, &jpeg,
			     &n),
	    ERR_UNSUPPORTED);
	clip_free(&ten);
	assert_null(jpeg);
	assert_int_equal(n, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		P9_the_first_picture_of_init_part_and_fragment_is_decoded),
	    cmocka_unit_test(
		P9_a_fragment_whose_samples_are_gone_is_no_picture),
	    cmocka_unit_test(P9_an_init_part_alone_or_noise_is_no_picture),
	    cmocka_unit_test(the_aiming_picture_shows_what_ffmpeg_shows),
	    cmocka_unit_test(a_large_picture_is_made_smaller_by_a_whole_number),
	    cmocka_unit_test(what_is_no_picture_or_of_other_pixels_is_no_jpeg),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
