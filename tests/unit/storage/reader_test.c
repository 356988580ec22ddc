#include "reader_box.h"

#include <jansson.h>

#include "storage/footage.h"

static enum err decide(const char *request, enum verdict verdict,
    int64_t from_ns, int64_t to_ns, const char *reason, const char *password,
    const char *camera)
{
	struct wire w;

	wire_begin(&w, MSG_DECIDE, ++box.id);
	wire_put_str(&w, request);
	wire_put_u8(&w, (uint8_t)verdict);
	wire_put_i64(&w, from_ns);
	wire_put_i64(&w, to_ns);
	wire_put_str(&w, reason);
	wire_put_str(&w, password);
	wire_put_u8(&w, 1);
	wire_put_str(&w, camera);
	return box_ask(&w);
}

/* Ask for the auditor and let custodian 1 approve it. */
static void approved(const char *request, int64_t from_ns, int64_t to_ns)
{
	box_request(request, AUDITOR_2, from_ns, to_ns);
	box_session(CUSTODIAN_1);
	assert_int_equal(decide(request, VERDICT_APPROVE, from_ns, to_ns, "",
			     passwords[CUSTODIAN_1], "cam1"),
	    OK);
	box_stop();
}

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

static enum err fragment(const char *request, const char *camera, uint64_t seq,
    uint32_t index, struct wire *w)
{
	wire_begin(w, MSG_MEDIA_FRAGMENT, ++box.id);
	wire_put_str(w, request);
	wire_put_str(w, camera);
	wire_put_u64(w, seq);
	wire_put_u32(w, index);
	return box_ask(w);
}

/* The fragment comes, and is the recorded one. */
static void fetch(const char *request, uint64_t seq, uint32_t index)
{
	unsigned char *p;
	struct wire w;
	size_t n;

	assert_int_equal(fragment(request, "cam1", seq, index, &w), OK);
	assert_int_equal(strlen(wire_get_str(&w)), 32);
	p = box_bulk(&w, &n);
	assert_int_equal(n, box.clip.fragment[index].n);
	assert_memory_equal(p, box.clip.p + box.clip.fragment[index].off, n);
	free(p);
}

static const char *text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static const json_t *at(const json_t *j, const char *array, size_t i)
{
	return json_array_get(json_object_get(j, array), i);
}

static void a_wrong_password_opens_nothing(void **state)
{
	(void)state;
	assert_int_equal(box_start(READER_SESSION, AUDITOR_2, "wrong-password"),
	    ERR_PASSWORD);
	box_stop();
	/* nobody of that name: as long, and the same answer */
	assert_int_equal(box_start(READER_SESSION, 0, "whatever-it-is"),
	    ERR_PASSWORD);
	box_stop();
}

static void P6_nobody_decides_his_own_request(void **state)
{
	struct event *e;

	(void)state;
	box_request("REQ-2026-00001", CUSTODIAN_1, S(0), S(5));
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00001", VERDICT_APPROVE, S(0), S(5),
			     "", passwords[CUSTODIAN_1], "cam1"),
	    ERR_SELF_APPROVAL);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_SELF_APPROVAL);
	assert_string_equal(e->request, "REQ-2026-00001");
	assert_int_equal(box_count(MSG_GRANT_PUT, NULL), 0);
	box_stop();
}

static void P6_an_operator_or_auditor_does_not_decide(void **state)
{
	(void)state;
	box_request("REQ-2026-00002", AUDITOR_2, S(0), S(5));
	box_session(OPERATOR_3);
	assert_int_equal(decide("REQ-2026-00002", VERDICT_APPROVE, S(0), S(5),
			     "", passwords[OPERATOR_3], "cam1"),
	    ERR_DENIED);
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	box_stop();
	box_session(AUDITOR_2);
	assert_int_equal(decide("REQ-2026-00002", VERDICT_APPROVE, S(0), S(5),
			     "", passwords[AUDITOR_2], "cam1"),
	    ERR_DENIED);
	box_stop();
}

static void P6_an_operator_sees_no_footage(void **state)
{
	struct event *e;
	struct wire w;

	(void)state;
	approved("REQ-2026-00003", S(0), S(5));
	box_session(OPERATOR_3);
	assert_int_equal(fragment("REQ-2026-00003", "cam1", 1, 0, &w),
	    ERR_DENIED);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_DENIED);
	assert_string_equal(e->request, "REQ-2026-00003");
	assert_string_equal(e->camera, "cam1");
	assert_int_equal(box_count(MSG_GRANT_GET, NULL), 0);
	box_stop();
}

