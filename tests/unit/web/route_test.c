#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/gate.h"
#include "web/route.h"

static const struct route *found(enum method m, const char *path)
{
	const struct route *r = NULL;
	struct args a;
	char allow[64];

	assert_int_equal(route_find(m, path, &r, &a, allow, sizeof(allow)), OK);
	return r;
}

static void HEAD_is_answered_where_GET_is(void **state)
{
	(void)state;
	assert_ptr_equal(found(METHOD_HEAD, "/api/v1/status"),
	    found(METHOD_GET, "/api/v1/status"));
}

static void another_method_hears_which_are_allowed(void **state)
{
	static const struct {
		const char *path, *allow;
	} cases[] = {{"/", "GET, HEAD"},
	    {"/api/v1/requests", "GET, HEAD, POST"},
	    {"/api/v1/session", "GET, HEAD, POST, DELETE"},
	    {"/api/v1/requests/R/stop", "POST"}};
	const struct route *r;
	struct args a;
	char allow[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(route_find(METHOD_OTHER, cases[i].path, &r, &a,
				     allow, sizeof(allow)),
		    ERR_METHOD);
		assert_string_equal(allow, cases[i].allow);
	}
	assert_int_equal(route_find(METHOD_GET, "/api", &r, &a, allow,
			     sizeof(allow)),
	    ERR_NOT_FOUND);
	assert_int_equal(route_find(METHOD_GET, "", &r, &a, allow,
			     sizeof(allow)),
	    ERR_NOT_FOUND);
}

static void nothing_but_site_sign_in_and_pages_is_there_before_sign_in(void *
	*state)
{
	static const char *const paths[] = {"/api/v1/session",
	    "/api/v1/cameras", "/api/v1/coverage", "/api/v1/requests",
	    "/api/v1/requests/R/play", "/api/v1/ledger", "/api/v1/status",
	    "/media/R/c/1/init", "/media/R/c/1/2", "/media/R/c/run1.mp4"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(found(METHOD_GET, paths[i])->need,
		    NEED_SESSION);
	assert_int_equal(found(METHOD_DELETE, "/api/v1/session")->need,
	    NEED_SESSION);
	assert_int_equal(found(METHOD_POST, "/api/v1/requests/R/decision")
			     ->need,
	    NEED_SESSION);
	assert_int_equal(found(METHOD_GET, "/api/v1/site")->need, NEED_NOTHING);
}

static void only_our_own_pages_may_ask(void **state)
{
	(void)state;
	assert_true(gate_is_own_site(NULL, METHOD_POST));
	assert_true(gate_is_own_site("same-origin", METHOD_POST));
	assert_true(gate_is_own_site("none", METHOD_GET));
	assert_false(gate_is_own_site("none", METHOD_POST));
	assert_false(gate_is_own_site("same-site", METHOD_GET));
	assert_false(gate_is_own_site("cross-site", METHOD_GET));
	assert_false(gate_is_own_site("", METHOD_GET));
}

static void only_JSON_is_a_body(void **state)
{
	(void)state;
	assert_true(gate_is_json("application/json"));
	assert_true(gate_is_json("Application/JSON ; charset=utf-8"));
	assert_false(gate_is_json(NULL));
	assert_false(gate_is_json("application/jsonp"));
	assert_false(gate_is_json("text/plain"));
}

static void methods_are_case_sensitive(void **state)
{
	(void)state;
	assert_int_equal(method_of("GET"), METHOD_GET);
	assert_int_equal(method_of("get"), METHOD_OTHER);
	assert_int_equal(method_of("PUT"), METHOD_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(HEAD_is_answered_where_GET_is),
	    cmocka_unit_test(another_method_hears_which_are_allowed),
	    cmocka_unit_test(
		nothing_but_site_sign_in_and_pages_is_there_before_sign_in),
	    cmocka_unit_test(only_our_own_pages_may_ask),
	    cmocka_unit_test(only_JSON_is_a_body),
	    cmocka_unit_test(methods_are_case_sensitive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
