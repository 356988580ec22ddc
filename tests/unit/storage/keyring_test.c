/* keyring.h: the only place of any wrapped key. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/keyring.h"
#include "storage/keyring_line.h"

static char dir[64];
static int data_fd;
static struct age_identity paper, custodian;
static struct age_recipient to[2];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/saqta-keyring-XXXXXX");
	if (crypt_init() || !mkdtemp(dir))
		return -1;
	data_fd = open(dir, O_RDONLY | O_DIRECTORY);
	identity_new(&paper);
	identity_new(&custodian);
	identity_recipient(&paper, &to[0]);
	identity_recipient(&custodian, &to[1]);
	return data_fd < 0 || keyring_create(data_fd) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	unlinkat(data_fd, "keyring/kek", 0);
	unlinkat(data_fd, "keyring/kek-b", 0);
	unlinkat(data_fd, "keyring/keyring.age", 0);
	unlinkat(data_fd, "keyring/keyring-b.age", 0);
	unlinkat(data_fd, "keyring", AT_REMOVEDIR);
	close(data_fd);
	return rmdir(dir);
}

static struct keyring *reopen(struct keyring *k)
{
	struct keyring *again = NULL;

	keyring_close(k);
	assert_int_equal(keyring_open(data_fd, &again), OK);
	return again;
}

static void make(struct keyring *k, const char *camera, const char *day,
    struct age_recipient *ret)
{
	bool made = false;

	assert_int_equal(keyring_make_day(k, camera, day, to, 2, ret, &made),
	    OK);
	assert_true(made);
}

/* The identity in the first line of wrapped, opened with id. */
static void unwrap(const char *wrapped, const struct age_identity *id,
    struct age_identity *ret)
{
	unsigned char age[KEYRING_WRAP_MAX], *text;
	size_t n, line = strcspn(wrapped, "\n");

	assert_int_equal(b64_decode(wrapped, line, true, age, sizeof(age), &n),
	    OK);
	assert_int_equal(age_decrypt(age, n, id, 1, &text, &n), OK);
	assert_int_equal(n, IDENTITY_TEXT);
	assert_int_equal(text[n - 1], '\n');
	text[n - 1] = '\0';
	assert_int_equal(identity_parse((char *)text, ret), OK);
	free(text);
}

static struct keyring_line day_of(struct keyring *k, const char *camera,
    const char *day)
{
	struct keyring_line l = {0};
	char *text;

	assert_int_equal(keyring_day_line(k, camera, day, &text), OK);
	assert_int_equal(keyring_line_parse(text, strlen(text) - 1, &l), OK);
	assert_non_null(l.day);
	free(text);
	return l;
}

static char *first_wrap(struct keyring *k, const char *camera, const char *day)
{
	struct keyring_line l = day_of(k, camera, day);
	char *copy = strdup(l.day->wraps[0]);

	keyring_day_free(l.day);
	return copy;
}

static void a_day_key_is_wrapped_to_every_recipient_and_survives(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r, found, fits;
	struct age_identity day;
	char *wrapped;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	assert_int_equal(keyring_commit(k), OK);
	k = reopen(k);
	assert_int_equal(keyring_find_day(k, "cam-1", "2026-11-22", &found),
	    OK);
	assert_memory_equal(&r, &found, sizeof(r));
	wrapped = first_wrap(k, "cam-1", "2026-11-22");
	unwrap(wrapped, &paper, &day);
	identity_recipient(&day, &fits);
	assert_memory_equal(&r, &fits, sizeof(r));
	unwrap(wrapped, &custodian, &day);
	identity_recipient(&day, &fits);
	assert_memory_equal(&r, &fits, sizeof(r));
	free(wrapped);
	keyring_close(k);
}

static void an_existing_day_keeps_its_key(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r, again;
	bool made = true;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	assert_int_equal(keyring_make_day(k, "cam-1", "2026-11-22", to, 2,
			     &again, &made),
	    OK);
	assert_false(made);
	assert_memory_equal(&r, &again, sizeof(r));
	keyring_close(k);
}

