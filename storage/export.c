#include "storage/array.h"
#include "storage/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/ledger_keys.h"

/* "20261122-141507-cam1-EXP-2026-00031.mp4", local time. */
static void name_file(const struct export *x, struct export_file *f)
{
	char t[40];

	utc_rfc3339((struct utc){f->run.from_ns}, t, sizeof(t));
	snprintf(f->name, sizeof(f->name),
	    "%.4s%.2s%.2s-%.2s%.2s%.2s-%s-%s.mp4", t, t + 5, t + 8, t + 11,
	    t + 14, t + 17, x->plays[f->play].camera, x->id);
	/* two runs that begin in one second: the later one says so */
	for (const struct export_file *o = x->files; o < f; o++)
		if (!strcmp(o->name, f->name))
			snprintf(f->name, sizeof(f->name),
			    "%.4s%.2s%.2s-%.2s%.2s%.2s.%.3s-%s-%s.mp4", t,
			    t + 5, t + 8, t + 11, t + 14, t + 17, t + 20,
			    x->plays[f->play].camera, x->id);
}

static void put_part(struct play_run *run, size_t at,
    const struct play_part *part)
{
	const struct journal_record *r = part->footage.fragments + part->first;

	if (!run->parts_n) {
		run->first_part = at;
		run->from_ns = r->start_ns;
	}
	run->parts_n++;
	run->to_ns = r[part->n - 1].start_ns + r[part->n - 1].duration_ns;
	for (size_t i = 0; i < part->n; i++)
		run->bytes += r[i].plain_len;
}

static enum err end_file(struct export *x, size_t play, struct play_run *run,
    size_t *cap)
{
	struct export_file *f;

	if (!run->parts_n)
		return OK;
	if (x->files_n == ZIP_FILES_MAX - 4)
		return ERR_TOO_LARGE;
	if (!array_room(&x->files, x->files_n, cap, sizeof(*f)))
		return ERR_NO_MEMORY;
	f = &x->files[x->files_n++];
	*f = (struct export_file){.play = play, .run = *run};
	name_file(x, f);
	*run = (struct play_run){0};
	return OK;
}

enum err export_plan(struct export *x)
{
	size_t cap = 0;
	enum err err = OK;

	for (size_t i = 0; i < x->plays_n; i++) {
		const struct play *p = &x->plays[i];

		for (size_t k = 0; k < p->runs_n && !err; k++) {
			const struct play_run *r = &p->runs[k];
			struct play_run run = {0};

			for (size_t n = 0; n < r->parts_n && !err; n++) {
				size_t at = r->first_part + n;

				if (x->bad[i][at])
					err = end_file(x, i, &run, &cap);
				else
					put_part(&run, at, &p->parts[at]);
			}
			if (!err)
				err = end_file(x, i, &run, &cap);
		}
	}
	return err || x->files_n ? err : ERR_INTEGRITY;
}

/* An entry with the texts of its commitments, where they still exist. */
static enum err add_opened(struct export *x, struct index *ix, uint64_t number,
    const unsigned *tags, size_t n)
{
	enum err err = export_entry_add(x, number);

	for (size_t i = 0; i < n && !err; i++) {
		struct export_text *t;

		if (!array_room(&x->texts, x->texts_n, &x->texts_room,
			sizeof(*t)))
			return ERR_NO_MEMORY;
		t = &x->texts[x->texts_n];
		t->entry = number;
		t->tag = tags[i];
		err = index_text_open(ix, number, tags[i], t->salt, t->text);
		if (!err)
			x->texts_n++;
		else if (err == ERR_NOT_FOUND) /* erased */
			err = OK;
	}
	return err;
}

/* The last entry of a type whose field says this, among those with a text. */
struct look {
	struct export *x;
	enum entry_type type;
	enum entry_tag tag;
	const void *want;
	size_t n;
	bool found;
	uint64_t entry;
};

static enum err look_at(uint64_t number, void *arg)
{
	struct look *k = arg;
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;
	struct ledger *l;
	uint64_t index;
	size_t n;
	enum err err;

	/* the package can do without: the manifest has the text all the same */
	if (export_find(k->x, number, &l, &index) ||
	    index >= export_spare(k->x, (unsigned)(number >> EPOCH_SHIFT) + 1))
		return OK;
	err = ledger_get(l, index, buf, &n);
	if (!err)
		err = entry_parse(buf, n, &v);
	if (!err && v.type == (unsigned)k->type && entry_find(&v, k->tag, &f) &&
	    f.n == k->n && !memcmp(f.p, k->want, k->n)) {
		k->found = true;
		k->entry = number;
	}
	return err;
}

static enum err add_person(struct export *x, struct index *ix, uint64_t person)
{
	static const unsigned tags[] = {TAG_NAME};
	unsigned char want[8];
	struct look k = {
	    x, ENTRY_PERSON, TAG_PERSON, want, sizeof(want), false, 0};
	enum err err;

