#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "storage/peers.h"

#define WITNESS \
	"remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
#define LOG "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PIN "sha256//CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define FILE_TEXT                                                          \
	"witness " WITNESS " https://10.0.0.5:8443/tlog-witness " PIN "\n" \
	"witness " WITNESS " https://w.example/x -\n"                      \
	"clock " WITNESS "\n"                                              \
	"log " LOG "\n"

static char dir[32];
static int fd;

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/saqta-peers-XXXXXX");
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY);
	return fd < 0;
}

static int teardown(void **state)
{
	char cmd[64];

	(void)state;
	close(fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void what_is_written_is_read_again(void **state)
{
	static struct peers p, again;
	char out[2048];
	size_t n;

	(void)state;
	assert_int_equal(peers_parse(FILE_TEXT, strlen(FILE_TEXT), &p), OK);
	assert_int_equal(p.witnesses, 2);
	assert_int_equal(p.logs, 1);
	assert_string_equal(p.witness[0].pin, PIN);
	assert_string_equal(p.witness[1].pin, "");
	assert_true(p.witness[1].clock && !p.witness[0].clock);
	assert_int_equal(peers_format(&p, out, sizeof(out), &n), OK);
	assert_string_equal(out, FILE_TEXT);
	assert_int_equal(peers_load(fd, &again), OK);
	assert_int_equal(again.witnesses + again.logs, 0);
	assert_int_equal(peers_save(fd, &p), OK);
	assert_int_equal(peers_load(fd, &again), OK);
	assert_memory_equal(&p, &again, sizeof(p));
	assert_int_equal(peers_format(&p, out, 80, &n), ERR_TOO_LARGE);
}

static void lines_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
	    "witness\n",
	    "log\n",
	    "log " LOG,
	    "log " WITNESS "\n",
	    "log " LOG " x\n",
	    "witness " LOG " https://x -\n",
	    "witness " WITNESS " https://x\n",
	    "witness " WITNESS " https://x - -\n",
	    "witness " WITNESS " http://x -\n",
	    "witness " WITNESS " https://x/ -\n",
	    "witness " WITNESS " https://a@x -\n",
	    "witness " WITNESS " https://x sha256//AAAA\n",
	    "clock " WITNESS "\n",
	    "log " LOG "\nclock " LOG "\n",
	    "witness " WITNESS " https://x -\nclock " LOG "\n",
	    "\n",
	};
	static struct peers p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(peers_parse(bad[i], strlen(bad[i]), &p),
		    ERR_FORMAT);
}

static void there_are_not_more_than_there_is_room_for(void **state)
{
	static char text[LOGS_MAX * 128 + 256];
	static struct peers p;
	size_t n = 0;

	(void)state;
	for (int i = 0; i <= LOGS_MAX; i++)
		n += (size_t)sprintf(text + n, "log %s\n", LOG);
	assert_int_equal(peers_parse(text, n, &p), ERR_TOO_LARGE);
}

static void the_key_of_the_witness_is_made_once(void **state)
{
	unsigned char seed[KEY_BYTES], public[KEY_BYTES];
	struct vkey a, b;

	(void)state;
	assert_int_equal(witness_key(fd, "saqta.example/x", &a, seed), OK);
	assert_int_equal(witness_key(fd, "saqta.example/x", &b, NULL), OK);
	assert_memory_equal(&a, &b, sizeof(a));
	sign_public(seed, public);
	assert_memory_equal(public, a.key, KEY_BYTES);
	assert_int_equal(a.kind, NOTE_COSIGNATURE);
}

static void P10_the_state_of_a_log_is_what_was_kept(void **state)
{
	static const unsigned char seed[KEY_BYTES] = {1};
	struct checkpoint c = {.origin = "log.example/../../x", .size = 7}, got;
	char note[CHECKPOINT_MAX];
	struct vkey k;
	size_t n;

	(void)state;
	assert_int_equal(witness_key(fd, "saqta.example/x", &k, NULL), OK);
	assert_int_equal(witness_known(fd, c.origin, &got), ERR_NOT_FOUND);
	assert_int_equal(checkpoint_sign(&c, seed, note, &n), OK);
	assert_int_equal(witness_keep(fd, c.origin, note, n), OK);
	assert_int_equal(witness_known(fd, c.origin, &got), OK);
	assert_int_equal(got.size, 7);
	assert_int_equal(witness_known(fd, "log.example/y", &got),
	    ERR_NOT_FOUND);
	/* another log's checkpoint in its place is no state of it */
	assert_int_equal(witness_keep(fd, "log.example/y", note, n), OK);
	assert_int_equal(witness_known(fd, "log.example/y", &got),
	    ERR_INTEGRITY);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_is_written_is_read_again),
	    TEST(lines_that_are_none_are_refused),
	    TEST(there_are_not_more_than_there_is_room_for),
	    TEST(the_key_of_the_witness_is_made_once),
	    TEST(P10_the_state_of_a_log_is_what_was_kept),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