static void what_was_not_committed_is_not_on_the_disk(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	k = reopen(k);
	assert_int_equal(keyring_find_day(k, "cam-1", "2026-11-22", &r),
	    ERR_NOT_FOUND);
	keyring_close(k);
}

static void many_days_are_found_and_listed_in_order(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r[60], found;
	char day[32], camera[32], *lines;
	size_t n, count = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		/* 7 and 60 share no factor: each pair once, not sorted */
		snprintf(camera, sizeof(camera), "c%d", i * 7 % 5);
		snprintf(day, sizeof(day), "2026-01-%02d", 1 + i * 7 % 60 / 5);
		make(k, camera, day, &r[i]);
	}
	assert_int_equal(keyring_commit(k), OK);
	k = reopen(k);
	for (int i = 0; i < 60; i++) {
		snprintf(camera, sizeof(camera), "c%d", i * 7 % 5);
		snprintf(day, sizeof(day), "2026-01-%02d", 1 + i * 7 % 60 / 5);
		assert_int_equal(keyring_find_day(k, camera, day, &found), OK);
		assert_memory_equal(&found, &r[i], sizeof(found));
	}
	assert_int_equal(keyring_all_days(k, &lines, &n), OK);
	for (char *p = lines; *p; p = strchr(p, '\n') + 1) {
		struct keyring_line line;

		assert_int_equal(keyring_line_parse(p, strcspn(p, "\n"), &line),
		    OK);
		assert_non_null(line.day);
		keyring_day_free(line.day);
		count++;
	}
	assert_int_equal(count, 60);
	free(lines);
	keyring_close(k);
}

/* What a custodian's reader sends: `camera day recipient base64`. */
static char *wrap_line(const char *camera, const char *day,
    const struct age_recipient *key, size_t to_n)
{
	char recipient[RECIPIENT_TEXT];
	unsigned char *age;
	char *b64, *line;
	size_t n;

	assert_int_equal(age_encrypt("x", 1, to, to_n, &age, &n), OK);
	b64 = malloc(B64_LEN(n));
	b64_encode(age, n, true, b64);
	recipient_format(key, recipient);
	assert_true(asprintf(&line, "%s %s %s %s\n", camera, day, recipient,
			b64) > 0);
	free(b64);
	free(age);
	return line;
}

static size_t lines_of(struct keyring *k, const char *camera, const char *day)
{
	struct keyring_line l = day_of(k, camera, day);
	size_t n = l.day->wraps_n;

	keyring_day_free(l.day);
	return n;
}

static void days_are_wrapped_anew_all_or_none(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r;
	char *good, *more, *both, *before, *after;
	char mark[KEYRING_MARK];
	size_t days;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	good = wrap_line("cam-1", "2026-11-22", &r, 1);
	more = wrap_line("cam-1", "2026-11-22", &r, 2);
	keyring_mark(to, 1, mark);
	assert_int_equal(keyring_stale(k, mark), 1);
	before = first_wrap(k, "cam-1", "2026-11-22");
	assert_true(asprintf(&both, "%s%s", good, more) > 0);
	assert_int_equal(keyring_rewrap(k, both, strlen(both), mark, 1, &days),
	    ERR_FORMAT);
	assert_int_equal(keyring_rewrap(k, "cam-1 2026-11-22 AAAA\n", 22, mark,
			     1, &days),
	    ERR_FORMAT);
	assert_int_equal(keyring_stale(k, mark), 1);
	assert_int_equal(keyring_rewrap(k, good, strlen(good), mark, 1, &days),
	    OK);
	assert_int_equal(days, 1);
	assert_int_equal(keyring_stale(k, mark), 0);
	assert_int_equal(lines_of(k, "cam-1", "2026-11-22"), 1);
	assert_int_equal(keyring_commit(k), OK);
	k = reopen(k);
	assert_int_equal(keyring_stale(k, mark), 0);
	after = first_wrap(k, "cam-1", "2026-11-22");
	assert_string_not_equal(before, after);
	assert_int_equal(strncmp(strrchr(good, ' ') + 1, after, strlen(after)),
	    0);
	free(good);
	free(more);
	free(both);
	free(before);
	free(after);
	keyring_close(k);
}

