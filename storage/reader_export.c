/*
 * reader_export.c - preparing an evidence package, a little at a time between
 * the session's messages: check every fragment, copy the runs as MP4s into the
 * spool, have the manifest entered, prove, close. Footage goes from the
 * recorded file to the spool through memory; what is written is ciphertext
 * (P1), and nobody gets a byte before a lease (reader_spool.c, P5).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/export.h"
#include "storage/pack.h"
#include "storage/session.h"
#include "storage/spool.h"

#define STEP_BYTES (4u << 20) /* then messages are looked at */

enum phase { PHASE_CHECK, PHASE_FILE, PHASE_COPY, PHASE_CLOSE };

struct export_job {
	struct export x;
	struct access access; /* of its own: the user may watch another */
	int fd;
	struct pack *pack;
	enum phase phase;
	size_t play, part, fragment; /* PHASE_CHECK */
	size_t file; /* PHASE_FILE, PHASE_COPY */
	struct movie *movie;
	uint64_t at;
	struct sha256 hash;
	struct plain held; /* the fragment read last */
	uint32_t source;
	struct spool_map map;
	uint64_t done, total;
};

static void job_free(struct export_job *j)
{
	if (!j)
		return;
	plain_free(&j->held);
	movie_free(j->movie);
	pack_free(j->pack);
	spool_map_free(&j->map);
	export_wipe(&j->x);
	if (j->fd >= 0)
		close(j->fd);
	free(j);
}

/* Work on the job's own access; the session's stands aside meanwhile. */
static void swap_access(struct session *s)
{
	struct access other = s->access;

	s->access = s->job_export->access;
	s->job_export->access = other;
	crypt_wipe(&other, sizeof(other));
}

/*
 * Footage must be known to a log that can be proven: else it can be watched,
 * and no package made of it.
 */
static enum err look_at_part(struct session *s, struct export *x,
    const struct play_part *p)
{
	const struct segment_row *row = &p->footage.row;
	struct ledger *l;
	uint64_t index;
	char t[40];
	enum err err;

	if (row->entry < 0)
		return ERR_BUSY;
	err = export_find(x, (uint64_t)row->entry, &l, &index);
	if (err) {
		utc_rfc3339((struct utc){row->start_ns}, t, sizeof(t));
		snprintf(s->about.say, sizeof(s->about.say),
		    "Footage of %.19s: the ledger that knew of it was lost. It "
		    "can be watched, but no package can prove it.",
		    t);
	}
	return err;
}

/* What is to be done, in bytes: each is checked, then copied. */
static enum err look_at_plays(struct session *s, struct export_job *j)
{
	struct export *x = &j->x;

	x->plays = s->access.plays;
	x->plays_n = s->access.cameras_n;
	x->bad = calloc(x->plays_n, sizeof(*x->bad));
	if (!x->bad)
		return ERR_NO_MEMORY;
	for (size_t i = 0; i < x->plays_n; i++) {
		const struct play *p = &x->plays[i];

		x->bad[i] = calloc(p->parts_n + 1, sizeof(bool));
		if (!x->bad[i])
			return ERR_NO_MEMORY;
		for (size_t k = 0; k < p->parts_n; k++) {
			enum err err = look_at_part(s, x, &p->parts[k]);

			if (err)
				return err;
		}
		for (size_t k = 0; k < p->runs_n; k++)
			j->total += 2 * p->runs[k].bytes;
	}
	return j->total ? OK : ERR_NO_FOOTAGE;
}

static enum err load_rows(struct session *s, struct export *x)
{
	struct ledger *l;
	uint64_t index;
	enum err err =
	    index_request_find(s->ix, s->access.request, &x->request);

	if (!err)
		err = access_may_export(s);
	if (!err)
		err = index_person_find(s->ix, x->request.requester,
		    &x->requester);
	if (!err)
		err = index_person_find(s->ix, x->request.decider, &x->decider);
	if (err)
		return err;
	/* who asked and who decided must be provable, too */
	err = export_find(x, (uint64_t)x->request.entry, &l, &index);
	if (!err)
		err = export_find(x, (uint64_t)x->request.decision_entry, &l,
		    &index);
	if (err)
		snprintf(s->about.say, sizeof(s->about.say),
		    "The ledger that had %s and its decision was lost: ask for "
		    "that footage anew.",
		    x->request.id);
	return err;
}

