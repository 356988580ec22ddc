#include "tests/unit/storage/clip.h"

#include "storage/mp4.h"

static void append(char **text, size_t *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char **text, size_t *n, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	*text = realloc(*text, *n + (size_t)len + 1);
	assert_non_null(*text);
	memcpy(*text + *n, line, (size_t)len + 1);
	*n += (size_t)len;
}

/* What samples.py prints, from our parser. */
static char *report(const struct clip *c)
{
	struct mp4_init init;
	char *text = NULL;
	size_t n = 0;

	assert_int_equal(mp4_init_parse(c->p, c->init_n, &init), OK);
	for (size_t i = 0; i < c->fragments; i++) {
		const unsigned char *p = c->p + c->fragment[i].off;
		unsigned char hash[HASH_BYTES];
		char hex[2 * HASH_BYTES + 1];
		struct mp4_fragment f;
		uint64_t dts;

		assert_int_equal(mp4_fragment_parse(p, c->fragment[i].n, &init,
				     &f),
		    OK);
		dts = f.base;
		for (uint32_t k = 0; k < f.n; k++) {
			struct mp4_sample *s = &f.samples[k];

			append(&text, &n, "%lu %ld %u %u %zu %d\n", dts,
			    (int64_t)dts + s->composition, s->duration, s->size,
			    c->fragment[i].off + s->offset, s->sync);
			dts += s->duration;
		}
		mp4_sample_hash(&init, &f, p, hash);
		hex_encode(hash, sizeof(hash), hex);
		append(&text, &n, "%lu %lu %u %s\n", f.base, f.duration, f.n,
		    hex);
		mp4_free(&f);
	}
	return text;
}

static void agrees(const char *how)
{
	char command[128], *ours, *theirs;
	struct clip c;

	clip_make(&c, how);
	assert_true(c.fragments >= 3);
	snprintf(command, sizeof(command),
	    "/usr/bin/python3 tests/unit/storage/samples.py %s", c.path);
	theirs = clip_output(command);
	ours = report(&c);
	assert_string_equal(ours, theirs);
	free(ours);
	free(theirs);
	clip_free(&c);
}

static void samples_and_hashes_agree_with_ffprobe_h264(void **state)
{
	(void)state;
	agrees(CLIP_H264);
}

static void samples_and_hashes_agree_with_ffprobe_b_frames(void **state)
{
	(void)state;
	agrees(CLIP_H264_B);
}

static void samples_and_hashes_agree_with_ffprobe_h265(void **state)
{
	(void)state;
	agrees(CLIP_H265);
}

static void the_init_part_says_codec_and_size(void **state)
{
	struct mp4_init init;
	struct clip c;

	(void)state;
	clip_make(&c, CLIP_H264 " -profile:v high -level 3.1");
	assert_int_equal(mp4_init_parse(c.p, c.init_n, &init), OK);
	assert_string_equal(init.codec, "avc1");
	assert_string_equal(init.mime, "avc1.64001f"); /* High, level 3.1 */
	assert_int_equal(init.width, 192);
	assert_int_equal(init.height, 144);
	assert_int_equal(init.timescale, 90000);
	assert_memory_equal(init.stsd + 4, "stsd", 4);
	assert_int_equal(clip_u32(init.stsd), init.stsd_n);
	clip_free(&c);
}

/* Main profile, Main tier, level 3.1: the usual example of RFC 6381 strings. */
static void the_mime_string_of_h265_follows_ISO_14496_15(void **state)
{
	static const unsigned char main31[13] = {
	    1, 1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93};
	struct mp4_init init;
	struct clip c;

	(void)state;
	clip_make(&c, CLIP_H265);
	assert_int_equal(mp4_init_parse(c.p, c.init_n, &init), OK);
	assert_string_equal(init.codec, "hvc1");
	memcpy(c.p + (init.config - c.p), main31, sizeof(main31));
	assert_int_equal(mp4_init_parse(c.p, c.init_n, &init), OK);
	assert_string_equal(init.mime, "hvc1.1.6.L93.B0");
	clip_free(&c);
}

static void another_codec_is_unsupported(void **state)
{
	struct mp4_init init;
	struct clip c;

	(void)state;
	clip_make(&c, "-c:v mpeg4");
	assert_int_equal(mp4_init_parse(c.p, c.init_n, &init), ERR_UNSUPPORTED);
	clip_free(&c);
}

