/* The only file of alert/ that includes jansson. */
#include "alert/json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* What is too long is cut, never within a character. */
static void copy(char *to, size_t n, const json_t *from)
{
	const char *s = json_string_value(from);
	size_t at;

	if ((size_t)snprintf(to, n, "%s", s ? s : "") < n)
		return;
	at = strlen(to);
	while (at && (unsigned char)to[at - 1] >= 0x80)
		to[--at] = '\0';
}

static bool is(const json_t *from, const char *word)
{
	const char *s = json_string_value(from);

	return s && !strcmp(s, word);
}

static bool one(const json_t *o, struct incident *i)
{
	const json_t *n = json_object_get(o, "n");

	*i = (struct incident){.n = -1};
	copy(i->kind, sizeof(i->kind), json_object_get(o, "kind"));
	copy(i->of, sizeof(i->of), json_object_get(o, "of"));
	copy(i->detail, sizeof(i->detail), json_object_get(o, "detail"));
	copy(i->since, sizeof(i->since), json_object_get(o, "since"));
	if (json_is_integer(n))
		i->n = json_integer_value(n);
	i->critical = is(json_object_get(o, "severity"), "critical");
	return *i->kind;
}

enum err json_health(const char *p, size_t n, struct health *ret)
{
	json_t *j = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *list = json_object_get(j, "incidents"), *o;
	const json_t *cameras = json_object_get(j, "cameras");
	bool ok = json_is_array(list) && json_is_object(cameras);
	size_t i;

	*ret = (struct health){0};
	if (ok) {
		copy(ret->site, sizeof(ret->site), json_object_get(j, "site"));
		copy(ret->now, sizeof(ret->now), json_object_get(j, "now"));
		ret->recording = (int)json_integer_value(
		    json_object_get(cameras, "recording"));
		ret->enabled = (int)json_integer_value(
		    json_object_get(cameras, "enabled"));
	}
	json_array_foreach(list, i, o)
	    if (ok && ret->n < INCIDENTS_MAX)
		ok = one(o, &ret->list[ret->n++]);
	json_decref(j);
	return ok ? OK : ERR_FORMAT;
}

struct texts {
	json_t *j;
};

enum err texts_open(const char *path, struct texts **ret)
{
	FILE *f = fopen(path, "re");
	struct texts *t = f ? calloc(1, sizeof(*t)) : NULL;

	if (t)
		t->j = json_loadf(f, JSON_REJECT_DUPLICATES, NULL);
	if (f)
		fclose(f);
	if (!f)
		return ERR_NOT_FOUND;
	if (!t || !t->j) {
		free(t);
		return ERR_FORMAT;
	}
	*ret = t;
	return OK;
}

void texts_close(struct texts *t)
{
	if (t)
		json_decref(t->j);
	free(t);
}

static const char *text(const struct texts *t, const char *table,
    const char *key, const char *language)
{
	return json_string_value(json_object_get(
	    json_object_get(json_object_get(t->j, table), key), language));
}

const char *texts_word(const struct texts *t, const char *key,
    const char *language)
{
	const char *s = text(t, "words", key, language);

	return s ? s : key;
}

const char *texts_mend(const struct texts *t, const char *kind)
{
	const char *s = text(t, "incidents", kind, "mend");

	return s ? s : "";
}

/* What a detail means: of this kind alone, or as a cause of gaps. */
static const char *detail_of(const struct texts *t, const struct incident *i,
    const char *language)
{
	char key[sizeof(i->kind) + sizeof(i->detail)];
	const char *s;

	snprintf(key, sizeof(key), "%s.%s", i->kind, i->detail);
	s = text(t, "of-kind", key, language);
	if (!s && !strcmp(i->kind, "camera-down"))
		s = text(t, "details", i->detail, language);
	return s ? s : i->detail;
}

char *texts_sentence(const struct texts *t, const char *language,
    const struct incident *i, char *buf, size_t n)
{
	const char *s = text(t, "incidents", i->kind, language);
	char number[24];
	size_t at = 0;

	snprintf(number, sizeof(number), "%lld", i->n);
	for (s = s ? s : i->kind; *s && at + 1 < n; s++) {
		const char *put = NULL;

		if (!strncmp(s, "{of}", 4))
			put = i->of;
		else if (!strncmp(s, "{n}", 3))
			put = number;
		else if (!strncmp(s, "{detail}", 8))
			put = detail_of(t, i, language);
		if (put) {
			at += (size_t)snprintf(buf + at, n - at, "%s", put);
			at = at < n ? at : n - 1;
			s = strchr(s, '}');
		} else {
			buf[at++] = *s;
		}
	}
	buf[at] = '\0';
	return buf;
}

char *json_event(const char *type, const char *time, const char *site,
    const struct incident *i, const char *sentence)
{
	json_t *j = json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s, "
			      "s:s}}",
	    "type", type, "timestamp", time, "data", "site", site, "kind",
	    i->kind, "of", i->of, "severity",
	    i->critical ? "critical" : "warning", "since", i->since, "detail",
	    i->detail, "text", sentence);
	char *s = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	return s;
}

char *json_told(const struct incident *i, const char *since, bool over,
    const char *whom)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", i->kind,
	    "of", i->of, "since", since, "event", over ? "over" : "opened",
	    "whom", whom);
	char *s = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	return s;
}
