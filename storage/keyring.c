/* keyring.c - what a keyring holds (keyring.h); keyring_file.c writes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/utc.h"
#include "storage/keyring_table.h"
#include "storage/people.h"

#define LINE_EXTRA 320		/* a line without its base64 */

/* Where camera and day stand or would stand. */
static size_t place(const struct keyring *k, const char *camera,
    const char *day, struct keyring_day **ret)
{
	size_t lo = 0, hi = k->days_n;

	*ret = NULL;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(k->days[mid]->camera, camera);

		if (c == 0)
			c = strcmp(k->days[mid]->date, day);
		if (c == 0) {
			*ret = k->days[mid];
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t day_bytes(const struct keyring_day *d)
{
	size_t n = LINE_EXTRA;

	for (size_t i = 0; i < d->wraps_n; i++)
		n += strlen(d->wraps[i]) + 3;	/* quotes and comma */
	return n + d->held_n * KEYRING_HELD_LINE;
}

static size_t grant_bytes(const struct keyring_grant *g)
{
	return LINE_EXTRA + B64_LEN(g->n);
}

/* An array of n pointers with room for one more; grows at powers of two. */
static void *grow(void *array, size_t n)
{
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * n : 1) * sizeof(void *));
}

enum err keyring_take_day(struct keyring *k, struct keyring_day *d)
{
	struct keyring_day *old, **days = NULL;
	size_t at = place(k, d->camera, d->date, &old), bytes = day_bytes(d);
	enum err err = OK;

	if (old)
		err = ERR_EXISTS;
	else if (bytes > KEYRING_MAX - k->bytes)
		err = ERR_TOO_LARGE;
	else if (!(days = grow(k->days, k->days_n)))
		err = ERR_NO_MEMORY;
	if (err) {
		keyring_day_free(d);
		return err;
	}
	k->days = days;
	memmove(&k->days[at + 1], &k->days[at],
	    (k->days_n - at) * sizeof(*k->days));
	k->days[at] = d;
	k->days_n++;
	k->bytes += bytes;
	return OK;
}

static struct keyring_grant *find_grant(const struct keyring *k,
    const char *request, size_t *ret_at)
{
	for (size_t i = 0; i < k->grants_n; i++)
		if (strcmp(k->grants[i]->request, request) == 0) {
			*ret_at = i;
			return k->grants[i];
		}
	return NULL;
}

enum err keyring_take_grant(struct keyring *k, struct keyring_grant *g)
{
	struct keyring_grant **grants = NULL;
	size_t at, bytes = grant_bytes(g);
	enum err err = OK;

	if (find_grant(k, g->request, &at))
		err = ERR_EXISTS;
	else if (bytes > KEYRING_MAX - k->bytes)
		err = ERR_TOO_LARGE;
	else if (!(grants = grow(k->grants, k->grants_n)))
		err = ERR_NO_MEMORY;
	if (err) {
		keyring_grant_free(g);
		return err;
	}
	k->grants = grants;
	k->grants[k->grants_n++] = g;
	k->bytes += bytes;
	return OK;
}

enum err keyring_wrap(const struct age_identity *id,
    const struct age_recipient *to, size_t n, char **ret)
{
	char text[IDENTITY_TEXT + 1];
	unsigned char *sealed;
	size_t sealed_n;
	enum err err;

	identity_format(id, text);
	text[IDENTITY_TEXT - 1] = '\n';
	err = age_encrypt(text, IDENTITY_TEXT, to, n, &sealed, &sealed_n);
	crypt_wipe(text, sizeof(text));
	if (err)
		return err;
	*ret = malloc(B64_LEN(sealed_n));
	if (*ret)
		b64_encode(sealed, sealed_n, true, *ret);
	crypt_free(sealed);
	return *ret ? OK : ERR_NO_MEMORY;
}

enum err keyring_make_day(struct keyring *k, const char *camera,
    const char *day, const struct age_recipient *to, size_t n,
    struct age_recipient *ret, bool *ret_made)
{
	struct age_identity id;
	struct age_recipient r;
	struct keyring_day *d;
	struct day parsed;
	enum err err;

