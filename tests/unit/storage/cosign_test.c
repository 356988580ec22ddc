#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "storage/cosign.h"

/*
 * A checkpoint of a public log as it was cosigned by public witnesses in May
 * 2026, and the keys of log and one witness as they are published.
 */
#define LOG_KEY                                             \
	"arche2025h1.staging.ct.transparency.dev+ba2f06c0+" \
	"AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
#define WITNESS_KEY                \
	"remora.n621.de+da77ade7+" \
	"BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
#define PETER_KEY \
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define KEY_64 "BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
#define DASH "\xe2\x80\x94 "
#define TEXT                                                    \
	"arche2025h1.staging.ct.transparency.dev\n1432088532\n" \
	"U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
#define LOG_LINES                                                              \
	DASH "arche2025h1.staging.ct.transparency.dev "                        \
	     "zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllza" \
	     "lApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n" DASH    \
	     "arche2025h1.staging.ct.transparency.dev "                        \
	     "ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1b" \
	     "fTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
#define OTHER_LINE                                                             \
	DASH "witness.stagemole.eu "                                           \
	     "Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUv" \
	     "Vr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n"
#define WITNESS_LINE                                                           \
	DASH "remora.n621.de "                                                 \
	     "2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZ" \
	     "I+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
#define NOTE TEXT "\n" LOG_LINES WITNESS_LINE OTHER_LINE
#define TIME 0x6a122120

static struct vkey witness, witnessed_log;

static int setup(void **state)
{
	(void)state;
	return vkey_parse(WITNESS_KEY, &witness) ||
	    vkey_parse(LOG_KEY, &witnessed_log);
}

static void published_keys_are_read_and_written(void **state)
{
	static const char *const keys[] = {
	    WITNESS_KEY,
	    LOG_KEY,
	    PETER_KEY,
	    "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
	};
	struct vkey k;
	char out[VKEY_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(vkey_parse(keys[i], &k), OK);
		vkey_format(&k, out);
		assert_string_equal(out, keys[i]);
	}
	assert_int_equal(witness.kind, NOTE_COSIGNATURE);
	assert_int_equal(witnessed_log.kind, NOTE_ED25519);
}

static void malformed_keys_are_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "bananas.sigstore.dev+12344556",
	    "remora.n621.de+12345678+THIS_IS_NOT_BASE64!",
	    "remora.n621.de+12345678+AwEB",
	    "remora.n621.de+NOT_AHEX+" KEY_64,
	    "remora.n621.de+00000000+" KEY_64,
	    "remora.n621.dex+da77ade7+" KEY_64,
	    "remora n621.de+da77ade7+" KEY_64,
	    WITNESS_KEY "\n",
	    "+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
	};
	struct vkey k;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vkey_parse(bad[i], &k), ERR_FORMAT);
}

static enum err find(const char *note, int64_t *ret)
{
	unsigned char cosignature[COSIGN_BYTES];

	return cosign_find(note, strlen(note), &witness, cosignature, ret);
}

static void P10_a_published_cosignature_is_accepted(void **state)
{
	int64_t at = 0;
	size_t n;

	(void)state;
	assert_int_equal(find(NOTE, &at), OK);
	assert_int_equal(at, TIME);
	assert_int_equal(note_check(NOTE, strlen(NOTE), witnessed_log.name,
			     witnessed_log.key, &n),
	    OK);
}

static void P10_no_changed_byte_of_a_cosigned_text_is_accepted(void **state)
{
	char note[] = TEXT "\n" WITNESS_LINE;
	int64_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(note) - 1; i++) {
		note[i] ^= 1;
		assert_int_not_equal(find(note, &at), OK);
		note[i] ^= 1;
	}
}

static void only_the_witness_that_is_asked_for_counts(void **state)
{
	struct vkey other = witness;
	unsigned char cosignature[COSIGN_BYTES];
	int64_t at;

	(void)state;
	assert_int_equal(find(TEXT "\n" LOG_LINES OTHER_LINE, &at), ERR_NO_KEY);
	/* a log's own signature is no cosignature, whatever key it is asked
	   for by */
	other = witnessed_log;
	assert_int_equal(cosign_find(NOTE, strlen(NOTE), &other, cosignature,
			     &at),
	    ERR_NO_KEY);
}

static const unsigned char seed[KEY_BYTES] = {7};

static struct vkey of_seed(const char *name)
{
	struct vkey k = {.kind = NOTE_COSIGNATURE};

	strcpy(k.name, name);
	sign_public(seed, k.key);
	return k;
}

static void what_is_cosigned_here_is_accepted_and_says_when(void **state)
{
	struct vkey k = of_seed("saqta.example/almaty-12");
	unsigned char cosignature[COSIGN_BYTES];
	char line[COSIGN_LINE_MAX], later[COSIGN_LINE_MAX], note[4096];
	int64_t at = 0;

	(void)state;
	cosign_line(TEXT, strlen(TEXT), &k, seed, 1790000000, line);
	cosign_line(TEXT, strlen(TEXT), &k, seed, 1790000600, later);
	strcpy(note, TEXT "\n");
	strcat(note, later);
	strcat(note, line);
	assert_int_equal(cosign_find(note, strlen(note), &k, cosignature, &at),
	    OK);
	assert_int_equal(at, 1790000600);
	assert_int_equal(cosign_check(TEXT, strlen(TEXT), k.key, cosignature,
			     &at),
	    OK);
	assert_int_equal(cosign_check(TEXT "x\n", strlen(TEXT) + 2, k.key,
			     cosignature, &at),
	    ERR_INTEGRITY);
}

static void a_cosignature_and_a_log_s_signature_never_stand_for_each_other(void
	**state)
{
	struct vkey k = of_seed("saqta.example/almaty-12");
	struct checkpoint c = {.origin = "saqta.example/almaty-12", .size = 3};
	char note[CHECKPOINT_MAX], line[COSIGN_LINE_MAX];
	unsigned char cosignature[COSIGN_BYTES];
	size_t n, text_n;
	int64_t at;

	(void)state;
	assert_int_equal(checkpoint_sign(&c, seed, note, &n), OK);
	assert_int_equal(cosign_find(note, n, &k, cosignature, &at),
	    ERR_NO_KEY);
	assert_int_equal(note_text(note, n, &text_n), OK);
	cosign_line(note, text_n, &k, seed, 5, line);
	strcpy(note + text_n + 1, line);
	assert_int_equal(note_check(note, strlen(note), c.origin, k.key, &n),
	    ERR_NO_KEY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_keys_are_read_and_written),
	    cmocka_unit_test(malformed_keys_are_refused),
	    cmocka_unit_test(P10_a_published_cosignature_is_accepted),
	    cmocka_unit_test(
		P10_no_changed_byte_of_a_cosigned_text_is_accepted),
	    cmocka_unit_test(only_the_witness_that_is_asked_for_counts),
	    cmocka_unit_test(what_is_cosigned_here_is_accepted_and_says_when),
	    cmocka_unit_test(
		a_cosignature_and_a_log_s_signature_never_stand_for_each_other),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, setup, NULL);
}