/* The keeper numbers it and makes the file. */
static enum err ask_spool(struct session *s, struct export_job *j)
{
	struct age_recipient me;
	struct wire w;
	enum err err;

	keeper_begin(s, &w, MSG_EXPORT_BEGIN);
	wire_put_str(&w, s->access.request);
	wire_put_u64(&w, j->total); /* twice the footage */
	err = keeper_call(s, &w, -1);
	if (err)
		return err;
	j->fd = w.fd;
	get_text(&w, j->x.id, sizeof(j->x.id));
	err = wire_end(&w);
	if (!err && (w.type != MSG_EXPORT_BEGIN_IS || j->fd < 0))
		err = ERR_BAD_MESSAGE;
	if (err)
		return err;
	identity_recipient(&s->identity, &me);
	return pack_begin(j->fd, &me, &j->pack);
}

static enum err begin(struct session *s, const char *request, char *credential,
    const struct access_part *part)
{
	struct export_job *j = s->job_export;
	enum err err = access_get(s, request);

	if (!err)
		err = load_rows(s, &j->x);
	if (!err)
		err = access_narrow(&s->access, part, &j->x.request);
	if (!err)
		err = access_play(s, true);
	if (!err)
		err = beyond_take(s);
	if (!err)
		err = look_at_plays(s, j);
	if (err == ERR_BUSY)
		snprintf(s->about.say, sizeof(s->about.say),
		    "The last minute is still being recorded: try again in "
		    "a minute.");
	/* asked last: what cannot be exported costs nobody a code */
	if (!err)
		err = session_taker(s, credential);
	if (!err)
		err = ask_spool(s, j);
	return err;
}

static void tell_failed(struct session *s, const char *id, enum err why)
{
	struct wire w;

	if (!*id)
		return;
	keeper_begin(s, &w, MSG_EXPORT_FAILED);
	wire_put_str(&w, id);
	wire_put_u16(&w, (uint16_t)why);
	if (keeper_call(s, &w, -1))
		log_warn("%s was not dropped; storage drops it", id);
}

void export_drop(struct session *s, enum err why)
{
	struct export_job *j = s->job_export;

	if (!j)
		return;
	swap_access(s);
	access_drop(s);
	swap_access(s);
	tell_failed(s, j->x.id, why);
	job_free(j);
	s->job_export = NULL;
}

static enum err start(struct session *s, char *credential,
    const struct access_part *part)
{
	enum err err;

	s->job_export = calloc(1, sizeof(*s->job_export));
	if (!s->job_export)
		return ERR_NO_MEMORY;
	s->job_export->fd = -1;
	s->job_export->x.own = s->ledger;
	s->job_export->x.data_fd = s->data_fd;
	swap_access(s);
	err = begin(s, s->about.request, credential, part);
	swap_access(s);
	if (err)
		export_drop(s, err);
	return err;
}

enum err session_export_new(struct session *s, struct wire *w)
{
	char credential[CREDENTIAL_MAX + 1];
	struct access_part part = {0};
	struct wire answer;
	enum err err;

	get_text(w, s->about.request, sizeof(s->about.request));
	get_text(w, credential, sizeof(credential));
	if (wire_more(w)) {
		part.from_ns = wire_get_i64(w);
		part.to_ns = wire_get_i64(w);
		part.n = get_cameras(w, part.cameras);
	}
	err = wire_end(w);
	crypt_wipe(w->buf, w->len);
	if (!err && s->job_export)
		err = ERR_BUSY;
	if (!err)
		err = start(s, credential, &part);
	crypt_wipe(credential, sizeof(credential));
	if (err)
		return err;
	wire_begin(&answer, MSG_EXPORT_NEW_IS, w->id);
	wire_put_str(&answer, s->job_export->x.id);
	return wire_send(s->client, &answer, -1);
}

/* The next fragment; one that is not what was recorded takes its part out. */
static enum err check_one(struct session *s, struct export_job *j)
{
	struct export *x = &j->x;
	const struct journal_record *r;
	const struct play_part *part;
	enum err err;

