#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/storage/clip.h"

#include "storage/signed_video.h"

#define AXIS "5369676e656420566964656f2e2e2e30"
#define ONVIF "005bc93f2d715e95ada4796f90877a6f"
#define SIGNED(uuid)                                                           \
	"-c:v libx264 -preset veryfast -bf 2 -bsf:v dump_extra=freq=keyframe," \
	"h264_metadata=sei_user_data=" uuid "+signature"

/* How many of a clip's fragments are said to be signed; of how many. */
static size_t count(const char *how, size_t *ret_of)
{
	struct mp4_init init;
	struct clip clip;
	size_t n = 0;

	clip_make(&clip, how);
	*ret_of = clip.fragments;
	assert_int_equal(mp4_init_parse(clip.p, clip.init_n, &init), OK);
	for (size_t i = 0; i < clip.fragments; i++) {
		const unsigned char *p = clip.p + clip.fragment[i].off;
		struct mp4_fragment f;

		assert_int_equal(mp4_fragment_parse(p, clip.fragment[i].n,
				     &init, &f),
		    OK);
		n += signed_video(&init, &f, p, clip.fragment[i].n);
		mp4_free(&f);
	}
	clip_free(&clip);
	return n;
}

static void messages_of_both_kinds_are_found(void **state)
{
	size_t of;

	(void)state;
	assert_int_equal(count(SIGNED(AXIS), &of), 4);
	assert_int_equal(of, 4);
	assert_int_equal(count(SIGNED(ONVIF), &of), 4);
}

static void what_an_encoder_says_of_itself_is_no_signature(void **state)
{
	size_t of;

	(void)state;
	assert_int_equal(count(CLIP_H264_B, &of), 0);
	assert_int_equal(count(CLIP_H265, &of), 0);
	assert_int_equal(count(SIGNED("00112233445566778899aabbccddeeff"), &of),
	    0);
}

/* One H.265 sample of a NAL unit of that type, with lengths of 2 bytes. */
static bool in_h265(unsigned type, size_t cut)
{
	static const unsigned char uuid[] = {0x00, 0x5b, 0xc9, 0x3f, 0x2d, 0x71,
	    0x5e, 0x95, 0xad, 0xa4, 0x79, 0x6f, 0x90, 0x87, 0x7a, 0x6f};
	unsigned char config[23] = {1}, p[100] = {0, 40};
	struct mp4_sample sample = {.size = 42, .offset = 0};
	struct mp4_fragment f = {.n = 1, .samples = &sample};
	struct mp4_init init = {
	    .codec = "hvc1", .config = config, .config_n = sizeof(config)};

	config[21] = 1;
	p[2] = (unsigned char)(type << 1);
	p[4] = 5;
	p[5] = 36;
	memcpy(p + 6, uuid, sizeof(uuid));
	return signed_video(&init, &f, p, sizeof(p) - cut);
}

static void in_H_265_they_stand_before_or_after_the_picture(void **state)
{
	(void)state;
	assert_true(in_h265(39, 0));
	assert_true(in_h265(40, 0));
	assert_false(in_h265(1, 0));
	/* bytes that are not there are not looked at */
	assert_false(in_h265(39, 80));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_of_both_kinds_are_found),
	    cmocka_unit_test(what_an_encoder_says_of_itself_is_no_signature),
	    cmocka_unit_test(in_H_265_they_stand_before_or_after_the_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
