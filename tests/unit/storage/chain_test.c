#include "tests/unit/storage/ledger_dir.h"

#include "storage/chain.h"

/* Run to its end in slices; to be freed. */
static struct chain *all(int fd)
{
	struct chain *c;

	assert_int_equal(chain_begin(fd, &c), OK);
	while (!chain_is_over(c))
		assert_int_equal(chain_step(c, 1), OK);
	return c;
}

static void name_witness(int fd)
{
	static const unsigned char seed[KEY_BYTES] = {4};
	struct peers p = {.witnesses = 1};

	p.witness[0].key = (struct vkey){.kind = NOTE_COSIGNATURE};
	strcpy(p.witness[0].key.name, WITNESS);
	strcpy(p.witness[0].url, "https://w.example");
	sign_public(seed, p.witness[0].key.key);
	run("mkdir -p %s/witness", dir);
	assert_int_equal(peers_save(fd, &p), OK);
}

static void a_whole_ledger_is_verified_to_its_end(void **state)
{
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	struct chain *c;

	(void)state;
	put(l, 700);
	assert_int_equal(ledger_checkpoint(l), OK);
	witness(fd);
	name_witness(fd);
	put(l, 5);
	c = all(fd);
	assert_int_equal(c->found_n, 0);
	assert_int_equal(c->at, ledger_size(l));
	assert_int_equal(c->size, ledger_size(l));
	assert_int_equal(c->sealed.size, ledger_size(l) - 5);
	assert_int_equal(c->seen.size, ledger_size(l) - 5);
	assert_int_equal(c->by_n, 1);
	assert_string_equal(c->by[0], WITNESS);
	assert_int_equal(c->from_ns, 1);
	chain_free(c);
	ledger_close(l);
	close(fd);
}

/* Flip a byte `at` into the bytes of entry `n` of the first entry tile. */
static void flip(unsigned n, long at)
{
	unsigned char head[2], byte;
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "%s/ledger/tile/entries/000", dir);
	f = fopen(path, "r+b");
	assert_non_null(f);
	for (unsigned i = 0; i <= n; i++) {
		assert_int_equal(fread(head, 2, 1, f), 1);
		if (i < n)
			assert_int_equal(fseek(f, head[0] << 8 | head[1],
					     SEEK_CUR),
			    0);
	}
	assert_int_equal(fseek(f, at, SEEK_CUR), 0);
	assert_int_equal(fread(&byte, 1, 1, f), 1);
	byte ^= 1;
	assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
	assert_int_equal(fwrite(&byte, 1, 1, f), 1);
	assert_int_equal(fclose(f), 0);
}

static void each_entry_that_was_changed_is_named(void **state)
{
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	struct chain *c;

	(void)state;
	put(l, 400);
	assert_int_equal(ledger_checkpoint(l), OK);
	flip(17, 12);
	flip(200, 5);
	c = all(fd);
	assert_int_equal(c->found_n, 2);
	assert_int_equal(c->found[0].what, CHAIN_ENTRY);
	assert_int_equal(c->found[0].entry, 17);
	assert_int_equal(c->found[1].entry, 200);
	assert_int_equal(c->at, c->size);
	chain_free(c);
	ledger_close(l);
	close(fd);
}

static void another_ledger_than_the_witness_saw_is_found(void **state)
{
	static const unsigned char seed[KEY_BYTES] = {4};
	struct vkey k = {.name = WITNESS, .kind = NOTE_COSIGNATURE};
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	char note[2 * NOTE_MAX];
	struct chain *c;
	size_t n;

	(void)state;
	put(l, 10);
	assert_int_equal(ledger_checkpoint(l), OK);
	name_witness(fd);
	/* it cosigned ten entries of some other log of that name */
	n = (size_t)snprintf(note, sizeof(note),
	    ORIGIN "\n10\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	sign_public(seed, k.key);
	note[n] = '\n';
	cosign_line(note, n, &k, seed, 1795339600, note + n + 1);
	assert_int_equal(disk_replace(fd, "ledger", "witnessed", note,
			     strlen(note)),
	    OK);
	c = all(fd);
	assert_int_equal(c->found_n, 1);
	assert_int_equal(c->found[0].what, CHAIN_WITNESS);
	chain_free(c);
	ledger_close(l);
	close(fd);
}

static void a_checkpoint_that_does_not_fit_is_found(void **state)
{
	struct ledger *l = open_at(dir);
	int fd = data_fd(dir);
	struct chain *c;

	(void)state;
	put(l, 10);
	assert_int_equal(ledger_checkpoint(l), OK);
	ledger_close(l);
	run("sed -i 2s/.*/9/ %s/ledger/checkpoint", dir);
	c = all(fd);
	assert_int_equal(c->found_n, 1);
	assert_int_equal(c->found[0].what, CHAIN_CHECKPOINT);
	chain_free(c);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_whole_ledger_is_verified_to_its_end, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		each_entry_that_was_changed_is_named, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		another_ledger_than_the_witness_saw_is_found, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_checkpoint_that_does_not_fit_is_found, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
