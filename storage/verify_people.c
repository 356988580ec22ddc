/* verify_people.c - who asked, who decided, and that this is what was made. */
#include <stdio.h>
#include <string.h>

#include "storage/ledger_keys.h"
#include "storage/verify_state.h"

/* What was opened must be what was committed to. */
static void check_opened(struct verify *v)
{
	const struct manifest *m = &v->manifest;
	unsigned char hash[HASH_BYTES];
	struct entry_field f;

	for (size_t i = 0; i < m->opened_n; i++) {
		const struct manifest_opened *o = &m->opened[i];
		const struct proof *log = verify_proof_of(v, o->epoch);
		const struct proof_entry *x =
		    log ? proof_find(log, o->entry) : NULL;

		commitment_of(o->text, o->salt, hash);
		if (!x || !entry_find(&x->view, o->tag, &f) ||
		    f.n != HASH_BYTES || memcmp(f.p, hash, HASH_BYTES) != 0)
			verify_finding(v, false, "opened", "manifest.json", -1,
			    "entry %llu, %s: not the text that was entered",
			    (unsigned long long)o->entry,
			    entry_tag_name(o->tag));
	}
}

/* Entries name others by number, which has the epoch in it: DESIGN.md. */
static bool names_decision(const struct verify *v, const struct proof_entry *x)
{
	const struct manifest *m = &v->manifest;
	unsigned epoch =
	    m->decision_epoch ? m->decision_epoch : verify_epoch_of(&v->proof);

	return epoch &&
	    field_is_u64(x, TAG_DECISION,
		(uint64_t)(epoch - 1) << EPOCH_SHIFT | m->decision_entry);
}

/* The entry of this export must name this very manifest. */
static const struct proof_entry *check_export(struct verify *v)
{
	const struct manifest *m = &v->manifest;
	struct entry_field f;

	for (size_t i = 0; i < v->proof.n; i++) {
		const struct proof_entry *x = &v->proof.entries[i];

		if (x->view.type != ENTRY_EXPORT ||
		    !field_is(x, TAG_EXPORT, m->id))
			continue;
		if (!entry_find(&x->view, TAG_MANIFEST, &f) ||
		    memcmp(f.p, v->manifest_hash, HASH_BYTES) != 0 ||
		    !field_is(x, TAG_REQUEST, m->request) ||
		    !names_decision(v, x))
			break;
		return x;
	}
	verify_finding(v, false, "export", "manifest.json", -1,
	    "the log does not know this manifest as that of %s", m->id);
	return NULL;
}

/* Is a camera in a decision's list, each `u8 length || id`? */
static bool lists(const struct entry_field *f, const char *camera)
{
	size_t len = strlen(camera);

	for (size_t at = 0; at < f->n; at += 1u + f->p[at])
		if (f->p[at] == len && f->n - at > len &&
		    !memcmp(f->p + at + 1, camera, len))
			return true;
	return false;
}

/* A package is of what was granted, or of a part of it. */
static bool within(const struct proof_entry *decision, const struct manifest *m)
{
	struct entry_field from, to, cameras;

	if (!entry_find(&decision->view, TAG_FROM, &from) ||
	    !entry_find(&decision->view, TAG_TO, &to) ||
	    !entry_find(&decision->view, TAG_CAMERAS, &cameras) ||
	    m->from_ns < (int64_t)field_u64(&from) ||
	    m->to_ns > (int64_t)field_u64(&to) || m->from_ns >= m->to_ns)
		return false;
	for (size_t i = 0; i < m->cameras_n; i++)
		if (!lists(&cameras, m->cameras[i]))
			return false;
	return m->cameras_n > 0;
}

/* The name that the log of that epoch has of a person, and is opened. */
static const char *name_in(struct verify *v, unsigned epoch, uint64_t person)
{
	const struct proof *log = verify_proof_of(v, epoch);
	const char *name = NULL;

	for (size_t i = 0; log && i < log->n && !name; i++) {
		const struct proof_entry *x = &log->entries[i];

		if (x->view.type == ENTRY_PERSON &&
		    field_is_u64(x, TAG_PERSON, person))
			name = manifest_text(&v->manifest, epoch, x->index,
			    TAG_NAME);
	}
	return name;
}

/* A person's name, where the package opens it; else the number alone. */
static void name_of(struct verify *v, uint64_t person, char *ret, size_t room)
{
	const char *name = name_in(v, 0, person);

	for (unsigned n = v->former_n; n && !name; n--)
		name = name_in(v, v->former_first + n - 1, person);
	if (name)
		snprintf(ret, room, "%s", name);
	else
		snprintf(ret, room, "person %llu", (unsigned long long)person);
}

static void judge_people(struct verify *v, const struct proof_entry *request,
    const struct proof_entry *decision)
{
	const struct manifest *m = &v->manifest;
	char asked[128], decided[128], a[VERIFY_TIME], b[VERIFY_TIME];
	const char *reason;

	name_of(v, request->view.person, asked, sizeof(asked));
	name_of(v, decision->view.person, decided, sizeof(decided));
	reason = manifest_text(m, m->request_epoch, request->index, TAG_REASON);
	if (v->out->changed)
		verify_say(v, CLAIM_PEOPLE, NOT_PROVEN,
		    "the package contradicts itself or the log");
	else
		verify_say(v, CLAIM_PEOPLE, PROVEN,
		    "%s asked on %s (%s; \"%.160s\"), %s decided on %s", asked,
		    verify_time(v, request->view.time.ns, a), m->request,
		    reason ? reason : "reason not opened", decided,
		    verify_time(v, decision->view.time.ns, b));
}

