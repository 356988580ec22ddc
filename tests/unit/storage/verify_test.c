#include "tests/unit/storage/package_edit.h"

#include "storage/movie.h"

/* The first MP4's name. */
static void first_movie(char ret[ZIP_NAME_MAX + 1])
{
	int fd = package_fd(package.zip, package.n);
	struct zip z;

	assert_int_equal(zip_read(fd, package.n, &z), OK);
	strcpy(ret, z.files[0].name);
	assert_non_null(strstr(ret, ".mp4"));
	zip_free(&z);
	close(fd);
}

enum edit { KEEP, DROP, SWAP, INSERT, BRIGHTEN };

/*
 * The first run, 1-8 s, laid out anew by the same code, with one picture of
 * the fragment that begins at second 4 of the file edited.
 */
static unsigned char *edited(enum edit edit, size_t *ret_n)
{
	struct mp4_fragment f[7];
	struct mp4_init init;
	unsigned char *out;
	struct movie *m;

	assert_int_equal(mp4_init_parse(box.clip.p, box.clip.init_n, &init),
	    OK);
	assert_int_equal(movie_begin(&init, S(1) / NS_PER_SEC, &m), OK);
	for (uint32_t i = 0; i < 7; i++) {
		size_t k = (i + 1) % 4;
		struct mp4_fragment *g = &f[i];

		assert_int_equal(mp4_fragment_parse(box.clip.p +
					 box.clip.fragment[k].off,
				     box.clip.fragment[k].n, &init, g),
		    OK);
		if (i == 4 && edit == DROP) {
			memmove(&g->samples[10], &g->samples[11],
			    (g->n - 11) * sizeof(g->samples[0]));
			g->n--;
		} else if (i == 4 && edit == SWAP) {
			struct mp4_sample s = g->samples[10];

			g->samples[10] = g->samples[11];
			g->samples[11] = s;
		} else if (i == 4 && edit == INSERT) {
			g->samples[10] = g->samples[11];
		}
		assert_int_equal(movie_put(m, g, i), OK);
	}
	assert_int_equal(movie_end(m), OK);
	*ret_n = movie_size(m);
	out = malloc(*ret_n);
	for (size_t at = 0; at < *ret_n;) {
		struct movie_piece piece;

		assert_int_equal(movie_map(m, at, *ret_n - at, &piece), OK);
		memcpy(out + at,
		    piece.source == UINT32_MAX ? piece.p :
						 box.clip.p +
			    box.clip.fragment[(piece.source + 1) % 4].off +
			    piece.at,
		    piece.n);
		if (edit == BRIGHTEN && piece.source == 4 && piece.n > 900)
			out[at + 900] ^= 1;
		at += piece.n;
	}
	for (size_t i = 0; i < 7; i++)
		mp4_free(&f[i]);
	movie_free(m);
	return out;
}

static void is_found(enum edit edit)
{
	char name[ZIP_NAME_MAX + 1];
	const struct finding *f;
	struct zip_make z;
	unsigned char *p;
	size_t n;

	first_movie(name);
	p = edited(edit, &n);
	with_file(name, p, n, &z);
	judge(&z);
	free(p);
	if (edit == KEEP) {
		assert_int_equal(verdict.status, VERIFY_GENUINE);
		return;
	}
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_int_equal(verdict.answers[CLAIM_UNCHANGED], NOT_PROVEN);
	f = find("fragment");
	assert_non_null(f);
	assert_string_equal(f->file, name);
	assert_int_equal(f->at_ms, 4000);
}

static void P10_a_changed_frame_is_named_by_file_and_second(void **state)
{
	(void)state;
	is_found(KEEP);
	is_found(BRIGHTEN);
}

static void P10_a_dropped_frame_is_named_by_file_and_second(void **state)
{
	(void)state;
	is_found(DROP);
}

static void P10_swapped_frames_are_named_by_file_and_second(void **state)
{
	(void)state;
	is_found(SWAP);
}

