/*
 * ledger_bench [ENTRIES] - what a ledger of 10,000, a million and ENTRIES
 * (25,000,000) entries costs: to open it, to append for 50 clients who each
 * wait for their answer (groups of 50, one sync each), and to prove inclusion
 * and growth from tiles on disk. Works below TMPDIR, or /tmp: 4 GB at the
 * full size. Exits 1 where a limit is missed.
 *
 * The big ledgers are laid out tile by tile without syncs: putting millions of
 * entries would measure the disk's syncs once more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/utc.h"
#include "storage/bytes.h"
#include "storage/ledger.h"
#include "storage/note.h"
#include "storage/tail.h"
#include "storage/tile.h"

#define ORIGIN "saqta.example/bench"
#define GROUP 50u

static void must(enum err e, const char *what)
{
	if (e) {
		fprintf(stderr, "%s: %s\n", what, err_text(e));
		exit(1);
	}
}

static double seconds_since(struct mono t)
{
	return (double)(mono_now().ns - t.ns) / NS_PER_SEC;
}

static void make(struct entry *e, uint64_t i)
{
	unsigned char hash[HASH_BYTES] = {(unsigned char)i};

	entry_begin(e, ENTRY_SEGMENT, (struct utc){(int64_t)i}, 0);
	entry_put_text(e, TAG_CAMERA, "cam-0417-face");
	entry_put_u64(e, TAG_SEQ, i);
	entry_put_bytes(e, TAG_ROOT, hash, sizeof(hash));
	entry_put_bytes(e, TAG_CIPHER, hash, sizeof(hash));
	must(entry_end(e), "entry");
}

static bool missed;

/* One figure and its limit. */
static void tell(const char *what, double have, const char *unit, double limit,
    bool at_least)
{
	bool good = at_least ? have > limit : have < limit;

	printf("  %-28s %10.1f %-9s (%s %.0f)%s\n", what, have, unit,
	    at_least ? "above" : "below", limit, good ? "" : "  MISSED");
	fflush(stdout);
	missed = missed || !good;
}

static void append(int fd, unsigned groups)
{
	struct ledger *l;
	struct entry e;
	struct mono t;
	uint64_t i;
	size_t cut;

	must(ledger_open(fd, &l, &cut), "open");
	t = mono_now();
	for (unsigned g = 0; g < groups; g++) {
		for (unsigned k = 0; k < GROUP; k++) {
			make(&e, ledger_size(l) + k);
			must(ledger_put(l, &e, &i), "put");
		}
		must(ledger_commit(l), "commit");
	}
	tell("append, 50 clients", groups * GROUP / seconds_since(t),
	    "entries/s", 5000, true);
	ledger_close(l);
}

static uint64_t any_below(uint64_t n)
{
	uint64_t v;

	crypt_random(&v, sizeof(v));
	return v % n;
}

#define PROOFS 1000

/* Any entry in the newest tree; any older tree in the newest. */
static void prove(int fd)
{
	unsigned char path[MERKLE_PATH_MAX][HASH_BYTES];
	double one, path_ms = 0, path_worst = 0, grow_ms = 0, grow_worst = 0;
	struct ledger *l;
	struct mono t;
	uint64_t size;
	size_t n;

	must(ledger_open_readonly(fd, &l), "open");
	size = ledger_size(l);
	for (int i = 0; i < PROOFS; i++) {
		t = mono_now();
		must(ledger_path(l, any_below(size), size, path, &n), "path");
		one = 1000 * seconds_since(t);
		path_ms += one / PROOFS;
		path_worst = one > path_worst ? one : path_worst;
		t = mono_now();
		must(ledger_growth(l, any_below(size), size, path, &n),
		    "growth");
		one = 1000 * seconds_since(t);
		grow_ms += one / PROOFS;
		grow_worst = one > grow_worst ? one : grow_worst;
	}
	tell("inclusion proof, mean", path_ms, "ms", 5, false);
	tell("growth proof, mean", grow_ms, "ms", 5, false);
	printf("  %-28s %10.1f ms, %.1f ms\n", "worst of 1000 each", path_worst,
	    grow_worst);
	ledger_close(l);
}

static void put_file(int dir, const char *path, const void *p, size_t n)
{
	char part[TILE_PATH_MAX];
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0) {
		for (const char *s = strchr(path, '/'); s;
		     s = strchr(s + 1, '/')) {
			snprintf(part, sizeof(part), "%.*s", (int)(s - path),
			    path);
			mkdirat(dir, part, 0700);
		}
		fd = openat(dir, path, O_WRONLY | O_CREAT, 0600);
	}
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		must(ERR_DISK, path);
	close(fd);
}

