#include "tests/unit/storage/reader_box.h"

#include <jansson.h>

#include "storage/expire_files.h"

static json_t *play(const char *request)
{
	struct wire w;
	json_t *j;
	size_t n;
	char *text;

	wire_begin(&w, MSG_PLAY, ++box.id);
	wire_put_str(&w, request);
	assert_int_equal(box_ask(&w), OK);
	text = (char *)box_bulk(&w, &n);
	j = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	free(text);
	return j;
}

static const char *text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static const json_t *at(const json_t *j, const char *array, size_t i)
{
	return json_array_get(json_object_get(j, array), i);
}

static void playing_shows_runs_and_gaps(void **state)
{
	const json_t *camera, *run, *part;
	json_t *j;

	(void)state;
	approved("REQ-2026-00008", S(1) + NS_PER_SEC / 2, S(20));
	box_session(AUDITOR_2);
	j = play("REQ-2026-00008");
	camera = at(j, "cameras", 0);
	assert_string_equal(text_of(camera, "camera"), "cam1");
	assert_int_equal(json_array_size(json_object_get(camera, "runs")), 2);
	run = at(camera, "runs", 0);
	/* rounded out to the whole fragment, in site time */
	assert_string_equal(text_of(run, "from"),
	    "2026-11-22T14:15:08.000+05:00");
	assert_string_equal(text_of(run, "to"),
	    "2026-11-22T14:15:15.000+05:00");
	assert_non_null(strstr(text_of(run, "mime"),
	    "video/mp4; codecs=\"avc1."));
	assert_int_equal(json_integer_value(json_object_get(run, "width")),
	    192);
	assert_int_equal(json_array_size(json_object_get(run, "parts")), 2);
	part = at(run, "parts", 0);
	assert_int_equal(json_array_size(json_object_get(part, "fragments")),
	    3);
	assert_int_equal(json_integer_value(json_object_get(at(part,
								"fragments", 0),
			     "index")),
	    1);
	assert_int_equal(json_array_size(json_object_get(camera, "gaps")), 1);
	assert_string_equal(text_of(at(camera, "gaps", 0), "cause"), "network");
	assert_string_equal(text_of(at(camera, "gaps", 0), "from"),
	    "2026-11-22T14:15:15.000+05:00");
	assert_string_equal(text_of(at(camera, "gaps", 0), "to"),
	    "2026-11-22T14:15:25.000+05:00");
	json_decref(j);
	box_stop();
}

static void P5_no_byte_leaves_before_the_lease_is_durable(void **state)
{
	struct event *e;
	struct wire w;

	(void)state;
	approved("REQ-2026-00009", S(0), S(20));
	box_session(AUDITOR_2);
	/* the entry failed: no fragment */
	box.refuse_lease = ERR_DISK;
	assert_int_equal(fragment("REQ-2026-00009", "cam1", 1, 0, &w),
	    ERR_DISK);
	assert_int_equal(w.fd, -1);
	box.refuse_lease = OK;
	box.events_n = 0;
	fetch("REQ-2026-00009", 1, 0);
	assert_int_equal(box.events_n, 2);
	assert_int_equal(box.events[0].type, MSG_LEASE_OPEN);
	assert_int_equal(box.events[1].type, MSG_MEDIA_FRAGMENT_IS);
	assert_int_equal(box_count(MSG_LEASE_OPEN, &e), 1);
	assert_int_equal(e->code, LEASE_VIEW);
	assert_int_equal(e->from_ns, S(0));
	assert_true(e->to_ns - e->from_ns <= 60 * NS_PER_SEC);
	assert_int_equal(e->to_ns, S(20)); /* no longer than the grant */
	box_stop();
}