static void P10_an_inserted_frame_is_named_by_file_and_second(void **state)
{
	(void)state;
	is_found(INSERT);
}

static void P10_what_the_container_adds_is_found(void **state)
{
	char name[ZIP_NAME_MAX + 1], *movie;
	struct zip_make z;
	unsigned char *p;
	size_t n;

	(void)state;
	first_movie(name);
	p = edited(KEEP, &n);
	/* the track's matrix: turned upside down, no picture touched */
	movie = memmem(p, n, "tkhd", 4);
	assert_non_null(movie);
	movie[4 + 4 + 48] ^= 1;
	with_file(name, p, n, &z);
	judge(&z);
	free(p);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_non_null(find("file"));
	assert_null(find("fragment"));
}

static void P10_a_file_that_is_left_out_is_missed(void **state)
{
	char name[ZIP_NAME_MAX + 1];
	struct zip_make z;

	(void)state;
	first_movie(name);
	with_file(name, NULL, 0, &z);
	judge(&z);
	assert_int_equal(verdict.status, VERIFY_INCOMPLETE);
	assert_int_equal(verdict.answers[CLAIM_COMPLETE], NOT_PROVEN);
	assert_string_equal(find("file")->file, name);
}

static void P10_a_file_that_nobody_speaks_of_is_refused(void **state)
{
	struct zip_make z;

	(void)state;
	with_file("nothing", NULL, 0, &z);
	z.n -= 22 + z.directory_n;
	zip_put(&z, "20261122-141507-cam1-more.mp4", "x", 1);
	zip_done(&z);
	judge(&z);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
}

static void with_manifest(const char *from, const char *to)
{
	char *text = text_of("manifest.json");
	struct zip_make z;

	replace(text, from, to);
	with_file("manifest.json", text, strlen(text), &z);
	judge(&z);
	free(text);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	assert_non_null(find("export"));
}

static void P10_a_manifest_is_the_one_that_was_entered(void **state)
{
	(void)state;
	with_manifest("\"zone\":\"Asia/Almaty\"", "\"zone\":\"Asia/Aqtobe\"");
	with_manifest("\"minutes\":300", "\"minutes\":360");
	with_manifest("\"cause\":\"network\"", "\"cause\":\"unknown\"");
	/* and a commitment that is opened to another text is named */
	with_manifest("withdrawal disputed", "withdrawal confirmd");
	assert_non_null(find("opened"));
}

/* --- a rewritten past --- */

static void P10_an_edited_entry_is_named(void **state)
{
	char *text = text_of("proof.txt"), *at, want[64];
	struct zip_make z;

	(void)state;
	snprintf(want, sizeof(want), "entry %llu ",
	    (unsigned long long)package.decision);
	at = strstr(text, want);
	assert_non_null(at);
	at += strlen(want) + 24;	/* within from */
	*at = *at == 'A' ? 'B' : 'A';
	with_file("proof.txt", text, strlen(text), &z);
	judge(&z);
	free(text);
	assert_int_equal(verdict.status, VERIFY_CHANGED);
	snprintf(want, sizeof(want), "entry %llu is not in the log",
	    (unsigned long long)package.decision);
	assert_non_null(find("proof"));
	assert_non_null(strstr(find("proof")->text, want));
}

static void P10_without_a_policy_nothing_is_proven(void **state)
{
	(void)state;
	package_verify(package.zip, package.n, NULL, &verdict);
	assert_int_equal(verdict.status, VERIFY_NO_ORIGIN);
	assert_int_equal(verdict.findings_n, 0);
	for (int c = 0; c < CLAIMS; c++)
		assert_int_not_equal(verdict.answers[c], PROVEN);
}

static void P10_another_log_s_policy_proves_nothing(void **state)
{
	unsigned char seed[KEY_BYTES] = {7};
	struct policy other = policy;

	(void)state;
	sign_public(seed, other.logs[0].key);
	package_verify(package.zip, package.n, &other, &verdict);
	assert_int_equal(verdict.status, VERIFY_NO_ORIGIN);
	other = policy;
	strcpy(other.logs[0].name, "saqta.example/other");
	package_verify(package.zip, package.n, &other, &verdict);
	assert_int_equal(verdict.status, VERIFY_NO_ORIGIN);
}

