#include "storage/ledger_keys.h"
#include "storage/manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_MAX (24 * 60) /* minutes */

/* Errors are sticky: what is read after the first one is zero. */
struct in {
	enum err err;
};

static void bad(struct in *in, enum err e)
{
	if (!in->err)
		in->err = e;
}

static const char *text(struct in *in, const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (!s)
		bad(in, ERR_FORMAT);
	return s ? s : "";
}

static void copy(struct in *in, const json_t *o, const char *key, char *ret,
    size_t room)
{
	const char *s = text(in, o, key);

	if (strlen(s) >= room) {
		bad(in, ERR_FORMAT);
		s = "";
	}
	memcpy(ret, s, strlen(s) + 1);
}

static uint64_t number(struct in *in, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0) {
		bad(in, ERR_FORMAT);
		return 0;
	}
	return (uint64_t)json_integer_value(v);
}

static uint32_t number32(struct in *in, const json_t *o, const char *key)
{
	uint64_t v = number(in, o, key);

	if (v > UINT32_MAX)
		bad(in, ERR_FORMAT);
	return (uint32_t)v;
}

/* Nanoseconds travel as decimal text: JavaScript would round a number. */
static int64_t instant(struct in *in, const json_t *o, const char *key)
{
	const char *s = text(in, o, key);
	int64_t v = 0;

	if (!*s)
		bad(in, ERR_FORMAT);
	for (; *s && !in->err; s++) {
		if (*s < '0' || *s > '9' || v > INT64_MAX / 10 - 1)
			bad(in, ERR_FORMAT);
		else
			v = 10 * v + (*s - '0');
	}
	if (v >= JOURNAL_INSTANT_MAX)
		bad(in, ERR_FORMAT);
	return in->err ? 0 : v;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void hex(struct in *in, const char *s, unsigned char *ret, size_t n)
{
	if (strlen(s) != 2 * n) {
		bad(in, ERR_FORMAT);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		int h = digit(s[2 * i]), l = digit(s[2 * i + 1]);

		if (h < 0 || l < 0) {
			bad(in, ERR_FORMAT);
			return;
		}
		ret[i] = (unsigned char)(h << 4 | l);
	}
}

/* An array of at most max things of `size` bytes each; NULL where empty. */
static void *array(struct in *in, const json_t *o, const char *key, size_t max,
    size_t size, const json_t **ret, size_t *ret_n)
{
	const json_t *a = json_object_get(o, key);
	size_t n = json_array_size(a);
	void *p;

	*ret_n = 0;
	*ret = a;
	if (!json_is_array(a))
		bad(in, ERR_FORMAT);
	else if (n > max)
		bad(in, ERR_TOO_LARGE);
	if (in->err || !n)
		return NULL;
	p = calloc(n, size);
	if (!p)
		bad(in, ERR_NO_MEMORY);
	else
		*ret_n = n;
	return p;
}

static void leaf(struct in *in, const json_t *v, struct manifest_leaf *ret)
{
	const char *s = json_string_value(v);
	unsigned char claim[JOURNAL_CLAIM] = {0};

	if (!s) {
		bad(in, ERR_FORMAT);
		return;
	}
	ret->whole = strlen(s) == 2 * JOURNAL_CLAIM;
	if (!ret->whole) {
		hex(in, s, ret->hash, HASH_BYTES);
		return;
	}
	hex(in, s, claim, sizeof(claim));
	if (!in->err && journal_claim_parse(claim, &ret->claim))
		bad(in, ERR_FORMAT);
	merkle_leaf(claim, sizeof(claim), ret->hash);
}

/* Of the log that has the entry; 0: the present one. */
static unsigned epoch(struct in *in, const json_t *o, const char *key)
{
	uint32_t n;

	if (!json_object_get(o, key))
		return 0;
	n = number32(in, o, key);
	if (!n || n >= EPOCHS_MAX)
		bad(in, ERR_FORMAT);
	return n;
}

static void empty(struct in *in, const json_t *o, struct manifest *m)
{
	const json_t *a;

	if (!json_object_get(o, "empty"))
		return;
	m->empty = array(in, o, "empty", MANIFEST_ITEMS_MAX, sizeof(*m->empty),
	    &a, &m->empty_n);
	for (size_t i = 0; i < m->empty_n && !in->err; i++) {
		const json_t *e = json_array_get(a, i);

		copy(in, e, "camera", m->empty[i].camera,
		    sizeof(m->empty[i].camera));
		m->empty[i].seq = number(in, e, "seq");
		m->empty[i].entry = number(in, e, "entry");
		m->empty[i].epoch = epoch(in, e, "epoch");
	}
}

static void segment(struct in *in, const json_t *o,
    struct manifest_segment *ret)
{
	const json_t *a;
	size_t n;

	copy(in, o, "camera", ret->camera, sizeof(ret->camera));
	ret->seq = number(in, o, "seq");
	ret->entry = number(in, o, "entry");
	ret->epoch = epoch(in, o, "epoch");
	ret->leaves = array(in, o, "leaves", MANIFEST_ITEMS_MAX,
	    sizeof(*ret->leaves), &a, &n);
	ret->n = (uint32_t)n;
	for (size_t i = 0; i < n && !in->err; i++)
		leaf(in, json_array_get(a, i), &ret->leaves[i]);
}

static void file(struct in *in, const json_t *o, struct manifest_file *ret)
{
	const json_t *a, *beyond = json_object_get(o, "beyond");

	copy(in, o, "name", ret->name, sizeof(ret->name));
	copy(in, o, "camera", ret->camera, sizeof(ret->camera));
	ret->bytes = number(in, o, "bytes");
	hex(in, text(in, o, "sha256"), ret->sha256, HASH_BYTES);
	if (beyond) {
		ret->beyond_from_ns = instant(in, beyond, "from_ns");
		ret->beyond_to_ns = instant(in, beyond, "to_ns");
	}
	ret->parts = array(in, o, "parts", MANIFEST_ITEMS_MAX,
	    sizeof(*ret->parts), &a, &ret->n);
	for (size_t i = 0; i < ret->n && !in->err; i++) {
		const json_t *p = json_array_get(a, i);

		ret->parts[i].seq = number(in, p, "seq");
		ret->parts[i].first = number32(in, p, "first");
		ret->parts[i].n = number32(in, p, "count");
	}
}

static void lists(struct in *in, const json_t *o, struct manifest *m)
{
	const json_t *a;

	m->segments = array(in, o, "segments", MANIFEST_ITEMS_MAX,
	    sizeof(*m->segments), &a, &m->segments_n);
	for (size_t i = 0; i < m->segments_n && !in->err; i++)
		segment(in, json_array_get(a, i), &m->segments[i]);
	m->files = array(in, o, "files", ZIP_FILES_MAX, sizeof(*m->files), &a,
	    &m->files_n);
	for (size_t i = 0; i < m->files_n && !in->err; i++)
		file(in, json_array_get(a, i), &m->files[i]);
	m->papers = array(in, o, "papers", ZIP_FILES_MAX, sizeof(*m->papers),
	    &a, &m->papers_n);
	for (size_t i = 0; i < m->papers_n && !in->err; i++) {
		const json_t *p = json_array_get(a, i);

		copy(in, p, "name", m->papers[i].name,
		    sizeof(m->papers[i].name));
		hex(in, text(in, p, "sha256"), m->papers[i].sha256, HASH_BYTES);
	}
	m->gaps = array(in, o, "gaps", MANIFEST_ITEMS_MAX, sizeof(*m->gaps), &a,
	    &m->gaps_n);
	for (size_t i = 0; i < m->gaps_n && !in->err; i++) {
		const json_t *g = json_array_get(a, i);

		copy(in, g, "camera", m->gaps[i].camera,
		    sizeof(m->gaps[i].camera));
		m->gaps[i].from_ns = instant(in, g, "from_ns");
		m->gaps[i].to_ns = instant(in, g, "to_ns");
		m->gaps[i].cause = text(in, g, "cause");
		m->gaps[i].entered = json_object_get(g, "entry") != NULL;
		if (m->gaps[i].entered)
			m->gaps[i].entry = number(in, g, "entry");
		m->gaps[i].epoch = epoch(in, g, "epoch");
	}
}

static void opened(struct in *in, const json_t *o, struct manifest *m)
{
	const json_t *a;

	m->opened = array(in, o, "opened", MANIFEST_ITEMS_MAX,
	    sizeof(*m->opened), &a, &m->opened_n);
	for (size_t i = 0; i < m->opened_n && !in->err; i++) {
		const json_t *x = json_array_get(a, i);

		m->opened[i].entry = number(in, x, "entry");
		m->opened[i].epoch = epoch(in, x, "epoch");
		m->opened[i].tag = number32(in, x, "tag");
		hex(in, text(in, x, "salt"), m->opened[i].salt,
		    COMMITMENT_SALT);
		m->opened[i].text = text(in, x, "text");
	}
}

/* How far ahead of UTC: the first stands for what was before, too. */
static void offsets(struct in *in, const json_t *o, struct manifest *m)
{
	const json_t *a;

	if (!json_object_get(o, "offsets"))
		return;
	m->offsets = array(in, o, "offsets", MANIFEST_OFFSETS_MAX,
	    sizeof(*m->offsets), &a, &m->offsets_n);
	for (size_t i = 0; i < m->offsets_n && !in->err; i++) {
		const json_t *x = json_array_get(a, i);
		const json_t *minutes = json_object_get(x, "minutes");
		json_int_t n = json_integer_value(minutes);

		m->offsets[i].from_ns = instant(in, x, "from_ns");
		if (!json_is_integer(minutes) || n <= -OFFSET_MAX ||
		    n >= OFFSET_MAX ||
		    (i && m->offsets[i].from_ns <= m->offsets[i - 1].from_ns))
			bad(in, ERR_FORMAT);
		else
			m->offsets[i].minutes = (int)n;
	}
}

static void request(struct in *in, const json_t *o, struct manifest *m)
{
	const json_t *a = json_object_get(o, "cameras");

	copy(in, o, "id", m->request, sizeof(m->request));
	m->request_entry = number(in, o, "entry");
	m->decision_entry = number(in, o, "decision_entry");
	m->request_epoch = epoch(in, o, "epoch");
	m->decision_epoch = epoch(in, o, "decision_epoch");
	m->from_ns = instant(in, o, "from_ns");
	m->to_ns = instant(in, o, "to_ns");
	m->cameras_n = json_array_size(a);
	if (!json_is_array(a) || m->cameras_n > CAMERAS_MAX)
		bad(in, ERR_FORMAT);
	for (size_t i = 0; i < m->cameras_n && !in->err; i++) {
		const char *s = json_string_value(json_array_get(a, i));

		if (!s || strlen(s) > CAMERA_ID_MAX)
			bad(in, ERR_FORMAT);
		else
			memcpy(m->cameras[i], s, strlen(s) + 1);
	}
}

enum err manifest_parse(const void *p, size_t n, struct manifest *ret)
{
	struct manifest m = {0};
	struct in in = {OK};
	json_t *o;

	if (n > MANIFEST_MAX)
		return ERR_TOO_LARGE;
	o = json_loadb(p, n, JSON_REJECT_DUPLICATES, NULL);
	if (!o)
		return ERR_FORMAT;
	m.json = o;
	if (strcmp(text(&in, o, "format"), "saqta manifest v1") != 0)
		bad(&in, ERR_FORMAT);
	m.software = text(&in, o, "software");
	m.site = text(&in, o, "site");
	m.origin = text(&in, o, "origin");
	m.zone = text(&in, o, "zone");
	copy(&in, o, "export", m.id, sizeof(m.id));
	request(&in, json_object_get(o, "request"), &m);
	lists(&in, o, &m);
	empty(&in, o, &m);
	opened(&in, o, &m);
	offsets(&in, o, &m);
	if (in.err) {
		manifest_free(&m);
		return in.err;
	}
	*ret = m;
	return OK;
}

void manifest_free(struct manifest *m)
{
	for (size_t i = 0; i < m->segments_n; i++)
		free(m->segments[i].leaves);
	for (size_t i = 0; i < m->files_n; i++)
		free(m->files[i].parts);
	free(m->segments);
	free(m->files);
	free(m->papers);
	free(m->gaps);
	free(m->empty);
	free(m->opened);
	free(m->offsets);
	json_decref(m->json);
	*m = (struct manifest){0};
}

const struct manifest_segment *manifest_segment(const struct manifest *m,
    const char *camera, uint64_t seq)
{
	for (size_t i = 0; i < m->segments_n; i++)
		if (m->segments[i].seq == seq &&
		    !strcmp(m->segments[i].camera, camera))
			return &m->segments[i];
	return NULL;
}

const char *manifest_text(const struct manifest *m, unsigned epoch,
    uint64_t entry, unsigned tag)
{
	for (size_t i = 0; i < m->opened_n; i++)
		if (m->opened[i].epoch == epoch &&
		    m->opened[i].entry == entry && m->opened[i].tag == tag)
			return m->opened[i].text;
	return NULL;
}
