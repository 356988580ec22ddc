/* The only file of web/ that includes jansson. */
#include "web/json.h"

#include <jansson.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/api/utc.h"
#include "web/args.h"

#define PASSWORD_MAX 256
#define CODE_DIGITS 6

static void refuse(struct json *j, const char *name, const char *detail)
{
	if (j->err != OK)
		return;
	j->err = ERR_INVALID;
	snprintf(j->pointer, sizeof(j->pointer), "/%s", name);
	snprintf(j->detail, sizeof(j->detail), "%s", detail);
}

void json_refuse(struct json *j, const char *name, const char *detail)
{
	refuse(j, name, detail);
}

/* Bodies hold passwords: nothing of them stays in freed memory. */
static void wiping_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

enum err json_begin(struct json *j, const char *p, size_t n)
{
	json_error_t why;

	json_set_alloc_funcs(malloc, wiping_free);
	memset(j, 0, sizeof(*j));
	j->root = json_loadb(p ? p : "", n, JSON_REJECT_DUPLICATES, &why);
	if (!j->root) {
		j->err = ERR_BAD_MESSAGE;
		snprintf(j->detail, sizeof(j->detail),
		    "not JSON at line %d, column %d", why.line, why.column);
		return j->err;
	}
	if (!json_is_object(j->root)) {
		j->err = ERR_BAD_MESSAGE;
		snprintf(j->detail, sizeof(j->detail),
		    "the body must be a JSON object");
	}
	return j->err;
}

void json_wipe(struct json *j)
{
	json_decref(j->root);
	j->root = NULL;
}

/* The value of a member, which counts as known from now on. */
static json_t *get(struct json *j, const char *name)
{
	json_t *v;

	if (j->err != OK)
		return NULL;
	if (j->seen_n < JSON_MEMBERS_MAX)
		j->seen[j->seen_n++] = name;
	v = json_object_get(j->root, name);
	if (!v)
		refuse(j, name, "this member is needed");
	return v;
}

const char *json_get_str(struct json *j, const char *name, size_t min,
    size_t max)
{
	json_t *v = get(j, name);
	char say[64];

	if (!v)
		return "";
	if (json_is_string(v) && json_string_length(v) >= min &&
	    json_string_length(v) <= max)
		return json_string_value(v);
	snprintf(say, sizeof(say), "a text of %zu to %zu bytes", min, max);
	refuse(j, name, say);
	return "";
}

const char *json_find_str(struct json *j, const char *name, size_t max)
{
	if (j->err != OK || !json_object_get(j->root, name))
		return NULL;
	return json_get_str(j, name, 0, max);
}

char *json_unsecret(const char *p, size_t n)
{
	struct json j;
	char *text = NULL;

	if (json_begin(&j, p, n) == OK) {
		json_object_del(j.root, "password");
		json_object_del(j.root, "code");
		text = json_dumps(j.root, JSON_COMPACT | JSON_SORT_KEYS);
	}
	json_wipe(&j);
	return text;
}

bool json_get_bool(struct json *j, const char *name)
{
	json_t *v = get(j, name);

	if (v && !json_is_boolean(v))
		refuse(j, name, "true or false");
	return j->err == OK && json_is_true(v);
}

bool json_has(const struct json *j, const char *name)
{
	return json_object_get(j->root, name) != NULL;
}

void json_put_credential(struct json *j, struct wire *w)
{
	char s[PASSWORD_MAX + 1 + CODE_DIGITS + 1];
	const char *password = json_get_str(j, "password", 1, PASSWORD_MAX);
	const char *code = "";

	if (j->err == OK && json_object_get(j->root, "code"))
		code = json_get_str(j, "code", 0, CODE_DIGITS);
	if (strchr(password, '\n'))
		refuse(j, "password", "a password has no line ends");
	snprintf(s, sizeof(s), *code ? "%s\n%s" : "%s", password, code);
	wire_put_str(w, j->err == OK ? s : "");
	explicit_bzero(s, sizeof(s));
}

int64_t json_get_time(struct json *j, const char *name)
{
	const char *s = json_get_str(j, name, 1, 64);
	struct utc t = {0};

	if (j->err == OK && utc_parse(s, &t) != OK)
		refuse(j, name, ARGS_TIME_RULE);
	return j->err == OK ? t.ns : 0;
}

