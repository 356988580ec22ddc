/* export_report.c - report.html: the package in words, in three languages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/export.h"
#include "storage/ledger_keys.h"

/* storage/report.html and the built verify.html, linked in (Makefile) */
extern const char _binary_report_html_start[], _binary_report_html_end[];
extern const char _binary_verify_html_start[], _binary_verify_html_end[];

#define DASHES "-----\n"

static void put(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*s, f);
		}
	}
}

/* "22.11.2026 14:15:07 (UTC+05:00)" */
static void put_time(FILE *f, int64_t ns)
{
	char t[40];

	utc_rfc3339((struct utc){ns}, t, sizeof(t));
	fprintf(f, "%.2s.%.2s.%.4s %.8s (UTC%s)", t + 8, t + 5, t, t + 11,
	    t + 23);
}

/* "<lang> <cause> text" among the lines before the dashes. */
static void put_cause(FILE *f, const char *lang, const char *cause)
{
	const char *p = _binary_report_html_start;
	size_t n = strlen(lang), m = strlen(cause);

	while (p < _binary_report_html_end && strncmp(p, DASHES, 6) != 0) {
		const char *eol =
		    memchr(p, '\n', (size_t)(_binary_report_html_end - p));

		if (!eol)
			break;
		if ((size_t)(eol - p) > n + m + 2 && !strncmp(p, lang, n) &&
		    p[n] == ' ' && !strncmp(p + n + 1, cause, m) &&
		    p[n + 1 + m] == ' ') {
			fwrite(p + n + m + 2, 1, (size_t)(eol - p) - n - m - 2,
			    f);
			return;
		}
		p = eol + 1;
	}
	put(f, cause);
}

/* Who cosigned last, when, and how long before the package was made. */
static void put_witness(FILE *f, const char *lang, const struct export *x)
{
	const struct export_witness *w = &x->witness;
	long long age_s = (x->made.ns - w->at_ns) / NS_PER_SEC;

	if (!w->at_ns) {
		put_cause(f, lang, "unwitnessed");
		return;
	}
	put(f, w->by);
	fputs(", ", f);
	put_time(f, w->at_ns);
	fprintf(f, " (%lld:%02lld:%02lld ", age_s / 3600, age_s / 60 % 60,
	    age_s % 60);
	put_cause(f, lang, "before");
	fputc(')', f);
}

/* What such a package is good for, before all else. */
static void put_damage(FILE *f, const char *lang, const struct export *x)
{
	if (!export_lost(x))
		return;
	fputs("<p class=\"lost\"><strong>", f);
	put_cause(f, lang, "damage");
	fputs("</strong></p>\n", f);
}

static void put_gaps(FILE *f, const char *lang, const struct export *x)
{
	for (size_t i = 0; i < x->gaps_n; i++) {
		const struct export_gap *g = &x->gaps[i];

		fputs("<tr><td>", f);
		put(f, x->plays[g->play].camera);
		fputs("<td>", f);
		put_time(f, g->from_ns);
		fputs("<td>", f);
		put_time(f, g->to_ns);
		fputs(g->cause == CAUSE_LOST ? "<td class=\"lost\">" : "<td>",
		    f);
		put_cause(f, lang, cause_name(g->cause));
		fputc('\n', f);
	}
}

static void put_files(FILE *f, const struct export *x)
{
	char hex[2 * HASH_BYTES + 1];

	for (size_t i = 0; i < x->files_n; i++) {
		const struct export_file *e = &x->files[i];

		hex_encode(e->sha256, HASH_BYTES, hex);
		fputs("<tr><td>", f);
		put(f, e->name);
		fputs("<td>", f);
		put_time(f, e->run.from_ns);
		fputs("<td>", f);
		put_time(f, e->run.to_ns);
		fprintf(f, "<td>%llu<td class=\"hash\">%s\n",
		    (unsigned long long)e->bytes, hex);
	}
}

static void put_cameras(FILE *f, const struct export *x, const struct view *v)
{
	for (size_t i = 0; i < x->plays_n; i++) {
		struct camera_row c;

		if (index_camera_find(v->ix, x->plays[i].camera, &c))
			continue;
		fputs("<tr><td>", f);
		put(f, c.id);
		fputs("<td>", f);
		put(f, c.name);
		fputs("<td>", f);
		put(f, c.atm);
		fputs("<td>", f);
		put(f, c.place);
		fputc('\n', f);
	}
}

/* The simple fields; false for another name. */
static bool put_text(FILE *f, const char *name, const struct export *x,
    const struct view *v)
{
	const char *origin = ledger_origin(v->ledger);
	const struct {
		const char *name, *text;
	} texts[] = {
	    {"id", x->id},
	    {"site", v->site},
	    {"request", x->request.id},
	    {"reason", x->request.reason},
	    {"case", x->request.case_no},
	    {"requester", x->requester.name},
	    {"decider", x->decider.name},
	    {"decision_reason", x->request.decision_reason},
	    {"origin", origin},
	    {"software", "saqta " SAQTA_VERSION},
	};
	const struct {
		const char *name;
		int64_t ns;
	} times[] = {
	    {"made", x->made.ns},
	    {"from", x->request.granted_from_ns},
	    {"to", x->request.granted_to_ns},
	    {"asked", x->request.created_ns},
	    {"decided", x->request.decided_ns},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(name, texts[i].name)) {
			put(f, texts[i].text);
			return true;
		}
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (!strcmp(name, times[i].name)) {
			put_time(f, times[i].ns);
			return true;
		}
	return false;
}

static bool put_field(FILE *f, const char *name, const struct export *x,
    const struct view *v)
{
	if (!strncmp(name, "gaps-", 5))
		put_gaps(f, name + 5, x);
	else if (!strncmp(name, "damage-", 7))
		put_damage(f, name + 7, x);
	else if (!strncmp(name, "witness-", 8))
		put_witness(f, name + 8, x);
	else if (!strcmp(name, "files"))
		put_files(f, x);
	else if (!strcmp(name, "cameras"))
		put_cameras(f, x, v);
	else
		return put_text(f, name, x, v);
	return true;
}

/* {name} is a field where it is one; CSS has braces too. */
static void fill(FILE *f, const char *p, const struct export *x,
    const struct view *v)
{
	while (*p) {
		size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_-");
		char name[32];

		if (*p == '{' && n && n < sizeof(name) && p[n + 1] == '}') {
			memcpy(name, p + 1, n);
			name[n] = '\0';
			if (put_field(f, name, x, v)) {
				p += n + 2;
				continue;
			}
		}
		fputc(*p++, f);
	}
}

enum err export_report(const struct export *x, const struct view *v, char **ret,
    size_t *ret_n)
{
	size_t n =
	    (size_t)(_binary_report_html_end - _binary_report_html_start);
	char *all = strndup(_binary_report_html_start, n), *page;
	char *text = NULL;
	FILE *f = NULL;
	enum err err = all ? OK : ERR_NO_MEMORY;

	page = all ? strstr(all, "\n" DASHES) : NULL;
	if (!err && !page)
		err = ERR_INTERNAL;
	if (!err) {
		f = open_memstream(&text, ret_n);
		err = f ? OK : ERR_NO_MEMORY;
	}
	if (f) {
		fill(f, page + 7, x, v);
		if (fclose(f))
			err = ERR_NO_MEMORY;
	}
	free(all);
	if (err) {
		free(text);
		return err;
	}
	*ret = text;
	return OK;
}

void export_verify_page(const char **ret, size_t *ret_n)
{
	*ret = _binary_verify_html_start;
	*ret_n = (size_t)(_binary_verify_html_end - _binary_verify_html_start);
}
