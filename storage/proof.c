#include "storage/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "saqta proof v1\n"
#define SEEN "witnessed "
#define HASH_TEXT 44 /* base64 of a hash, padded */

static void add(struct proof_out *out, const char *s, size_t n)
{
	if (out->err)
		return;
	if (out->n + n > out->room) {
		size_t want = 2 * (out->n + n);
		char *bigger = realloc(out->p, want);

		if (!bigger) {
			out->err = ERR_NO_MEMORY;
			return;
		}
		out->p = bigger;
		out->room = want;
	}
	memcpy(out->p + out->n, s, n);
	out->n += n;
}

void proof_begin(struct proof_out *out)
{
	*out = (struct proof_out){0};
	add(out, HEAD, sizeof(HEAD) - 1);
}

static void add_hashes(struct proof_out *out, unsigned char (*p)[HASH_BYTES],
    size_t n)
{
	char line[HASH_TEXT + 2];

	for (size_t i = 0; i < n; i++) {
		b64_encode(p[i], HASH_BYTES, true, line);
		line[HASH_TEXT] = '\n';
		add(out, line, HASH_TEXT + 1);
	}
}

void proof_seen(struct proof_out *out, const char *note, size_t n,
    unsigned char (*growth)[HASH_BYTES], size_t growth_n)
{
	char text[B64_LEN(NOTE_MAX)];

	if (n > NOTE_MAX) {
		out->err = ERR_TOO_LARGE;
		return;
	}
	add(out, SEEN, sizeof(SEEN) - 1);
	add(out, text, b64_encode(note, n, true, text));
	add(out, "\n", 1);
	add_hashes(out, growth, growth_n);
}

void proof_put(struct proof_out *out, uint64_t index, const void *entry,
    size_t n, unsigned char (*path)[HASH_BYTES], size_t path_n)
{
	char line[64 + B64_LEN(ENTRY_MAX)];
	int at;

	if (n > ENTRY_MAX) {
		out->err = ERR_TOO_LARGE;
		return;
	}
	at = snprintf(line, 64, "entry %llu ", (unsigned long long)index);
	at += (int)b64_encode(entry, n, true, line + at);
	line[at++] = '\n';
	add(out, line, (size_t)at);
	add_hashes(out, path, path_n);
}

void proof_end(struct proof_out *out, const char *note, size_t n)
{
	add(out, "\n", 1);
	add(out, note, n);
}

/* What of the text is still to be read. */
struct text {
	const char *s;
	size_t n;
};

/* The next line without its newline; false where there is none. */
static bool line(struct text *t, struct text *ret)
{
	const char *eol = memchr(t->s, '\n', t->n);

	if (!eol)
		return false;
	ret->s = t->s;
	ret->n = (size_t)(eol - t->s);
	t->s = eol + 1;
	t->n -= ret->n + 1;
	return true;
}

/* "entry N BASE64": decimal without leading zeros. */
static enum err parse_entry(struct text l, unsigned char *out, size_t room,
    struct proof_entry *ret)
{
	const char *p = l.s + 6, *end = l.s + l.n;
	uint64_t v = 0;
	enum err e;

	if (p == end || (*p == '0' && p + 1 < end && p[1] != ' '))
		return ERR_FORMAT;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (v > (UINT64_MAX - 9) / 10)
			return ERR_FORMAT;
		v = 10 * v + (uint64_t)(*p - '0');
	}
	if (p == end || p == l.s + 6 || *p++ != ' ')
		return ERR_FORMAT;
	if (room > ENTRY_MAX)
		room = ENTRY_MAX;
	ret->index = v;
	ret->p = out;
	e = b64_decode(p, (size_t)(end - p), true, out, room, &ret->n);
	if (!e)
		e = entry_parse(ret->p, ret->n, &ret->view);
	return e ? ERR_FORMAT : OK;
}

/* "witnessed BASE64" and the hashes below it, if they come first. */
static enum err parse_seen(struct text *t, struct proof *f)
{
	size_t head = sizeof(SEEN) - 1, got;
	struct text l;

	if (t->n < head || memcmp(t->s, SEEN, head) || !line(t, &l))
		return OK;
	if (b64_decode(l.s + head, l.n - head, true, f->seen_note, NOTE_MAX,
		&f->seen_n) ||
	    checkpoint_parse(f->seen_note, f->seen_n, &f->seen) ||
	    !f->seen.size)
		return ERR_FORMAT;
	while (t->n > HASH_TEXT && t->s[HASH_TEXT] == '\n') {
		if (f->growth_n == MERKLE_PATH_MAX)
			return ERR_FORMAT;
		if (b64_decode(t->s, HASH_TEXT, true, f->growth[f->growth_n],
			HASH_BYTES, &got) ||
		    got != HASH_BYTES)
			return ERR_FORMAT;
		f->growth_n++;
		t->s += HASH_TEXT + 1;
		t->n -= HASH_TEXT + 1;
	}
	return OK;
}

