/*
 * See keyring_line.h. The only file of the keyring that includes <jansson.h>;
 * view.c includes it too, for what people are told: one is a file format, the
 * other an interface, and neither should change with the other.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/utc.h"
#include "storage/keyring_line.h"
#include "storage/people.h"

/* What is erased stays in no freed memory either (P3). */
__attribute__((constructor)) static void wipe_json(void)
{
	json_set_alloc_funcs(malloc, crypt_free);
}

/* Bytes of the header of such an age file; 0: it is none. */
static size_t wrap_header(const char *b64, size_t n)
{
	unsigned char *age;
	size_t age_n, header = 0;

	if (n < 1 || n > KEYRING_WRAP_MAX || !(age = malloc(n)))
		return 0;
	if (b64_decode(b64, n, true, age, n, &age_n) ||
	    age_header_len(age, age_n, &header))
		header = 0;
	crypt_free(age);
	return header;
}

bool keyring_is_wrap(const char *b64, size_t n)
{
	return wrap_header(b64, n) > 0;
}

/* Our own headers have that length, whatever the recipients (age.h). */
bool keyring_is_wrap_for(const char *b64, size_t n, size_t recipients)
{
	return wrap_header(b64, n) == 70 + 98 * recipients;
}

bool keyring_is_request(const char *s)
{
	size_t n = strnlen(s, KEYRING_REQUEST_MAX + 1);

	if (n < 1 || n > KEYRING_REQUEST_MAX)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s > '~' || *s == '"' || *s == '\\')
			return false;
	return true;
}

void keyring_day_free(struct keyring_day *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->wraps_n; i++)
		crypt_free(d->wraps[i]);
	free(d->wraps);
	crypt_free(d->held);
	free(d);
}

enum err keyring_day_room(struct keyring_day *d, size_t n)
{
	if (n > KEYRING_LINE_MAX / KEYRING_HELD_LINE)
		return ERR_TOO_LARGE;
	d->held = calloc(n ? n : 1, sizeof(*d->held));
	return d->held ? OK : ERR_NO_MEMORY;
}

static int compare_held(const void *a, const void *b)
{
	const struct keyring_held *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

const struct keyring_held *keyring_day_held(const struct keyring_day *d,
    uint64_t seq)
{
	struct keyring_held key = {.seq = seq};

	return d->held_n ?
	    bsearch(&key, d->held, d->held_n, sizeof(key), compare_held) :
	    NULL;
}

void keyring_grant_free(struct keyring_grant *g)
{
	if (!g)
		return;
	crypt_free(g->blob);
	free(g);
}

must_check static enum err parse_wraps(const json_t *a, struct keyring_day *d)
{
	size_t n = json_array_size(a);

	if (n < 1 || n > KEYRING_WRAPS_MAX)
		return ERR_FORMAT;
	d->wraps = calloc(n, sizeof(*d->wraps));
	if (!d->wraps)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < n; i++) {
		const json_t *s = json_array_get(a, i);

		if (!json_is_string(s) ||
		    !keyring_is_wrap(json_string_value(s),
			json_string_length(s)))
			return ERR_FORMAT;
		d->wraps[i] = strdup(json_string_value(s));
		if (!d->wraps[i])
			return ERR_NO_MEMORY;
		d->wraps_n++;
	}
	return OK;
}

must_check static enum err parse_held_one(json_t *j, struct keyring_held *h)
{
	unsigned char header[AGE_HEADER_ONE + 3];
	json_int_t seq;
	const char *b64;
	size_t n, len, header_n;

	if (json_unpack(j, "[I, s% !]", &seq, &b64, &n) != 0 || seq < 1 ||
	    b64_decode(b64, n, true, header, sizeof(header), &len) ||
	    len != AGE_HEADER_ONE || age_header_len(header, len, &header_n) ||
	    header_n != len)
		return ERR_FORMAT;
	h->seq = (uint64_t)seq;
	memcpy(h->header, header, sizeof(h->header));
	return OK;
}

/* Ascending: a line has one form. */
must_check static enum err parse_held(json_t *a, struct keyring_day *d)
{
	size_t n = json_array_size(a);
	enum err err = json_is_array(a) ? keyring_day_room(d, n) : ERR_FORMAT;

	for (size_t i = 0; i < n && !err; i++) {
		err = parse_held_one(json_array_get(a, i), &d->held[i]);
		if (!err && i && d->held[i].seq <= d->held[i - 1].seq)
			err = ERR_FORMAT;
		d->held_n = i + 1;
	}
	d->is_held = true;
	return err;
}