	err = keyring_find_day(k, camera, day, ret);
	if (err != ERR_NOT_FOUND) {
		*ret_made = false;
		return err;
	}
	if (!camera_id_ok(camera) || strlen(day) != sizeof(d->date) - 1 ||
	    day_parse(day, &parsed))
		return ERR_INVALID;
	d = calloc(1, sizeof(*d));
	if (!d || !(d->wraps = calloc(1, sizeof(*d->wraps)))) {
		free(d);
		return ERR_NO_MEMORY;
	}
	memcpy(d->camera, camera, strlen(camera));
	memcpy(d->date, day, strlen(day));
	identity_new(&id);
	identity_recipient(&id, &r);
	recipient_format(&r, d->recipient);
	keyring_mark(to, n, d->mark);
	err = keyring_wrap(&id, to, n, &d->wraps[0]);
	crypt_wipe(&id, sizeof(id));
	if (err) {
		keyring_day_free(d);
		return err;
	}
	d->wraps_n = 1;
	err = keyring_take_day(k, d);
	if (!err) {
		*ret = r;
		*ret_made = true;
	}
	return err;
}

enum err keyring_find_day(const struct keyring *k, const char *camera,
    const char *day, struct age_recipient *ret)
{
	struct keyring_day *d;

	place(k, camera, day, &d);
	return d ? recipient_parse(d->recipient, ret) : ERR_NOT_FOUND;
}

enum err keyring_day_line(const struct keyring *k, const char *camera,
    const char *day, char **ret)
{
	struct keyring_day *d;

	place(k, camera, day, &d);
	return d ? keyring_line_day(d, ret) : ERR_NOT_FOUND;
}

bool keyring_is_held(const struct keyring *k, const char *camera,
    const char *day)
{
	struct keyring_day *d;

	place(k, camera, day, &d);
	return d && d->is_held;
}

static size_t held_bytes(const struct keyring *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->days_n; i++)
		n += k->days[i]->held_n * KEYRING_HELD_LINE;
	return n;
}

enum err keyring_swap_day(struct keyring *k, struct keyring_day *d,
    struct keyring_day **ret_old)
{
	struct keyring_day *old;
	size_t at = place(k, d->camera, d->date, &old), was;

	if (!old)
		return ERR_NOT_FOUND;
	was = day_bytes(old);
	if (day_bytes(d) > KEYRING_MAX - k->bytes + was ||
	    d->held_n * KEYRING_HELD_LINE + held_bytes(k) > KEYRING_HELD_MAX)
		return ERR_TOO_LARGE;
	k->bytes = k->bytes - was + day_bytes(d);
	k->days[at] = d;
	*ret_old = old;
	return OK;
}

bool keyring_drop_held(struct keyring *k, const char *camera, const char *day,
    uint64_t seq)
{
	const struct keyring_held *h = NULL;
	struct keyring_day *d;
	size_t at;

	place(k, camera, day, &d);
	if (d)
		h = keyring_day_held(d, seq);
	if (!h)
		return false;
	at = (size_t)(h - d->held);
	memmove(&d->held[at], &d->held[at + 1],
	    (d->held_n - at - 1) * sizeof(*d->held));
	d->held_n--;
	k->bytes -= KEYRING_HELD_LINE;
	return true;
}

/* Lines of all days, or of at most `max` behind `at` that mark is not for. */
must_check static enum err day_lines(const struct keyring *k, size_t at,
    const char *mark, size_t max, char **ret, size_t *ret_n)
{
	size_t room = 1, n = 0;
	char *out, *p;

	for (size_t i = at; i < k->days_n && n < max; i++)
		if (!mark || strcmp(k->days[i]->mark, mark) != 0) {
			room += day_bytes(k->days[i]);
			n++;
		}
	out = p = malloc(room);
	if (!out)
		return ERR_NO_MEMORY;
	*p = '\0';
	for (; at < k->days_n && n; at++) {
		char *line;
		enum err err;

		if (mark && !strcmp(k->days[at]->mark, mark))
			continue;
		err = keyring_line_day(k->days[at], &line);
		if (err) {
			crypt_free(out);
			return err;
		}
		p = stpcpy(p, line);
		crypt_free(line);
		n--;
	}
	*ret = out;
	*ret_n = (size_t)(p - out);
	return OK;
}

