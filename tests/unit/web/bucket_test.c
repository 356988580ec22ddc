#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "web/bucket.h"

static struct buckets fresh(void)
{
	return (struct buckets){
	    .burst = 3, .per_s = 1, .all_burst = 5, .all_per_s = 2};
}

static struct mono at(double s)
{
	return (struct mono){(int64_t)(s * NS_PER_SEC)};
}

static void one_address_gets_its_burst_and_then_its_rate(void **state)
{
	struct buckets b = fresh();

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(bucket_take(&b, "10.0.0.1", at(7)));
	assert_false(bucket_take(&b, "10.0.0.1", at(7)));
	assert_false(bucket_take(&b, "10.0.0.1", at(7.9)));
	assert_true(bucket_take(&b, "10.0.0.1", at(8.1)));
	assert_false(bucket_take(&b, "10.0.0.1", at(8.2)));
	/* rest fills it up to the burst, not beyond */
	for (int i = 0; i < 3; i++)
		assert_true(bucket_take(&b, "10.0.0.1", at(1000)));
	assert_false(bucket_take(&b, "10.0.0.1", at(1000)));
}

static void one_address_does_not_use_up_what_others_have(void **state)
{
	struct buckets b = fresh();

	(void)state;
	for (int i = 0; i < 100; i++)
		bucket_take(&b, "10.0.0.1", at(1));
	assert_true(bucket_take(&b, "10.0.0.2", at(1)));
}

static void all_addresses_together_have_a_limit(void **state)
{
	struct buckets b = fresh();
	char address[24];
	int n = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		n += bucket_take(&b, address, at(1));
	}
	assert_int_equal(n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_address_gets_its_burst_and_then_its_rate),
	    cmocka_unit_test(one_address_does_not_use_up_what_others_have),
	    cmocka_unit_test(all_addresses_together_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