static void P5_a_lease_is_closed_with_exactly_what_was_served(void **state)
{
	struct event *e;
	struct wire w;

	(void)state;
	approved("REQ-2026-00010", S(0), S(20));
	box_session(AUDITOR_2);
	fetch("REQ-2026-00010", 1, 0);
	fetch("REQ-2026-00010", 1, 1);
	fetch("REQ-2026-00010", 1, 1);
	fetch("REQ-2026-00010", 2, 0);
	/* one lease covers them */
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 1);
	wire_begin(&w, MSG_STOP_WATCHING, ++box.id);
	wire_put_str(&w, "REQ-2026-00010");
	assert_int_equal(box_ask(&w), OK);
	assert_int_equal(box_count(MSG_LEASE_CLOSE, &e), 1);
	assert_int_equal(e->n, 2);
	assert_int_equal(e->from_ns, S(0)); /* 0-2 s and 4-5 s */
	assert_int_equal(e->to_ns, S(5));
	/* watching again is a new lease; going away closes it */
	fetch("REQ-2026-00010", 1, 2);
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 2);
	/* back to what that does not cover: nothing is closed to wait for */
	fetch("REQ-2026-00010", 1, 0);
	fetch("REQ-2026-00010", 1, 3);
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 3);
	assert_int_equal(box_count(MSG_LEASE_CLOSE, NULL), 1);
	box_stop();
	assert_int_equal(box_count(MSG_LEASE_CLOSE, &e), 3);
	assert_int_equal(e->n, 1);
	assert_int_equal(e->from_ns, S(0));
	assert_int_equal(e->to_ns, S(1));
}

static void what_no_grant_covers_is_refused_and_entered(void **state)
{
	struct event *e;
	struct wire w;

	(void)state;
	approved("REQ-2026-00011", S(0), S(3));
	box_request("REQ-2026-00012", AUDITOR_2, S(0), S(3));
	box_session(AUDITOR_2);
	fetch("REQ-2026-00011", 1, 2);
	/* the fragment after the range, another segment, another camera */
	assert_int_equal(fragment("REQ-2026-00011", "cam1", 1, 3, &w),
	    ERR_NOT_APPROVED);
	assert_int_equal(fragment("REQ-2026-00011", "cam1", 2, 0, &w),
	    ERR_NOT_APPROVED);
	assert_int_equal(fragment("REQ-2026-00011", "cam2", 1, 0, &w),
	    ERR_NOT_APPROVED);
	/* submitted only; none at all */
	assert_int_equal(fragment("REQ-2026-00012", "cam1", 1, 0, &w),
	    ERR_NOT_APPROVED);
	assert_int_equal(fragment("REQ-2026-99999", "cam1", 1, 0, &w),
	    ERR_NOT_APPROVED);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 5);
	assert_int_equal(e->code, ERR_NOT_APPROVED);
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 1);
	box_stop();
}

static void revoking_stops_the_player_within_two_seconds(void **state)
{
	struct event *e;
	struct wire w;

	(void)state;
	approved("REQ-2026-00013", S(0), S(20));
	box_session(AUDITOR_2);
	fetch("REQ-2026-00013", 1, 0);
	box.grant_err = ERR_GRANT_ENDED;
	usleep(2100000);
	assert_int_equal(fragment("REQ-2026-00013", "cam1", 1, 1, &w),
	    ERR_GRANT_ENDED);
	assert_int_equal(box_count(MSG_LEASE_CLOSE, NULL), 1);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_GRANT_ENDED);
	box_stop();
}

static void an_open_segment_plays_up_to_its_whole_chunks(void **state)
{
	const json_t *camera, *run;
	struct wire w;
	json_t *j;
	size_t n, i;

	(void)state;
	for (n = 0; n < 4; n++)
		if (box.clip.fragment[n].off + box.clip.fragment[n].n >
		    box.clip.n / AGE_CHUNK * AGE_CHUNK)
			break;
	assert_true(n > 0 && n < 4);
	approved("REQ-2026-00014", S(18), S(30));
	box_session(AUDITOR_2);
	j = play("REQ-2026-00014");
	camera = at(j, "cameras", 0);
	assert_int_equal(json_array_size(json_object_get(camera, "runs")), 1);
	run = at(camera, "runs", 0);
	assert_int_equal(json_array_size(json_object_get(at(run, "parts", 1),
			     "fragments")),
	    n);
	for (i = 0; i < n; i++)
		fetch("REQ-2026-00014", 4, (uint32_t)i);
	assert_int_equal(fragment("REQ-2026-00014", "cam1", 4, (uint32_t)n, &w),
	    ERR_NOT_APPROVED);
	json_decref(j);
	box_stop();
}