enum err keyring_all_days(const struct keyring *k, char **ret, size_t *ret_n)
{
	return day_lines(k, 0, NULL, SIZE_MAX, ret, ret_n);
}

void keyring_mark(const struct age_recipient *to, size_t n,
    char ret[KEYRING_MARK])
{
	char text[RECIPIENT_TEXT];
	unsigned char hash[HASH_BYTES];
	struct sha256 h;

	sha256_init(&h);
	for (size_t i = 0; i < n; i++) {
		recipient_format(&to[i], text);
		sha256_put(&h, text, strlen(text));
		sha256_put(&h, "\n", 1);
	}
	sha256_end(&h, hash);
	hex_encode(hash, KEYRING_MARK / 2, ret);
}

size_t keyring_stale(const struct keyring *k, const char *mark)
{
	size_t n = 0;

	for (size_t i = 0; i < k->days_n; i++)
		n += strcmp(k->days[i]->mark, mark) != 0;
	return n;
}

enum err keyring_stale_days(const struct keyring *k, const char *mark,
    const char *camera, const char *day, size_t max, char **ret, size_t *ret_n)
{
	struct keyring_day *found;
	size_t at = place(k, camera, day, &found);

	return day_lines(k, at + (found != NULL), mark, max, ret, ret_n);
}

/*
 * One line `camera SP day SP recipient SP base64`: its day, NULL where there is
 * none with that key, and where the base64 stands.
 */
must_check static enum err split_line(const struct keyring *k, const char *s,
    size_t n, size_t to_n, struct keyring_day **ret_day, size_t *ret_at)
{
	char camera[CAMERA_ID_MAX + 1] = "", date[11] = "";
	const char *end = memchr(s, ' ', n);
	size_t c = end ? (size_t)(end - s) : 0, key = c + 1 + 10 + 1;
	size_t at = key + RECIPIENT_TEXT;

	if (c < 1 || c > CAMERA_ID_MAX || n <= at || s[key - 1] != ' ' ||
	    s[at - 1] != ' ')
		return ERR_FORMAT;
	memcpy(camera, s, c);
	memcpy(date, s + c + 1, 10);
	place(k, camera, date, ret_day);
	if (*ret_day &&
	    memcmp((*ret_day)->recipient, s + key, RECIPIENT_TEXT - 1) != 0)
		*ret_day = NULL;
	*ret_at = at;
	return keyring_is_wrap_for(s + at, n - at, to_n) ? OK : ERR_FORMAT;
}

/* The day's only wrap from now on. */
must_check static enum err replace_wraps(struct keyring *k,
    struct keyring_day *d, const char *b64, size_t n, const char *mark)
{
	char *wrap;

	if (n + LINE_EXTRA > KEYRING_MAX - k->bytes + day_bytes(d))
		return ERR_TOO_LARGE;
	wrap = strndup(b64, n);
	if (!wrap)
		return ERR_NO_MEMORY;
	k->bytes -= day_bytes(d);
	for (size_t i = 0; i < d->wraps_n; i++)
		crypt_free(d->wraps[i]);
	d->wraps[0] = wrap;
	d->wraps_n = 1;
	k->bytes += day_bytes(d);
	snprintf(d->mark, sizeof(d->mark), "%s", mark);
	return OK;
}

