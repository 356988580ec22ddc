#include "tests/unit/storage/clip.h"

#include "storage/movie.h"

static struct movie *movie_of(const struct clip *c, size_t first)
{
	struct mp4_fragment f;
	struct mp4_init init;
	struct movie *m;

	assert_int_equal(mp4_init_parse(c->p, c->init_n, &init), OK);
	assert_int_equal(movie_begin(&init, 1700000000, &m), OK);
	for (size_t i = first; i < c->fragments; i++) {
		assert_int_equal(mp4_fragment_parse(c->p + c->fragment[i].off,
				     c->fragment[i].n, &init, &f),
		    OK);
		assert_int_equal(movie_put(m, &f, (uint32_t)i), OK);
		mp4_free(&f);
	}
	assert_int_equal(movie_end(m), OK);
	return m;
}

/* Read [off, off + n) in pieces of at most max bytes. */
static void read_movie(const struct clip *c, const struct movie *m,
    uint64_t off, size_t n, size_t max, unsigned char *out)
{
	while (n) {
		struct movie_piece piece;

		assert_int_equal(movie_map(m, off, n < max ? n : max, &piece),
		    OK);
		assert_true(piece.n > 0 && piece.n <= n && piece.n <= max);
		if (piece.source == UINT32_MAX) {
			memcpy(out, piece.p, piece.n);
		} else {
			assert_true(piece.at + piece.n <=
			    c->fragment[piece.source].n);
			memcpy(out,
			    c->p + c->fragment[piece.source].off + piece.at,
			    piece.n);
		}
		out += piece.n;
		off += piece.n;
		n -= piece.n;
	}
}

static void movie_file(const struct clip *c, const struct movie *m,
    char path[64])
{
	size_t n = (size_t)movie_size(m);
	unsigned char *p = malloc(n);
	int fd;

	assert_non_null(p);
	read_movie(c, m, 0, n, n, p);
	strcpy(path, "/tmp/saqta-movie-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
	free(p);
}

/* What a command prints about a file, "%s" in it standing for the path. */
static char *about(const char *command, const char *path)
{
	char line[512];

	snprintf(line, sizeof(line), command, path);
	return clip_output(line);
}

/* The hash column only: a fragmented source has no edit list. */
#define PACKETS                                           \
	"ffmpeg -v error -i %s -c copy -f framehash - | " \
	"sed -n '/^[0-9]/s/.*, *//p'"
#define PICTURES \
	"ffmpeg -v error -i %s -f framemd5 - | sed -n '/^[0-9]/s/.*, *//p'"

static void same(const char *command, const char *a, const char *b)
{
	char *x = about(command, a), *y = about(command, b);

	assert_true(strlen(x) > 50);
	assert_string_equal(x, y);
	free(x);
	free(y);
}

static void plays_alike(const char *how)
{
	char path[64], *text;
	struct movie *m;
	struct clip c;

	clip_make(&c, how);
	m = movie_of(&c, 0);
	movie_file(&c, m, path);
	text = about("ffprobe -v error -show_error %s 2>&1", path);
	assert_string_equal(text, "");
	free(text);
	same(PACKETS, c.path, path);
	same(PICTURES, c.path, path);
	/* no packet is late, none is dropped, the first picture is at 0 */
	text = about("ffprobe -v error -show_entries packet=pts "
		     "-of csv=p=0 %s | tr -d , | sort -n | head -1",
	    path);
	assert_string_equal(text, "0\n");
	free(text);
	text = about("ffprobe -v error -show_entries format=duration "
		     "-of csv=p=0 %s",
	    path);
	assert_string_equal(text, "4.000000\n");
	free(text);
	unlink(path);
	movie_free(m);
	clip_free(&c);
}

static void samples_and_pictures_are_the_recorded_ones_h264(void **state)
{
	(void)state;
	plays_alike(CLIP_H264);
}

static void samples_and_pictures_are_the_recorded_ones_b_frames(void **state)
{
	(void)state;
	plays_alike(CLIP_H264_B);
}

static void samples_and_pictures_are_the_recorded_ones_h265(void **state)
{
	(void)state;
	plays_alike(CLIP_H265);
}

static void the_moov_stands_before_the_mdat(void **state)
{
	char path[64], *text;
	struct movie *m;
	struct clip c;

	(void)state;
	clip_make(&c, CLIP_H264_B);
	m = movie_of(&c, 1);
	movie_file(&c, m, path);
	text = about("/usr/bin/python3 -c \""
		     "import struct\n"
		     "d=open('%s','rb').read()\n"
		     "o=0\n"
		     "while o<len(d):\n"
		     " n,t=struct.unpack_from('>I4s',d,o)\n"
		     " print(t.decode(),end=' ')\n"
		     " o+=n\n\"",
	    path);
	assert_string_equal(text, "ftyp moov mdat ");
	free(text);
	text = about("ffprobe -v error -show_entries "
		     "format_tags=creation_time:stream=nb_frames "
		     "-of csv=p=0 %s",
	    path);
	/* three of four fragments of 25 pictures */
	assert_non_null(strstr(text, "75"));
	assert_non_null(strstr(text, "2023-11-14T22:13:20"));
	free(text);
	unlink(path);
	movie_free(m);
	clip_free(&c);
}

static void any_range_reads_what_the_whole_reads(void **state)
{
	unsigned char *whole, *part;
	struct movie_piece piece;
	struct movie *m;
	struct clip c;
	size_t n;

	(void)state;
	clip_make(&c, CLIP_H264_B);
	m = movie_of(&c, 0);
	n = (size_t)movie_size(m);
	whole = malloc(n);
	part = malloc(n);
	assert_non_null(whole);
	assert_non_null(part);
	read_movie(&c, m, 0, n, n, whole);
	srandom(1);
	for (int i = 0; i < 2000; i++) {
		size_t off = (size_t)random() % n;
		size_t len = 1 + (size_t)random() % (n - off);

		read_movie(&c, m, off, len, 1 + (size_t)random() % 5000, part);
		assert_memory_equal(part, whole + off, len);
	}
	assert_int_equal(movie_map(m, n, 1, &piece), ERR_RANGE);
	free(whole);
	free(part);
	movie_free(m);
	clip_free(&c);
}

static void a_movie_of_too_many_samples_is_too_large(void **state)
{
	struct mp4_sample *samples = calloc(MP4_SAMPLES_MAX, sizeof(*samples));
	struct mp4_fragment f = {.n = MP4_SAMPLES_MAX, .samples = samples};
	struct mp4_init init = {.timescale = 90000};
	enum err err = OK;
	struct movie *m;

	(void)state;
	assert_non_null(samples);
	assert_int_equal(movie_begin(&init, 0, &m), OK);
	for (uint32_t i = 0; i < 2000000 / MP4_SAMPLES_MAX; i++)
		assert_int_equal(movie_put(m, &f, i), OK);
	err = movie_put(m, &f, 1000);
	assert_int_equal(err, ERR_TOO_LARGE);
	movie_free(m);
	free(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(samples_and_pictures_are_the_recorded_ones_h264),
	    cmocka_unit_test(
		samples_and_pictures_are_the_recorded_ones_b_frames),
	    cmocka_unit_test(samples_and_pictures_are_the_recorded_ones_h265),
	    cmocka_unit_test(the_moov_stands_before_the_mdat),
	    cmocka_unit_test(any_range_reads_what_the_whole_reads),
	    cmocka_unit_test(a_movie_of_too_many_samples_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
