/*
 * rebuild_bench [CAMERAS [DAYS]] - making the index anew from ledger and
 * journals, as `saqta rebuild` does: 64 cameras, one segment a minute, with its
 * read-back, and chain heads every 10 s. By default 18 days, a tenth of half a
 * year; what half a year takes is told from that, and that it grows no faster
 * than the number of segments by doing half of it first. Then promises of one
 * day are moved forward (term_move.h). Works beside itself (build/bench): 3 GB,
 * deleted afterwards. Exits 1 where a limit is missed.
 *
 * Journals have their last begin record, which a rebuild looks at; the rest of
 * them is a hole.
 */
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "storage/bytes.h"
#include "storage/disk.h"
#include "storage/journal.h"
#include "storage/rebuild.h"
#include "storage/site.h"
#include "storage/term_move.h"

#define A_DAY 1440
#define HALF_YEAR 184
#define MINUTE (60 * NS_PER_SEC)
#define DAY (A_DAY * MINUTE)
#define FRAGMENTS 109
#define HEADS 40	/* cameras in one entry, as storage/tick.c */
/* 2026-03-01 00:00 in Almaty */
#define FIRST_NS (INT64_C(1772305200) * NS_PER_SEC)

static int cameras = 64, days = HALF_YEAR / 10;
static char dir[150];
static int dir_fd;
static bool missed, making;

/* Nobody waits for the disk while the ledger is only made. */
int fsync(int fd)
{
	return making ? 0 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return making ? 0 : (int)syscall(SYS_fdatasync, fd);
}

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

static void tell(const char *what, double have, const char *unit, double limit)
{
	printf("  %-46s %9.2f %s (below %g)%s\n", what, have, unit, limit,
	    have < limit ? "" : "  MISSED");
	fflush(stdout);
	missed = missed || have >= limit;
}

static const char *name(int camera)
{
	static char id[CAMERA_ID_MAX + 1];

	snprintf(id, sizeof(id), "cam-%04d-face", camera);
	return id;
}

static void put(struct ledger *l, struct entry *e)
{
	uint64_t i;

	must(entry_end(e), "entry");
	must(ledger_put(l, e, &i), "put");
}

static void put_segment(struct ledger *l, int camera, int64_t minute)
{
	static const unsigned char hash[HASH_BYTES];
	int64_t from = FIRST_NS + minute * MINUTE, to = from + MINUTE;
	struct entry e;

	entry_begin(&e, ENTRY_SEGMENT, (struct utc){to}, 0);
	entry_put_text(&e, TAG_CAMERA, name(camera));
	entry_put_u64(&e, TAG_SEQ, (uint64_t)minute + 1);
	entry_put_i64(&e, TAG_FROM, from);
	entry_put_i64(&e, TAG_TO, to);
	entry_put_bytes(&e, TAG_ROOT, hash, sizeof(hash));
	entry_put_bytes(&e, TAG_CIPHER, hash, sizeof(hash));
	entry_put_u64(&e, TAG_BYTES, 30 << 20);
	entry_put_u64(&e, TAG_FRAGMENTS, FRAGMENTS);
	entry_put_u64(&e, TAG_FLAGS, 1);
	entry_put_i64(&e, TAG_RETAIN, to + HALF_YEAR * DAY);
	entry_put_u64(&e, TAG_KIND, SEGMENT_SEALED);
	put(l, &e);
	entry_begin(&e, ENTRY_READ_BACK, (struct utc){to}, 0);
	entry_put_text(&e, TAG_CAMERA, name(camera));
	entry_put_u64(&e, TAG_SEQ, (uint64_t)minute + 1);
	entry_put_u64(&e, TAG_RESULT, 1);
	put(l, &e);
}

static void put_heads(struct ledger *l, int64_t minute)
{
	static const unsigned char heads[HEADS * 63];
	struct entry e;

	for (int i = 0; i < 6 * ((cameras + HEADS - 1) / HEADS); i++) {
		entry_begin(&e, ENTRY_HEADS,
		    (struct utc){FIRST_NS + minute * MINUTE}, 0);
		entry_put_bytes(&e, TAG_HEADS, heads, sizeof(heads));
		put(l, &e);
	}
}

static void put_journal(int camera, const char *day, int64_t last_seq)
{
	unsigned char begin[16] = "SqJ1";
	char path[160], folder[96];
	uint64_t size;
	int fd;

	begin[4] = JOURNAL_BEGIN;
	be_put(begin + 8, (uint64_t)last_seq, 8);
	path_day(name(camera), day, folder, sizeof(folder));
	must(disk_mkdirs(dir_fd, folder), folder);
	must(disk_open_append(dir_fd,
		 path_journal(name(camera), day, path, sizeof(path)), &fd,
		 &size),
	    path);
	must(disk_pwrite(fd, begin, sizeof(begin),
		 (uint64_t)(A_DAY - 1) * (FRAGMENTS + 2) * JOURNAL_RECORD),
	    path);
	if (ftruncate(fd, (off_t)A_DAY * (FRAGMENTS + 2) * JOURNAL_RECORD))
		must(ERR_DISK, path);
	close(fd);
}