	for (int i = 0; i < 8; i++)
		want[i] = (unsigned char)(person >> (56 - 8 * i));
	err = index_text_entries(ix, TAG_NAME, look_at, &k);
	if (!err && k.found)
		err = add_opened(x, ix, k.entry, tags, 1);
	return err;
}

static enum err add_camera(struct export *x, struct index *ix,
    const char *camera)
{
	static const unsigned tags[] = {TAG_ATM, TAG_PLACE};
	struct look k = {x, ENTRY_CAMERA_ADDED, TAG_CAMERA, camera,
	    strlen(camera), false, 0};
	enum err err = index_text_entries(ix, TAG_ATM, look_at, &k);

	if (!err && k.found)
		err = add_opened(x, ix, k.entry, tags, 2);
	return err;
}

static enum err add_segments(struct export *x)
{
	enum err err = OK;

	for (size_t i = 0; i < x->files_n && !err; i++) {
		const struct export_file *f = &x->files[i];

		for (size_t k = 0; k < f->run.parts_n && !err; k++) {
			const struct segment_row *row =
			    &x->plays[f->play]
				 .parts[f->run.first_part + k]
				 .footage.row;

			if (row->state == SEGMENT_OPEN || row->entry < 0)
				return ERR_BUSY;
			err = export_entry_add(x, (uint64_t)row->entry);
		}
	}
	return err;
}

/* Numbers between two segments of which nothing was recorded. */
static enum err add_empty_between(struct export *x, struct index *ix,
    size_t play, uint64_t seq, uint64_t end)
{
	enum err err = OK;

	for (; seq < end && !err; seq++) {
		struct export_empty e = {.play = play, .seq = seq};
		struct segment_row row;

		err = index_segment_find(ix, x->plays[play].camera, seq, &row);
		if (err == ERR_NOT_FOUND ||
		    (!err &&
			(row.fragments || row.state == SEGMENT_OPEN ||
			    row.entry < 0))) {
			err = OK;
			continue;
		}
		if (!err &&
		    !array_room(&x->empty, x->empty_n, &x->empty_room,
			sizeof(e)))
			err = ERR_NO_MEMORY;
		if (err)
			break;
		e.entry = row.entry;
		x->empty[x->empty_n++] = e;
		err = export_entry_add(x, (uint64_t)row.entry);
	}
	return err;
}

static enum err add_empty(struct export *x, struct index *ix)
{
	enum err err = OK;

	for (size_t i = 0; i < x->plays_n; i++) {
		const struct play *p = &x->plays[i];

		for (size_t k = 1; k < p->parts_n && !err; k++)
			err = add_empty_between(x, ix, i,
			    p->parts[k - 1].footage.row.seq + 1,
			    p->parts[k].footage.row.seq);
	}
	return err;
}

/* The present log's beginning, and each change of its key. */
static enum err add_keys(struct export *x)
{
	uint64_t changes[64];
	size_t n = ledger_key_changes(x->own, changes, 64);
	enum err err = export_entries_put(&x->entries, 0);

	for (size_t i = 0; i < n && !err; i++)
		err = export_entries_put(&x->entries, changes[i]);
	return err;
}

enum err export_entries(struct export *x, struct index *ix)
{
	static const unsigned asked[] = {TAG_REASON, TAG_CASE};
	static const unsigned decided[] = {TAG_REASON};
	enum err err = add_keys(x);

	if (!err)
		err = add_opened(x, ix, (uint64_t)x->request.entry, asked, 2);
	if (!err)
		err = add_opened(x, ix, (uint64_t)x->request.decision_entry,
		    decided, 1);
	if (!err)
		err = add_person(x, ix, x->requester.id);
	if (!err && x->decider.id != x->requester.id)
		err = add_person(x, ix, x->decider.id);
	for (size_t i = 0; i < x->plays_n && !err; i++)
		err = add_camera(x, ix, x->plays[i].camera);
	if (!err)
		err = add_segments(x);
	if (!err)
		err = add_empty(x, ix);
	return err ? err : export_gaps(x, ix);
}

void export_wipe(struct export *x)
{
	for (size_t i = 0; x->bad && i < x->plays_n; i++)
		free(x->bad[i]);
	free(x->bad);
	free(x->files);
	free(x->gaps);
	free(x->empty);
	if (x->texts)
		crypt_wipe(x->texts, x->texts_room * sizeof(*x->texts));
	free(x->texts);
	free(x->entries.p);
	for (unsigned i = 0; i < EPOCHS_MAX; i++) {
		free(x->former[i].p);
		ledger_close(x->logs[i].l);
	}
	crypt_wipe(x, sizeof(*x));
}
