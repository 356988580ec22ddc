#include "storage/submission.h"

#include <stdio.h>
#include <string.h>

#define HASH_LINE (B64_LEN(HASH_BYTES) - 1) /* without the newline */

/* A line of the body without its newline; moves *pos behind it. */
static enum err line(const char *p, size_t n, size_t *pos, const char **ret,
    size_t *ret_n)
{
	const char *s = p + *pos, *eol = memchr(s, '\n', n - *pos);

	if (!eol)
		return ERR_FORMAT;
	*ret = s;
	*ret_n = (size_t)(eol - s);
	*pos += *ret_n + 1;
	return OK;
}

static enum err old_line(const char *s, size_t n, uint64_t *ret)
{
	if (n < 5 || memcmp(s, "old ", 4))
		return ERR_FORMAT;
	return note_number(s + 4, n - 4, ret);
}

enum err submission_parse(const void *p, size_t n, struct submission *ret)
{
	struct submission s = {.old = 0};
	const char *at;
	size_t pos = 0, len, got;
	enum err e;

	if (n > SUBMISSION_MAX)
		return ERR_TOO_LARGE;
	e = line(p, n, &pos, &at, &len);
	if (!e)
		e = old_line(at, len, &s.old);
	while (!e) {
		e = line(p, n, &pos, &at, &len);
		if (e || !len)
			break;
		if (len != HASH_LINE || s.proof_n == SUBMISSION_PROOF_MAX)
			return ERR_FORMAT;
		e = b64_decode(at, len, true, s.proof[s.proof_n], HASH_BYTES,
		    &got);
		if (!e && got != HASH_BYTES)
			e = ERR_FORMAT;
		s.proof_n++;
	}
	if (e)
		return e;
	s.note = (const char *)p + pos;
	s.note_n = n - pos;
	e = checkpoint_parse(s.note, s.note_n, &s.c);
	if (!e)
		e = note_text(s.note, s.note_n, &s.text_n);
	if (!e)
		*ret = s;
	return e;
}

enum err submission_format(const struct submission *s, char *out, size_t *ret_n)
{
	int n = snprintf(out, SUBMISSION_MAX, "old %llu\n",
	    (unsigned long long)s->old);
	size_t at = (size_t)n;

	if (s->proof_n > SUBMISSION_PROOF_MAX || s->note_n > NOTE_MAX)
		return ERR_TOO_LARGE;
	for (size_t i = 0; i < s->proof_n; i++) {
		b64_encode(s->proof[i], HASH_BYTES, true, out + at);
		at += HASH_LINE;
		out[at++] = '\n';
	}
	out[at++] = '\n';
	memcpy(out + at, s->note, s->note_n);
	*ret_n = at + s->note_n;
	return OK;
}

/* A signature by a trusted key that does not fit spoils it (signed-note). */
static bool is_signed(const struct submission *s, const struct vkey *keys,
    size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		size_t text_n;
		enum err e = note_check(s->note, s->note_n, s->c.origin,
		    keys[i].key, &text_n);

		if (e && e != ERR_NO_KEY)
			return false;
		any = any || !e;
	}
	return any;
}

/* Of an empty tree nothing can be proven but that it is one. */
static enum err grows(struct submission *s,
    const unsigned char root[HASH_BYTES])
{
	unsigned char empty[HASH_BYTES];

	if (s->old)
		return merkle_growth_check(s->old, root, s->c.size, s->c.root,
		    s->proof, s->proof_n);
	sha256("", 0, empty);
	if (s->proof_n ||
	    (!s->c.size && !crypt_equal(s->c.root, empty, HASH_BYTES)))
		return ERR_INTEGRITY;
	return OK;
}

unsigned submission_judge(struct submission *s, const struct vkey *keys,
    size_t n, const struct checkpoint *known,
    enum finding_about_log *ret_finding)
{
	uint64_t size = known ? known->size : 0;

	*ret_finding = LOG_FINE;
	if (!is_signed(s, keys, n))
		return 403;
	if (known && s->c.size == size &&
	    !crypt_equal(s->c.root, known->root, HASH_BYTES)) {
		*ret_finding = LOG_FORKED;
		return s->old > s->c.size ? 400 : 409;
	}
	if (s->c.size < size)
		*ret_finding = LOG_BACK;
	if (s->old > s->c.size)
		return 400;
	if (s->old != size)
		return 409;
	if (!grows(s, known ? known->root : NULL))
		return 200;
	*ret_finding = LOG_UNPROVEN;
	return 422;
}