static void a_day_that_went_or_has_another_key_is_passed_over(void **state)
{
	struct keyring *k = reopen(NULL);
	char *gone, *other, mark[KEYRING_MARK];
	struct age_recipient r;
	size_t days = 9;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	gone = wrap_line("cam-2", "2026-11-22", &r, 1);
	other = wrap_line("cam-1", "2026-11-22", &to[0], 1);
	keyring_mark(to, 1, mark);
	assert_int_equal(keyring_rewrap(k, gone, strlen(gone), mark, 1, &days),
	    OK);
	assert_int_equal(days, 0);
	assert_int_equal(keyring_rewrap(k, other, strlen(other), mark, 1,
			     &days),
	    OK);
	assert_int_equal(days, 0);
	assert_int_equal(keyring_stale(k, mark), 1);
	free(gone);
	free(other);
	keyring_close(k);
}

static void days_of_others_are_handed_over_a_few_at_a_time(void **state)
{
	struct keyring *k = reopen(NULL);
	char mark[KEYRING_MARK], *text;
	struct keyring_line line;
	struct age_recipient r;
	const char *after = "";
	char date[11] = "";
	size_t n, seen = 0;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	make(k, "cam-1", "2026-11-24", &r);
	make(k, "cam-1", "2026-11-23", &r);
	keyring_mark(to, 2, mark);
	assert_int_equal(keyring_stale_days(k, mark, "", "", 9, &text, &n), OK);
	assert_int_equal(n, 0);
	free(text);
	keyring_mark(to, 1, mark);
	for (;; seen++) {
		assert_int_equal(keyring_stale_days(k, mark, after, date, 1,
				     &text, &n),
		    OK);
		if (!n)
			break;
		assert_int_equal(keyring_line_parse(text, n - 1, &line), OK);
		assert_true(strcmp(line.day->date, date) > 0);
		snprintf(date, sizeof(date), "%s", line.day->date);
		after = "cam-1";
		keyring_day_free(line.day);
		free(text);
	}
	free(text);
	assert_int_equal(seen, 3);
	keyring_close(k);
}

static void a_grant_is_put_replaced_found_and_dropped(void **state)
{
	struct keyring *k = reopen(NULL);
	const void *blob;
	uint64_t person;
	size_t n;

	(void)state;
	assert_int_equal(keyring_put_grant(k, "REQ-2026-00001", 7, "one", 3),
	    OK);
	assert_int_equal(keyring_put_grant(k, "REQ-2026-00002", 8, "", 0), OK);
	assert_int_equal(keyring_put_grant(k, "REQ-2026-00001", 9, "three", 5),
	    OK);
	assert_int_equal(keyring_commit(k), OK);
	k = reopen(k);
	assert_int_equal(keyring_find_grant(k, "REQ-2026-00001", &person, &blob,
			     &n),
	    OK);
	assert_int_equal(person, 9);
	assert_int_equal(n, 5);
	assert_memory_equal(blob, "three", 5);
	keyring_drop_grant(k, "REQ-2026-00001");
	keyring_drop_grant(k, "REQ-2026-00001");
	assert_int_equal(keyring_find_grant(k, "REQ-2026-00001", &person, &blob,
			     &n),
	    ERR_NOT_FOUND);
	assert_int_equal(keyring_find_grant(k, "REQ-2026-00002", &person, &blob,
			     &n),
	    OK);
	assert_int_equal(n, 0);
	assert_int_equal(keyring_put_grant(k, "two\nlines", 1, "", 0),
	    ERR_INVALID);
	keyring_close(k);
}