must_check static enum err parse_day(json_t *j, struct keyring_day **ret)
{
	const char *camera, *date, *recipient, *mark = "";
	struct age_recipient r;
	struct keyring_day *d;
	struct day day;
	json_t *wraps, *held = NULL;
	enum err err;

	if (json_unpack(j, "{s:s, s:s, s:s, s?s, s:o, s?o !}", "camera",
		&camera, "date", &date, "recipient", &recipient, "for", &mark,
		"wrapped", &wraps, "held", &held) != 0 ||
	    strlen(mark) >= sizeof(d->mark) || !camera_id_ok(camera) ||
	    day_parse(date, &day) || strlen(date) != sizeof(d->date) - 1 ||
	    recipient_parse(recipient, &r))
		return ERR_FORMAT;
	d = calloc(1, sizeof(*d));
	if (!d)
		return ERR_NO_MEMORY;
	memcpy(d->camera, camera, strlen(camera));
	memcpy(d->date, date, strlen(date));
	memcpy(d->recipient, recipient, strlen(recipient));
	memcpy(d->mark, mark, strlen(mark));
	err = parse_wraps(wraps, d);
	if (!err && held)
		err = parse_held(held, d);
	if (err)
		keyring_day_free(d);
	else
		*ret = d;
	return err;
}

must_check static enum err parse_grant(json_t *j, struct keyring_grant **ret)
{
	const char *request, *blob;
	struct keyring_grant *g;
	json_int_t person;
	enum err err;
	size_t n;

	if (json_unpack(j, "{s:s, s:I, s:s% !}", "request", &request, "person",
		&person, "blob", &blob, &n) != 0 ||
	    !keyring_is_request(request) || person < 0)
		return ERR_FORMAT;
	g = calloc(1, sizeof(*g));
	if (!g)
		return ERR_NO_MEMORY;
	memcpy(g->request, request, strlen(request));
	g->person = (uint64_t)person;
	g->blob = malloc(n + 1);
	err = g->blob ? b64_decode(blob, n, true, g->blob, n + 1, &g->n) :
			ERR_NO_MEMORY;
	if (err)
		keyring_grant_free(g);
	else
		*ret = g;
	return err;
}

enum err keyring_line_parse(const char *s, size_t n, struct keyring_line *ret)
{
	struct keyring_line line = {0};
	json_t *root, *in;
	json_int_t v, generation;
	enum err err = ERR_FORMAT;

	if (n > KEYRING_LINE_MAX)
		return ERR_TOO_LARGE;
	root = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return ERR_FORMAT;
	if (json_unpack(root, "{s:I, s:I !}", "v", &v, "generation",
		&generation) == 0) {
		if (v == 1 && generation > 0) {
			line.generation = (uint64_t)generation;
			err = OK;
		}
	} else if (json_unpack(root, "{s:o !}", "day", &in) == 0) {
		err = parse_day(in, &line.day);
	} else if (json_unpack(root, "{s:o !}", "grant", &in) == 0) {
		err = parse_grant(in, &line.grant);
	}
	json_decref(root);
	if (!err)
		*ret = line;
	return err;
}

/* Given: j is freed. */
must_check static enum err dump(json_t *j, char **ret)
{
	size_t n = j ? json_dumpb(j, NULL, 0, JSON_COMPACT) : 0;
	char *out = n ? malloc(n + 2) : NULL;

	if (out) {
		json_dumpb(j, out, n, JSON_COMPACT);
		memcpy(out + n, "\n", 2);
		*ret = out;
	}
	json_decref(j);
	return out ? OK : ERR_NO_MEMORY;
}

enum err keyring_line_first(uint64_t generation, char **ret)
{
	return dump(json_pack("{s:i, s:I}", "v", 1, "generation",
			(json_int_t)generation),
	    ret);
}

/* NULL where the day is not held. */
static json_t *held_array(const struct keyring_day *d)
{
	json_t *held = d->is_held ? json_array() : NULL;
	char b64[B64_LEN(AGE_HEADER_ONE)];

	for (size_t i = 0; i < d->held_n; i++) {
		b64_encode(d->held[i].header, AGE_HEADER_ONE, true, b64);
		json_array_append_new(held,
		    json_pack("[I, s]", (json_int_t)d->held[i].seq, b64));
	}
	return held;
}

enum err keyring_line_day(const struct keyring_day *d, char **ret)
{
	json_t *wraps = json_array(), *held = held_array(d);
	json_t *mark = *d->mark ? json_string(d->mark) : NULL;

	for (size_t i = 0; i < d->wraps_n; i++)
		json_array_append_new(wraps, json_string(d->wraps[i]));
	if (json_array_size(wraps) != d->wraps_n ||
	    json_array_size(held) != d->held_n) {
		json_decref(wraps);
		json_decref(held);
		json_decref(mark);
		return ERR_NO_MEMORY;
	}
	return dump(json_pack("{s:{s:s, s:s, s:s, s:o*, s:o, s:o*}}", "day",
			"camera", d->camera, "date", d->date, "recipient",
			d->recipient, "for", mark, "wrapped", wraps, "held",
			held),
	    ret);
}

enum err keyring_line_grant(const struct keyring_grant *g, char **ret)
{
	char *blob = malloc(B64_LEN(g->n));
	enum err err = ERR_NO_MEMORY;

	if (blob) {
		b64_encode(g->blob, g->n, true, blob);
		err = dump(json_pack("{s:{s:s, s:I, s:s}}", "grant", "request",
			       g->request, "person", (json_int_t)g->person,
			       "blob", blob),
		    ret);
	}
	crypt_free(blob);
	return err;
}
