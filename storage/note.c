#include <stdio.h>
#include <string.h>

#include "storage/note.h"

#define DASH "\xe2\x80\x94 " /* em dash U+2014, space */
#define DASH_N 4
#define SIGNATURES_MAX 100 /* as many as Go's note package reads */
#define SIGNED (NOTE_KEY_ID + SIGN_BYTES)

void note_key_id_of(const char *name, unsigned char kind,
    const unsigned char public_key[KEY_BYTES], unsigned char ret[NOTE_KEY_ID])
{
	unsigned char hash[HASH_BYTES];
	struct sha256 h;

	sha256_init(&h);
	sha256_put(&h, name, strlen(name));
	sha256_put(&h, "\n", 1);
	sha256_put(&h, &kind, 1);
	sha256_put(&h, public_key, KEY_BYTES);
	sha256_end(&h, hash);
	memcpy(ret, hash, NOTE_KEY_ID);
}

void note_key_id(const char *name, const unsigned char public_key[KEY_BYTES],
    unsigned char ret[NOTE_KEY_ID])
{
	note_key_id_of(name, NOTE_ED25519, public_key, ret);
}

bool note_name_ok(const char *s, size_t n)
{
	if (!n || n > NOTE_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == '+' || s[i] == 0x7f)
			return false;
	return true;
}

enum err note_sign(const char *text, const char *name,
    const unsigned char seed[KEY_BYTES], char *out, size_t out_max,
    size_t *ret_n)
{
	unsigned char key[KEY_BYTES], both[SIGNED];
	char b64[B64_LEN(SIGNED)];
	size_t n = strlen(text);
	int len;

	if (!n || text[n - 1] != '\n' || !note_name_ok(name, strlen(name)))
		return ERR_INVALID;
	sign_public(seed, key);
	note_key_id(name, key, both);
	sign(seed, text, n, both + NOTE_KEY_ID);
	b64_encode(both, sizeof(both), true, b64);
	len = snprintf(out, out_max, "%s\n" DASH "%s %s\n", text, name, b64);
	if (len < 0 || (size_t)len >= out_max)
		return ERR_TOO_LARGE;
	*ret_n = (size_t)len;
	return OK;
}

/* It ends after the last newline that an empty line follows. */
enum err note_text(const void *p, size_t n, size_t *ret_text_n)
{
	const char *s = p;

	if (n > NOTE_MAX)
		return ERR_TOO_LARGE;
	if (n < 2 || s[n - 1] != '\n')
		return ERR_FORMAT;
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\n') || s[i] == 0x7f)
			return ERR_FORMAT;
	for (size_t i = n - 1; i > 0; i--) {
		if (s[i] == '\n' && s[i - 1] == '\n') {
			*ret_text_n = i;
			return i + 1 < n ? OK : ERR_FORMAT;
		}
	}
	return ERR_FORMAT;
}

enum err note_next(const void *p, size_t n, size_t *pos,
    struct note_signature *ret)
{
	const char *s = (const char *)p + *pos, *eol, *space;
	unsigned char any[NOTE_MAX];
	size_t got;

	if (*pos >= n)
		return ERR_NOT_FOUND;
	eol = memchr(s, '\n', n - *pos);
	if (!eol || eol - s < DASH_N || memcmp(s, DASH, DASH_N))
		return ERR_FORMAT;
	s += DASH_N;
	space = memchr(s, ' ', (size_t)(eol - s));
	if (!space || !note_name_ok(s, (size_t)(space - s)) ||
	    b64_decode(space + 1, (size_t)(eol - space - 1), true, any,
		sizeof(any), &got) ||
	    got <= NOTE_KEY_ID)
		return ERR_FORMAT;
	ret->name = s;
	ret->name_n = (size_t)(space - s);
	ret->n = got;
	memcpy(ret->bytes, any,
	    got < NOTE_SIGNATURE_MAX ? got : NOTE_SIGNATURE_MAX);
	*pos = (size_t)(eol + 1 - (const char *)p);
	return OK;
}

bool note_signature_is(const struct note_signature *s, const char *name,
    const unsigned char id[NOTE_KEY_ID], size_t n)
{
	return s->n == n && s->name_n == strlen(name) &&
	    !memcmp(s->name, name, s->name_n) &&
	    !memcmp(s->bytes, id, NOTE_KEY_ID);
}

enum err note_check(const void *p, size_t n, const char *name,
    const unsigned char public_key[KEY_BYTES], size_t *ret_text_n)
{
	unsigned char id[NOTE_KEY_ID];
	struct note_signature sig;
	size_t text_n, pos;
	enum err result = ERR_NO_KEY, e = note_text(p, n, &text_n);
	int lines = 0;

	if (e)
		return e;
	note_key_id(name, public_key, id);
	pos = text_n + 1;
	while (!(e = note_next(p, n, &pos, &sig))) {
		if (++lines > SIGNATURES_MAX)
			return ERR_FORMAT;
		if (!note_signature_is(&sig, name, id, SIGNED))
			continue;
		if (sign_check(public_key, p, text_n, sig.bytes + NOTE_KEY_ID))
			return ERR_INTEGRITY;
		result = OK;
	}
	if (e != ERR_NOT_FOUND)
		return e;
	if (!result)
		*ret_text_n = text_n;
	return result;
}

enum err checkpoint_sign(const struct checkpoint *c,
    const unsigned char seed[KEY_BYTES], char out[CHECKPOINT_MAX],
    size_t *ret_n)
{
	char root[B64_LEN(HASH_BYTES)], text[CHECKPOINT_MAX];
	int n;

	b64_encode(c->root, HASH_BYTES, true, root);
	n = snprintf(text, sizeof(text), "%s\n%llu\n%s\n", c->origin,
	    (unsigned long long)c->size, root);
	if (n < 0 || (size_t)n >= sizeof(text))
		return ERR_TOO_LARGE;
	return note_sign(text, c->origin, seed, out, CHECKPOINT_MAX, ret_n);
}

enum err note_number(const char *s, size_t n, uint64_t *ret)
{
	uint64_t v = 0;

	if (!n || n > 19 || (n > 1 && s[0] == '0'))
		return ERR_FORMAT;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return ERR_FORMAT;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*ret = v;
	return OK;
}

enum err checkpoint_parse(const void *p, size_t n, struct checkpoint *ret)
{
	const char *s = p, *line[4];
	struct checkpoint c = {0};
	size_t text_n, got, len;
	enum err e = note_text(p, n, &text_n);

	if (e)
		return e;
	line[0] = s;
	for (int i = 0; i < 3; i++) {
		const char *eol =
		    memchr(line[i], '\n', (size_t)(s + text_n - line[i]));

		if (!eol)
			return ERR_FORMAT;
		line[i + 1] = eol + 1;
	}
	len = (size_t)(line[1] - line[0]) - 1;
	if (!note_name_ok(line[0], len))
		return ERR_FORMAT;
	memcpy(c.origin, line[0], len);
	e = note_number(line[1], (size_t)(line[2] - line[1]) - 1, &c.size);
	if (e)
		return e;
	e = b64_decode(line[2], (size_t)(line[3] - line[2]) - 1, true, c.root,
	    sizeof(c.root), &got);
	if (e || got != HASH_BYTES)
		return ERR_FORMAT;
	*ret = c;
	return OK;
}