/* When a witness of the policy signed what this entry says; 0: none did. */
static int64_t witnessed_at(const struct verify *v, const struct proof_entry *x)
{
	char text[NOTE_NAME_MAX + 80], b64[B64_LEN(HASH_BYTES)];
	const struct policy *p = v->policy;
	struct entry_field key, size, root, sig;
	int64_t t, found = 0;
	int n;

	if (!entry_find(&x->view, TAG_WITNESS_KEY, &key) ||
	    !entry_find(&x->view, TAG_WITNESS_SIZE, &size) ||
	    !entry_find(&x->view, TAG_WITNESS_ROOT, &root) ||
	    !entry_find(&x->view, TAG_COSIGNATURE, &sig) ||
	    root.n != HASH_BYTES || key.n != KEY_BYTES || sig.n != COSIGN_BYTES)
		return 0;
	b64_encode(root.p, HASH_BYTES, true, b64);
	n = snprintf(text, sizeof(text), "%s\n%llu\n%s\n",
	    v->proof.checkpoint.origin, (unsigned long long)field_u64(&size),
	    b64);
	for (size_t k = 0; p && k < p->nodes_n; k++)
		if (p->nodes[k].witness &&
		    !memcmp(p->nodes[k].key.key, key.p, KEY_BYTES) &&
		    !cosign_check(text, (size_t)n, key.p, sig.p, &t))
			found = t;
	return found;
}

/* When a witness last spoke before the footage was entered; 0: none did. */
static int64_t not_before(const struct verify *v, uint64_t first)
{
	int64_t found = 0;

	for (size_t i = 0; i < v->proof.n; i++) {
		const struct proof_entry *x = &v->proof.entries[i];
		int64_t t =
		    x->view.type == ENTRY_WITNESSED && x->index < first ?
		    witnessed_at(v, x) :
		    0;

		found = t > found ? t : found;
	}
	return found;
}

static void judge_time(struct verify *v, const struct proof_entry *made)
{
	uint64_t first = UINT64_MAX, last = 0;
	char t[VERIFY_TIME], w[VERIFY_TIME];
	char s[VERIFY_TIME + 16] = "not before: not claimed";
	int64_t since;

	for (size_t i = 0; i < v->manifest.segments_n; i++) {
		uint64_t e = v->manifest.segments[i].entry;

		/* what a former log has was there when this one began */
		if (v->manifest.segments[i].epoch)
			e = 0;
		first = e < first ? e : first;
		last = e > last ? e : last;
	}
	since = not_before(v, first);
	if (since)
		snprintf(s, sizeof(s), "not before %s",
		    verify_time(v, since * NS_PER_SEC, w));
	verify_time(v, made ? made->view.time.ns : 0, t);
	if (v->out->changed)
		verify_say(v, CLAIM_TIME, NOT_PROVEN,
		    "the package contradicts itself or the log");
	else if (v->witness_s && last < v->witness_n)
		verify_say(v, CLAIM_TIME, PROVEN,
		    "existed by %s, as %s cosigned; %s",
		    verify_time(v, v->witness_s * NS_PER_SEC, w), v->witnesses,
		    s);
	else if (v->witness_s)
		verify_say(v, CLAIM_TIME, NOT_PROVEN,
		    "not all of it was witnessed yet; by the log's own clock "
		    "exported on %s; %s",
		    t, s);
	else
		verify_say(v, CLAIM_TIME,
		    v->policy && v->policy->quorum < 0 ? NOT_CLAIMED :
							 NOT_PROVEN,
		    "no witness of the policy; by the log's own clock "
		    "exported on %s",
		    t);
}

void verify_people(struct verify *v)
{
	const struct manifest *m = &v->manifest;
	const struct proof_entry *made, *request, *decision;

	check_opened(v);
	made = check_export(v);
	request = verify_entry(v, m->request_epoch, m->request_entry,
	    ENTRY_REQUEST, "a request");
	decision = verify_entry(v, m->decision_epoch, m->decision_entry,
	    ENTRY_DECISION, "a decision");
	judge_time(v, made);
	if (!made || !request || !decision)
		return;
	if (!field_is(request, TAG_REQUEST, m->request) ||
	    !field_is(decision, TAG_REQUEST, m->request) ||
	    !field_is_u64(decision, TAG_PERSON, request->view.person) ||
	    !field_is_u64(decision, TAG_VERDICT, VERDICT_APPROVE) ||
	    !within(decision, m))
		verify_finding(v, false, "decision", "manifest.json", -1,
		    "%s: what was decided is not what the manifest says",
		    m->request);
	if (request->view.person == decision->view.person)
		verify_finding(v, false, "alone", "", -1,
		    "%s was decided by the one who asked", m->request);
	if (made->view.person != request->view.person)
		verify_finding(v, false, "export", "", -1,
		    "%s was not exported by the one who asked", m->request);
	judge_people(v, request, decision);
}
