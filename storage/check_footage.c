#include "storage/check_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/age.h"
#include "storage/disk.h"
#include "storage/salvage.h"
#include "storage/site.h"
#include "storage/volume.h"

#define JOURNAL_MAX (512u << 20) /* bytes of one day's journal */
#define PATH CHECK_PATH

static void free_names(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int no_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
}

/* Names in a directory, ascending; none where it is not one. */
static enum err list(int at, const char *path, struct dirent ***ret, int *ret_n)
{
	int n = scandirat(at, path, ret, no_dots, alphasort);

	if (n < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		*ret = NULL;
		n = 0;
	}
	*ret_n = n;
	if (n < 0)
		return errno == ENOMEM ? ERR_NO_MEMORY : ERR_DISK;
	return OK;
}

static bool is_number(const char *s, size_t n)
{
	return strlen(s) == n && strspn(s, "0123456789") == n;
}

bool check_see(struct check_walk *w, const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	for (int i = 0; i < w->n; i++) {
		if (w->names[i] && !strcmp(w->names[i]->d_name, name)) {
			free(w->names[i]);
			w->names[i] = NULL;
			return true;
		}
	}
	return false;
}

static enum err add_segment(struct check_walk *w, const struct check_segment *s)
{
	struct check_camera *cam = w->cam;

	if (cam->n == cam->cap) {
		size_t cap = 2 * cam->cap + 64;
		void *p = reallocarray(cam->segments, cap, sizeof(*s));

		if (!p)
			return ERR_NO_MEMORY;
		cam->segments = p;
		cam->cap = cap;
	}
	cam->segments[cam->n++] = *s;
	*(s->kind == JOURNAL_SEAL      ? &w->c->sealed :
		s->kind == JOURNAL_CUT ? &w->c->cut :
					 &w->c->open) += 1;
	return OK;
}

/* The end record's own claims, and what the ledger must say of it. */
static enum err check_end(struct check_walk *w, const struct journal *j,
    size_t first, size_t n, const char *path, struct check_segment *s)
{
	const struct journal_record *end = &j->records[first + n - 1];
	unsigned char root[HASH_BYTES], cipher[HASH_BYTES];
	enum err e = journal_segment(j, first, n, end->index, root, cipher);

	if (e || !crypt_equal(root, end->content, HASH_BYTES)) {
		check_say(w->c, CHANGED, "P10", w->cam->id, end->start_ns, path,
		    "its journal records do not yield its Merkle root");
		return OK;
	}
	check_digest(root, cipher, s->digest);
	s->kind = (uint8_t)end->type;
	s->fragments = end->index;
	s->flags = end->flags;
	s->to_ns = end->start_ns + end->duration_ns;
	s->bytes = end->type == JOURNAL_SEAL ? end->cipher_to : 0;
	return OK;
}

/* The newest segment, without an end; its slots belong to it. */
static void note_open(struct check_walk *w, const struct journal_record *r,
    const char *path)
{
	const char *id = w->cam->id, *day = w->cam->days[w->day].day;
	char beside[PATH];

	check_say(w->c, NOTE, "P8", id, r->start_ns, path,
	    "is open: being written, or to be ended by the next start");
	path_tail(id, day, r->start_ns, r->seq, beside, sizeof(beside));
	check_see(w, beside);
	for (unsigned slot = 0; slot < 2; slot++) {
		path_slot(id, day, r->start_ns, r->seq, slot, beside,
		    sizeof(beside));
		check_see(w, beside);
	}
}

