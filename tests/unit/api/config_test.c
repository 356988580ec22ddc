#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/config.h"

#define PIN "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"	/* 43 of base64 */

static char dir[] = "/tmp/saqta-config-XXXXXX", path[64];

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
	refuse("[site]\nzone = Asia/Atlantis\n", "a zone of the tz database");
	refuse("[web]\nlisten = localhost\n", "a numeric address");
	refuse("[web]\nproxy = proxy.bank\n", "a numeric address");
	refuse("[web]\nproxy = 10.0.0.0/8\n", "a numeric address");
	refuse("[storage]\ndata = var/lib\n", "a path that begins with /");
	refuse("[storage]\nbackup = no\n", "begins with /, or none");
	refuse("[transactions]\nfolder = in\n", "begins with /, or none");
	refuse("[alert]\nlanguage = kz\n", "en, ru or kk, not \"kz\"");
	refuse("[alert]\nurl = 127.0.0.1:8443\n", "an https:// address");
	refuse("[alert]\nwebhook = http://siem/\n", "an https:// address");
	refuse("[alert]\nmail_server = mail.bank:25\n", "smtp://HOST:PORT or");
	refuse("[alert]\nmail_from = saqta\n", "an @");
	refuse("[alert]\nmail_to = it\n", "an @");
	refuse("[alert]\npin = AB:CD\n", "sha256// and 44");
	refuse("[alert]\nwebhook_pin = sha256//" PIN "==\n", "sha256// and 44");
	refuse("[web]\nport = 1\nport = 2\n", ":3: port stands twice");
	refuse("[web]\nwhat is this\n", ":2:");
}

static void what_alerts_need_is_taken(void **state)
{
	struct config c;
	char why[256];

	(void)state;
	assert_int_equal(read_text("[alert]\nlanguage = kk\npin = sha256//" PIN
				   "=\nmail_server = smtps://mail.bank:465\n"
				   "mail_to = it@bank, duty@bank\n"
				   "[storage]\nbackup = none\n",
			     &c, why, sizeof(why)),
	    OK);
	assert_string_equal(c.language, "kk");
	assert_string_equal(c.mail_server, "smtps://mail.bank:465");
}

static void a_value_that_libinih_would_cut_is_an_error(void **state)
{
	char text[400] = "[web]\nui = /";

	(void)state;
	memset(text + strlen(text), 'a', 300);
	refuse(text, ":2:");
}

/* A file of conf.d; text NULL: it goes. */
static void drop_in(const char *name, const char *text)
{
	char at[128];
	FILE *f;

	snprintf(at, sizeof(at), "%s/conf.d", dir);
	mkdir(at, 0700);
	snprintf(at, sizeof(at), "%s/conf.d/%s", dir, name);
	if (!text) {
		assert_int_equal(unlink(at), 0);
		return;
	}
	f = fopen(at, "w");
	fputs(text, f);
	fclose(f);
}

static void later_files_of_conf_d_take_the_place_of_earlier_ones(void **state)
{
	struct config c;
	char why[256];

	(void)state;
	drop_in("20-last.conf", "[web]\nport = 3\n");
	drop_in("10-first.conf", "[web]\nport = 2\nidle_s = 77\n");
	drop_in("not-a-conf", "[web]\nport = 9\n");
	assert_int_equal(read_text("[web]\nport = 1\nidle_s = 66\n"
				   "[storage]\nsegment_s = 9\n",
			     &c, why, sizeof(why)),
	    OK);
	assert_int_equal(c.port, 3);
	assert_int_equal(c.idle_s, 77);
	assert_int_equal(c.segment_s, 9);
	drop_in("30-bad.conf", "[web]\n\nport = x\n");
	refuse("[web]\nport = 1\n", "conf.d/30-bad.conf:3: port needs");
	drop_in("30-bad.conf", NULL);
	drop_in("20-last.conf", NULL);
	drop_in("10-first.conf", NULL);
	drop_in("not-a-conf", NULL);
}

static void what_is_printed_reads_the_same_and_names_its_files(void **state)
{
	struct config a, b;
	char why[256], text[8192] = "", says[128];
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)state;
	drop_in("10-port.conf", "[web]\nport = 4443\n");
	assert_int_equal(read_text("[site]\nname = A Bank\n"
				   "zone = Asia/Almaty\ndemo = yes\n",
			     &a, why, sizeof(why)),
	    OK);
	assert_int_equal(config_print(path, f, why, sizeof(why)), OK);
	fclose(f);
	snprintf(says, sizeof(says), "name = A Bank ; %s\n", path);
	assert_non_null(strstr(text, says));
	snprintf(says, sizeof(says), "port = 4443 ; %s/conf.d/10-port.conf\n",
	    dir);
	assert_non_null(strstr(text, says));
	assert_non_null(strstr(text, "segment_s = 60 ; default\n"));
	drop_in("10-port.conf", NULL);
	assert_int_equal(read_text(text, &b, why, sizeof(why)), OK);
	assert_string_equal(b.site_name, a.site_name);
	assert_string_equal(b.data, a.data);
	assert_int_equal(b.port, 4443);
	assert_int_equal(b.demo, 1);
	assert_int_equal(b.reserve_mb, a.reserve_mb);
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
	    cmocka_unit_test(what_alerts_need_is_taken),
	    cmocka_unit_test(a_value_that_libinih_would_cut_is_an_error),
	    cmocka_unit_test(
		later_files_of_conf_d_take_the_place_of_earlier_ones),
	    cmocka_unit_test(
		what_is_printed_reads_the_same_and_names_its_files),
	    cmocka_unit_test(a_missing_file_is_named),
	};
	char conf_d[64];
	int rc;

	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/saqta.conf", dir);
	snprintf(conf_d, sizeof(conf_d), "%s/conf.d", dir);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(conf_d);
	rmdir(dir);
	return rc;
}
