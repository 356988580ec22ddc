/* Expected text by `openssl x509 -fingerprint -sha256` and `sha256sum`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "storage/api/fingerprint.h"

/* The SHA-256 of nothing: printf '' | sha256sum */
#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define TEXT                                                     \
	"E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:" \
	"41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55"

static void it_reads_as_openssl_and_browsers_show_it(void **state)
{
	unsigned char sum[FINGERPRINT_BYTES];
	char text[FINGERPRINT_TEXT];

	(void)state;
	assert_int_equal(fingerprint_parse(TEXT, sum), OK);
	assert_int_equal(sum[0], 0xe3);
	assert_int_equal(sum[31], 0x55);
	fingerprint_text(sum, text);
	assert_string_equal(text, TEXT);
}

static void capitals_and_colons_do_not_matter(void **state)
{
	unsigned char a[FINGERPRINT_BYTES], b[FINGERPRINT_BYTES];

	(void)state;
	assert_int_equal(fingerprint_parse(TEXT, a), OK);
	assert_int_equal(fingerprint_parse(HEX, b), OK);
	assert_memory_equal(a, b, sizeof(a));
}

static void what_is_no_fingerprint_is_refused_and_ret_untouched(void **state)
{
	static const char *const bad[] = {"", "sha256", HEX "0", HEX ":",
	    TEXT ":", ":" TEXT, "E3:B0", "E3B0:" TEXT};
	unsigned char sum[FINGERPRINT_BYTES] = {7};
	char text[FINGERPRINT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(fingerprint_parse(bad[i], sum), ERR_INVALID);
	for (size_t i = 0; i < strlen(TEXT); i++) {
		strcpy(text, TEXT);
		text[i] = 'g';
		assert_int_equal(fingerprint_parse(text, sum), ERR_INVALID);
	}
	assert_int_equal(sum[0], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_reads_as_openssl_and_browsers_show_it),
	    cmocka_unit_test(capitals_and_colons_do_not_matter),
	    cmocka_unit_test(
		what_is_no_fingerprint_is_refused_and_ret_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