static enum err open_files(const char *request, const char *with)
{
	struct wire w;

	wire_begin(&w, MSG_FILES_OPEN, ++box.id);
	wire_put_str(&w, request);
	wire_put_str(&w, with);
	return box_ask(&w);
}

static enum err ask_movie(const char *request)
{
	struct wire w;

	wire_begin(&w, MSG_MOVIE, ++box.id);
	wire_put_str(&w, request);
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	return box_ask(&w);
}

static void movie_read(const char *request, uint64_t off, uint32_t n,
    unsigned char *out)
{
	struct wire w;

	wire_begin(&w, MSG_MOVIE_READ, ++box.id);
	wire_put_str(&w, request);
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	wire_put_u64(&w, off);
	wire_put_u32(&w, n);
	assert_int_equal(box_window(&w, n, out), OK);
}

static char *hashes(const char *path)
{
	char cmd[256];

	snprintf(cmd, sizeof(cmd),
	    "ffmpeg -v error -i %s -f framemd5 - | "
	    "sed -n '/^[0-9]/s/.*, *//p'",
	    path);
	return clip_output(cmd);
}

static void check_movie(const unsigned char *p, size_t n)
{
	char path[80], *got, *once, *twice;
	int fd;

	snprintf(path, sizeof(path), "%s/movie.mp4", box.dir);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
	got = hashes(path);
	once = hashes(box.clip.path);
	twice = malloc(2 * strlen(once) + 1);
	strcpy(twice, once);
	strcat(twice, once);
	assert_string_equal(got, twice);
	free(got);
	free(once);
	free(twice);
}

static void a_run_downloads_as_one_plain_movie(void **state)
{
	unsigned char *p, part[100];
	struct event *e;
	struct wire w;
	uint64_t size;

	(void)state;
	approved("REQ-2026-00015", S(0), S(8));
	assert_int_equal(index_rights_put(box.ix, "REQ-2026-00015",
			     RIGHT_EXPORT),
	    OK);
	box_session(AUDITOR_2);
	assert_int_equal(open_files("REQ-2026-00015", credential(AUDITOR_2)),
	    OK);
	wire_begin(&w, MSG_MOVIE, ++box.id);
	wire_put_str(&w, "REQ-2026-00015");
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	assert_int_equal(box_ask(&w), OK);
	size = wire_get_u64(&w);
	assert_int_equal(strlen(wire_get_str(&w)), 32);
	assert_string_equal(wire_get_str(&w),
	    "20261122-141507-cam1-REQ-2026-00015.mp4");
	assert_int_equal(wire_end(&w), OK);
	/* P5: what shows no picture needs no lease */
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 0);
	p = malloc(size);
	for (uint64_t off = 0; off < size; off += 50000)
		movie_read("REQ-2026-00015", off,
		    (uint32_t)(size - off < 50000 ? size - off : 50000),
		    p + off);
	movie_read("REQ-2026-00015", size / 2, sizeof(part), part);
	assert_memory_equal(part, p + size / 2, sizeof(part));
	check_movie(p, size);
	free(p);
	assert_int_equal(box_count(MSG_LEASE_OPEN, &e), 1);
	assert_int_equal(e->code, LEASE_DOWNLOAD);
	wire_begin(&w, MSG_MOVIE_READ, ++box.id);
	wire_put_str(&w, "REQ-2026-00015");
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	wire_put_u64(&w, size - 1);
	wire_put_u32(&w, 2);
	assert_int_equal(box_window(&w, 2, part), ERR_RANGE);
	box_stop();
	assert_int_equal(box_count(MSG_LEASE_CLOSE, &e), 1);
	assert_int_equal(e->n, 1);
	assert_int_equal(e->from_ns, S(0));
	assert_int_equal(e->to_ns, S(8));
}

