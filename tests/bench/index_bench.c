/*
 * index_bench [CAMERAS [DAYS]] - what an index of 17 million segments costs (64
 * cameras, 184 days, one segment a minute): to open it, to find an hour, to
 * tell a month and half a year of coverage, and to erase a day while cameras
 * insert. Works beside itself (build/bench): 4 GB at the full size, deleted
 * afterwards. Exits 1 where a limit is missed.
 *
 * Rows are put in the order of time, so that they lie in the file as recorded
 * ones do; once a week a camera has a hole of ten minutes.
 */
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "storage/coverage.h"
#include "storage/due.h"
#include "storage/keeper_wal.h"
#include "storage/site.h"

#define A_DAY 1440
#define MINUTE (60 * NS_PER_SEC)
#define DAY (A_DAY * MINUTE)
#define TERM (183 * DAY)	/* so that one day is due */
#define ROUNDS 200
#define COLD 50
/* 2026-03-01 00:00 in Almaty */
#define FIRST_NS (INT64_C(1772305200) * NS_PER_SEC)

static int cameras = 64, days = 184;
static char dir[512];
static bool missed;
static char days_of[400][16];

static void must(enum err e, const char *what)
{
	if (e) {
		fprintf(stderr, "%s: %s\n", what, err_text(e));
		exit(1);
	}
}

static double ms_since(struct mono t)
{
	return (double)(mono_now().ns - t.ns) / NS_PER_MS;
}

static void tell(const char *what, double have, double limit)
{
	printf("  %-46s %9.2f ms (below %g)%s\n", what, have, limit,
	    have < limit ? "" : "  MISSED");
	fflush(stdout);
	missed = missed || have >= limit;
}

static void name(int camera, char ret[CAMERA_ID_MAX + 1])
{
	snprintf(ret, CAMERA_ID_MAX + 1, "cam-%04d-face", camera);
}

/* Is the camera silent in that minute? Ten in a week. */
static bool is_hole(int camera, int64_t minute)
{
	return (minute + camera * 97) % (7 * A_DAY) < 10;
}

static void make(struct segment_row *r, int camera, int64_t minute)
{

	*r = (struct segment_row){.seq = (uint64_t)minute + 1,
	    .start_ns = FIRST_NS + minute * MINUTE,
	    .end_ns = FIRST_NS + (minute + 1) * MINUTE,
	    .bytes = 30 << 20,
	    .state = SEGMENT_SEALED,
	    .fragments = 120,
	    .flags = 1,
	    .retain_ns = FIRST_NS + (minute / A_DAY + 1) * DAY + TERM,
	    .proof = PROOF_DECODED,
	    .record = (uint64_t)(minute % A_DAY) * 122,
	    .entry = minute * 150 + camera};
	name(camera, r->camera);
	memcpy(r->day, days_of[minute / A_DAY], sizeof(r->day));
}

static void put_row(sqlite3_stmt *s, const struct segment_row *r)
{
	const int64_t v[] = {r->start_ns, r->end_ns, (int64_t)r->bytes,
	    (int64_t)r->state, r->fragments, r->flags, r->retain_ns,
	    (int64_t)r->proof, (int64_t)r->record, r->entry, r->volume};

	sqlite3_bind_text(s, 1, r->camera, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, (int64_t)r->seq);
	sqlite3_bind_text(s, 3, r->day, -1, SQLITE_STATIC);
	for (int i = 0; i < 11; i++)
		sqlite3_bind_int64(s, 4 + i, v[i]);
	if (sqlite3_step(s) != SQLITE_DONE)
		must(ERR_DISK, "insert");
	sqlite3_reset(s);
}

static void put_people(struct index *ix)
{
	for (int i = 0; i < cameras; i++) {
		struct camera_row c = {
		    .next_seq = 1 << 30, .enabled = true, .added_ns = FIRST_NS};

		name(i, c.id);
		snprintf(c.atm, sizeof(c.atm), "%04d", i / 2);
		must(index_camera_put(ix, &c), "camera");
	}
}

