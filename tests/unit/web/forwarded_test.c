#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/forwarded.h"

#define PROXY "10.1.0.9"

static void is(const char *from, const char *proxy, const char *line,
    const char *address)
{
	char ret[FORWARDED_TEXT];

	forwarded_address(from, proxy, line, ret);
	assert_string_equal(ret, address);
}

static void without_a_proxy_it_is_the_sockets(void **state)
{
	(void)state;
	is("10.1.0.7", "", NULL, "10.1.0.7");
	is("10.1.0.7", "", "203.0.113.7", "10.1.0.7");
	is("unknown", "", "203.0.113.7", "unknown");
}

static void only_the_proxy_is_believed(void **state)
{
	(void)state;
	is("10.1.0.7", PROXY, "203.0.113.7", "10.1.0.7");
	is("10.1.0.90", PROXY, "203.0.113.7", "10.1.0.90");
	is(PROXY, PROXY, "203.0.113.7", "203.0.113.7");
	is("::ffff:" PROXY, PROXY, "203.0.113.7", "203.0.113.7");
	is("fd00::9", "fd00:0::9", "203.0.113.7", "203.0.113.7");
}

static void the_last_hop_counts(void **state)
{
	(void)state;
	is(PROXY, PROXY, "127.0.0.1, 10.2.0.3", "10.2.0.3");
	is(PROXY, PROXY, "127.0.0.1,nonsense ,\tfd00:0:0::3 ", "fd00::3");
}

static void what_is_no_address_is_the_proxys_own(void **state)
{
	static const char *const lines[] = {"", " ", ",", "10.2.0.3,",
	    "unknown", "10.2.0.3:4711", "[fd00::3]", "10.2.0.3 10.2.0.4",
	    "10.2.0.300", "fe80::1%eth0",
	    "1111111111111111111111111111111111111111111111111111111111111111"};

	(void)state;
	is(PROXY, PROXY, NULL, PROXY);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		is(PROXY, PROXY, lines[i], PROXY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_proxy_it_is_the_sockets),
	    cmocka_unit_test(only_the_proxy_is_believed),
	    cmocka_unit_test(the_last_hop_counts),
	    cmocka_unit_test(what_is_no_address_is_the_proxys_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
