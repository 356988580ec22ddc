/*
 * age_header.c - the text at the front of an age file (storage/age.h).
 *
 * The grammar is kept to the byte: what another age would refuse is refused
 * here too, also in stanzas that are not ours.
 */
#include <string.h>

#include "storage/age.h"

#define VERSION "age-encryption.org/v1\n"
#define VERSION_N (sizeof(VERSION) - 1)
#define X25519 "X25519"
#define SCRYPT "scrypt"
#define LINE_MAX_BODY 64 /* base64 letters in a full line of a body */
#define KEY_B64 43 /* 32 bytes in base64 without padding */
#define INFO_WRAP "age-encryption.org/v1/X25519"
#define INFO_SCRYPT "age-encryption.org/v1/scrypt"
#define SALT_N 16
#define SALT_B64 22

/* A header while it is read. */
struct scan {
	const char *p;
	size_t n, pos;
};

struct line {
	const char *p;
	size_t n; /* without the LF */
};

struct stanza {
	struct line args; /* after "-> " */
	unsigned char body[48]; /* its first full line, or less */
	size_t body_n; /* of the whole body */
};

/* What a whole header says. */
struct header {
	bool found; /* an identity gave the file key */
	unsigned char mac[HASH_BYTES];
	bool scrypt; /* its only stanza, sealed by a passphrase */
	unsigned char salt[SALT_N];
	unsigned log_n;
	unsigned char body[AGE_FILE_KEY + AEAD_TAG];
};

must_check static enum err next_line(struct scan *s, struct line *ret)
{
	size_t max = s->n < AGE_HEADER_MAX ? s->n : AGE_HEADER_MAX;
	const char *p = s->p + s->pos;
	const char *end = s->pos < max ? memchr(p, '\n', max - s->pos) : NULL;

	if (!end)
		return max == AGE_HEADER_MAX ? ERR_TOO_LARGE : ERR_TRUNCATED;
	ret->p = p;
	ret->n = (size_t)(end - p);
	s->pos += ret->n + 1;
	return OK;
}

must_check static enum err scan_begin(struct scan *s, const void *p, size_t n)
{
	size_t have = n < VERSION_N ? n : VERSION_N;

	if (memcmp(p, VERSION, have) != 0)
		return ERR_FORMAT;
	if (have < VERSION_N)
		return ERR_TRUNCATED;
	*s = (struct scan){.p = p, .n = n, .pos = VERSION_N};
	return OK;
}

/* One or more words of visible ASCII, one space between them. */
static bool is_args(struct line l)
{
	bool word = false;

	for (size_t i = 0; i < l.n; i++) {
		if (l.p[i] == ' ') {
			if (!word)
				return false;
			word = false;
		} else {
			if (l.p[i] < 0x21 || l.p[i] > 0x7e)
				return false;
			word = true;
		}
	}
	return word;
}

/* Full lines, then one shorter line, which may be empty. */
must_check static enum err scan_body(struct scan *s, struct stanza *st)
{
	unsigned char part[48];
	struct line l;
	size_t n;
	enum err err;

	st->body_n = 0;
	do {
		err = next_line(s, &l);
		if (err)
			return err;
		if (l.n > LINE_MAX_BODY)
			return ERR_FORMAT;
		err = b64_decode(l.p, l.n, false, part, sizeof(part), &n);
		if (err)
			return err;
		if (!st->body_n)
			memcpy(st->body, part, n);
		st->body_n += n;
	} while (l.n == LINE_MAX_BODY);
	return OK;
}

/*
 * The next stanza, or the last line: then *ret_end is true and ret_mac is set;
 * s->pos is behind the line, and the MAC covers the bytes through "---".
 */