/* A policy with this witness; the package with its cosignature, or without. */
static void witnessed(bool cosigned, int64_t time_s, struct zip_make *ret)
{
	static const unsigned char seed[KEY_BYTES] = {42};
	char line[COSIGN_LINE_MAX], *text = text_of("proof.txt"), *all, *note;
	struct policy_node *n = &policy.nodes[0];
	size_t text_n, len = strlen(text);

	package_policy(&policy);
	strcpy(n->name, "head-office");
	n->witness = true;
	strcpy(n->key.name, "bank.example/head-office");
	n->key.kind = NOTE_COSIGNATURE;
	sign_public(seed, n->key.key);
	policy.nodes_n = 1;
	policy.quorum = 0;
	note = strstr(text, "\n\n") + 2;
	assert_int_equal(note_check(note, strlen(note), "saqta.example/test",
			     package.log_key, &text_n),
	    OK);
	cosign_line(note, text_n, &n->key, seed, time_s, line);
	all = malloc(len + sizeof(line));
	sprintf(all, "%s%s", text, cosigned ? line : "");
	with_file("proof.txt", all, strlen(all), ret);
	free(all);
	free(text);
}

static void P10_a_witness_proves_time_and_log(void **state)
{
	struct zip_make z;

	(void)state;
	witnessed(true, 1795339600, &z);
	judge(&z);
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_int_equal(verdict.answers[CLAIM_TIME], PROVEN);
	assert_int_equal(verdict.answers[CLAIM_LOG], PROVEN);
	assert_non_null(strstr(verdict.says[CLAIM_TIME],
	    "existed by 2026-11-22 14:26:40 (UTC+05:00; 09:26:40 UTC)"));
	package_policy(&policy);
}

/*
 * The newest cosigned checkpoint is older than the export: what it covers is
 * proven, and the log's growth from it.
 */
static void P10_an_older_witnessed_checkpoint_counts_as_far_as_it_goes(void *
	*state)
{
	static const unsigned char seed[KEY_BYTES] = {42};
	unsigned char growth[MERKLE_PATH_MAX][HASH_BYTES];
	unsigned char log_seed[KEY_BYTES];
	char line[COSIGN_LINE_MAX], note[NOTE_MAX], *text, *all;
	struct checkpoint c = {.origin = "saqta.example/test"};
	struct proof_out out;
	struct zip_make z;
	size_t n, k, growth_n;
	int fd;

	(void)state;
	witnessed(false, 0, &z);
	free(z.p);
	fd = openat(box.fd, "ledger/log.key", O_RDONLY);
	assert_int_equal(read(fd, log_seed, KEY_BYTES), KEY_BYTES);
	close(fd);
	/* with the decision; and without the last segments */
	for (int old = 0; old < 2; old++) {
		c.size = old ? 6 : package.decision + 1;
		assert_int_equal(ledger_root_at(box.ledger, c.size, c.root),
		    OK);
		assert_int_equal(checkpoint_sign(&c, log_seed, note, &n), OK);
		assert_int_equal(note_text(note, n, &k), OK);
		cosign_line(note, k, &policy.nodes[0].key, seed, 1795339000,
		    line);
		strcat(note, line);
		assert_int_equal(ledger_growth(box.ledger, c.size,
				     ledger_size(box.ledger), growth,
				     &growth_n),
		    OK);
		proof_begin(&out);
		proof_seen(&out, note, strlen(note), growth, growth_n);
		text = text_of("proof.txt");
		all = malloc(out.n + strlen(text) + 1);
		memcpy(all, out.p, out.n);
		strcpy(all + out.n, strchr(text, '\n') + 1);
		with_file("proof.txt", all, strlen(all), &z);
		judge(&z);
		assert_int_equal(verdict.status,
		    old ? VERIFY_NO_ORIGIN : VERIFY_GENUINE);
		assert_int_equal(verdict.findings_n, 0);
		assert_int_equal(verdict.answers[CLAIM_LOG],
		    old ? NOT_PROVEN : PROVEN);
		assert_int_equal(verdict.answers[CLAIM_TIME],
		    old ? NOT_PROVEN : PROVEN);
		/* a hash of the growth that does not fit */
		all[out.n - 10] = all[out.n - 10] == 'A' ? 'B' : 'A';
		with_file("proof.txt", all, strlen(all), &z);
		judge(&z);
		assert_int_equal(verdict.status, VERIFY_CHANGED);
		assert_non_null(find("growth"));
		free(out.p);
		free(text);
		free(all);
	}
	package_policy(&policy);
}

