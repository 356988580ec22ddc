#include "storage/policy.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX (POLICY_NODES_MAX + 4)

/* The words of a line; false where there are too many. */
static bool split(char *line, char **ret, size_t *ret_n)
{
	char *save = NULL;

	*ret_n = 0;
	for (char *w = strtok_r(line, " \t\r", &save); w;
	     w = strtok_r(NULL, " \t\r", &save)) {
		if (*ret_n == WORDS_MAX)
			return false;
		ret[(*ret_n)++] = w;
	}
	return true;
}

static int node(const struct policy *p, const char *name)
{
	for (size_t i = 0; i < p->nodes_n; i++)
		if (!strcmp(p->nodes[i].name, name))
			return (int)i;
	return -1;
}

static struct policy_node *new_node(struct policy *p, const char *name)
{
	struct policy_node *x = &p->nodes[p->nodes_n];

	if (p->nodes_n == POLICY_NODES_MAX || !strcmp(name, "none") ||
	    strlen(name) > NOTE_NAME_MAX || node(p, name) >= 0)
		return NULL;
	memcpy(x->name, name, strlen(name) + 1);
	return x;
}

/* log VKEY [URL] */
static bool put_log(struct policy *p, char **w, size_t n)
{
	struct vkey *k = &p->logs[p->logs_n];

	if (n < 2 || n > 3 || p->logs_n == POLICY_LOGS_MAX ||
	    vkey_parse(w[1], k) || k->kind != NOTE_ED25519)
		return false;
	p->logs_n++;
	return true;
}

/* witness NAME VKEY [URL] */
static bool put_witness(struct policy *p, char **w, size_t n)
{
	struct policy_node *x = n < 3 || n > 4 ? NULL : new_node(p, w[1]);

	if (!x || vkey_parse(w[2], &x->key) || x->key.kind != NOTE_COSIGNATURE)
		return false;
	/* one key under two names would count twice */
	for (size_t i = 0; i < p->nodes_n; i++)
		if (p->nodes[i].witness &&
		    !memcmp(p->nodes[i].key.key, x->key.key, KEY_BYTES))
			return false;
	x->witness = true;
	p->nodes_n++;
	return true;
}

/* group NAME any|all|K MEMBER... */
static bool put_group(struct policy *p, char **w, size_t n)
{
	struct policy_node *x = n < 4 ? NULL : new_node(p, w[1]);

	if (!x)
		return false;
	for (size_t i = 3; i < n; i++) {
		int m = node(p, w[i]);

		if (m < 0 || memchr(x->members, m, x->members_n))
			return false;
		x->members[x->members_n++] = (unsigned char)m;
	}
	if (!strcmp(w[2], "any"))
		x->k = 1;
	else if (!strcmp(w[2], "all"))
		x->k = x->members_n;
	else
		for (const char *c = w[2]; *c; c++) {
			if (*c < '0' || *c > '9' || x->k > x->members_n)
				return false;
			x->k = 10 * x->k + (unsigned)(*c - '0');
		}
	if (!x->k || x->k > x->members_n)
		return false;
	p->nodes_n++;
	return true;
}

static bool put_line(struct policy *p, char **w, size_t n, bool *quorum)
{
	if (!strcmp(w[0], "log"))
		return put_log(p, w, n);
	if (!strcmp(w[0], "witness"))
		return put_witness(p, w, n);
	if (!strcmp(w[0], "group"))
		return put_group(p, w, n);
	if (strcmp(w[0], "quorum") != 0 || n != 2 || *quorum)
		return false;
	*quorum = true;
	p->quorum = node(p, w[1]);
	return p->quorum >= 0 || !strcmp(w[1], "none");
}

enum err policy_parse(const void *p, size_t n, struct policy *ret,
    unsigned *ret_line)
{
	static _Thread_local char copy[POLICY_MAX + 1];
	char *words[WORDS_MAX], *next = copy;
	bool quorum = false;
	size_t words_n;

	*ret_line = 0;
	if (n > POLICY_MAX)
		return ERR_TOO_LARGE;
	if (memchr(p, '\0', n))
		return ERR_FORMAT;
	memcpy(copy, p, n);
	copy[n] = '\0';
	*ret = (struct policy){.quorum = -1};
	while (next) {
		char *line = next, *eol = strchr(line, '\n');

		next = eol ? eol + 1 : NULL;
		if (eol)
			*eol = '\0';
		++*ret_line;
		if (!split(line, words, &words_n))
			return ERR_FORMAT;
		if (!words_n || words[0][0] == '#')
			continue;
		if (!put_line(ret, words, words_n, &quorum))
			return ERR_FORMAT;
	}
	return quorum && ret->logs_n ? OK : ERR_FORMAT;
}

enum err policy_origin(const struct policy *p, const char *origin,
    const void *note, size_t n)
{
	enum err result = ERR_NO_KEY;
	size_t text_n;

	for (size_t i = 0; i < p->logs_n; i++) {
		enum err e;

		if (strcmp(p->logs[i].name, origin) != 0)
			continue;
		e = note_check(note, n, origin, p->logs[i].key, &text_n);
		if (e == ERR_INTEGRITY)
			return e;
		if (!e)
			result = OK;
	}
	return result;
}

#define NEVER INT64_MAX

/* When a node was first satisfied. Members stand before their group. */
static void times(const struct policy *p, const void *note, size_t n,
    int64_t ret[POLICY_NODES_MAX])
{
	unsigned char sig[COSIGN_BYTES];
	int64_t sorted[POLICY_NODES_MAX];

	for (size_t i = 0; i < p->nodes_n; i++) {
		const struct policy_node *x = &p->nodes[i];
		unsigned m = 0;

		if (x->witness) {
			if (cosign_find(note, n, &x->key, sig, &ret[i]))
				ret[i] = NEVER;
			continue;
		}
		for (unsigned k = 0; k < x->members_n; k++) {
			int64_t t = ret[x->members[k]];
			unsigned at = m++;

			for (; at && sorted[at - 1] > t; at--)
				sorted[at] = sorted[at - 1];
			sorted[at] = t;
		}
		ret[i] = sorted[x->k - 1];
	}
}

enum err policy_quorum(const struct policy *p, const void *note, size_t n,
    int64_t *ret_time_s, char *ret_who, size_t who_room)
{
	int64_t at[POLICY_NODES_MAX];
	size_t used = 0;

	if (p->quorum < 0)
		return ERR_NOT_FOUND;
	times(p, note, n, at);
	if (at[p->quorum] == NEVER)
		return ERR_NO_KEY;
	*ret_time_s = at[p->quorum];
	*ret_who = '\0';
	for (size_t i = 0; i < p->nodes_n; i++)
		if (p->nodes[i].witness && at[i] <= at[p->quorum] &&
		    used + strlen(p->nodes[i].name) + 2 < who_room)
			used +=
			    (size_t)snprintf(ret_who + used, who_room - used,
				"%s%s", used ? " " : "", p->nodes[i].name);
	return OK;
}