/* The records [first, first + n): from a begin to before the next one. */
static enum err check_segment(struct check_walk *w, const struct journal *j,
    size_t first, size_t n, bool last)
{
	const struct journal_record *r = &j->records[first];
	struct check_segment s = {
	    .seq = r->seq, .from_ns = r->start_ns, .day = (uint32_t)w->day};
	const char *id = w->cam->id;
	char path[PATH];
	enum err e;

	if (r->type != JOURNAL_BEGIN) {
		check_say(w->c, CHANGED, "P10", id, r->start_ns, w->dir,
		    "journal record %zu belongs to no segment", first);
		return OK;
	}
	path_segment(id, w->cam->days[w->day].day, r->start_ns, r->seq, path,
	    sizeof(path));
	e = check_file(w, r, n, path);
	if (e)
		return e;
	if (journal_ends(&r[n - 1]))
		e = check_end(w, j, first, n, path, &s);
	else if (last && w->last_day)
		note_open(w, r, path);
	else
		check_say(w->c, CHANGED, "P8", id, r->start_ns, path,
		    "its journal has neither a seal nor a cut");
	return e ? e : add_segment(w, &s);
}

static enum err check_records(struct check_walk *w, const struct journal *j)
{
	size_t n;

	for (size_t i = 0; i < j->n; i += n) {
		enum err e;

		for (n = 1; i + n < j->n; n++)
			if (j->records[i + n].type == JOURNAL_BEGIN ||
			    journal_ends(&j->records[i + n - 1]))
				break;
		e = check_segment(w, j, i, n, i + n == j->n);
		if (e)
			return e;
	}
	return OK;
}

/*
 * The header is written before the first record, and the first chunk after the
 * header is full: a shorter file never held any footage (DESIGN, "A segment
 * file").
 */
static bool holds_footage(struct check_walk *w, const char *path)
{
	unsigned char head[AGE_HEADER_MAX];
	uint64_t size;
	size_t header, got;
	bool holds = true;
	int fd;

	if (disk_open_read(w->at, path, &fd, &size))
		return true;
	got = size < sizeof(head) ? (size_t)size : sizeof(head);
	/* one that was torn while it was begun has less than a header */
	if (size <= AGE_HEADER_ONE + AGE_NONCE)
		holds = false;
	else if (!disk_pread(fd, head, got, 0) &&
	    !age_header_len(head, got, &header))
		holds = size > header + AGE_NONCE;
	close(fd);
	return holds;
}

static void check_orphan(struct check_walk *w, const char *name)
{
	char path[PATH + 256];
	size_t n = strlen(name);

	snprintf(path, sizeof(path), "%s/%s", w->dir, name);
	if (!strncmp(name, "journal.damaged-", 16))
		check_say(w->c, CHANGED, "P10", w->cam->id, NO_TIME, path,
		    "is the damaged end of a journal, kept by recovery");
	else if (n > 8 && !strcmp(name + n - 8, ".mp4.age") &&
	    !holds_footage(w, path))
		check_say(w->c, NOTE, "P8", w->cam->id, NO_TIME, path,
		    "was begun, and holds no footage");
	else if (salvage_is_slot(name))
		check_say(w->c, NOTE, "P8", w->cam->id, NO_TIME, path,
		    "is a slot of a tail that is over");
	else
		check_say(w->c, CHANGED, "P10", w->cam->id, NO_TIME, path,
		    "no journal record names it");
}

static enum err check_journal(struct check_walk *w)
{
	const char *day = w->cam->days[w->day].day;
	char path[PATH];
	unsigned char *p;
	struct journal j;
	size_t n;
	enum err e;

	path_journal(w->cam->id, day, path, sizeof(path));
	if (!check_see(w, path)) {
		check_say(w->c, MISSING, "P2", w->cam->id, NO_TIME, path,
		    "the journal is missing");
		return OK;
	}
	e = disk_read_all(w->at, path, JOURNAL_MAX, &p, &n);
	if (e == ERR_NO_MEMORY)
		return e;
	if (e) {
		check_say(w->c, CHANGED, "P10", w->cam->id, NO_TIME, path,
		    "cannot be read: %s", err_text(e));
		return OK;
	}
	e = journal_parse(p, n, w->cam->id, day, &j);
	free(p);
	if (e)
		return e;
	if (n - j.valid_n >= JOURNAL_RECORD)
		check_say(w->c, CHANGED, "P10", w->cam->id, NO_TIME, path,
		    "record %zu does not fit the chain", j.n);
	else if (j.valid_n < n)
		check_say(w->c, NOTE, "P8", w->cam->id, NO_TIME, path,
		    "its last record is being written, or torn");
	e = check_records(w, &j);
	journal_free(&j);
	return e;
}