must_check static enum err scan_next(struct scan *s, struct stanza *ret,
    bool *ret_end, unsigned char ret_mac[HASH_BYTES])
{
	struct line l;
	size_t n;
	enum err err = next_line(s, &l);

	if (err)
		return err;
	if (l.n == 4 + KEY_B64 && memcmp(l.p, "--- ", 4) == 0) {
		*ret_end = true;
		return b64_decode(l.p + 4, KEY_B64, false, ret_mac, HASH_BYTES,
		    &n);
	}
	if (l.n < 4 || memcmp(l.p, "-> ", 3) != 0)
		return ERR_FORMAT;
	ret->args = (struct line){.p = l.p + 3, .n = l.n - 3};
	if (!is_args(ret->args))
		return ERR_FORMAT;
	*ret_end = false;
	return scan_body(s, ret);
}

static bool is_type(const struct stanza *st, const char *type)
{
	size_t n = strlen(type);

	return st->args.n >= n && memcmp(st->args.p, type, n) == 0 &&
	    (st->args.n == n || st->args.p[n] == ' ');
}

must_check static enum err to_wrap(const struct stanza *st,
    struct age_wrap *ret)
{
	size_t type = sizeof(X25519), n; /* with the space */

	if (st->args.n != type + KEY_B64 || st->body_n != sizeof(ret->body))
		return ERR_FORMAT;
	memcpy(ret->body, st->body, sizeof(ret->body));
	return b64_decode(st->args.p + type, KEY_B64, false, ret->share,
	    sizeof(ret->share), &n);
}

static void wrap_key(const unsigned char shared[KEY_BYTES],
    const unsigned char share[KEY_BYTES], const unsigned char to[KEY_BYTES],
    unsigned char ret[KEY_BYTES])
{
	unsigned char salt[2 * KEY_BYTES];

	memcpy(salt, share, KEY_BYTES);
	memcpy(salt + KEY_BYTES, to, KEY_BYTES);
	hkdf_sha256(shared, KEY_BYTES, salt, sizeof(salt), INFO_WRAP, ret);
}

/* The wrap key is used once, so its nonce is zero. */
static const unsigned char zero_nonce[AEAD_NONCE];

enum err age_wrap(const unsigned char file_key[AGE_FILE_KEY],
    const struct age_recipient *to, struct age_wrap *ret)
{
	unsigned char secret[KEY_BYTES], shared[KEY_BYTES], key[KEY_BYTES];
	struct age_wrap w;
	enum err err;

	crypt_random(secret, sizeof(secret));
	x25519_base(secret, w.share);
	err = x25519(secret, to->key, shared);
	if (!err) {
		wrap_key(shared, w.share, to->key, key);
		aead_seal(key, zero_nonce, file_key, AGE_FILE_KEY, w.body);
		*ret = w;
	}
	crypt_wipe(secret, sizeof(secret));
	crypt_wipe(shared, sizeof(shared));
	crypt_wipe(key, sizeof(key));
	return err ? ERR_INVALID : OK;
}

enum err age_unwrap(const struct age_wrap *w, const struct age_identity *id,
    unsigned char ret_file_key[AGE_FILE_KEY])
{
	unsigned char shared[KEY_BYTES], key[KEY_BYTES], mine[KEY_BYTES];
	unsigned char file_key[AGE_FILE_KEY];
	enum err err;

	/* A share of small order fits any key: no honest writer makes it. */
	if (x25519(id->key, w->share, shared))
		return ERR_FORMAT;
	x25519_base(id->key, mine);
	wrap_key(shared, w->share, mine, key);
	err = aead_open(key, zero_nonce, w->body, sizeof(w->body), file_key);
	if (!err)
		memcpy(ret_file_key, file_key, sizeof(file_key));
	crypt_wipe(shared, sizeof(shared));
	crypt_wipe(key, sizeof(key));
	crypt_wipe(file_key, sizeof(file_key));
	return err ? ERR_NO_KEY : OK;
}

static void header_mac(const unsigned char file_key[AGE_FILE_KEY],
    const void *p, size_t n, unsigned char ret[HASH_BYTES])
{
	unsigned char key[KEY_BYTES];

	hkdf_sha256(file_key, AGE_FILE_KEY, NULL, 0, "header", key);
	hmac_sha256(key, sizeof(key), p, n, ret);
	crypt_wipe(key, sizeof(key));
}