static void put_holes(struct index *ix)
{
	must(index_begin(ix), "begin");
	for (int i = 0; i < cameras; i++)
		for (int64_t m = 0; m < days * A_DAY; m++) {
			struct gap_row g = {.from_ns = FIRST_NS + m * MINUTE,
			    .to_ns = FIRST_NS + (m + 10) * MINUTE,
			    .cause = CAUSE_NETWORK};

			if (!is_hole(i, m))
				continue;
			name(i, g.camera);
			must(index_gap_put(ix, &g), "gap");
			m += 10;
		}
	must(index_commit(ix), "commit");
}

/*
 * All in one transaction, without a journal: it is made, not recorded. Sums and
 * runs as an update of the program makes them (index.c, SUMS_FROM).
 */
static void fill(void)
{
	struct mono t = mono_now();
	struct index *ix = NULL;
	struct segment_row r;
	sqlite3_stmt *s = NULL;
	sqlite3 *db = NULL;
	char path[600];

	must(index_open(dir, false, &ix), "open");
	put_people(ix);
	put_holes(ix);
	index_close(ix);
	snprintf(path, sizeof(path), "%s/index.db", dir);
	if (sqlite3_open(path, &db) ||
	    sqlite3_exec(db,
		"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
		"PRAGMA cache_size = -400000;"
		"DROP TRIGGER segment_in; PRAGMA user_version = 7;"
		"ALTER TABLE export DROP COLUMN lost;"
		"ALTER TABLE request DROP COLUMN reason_code;"
		"ALTER TABLE request DROP COLUMN until_ns; BEGIN",
		NULL, NULL, NULL) ||
	    sqlite3_prepare_v2(db,
		"INSERT INTO segment VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)", -1,
		&s, NULL))
		must(ERR_DISK, sqlite3_errmsg(db));
	for (int64_t m = 0; m < (int64_t)days * A_DAY; m++)
		for (int i = 0; i < cameras; i++) {
			make(&r, i, m);
			if (!is_hole(i, m))
				put_row(s, &r);
		}
	sqlite3_finalize(s);
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
		must(ERR_DISK, "commit");
	sqlite3_close(db);
	printf("%.1f million segments, made in %.0f s\n",
	    (double)cameras * days * A_DAY / 1e6, ms_since(t) / 1000);
	t = mono_now();
	must(index_open(dir, false, &ix), "open");
	index_close(ix);
	printf("  %-46s %9.2f s\n", "sums and runs, made anew",
	    ms_since(t) / 1e3);
	fflush(stdout);
}