int64_t json_get_number(struct json *j, const char *name)
{
	json_t *v = get(j, name);

	if (v && (!json_is_integer(v) || json_integer_value(v) < 0))
		refuse(j, name, "a whole number, not below 0");
	return j->err == OK ? json_integer_value(v) : 0;
}

uint32_t json_get_count(struct json *j, const char *name, uint32_t max)
{
	int64_t n = json_get_number(j, name);
	char rule[64];

	if (j->err == OK && (n < 1 || n > max)) {
		snprintf(rule, sizeof(rule), "a whole number of 1 to %u", max);
		refuse(j, name, rule);
	}
	return j->err == OK ? (uint32_t)n : 0;
}

static bool put_camera(struct json_cameras *c, const char *id)
{
	if (!id || !args_is_camera(id, strlen(id)))
		return false;
	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(c->id[i], id) == 0)
			return false;
	snprintf(c->id[c->n++], sizeof(c->id[0]), "%s", id);
	return true;
}

void json_get_cameras(struct json *j, const char *name,
    struct json_cameras *ret)
{
	json_t *v = get(j, name);
	size_t n;

	ret->n = 0;
	if (!v)
		return;
	n = json_array_size(v);
	if (n < 1 || n > JSON_CAMERAS_MAX) {
		refuse(j, name, "a list of 1 to 64 cameras");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		char at[32];

		if (put_camera(ret, json_string_value(json_array_get(v, i))))
			continue;
		snprintf(at, sizeof(at), "%s/%zu", name, i);
		refuse(j, at, "the id of a camera, each once");
		return;
	}
}

size_t json_get_list(struct json *j, const char *name, size_t min, size_t max)
{
	json_t *v = get(j, name);
	size_t n = json_array_size(v);
	char say[48];

	if (v && (!json_is_array(v) || n < min || n > max)) {
		snprintf(say, sizeof(say), "a list of %zu to %zu", min, max);
		refuse(j, name, say);
	}
	return j->err == OK ? n : 0;
}

bool json_item(struct json *j, const char *name, size_t i, struct json *ret)
{
	json_t *v = json_array_get(json_object_get(j->root, name), i);
	char at[32];

	memset(ret, 0, sizeof(*ret));
	if (j->err != OK)
		return false;
	ret->root = v;
	if (json_is_object(v))
		return true;
	snprintf(at, sizeof(at), "%s/%zu", name, i);
	refuse(j, at, "an object");
	return false;
}

void json_item_end(struct json *j, const char *name, size_t i,
    struct json *item)
{
	if (j->err != OK || json_end(item) == OK)
		return;
	j->err = item->err;
	snprintf(j->pointer, sizeof(j->pointer), "/%.20s/%u%.48s", name,
	    (unsigned)i, item->pointer);
	memcpy(j->detail, item->detail, sizeof(j->detail));
}

/* A pointer to a member of the client's own name (RFC 6901, section 3). */
static void refuse_unknown(struct json *j, const char *key)
{
	char name[48];
	size_t n = 0;

	for (; *key && n + 3 < sizeof(name); key++) {
		if (*key == '~' || *key == '/') {
			name[n++] = '~';
			name[n++] = *key == '~' ? '0' : '1';
		} else if (*key > ' ' && *key < 127) {
			name[n++] = *key;
		} else {
			name[n++] = '?';
		}
	}
	name[n] = '\0';
	refuse(j, name, "there is no such member");
}

enum err json_end(struct json *j)
{
	const char *key;
	json_t *v;

	if (j->err != OK)
		return j->err;
	json_object_foreach(j->root, key, v)
	{
		bool known = false;

		for (unsigned i = 0; i < j->seen_n; i++)
			known = known || strcmp(j->seen[i], key) == 0;
		if (!known)
			refuse_unknown(j, key);
	}
	return j->err;
}

char *json_text(const char *fmt, ...)
{
	char *text = NULL;
	json_t *doc;
	va_list ap;

	va_start(ap, fmt);
	doc = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	if (doc)
		text = json_dumps(doc, JSON_COMPACT);
	json_decref(doc);
	return text;
}
