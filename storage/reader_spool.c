/* reader_spool.c - prepared packages: the list, and reading them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/export.h"
#include "storage/session.h"
#include "storage/spool.h"

#define MAP_MAX (8u << 20) /* bytes behind the ZIP */
#define ETAG_BYTES 16

struct spool {
	struct export_row row;
	struct age_file *file;
	struct spool_map map;
};

void spool_drop(struct session *s)
{
	struct spool *p = s->spool;

	if (!p)
		return;
	age_file_close(p->file);
	spool_map_free(&p->map);
	free(p);
	s->spool = NULL;
}

enum err session_exports(struct session *s, struct wire *w)
{
	struct view v = session_view(s);
	struct wire asked = *w;
	const char *running;
	char *text = NULL;
	struct page page;
	unsigned permille;
	enum err err;

	get_page(w, &page);
	err = wire_end(w);
	running = export_running(s, &permille);
	if (!err)
		err = view_exports(&v, &page, running, permille, &text);
	if (!err)
		err = answer_bulk(s, &asked, NULL, text, strlen(text));
	free(text);
	return err;
}

static enum err open_file(struct session *s, const char *path, struct spool *p)
{
	unsigned char head[AGE_HEADER_MAX], key[AGE_FILE_KEY];
	uint64_t size;
	size_t n, head_n;
	int fd;
	enum err err = disk_open_read(s->data_fd, path, &fd, &size);

	if (err)
		return err;
	n = size < sizeof(head) ? (size_t)size : sizeof(head);
	err = disk_pread(fd, head, n, 0);
	if (!err)
		err = age_header_open(head, n, &s->identity, 1, key, &head_n);
	if (err) {
		close(fd);
		return err;
	}
	err = age_file_open(fd, key, false, &p->file);
	crypt_wipe(key, sizeof(key));
	return err;
}

static enum err read_map(struct spool *p)
{
	uint64_t size = age_file_size(p->file);
	unsigned char *bytes;
	size_t n;
	enum err err;

	if (size < p->row.bytes || size - p->row.bytes > MAP_MAX)
		return ERR_INTEGRITY;
	n = (size_t)(size - p->row.bytes);
	bytes = malloc(n + 1);
	if (!bytes)
		return ERR_NO_MEMORY;
	err = age_file_read(p->file, p->row.bytes, bytes, n);
	if (!err)
		err = spool_map_parse(bytes, n, &p->map);
	free(bytes);
	return err;
}

static enum err open_spool(struct session *s, const struct export_row *row)
{
	char path[64];
	enum err err = spool_path(row->id, path, sizeof(path));

	if (err)
		return err;
	spool_drop(s);
	s->spool = calloc(1, sizeof(*s->spool));
	if (!s->spool)
		return ERR_NO_MEMORY;
	s->spool->row = *row;
	err = open_file(s, path, s->spool);
	if (!err)
		err = read_map(s->spool);
	if (!err)
		return OK;
	spool_drop(s);
	return err == ERR_NO_MEMORY || err == ERR_DISK ? err : ERR_INTEGRITY;
}

/* One's own package that stands, under a grant that is still good. */
static enum err get(struct session *s, const char *id)
{
	struct export_row row;
	enum err err = index_export_find(s->ix, id, &row);

	/* one that does not exist is not told from another's */
	if (err == ERR_NOT_FOUND || (!err && row.person != s->me.id))
		return ERR_NOT_APPROVED;
	if (err)
		return err;
	snprintf(s->about.request, sizeof(s->about.request), "%s", row.request);
	if (row.state == EXPORT_PREPARING)
		return ERR_BUSY;
	if (row.state == EXPORT_ERASED)
		return ERR_EXPIRED;
	if (row.state != EXPORT_READY)
		return ERR_NOT_FOUND;
	err = access_get(s, row.request);
	if (!err && (!s->spool || strcmp(s->spool->row.id, id) != 0))
		err = open_spool(s, &row);
	return err;
}

enum err session_export(struct session *s, struct wire *w)
{
	char id[EXPORT_ID_MAX], etag[2 * ETAG_BYTES + 1], name[64];
	struct wire answer;
	enum err err;

	get_text(w, id, sizeof(id));
	err = wire_end(w);
	if (!err)
		err = get(s, id);
	if (err)
		return err;
	hex_encode(s->spool->row.sha256, ETAG_BYTES, etag);
	snprintf(name, sizeof(name), "%s.zip", id);
	wire_begin(&answer, MSG_EXPORT_IS, w->id);
	wire_put_u64(&answer, s->spool->row.bytes);
	wire_put_str(&answer, etag);
	wire_put_str(&answer, name);
	return wire_send(s->client, &answer, -1);
}

/* P5: a lease for all footage that these bytes show is durable first. */
static enum err cover(struct session *s, uint64_t off, uint64_t end)
{
	const struct spool_map *m = &s->spool->map;
	enum err err = OK;

	for (size_t i = 0; i < m->n && !err; i++) {
		const struct spool_row *r = &m->rows[i];

		if (r->off >= end || r->end <= off)
			continue;
		err = lease_cover(s, r->camera, LEASE_EXPORT, r->from_ns,
		    r->to_ns);
		if (!err)
			lease_served(s, r->camera, LEASE_EXPORT, r->from_ns,
			    r->to_ns);
	}
	return err;
}

/* Into the window, a little at a time. */
static enum err fill(struct age_file *f, uint64_t off, int window, size_t n)
{
	unsigned char *part = malloc(AGE_CHUNK);
	enum err err = part ? OK : ERR_NO_MEMORY;

	for (size_t at = 0; at < n && !err;) {
		size_t now = n - at < AGE_CHUNK ? n - at : AGE_CHUNK;

		err = age_file_read(f, off + at, part, now);
		if (!err)
			err = window_put(window, at, part, now);
		at += now;
	}
	if (part)
		crypt_wipe(part, AGE_CHUNK);
	free(part);
	return err == ERR_TRUNCATED ? ERR_INTEGRITY : err;
}

enum err session_export_read(struct session *s, struct wire *w)
{
	char id[EXPORT_ID_MAX];
	struct wire answer;
	uint64_t off;
	uint32_t n;
	enum err err;

	get_text(w, id, sizeof(id));
	off = wire_get_u64(w);
	n = wire_get_u32(w);
	err = wire_end(w);
	if (!err && (!n || n > MOVIE_READ_MAX))
		err = ERR_INVALID;
	if (!err)
		err = window_check(w->fd, n);
	if (!err)
		err = get(s, id);
	if (err)
		return err;
	if (off > s->spool->row.bytes || n > s->spool->row.bytes - off)
		return ERR_RANGE;
	err = cover(s, off, off + n);
	if (!err)
		err = fill(s->spool->file, off, w->fd, n);
	if (err)
		return err;
	wire_begin(&answer, MSG_EXPORT_READ_IS, w->id);
	return wire_send(s->client, &answer, -1);
}
