/* report.html and what the manifest says of witnesses. */
#include "tests/unit/storage/ledger_dir.h"

#include "storage/export.h"

#define WITNESSED_S INT64_C(1795339600) /* as witness() says */

static struct play play = {.camera = "cam1"};
static bool with_lost = true;

/* The report of a package with a gap of each cause; to be freed by free(). */
static char *report(struct ledger *l, int fd, struct export *x)
{
	struct view v = {.ledger = l, .data_fd = fd, .site = "Test <site>"};
	struct export_gap gaps[CAUSE_MAX] = {0};
	char *page, *text;
	size_t n;

	for (unsigned c = 1; c < CAUSE_MAX; c++)
		gaps[c - 1].cause = c == CAUSE_LOST && !with_lost ?
		    CAUSE_EXPIRED :
		    (enum cause)c;
	*x = (struct export){.own = l,
	    .plays = &play,
	    .gaps = gaps,
	    .gaps_n = CAUSE_MAX - 1,
	    .made = {(WITNESSED_S + 3725) * NS_PER_SEC}};
	assert_int_equal(export_witnessed(x, &v), OK);
	assert_int_equal(export_report(x, &v, &page, &n), OK);
	text = strndup(page, n);
	free(page);
	x->gaps = NULL;
	return text;
}

static void each_cause_has_words_in_each_language(void **state)
{
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	struct export x;
	char *text = report(l, fd, &x), raw[64];

	(void)state;
	for (unsigned c = 1; c < CAUSE_MAX; c++) {
		snprintf(raw, sizeof(raw), "<td>%s\n",
		    cause_name((enum cause)c));
		assert_null(strstr(text, raw));
		snprintf(raw, sizeof(raw), "<td class=\"lost\">%s\n",
		    cause_name((enum cause)c));
		assert_null(strstr(text, raw));
	}
	assert_non_null(strstr(text, "Test &lt;site&gt;"));
	free(text);
	close(fd);
	ledger_close(l);
}

static void P10_a_report_says_first_that_it_is_evidence_of_damage(void **state)
{
	static const char *const said[] = {
	    "\u0437\u0430\u049b\u044b\u043c "
	    "\u0434\u04d9\u043b\u0435\u043b\u0456",
	    "\u0434\u043e\u043a\u0430\u0437"
	    "\u0430\u0442\u0435\u043b\u044c\u0441\u0442\u0432\u043e "
	    "\u043f\u043e\u0432\u0440\u0435\u0436\u0434\u0435\u043d\u0438"
	    "\u044f",
	    "evidence of damage"};
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	struct export x;
	char *text = report(l, fd, &x);

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_non_null(strstr(text, said[i]));
	assert_true(strstr(text, said[2]) <
	    strstr(text, "What was handed out"));
	assert_null(strstr(text, "{damage"));
	free(text);
	/* and a package that names no lost footage says nothing of it */
	with_lost = false;
	text = report(l, fd, &x);
	with_lost = true;
	for (size_t i = 0; i < 3; i++)
		assert_null(strstr(text, said[i]));
	assert_null(strstr(text, "{damage"));
	free(text);
	close(fd);
	ledger_close(l);
}

static void P10_a_package_says_which_witness_was_the_last_and_when(void **state)
{
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	struct export x;
	char *text;

	(void)state;
	put(l, 10);
	assert_int_equal(ledger_checkpoint(l), OK);
	text = report(l, fd, &x);
	assert_non_null(strstr(text,
	    "nobody outside this site has witnessed the ledger yet"));
	assert_int_equal(x.witness.at_ns, 0);
	free(text);
	witness(fd);
	text = report(l, fd, &x);
	assert_string_equal(x.witness.by, WITNESS);
	assert_int_equal(x.witness.at_ns, WITNESSED_S * NS_PER_SEC);
	assert_int_equal(x.witness.size, 10);
	assert_non_null(strstr(text, "<th>Last witness<td>" WITNESS ", "));
	assert_non_null(strstr(text, "(1:02:05 before the package was made)"));
	assert_null(strstr(text, "{witness"));
	free(text);
	close(fd);
	ledger_close(l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(each_cause_has_words_in_each_language),
	    TEST(P10_a_report_says_first_that_it_is_evidence_of_damage),
	    TEST(P10_a_package_says_which_witness_was_the_last_and_when),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