static size_t put(unsigned char *out, size_t at, const char *text)
{
	size_t n = strlen(text);

	memcpy(out + at, text, n);
	return at + n;
}

static size_t put_b64(unsigned char *out, size_t at, const unsigned char *p)
{
	char text[B64_LEN(KEY_BYTES)];

	b64_encode(p, KEY_BYTES, false, text);
	at = put(out, at, text);
	return put(out, at, "\n");
}

enum err age_header_write(const unsigned char file_key[AGE_FILE_KEY],
    const unsigned char nonce[AGE_NONCE], const struct age_recipient *to,
    size_t n, unsigned char *out, size_t *ret_n)
{
	unsigned char mac[HASH_BYTES];
	struct age_wrap w;
	size_t at = put(out, 0, VERSION);
	enum err err;

	if (n == 0)
		return ERR_INVALID;
	if (n > AGE_RECIPIENTS_MAX)
		return ERR_TOO_LARGE;
	for (size_t i = 0; i < n; i++) {
		err = age_wrap(file_key, &to[i], &w);
		if (err)
			return err;
		at = put(out, at, "-> " X25519 " ");
		at = put_b64(out, at, w.share);
		at = put_b64(out, at, w.body);
	}
	at = put(out, at, "---");
	header_mac(file_key, out, at, mac);
	at = put(out, at, " ");
	at = put_b64(out, at, mac);
	memcpy(out + at, nonce, AGE_NONCE);
	*ret_n = at + AGE_NONCE;
	return OK;
}

/* Decimal, no sign, no zero in front. ERR_TOO_LARGE above the limit. */
must_check static enum err to_log_n(const char *p, size_t n, unsigned *ret)
{
	unsigned v = 0;

	if (n < 1 || n > 2 || p[0] == '0')
		return ERR_FORMAT;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return ERR_FORMAT;
		v = v * 10 + (unsigned)(p[i] - '0');
	}
	*ret = v;
	return v > SCRYPT_LOG_N_MAX ? ERR_TOO_LARGE : OK;
}

/* "scrypt SALT LOG_N" */
must_check static enum err to_scrypt(const struct stanza *st,
    struct header *ret)
{
	const char *salt = st->args.p + sizeof(SCRYPT);
	size_t log_n = sizeof(SCRYPT) + SALT_B64 + 1, n;
	enum err err;

	if (st->args.n <= log_n || salt[SALT_B64] != ' ' ||
	    st->body_n != sizeof(ret->body))
		return ERR_FORMAT;
	err = b64_decode(salt, SALT_B64, false, ret->salt, SALT_N, &n);
	if (!err)
		err = to_log_n(st->args.p + log_n, st->args.n - log_n,
		    &ret->log_n);
	memcpy(ret->body, st->body, sizeof(ret->body));
	ret->scrypt = true;
	return err;
}

/* Give the stanza to each identity, until one has opened the file key. */
must_check static enum err try_all(const struct stanza *st,
    const struct age_identity *ids, size_t ids_n,
    unsigned char file_key[AGE_FILE_KEY], bool *found)
{
	struct age_wrap w;
	enum err err = to_wrap(st, &w);

	for (size_t i = 0; !err && !*found && i < ids_n; i++) {
		err = age_unwrap(&w, &ids[i], file_key);
		*found = !err;
		if (err == ERR_NO_KEY)
			err = OK;
	}
	return err;
}

/*
 * Walk a whole header. With identities, the first X25519 stanza that one of
 * them opens gives the file key; the others must be well formed all the same.
 */
must_check static enum err walk(struct scan *s, const struct age_identity *ids,
    size_t ids_n, unsigned char file_key[AGE_FILE_KEY], struct header *ret)
{
	struct stanza st;
	bool end = false;
	size_t count = 0;
	enum err err;

	memset(ret, 0, sizeof(*ret));
	for (;;) {
		err = scan_next(s, &st, &end, ret->mac);
		if (err || end)
			break;
		count++;
		if (is_type(&st, SCRYPT))
			err = to_scrypt(&st, ret);
		else if (is_type(&st, X25519))
			err = try_all(&st, ids, ids_n, file_key, &ret->found);
		if (err)
			break;
	}
	/* age: a passphrase stands alone, or it would prove nothing. */
	if (!err && (count == 0 || (ret->scrypt && count > 1)))
		err = ERR_FORMAT;
	return err;
}