static void a_decision_needs_the_password_anew(void **state)
{
	struct event *e;

	(void)state;
	box_request("REQ-2026-00004", AUDITOR_2, S(0), S(5));
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00004", VERDICT_APPROVE, S(0), S(5),
			     "", "not-the-password", "cam1"),
	    ERR_PASSWORD);
	assert_int_equal(box_count(MSG_REFUSAL, &e), 1);
	assert_int_equal(e->code, ERR_PASSWORD);
	assert_int_equal(box_count(MSG_DAY_KEY, NULL), 0);
	/* refusing needs it too, and a reason */
	assert_int_equal(decide("REQ-2026-00004", VERDICT_REFUSE, S(0), S(5),
			     "no ground", "not-the-password", "cam1"),
	    ERR_PASSWORD);
	assert_int_equal(decide("REQ-2026-00004", VERDICT_REFUSE, S(0), S(5),
			     "", passwords[CUSTODIAN_1], "cam1"),
	    ERR_INVALID);
	assert_int_equal(decide("REQ-2026-00004", VERDICT_REFUSE, S(0), S(5),
			     "no ground", passwords[CUSTODIAN_1], "cam1"),
	    OK);
	assert_int_equal(box_count(MSG_GRANT_PUT, &e), 1);
	assert_int_equal(e->code, VERDICT_REFUSE);
	assert_int_equal(box_count(MSG_DAY_KEY, NULL), 0);
	/* decided once */
	assert_int_equal(decide("REQ-2026-00004", VERDICT_APPROVE, S(0), S(5),
			     "", passwords[CUSTODIAN_1], "cam1"),
	    ERR_DECIDED);
	box_stop();
}

static void a_decision_may_shorten_but_not_widen(void **state)
{
	const char *password = passwords[CUSTODIAN_1];

	(void)state;
	box_request("REQ-2026-00005", AUDITOR_2, S(2), S(7));
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00005", VERDICT_APPROVE, S(1), S(7),
			     "more", password, "cam1"),
	    ERR_INVALID);
	assert_int_equal(decide("REQ-2026-00005", VERDICT_APPROVE, S(2), S(8),
			     "more", password, "cam1"),
	    ERR_INVALID);
	assert_int_equal(decide("REQ-2026-00005", VERDICT_APPROVE, S(2), S(7),
			     "other", password, "cam2"),
	    ERR_INVALID);
	assert_int_equal(decide("REQ-2026-00005", VERDICT_APPROVE, S(3), S(4),
			     "enough", password, "cam1"),
	    OK);
	box_stop();
}

static void a_grant_holds_the_keys_of_exactly_the_approved_segments(void *
	*state)
{
	unsigned char key[AGE_FILE_KEY];
	struct age_identity id;
	const void *blob;
	struct grant g;
	uint64_t person;
	size_t n;

	(void)state;
	identity_new(&id);
	approved("REQ-2026-00006", S(5), S(19)); /* 2 and 3 */
	assert_int_equal(keyring_find_grant(box.keyring, "REQ-2026-00006",
			     &person, &blob, &n),
	    OK);
	assert_int_equal(grant_decode(blob, n, &g), OK);
	assert_int_equal(g.person, AUDITOR_2);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.items[0].seq, 2);
	assert_int_equal(g.items[1].seq, 3);
	assert_int_equal(grant_find(&g, "cam1", 2, &id, key), ERR_NO_KEY);
	grant_wipe(&g);
}

