/* Expected values: RFC 2617, 3.5; RFC 7616, 3.9.1; RFC 7617, 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/auth.h"

#define OK_(e) assert_int_equal((e), OK)

static void digest_md5_is_that_of_rfc_2617(void **state)
{
	char buf[1024];
	struct auth a;

	(void)state;
	OK_(auth_challenge("Digest realm=\"testrealm@host.com\", "
			   "qop=\"auth,auth-int\", "
			   "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
			   "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\n",
	    &a));
	OK_(auth_answer(&a, "Mufasa", "Circle Of Life", "GET",
	    "/dir/index.html", "0a4f113b", buf, sizeof(buf)));
	assert_non_null(strstr(buf,
	    "response=\"6629fae49393a05397450978507c4ef1\""));
	assert_non_null(strstr(buf,
	    "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
	assert_non_null(strstr(buf, "nc=00000001"));
	assert_null(strstr(buf, "Circle"));
}

static void digest_sha_256_is_that_of_rfc_7616(void **state)
{
	static const char both[] =
	    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
	    "algorithm=MD5, "
	    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"\n"
	    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
	    "algorithm=SHA-256, "
	    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"\n";
	char buf[1024];
	struct auth a;

	(void)state;
	OK_(auth_challenge(both, &a));
	assert_int_equal(a.scheme, AUTH_SHA256);
	OK_(auth_answer(&a, "Mufasa", "Circle of Life", "GET",
	    "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
	    buf, sizeof(buf)));
	assert_non_null(strstr(buf,
	    "response=\"753927fa0e85d155564e2e272a28d180"
	    "2ca10daf4496794697cf8db5856cb6c1\""));
}

static void basic_is_that_of_rfc_7617_and_the_last_choice(void **state)
{
	char buf[256];
	struct auth a;

	(void)state;
	OK_(auth_challenge("Basic realm=\"WallyWorld\"\n", &a));
	OK_(auth_answer(&a, "Aladdin", "open sesame", "GET", "/", "", buf,
	    sizeof(buf)));
	assert_string_equal(buf, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	OK_(auth_challenge("Basic realm=\"x\"\nDigest realm=\"x\", "
			   "nonce=\"y\"\nBasic realm=\"z\"\n",
	    &a));
	assert_int_equal(a.scheme, AUTH_MD5);
}

static void A1_digest_is_found_behind_basic_in_one_line(void **state)
{
	struct auth a;

	(void)state;
	OK_(auth_challenge("Basic realm=\"a, Digest b\", Digest realm=\"c\", "
			   "nonce=\"d\", qop=\"auth\"\n",
	    &a));
	assert_int_equal(a.scheme, AUTH_MD5);
	assert_string_equal(a.realm, "c");
	OK_(auth_challenge("Digest realm=\"c\", nonce=\"d\", Basic "
			   "realm=\"x\"\n\n",
	    &a));
	assert_int_equal(a.scheme, AUTH_MD5);
	assert_string_equal(a.nonce, "d");
}

static void each_use_of_a_nonce_has_its_own_number(void **state)
{
	char buf[1024];
	struct auth a;

	(void)state;
	OK_(auth_challenge("Digest realm=\"a\",nonce=\"b\",qop=auth\n", &a));
	OK_(auth_answer(&a, "u", "p", "PLAY", "rtsp://x/", "c", buf,
	    sizeof(buf)));
	OK_(auth_answer(&a, "u", "p", "PLAY", "rtsp://x/", "c", buf,
	    sizeof(buf)));
	assert_non_null(strstr(buf, "nc=00000002"));
}

static void what_cannot_be_answered_is_refused(void **state)
{
	struct auth a = {.scheme = AUTH_NONE};
	char buf[64];

	(void)state;
	assert_int_equal(auth_challenge("", &a), ERR_UNSUPPORTED);
	assert_int_equal(auth_challenge("Negotiate\n", &a), ERR_UNSUPPORTED);
	assert_int_equal(auth_challenge("Digest realm=\"a\"\n", &a),
	    ERR_UNSUPPORTED);
	assert_int_equal(auth_challenge("Digest realm=\"a\",nonce=\"b\","
					"algorithm=SHA-512\n",
			     &a),
	    ERR_UNSUPPORTED);
	assert_int_equal(auth_answer(&a, "u", "p", "PLAY", "x", "c", buf,
			     sizeof(buf)),
	    ERR_NOT_FOUND);
}

static void a_realm_cannot_break_out_of_the_header(void **state)
{
	struct auth a;

	(void)state;
	assert_int_equal(auth_challenge("Digest realm=\"a\\\"b\", "
					"nonce=\"c\"\n",
			     &a),
	    ERR_UNSUPPORTED);
	assert_int_equal(auth_challenge("Digest realm=\"a\rb\", "
					"nonce=\"c\"\n",
			     &a),
	    ERR_UNSUPPORTED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(digest_md5_is_that_of_rfc_2617),
	    cmocka_unit_test(digest_sha_256_is_that_of_rfc_7616),
	    cmocka_unit_test(basic_is_that_of_rfc_7617_and_the_last_choice),
	    cmocka_unit_test(A1_digest_is_found_behind_basic_in_one_line),
	    cmocka_unit_test(each_use_of_a_nonce_has_its_own_number),
	    cmocka_unit_test(what_cannot_be_answered_is_refused),
	    cmocka_unit_test(a_realm_cannot_break_out_of_the_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
