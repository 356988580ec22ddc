/*
 * seal.c - the order after the last byte of a segment: sync of the volume,
 * ledger entry, index row, read back from the disk, picture (P8, P9).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/keeper_machine.h"
#include "storage/term.h"

/*
 * P8: what waits for a sync at most, a fragment that is still in the camera's
 * child (FRAGMENT_MS) and the time that a sync takes together stay below two
 * seconds.
 */
#define SYNC_NS NS_PER_SEC

/* Read back; the list of these is the keeper's. */
struct proven {
	struct proven *next;
	struct segment_row row;
};

void seal_queue(struct keeper *k, struct segment *s)
{
	s->next = k->sealing;
	s->synced = false;
	k->sealing = s;
	k->dirty = true;
}

/* The sync's own descriptors: a volume may go away while it runs. */
static void open_volumes(struct keeper *k)
{
	k->sync_n = 0;
	for (unsigned i = 0; i < volumes_count(); i++) {
		const struct volume *v = volume_at(i);
		int fd = v->fd < 0 ? -1 : fcntl(v->fd, F_DUPFD_CLOEXEC, 10);

		if (fd < 0)
			continue;
		k->sync[k->sync_n].number = v->number;
		k->sync[k->sync_n].err = ERR_DISK;
		k->sync[k->sync_n++].fd = fd;
	}
}

static void close_volumes(struct keeper *k)
{
	for (unsigned i = 0; i < k->sync_n; i++)
		close(k->sync[i].fd);
}

/* Did the sync that ran cover this volume, and succeed? */
static bool synced(const struct keeper *k, unsigned number)
{
	for (unsigned i = 0; i < k->sync_n; i++)
		if (k->sync[i].number == number)
			return !k->sync[i].err;
	return false;
}

/*
 * A tail costs the disk 32 KiB on average. What is pending of a large fragment
 * is its end. Without that all of it is lost if the power goes; where its first
 * picture is no older than that of any fragment may be when it comes, the next
 * sync is soon enough for it, too. Large ones are short, therefore (cut.c).
 */
static bool may_wait(const struct keeper *k, const struct camera *m)
{
	int64_t came = k->mono.ns - m->last_fragment_ns;

	return m->segment->pending_ns <= FRAGMENT_MS * NS_PER_MS - came;
}

/*
 * P8: what fills no chunk yet is covered by this sync all the same, or by the
 * next one: true where something waits for that.
 */
static bool write_tails(struct keeper *k)
{
	bool waits = false;

	for (struct camera *m = k->cameras; m; m = m->next) {
		enum err err = OK;

		if (m->segment && may_wait(k, m))
			waits = true;
		else if (m->segment)
			err = segment_tail(m->segment);
		if (err)
			camera_broken(k, m, err);
	}
	return waits;
}

/* Start a sync of all that was written so far, unless one runs. */
void seal_sync(struct keeper *k)
{
	bool waits;

	if (k->syncing || (!k->dirty && !k->sealing) ||
	    k->mono.ns < k->next_sync_ns)
		return;
	k->next_sync_ns = k->mono.ns + SYNC_NS;
	waits = write_tails(k);
	for (struct camera *m = k->cameras; m; m = m->next)
		m->syncing = m->head;
	for (struct segment *s = k->sealing; s; s = s->next)
		s->synced = true; /* if it succeeds */
	open_volumes(k);
	if (worker_put(k->syncer, k)) {
		close_volumes(k);
		return;
	}
	k->syncing = true;
	k->dirty = waits;
}

enum err seal_enter(struct keeper *k, struct segment_row *row,
    const unsigned char root[HASH_BYTES],
    const unsigned char cipher[HASH_BYTES])
{
	struct enter x;
	uint64_t i;
	enum err err;

	term_promise(k, row);
	enter_begin(k, &x, ENTRY_SEGMENT, 0);
	entry_put_text(&x.e, TAG_CAMERA, row->camera);
	entry_put_u64(&x.e, TAG_SEQ, row->seq);
	entry_put_i64(&x.e, TAG_FROM, row->start_ns);
	entry_put_i64(&x.e, TAG_TO, row->end_ns);
	entry_put_bytes(&x.e, TAG_ROOT, root, HASH_BYTES);
	entry_put_bytes(&x.e, TAG_CIPHER, cipher, HASH_BYTES);
	entry_put_u64(&x.e, TAG_BYTES, row->bytes);
	entry_put_u64(&x.e, TAG_FRAGMENTS, row->fragments);
	entry_put_u64(&x.e, TAG_FLAGS, row->flags);
	entry_put_i64(&x.e, TAG_RETAIN, row->retain_ns);
	entry_put_u64(&x.e, TAG_KIND, row->state);
	err = enter_end(k, &x, &i);
	if (err)
		return err;
	row->entry = (int64_t)i;
	return index_segment_put(k->ix, row);
}

/*
 * The camera may have been recovered live while this one waited for its sync:
 * then it is entered, and a second entry would be another term and another leaf
 * for the same footage.
 */
enum err seal_once(struct keeper *k, struct segment *s)
{
	struct segment_row row;

	if (!index_segment_find(k->ix, s->row.camera, s->row.seq, &row) &&
	    row.state != SEGMENT_OPEN) {
		s->row = row;
		return OK;
	}
	return seal_enter(k, &s->row, s->root, s->cipher_hash);
}

void seal_drop(struct keeper *k, unsigned volume)
{
	struct segment **at = &k->sealing;

	while (*at) {
		struct segment *s = *at;

		if (s->row.volume != volume) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		segment_free(s);
	}
}