enum err age_header_len(const void *p, size_t n, size_t *ret_header_n)
{
	struct header h;
	struct scan s;
	enum err err = scan_begin(&s, p, n);

	if (!err)
		err = walk(&s, NULL, 0, NULL, &h);
	if (!err)
		*ret_header_n = s.pos;
	return err;
}

/* The MAC line is " " and 43 letters and LF after what it covers. */
must_check static enum err check_mac(const struct scan *s,
    const struct header *h, const unsigned char file_key[AGE_FILE_KEY])
{
	unsigned char want[HASH_BYTES];

	header_mac(file_key, s->p, s->pos - KEY_B64 - 2, want);
	return crypt_equal(h->mac, want, sizeof(want)) ? OK : ERR_INTEGRITY;
}

enum err age_header_open(const void *p, size_t n,
    const struct age_identity *ids, size_t ids_n,
    unsigned char ret_file_key[AGE_FILE_KEY], size_t *ret_header_n)
{
	unsigned char key[AGE_FILE_KEY] = {0};
	struct header h;
	struct scan s;
	enum err err = scan_begin(&s, p, n);

	if (!err)
		err = walk(&s, ids, ids_n, key, &h);
	if (!err && !h.found)
		err = ERR_NO_KEY;
	if (!err)
		err = check_mac(&s, &h, key);
	if (!err) {
		memcpy(ret_file_key, key, sizeof(key));
		*ret_header_n = s.pos;
	}
	crypt_wipe(key, sizeof(key));
	return err;
}

/* The wrap key is scrypt(passphrase, label || salt). */
must_check static enum err unwrap_scrypt(const struct header *h,
    const void *passphrase, size_t passphrase_n,
    unsigned char ret_file_key[AGE_FILE_KEY])
{
	unsigned char salt[sizeof(INFO_SCRYPT) - 1 + SALT_N], key[KEY_BYTES];
	enum err err;

	memcpy(salt, INFO_SCRYPT, sizeof(INFO_SCRYPT) - 1);
	memcpy(salt + sizeof(INFO_SCRYPT) - 1, h->salt, SALT_N);
	err = scrypt_key(passphrase, passphrase_n, salt, sizeof(salt), h->log_n,
	    key);
	if (!err &&
	    aead_open(key, zero_nonce, h->body, sizeof(h->body), ret_file_key))
		err = ERR_NO_KEY;
	crypt_wipe(key, sizeof(key));
	return err;
}

enum err age_header_open_passphrase(const void *p, size_t n,
    const void *passphrase, size_t passphrase_n,
    unsigned char ret_file_key[AGE_FILE_KEY], size_t *ret_header_n)
{
	unsigned char key[AGE_FILE_KEY] = {0};
	struct header h = {0};
	struct scan s;
	enum err err = scan_begin(&s, p, n);

	if (!err)
		err = walk(&s, NULL, 0, NULL, &h);
	if (!err)
		err = h.scrypt ?
		    unwrap_scrypt(&h, passphrase, passphrase_n, key) :
		    ERR_NO_KEY;
	if (!err)
		err = check_mac(&s, &h, key);
	if (!err) {
		memcpy(ret_file_key, key, sizeof(key));
		*ret_header_n = s.pos;
	}
	crypt_wipe(key, sizeof(key));
	return err;
}

enum err age_header_check(const void *p, size_t n,
    const unsigned char file_key[AGE_FILE_KEY], size_t *ret_header_n)
{
	struct header h;
	struct scan s;
	enum err err = scan_begin(&s, p, n);

	if (!err)
		err = walk(&s, NULL, 0, NULL, &h);
	if (!err)
		err = check_mac(&s, &h, file_key);
	if (!err)
		*ret_header_n = s.pos;
	return err;
}
