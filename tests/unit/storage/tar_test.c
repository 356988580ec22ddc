/* Headers of tar archives (storage/tar.h); tar(1) itself judges in system/74. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/tar.h"

static void what_is_put_is_parsed(void **state)
{
	struct tar_member m = {.size = TAR_SIZE_MAX, .mtime_s = 1795339800},
			  got;
	unsigned char block[TAR_BLOCK];

	(void)state;
	strcpy(m.name, "data/ledger/tile/entries/x001/067");
	assert_int_equal(tar_put(&m, block), OK);
	assert_int_equal(tar_parse(block, &got), OK);
	assert_string_equal(got.name, m.name);
	assert_int_equal(got.size, m.size);
	assert_int_equal(got.mtime_s, m.mtime_s);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const names[] = {"", "/etc/passwd", "../x", "a/../b",
	    "a//b", "a/", ".hidden", "a/.b", "a b", "a\\b", "a\nb"};
	struct tar_member m = {.size = 1};
	unsigned char block[TAR_BLOCK];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		memset(m.name, 0, sizeof(m.name));
		strcpy(m.name, names[i]);
		assert_int_equal(tar_put(&m, block), ERR_INVALID);
	}
}

static void a_name_changed_in_the_header_is_refused(void **state)
{
	struct tar_member m = {.name = "bbb/bbb", .size = 1};
	unsigned char block[TAR_BLOCK];

	(void)state;
	assert_int_equal(tar_put(&m, block), OK);
	/* the same sum: one letter up, one down */
	memcpy(block, "../", 3);
	assert_int_equal(tar_parse(block, &m), ERR_FORMAT);
	assert_int_equal(tar_put(&m, block), OK);
	block[0]++;
	block[1]--;
	assert_int_equal(tar_parse(block, &m), OK);
	block[0]++;
	assert_int_equal(tar_parse(block, &m), ERR_FORMAT);
}

static void links_and_directories_are_refused(void **state)
{
	struct tar_member m = {.name = "a", .size = 0};
	unsigned char block[TAR_BLOCK];

	(void)state;
	for (int type = '1'; type <= '7'; type++) {
		assert_int_equal(tar_put(&m, block), OK);
		block[156] = (unsigned char)type;
		/* the sum's last digits, so that the type alone is wrong */
		block[153] = (unsigned char)(block[153] + type - '0');
		assert_int_equal(tar_parse(block, &m), ERR_FORMAT);
	}
}

static void zeros_are_the_end(void **state)
{
	static const unsigned char block[TAR_BLOCK];
	struct tar_member m;

	(void)state;
	assert_int_equal(tar_parse(block, &m), ERR_GONE);
}

static void content_is_padded_to_whole_blocks(void **state)
{
	(void)state;
	assert_int_equal(tar_padded(0), 0);
	assert_int_equal(tar_padded(1), 512);
	assert_int_equal(tar_padded(512), 512);
	assert_int_equal(tar_padded(513), 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_put_is_parsed),
	    cmocka_unit_test(names_that_lead_elsewhere_are_refused),
	    cmocka_unit_test(a_name_changed_in_the_header_is_refused),
	    cmocka_unit_test(links_and_directories_are_refused),
	    cmocka_unit_test(zeros_are_the_end),
	    cmocka_unit_test(content_is_padded_to_whole_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