/*
 * Root has the log's key and can sign whatever history he likes; only what
 * left the box tells it from the real one.
 */
static void P10_a_forged_history_is_caught_by_the_witness_alone(void **state)
{
	struct zip_make z;

	(void)state;
	witnessed(false, 0, &z);
	judge(&z);
	assert_int_equal(verdict.status, VERIFY_NO_ORIGIN);
	assert_int_equal(verdict.answers[CLAIM_LOG], NOT_PROVEN);
	/* and a policy without a witness does not claim what it cannot know */
	package_policy(&policy);
	package_verify(package.zip, package.n, &policy, &verdict);
	assert_int_equal(verdict.answers[CLAIM_LOG], NOT_CLAIMED);
	assert_int_equal(verdict.answers[CLAIM_TIME], NOT_CLAIMED);
}

static void P10_a_genuine_package_is_genuine(void **state)
{
	(void)state;
	package_verify(package.zip, package.n, &policy, &verdict);
	assert_int_equal(verdict.status, VERIFY_GENUINE);
	assert_int_equal(verdict.findings_n, 0);
	assert_int_equal(verdict.answers[CLAIM_UNCHANGED], PROVEN);
	assert_int_equal(verdict.answers[CLAIM_COMPLETE], PROVEN);
	assert_int_equal(verdict.answers[CLAIM_PEOPLE], PROVEN);
	assert_non_null(strstr(verdict.says[CLAIM_COMPLETE],
	    "complete, with 1 gap, entered with bounds and cause"));
	assert_non_null(strstr(verdict.says[CLAIM_PEOPLE],
	    "Person auditor asked on"));
	assert_non_null(strstr(verdict.says[CLAIM_PEOPLE],
	    "Person first decided on"));
}

static int make(void **state)
{
	package_make(state);
	package_policy(&policy);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(P10_a_genuine_package_is_genuine),
	    cmocka_unit_test(P10_a_changed_frame_is_named_by_file_and_second),
	    cmocka_unit_test(P10_a_dropped_frame_is_named_by_file_and_second),
	    cmocka_unit_test(P10_swapped_frames_are_named_by_file_and_second),
	    cmocka_unit_test(P10_an_inserted_frame_is_named_by_file_and_second),
	    cmocka_unit_test(P10_what_the_container_adds_is_found),
	    cmocka_unit_test(P10_a_file_that_is_left_out_is_missed),
	    cmocka_unit_test(P10_a_file_that_nobody_speaks_of_is_refused),
	    cmocka_unit_test(P10_a_manifest_is_the_one_that_was_entered),
	    cmocka_unit_test(P10_an_edited_entry_is_named),
	    cmocka_unit_test(P10_without_a_policy_nothing_is_proven),
	    cmocka_unit_test(P10_another_log_s_policy_proves_nothing),
	    cmocka_unit_test(P10_a_witness_proves_time_and_log),
	    cmocka_unit_test(
		P10_an_older_witnessed_checkpoint_counts_as_far_as_it_goes),
	    cmocka_unit_test(
		P10_a_forged_history_is_caught_by_the_witness_alone),
	};

	return cmocka_run_group_tests(tests, make, package_free);
}