/* P1: what web hands over is no file on a disk, and no pipe. */
static void footage_is_written_into_memory_alone(void **state)
{
	char path[80];
	struct event *e;
	struct wire w;
	int fd;

	(void)state;
	approved("REQ-2026-00019", S(0), S(8));
	assert_int_equal(index_rights_put(box.ix, "REQ-2026-00019",
			     RIGHT_EXPORT),
	    OK);
	box_session(AUDITOR_2);
	snprintf(path, sizeof(path), "%s/disk", box.dir);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 100), 0);
	wire_begin(&w, MSG_MOVIE_READ, ++box.id);
	wire_put_str(&w, "REQ-2026-00019");
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	wire_put_u64(&w, 30000);
	wire_put_u32(&w, 100);
	w.fd = fd;
	assert_int_equal(box_ask(&w), ERR_BAD_MESSAGE);
	assert_int_equal(lseek(fd, 0, SEEK_DATA), -1);
	close(fd);
	box_stop();
	assert_int_equal(box_count(MSG_LEASE_OPEN, &e), 0);
}

static void a_movie_takes_a_code_for_each_session_and_request(void **state)
{
	static const char *const requests[] = {
	    "REQ-2026-00020", "REQ-2026-00021"};
	unsigned char part[100];
	struct event *e;
	struct wire w;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		approved(requests[i], S(0), S(8));
		assert_int_equal(index_rights_put(box.ix, requests[i],
				     RIGHT_EXPORT),
		    OK);
	}
	box_session(AUDITOR_2);
	assert_int_equal(ask_movie(requests[0]), ERR_FILES);
	wire_begin(&w, MSG_MOVIE_READ, ++box.id);
	wire_put_str(&w, requests[0]);
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	wire_put_u64(&w, 30000);
	wire_put_u32(&w, sizeof(part));
	assert_int_equal(box_window(&w, sizeof(part), part), ERR_FILES);
	assert_int_equal(open_files(requests[0], "auditor's password"),
	    ERR_PASSWORD);
	/* P5: refusals are entered, and nothing left */
	assert_int_equal(box_count(MSG_REFUSAL, &e), 3);
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 0);
	assert_int_equal(open_files(requests[0], credential(AUDITOR_2)), OK);
	assert_int_equal(ask_movie(requests[0]), OK);
	movie_read(requests[0], 30000, sizeof(part), part);
	assert_int_equal(ask_movie(requests[1]), ERR_FILES);
	/* what else is looked at meanwhile does not break it off */
	movie_read(requests[0], 30100, sizeof(part), part);
	box_stop();
	box_session(AUDITOR_2);
	assert_int_equal(ask_movie(requests[0]), ERR_FILES);
	box_stop();
}

static void a_request_to_view_gives_no_movie(void **state)
{
	unsigned char part[100];
	struct event *e;
	struct wire w;

	(void)state;
	approved("REQ-2026-00018", S(0), S(8));
	box_session(AUDITOR_2);
	wire_begin(&w, MSG_MOVIE, ++box.id);
	wire_put_str(&w, "REQ-2026-00018");
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	assert_int_equal(box_ask(&w), ERR_NOT_APPROVED);
	wire_begin(&w, MSG_MOVIE_READ, ++box.id);
	wire_put_str(&w, "REQ-2026-00018");
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	wire_put_u64(&w, 0);
	wire_put_u32(&w, sizeof(part));
	assert_int_equal(box_window(&w, sizeof(part), part), ERR_NOT_APPROVED);
	/* P5: refusals are entered; no lease was asked for */
	assert_int_equal(box_count(MSG_REFUSAL, &e), 2);
	assert_int_equal(e->code, ERR_NOT_APPROVED);
	assert_int_equal(box_count(MSG_LEASE_OPEN, NULL), 0);
	assert_int_equal(open_files("REQ-2026-00018", credential(AUDITOR_2)),
	    ERR_NOT_APPROVED);
	/* watching is what was granted */
	fetch("REQ-2026-00018", 1, 0);
	box_stop();
}

