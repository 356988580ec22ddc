#include "storage/setup.h"

#include <ctype.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/crypt.h"

#define SETTING "setup"
#define LETTERS 12
#define RECORD_BYTES (1 + HASH_BYTES + 8 + 4)

/* Crockford's base 32: without I, L, O and U. */
static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void setup_code_make(struct setup *s, struct utc now, char ret[SETUP_CODE_TEXT])
{
	unsigned char random[LETTERS];
	char code[LETTERS];
	size_t n = 0;

	crypt_random(random, sizeof(random));
	for (size_t i = 0; i < LETTERS; i++) {
		code[i] = letters[random[i] % 32];
		if (i && i % 4 == 0)
			ret[n++] = '-';
		ret[n++] = code[i];
	}
	ret[n] = '\0';
	*s = (struct setup){
	    .state = SETUP_CODE, .ends_ns = now.ns + SETUP_CODE_NS};
	sha256(code, LETTERS, s->hash);
	crypt_wipe(random, sizeof(random));
	crypt_wipe(code, sizeof(code));
}

/* What was typed as it was made; false where it cannot be a code. */
static bool tidy(const char *typed, char ret[LETTERS])
{
	size_t n = 0;

	for (; *typed; typed++) {
		int c = toupper((unsigned char)*typed);

		if (c == '-' || c == ' ')
			continue;
		c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
		if (n == LETTERS || !strchr(letters, c))
			return false;
		ret[n++] = (char)c;
	}
	return n == LETTERS;
}

enum err setup_code_check(const struct setup *s, struct utc now,
    const char *typed)
{
	static const unsigned char none[HASH_BYTES];
	unsigned char hash[HASH_BYTES];
	char code[LETTERS];
	bool is = tidy(typed, code);

	if (s->state != SETUP_CODE || now.ns >= s->ends_ns ||
	    s->wrong >= SETUP_TRIES || !memcmp(s->hash, none, HASH_BYTES))
		return ERR_SETUP_ENDED;
	if (is) {
		sha256(code, LETTERS, hash);
		is = crypt_equal(hash, s->hash, HASH_BYTES);
	}
	crypt_wipe(code, sizeof(code));
	return is ? OK : ERR_SETUP_CODE;
}

enum err setup_get(struct index *ix, struct setup *ret)
{
	unsigned char buf[RECORD_BYTES];
	struct setup s = {.state = SETUP_OVER};
	size_t n;
	enum err err = index_setting_find(ix, SETTING, buf, sizeof(buf), &n);

	if (!err && n != sizeof(buf))
		err = ERR_FORMAT;
	if (!err) {
		s.state = (enum setup_state)buf[0];
		memcpy(s.hash, buf + 1, HASH_BYTES);
		s.ends_ns = (int64_t)be_get(buf + 1 + HASH_BYTES, 8);
		s.wrong = (unsigned)be_get(buf + 9 + HASH_BYTES, 4);
		if (s.state > SETUP_STEPS)
			err = ERR_FORMAT;
	}
	if (err && err != ERR_NOT_FOUND)
		return err;
	*ret = s;
	return OK;
}

enum err setup_put(struct index *ix, const struct setup *s)
{
	unsigned char buf[RECORD_BYTES], *p = buf;

	p = be_put(p, (uint64_t)s->state, 1);
	memcpy(p, s->hash, HASH_BYTES);
	p = be_put(p + HASH_BYTES, (uint64_t)s->ends_ns, 8);
	be_put(p, s->wrong, 4);
	return index_setting_put(ix, SETTING, buf, sizeof(buf));
}
