#include "storage/ej_text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "storage/api/pan.h"

#define UTF8_EACH 3	/* bytes at most for one of CP1251 or CP866 */
#define ESC 0x1b

struct ej_text {
	struct ej *j;
	struct ej_sink sink;
	iconv_t cd;
	char raw[EJ_LINE_MAX], text[UTF8_EACH * EJ_LINE_MAX + 1];
	size_t n;
	bool too_long;
	unsigned long lines, cards;
};

enum err ej_text_new(const char *encoding, struct ej *j,
    const struct ej_sink *sink, struct ej_text **ret)
{
	static const char *const known[][2] = {{"", "UTF-8"},
	    {"utf-8", "UTF-8"}, {"utf8", "UTF-8"}, {"cp1251", "CP1251"},
	    {"windows-1251", "CP1251"}, {"cp866", "CP866"},
	    {"ibm866", "CP866"}};
	const char *name = NULL;
	struct ej_text *t;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcasecmp(encoding, known[i][0]))
			name = known[i][1];
	if (!name)
		return ERR_NOT_FOUND;
	t = calloc(1, sizeof(*t));
	if (!t)
		return ERR_NO_MEMORY;
	t->j = j;
	t->sink = *sink;
	t->cd = iconv_open("UTF-8", name);
	if (t->cd == (iconv_t)-1) {
		free(t);
		return ERR_UNSUPPORTED;
	}
	*ret = t;
	return OK;
}

void ej_text_free(struct ej_text *t)
{
	if (!t)
		return;
	iconv_close(t->cd);
	explicit_bzero(t, sizeof(*t));
	free(t);
}

unsigned long ej_text_lines(const struct ej_text *t)
{
	return t->lines;
}

unsigned long ej_text_cards(const struct ej_text *t)
{
	return t->cards;
}

/*
 * "ESC [ 0 2 0 t", "ESC ( 1" and single control characters. After the cut, so
 * that nothing behind them is lost for it.
 */
static void blank_controls(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == ESC && i + 1 < n && p[i + 1] == '[') {
			while (i < n && !(p[i] >= '@' && p[i] != '['))
				p[i++] = ' ';
			if (i < n)
				p[i] = ' ';
		} else if (c == ESC && i + 2 < n && p[i + 1] == '(') {
			memset(p + i, ' ', 3);
			i += 2;
		} else if (c < ' ' && c != '\t') {
			p[i] = ' ';
		}
	}
}

static void decode(struct ej_text *t)
{
	char *in = t->raw, *out = t->text;
	size_t left = t->n, room = sizeof(t->text) - 1;

	iconv(t->cd, NULL, NULL, NULL, NULL);
	if (iconv(t->cd, &in, &left, &out, &room) == (size_t)-1) {
		t->sink.complain(t->lines,
		    "it is not of this encoding, and was passed over",
		    t->sink.arg);
		return;
	}
	*out = '\0';
	ej_line(t->j, t->lines, t->text, (size_t)(out - t->text));
}

static void line_done(struct ej_text *t)
{
	static const char bom[] = "\xef\xbb\xbf";

	t->lines++;
	if (t->lines == 1 && t->n >= 3 && !memcmp(t->raw, bom, 3))
		memset(t->raw, ' ', 3);
	if (t->too_long) {
		t->sink.complain(t->lines,
		    "it is longer than 4096 bytes, and "
		    "was passed over",
		    t->sink.arg);
	} else if (memchr(t->raw, '\0', t->n)) {
		t->sink.complain(t->lines, "it is no text, and was passed over",
		    t->sink.arg);
	} else {
		t->cards += pan_cut(t->raw, t->n);
		blank_controls(t->raw, t->n);
		decode(t);
	}
	explicit_bzero(t->raw, t->n);
	t->n = 0;
	t->too_long = false;
}

void ej_text_take(struct ej_text *t, char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n')
			line_done(t);
		else if (t->n == sizeof(t->raw))
			t->too_long = true;
		else
			t->raw[t->n++] = p[i];
	}
	explicit_bzero(p, n);
}

void ej_text_end(struct ej_text *t)
{
	if (t->n || t->too_long)
		line_done(t);
	explicit_bzero(t->text, sizeof(t->text));
}
