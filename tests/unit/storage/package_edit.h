/*
 * package_edit.h - the package of package_box.h, tampered with, and what the
 * verifier says of it.
 */
#ifndef SAQTA_TEST_PACKAGE_EDIT_H
#define SAQTA_TEST_PACKAGE_EDIT_H

#include "tests/unit/storage/package_box.h"

#include "storage/export.h"
#include "storage/zip.h"
#include "tests/unit/storage/zip_make.h"

static struct judgement verdict;
static struct policy policy;

static inline const struct finding *find(const char *code)
{
	for (size_t i = 0; i < verdict.findings_n; i++)
		if (!strcmp(verdict.findings[i].code, code))
			return &verdict.findings[i];
	return NULL;
}

/* The package with one file replaced by n bytes; p NULL: left out. */
static inline void with_file(const char *name, const void *p, size_t n,
    struct zip_make *ret)
{
	int fd = package_fd(package.zip, package.n);
	struct zip z;

	*ret = (struct zip_make){0};
	assert_int_equal(zip_read(fd, package.n, &z), OK);
	for (size_t i = 0; i < z.n; i++) {
		const struct zip_file *f = &z.files[i];

		if (strcmp(f->name, name) != 0)
			zip_put(ret, f->name, package.zip + f->off, f->size);
		else if (p)
			zip_put(ret, name, p, n);
	}
	zip_done(ret);
	zip_free(&z);
	close(fd);
}

static inline void judge(struct zip_make *z)
{
	package_verify(z->p, z->n, &policy, &verdict);
	free(z->p);
}

static inline char *text_of(const char *name)
{
	int fd = package_fd(package.zip, package.n);
	const struct zip_file *f;
	struct zip z;
	char *text;

	assert_int_equal(zip_read(fd, package.n, &z), OK);
	f = zip_find(&z, name);
	assert_non_null(f);
	text = calloc(1, f->size + 65);
	memcpy(text, package.zip + f->off, f->size);
	zip_free(&z);
	close(fd);
	return text;
}

/* Replace the first `from` in a text by `to`; the text may grow by 64 bytes. */
static inline void replace(char *text, const char *from, const char *to)
{
	char *at = strstr(text, from);
	size_t n = strlen(from), m = strlen(to);

	assert_non_null(at);
	memmove(at + m, at + n, strlen(at + n) + 1);
	memcpy(at, to, m);
}

static uint64_t package_more; /* one more entry that forge() proves */

/* The indices of the entries that the package proves, but its export's. */
static inline size_t proven(uint64_t ret[64])
{
	char *text = text_of("proof.txt");
	struct proof f;
	size_t n = 0;

	assert_int_equal(proof_parse(text, strlen(text), &f), OK);
	for (size_t i = 0; i < f.n; i++)
		if (f.entries[i].view.type != ENTRY_EXPORT)
			ret[n++] = f.entries[i].index;
	if (package_more)
		ret[n++] = package_more;
	proof_free(&f);
	free(text);
	return n;
}

/*
 * What a box whose root lies can make: the package with that manifest, entered
 * and proved by the log l, which has the same entries.
 */
static inline void forge(struct ledger *l, const char *manifest,
    char **ret_proof, struct zip_make *ret)
{
	uint64_t entries[65];
	struct export x = {.own = l,
	    .entries = {.p = entries, .n = proven(entries)}};
	unsigned char hash[HASH_BYTES], *zip = package.zip;
	size_t n = package.n;
	struct zip_make other;
	struct proof_out out;
	struct entry e;

	sha256(manifest, strlen(manifest), hash);
	entry_begin(&e, ENTRY_EXPORT, (struct utc){NOW}, AUDITOR_2);
	entry_put_text(&e, TAG_REQUEST, PACKAGE_REQUEST);
	entry_put_u64(&e, TAG_DECISION, package.decision);
	entry_put_text(&e, TAG_EXPORT, "EXP-2026-00001");
	entry_put_bytes(&e, TAG_MANIFEST, hash, sizeof(hash));
	assert_int_equal(entry_end(&e), OK);
	assert_int_equal(ledger_put(l, &e, &entries[x.entries.n++]), OK);
	assert_int_equal(ledger_commit(l), OK);
	assert_int_equal(ledger_checkpoint(l), OK);
	assert_int_equal(export_proof(&x, &out), OK);
	with_file("manifest.json", manifest, strlen(manifest), &other);
	package.zip = other.p;
	package.n = other.n;
	with_file("proof.txt", out.p, out.n, ret);
	package.zip = zip;
	package.n = n;
	free(other.p);
	*ret_proof = strndup(out.p, out.n);
	free(out.p);
}

