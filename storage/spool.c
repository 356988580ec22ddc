#include "storage/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"

#define HEAD "saqta spool v1\n"
#define HEAD_N (sizeof(HEAD) - 1)
#define ROW_MAX (8 + 8 + 1 + CAMERA_ID_MAX + 8 + 8)

enum err spool_map_put(struct spool_map *m, uint64_t off, const char *camera,
    int64_t from_ns, int64_t to_ns)
{
	struct spool_row *r = m->n ? &m->rows[m->n - 1] : NULL;

	if (m->open && !strcmp(r->camera, camera) && from_ns >= r->from_ns &&
	    to_ns - r->from_ns <= SPOOL_ROW_NS) {
		if (to_ns > r->to_ns)
			r->to_ns = to_ns;
		return OK;
	}
	spool_map_end(m, off);
	if (m->n == SPOOL_ROWS_MAX)
		return ERR_TOO_LARGE;
	if (m->n == m->room) {
		size_t want = m->room ? 2 * m->room : 64;

		r = realloc(m->rows, want * sizeof(*r));
		if (!r)
			return ERR_NO_MEMORY;
		m->rows = r;
		m->room = want;
	}
	r = &m->rows[m->n++];
	*r = (struct spool_row){.off = off, .from_ns = from_ns, .to_ns = to_ns};
	snprintf(r->camera, sizeof(r->camera), "%s", camera);
	m->open = true;
	return OK;
}

void spool_map_end(struct spool_map *m, uint64_t off)
{
	if (m->open)
		m->rows[m->n - 1].end = off;
	m->open = false;
}

enum err spool_map_close(const struct spool_map *m, struct pack *p)
{
	unsigned char *buf = malloc(HEAD_N + 4 + m->n * ROW_MAX), *at = buf;
	enum err err;

	if (!buf)
		return ERR_NO_MEMORY;
	memcpy(at, HEAD, HEAD_N);
	at = be_put(at + HEAD_N, m->n, 4);
	for (size_t i = 0; i < m->n; i++) {
		const struct spool_row *r = &m->rows[i];
		size_t n = strlen(r->camera);

		at = be_put(at, r->off, 8);
		at = be_put(at, r->end, 8);
		at = be_put(at, n, 1);
		memcpy(at, r->camera, n);
		at = be_put(at + n, (uint64_t)r->from_ns, 8);
		at = be_put(at, (uint64_t)r->to_ns, 8);
	}
	err = pack_close(p, buf, (size_t)(at - buf));
	free(buf);
	return err;
}

/* One row; the bytes it takes, 0 where there are not as many. */
static size_t parse_row(const unsigned char *p, size_t n, struct spool_row *r)
{
	size_t len;

	if (n < 17)
		return 0;
	len = p[16];
	if (len > CAMERA_ID_MAX || n < 33 + len)
		return 0;
	r->off = be_get(p, 8);
	r->end = be_get(p + 8, 8);
	memcpy(r->camera, p + 17, len);
	r->camera[len] = '\0';
	r->from_ns = (int64_t)be_get(p + 17 + len, 8);
	r->to_ns = (int64_t)be_get(p + 25 + len, 8);
	return r->end < r->off || r->to_ns < r->from_ns ? 0 : 33 + len;
}

enum err spool_map_parse(const void *p, size_t n, struct spool_map *ret)
{
	const unsigned char *b = p;
	struct spool_map m = {0};
	size_t rows;

	if (n < HEAD_N + 4 || memcmp(b, HEAD, HEAD_N) != 0)
		return ERR_FORMAT;
	rows = (size_t)be_get(b + HEAD_N, 4);
	b += HEAD_N + 4;
	n -= HEAD_N + 4;
	if (rows > SPOOL_ROWS_MAX || rows > n / 33)
		return rows > SPOOL_ROWS_MAX ? ERR_TOO_LARGE : ERR_FORMAT;
	m.rows = calloc(rows + 1, sizeof(*m.rows));
	if (!m.rows)
		return ERR_NO_MEMORY;
	for (; m.n < rows; m.n++) {
		size_t used = parse_row(b, n, &m.rows[m.n]);

		if (!used)
			break;
		b += used;
		n -= used;
	}
	if (m.n < rows || n) {
		spool_map_free(&m);
		return ERR_FORMAT;
	}
	*ret = m;
	return OK;
}

void spool_map_free(struct spool_map *m)
{
	free(m->rows);
	*m = (struct spool_map){0};
}

enum err spool_path(const char *id, char *buf, size_t n)
{
	int len;

	if (strncmp(id, "EXP-", 4) != 0 || strlen(id) >= EXPORT_ID_MAX ||
	    id[strspn(id, "EXP-0123456789")])
		return ERR_INVALID;
	len = snprintf(buf, n, "exports/%s.age", id);
	return len < 0 || (size_t)len >= n ? ERR_TOO_LARGE : OK;
}
