/*
 * check_file.c - the files of a segment against its records: lengths, bytes,
 * and what may count of a cut one (check_state.h).
 */
#include <unistd.h>

#include "storage/age.h"
#include "storage/check_state.h"
#include "storage/disk.h"
#include "storage/salvage.h"
#include "storage/site.h"

/*
 * The file's bytes against its records, up to `counts`. Records behind it are
 * those of a cut segment whose bytes were lost.
 */
must_check static enum err check_bytes(struct check_walk *w,
    const struct journal_record *r, size_t n, int fd, uint64_t counts,
    const char *path)
{
	unsigned char hash[HASH_BYTES];
	uint64_t at = 0;

	for (size_t i = 0; i < n; i++) {
		enum err e;

		if (r[i].type == JOURNAL_TAIL || r[i].type == JOURNAL_CUT)
			break;
		if (r[i].cipher_from != at) {
			check_say(w->c, CHANGED, "P10", w->cam->id,
			    r[i].start_ns, path,
			    "record %zu of the segment leaves a hole", i);
			return OK;
		}
		at = r[i].cipher_to;
		if (at > counts)
			break;
		e = salvage_hash(fd, r[i].cipher_from, at, hash);
		if (e)
			return e;
		if (!crypt_equal(hash, r[i].cipher, HASH_BYTES))
			check_say(w->c, CHANGED, "P10", w->cam->id,
			    r[i].start_ns, path,
			    "bytes %llu to %llu are not those recorded",
			    (unsigned long long)r[i].cipher_from,
			    (unsigned long long)at);
	}
	w->c->bytes += at < counts ? at : counts;
	return OK;
}

/* What the journal says the file's length is, and whether it is. */
static bool check_length(struct check_walk *w, const struct journal_record *end,
    uint64_t want, uint64_t size, const char *path)
{
	int64_t t = end->start_ns;
	const char *id = w->cam->id;

	if (size < want && end->type != JOURNAL_SEAL &&
	    end->type != JOURNAL_CUT) {
		check_say(w->c, NOTE, "P8", id, t, path,
		    "is open and shorter than its journal: the next start "
		    "cuts it");
	} else if (size < want) {
		check_say(w->c, MISSING, "P2", id, t, path,
		    "ends at %llu of %llu bytes", (unsigned long long)size,
		    (unsigned long long)want);
	} else if (size > want && end->type == JOURNAL_SEAL) {
		check_say(w->c, CHANGED, "P10", id, t, path,
		    "has %llu bytes more than were recorded",
		    (unsigned long long)(size - want));
	}
	return size >= want;
}

/* The tail of a cut segment, where the record before its last names one. */
static const struct journal_record *tail_of(const struct journal_record *r,
    size_t n)
{
	return n > 2 && r[n - 2].type == JOURNAL_TAIL ? &r[n - 2] : NULL;
}

static void not_opened(struct check_walk *w, enum err e, int64_t at_ns,
    const char *path)
{
	bool missing = e == ERR_NOT_FOUND;

	check_say(w->c, missing ? MISSING : CHANGED, missing ? "P2" : "P10",
	    w->cam->id, at_ns, path,
	    missing ? "the file is missing" : "cannot be read");
}

/* The tail's bytes against its record. */
must_check static enum err check_tail(struct check_walk *w,
    const struct journal_record *t)
{
	unsigned char hash[HASH_BYTES];
	char path[CHECK_PATH];
	uint64_t size;
	int fd;
	enum err e;

	path_tail(w->cam->id, w->cam->days[w->day].day, t->start_ns, t->seq,
	    path, sizeof(path));
	check_see(w, path);
	e = disk_open_read(w->at, path, &fd, &size);
	if (e) {
		not_opened(w, e, t->start_ns, path);
		return OK;
	}
	if (size == t->cipher_to)
		e = salvage_hash(fd, 0, size, hash);
	close(fd);
	if (e && e != ERR_DISK && e != ERR_TRUNCATED)
		return e;
	if (e || size != t->cipher_to ||
	    !crypt_equal(hash, t->cipher, HASH_BYTES))
		check_say(w->c, CHANGED, "P10", w->cam->id, t->start_ns, path,
		    "is not the tail that was recorded");
	w->c->bytes += size;
	return OK;
}

/* In a cut segment only fragments in whole chunks and the tail may count. */
static void check_cut(struct check_walk *w, const struct journal_record *r,
    size_t n, int fd, const char *path)
{
	const struct journal_record *cut = &r[n - 1], *tail = tail_of(r, n);
	const struct journal_record *last;
	unsigned char head[4096];
	uint64_t plain;
	size_t header, got;

	if (!cut->index || cut->index > n - 2)
		return;
	last = &r[cut->index];
	got = cut->cipher_to < sizeof(head) ? (size_t)cut->cipher_to :
					      sizeof(head);
	if (disk_pread(fd, head, got, 0) ||
	    age_header_len(head, got, &header) ||
	    cut->cipher_to < header + AGE_NONCE) {
		check_say(w->c, CHANGED, "P10", w->cam->id, cut->start_ns, path,
		    "does not begin with an age header");
		return;
	}
	plain = (cut->cipher_to - header - AGE_NONCE) / AGE_CHUNK_SEALED *
	    AGE_CHUNK;
	if (tail && tail->plain_off != plain)
		check_say(w->c, CHANGED, "P8", w->cam->id, cut->start_ns, path,
		    "does not end where its tail begins");
	if (last->plain_off + last->plain_len >
	    plain + (tail ? tail->plain_len : 0))
		check_say(w->c, CHANGED, "P8", w->cam->id, cut->start_ns, path,
		    "is cut at %llu bytes, but more is said to count",
		    (unsigned long long)cut->cipher_to);
}

enum err check_file(struct check_walk *w, const struct journal_record *r,
    size_t n, const char *path)
{
	const struct journal_record *end = &r[n - 1];
	uint64_t size, want = end->cipher_to;
	int fd;
	enum err e;

	/* Not in the list of names: it may be younger than the list. */
	check_see(w, path);
	e = disk_open_read(w->at, path, &fd, &size);
	/* its journal stays while the day has something to keep */
	if (e == ERR_NOT_FOUND && check_erased(w->cam, r->seq))
		return OK;
	if (e) {
		not_opened(w, e, r->start_ns, path);
		return OK;
	}
	if (!check_length(w, end, want, size, path))
		want = size;
	e = check_bytes(w, r, n, fd, want, path);
	if (!e && end->type == JOURNAL_CUT && size >= end->cipher_to)
		check_cut(w, r, n, fd, path);
	if (!e && end->type == JOURNAL_CUT && tail_of(r, n))
		e = check_tail(w, tail_of(r, n));
	close(fd);
	if (e == ERR_DISK || e == ERR_TRUNCATED) {
		check_say(w->c, CHANGED, "P10", w->cam->id, r->start_ns, path,
		    "cannot be read: %s", err_text(e));
		return OK;
	}
	return e;
}