/* Rows of hashes that become tiles, all the way up. */
static unsigned char rows[TILE_LEVELS + 1][TILE_BYTES];

static void put_tile(int dir, int level, uint64_t n)
{
	char path[TILE_PATH_MAX];
	struct merkle t;

	tile_path(level, n, path);
	put_file(dir, path, rows[level], TILE_BYTES);
	merkle_init(&t);
	for (size_t i = 0; i < TILE_N; i++)
		merkle_put(&t, rows[level] + i * HASH_BYTES);
	merkle_root(&t, rows[level + 1] + n % TILE_N * HASH_BYTES);
	if (n % TILE_N == TILE_N - 1 && level + 1 < TILE_LEVELS)
		put_tile(dir, level + 1, n / TILE_N);
}

static void put_entries(int dir, uint64_t tile, struct merkle *tree)
{
	static unsigned char bundle[TILE_N * (2 + ENTRY_MAX)];
	static struct entry e;
	char path[TILE_PATH_MAX];
	size_t n = 0;

	for (size_t k = 0; k < TILE_N; k++) {
		unsigned char *leaf = rows[0] + k * HASH_BYTES;

		make(&e, tile * TILE_N + k);
		be_put(bundle + n, e.len, 2);
		memcpy(bundle + n + 2, e.buf, e.len);
		n += 2 + e.len;
		merkle_leaf(e.buf, e.len, leaf);
		merkle_put(tree, leaf);
	}
	tile_path(TILE_ENTRIES, tile, path);
	put_file(dir, path, bundle, n);
	put_tile(dir, 0, tile);
}

static void lay_out(int data, uint64_t tiles)
{
	struct checkpoint c = {.origin = ORIGIN, .size = tiles * TILE_N};
	unsigned char seed[KEY_BYTES];
	char note[CHECKPOINT_MAX];
	struct merkle tree;
	struct tail t;
	size_t n;
	int dir = openat(data, "ledger", O_RDONLY | O_DIRECTORY);
	int key = openat(dir, "log.key", O_RDONLY);

	if (read(key, seed, sizeof(seed)) != sizeof(seed))
		must(ERR_DISK, "log.key");
	merkle_init(&tree);
	for (uint64_t i = 0; i < tiles; i++)
		put_entries(dir, i, &tree);
	must(tail_new(c.size, &t), "tail");
	put_file(dir, "tail", t.buf, t.len);
	tail_free(&t);
	merkle_root(&tree, c.root);
	must(checkpoint_sign(&c, seed, note, &n), "checkpoint");
	put_file(dir, "checkpoint", note, n);
	close(key);
	close(dir);
	if (syncfs(data))
		must(ERR_DISK, "sync");
}

static void open_time(int fd)
{
	struct ledger *l;
	struct mono t = mono_now();
	size_t cut;

	must(ledger_open(fd, &l, &cut), "open");
	printf("%llu entries\n", (unsigned long long)ledger_size(l));
	tell("open", 1000 * seconds_since(t), "ms", 5000, false);
	ledger_close(l);
}

static int fresh(const char *dir, const char *name)
{
	unsigned char key[KEY_BYTES];
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (mkdir(path, 0700))
		must(ERR_DISK, path);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	must(ledger_create(fd, ORIGIN, key), "create");
	return fd;
}

int main(int argc, char **argv)
{
	const char *tmp = getenv("TMPDIR");
	uint64_t sizes[] = {
	    10000, 1000000, argc > 1 ? strtoull(argv[1], NULL, 10) : 25000000};
	char dir[512], name[32], cmd[600];

	must(crypt_init(), "crypt");
	snprintf(dir, sizeof(dir), "%s/ledger-bench-XXXXXX",
	    tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		must(ERR_DISK, dir);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int fd;

		snprintf(name, sizeof(name), "%llu",
		    (unsigned long long)sizes[i]);
		fd = fresh(dir, name);
		lay_out(fd, sizes[i] / TILE_N);
		open_time(fd);
		append(fd, 400);
		prove(fd);
		close(fd);
		snprintf(cmd, sizeof(cmd), "rm -rf %s/%s", dir, name);
		if (system(cmd))
			must(ERR_DISK, cmd);
	}
	rmdir(dir);
	return missed;
}