static enum err parse_entries(struct text *t, struct proof *f, size_t room,
    size_t *ret_used)
{
	struct proof_entry *last = NULL;
	size_t used = 0, got;
	struct text l;

	while (line(t, &l)) {
		if (!l.n) {
			*ret_used = used;
			return f->n ? OK : ERR_FORMAT;
		}
		if (l.n > 6 && !memcmp(l.s, "entry ", 6)) {
			uint64_t before = last ? last->index : 0;

			if (f->n == PROOF_ENTRIES_MAX)
				return ERR_TOO_LARGE;
			last = &f->entries[f->n];
			if (parse_entry(l, f->bytes + used, room - used, last))
				return ERR_FORMAT;
			if (f->n++ && last->index <= before)
				return ERR_FORMAT;
			used += last->n;
			last->path =
			    (unsigned char(*)[HASH_BYTES])(f->bytes + used);
			continue;
		}
		if (!last || l.n != HASH_TEXT ||
		    last->path_n == MERKLE_PATH_MAX ||
		    b64_decode(l.s, l.n, true, f->bytes + used, room - used,
			&got) ||
		    got != HASH_BYTES)
			return ERR_FORMAT;
		used += HASH_BYTES;
		last->path_n++;
	}
	return ERR_FORMAT;
}

static size_t count_entries(const char *p, size_t n)
{
	size_t lines = 0;

	for (const char *end = p + n; p < end; p++)
		lines += *p == '\n' && p + 1 < end && p[1] == 'e';
	return lines < PROOF_ENTRIES_MAX ? lines : PROOF_ENTRIES_MAX;
}

enum err proof_parse(const void *p, size_t n, struct proof *ret)
{
	struct text t = {p, n};
	struct proof f = {0};
	size_t used;
	enum err e;

	if (n > PROOF_MAX)
		return ERR_TOO_LARGE;
	if (n < sizeof(HEAD) - 1 || memcmp(p, HEAD, sizeof(HEAD) - 1))
		return ERR_FORMAT;
	f.bytes = malloc(n); /* text is longer than what it says */
	f.entries = calloc(count_entries(p, n) + 1, sizeof(*f.entries));
	e = f.bytes && f.entries ? OK : ERR_NO_MEMORY;
	t.s += sizeof(HEAD) - 1;
	t.n -= sizeof(HEAD) - 1;
	if (!e)
		e = parse_seen(&t, &f);
	if (!e)
		e = parse_entries(&t, &f, n, &used);
	if (!e && t.n > NOTE_MAX)
		e = ERR_TOO_LARGE;
	if (!e) {
		memcpy(f.note, t.s, t.n);
		f.note_n = t.n;
		e = checkpoint_parse(f.note, f.note_n, &f.checkpoint);
	}
	if (e) {
		proof_free(&f);
		return e;
	}
	*ret = f;
	return OK;
}

void proof_free(struct proof *f)
{
	free(f->bytes);
	free(f->entries);
	*f = (struct proof){0};
}

enum err proof_follow(const struct proof *f, uint64_t *ret_bad)
{
	unsigned char leaf[HASH_BYTES];

	for (size_t i = 0; i < f->n; i++) {
		const struct proof_entry *x = &f->entries[i];

		merkle_leaf(x->p, x->n, leaf);
		if (merkle_path_check(x->index, f->checkpoint.size, leaf,
			x->path, x->path_n, f->checkpoint.root)) {
			*ret_bad = x->index;
			return ERR_INTEGRITY;
		}
	}
	return OK;
}

const struct proof_entry *proof_find(const struct proof *f, uint64_t index)
{
	size_t lo = 0, hi = f->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->entries[mid].index == index)
			return &f->entries[mid];
		if (f->entries[mid].index < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

enum err proof_grown(struct proof *f)
{
	if (strcmp(f->seen.origin, f->checkpoint.origin) != 0)
		return ERR_INTEGRITY;
	return merkle_growth_check(f->seen.size, f->seen.root,
		   f->checkpoint.size, f->checkpoint.root, f->growth,
		   f->growth_n) ?
	    ERR_INTEGRITY :
	    OK;
}