static void make(void)
{
	unsigned char key[KEY_BYTES];
	struct mono t = mono_now();
	struct ledger *l;
	size_t cut;

	making = true;
	must(ledger_create(dir_fd, "saqta.example/bench", key), "ledger");
	must(ledger_open(dir_fd, &l, &cut), "ledger");
	for (int64_t m = 0; m < (int64_t)days * A_DAY; m++) {
		for (int i = 0; i < cameras; i++)
			put_segment(l, i, m);
		put_heads(l, m);
		must(ledger_commit(l), "commit");
	}
	must(ledger_checkpoint(l), "checkpoint");
	for (int d = 0; d < days; d++) {
		char day[16];

		day_format(utc_local_day((struct utc){FIRST_NS + d * DAY}), day,
		    sizeof(day));
		for (int i = 0; i < cameras; i++)
			put_journal(i, day, (int64_t)(d + 1) * A_DAY);
	}
	making = false;
	if (syncfs(dir_fd)) /* so that nobody waits for it later */
		must(ERR_DISK, dir);
	printf("%.2f million segments, %.2f million entries, made in %.0f s\n",
	    (double)cameras * days * A_DAY / 1e6, (double)ledger_size(l) / 1e6,
	    seconds_since(t));
	fflush(stdout);
	ledger_close(l);
}

static void fresh_index(void)
{
	struct index *ix;
	char cmd[600];

	snprintf(cmd, sizeof(cmd), "rm -f %s/index.db*", dir);
	if (system(cmd))
		must(ERR_DISK, cmd);
	must(index_open(dir, false, &ix), "index");
	for (int i = 0; i < cameras; i++) {
		struct camera_row c = {.next_seq = 1, .enabled = true};

		snprintf(c.id, sizeof(c.id), "%s", name(i));
		must(index_camera_put(ix, &c), "camera");
	}
	index_close(ix);
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / NS_PER_SEC;
}

/* Seconds for the first entries, as many as end says. */
static double rebuild(uint64_t end, uint64_t segments)
{
	struct rebuild r = {.dirs = {{0, dir_fd}}, .dirs_n = 1, .end = end};
	struct mono t;
	double s;

	fresh_index();
	snprintf(r.data, sizeof(r.data), "%s", dir);
	t = mono_now();
	rebuild_run(&r);
	s = seconds_since(t);
	must(r.err, "rebuild");
	if (segments && r.segments != segments)
		must(ERR_INTERNAL, "segments");
	return s;
}

static void move(uint64_t end)
{
	struct term_move m = {
	    .at = end - end / (uint64_t)days, .end = end, .step_ns = DAY};
	uint64_t n = m.end - m.at;
	struct mono t = mono_now();
	struct index *ix;
	struct ledger *l;
	double worst = 0;

	must(index_open(dir, false, &ix), "index");
	must(ledger_open_readonly(dir_fd, &l), "ledger");
	while (m.at < m.end) {
		struct mono one = mono_now();

		must(term_move_some(ix, l, &m), "move");
		if (seconds_since(one) > worst)
			worst = seconds_since(one);
	}
	printf("  %-46s %9.2f s, %llu entries\n",
	    "the promises of a day moved in", seconds_since(t),
	    (unsigned long long)n);
	tell("  the longest piece", 1000 * worst, "ms", 100);
	ledger_close(l);
	index_close(ix);
}

int main(int argc, char **argv)
{
	char self[120], cmd[600];
	struct ledger *l;
	uint64_t end;
	double half, whole, cpu;

	cameras = argc > 1 ? atoi(argv[1]) : cameras;
	days = argc > 2 ? atoi(argv[2]) : days;
	if (cameras < 1 || cameras > 256 || days < 2 || days > 390)
		return 2;
	must(crypt_init(), "libsodium");
	must(utc_site("Asia/Almaty"), "zone");
	snprintf(self, sizeof(self), "%s", argv[0]);
	snprintf(dir, sizeof(dir), "%s/rebuild-XXXXXX", dirname(self));
	if (!mkdtemp(dir))
		must(ERR_DISK, dir);
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make();
	must(ledger_open_readonly(dir_fd, &l), "ledger");
	end = ledger_size(l);
	ledger_close(l);
	half = rebuild(end / 2, 0);
	cpu = cpu_s();
	whole = rebuild(end, (uint64_t)cameras * (uint64_t)days * A_DAY);
	printf("  %-46s %9.2f s, %.2f s of it CPU; half of them %.2f s\n",
	    "made anew in", whole, cpu_s() - cpu, half);
	tell("  the whole, beside twice the half", whole / (2 * half), "", 1.5);
	tell("  so half a year takes", whole * HALF_YEAR / days, "s", 600);
	move(end);
	close(dir_fd);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) || missed;
}