static enum err walk_day(struct check_walk *w, const char *y, const char *m,
    const char *d)
{
	char day[DAY_TEXT];
	enum err e;

	snprintf(day, sizeof(day), "%.4s-%.2s-%.2s", y, m, d);
	e = check_day(w->cam, day, &w->day);
	if (e)
		return e;
	path_day(w->cam->id, day, w->dir, sizeof(w->dir));
	/* The names first: a file is made before its first record. */
	e = list(w->at, w->dir, &w->names, &w->n);
	if (e)
		return e;
	e = check_journal(w);
	for (int i = 0; !e && i < w->n; i++)
		if (w->names[i])
			check_orphan(w, w->names[i]->d_name);
	free_names(w->names, w->n);
	return e;
}

/* One level of yyyy/mm/dd; part has what stands above. */
static enum err walk_dates(struct check_walk *w, const char *dir, int level,
    char part[3][8], bool last)
{
	static const size_t digits[3] = {4, 2, 2};
	struct dirent **names;
	char path[PATH];
	int n;
	enum err e = list(w->at, dir, &names, &n);

	for (int i = 0; !e && i < n; i++) {
		const char *name = names[i]->d_name;

		if (!is_number(name, digits[level])) {
			check_say(w->c, CHANGED, "P10", w->cam->id, NO_TIME,
			    dir, "%.200s does not belong here", name);
			continue;
		}
		snprintf(part[level], sizeof(part[level]), "%.4s", name);
		w->last_day = last && i + 1 == n;
		snprintf(path, sizeof(path), "%.150s/%.4s", dir, name);
		e = level == 2 ?
		    walk_day(w, part[0], part[1], part[2]) :
		    walk_dates(w, path, level + 1, part, w->last_day);
	}
	if (n > 0)
		free_names(names, n);
	return e;
}

static bool is_camera_id(const char *s)
{
	size_t n = strlen(s);

	return n && n <= CAMERA_ID_MAX && s[0] != '-' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static enum err walk_cameras(struct check_walk *w)
{
	struct check *c = w->c;
	struct dirent **names;
	char part[3][8], dir[PATH];
	int n;
	enum err e = list(w->at, "footage", &names, &n);

	for (int i = 0; !e && i < n; i++) {
		if (!is_camera_id(names[i]->d_name)) {
			check_say(c, CHANGED, "P10", NULL, NO_TIME, "footage",
			    "%.200s does not belong here", names[i]->d_name);
			continue;
		}
		w->cam = check_camera(c, names[i]->d_name);
		if (!w->cam) {
			e = ERR_NO_MEMORY;
			break;
		}
		snprintf(dir, sizeof(dir), "footage/%s", w->cam->id);
		e = walk_dates(w, dir, 0, part, true);
	}
	if (n > 0)
		free_names(names, n);
	return e;
}

enum err check_footage(struct check *c)
{
	struct check_walk w = {.c = c};
	enum err e = OK;

	for (unsigned i = 0; !e && i < volumes_count(); i++) {
		const struct volume *v = volume_at(i);

		if (v->lost && check_given_up(c, v->uuid)) {
			check_say(c, NOTE, "P2", NULL, NO_TIME, "volumes",
			    "volume %u (%s) was given up as lost: what lay on "
			    "it is gone",
			    v->number, v->uuid);
			continue;
		}
		if (volume_open_dir(c->data_fd, v->number, &w.at)) {
			c->away++;
			check_say(c, MISSING, "P2", NULL, NO_TIME, v->path,
			    v->lost ? "volume %u (%s) is listed as given up, "
				      "which no entry says" :
				      "volume %u (%s) is away: what lies on it "
				      "was not checked",
			    v->number, v->uuid);
			continue;
		}
		e = walk_cameras(&w);
		close(w.at);
	}
	return e;
}