	while (j->play < x->plays_n && j->part == x->plays[j->play].parts_n) {
		j->play++;
		j->part = 0;
	}
	if (j->play == x->plays_n) {
		j->phase = PHASE_FILE;
		return export_plan(x);
	}
	part = &x->plays[j->play].parts[j->part];
	r = &part->footage.fragments[part->first + j->fragment];
	err = fragment_read(s, part, r, &j->held);
	if (err == ERR_INTEGRITY) {
		snprintf(s->about.request, sizeof(s->about.request), "%s",
		    x->request.id);
		snprintf(s->about.camera, sizeof(s->about.camera), "%s",
		    x->plays[j->play].camera);
		s->about.from_ns = r->start_ns;
		s->about.to_ns = r->start_ns + r->duration_ns;
		refusal_enter(s, err);
		x->bad[j->play][j->part] = true;
		err = OK;
	}
	j->done += r->plain_len;
	if (++j->fragment == part->n || x->bad[j->play][j->part]) {
		j->fragment = 0;
		j->part++;
	}
	return err;
}

static enum err begin_file(struct session *s, struct export_job *j)
{
	struct export_file *f;
	enum err err;

	if (j->file == j->x.files_n) {
		j->phase = PHASE_CLOSE;
		return OK;
	}
	f = &j->x.files[j->file];
	err = movie_lay_out(s, &j->x.plays[f->play], &f->run, &j->movie);
	if (err)
		return err;
	f->bytes = movie_size(j->movie);
	j->at = 0;
	j->source = UINT32_MAX;
	sha256_init(&j->hash);
	j->phase = PHASE_COPY;
	return pack_file(j->pack, f->name, f->bytes,
	    f->run.from_ns / NS_PER_SEC);
}

/* Have the fragment in memory, and its place in the map of the spool. */
static enum err load(struct session *s, struct export_job *j, uint32_t source)
{
	const struct export_file *f = &j->x.files[j->file];
	const struct play *p = &j->x.plays[f->play];
	const struct journal_record *r;
	const struct play_part *part;
	enum err err;

	if (j->held.p && j->source == source)
		return OK;
	err = run_fragment(p, &f->run, source, &part, &r);
	if (!err)
		err = fragment_read(s, part, r, &j->held);
	if (err)
		return err;
	j->source = source;
	j->done += r->plain_len;
	return spool_map_put(&j->map, pack_at(j->pack), p->camera, r->start_ns,
	    r->start_ns + r->duration_ns);
}

static enum err end_copy(struct export_job *j)
{
	sha256_end(&j->hash, j->x.files[j->file].sha256);
	spool_map_end(&j->map, pack_at(j->pack));
	movie_free(j->movie);
	j->movie = NULL;
	j->file++;
	j->phase = PHASE_FILE;
	return OK;
}

static enum err copy_one(struct session *s, struct export_job *j)
{
	struct movie_piece piece;
	const unsigned char *p;
	enum err err;

	if (j->at == j->x.files[j->file].bytes)
		return end_copy(j);
	err = movie_map(j->movie, j->at, STEP_BYTES, &piece);
	if (err)
		return err;
	p = piece.p;
	if (piece.source != UINT32_MAX) {
		err = load(s, j, piece.source);
		if (err)
			return err;
		if (piece.at + piece.n > j->held.n)
			return ERR_INTEGRITY;
		p = j->held.p + piece.at;
	}
	sha256_put(&j->hash, p, piece.n);
	j->at += piece.n;
	return pack_put(j->pack, p, piece.n);
}

static enum err put_whole(struct export_job *j, const char *name, const void *p,
    size_t n)
{
	enum err err = pack_file(j->pack, name, n, j->x.made.ns / NS_PER_SEC);

	return err ? err : pack_put(j->pack, p, n);
}

/* A page, and its hash for the manifest. */
static enum err put_paper(struct export_job *j, const char *name, const void *p,
    size_t n)
{
	struct manifest_paper *paper = &j->x.papers[j->x.papers_n++];

	snprintf(paper->name, sizeof(paper->name), "%s", name);
	sha256(p, n, paper->sha256);
	return put_whole(j, name, p, n);
}

static enum err put_papers(struct session *s, struct export_job *j)
{
	struct view v = session_view(s);
	const char *page;
	char *report;
	size_t n;
	enum err err = export_report(&j->x, &v, &report, &n);

	if (err)
		return err;
	err = put_paper(j, "report.html", report, n);
	crypt_wipe(report, n);
	free(report);
	export_verify_page(&page, &n);
	return err ? err : put_paper(j, "verify.html", page, n);
}