static void keys_are_wrapped_only_to_signed_people(void **state)
{
	struct person_row p, saved;

	(void)state;
	box_request("REQ-2026-00007", AUDITOR_2, S(0), S(5));
	assert_int_equal(index_person_find(box.ix, AUDITOR_2, &p), OK);
	saved = p;
	p.signature[7] ^= 1;
	assert_int_equal(index_person_put(box.ix, &p), OK);
	box_session(CUSTODIAN_1);
	assert_int_equal(decide("REQ-2026-00007", VERDICT_APPROVE, S(0), S(5),
			     "", passwords[CUSTODIAN_1], "cam1"),
	    ERR_INTEGRITY);
	assert_int_equal(box_count(MSG_GRANT_PUT, NULL), 0);
	assert_int_equal(box_count(MSG_REFUSAL, NULL), 1);
	box_stop();
	assert_int_equal(index_person_put(box.ix, &saved), OK);
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
	box_stop();
	assert_int_equal(box_count(MSG_LEASE_CLOSE, &e), 2);
	assert_int_equal(e->n, 1);
	assert_int_equal(e->from_ns, S(2));
	assert_int_equal(e->to_ns, S(3));
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

static void movie_read(const char *request, uint64_t off, uint32_t n,
    unsigned char *out)
{
	unsigned char *p;
	struct wire w;
	size_t got;

	wire_begin(&w, MSG_MOVIE_READ, ++box.id);
	wire_put_str(&w, request);
	wire_put_str(&w, "cam1");
	wire_put_u32(&w, 0);
	wire_put_u64(&w, off);
	wire_put_u32(&w, n);
	assert_int_equal(box_ask(&w), OK);
	p = box_bulk(&w, &got);
	assert_int_equal(got, n);
	memcpy(out, p, n);
	free(p);
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

/* Two segments of the clip: its pictures twice. */
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
	box_session(AUDITOR_2);
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
	assert_int_equal(box_ask(&w), ERR_RANGE);
	box_stop();
	assert_int_equal(box_count(MSG_LEASE_CLOSE, &e), 1);
	assert_int_equal(e->n, 1);
	assert_int_equal(e->from_ns, S(0));
	assert_int_equal(e->to_ns, S(8));
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

static void add_user(const char *by, const char *password, enum role role)
{
	struct wire w;

	wire_begin(&w, MSG_USER_ADD, 77);
	wire_put_str(&w, by);
	wire_put_str(&w, password);
	wire_put_str(&w, "newcomer");
	wire_put_str(&w, "New Comer");
	wire_put_u8(&w, (uint8_t)role);
	wire_put_str(&w, "initial-password");
	assert_int_equal(wire_send(box.keeper, &w, -1), OK);
	while (keeper_turn())
		;
}

static void a_new_custodian_can_open_the_days_before_his_time(void **state)
{
	unsigned char seed[KEY_BYTES], key[AGE_FILE_KEY];
	struct segment_row row;
	struct age_identity id;
	const char *line;
	char *text;
	size_t n;

	(void)state;
	assert_int_equal(box_start(READER_ACT, CUSTODIAN_4,
			     passwords[CUSTODIAN_4]),
	    OK);
	add_user("second", passwords[CUSTODIAN_4], ROLE_CUSTODIAN);
	box_stop();
	assert_string_equal(box.made.user, "newcomer");
	assert_int_equal(box.made.id, 9);
	assert_int_equal(box.made.signer, CUSTODIAN_4);
	assert_int_equal(index_person_put(box.ix, &box.made), OK);
	assert_int_equal(seed_unseal("initial-password", box.made.sealed,
			     box.made.sealed_n, seed),
	    OK);
	seed_identity(seed, &id);
	assert_int_equal(keyring_day_wrapped(box.keyring, "cam1", DAY, &text,
			     &n),
	    OK);
	/* the wrap added last: age opens it with his identity alone */
	text[n - 1] = '\0';
	line = strrchr(text, '\n');
	assert_non_null(line);
	{
		unsigned char sealed[4096], *plain;
		size_t sealed_n, plain_n;
		struct age_identity day;
		char day_text[IDENTITY_TEXT];

		assert_int_equal(b64_decode(line + 1, strlen(line + 1), true,
				     sealed, sizeof(sealed), &sealed_n),
		    OK);
		assert_int_equal(age_decrypt(sealed, sealed_n, &id, 1, &plain,
				     &plain_n),
		    OK);
		assert_int_equal(plain_n, IDENTITY_TEXT);
		memcpy(day_text, plain, IDENTITY_TEXT);
		day_text[IDENTITY_TEXT - 1] = '\0';
		free(plain);
		assert_int_equal(identity_parse(day_text, &day), OK);
		assert_int_equal(index_segment_find(box.ix, "cam1", 1, &row),
		    OK);
		assert_int_equal(footage_file_key(box.fd, &row, &day, key), OK);
	}
	free(text);
}

static void an_auditor_makes_nobody(void **state)
{
	(void)state;
	assert_int_equal(box_start(READER_ACT, AUDITOR_2, passwords[AUDITOR_2]),
	    OK);
	add_user("auditor", passwords[AUDITOR_2], ROLE_AUDITOR);
	assert_int_equal(box_count(MSG_PERSON_PUT, NULL), 0);
	assert_int_equal(box.events[box.events_n - 1].type, MSG_ERROR);
	assert_int_equal(box.events[box.events_n - 1].code, ERR_DENIED);
	box_stop();
}

static void an_unknown_message_ends_the_session(void **state)
{
	struct wire w;

	(void)state;
	box_session(AUDITOR_2);
	wire_begin(&w, MSG_CAMERA_ADD, ++box.id);
	assert_int_equal(box_ask(&w), ERR_BAD_MESSAGE);
	assert_int_equal(wire_recv(box.client, &w), ERR_GONE);
	box_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wrong_password_opens_nothing),
	    cmocka_unit_test(P6_nobody_decides_his_own_request),
	    cmocka_unit_test(P6_an_operator_or_auditor_does_not_decide),
	    cmocka_unit_test(P6_an_operator_sees_no_footage),
	    cmocka_unit_test(a_decision_needs_the_password_anew),
	    cmocka_unit_test(a_decision_may_shorten_but_not_widen),
	    cmocka_unit_test(
		a_grant_holds_the_keys_of_exactly_the_approved_segments),
	    cmocka_unit_test(keys_are_wrapped_only_to_signed_people),
	    cmocka_unit_test(playing_shows_runs_and_gaps),
	    cmocka_unit_test(P5_no_byte_leaves_before_the_lease_is_durable),
	    cmocka_unit_test(P5_a_lease_is_closed_with_exactly_what_was_served),
	    cmocka_unit_test(what_no_grant_covers_is_refused_and_entered),
	    cmocka_unit_test(revoking_stops_the_player_within_two_seconds),
	    cmocka_unit_test(an_open_segment_plays_up_to_its_whole_chunks),
	    cmocka_unit_test(a_run_downloads_as_one_plain_movie),
	    cmocka_unit_test(a_changed_file_is_named_and_entered),
	    cmocka_unit_test(a_new_custodian_can_open_the_days_before_his_time),
	    cmocka_unit_test(an_auditor_makes_nobody),
	    cmocka_unit_test(an_unknown_message_ends_the_session),
	};

	return cmocka_run_group_tests(tests, box_make, box_free);
}