/* The kernel forgets the file, and SQLite's own cache goes with its handle. */
static void forget(struct index **ix)
{
	char path[600];
	int fd;

	index_close(*ix);
	snprintf(path, sizeof(path), "%s/index.db", dir);
	fd = open(path, O_RDONLY);
	if (fd < 0 || fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		must(ERR_DISK, path);
	close(fd);
	must(index_open(dir, false, ix), "open");
}

static enum err count(const struct segment_row *s, void *arg)
{
	(void)s;
	++*(int *)arg;
	return OK;
}

static double hour(struct index *ix)
{
	int n = 0, minute = (int)(random() % ((days - 1) * A_DAY));
	int64_t from = FIRST_NS + minute * MINUTE;
	struct mono t;
	char id[CAMERA_ID_MAX + 1];

	name((int)(random() % cameras), id);
	t = mono_now();
	must(index_segments(ix, id, from, from + 60 * MINUTE, count, &n),
	    "segments");
	if (n < 50 || n > 60)
		must(ERR_INTERNAL, "segments of an hour");
	return ms_since(t);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void hours(struct index **ix)
{
	double ms[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		hour(*ix);
	for (int i = 0; i < ROUNDS; i++)
		ms[i] = hour(*ix);
	qsort(ms, ROUNDS, sizeof(*ms), compare);
	tell("the segments of any hour, warm, median", ms[ROUNDS / 2], 1);
	printf("  %-46s %9.2f ms\n", "  the slowest of 200", ms[ROUNDS - 1]);
	for (int i = 0; i < COLD; i++) {
		forget(ix);
		ms[i] = hour(*ix);
	}
	qsort(ms, COLD, sizeof(*ms), compare);
	tell("the segments of any hour, cold, median", ms[COLD / 2], 10);
	printf("  %-46s %9.2f ms\n", "  the slowest of 50", ms[COLD - 1]);
}

/* Of n cameras from the first; the days end with the last one. */
static double cover(struct index *ix, int first, int n, int of_days)
{
	int64_t to = FIRST_NS + days * DAY, from = to - of_days * DAY;
	struct mono t = mono_now();
	size_t spans = 0;

	for (int i = first; i < first + n; i++) {
		struct camera_row c;
		struct coverage cover;
		char id[CAMERA_ID_MAX + 1];

		name(i, id);
		must(index_camera_find(ix, id, &c), "camera");
		must(coverage_of(ix, -1, &c, from, to, (struct utc){to},
			 &cover),
		    "coverage");
		spans += cover.n;
		coverage_free(&cover);
	}
	if (spans < (size_t)(n * of_days / 7))
		must(ERR_INTERNAL, "spans");
	return ms_since(t);
}

static void coverage(struct index **ix)
{
	int month = days < 31 ? days : 31;

	forget(ix);
	tell("a month of one ATM's coverage, cold",
	    cover(*ix, cameras / 2, 2, month), 100);
	tell("a month of one ATM's coverage, warm",
	    cover(*ix, cameras / 2, 2, month), 100);
	forget(ix);
	tell("six months of all cameras, cold", cover(*ix, 0, cameras, days),
	    300);
	tell("six months of all cameras, warm", cover(*ix, 0, cameras, days),
	    300);
}

static void opening(struct index **ix)
{
	struct camera_row c = {0};
	struct segment_row last;
	struct mono t;
	int n = 0;

	forget(ix);
	index_close(*ix);
	t = mono_now();
	must(index_open(dir, false, ix), "open");
	must(index_segments_open(*ix, count, &n), "open segments");
	while (!index_camera_next(*ix, c.id, &c))
		must(index_segment_last(*ix, c.id, &last), "last");
	tell("opened, with the last segment of each camera", ms_since(t), 1000);
}

static atomic_bool stop;
static double copy_ms;

/* As the keeper's clerk does, only a hundred times as often. */
static void *copy(void *arg)
{
	const struct timespec pause = {0, 100 * NS_PER_MS};

	(void)arg;
	for (; !atomic_load(&stop); nanosleep(&pause, NULL)) {
		struct mono t = mono_now();

		must(index_copy(dir, dir), "copy");
		if (ms_since(t) > copy_ms)
			copy_ms = ms_since(t);
	}
	return NULL;
}

/* What the disk itself takes for a sync, whoever asks. */
static double sync_ms[2]; /* in the mean, at worst */

static void *sync_alone(void *arg)
{
	const struct timespec pause = {0, 20 * NS_PER_MS};
	char path[600];
	double sum = 0;
	int n = 0, fd;

	(void)arg;
	snprintf(path, sizeof(path), "%s/sync", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		must(ERR_DISK, path);
	for (; !atomic_load(&stop); nanosleep(&pause, NULL)) {
		struct mono t;
		double ms;

		if (pwrite(fd, dir, sizeof(dir), 0) < 0)
			must(ERR_DISK, path);
		t = mono_now();
		if (fdatasync(fd))
			must(ERR_DISK, path);
		ms = ms_since(t);
		sum += ms;
		n++;
		sync_ms[1] = ms > sync_ms[1] ? ms : sync_ms[1];
	}
	sync_ms[0] = n ? sum / n : 0;
	close(fd);
	return NULL;
}

/*
 * In the place of libc's for SQLite, too: what the thread that inserts waits
 * for the disk. It reads pages, and after a log that was brought back it syncs
 * a new header.
 */
static _Thread_local double disk_ms;

int fdatasync(int fd)
{
	struct mono t = mono_now();
	int rc = (int)syscall(SYS_fdatasync, fd);

	disk_ms += ms_since(t);
	return rc;
}

int fsync(int fd)
{
	struct mono t = mono_now();
	int rc = (int)syscall(SYS_fsync, fd);

	disk_ms += ms_since(t);
	return rc;
}

ssize_t pread64(int fd, void *p, size_t n, off64_t off)
{
	struct mono t = mono_now();
	ssize_t got = (ssize_t)syscall(SYS_pread64, fd, p, n, off);

	disk_ms += ms_since(t);
	return got;
}

/* The cameras' inserts, one each 1/n s in turn, as the keeper gets to them. */
static struct {
	struct mono begun;
	int64_t n;
	double worst_ms;	/* that one waited */
	double own_ms;		/* ... but for what the disk took of it */
} in;
static double erase_ms, log_ms, cut_ms, cut_all_ms;
static struct keeper keeper; /* what keeper_wal.c needs of it */

/* The keeper's own code, at each turn. */
static void log_turn(double *longest)
{
	struct mono t = mono_now();

	keeper.mono = t;
	wal_turn(&keeper);
	if (ms_since(t) > *longest)
		*longest = ms_since(t);
}

static void insert_due(struct index *ix)
{
	int64_t every = NS_PER_SEC / cameras;
	struct segment_row r;

	while (mono_now().ns - in.begun.ns >= in.n * every) {
		struct mono due = {in.begun.ns + in.n * every};

		make(&r, (int)(in.n % cameras),
		    (int64_t)(days - 1) * A_DAY + A_DAY - 1);
		r.seq = (uint64_t)days * A_DAY + 2 + (uint64_t)(in.n / cameras);
		r.start_ns = FIRST_NS + (int64_t)r.seq * MINUTE;
		r.end_ns = r.start_ns + MINUTE;
		must(index_segment_put(ix, &r), "insert");
		in.n++;
		if (ms_since(due) > in.worst_ms)
			in.worst_ms = ms_since(due);
		/* those behind it have waited for the disk as it did */
		if (ms_since(due) - disk_ms > in.own_ms)
			in.own_ms = ms_since(due) - disk_ms;
	}
	disk_ms = 0;
}

struct gone {
	uint64_t seqs[A_DAY];
	size_t n;
};

static enum err note(const struct segment_row *s, void *arg)
{
	struct gone *d = arg;

	d->seqs[d->n++] = s->seq;
	return OK;
}

/* As storage/expire.c: erasing waits for the log, inserts do not. */
static void erase_rows(struct index *ix, const char *camera, struct gone *d)
{
	const struct timespec pause = {0, NS_PER_MS};
	struct mono t = mono_now();

	log_turn(&log_ms);
	if (wal_is_full(&keeper)) {
		nanosleep(&pause, NULL);
		return;
	}
	must(index_segments_erase(ix, camera, d->seqs, &d->n), "erase");
	if (ms_since(t) > erase_ms)
		erase_ms = ms_since(t);
}

static void erase_day(struct index *ix, const struct due_day *due)
{
	struct gone d = {.n = 0};

	must(index_segments_of_day(ix, due->camera, due->day, 0, UINT32_MAX,
		 note, &d),
	    "day");
	while (d.n) {
		insert_due(ix);
		erase_rows(ix, due->camera, &d);
	}
}

/* As the end of a sweep does. */
static void cut(struct index *ix)
{
	const struct timespec pause = {0, NS_PER_MS};
	struct mono t = mono_now();
	enum err err;

	keeper.mono = t;
	for (wal_cut(&keeper); (err = wal_cut_state(&keeper)) == ERR_BUSY;) {
		insert_due(ix);
		log_turn(&cut_ms);
		nanosleep(&pause, NULL);
	}
	must(err, "the log is cut");
	cut_all_ms = ms_since(t);
	insert_due(ix);
}

static void erasing(struct index *ix)
{
	static void *(*const beside[])(void *) = {copy, sync_alone};
	struct holds none = {0};
	struct utc both = {FIRST_NS + DAY + TERM};
	pthread_t threads[2];
	struct due due;
	struct mono t;

	in.begun = mono_now();
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, beside[i], NULL))
			must(ERR_SYS, "thread");
	index_wal_by_hand(ix);
	keeper.ix = ix;
	if (snprintf(keeper.conf.data, sizeof(keeper.conf.data), "%s", dir) >=
	    (int)sizeof(keeper.conf.data))
		must(ERR_TOO_LARGE, dir);
	must(wal_start(&keeper), "the log's thread");
	t = mono_now();
	must(due_gather(ix, &none, both, &due), "due");
	printf("  %-46s %9.2f ms\n", "what is due of the first day",
	    ms_since(t));
	insert_due(ix);
	if ((int)due.n != cameras)
		must(ERR_INTERNAL, "what is due");
	for (size_t i = 0; i < due.n; i++)
		erase_day(ix, &due.days[i]);
	cut(ix);
	printf("  %-46s %9.2f s\n", "its rows are erased in",
	    ms_since(t) / 1e3);
	printf("  %-46s %9lld\n", "  inserts meanwhile", (long long)in.n);
	due_free(&due);
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	wal_stop(&keeper);
	tell("the longest that an insert waited for erasing", in.own_ms, 100);
	if (sync_ms[1] < 50)
		tell("  and for the disk", in.worst_ms, 100);
	else
		printf("  %-46s %9.2f ms (not judged: this disk is slow)\n",
		    "  and for the disk", in.worst_ms);
	printf("  %-46s %9.2f ms\n", "  the longest turn of erasing", erase_ms);
	printf("  %-46s %9.2f ms\n", "  the longest turn with the log", log_ms);
	printf("  %-46s %9.2f ms, done after %.0f\n",
	    "  the longest turn that cuts it", cut_ms, cut_all_ms);
	printf("  %-46s %9.2f ms\n", "  the longest copy beside it", copy_ms);
	printf("  %-46s %9.2f ms, at worst %.2f\n",
	    "  a sync of this disk, meanwhile", sync_ms[0], sync_ms[1]);
}

int main(int argc, char **argv)
{
	char self[400], cmd[600];
	struct index *ix = NULL;
	struct stat st;

	cameras = argc > 1 ? atoi(argv[1]) : cameras;
	days = argc > 2 ? atoi(argv[2]) : days;
	if (cameras < 2 || cameras > 256 || days < 8 || days > 390)
		return 2;
	must(utc_site("Asia/Almaty"), "zone");
	snprintf(self, sizeof(self), "%s", argv[0]);
	snprintf(dir, sizeof(dir), "%s/index-XXXXXX", dirname(self));
	if (!mkdtemp(dir))
		must(ERR_DISK, dir);
	for (int i = 0; i < days; i++) {
		struct utc midnight = {FIRST_NS + i * DAY};

		day_format(utc_local_day(midnight), days_of[i],
		    sizeof(days_of[i]));
	}
	srandom(1);
	fill();
	snprintf(cmd, sizeof(cmd), "%s/index.db", dir);
	if (!stat(cmd, &st))
		printf("  %-46s %9.2f GB\n", "the file",
		    (double)st.st_size / 1e9);
	must(index_open(dir, false, &ix), "open");
	opening(&ix);
	hours(&ix);
	coverage(&ix);
	erasing(ix);
	index_close(ix);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) || missed;
}