/* Once to look at every line (mark NULL), then once to take them in. */
must_check static enum err each_wrap(struct keyring *k, const char *lines,
    size_t n, size_t to_n, const char *mark, size_t *ret_days)
{
	*ret_days = 0;
	while (n) {
		const char *end = memchr(lines, '\n', n);
		size_t line_n = end ? (size_t)(end - lines) : n, at;
		struct keyring_day *d;
		enum err err = split_line(k, lines, line_n, to_n, &d, &at);

		if (!err && d && mark)
			err =
			    replace_wraps(k, d, lines + at, line_n - at, mark);
		if (err)
			return err;
		*ret_days += d != NULL;
		line_n += end != NULL;
		lines += line_n;
		n -= line_n;
	}
	return OK;
}

enum err keyring_rewrap(struct keyring *k, const char *lines, size_t n,
    const char *mark, size_t to_n, size_t *ret_days)
{
	enum err err = each_wrap(k, lines, n, to_n, NULL, ret_days);

	return err ? err : each_wrap(k, lines, n, to_n, mark, ret_days);
}

must_check static enum err new_grant(const char *request, uint64_t person,
    const void *blob, size_t n, struct keyring_grant **ret)
{
	struct keyring_grant *g = calloc(1, sizeof(*g));

	if (!g || !(g->blob = malloc(n + 1))) {
		free(g);
		return ERR_NO_MEMORY;
	}
	memcpy(g->request, request, strlen(request));
	g->person = person;
	memcpy(g->blob, blob, n);
	g->n = n;
	*ret = g;
	return OK;
}

enum err keyring_put_grant(struct keyring *k, const char *request,
    uint64_t person, const void *blob, size_t n)
{
	struct keyring_grant *g, *old;
	size_t at, was;
	enum err err;

	if (!keyring_is_request(request) || person > INT64_MAX)
		return ERR_INVALID;
	if (n > KEYRING_LINE_MAX || B64_LEN(n) + LINE_EXTRA > KEYRING_LINE_MAX)
		return ERR_TOO_LARGE;
	err = new_grant(request, person, blob, n, &g);
	if (err)
		return err;
	old = find_grant(k, request, &at);
	if (!old)
		return keyring_take_grant(k, g);
	was = grant_bytes(old);
	if (grant_bytes(g) > KEYRING_MAX - k->bytes + was) {
		keyring_grant_free(g);
		return ERR_TOO_LARGE;
	}
	k->grants[at] = g;
	k->bytes = k->bytes - was + grant_bytes(g);
	keyring_grant_free(old);
	return OK;
}

enum err keyring_find_grant(const struct keyring *k, const char *request,
    uint64_t *ret_person, const void **ret_blob, size_t *ret_n)
{
	size_t at;
	const struct keyring_grant *g = find_grant(k, request, &at);

	if (!g)
		return ERR_NOT_FOUND;
	*ret_person = g->person;
	*ret_blob = g->blob;
	*ret_n = g->n;
	return OK;
}

void keyring_drop_grant(struct keyring *k, const char *request)
{
	size_t at;
	struct keyring_grant *g = find_grant(k, request, &at);

	if (!g)
		return;
	k->bytes -= grant_bytes(g);
	keyring_grant_free(g);
	memmove(&k->grants[at], &k->grants[at + 1],
	    (k->grants_n - at - 1) * sizeof(*k->grants));
	k->grants_n--;
}

bool keyring_grant_at(const struct keyring *k, size_t i,
    const char **ret_request, uint64_t *ret_person)
{
	if (i >= k->grants_n)
		return false;
	*ret_request = k->grants[i]->request;
	*ret_person = k->grants[i]->person;
	return true;
}

bool keyring_day_at(const struct keyring *k, size_t i, const char **ret_camera,
    const char **ret_day)
{
	if (i >= k->days_n)
		return false;
	*ret_camera = k->days[i]->camera;
	*ret_day = k->days[i]->date;
	return true;
}

bool keyring_drop_day(struct keyring *k, const char *camera, const char *day)
{
	struct keyring_day *d;
	size_t at = place(k, camera, day, &d);

	if (!d)
		return false;
	k->bytes -= day_bytes(d);
	keyring_day_free(d);
	memmove(&k->days[at], &k->days[at + 1],
	    (k->days_n - at - 1) * sizeof(*k->days));
	k->days_n--;
	return true;
}