/* A policy as a file. */
static inline void write_policy(const struct policy *p, const char *path)
{
	char log[VKEY_TEXT], key[VKEY_TEXT];
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	vkey_format(&p->logs[0], log);
	fprintf(f, "log %s\n", log);
	if (p->nodes_n) {
		vkey_format(&p->nodes[0].key, key);
		fprintf(f, "witness head-office %s\n", key);
	}
	fprintf(f, "quorum %s\n", p->nodes_n ? "head-office" : "none");
	assert_int_equal(fclose(f), 0);
}

/* The verdict as verify_node.mjs prints it. */
static inline void print_verdict(char *out, size_t room)
{
	size_t n = (size_t)snprintf(out, room, "{\"status\":%d,\"claims\":[",
	    verdict.status);

	for (int c = 0; c < CLAIMS; c++)
		n += (size_t)snprintf(out + n, room - n, "%s\"%s\"",
		    c ? "," : "", answer_name(verdict.answers[c]));
	n += (size_t)snprintf(out + n, room - n, "],\"findings\":[");
	for (size_t i = 0; i < verdict.findings_n; i++)
		n += (size_t)snprintf(out + n, room - n,
		    "%s[\"%s\",\"%s\",%lld]", i ? "," : "",
		    verdict.findings[i].code, verdict.findings[i].file,
		    (long long)verdict.findings[i].at_ms);
	snprintf(out + n, room - n, "]}\n");
}

/* The package's own page and the reader in Python say the same. */
static inline void others_agree(void)
{
	const char *build = getenv("SAQTA_BUILD");
	char cmd[512], want[1024], *told;

	snprintf(cmd, sizeof(cmd),
	    "PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "
	    "tests/reader/package_reader.py %s/past.zip --policy "
	    "%s/past.policy >%s/past.said",
	    box.dir, box.dir, box.dir);
	assert_int_equal(WEXITSTATUS(system(cmd)), verdict.status);
	snprintf(cmd, sizeof(cmd),
	    "node tests/browser/verify_node.mjs %s/verify.html.js "
	    "%s/past.zip %s/past.policy",
	    build ? build : "build/san", box.dir, box.dir);
	told = clip_output(cmd);
	print_verdict(want, sizeof(want));
	assert_string_equal(told, want);
	free(told);
}

/* What all three verifiers say of it. */
static inline void judge_by(const struct zip_make *z, const struct policy *p)
{
	char path[160];
	FILE *f;

	package_verify(z->p, z->n, p, &verdict);
	snprintf(path, sizeof(path), "%s/past.policy", box.dir);
	write_policy(p, path);
	snprintf(path, sizeof(path), "%s/past.zip", box.dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(z->p, 1, z->n, f), z->n);
	assert_int_equal(fclose(f), 0);
	others_agree();
}

/* Ask for a package of it; the reader's sentence. */
static inline enum err refused(char *ret_say, size_t room)
{
	struct wire w;
	enum err err;

	box_session(AUDITOR_2);
	wire_begin(&w, MSG_EXPORT_NEW, ++box.id);
	wire_put_str(&w, PACKAGE_REQUEST);
	wire_put_str(&w, credential(AUDITOR_2));
	err = box_ask(&w);
	snprintf(ret_say, room, "%s", err ? wire_get_str(&w) : "");
	box_stop();
	return err;
}

#endif