/* Every prefix is refused; a heap copy lets ASan see a byte too many. */
static void no_prefix_of_a_part_passes(void **state)
{
	struct mp4_fragment f;
	struct mp4_init init, other;
	struct clip c;

	(void)state;
	clip_make(&c, CLIP_H264_B);
	assert_int_equal(mp4_init_parse(c.p, c.init_n, &init), OK);
	for (size_t n = 0; n < c.init_n; n++) {
		unsigned char *p = malloc(n ? n : 1);

		memcpy(p, c.p, n);
		assert_int_equal(mp4_init_parse(p, n, &other), ERR_FORMAT);
		free(p);
	}
	for (size_t n = 0; n < c.fragment[1].n; n += n < 1024 ? 1 : 997) {
		unsigned char *p = malloc(n ? n : 1);

		memcpy(p, c.p + c.fragment[1].off, n);
		assert_int_equal(mp4_fragment_parse(p, n, &init, &f),
		    ERR_FORMAT);
		free(p);
	}
	clip_free(&c);
}

static void the_moof_alone_yields_the_same_samples(void **state)
{
	struct mp4_fragment a, b;
	const unsigned char *p;
	struct mp4_init init;
	struct clip c;
	size_t moof;

	(void)state;
	clip_make(&c, CLIP_H264_B);
	assert_int_equal(mp4_init_parse(c.p, c.init_n, &init), OK);
	p = c.p + c.fragment[0].off;
	moof = clip_u32(p);
	assert_int_equal(mp4_moof_parse(p, moof - 1, c.fragment[0].n, &init,
			     &b),
	    ERR_TRUNCATED);
	assert_int_equal(mp4_moof_parse(p, moof, c.fragment[0].n, &init, &b),
	    OK);
	assert_int_equal(mp4_fragment_parse(p, c.fragment[0].n, &init, &a), OK);
	assert_int_equal(a.n, b.n);
	for (uint32_t i = 0; i < a.n; i++) {
		assert_int_equal(a.samples[i].offset, b.samples[i].offset);
		assert_int_equal(a.samples[i].size, b.samples[i].size);
	}
	mp4_free(&a);
	mp4_free(&b);
	clip_free(&c);
}

static void a_sample_outside_the_mdat_is_refused(void **state)
{
	struct mp4_fragment f;
	unsigned char *trun;
	struct mp4_init init;
	struct clip c;

	(void)state;
	clip_make(&c, CLIP_H264);
	assert_int_equal(mp4_init_parse(c.p, c.init_n, &init), OK);
	trun = memmem(c.p + c.fragment[0].off, c.fragment[0].n, "trun", 4);
	assert_non_null(trun);
	trun[15]--; /* data offset: the samples would begin in the header */
	assert_int_equal(mp4_fragment_parse(c.p + c.fragment[0].off,
			     c.fragment[0].n, &init, &f),
	    ERR_FORMAT);
	trun[15] = (unsigned char)(trun[15] + 2); /* they would end outside */
	assert_int_equal(mp4_fragment_parse(c.p + c.fragment[0].off,
			     c.fragment[0].n, &init, &f),
	    ERR_FORMAT);
	clip_free(&c);
}

static void the_hash_changes_with_any_byte_of_a_sample(void **state)
{
	unsigned char one[HASH_BYTES], two[HASH_BYTES];
	struct mp4_fragment f;
	struct mp4_init init;
	unsigned char *p;
	struct clip c;

	(void)state;
	clip_make(&c, CLIP_H264);
	assert_int_equal(mp4_init_parse(c.p, c.init_n, &init), OK);
	p = c.p + c.fragment[0].off;
	assert_int_equal(mp4_fragment_parse(p, c.fragment[0].n, &init, &f), OK);
	mp4_sample_hash(&init, &f, p, one);
	p[f.samples[3].offset + f.samples[3].size - 1] ^= 1;
	mp4_sample_hash(&init, &f, p, two);
	assert_memory_not_equal(one, two, HASH_BYTES);
	mp4_free(&f);
	clip_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(samples_and_hashes_agree_with_ffprobe_h264),
	    cmocka_unit_test(samples_and_hashes_agree_with_ffprobe_b_frames),
	    cmocka_unit_test(samples_and_hashes_agree_with_ffprobe_h265),
	    cmocka_unit_test(the_init_part_says_codec_and_size),
	    cmocka_unit_test(the_mime_string_of_h265_follows_ISO_14496_15),
	    cmocka_unit_test(another_codec_is_unsupported),
	    cmocka_unit_test(no_prefix_of_a_part_passes),
	    cmocka_unit_test(the_moof_alone_yields_the_same_samples),
	    cmocka_unit_test(a_sample_outside_the_mdat_is_refused),
	    cmocka_unit_test(the_hash_changes_with_any_byte_of_a_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
