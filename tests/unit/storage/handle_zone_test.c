#include "tests/unit/storage/keeper_conn.h"

#include "storage/rebuild.h"
#include "storage/zone.h"

/* One filled triangle. */
static const unsigned char triangle[] = {
    1, 2, 3, 0, 0, 0, 0, 0x03, 0xe8, 0, 0, 0x01, 0xf4, 0x03, 0xe8};

static struct camera camera = {.id = "cam1"};
static struct reader who;
static struct rebuild anew; /* runs */

static int begin(void **state)
{
	if (keeper_begin(state, PEER_READER))
		return 1;
	who = (struct reader){.person = 7,
	    .signed_in = true,
	    .role = ROLE_OPERATOR,
	    .conn = conn};
	conn->reader = &who;
	k.cameras = &camera;
	return 0;
}

static int end(void **state)
{
	conn->reader = NULL;
	k.rebuild = NULL;
	return keeper_end(state);
}

/* What is answered to zones for cam1: MSG_OK's OK, or the error. */
static enum err set(void)
{
	struct wire w;

	wire_begin(&w, MSG_ZONES, 1);
	wire_put_str(&w, camera.id);
	for (size_t i = 0; i < sizeof(triangle); i++)
		wire_put_u8(&w, triangle[i]);
	as_come(&w);
	handle_zones(&k, conn, &w);
	answer(&w);
	assert_int_equal(ledger_commit(k.ledger), OK);
	return w.type == MSG_OK ? OK : (enum err)wire_get_u16(&w);
}

static void zones_are_entered_and_kept(void **state)
{
	char name[ZONES_NAME_MAX];
	unsigned char have[ZONES_BYTES_MAX];
	struct entry_view v;
	size_t n;

	(void)state;
	assert_int_equal(set(), OK);
	assert_true(find(ENTRY_ZONES, &v));
	assert_int_equal(v.person, 7);
	assert_int_equal(index_setting_find(k.ix, zones_name("cam1", name),
			     have, sizeof(have), &n),
	    OK);
	assert_int_equal(n, sizeof(triangle));
	assert_memory_equal(have, triangle, n);
}

static void an_auditor_sets_none(void **state)
{
	(void)state;
	who.role = ROLE_AUDITOR;
	assert_int_equal(set(), ERR_DENIED);
}

/* A worker may be about to put those of an older entry. */
static void none_are_set_while_the_index_is_made_anew(void **state)
{
	struct entry_view v;

	(void)state;
	k.rebuild = &anew;
	assert_int_equal(set(), ERR_REBUILDING);
	assert_false(find(ENTRY_ZONES, &v));
	k.rebuild = NULL;
	assert_int_equal(set(), OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(zones_are_entered_and_kept),
	    TEST(an_auditor_sets_none),
	    TEST(none_are_set_while_the_index_is_made_anew),
	};

	return crypt_init() ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