/* The entry of this very manifest, under a checkpoint that covers it. */
static enum err enter(struct session *s, struct export_job *j,
    const char *manifest)
{
	unsigned char hash[HASH_BYTES];
	uint64_t entry;
	struct wire w;
	enum err err;

	sha256(manifest, strlen(manifest), hash);
	keeper_begin(s, &w, MSG_EXPORT_ENTER);
	wire_put_str(&w, j->x.id);
	wire_put_bytes(&w, hash, sizeof(hash));
	err = keeper_call(s, &w, -1);
	if (err)
		return err;
	entry = wire_get_u64(&w);
	if (w.type != MSG_EXPORT_ENTER_IS || wire_end(&w))
		return ERR_BAD_MESSAGE;
	return export_entry_add(&j->x, entry);
}

/* A proof for each former epoch's log, down to the lowest that is needed. */
static enum err put_former(struct session *s, struct export_job *j)
{
	unsigned own = ledger_epoch(s->ledger);
	struct proof_out proof;
	char name[32];
	enum err err = OK;

	for (unsigned e = j->x.former_first; e && e < own && !err; e++) {
		err = export_former(&j->x, e, &proof);
		if (err)
			break;
		snprintf(name, sizeof(name), "former-%u.txt", e);
		err = put_whole(j, name, proof.p, proof.n);
		free(proof.p);
	}
	return err;
}

static enum err put_manifest(struct session *s, struct export_job *j)
{
	struct view v = session_view(s);
	struct proof_out proof;
	char *manifest;
	enum err err = export_manifest(&j->x, &v, &manifest);

	if (err)
		return err;
	err = put_whole(j, "manifest.json", manifest, strlen(manifest));
	if (!err)
		err = enter(s, j, manifest);
	crypt_wipe(manifest, strlen(manifest));
	free(manifest);
	if (err)
		return err;
	err = export_proof(&j->x, &proof);
	if (err)
		return err;
	err = put_whole(j, "proof.txt", proof.p, proof.n);
	free(proof.p);
	return err ? err : put_former(s, j);
}

static enum err finish(struct session *s, struct export_job *j)
{
	unsigned char hash[HASH_BYTES];
	uint64_t bytes;
	struct view v;
	struct wire w;
	enum err err = export_entries(&j->x, s->ix);

	j->x.made = session_now(s);
	v = session_view(s);
	if (!err)
		err = export_witnessed(&j->x, &v);
	if (!err)
		err = put_papers(s, j);
	if (!err)
		err = put_manifest(s, j);
	if (!err)
		err = pack_end(j->pack, &bytes, hash);
	if (!err)
		err = spool_map_close(&j->map, j->pack);
	if (err)
		return err;
	keeper_begin(s, &w, MSG_EXPORT_DONE);
	wire_put_str(&w, j->x.id);
	wire_put_u64(&w, bytes);
	wire_put_bytes(&w, hash, sizeof(hash));
	wire_put_u32(&w, export_lost(&j->x));
	err = keeper_call(s, &w, -1);
	if (!err)
		*j->x.id = '\0'; /* it stands: nothing to drop */
	return err ? err : ERR_NOT_FOUND; /* no more to do */
}

static enum err step(struct session *s, struct export_job *j)
{
	uint64_t until = j->done + STEP_BYTES;
	enum err err = access_get(s, j->x.request.id);

	/* a grant that was made anew has dropped what we look at */
	if (!err && !s->access.played)
		err = ERR_GRANT_ENDED;
	while (!err && j->done <= until) {
		switch (j->phase) {
		case PHASE_CHECK:
			err = check_one(s, j);
			break;
		case PHASE_FILE:
			err = begin_file(s, j);
			break;
		case PHASE_COPY:
			err = copy_one(s, j);
			break;
		case PHASE_CLOSE:
			return finish(s, j);
		}
	}
	return err;
}

bool export_step(struct session *s)
{
	struct export_job *j = s->job_export;
	enum err err;

	if (!j)
		return false;
	memset(&s->about, 0, sizeof(s->about));
	swap_access(s);
	err = step(s, j);
	swap_access(s);
	if (!err)
		return true;
	if (err != ERR_NOT_FOUND || *j->x.id)
		log_warn("%s was given up: %s", j->x.id, err_text(err));
	export_drop(s, err);
	return false;
}

const char *export_running(const struct session *s, unsigned *ret_permille)
{
	const struct export_job *j = s->job_export;

	*ret_permille = 0;
	if (!j)
		return "";
	if (j->done < j->total)
		*ret_permille = (unsigned)(j->done * 1000 / j->total);
	else
		*ret_permille = 999;
	return j->x.id;
}
