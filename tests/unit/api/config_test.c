#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/config.h"

static char path[] = "/tmp/saqta-config-XXXXXX";

static enum err read_text(const char *text, struct config *c, char *why,
    size_t n)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	return config_read(path, c, why, n);
}

static void what_is_not_given_has_a_default(void **state)
{
	struct config c;
	char why[256];

	(void)state;
	assert_int_equal(read_text("[site]\nname = \xd2\x9a\xd0\xb0\n", &c, why,
			     sizeof(why)),
	    OK);
	assert_string_equal(c.site_name, "\xd2\x9a\xd0\xb0");
	assert_int_equal(c.segment_s, 60);
	assert_int_equal(c.port, 8443);
	assert_int_equal(c.demo, 0);
}

static void refuse(const char *text, const char *says)
{
	struct config c = {.port = 7};
	char why[256];

	assert_int_equal(read_text(text, &c, why, sizeof(why)), ERR_CONFIG);
	if (!strstr(why, says))
		fail_msg("\"%s\" does not say \"%s\"", why, says);
	assert_int_equal(c.port, 7);	/* nothing was applied */
}

static void an_unknown_key_names_its_file_and_line(void **state)
{
	char says[128];

	(void)state;
	snprintf(says, sizeof(says), "%s:3: there is no key \"prot\"", path);
	refuse("[web]\nport = 1\nprot = 2\n", says);
	refuse("[wbe]\nport = 1\n", "no key \"port\" in [wbe]");
	refuse("port = 1\n", "no key \"port\" in []");
}

static void a_bad_value_says_what_is_allowed(void **state)
{
	(void)state;
	refuse("[web]\nport = 70000\n", "a number from 1 to 65535");
	refuse("[web]\nport = 8443x\n", "a number from 1 to 65535");
	refuse("[storage]\nsegment_s = 4\n", "5 to 300");
	refuse("[site]\ndemo = maybe\n", "yes or no");
	refuse("[site]\nname =\n", "1 to 63 bytes");
	refuse("[web]\nport = 1\nport = 2\n", ":3: port stands twice");
	refuse("[web]\nwhat is this\n", ":2:");
}

static void a_value_that_libinih_would_cut_is_an_error(void **state)
{
	char text[400] = "[web]\nui = /";

	(void)state;
	memset(text + strlen(text), 'a', 300);
	refuse(text, ":2:");
}

static void a_missing_file_is_named(void **state)
{
	struct config c;
	char why[256];

	(void)state;
	assert_int_equal(config_read("/nonexistent.conf", &c, why, sizeof(why)),
	    ERR_CONFIG);
	assert_string_equal(why,
	    "/nonexistent.conf: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_not_given_has_a_default),
	    cmocka_unit_test(an_unknown_key_names_its_file_and_line),
	    cmocka_unit_test(a_bad_value_says_what_is_allowed),
	    cmocka_unit_test(a_value_that_libinih_would_cut_is_an_error),
	    cmocka_unit_test(a_missing_file_is_named),
	};
	int rc;

	close(mkstemp(path));
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return rc;
}