static void P1_the_disk_holds_no_private_key_but_the_kek(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r;
	char text[IDENTITY_TEXT], buf[65536];
	ssize_t n;
	int fd;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	assert_int_equal(keyring_commit(k), OK);
	keyring_close(k);
	fd = openat(data_fd, "keyring/keyring.age", O_RDONLY);
	n = read(fd, buf, sizeof(buf));
	assert_true(n > 0);
	close(fd);
	assert_null(memmem(buf, (size_t)n, "AGE-SECRET-KEY-", 15));
	assert_null(memmem(buf, (size_t)n, "cam-1", 5));
	recipient_format(&r, text);
	assert_null(memmem(buf, (size_t)n, text, strlen(text)));
}

static void the_kek_is_readable_by_its_owner_only(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(fstatat(data_fd, "keyring/kek", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(fstatat(data_fd, "keyring/keyring.age", &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_second_keyring_is_refused(void **state)
{
	(void)state;
	assert_int_equal(keyring_create(data_fd), ERR_EXISTS);
	keyring_close(reopen(NULL));
}

static void a_missing_keyring_is_not_found(void **state)
{
	struct keyring *k = NULL;

	(void)state;
	assert_int_equal(unlinkat(data_fd, "keyring/keyring.age", 0), 0);
	assert_int_equal(keyring_open(data_fd, &k), ERR_NOT_FOUND);
	/* A kek without a keyring is an unfinished start: begin again. */
	assert_int_equal(keyring_create(data_fd), OK);
}

static void a_changed_byte_anywhere_is_noticed(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r;
	off_t size;
	int fd;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	assert_int_equal(keyring_commit(k), OK);
	keyring_close(k);
	fd = openat(data_fd, "keyring/keyring.age", O_RDWR);
	size = lseek(fd, 0, SEEK_END);
	for (off_t at = 0; at < size; at += 13) {
		unsigned char c;

		assert_int_equal(pread(fd, &c, 1, at), 1);
		c ^= 1;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
		assert_int_not_equal(keyring_open(data_fd, &k), OK);
		c ^= 1;
		assert_int_equal(pwrite(fd, &c, 1, at), 1);
	}
	assert_int_equal(ftruncate(fd, size - 1), 0);
	assert_int_equal(keyring_open(data_fd, &k), ERR_INTEGRITY);
	close(fd);
}

static void another_kek_does_not_open_it(void **state)
{
	struct age_identity other;
	struct keyring *k;
	char text[IDENTITY_TEXT];
	int fd = openat(data_fd, "keyring/kek", O_WRONLY);

	(void)state;
	identity_new(&other);
	identity_format(&other, text);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(keyring_open(data_fd, &k), ERR_INTEGRITY);
}

static void a_commit_that_cannot_be_read_back_is_not_ok(void **state)
{
	struct keyring *k = reopen(NULL);

	(void)state;
	assert_int_equal(unlinkat(data_fd, "keyring/kek", 0), 0);
	assert_int_not_equal(keyring_commit(k), OK);
	keyring_close(k);
	assert_int_equal(unlinkat(data_fd, "keyring/keyring.age", 0), 0);
	assert_int_equal(keyring_create(data_fd), OK);
}

struct bytes {
	char p[65536];
	size_t n;
};

static void take(const char *path, struct bytes *b)
{
	int fd = openat(data_fd, path, O_RDONLY);
	ssize_t n = read(fd, b->p, sizeof(b->p));

	assert_true(n >= 0);
	b->n = (size_t)n;
	close(fd);
}

static void give(const char *path, const struct bytes *b, size_t n)
{
	int fd = openat(data_fd, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, b->p, n), n);
	close(fd);
}

static bool has_day(struct keyring *k, const char *day)
{
	struct age_recipient r;

	return keyring_find_day(k, "cam-1", day, &r) == OK;
}

/* Two days; the first is dropped and the keyring rekeyed. */
static struct keyring *rekeyed(struct bytes *kek, struct bytes *ring)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r;

	make(k, "cam-1", "2026-11-22", &r);
	make(k, "cam-1", "2026-11-23", &r);
	assert_int_equal(keyring_commit(k), OK);
	take("keyring/kek", kek);
	take("keyring/keyring.age", ring);
	assert_true(keyring_drop_day(k, "cam-1", "2026-11-22"));
	assert_false(keyring_drop_day(k, "cam-1", "2026-11-22"));
	assert_int_equal(keyring_rekey(k), OK);
	return k;
}

static void P3_a_rekey_leaves_no_key_that_opens_the_old_keyring(void **state)
{
	static struct bytes kek, ring, now;
	struct keyring *k = rekeyed(&kek, &ring);

	(void)state;
	take("keyring/kek", &now);
	assert_int_equal(now.n, kek.n);
	for (size_t i = 0; i < now.n; i++)
		assert_int_equal(now.p[i], 0);
	assert_int_not_equal(faccessat(data_fd, "keyring/keyring.age", F_OK, 0),
	    0);
	take("keyring/kek-b", &now);
	assert_memory_not_equal(now.p, kek.p, kek.n);
	k = reopen(k);
	assert_false(has_day(k, "2026-11-22"));
	assert_true(has_day(k, "2026-11-23"));
	/* and back into the first slot */
	assert_int_equal(keyring_rekey(k), OK);
	take("keyring/kek", &now);
	assert_memory_not_equal(now.p, kek.p, kek.n);
	k = reopen(k);
	assert_true(has_day(k, "2026-11-23"));
	keyring_close(k);
}

static void P3_of_two_good_slots_the_later_counts_and_the_other_is_emptied(void
	**state)
{
	static struct bytes kek, ring, now;
	struct keyring *k = rekeyed(&kek, &ring);

	(void)state;
	/* the power went before the old key was overwritten */
	give("keyring/kek", &kek, kek.n);
	give("keyring/keyring.age", &ring, ring.n);
	k = reopen(k);
	assert_false(has_day(k, "2026-11-22"));
	assert_int_equal(keyring_settle(k), OK);
	take("keyring/kek", &now);
	assert_memory_not_equal(now.p, kek.p, kek.n);
	k = reopen(k);
	assert_true(has_day(k, "2026-11-23"));
	keyring_close(k);
}

static void P2_a_rekey_that_was_cut_short_loses_no_key(void **state)
{
	static struct bytes kek, ring, new_ring;
	struct keyring *k = rekeyed(&kek, &ring);

	(void)state;
	take("keyring/keyring-b.age", &new_ring);
	for (size_t n = 0; n < new_ring.n; n += 61) {
		give("keyring/kek", &kek, kek.n);
		give("keyring/keyring.age", &ring, ring.n);
		give("keyring/keyring-b.age", &new_ring, n);
		k = reopen(k);
		assert_true(has_day(k, "2026-11-22"));
		assert_true(has_day(k, "2026-11-23"));
		assert_int_equal(keyring_settle(k), OK);
		assert_int_not_equal(faccessat(data_fd, "keyring/keyring-b.age",
					 F_OK, 0),
		    0);
	}
	keyring_close(k);
}

/* A day whose segments 3, 5 ... have the file keys 3333..., 5555... */
static struct keyring_day *held_day(const char *camera, const char *day,
    struct age_identity *id, size_t n)
{
	unsigned char buf[AGE_HEADER_MAX], nonce[AGE_NONCE] = {0};
	unsigned char key[AGE_FILE_KEY];
	struct keyring_day *d = calloc(1, sizeof(*d));
	struct age_recipient r;
	size_t len;

	identity_new(id);
	identity_recipient(id, &r);
	assert_non_null(d);
	strcpy(d->camera, camera);
	strcpy(d->date, day);
	recipient_format(&r, d->recipient);
	d->wraps = calloc(1, sizeof(*d->wraps));
	assert_int_equal(keyring_wrap(id, to, 2, &d->wraps[0]), OK);
	d->wraps_n = 1;
	assert_int_equal(keyring_day_room(d, n), OK);
	for (size_t i = 0; i < n; i++) {
		d->held[i].seq = 3 + 2 * i;
		memset(key, (int)(3 + 2 * i), sizeof(key));
		if (i < 2) /* the rest is for its length alone */
			assert_int_equal(age_header_write(key, nonce, &r, 1,
					     buf, &len),
			    OK);
		memcpy(d->held[i].header, buf, AGE_HEADER_ONE);
	}
	d->held_n = n;
	d->is_held = true;
	return d;
}

static void P3_a_held_day_has_its_headers_under_another_key(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_identity was, id, day;
	struct age_recipient r, found, fits;
	unsigned char key[AGE_FILE_KEY];
	struct keyring_line l;
	struct keyring_day *old;
	char *wrapped, *now;
	size_t n;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	wrapped = first_wrap(k, "cam-1", "2026-11-22");
	unwrap(wrapped, &paper, &was);
	assert_false(keyring_is_held(k, "cam-1", "2026-11-22"));
	assert_int_equal(keyring_swap_day(k,
			     held_day("cam-1", "2026-11-22", &id, 2), &old),
	    OK);
	keyring_day_free(old);
	assert_int_equal(keyring_rekey(k), OK);
	k = reopen(k);
	assert_true(keyring_is_held(k, "cam-1", "2026-11-22"));
	now = first_wrap(k, "cam-1", "2026-11-22");
	assert_string_not_equal(now, wrapped);
	unwrap(now, &custodian, &day);
	assert_memory_equal(&day, &id, sizeof(id));
	assert_int_equal(keyring_find_day(k, "cam-1", "2026-11-22", &found),
	    OK);
	identity_recipient(&id, &fits);
	assert_memory_equal(&found, &fits, sizeof(fits));
	l = day_of(k, "cam-1", "2026-11-22");
	assert_int_equal(l.day->held_n, 2);
	assert_null(keyring_day_held(l.day, 4));
	assert_int_equal(age_header_open(keyring_day_held(l.day, 5)->header,
			     AGE_HEADER_ONE, &id, 1, key, &n),
	    OK);
	assert_int_equal(n, AGE_HEADER_ONE);
	for (size_t i = 0; i < sizeof(key); i++)
		assert_int_equal(key[i], 5);
	assert_int_equal(age_header_open(keyring_day_held(l.day, 5)->header,
			     AGE_HEADER_ONE, &was, 1, key, &n),
	    ERR_NO_KEY);
	keyring_day_free(l.day);
	free(wrapped);
	free(now);
	keyring_close(k);
}

static void P3_a_held_header_is_forgotten_alone_and_with_its_day(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r;
	struct age_identity id;
	struct keyring_day *old;
	struct keyring_line l;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	assert_false(keyring_drop_held(k, "cam-1", "2026-11-22", 3));
	assert_int_equal(keyring_swap_day(k,
			     held_day("cam-1", "2026-11-22", &id, 2), &old),
	    OK);
	keyring_day_free(old);
	assert_false(keyring_drop_held(k, "cam-1", "2026-11-22", 4));
	assert_true(keyring_drop_held(k, "cam-1", "2026-11-22", 3));
	assert_int_equal(keyring_rekey(k), OK);
	k = reopen(k);
	l = day_of(k, "cam-1", "2026-11-22");
	assert_int_equal(l.day->held_n, 1);
	assert_int_equal(l.day->held[0].seq, 5);
	keyring_day_free(l.day);
	/* none is left: the day's own key still opens nothing of the files */
	assert_true(keyring_drop_held(k, "cam-1", "2026-11-22", 5));
	assert_int_equal(keyring_commit(k), OK);
	k = reopen(k);
	assert_true(keyring_is_held(k, "cam-1", "2026-11-22"));
	assert_true(keyring_drop_day(k, "cam-1", "2026-11-22"));
	assert_false(keyring_is_held(k, "cam-1", "2026-11-22"));
	keyring_close(k);
}

static void held_headers_have_a_limit_and_a_known_day(void **state)
{
	struct keyring *k = reopen(NULL);
	struct age_recipient r;
	struct age_identity id;
	struct keyring_day *d, *old;
	size_t n = KEYRING_HELD_MAX / KEYRING_HELD_LINE / 2 + 1;

	(void)state;
	make(k, "cam-1", "2026-11-22", &r);
	make(k, "cam-2", "2026-11-22", &r);
	d = held_day("cam-3", "2026-11-22", &id, 1);
	assert_int_equal(keyring_swap_day(k, d, &old), ERR_NOT_FOUND);
	keyring_day_free(d);
	d = held_day("cam-1", "2026-11-22", &id, n);
	assert_int_equal(keyring_swap_day(k, d, &old), OK);
	keyring_day_free(old);
	assert_int_equal(keyring_commit(k), OK);
	d = held_day("cam-2", "2026-11-22", &id, n);
	assert_int_equal(keyring_swap_day(k, d, &old), ERR_TOO_LARGE);
	keyring_day_free(d);
	keyring_close(k);
}

static void a_line_that_is_not_exactly_one_of_three_is_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "{}",
	    "[]",
	    "null",
	    "{\"v\":1}",
	    "{\"v\":2,\"generation\":1}",
	    "{\"v\":1,\"generation\":0}",
	    "{\"v\":1,\"generation\":-1}",
	    "{\"v\":1,\"generation\":1,\"x\":1}",
	    "{\"v\":1,\"v\":1,\"generation\":1}",
	    "{\"v\":1,\"generation\":1.0}",
	    "{\"day\":{}}",
	    "{\"grant\":{}}",
	    "{\"hold\":{}}",
	    "{\"grant\":{\"request\":\"R\",\"person\":-1,\"blob\":\"\"}}",
	    "{\"grant\":{\"request\":\"R\",\"person\":1,\"blob\":\"A\"}}",
	    "{\"grant\":{\"request\":\"\",\"person\":1,\"blob\":\"\"}}",
	    "{\"grant\":{\"request\":\"a b\",\"person\":1,\"blob\":\"\"}}",
	    "{\"grant\":{\"request\":\"R\",\"person\":1,\"blob\":\"\"}} x",
	};
	struct keyring_line line;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(keyring_line_parse(bad[i], strlen(bad[i]),
				     &line),
		    ERR_FORMAT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_day_key_is_wrapped_to_every_recipient_and_survives),
	    T(an_existing_day_keeps_its_key),
	    T(what_was_not_committed_is_not_on_the_disk),
	    T(many_days_are_found_and_listed_in_order),
	    T(days_are_wrapped_anew_all_or_none),
	    T(a_day_that_went_or_has_another_key_is_passed_over),
	    T(days_of_others_are_handed_over_a_few_at_a_time),
	    T(a_grant_is_put_replaced_found_and_dropped),
	    T(P1_the_disk_holds_no_private_key_but_the_kek),
	    T(the_kek_is_readable_by_its_owner_only),
	    T(a_second_keyring_is_refused),
	    T(a_missing_keyring_is_not_found),
	    T(a_changed_byte_anywhere_is_noticed),
	    T(another_kek_does_not_open_it),
	    T(a_commit_that_cannot_be_read_back_is_not_ok),
	    T(P3_a_rekey_leaves_no_key_that_opens_the_old_keyring),
	    T(P3_of_two_good_slots_the_later_counts_and_the_other_is_emptied),
	    T(P2_a_rekey_that_was_cut_short_loses_no_key),
	    T(P3_a_held_day_has_its_headers_under_another_key),
	    T(P3_a_held_header_is_forgotten_alone_and_with_its_day),
	    T(held_headers_have_a_limit_and_a_known_day),
	    T(a_line_that_is_not_exactly_one_of_three_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