static void a_changed_file_is_named_and_entered(void **state)
{
	char path[160];
	unsigned char byte;
	struct event *e;
	struct wire w;
	int fd;

	(void)state;
	approved("REQ-2026-00016", S(0), S(8));
	path_segment("cam1", DAY, S(4), 2, path, sizeof(path));
	fd = openat(box.fd, path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, 40000), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 40000), 1);
	box_session(AUDITOR_2);
	fetch("REQ-2026-00016", 1, 0);
	assert_int_equal(fragment("REQ-2026-00016", "cam1", 2, 0, &w),
	    ERR_INTEGRITY);
	assert_non_null(strstr(wire_get_str(&w), "segment 2"));
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_INTEGRITY);
	assert_string_equal(e->camera, "cam1");
	box_stop();
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, 40000), 1);
	close(fd);
}

/* Last: segment 1 goes by its header, 2 by its key while it is open. */
static void one_who_watches_what_is_erased_finishes_or_is_told(void **state)
{
	struct erasure_row e = {.camera = "cam1",
	    .day = DAY,
	    .from_ns = S(0),
	    .to_ns = S(8),
	    .erasing = 77,
	    .entry = -1,
	    .method = ERASE_HEADERS};
	const uint64_t first = 1, both[] = {1, 2};
	struct wire w;

	(void)state;
	approved("REQ-2026-00041", S(0), S(22));
	box_session(AUDITOR_2);
	fetch("REQ-2026-00041", 1, 3); /* of the file's second chunk */
	fetch("REQ-2026-00041", 2, 0);
	assert_int_equal(index_erasure_put(box.ix, &e), OK);
	assert_int_equal(expire_files_erase(box.fd, "cam1", DAY, &first, 1,
			     true),
	    OK);
	assert_int_equal(expire_files_erase(box.fd, "cam1", DAY, both, 2,
			     false),
	    OK);
	/* its bytes are overwritten: not "changed", but erased */
	assert_int_equal(fragment("REQ-2026-00041", "cam1", 1, 0, &w),
	    ERR_EXPIRED);
	assert_non_null(strstr(wire_get_str(&w), "ledger entry 77"));
	/* its file is unlinked, and was open: it finishes */
	fetch("REQ-2026-00041", 2, 1);
	assert_int_equal(index_segment_erase(box.ix, "cam1", 1), OK);
	assert_int_equal(index_segment_erase(box.ix, "cam1", 2), OK);
	e.entry = 78;
	assert_int_equal(index_erasure_put(box.ix, &e), OK);
	box_stop();
	/* and a segment of the same day that stays plays on */
	box_session(AUDITOR_2);
	fetch("REQ-2026-00041", 3, 1);
	assert_int_not_equal(fragment("REQ-2026-00041", "cam1", 2, 1, &w), OK);
	box_stop();
}

/* Who takes files along has a second factor. */
static int make(void **state)
{
	int failed = box_make(state);

	if (!failed)
		box_factor(AUDITOR_2, true);
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(playing_shows_runs_and_gaps),
	    cmocka_unit_test(P5_no_byte_leaves_before_the_lease_is_durable),
	    cmocka_unit_test(P5_a_lease_is_closed_with_exactly_what_was_served),
	    cmocka_unit_test(what_no_grant_covers_is_refused_and_entered),
	    cmocka_unit_test(revoking_stops_the_player_within_two_seconds),
	    cmocka_unit_test(an_open_segment_plays_up_to_its_whole_chunks),
	    cmocka_unit_test(a_run_downloads_as_one_plain_movie),
	    cmocka_unit_test(footage_is_written_into_memory_alone),
	    cmocka_unit_test(a_movie_takes_a_code_for_each_session_and_request),
	    cmocka_unit_test(a_request_to_view_gives_no_movie),
	    cmocka_unit_test(a_changed_file_is_named_and_entered),
	    cmocka_unit_test(
		one_who_watches_what_is_erased_finishes_or_is_told),
	};

	return cmocka_run_group_tests(tests, make, box_free);
}
