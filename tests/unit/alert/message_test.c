#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>

#include "alert/message.h"

/* Secret and body are those of the Standard Webhooks specification. */
static void a_webhook_is_signed_as_the_standard_says(void **state)
{
	unsigned char secret[64];
	size_t n;
	char h[HOOK_HEADERS][HOOK_HEADER_MAX];

	(void)state;
	assert_int_equal(message_secret("whsec_"
					"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
			     secret, &n),
	    OK);
	assert_int_equal(n, 24);
	/* by openssl dgst -sha256 -mac HMAC of that secret's bytes */
	message_sign(7, 1614265330, "{\"test\": 2432232314}", secret, n, h);
	assert_string_equal(h[0], "webhook-id: saqta_7_1614265330");
	assert_string_equal(h[1], "webhook-timestamp: 1614265330");
	assert_string_equal(h[2],
	    "webhook-signature: "
	    "v1,b/iCpNGwcsr/WdxB5Iys+o8PqwcBay/3pIt6Ab/OL+o=");
}

static void a_secret_has_24_to_64_bytes(void **state)
{
	unsigned char secret[64];
	size_t n;

	(void)state;
	assert_int_equal(message_secret("whsec_", secret, &n), ERR_FORMAT);
	assert_int_equal(message_secret("whsec_c2hvcnQ=", secret, &n),
	    ERR_FORMAT);
	assert_int_equal(message_secret("whsec_not base64", secret, &n),
	    ERR_FORMAT);
}

static void cef_escapes_what_would_end_a_field(void **state)
{
	struct message m = {.event = EVENT_OPENED,
	    .at = 1795000000,
	    .i = {.kind = "camera-down", .of = "a=b\\c", .critical = true}};
	char line[1400];

	(void)state;
	assert_string_equal(message_cef("Bank = 12", &m, "It | is\nso", line,
				sizeof(line)),
	    "CEF:0|Saqta|Saqta|" SAQTA_VERSION
	    "|camera-down|It \\| is so|8|outcome=opened rt=1795000000000 "
	    "cs1Label=site cs1=Bank \\= 12 cs2Label=of cs2=a\\=b\\\\c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_webhook_is_signed_as_the_standard_says),
	    cmocka_unit_test(a_secret_has_24_to_64_bytes),
	    cmocka_unit_test(cef_escapes_what_would_end_a_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