/* The sync failed: nothing of it counts, and it is never tried again. */
static void sync_failed(struct keeper *k, unsigned number, enum err err)
{
	log_error("volume %u does not sync: %s", number, err_text(err));
	for (struct segment *s = k->sealing; s; s = s->next) {
		struct camera *m = camera_find(k, s->row.camera);

		if (m && s->row.volume == number)
			m->recover = true;
	}
	seal_drop(k, number);
	volume_broke(k, number, FAULT_SYNC);
	for (struct camera *m = k->cameras; m; m = m->next)
		if (m->segment && m->segment->row.volume == number)
			camera_drop(k, m, err);
}

static void enter_proof(struct keeper *k, const struct segment_row *row)
{
	enum segment_proof proof = row->proof;
	struct enter x;
	enum err err;

	enter_begin(k, &x, ENTRY_READ_BACK, 0);
	entry_put_text(&x.e, TAG_CAMERA, row->camera);
	entry_put_u64(&x.e, TAG_SEQ, row->seq);
	entry_put_u64(&x.e, TAG_RESULT,
	    proof == PROOF_DECODED    ? 1u :
		proof == PROOF_FAILED ? 2u :
					0u);
	err = enter_end(k, &x, NULL);
	if (!err)
		err = index_segment_proof(k->ix, row->camera, row->seq, proof);
	if (err)
		log_error("camera %s: segment %llu: read back not entered: %s",
		    row->camera, (unsigned long long)row->seq, err_text(err));
}

static void enter_proofs(struct keeper *k)
{
	while (k->proofs) {
		struct proven *p = k->proofs;

		k->proofs = p->next;
		enter_proof(k, &p->row);
		free(p);
	}
}

/* Not at once: with the segments of the next sync it costs no sync more. */
static void read_back(struct keeper *k, const struct segment_row *row,
    enum segment_proof proof)
{
	struct segment_row r = *row;
	struct proven *p = malloc(sizeof(*p));

	r.proof = proof;
	if (!p) {
		enter_proof(k, &r);
		return;
	}
	*p = (struct proven){.next = k->proofs, .row = r};
	k->proofs = p;
}

void seal_synced(struct keeper *k)
{
	struct segment **at = &k->sealing;
	enum err err;

	k->syncing = false;
	close_volumes(k);
	for (unsigned i = 0; i < k->sync_n; i++)
		if (k->sync[i].err)
			sync_failed(k, k->sync[i].number, k->sync[i].err);
	for (struct camera *m = k->cameras; m; m = m->next) {
		if (synced(k, m->syncing.volume))
			m->durable = m->syncing;
		if (m->segment && synced(k, m->segment->row.volume))
			segment_tail_synced(m->segment);
	}
	while (*at) {
		struct segment *s = *at;
		struct camera *m;

		if (!s->synced || !synced(k, s->row.volume)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		segment_tail_drop(s);
		err = seal_once(k, s);
		m = err ? NULL : camera_find(k, s->row.camera);
		if (m)
			m->sealed_ns = k->mono.ns;
		if (!err)
			err = worker_put(k->prover, s);
		if (err) {
			log_error("camera %s: segment %llu: %s", s->row.camera,
			    (unsigned long long)s->row.seq, err_text(err));
			segment_free(s);
		}
	}
	enter_proofs(k);
}

void seal_stop(struct keeper *k)
{
	worker_free(k->syncer);
	k->syncer = NULL;
	if (k->syncing)
		seal_synced(k);
}

/* Ask the camera's child to decode a picture of the bytes from the disk. */
static bool ask_picture(struct keeper *k, struct segment *s)
{
	struct camera *m = camera_find(k, s->row.camera);
	struct wire w;

	if (k->stop || !m || !m->conn || s->proof_fd < 0)
		return false;
	if (m->asked_seq)
		read_back(k, &m->asked, PROOF_VERIFIED);
	m->asked_seq = s->row.seq;
	m->asked = s->row;
	wire_begin(&w, MSG_PICTURE, (uint32_t)s->row.seq);
	wire_put_u64(&w, s->row.seq);
	conn_send(m->conn, &w, s->proof_fd);
	s->proof_fd = -1;
	return true;
}

void seal_proved(struct keeper *k)
{
	struct segment *s;

	while ((s = worker_done(k->prover))) {
		if (s->proof_err) {
			log_error("camera %s: segment %llu fails its read "
				  "back: %s",
			    s->row.camera, (unsigned long long)s->row.seq,
			    err_text(s->proof_err));
			if (s->proof_err == ERR_DISK)
				disk_fault(k, s->row.volume, FAULT_READ);
			read_back(k, &s->row, PROOF_FAILED);
		} else if (!ask_picture(k, s)) {
			read_back(k, &s->row, PROOF_VERIFIED);
		}
		segment_free(s);
	}
	if (k->stop || (!k->syncing && !k->dirty && !k->sealing))
		enter_proofs(k);
}

void seal_picture(struct keeper *k, struct camera *m, uint64_t seq,
    bool decoded)
{
	if (!m->asked_seq || m->asked_seq != seq)
		return;
	m->asked_seq = 0;
	if (!decoded)
		log_warn("camera %s: no picture of segment %llu decodes", m->id,
		    (unsigned long long)seq);
	read_back(k, &m->asked, decoded ? PROOF_DECODED : PROOF_VERIFIED);
}
