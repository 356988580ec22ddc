#include "storage/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "storage/disk.h"
#include "storage/ledger_keys.h"
#include "storage/verify_state.h"

static const char *const claims[CLAIMS] = {
    [CLAIM_UNCHANGED] = "unchanged",
    [CLAIM_COMPLETE] = "complete",
    [CLAIM_TIME] = "time",
    [CLAIM_PEOPLE] = "people",
    [CLAIM_LOG] = "log",
};

const char *claim_name(enum claim c)
{
	return c >= 0 && c < CLAIMS ? claims[c] : "unknown";
}

const char *answer_name(enum answer a)
{
	return a == PROVEN  ? "proven" :
	    a == NOT_PROVEN ? "not proven" :
			      "not claimed";
}

void verify_finding(struct verify *v, bool missing, const char *code,
    const char *file, int64_t at_ms, const char *fmt, ...)
{
	struct judgement *d = v->out;
	struct finding *f = &d->findings[d->findings_n];
	va_list ap;

	if (missing)
		d->missing++;
	else
		d->changed++;
	if (d->findings_n == FINDINGS_MAX)
		return;
	d->findings_n++;
	f->missing = missing;
	f->code = code;
	f->at_ms = at_ms;
	snprintf(f->file, sizeof(f->file), "%s", file);
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

void verify_say(struct verify *v, enum claim c, enum answer a, const char *fmt,
    ...)
{
	va_list ap;

	v->out->answers[c] = a;
	va_start(ap, fmt);
	vsnprintf(v->out->says[c], sizeof(v->out->says[c]), fmt, ap);
	va_end(ap);
}

/* "2026-11-22" and "09:15:07" of a second. */
static bool split_time(int64_t s, char day[16], char clock[16])
{
	time_t t = (time_t)s;
	struct tm tm;

	return gmtime_r(&t, &tm) && strftime(day, 16, "%Y-%m-%d", &tm) &&
	    strftime(clock, 16, "%H:%M:%S", &tm);
}

/* Minutes ahead of UTC, as the package tells; false where it does not. */
static bool offset_at(const struct manifest *m, int64_t ns, int *ret)
{
	if (!m->offsets_n)
		return false;
	*ret = m->offsets[0].minutes;
	for (size_t i = 1; i < m->offsets_n; i++)
		if (m->offsets[i].from_ns <= ns)
			*ret = m->offsets[i].minutes;
	return true;
}

char *verify_time(const struct verify *v, int64_t ns, char buf[VERIFY_TIME])
{
	char day[16], clock[16], utc_day[16], utc_clock[16];
	int64_t s = ns / NS_PER_SEC;
	bool same;
	int min;

	if (!split_time(s, utc_day, utc_clock)) {
		strcpy(buf, "?");
		return buf;
	}
	if (!offset_at(&v->manifest, ns, &min) ||
	    !split_time(s + 60 * min, day, clock)) {
		snprintf(buf, VERIFY_TIME, "%s %s UTC", utc_day, utc_clock);
		return buf;
	}
	same = !strcmp(day, utc_day);
	snprintf(buf, VERIFY_TIME, "%s %s (UTC%c%02d:%02d; %s%s%s UTC)", day,
	    clock, min < 0 ? '-' : '+', abs(min) / 60, abs(min) % 60,
	    same ? "" : utc_day, same ? "" : " ", utc_clock);
	return buf;
}

bool field_is(const struct proof_entry *x, enum entry_tag tag, const char *s)
{
	struct entry_field f;

	return entry_find(&x->view, tag, &f) && f.n == strlen(s) &&
	    !memcmp(f.p, s, f.n);
}

bool field_is_u64(const struct proof_entry *x, enum entry_tag tag, uint64_t n)
{
	struct entry_field f;

	return entry_find(&x->view, tag, &f) && f.n == 8 && field_u64(&f) == n;
}

const struct proof_entry *verify_entry(struct verify *v, unsigned epoch,
    uint64_t index, enum entry_type type, const char *what)
{
	const struct proof *log = verify_proof_of(v, epoch);
	const struct proof_entry *x = log ? proof_find(log, index) : NULL;
	char file[32] = "proof.txt";

	if (x && x->view.type == (unsigned)type)
		return x;
	if (epoch)
		snprintf(file, sizeof(file), "former-%u.txt", epoch);
	verify_finding(v, false, "entry", file, -1, "entry %llu is not %s",
	    (unsigned long long)index, what);
	return NULL;
}

enum err verify_read(struct verify *v, const char *name, uint64_t max,
    unsigned char **ret, size_t *ret_n)
{
	const struct zip_file *f = zip_find(&v->zip, name);
	enum err e;

	if (!f) {
		verify_finding(v, true, "file", name, -1,
		    "%s is not in the package", name);
		return ERR_NOT_FOUND;
	}
	if (f->size > max) {
		verify_finding(v, false, "file", name, -1, "%s is too large",
		    name);
		return ERR_TOO_LARGE;
	}
	*ret = malloc((size_t)f->size + 1);
	if (!*ret)
		return ERR_NO_MEMORY;
	e = disk_pread(v->fd, *ret, (size_t)f->size, f->off);
	if (e)
		free(*ret);
	*ret_n = (size_t)f->size;
	return e;
}

static enum err read_manifest(struct verify *v)
{
	unsigned char *p;
	size_t n;
	enum err e = verify_read(v, "manifest.json", MANIFEST_MAX, &p, &n);

	if (e)
		return e;
	sha256(p, n, v->manifest_hash);
	e = manifest_parse(p, n, &v->manifest);
	free(p);
	if (e == ERR_FORMAT || e == ERR_TOO_LARGE)
		verify_finding(v, false, "manifest", "manifest.json", -1,
		    "manifest.json is not a manifest");
	return e;
}

static enum err read_proof(struct verify *v)
{
	unsigned char *p;
	uint64_t bad;
	size_t n;
	enum err e = verify_read(v, "proof.txt", PROOF_MAX, &p, &n);

	if (e)
		return e;
	e = proof_parse(p, n, &v->proof);
	free(p);
	if (e == ERR_FORMAT || e == ERR_TOO_LARGE) {
		verify_finding(v, false, "proof", "proof.txt", -1,
		    "proof.txt is not a proof");
		return e;
	}
	if (!e && proof_follow(&v->proof, &bad))
		verify_finding(v, false, "proof", "proof.txt", -1,
		    "entry %llu is not in the log of this checkpoint",
		    (unsigned long long)bad);
	return e;
}

bool verify_own_key(const struct proof *f, const struct proof_entry *first,
    unsigned char ret[KEY_BYTES])
{
	struct entry_field key;
	uint64_t signer;

	if (!entry_find(&first->view, TAG_LOG_KEY, &key))
		return false;
	memcpy(ret, key.p, KEY_BYTES);
	for (size_t i = 0; i < f->n; i++) {
		const struct proof_entry *x = &f->entries[i];

		if (x->view.type == ENTRY_LOG_KEY &&
		    log_key_check(x->p, x->n, f->checkpoint.origin, ret, ret,
			&signer))
			return false;
	}
	return true;
}

/* The log's own key must have signed; that alone proves no origin. */
static void check_own_key(struct verify *v)
{
	const struct proof_entry *x =
	    verify_entry(v, 0, 0, ENTRY_LOG_BEGINS, "the beginning of a log");
	const struct proof *f = &v->proof;
	unsigned char key[KEY_BYTES];
	size_t text_n;

	if (!x)
		return;
	if (!field_is(x, TAG_ORIGIN, f->checkpoint.origin) ||
	    strcmp(v->manifest.origin, f->checkpoint.origin) != 0)
		verify_finding(v, false, "origin", "proof.txt", -1,
		    "manifest, checkpoint and entry 0 name different logs");
	if (!verify_own_key(f, x, key) ||
	    note_check(f->note, f->note_n, f->checkpoint.origin, key, &text_n))
		verify_finding(v, false, "signature", "proof.txt", -1,
		    "the checkpoint is not signed by the log's key");
}

bool verify_rests_below(const struct proof *f, uint64_t n)
{
	for (size_t i = 0; i < f->n; i++) {
		unsigned type = f->entries[i].view.type;

		if (f->entries[i].index >= n && type != ENTRY_EXPORT &&
		    type != ENTRY_LOG_KEY && type != ENTRY_WITNESSED)
			return false;
	}
	return true;
}

/*
 * Did the quorum cosign this checkpoint, or the older one that it grew from?
 * What stands behind that, whoever has the log's key can still write anew.
 */
static void check_quorum(struct verify *v)
{
	const struct proof *f = &v->proof;
	enum err e = policy_quorum(v->policy, f->note, f->note_n, &v->witness_s,
	    v->witnesses, sizeof(v->witnesses));

	v->witness_n = f->checkpoint.size;
	if (e == ERR_NO_KEY && f->seen.size) {
		e = policy_quorum(v->policy, f->seen_note, f->seen_n,
		    &v->witness_s, v->witnesses, sizeof(v->witnesses));
		v->witness_n = f->seen.size;
	}
	v->out->origin =
	    e == ERR_NOT_FOUND || (!e && verify_rests_below(f, v->witness_n));
}

static void check_origin(struct verify *v)
{
	const struct proof *f = &v->proof;
	enum err e;

	v->out->entries = f->checkpoint.size;
	snprintf(v->out->origin_name, sizeof(v->out->origin_name), "%s",
	    f->checkpoint.origin);
	check_own_key(v);
	if (f->seen.size && proof_grown(&v->proof))
		verify_finding(v, false, "growth", "proof.txt", -1,
		    "what the witnesses saw is not the beginning of this log");
	if (!v->policy)
		return;
	e = policy_origin(v->policy, f->checkpoint.origin, f->note, f->note_n);
	if (e == ERR_INTEGRITY)
		verify_finding(v, false, "signature", "proof.txt", -1,
		    "the signature of the checkpoint does not fit");
	if (e)
		return;
	check_quorum(v);
}

/* Pages of the package, and nothing that nobody speaks of. */
static enum err check_papers(struct verify *v)
{
	const struct manifest *m = &v->manifest;

	for (size_t i = 0; i < m->papers_n; i++) {
		unsigned char hash[HASH_BYTES], *p;
		size_t n;
		enum err e =
		    verify_read(v, m->papers[i].name, MANIFEST_MAX, &p, &n);

		if (e == ERR_NO_MEMORY || e == ERR_DISK)
			return e;
		if (e)
			continue;
		sha256(p, n, hash);
		free(p);
		if (memcmp(hash, m->papers[i].sha256, HASH_BYTES) != 0)
			verify_finding(v, false, "file", m->papers[i].name, -1,
			    "%s was changed", m->papers[i].name);
	}
	for (size_t i = 0; i < v->zip.n; i++) {
		const char *name = v->zip.files[i].name;
		bool known = !strcmp(name, "manifest.json") ||
		    !strcmp(name, "proof.txt");
		char former[32];

		for (unsigned k = 0; k < v->former_n && !known; k++) {
			snprintf(former, sizeof(former), "former-%u.txt",
			    v->former_first + k);
			known = !strcmp(name, former);
		}

		for (size_t k = 0; k < m->files_n && !known; k++)
			known = !strcmp(name, m->files[k].name);
		for (size_t k = 0; k < m->papers_n && !known; k++)
			known = !strcmp(name, m->papers[k].name);
		if (!known)
			verify_finding(v, false, "file", name, -1,
			    "%s does not belong to the package", name);
	}
	return OK;
}

static enum err check_all(struct verify *v, uint64_t size)
{
	enum err e = zip_read(v->fd, size, &v->zip);

	if (e == ERR_FORMAT || e == ERR_TOO_LARGE)
		verify_finding(v, false, "package", "", -1,
		    "this is not a whole evidence package");
	if (!e)
		e = read_manifest(v);
	if (!e)
		e = read_proof(v);
	if (e)
		return e;
	snprintf(v->out->export_id, sizeof(v->out->export_id), "%s",
	    v->manifest.id);
	check_origin(v);
	e = verify_former(v);
	if (!e)
		e = check_papers(v);
	if (!e)
		e = verify_footage(v);
	if (!e)
		verify_people(v);
	return e;
}

static void judge_log(struct verify *v)
{
	char t[VERIFY_TIME];

	if (v->out->changed)
		verify_say(v, CLAIM_LOG, NOT_PROVEN,
		    "the package contradicts itself or the log");
	else if (!v->policy)
		verify_say(v, CLAIM_LOG, NOT_PROVEN,
		    "no policy was given: whose log this is, is not known");
	else if (v->unseen)
		verify_say(v, CLAIM_LOG, NOT_PROVEN,
		    "the witnesses did not cosign what this package takes out "
		    "of the log of a former epoch");
	else if (v->witness_s && !v->out->origin)
		verify_say(v, CLAIM_LOG, NOT_PROVEN,
		    "only the first %llu of %llu entries were cosigned, by %s: "
		    "what this package rests on is not among them",
		    (unsigned long long)v->witness_n,
		    (unsigned long long)v->out->entries, v->witnesses);
	else if (v->witness_s)
		verify_say(v, CLAIM_LOG, PROVEN,
		    "of the first %llu of %llu entries none was removed or "
		    "changed since %s; cosigned by %s",
		    (unsigned long long)v->witness_n,
		    (unsigned long long)v->out->entries,
		    verify_time(v, v->witness_s * NS_PER_SEC, t), v->witnesses);
	else if (v->policy->quorum < 0)
		verify_say(v, CLAIM_LOG, NOT_CLAIMED,
		    "the policy names no witness: the owner of the log's key "
		    "could have written it anew");
	else
		verify_say(v, CLAIM_LOG, NOT_PROVEN,
		    "the policy's witnesses did not cosign this log");
}

/* What was not answered, because the package could not be read so far. */
static void judge(struct verify *v)
{
	struct judgement *d = v->out;

	judge_log(v);
	for (int c = 0; c < CLAIMS; c++) {
		if (!*d->says[c])
			verify_say(v, (enum claim)c, NOT_PROVEN,
			    "the package could not be read so far");
		/* what contradicts itself proves nothing */
		if (d->answers[c] == PROVEN && d->changed)
			verify_say(v, (enum claim)c, NOT_PROVEN,
			    "the package contradicts itself or the log");
		/* nor does a log of unknown origin */
		if (d->answers[c] == PROVEN && !d->origin)
			d->answers[c] = NOT_PROVEN;
	}
	if (d->changed)
		d->status = VERIFY_CHANGED;
	else if (d->missing)
		d->status = VERIFY_INCOMPLETE;
	else if (!d->origin)
		d->status = VERIFY_NO_ORIGIN;
	else
		d->status = VERIFY_GENUINE;
}

enum err verify_package(int fd, uint64_t size, const struct policy *policy,
    struct judgement *ret)
{
	struct verify v = {.fd = fd, .policy = policy, .out = ret};
	enum err e;

	memset(ret, 0, sizeof(*ret));
	e = check_all(&v, size);
	if (e != ERR_NO_MEMORY && e != ERR_DISK) {
		judge(&v);
		e = OK;
	}
	free(v.held);
	verify_former_free(&v);
	zip_free(&v.zip);
	manifest_free(&v.manifest);
	proof_free(&v.proof);
	return e;
}
