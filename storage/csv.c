#include "storage/csv.h"

#include <string.h>

static bool is_formula(char c)
{
	return c && strchr("=+-@\t\r", c);
}

void csv_begin(struct csv *c, const char *p, size_t n)
{
	memset(c, 0, sizeof(*c));
	c->p = p;
	c->n = n;
	c->at = n >= 3 && !memcmp(p, "\xef\xbb\xbf", 3) ? 3 : 0;
	c->next_line = 1;
	c->separator = ',';
}

/* One byte on; lines are counted. */
static char take(struct csv *c)
{
	char b = c->p[c->at++];

	c->next_line += b == '\n';
	return b;
}

static bool is_end(const struct csv *c)
{
	return c->at == c->n || c->p[c->at] == '\n' ||
	    (c->p[c->at] == '\r' && c->at + 1 < c->n &&
		c->p[c->at + 1] == '\n');
}

static enum err put(struct csv *c, size_t *at, char b)
{
	if (*at + 1 >= sizeof(c->buf) || !b)
		return ERR_FORMAT;
	c->buf[(*at)++] = b;
	return OK;
}

static enum err quoted(struct csv *c, size_t *at)
{
	enum err err = OK;

	take(c);
	while (!err) {
		char b;

		if (c->at == c->n)
			return ERR_FORMAT;
		b = take(c);
		if (b == '"' && c->at < c->n && c->p[c->at] == '"')
			take(c);
		else if (b == '"')
			break;
		err = put(c, at, b);
	}
	return err || is_end(c) || c->p[c->at] == c->separator ? err :
								 ERR_FORMAT;
}

static enum err field(struct csv *c, size_t *at)
{
	size_t begin = *at;
	enum err err = OK;

	if (c->fields == CSV_FIELDS_MAX)
		return ERR_FORMAT;
	if (c->at < c->n && c->p[c->at] == '"')
		err = quoted(c, at);
	else
		while (!err && !is_end(c) && c->p[c->at] != c->separator)
			err = c->p[c->at] == '"' ? ERR_FORMAT :
						   put(c, at, take(c));
	if (err)
		return err;
	c->buf[(*at)++] = '\0';
	if (c->buf[begin] == '\'' && is_formula(c->buf[begin + 1]))
		begin++;
	c->field[c->fields++] = c->buf + begin;
	return *at < sizeof(c->buf) ? OK : ERR_FORMAT;
}

enum err csv_next(struct csv *c)
{
	size_t at = 0;
	enum err err = OK;

	while (c->at < c->n && (c->p[c->at] == '\n' || c->p[c->at] == '\r'))
		take(c);
	if (c->at == c->n)
		return ERR_NOT_FOUND;
	c->line = c->next_line;
	c->fields = 0;
	for (;;) {
		err = field(c, &at);
		if (err || is_end(c))
			break;
		take(c);	/* the comma */
	}
	/* A broken record ends where its line does. */
	while (c->at < c->n && take(c) != '\n')
		;
	return err;
}

enum err csv_put(char *buf, size_t max, bool first, const char *s)
{
	size_t n = strlen(buf);
	char cell[2 * CSV_RECORD_MAX];
	size_t m = 0;

	if (strlen(s) > CSV_RECORD_MAX - 8)
		return ERR_TOO_LARGE;
	if (!first)
		cell[m++] = ',';
	cell[m++] = '"';
	if (is_formula(*s))
		cell[m++] = '\'';
	for (; *s; s++) {
		if (*s == '"')
			cell[m++] = '"';
		cell[m++] = *s;
	}
	cell[m++] = '"';
	if (n + m >= max)
		return ERR_TOO_LARGE;
	memcpy(buf + n, cell, m);
	buf[n + m] = '\0';
	return OK;
}
