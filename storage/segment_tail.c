/*
 * segment_tail.c - the tail of a segment being written (segment.h, P8).
 *
 * A slot is the journal record that recovery needs to take it, then a whole
 * age file. It is written in place: of two slots the one that the last sync
 * covered is left alone, so a torn write costs the other one only.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/segment.h"
#include "storage/site.h"

static char *slot_path(const struct segment *s, unsigned slot, char *buf,
    size_t n)
{
	return path_slot(s->row.camera, s->row.day, s->row.start_ns, s->row.seq,
	    slot, buf, n);
}

/* The record as it would follow the journal's last one now. */
static void put_record(const struct segment *s, const unsigned char *file,
    size_t n, unsigned char ret[JOURNAL_RECORD])
{
	struct journal_record r = {.type = JOURNAL_TAIL,
	    .seq = s->row.seq,
	    .index = s->row.fragments,
	    .start_ns = s->row.start_ns,
	    .timescale = s->mp4.timescale,
	    .plain_off = s->chunks * AGE_CHUNK,
	    .plain_len = s->chunk_n,
	    .epoch = s->epoch,
	    .clock_state = s->clock_state,
	    .camera_clock_ns = s->camera_clock_ns,
	    .cipher_to = n};

	sha256(file, n, r.cipher);
	journal_encode(&r, s->head->chain, ret);
}

enum err segment_tail(struct segment *s)
{
	size_t n = AGE_HEADER_ONE + AGE_NONCE + s->chunk_n + AEAD_TAG;
	unsigned slot = !s->slot_durable;
	unsigned char *buf;
	char path[160];
	uint64_t size;
	enum err err = OK;

	if (s->tail_to == s->plain_len)
		return OK;
	if (s->slot_fd[slot] < 0)
		err = disk_open_append(s->dir_fd,
		    slot_path(s, slot, path, sizeof(path)), &s->slot_fd[slot],
		    &size);
	if (err)
		return err;
	buf = malloc(JOURNAL_RECORD + n);
	if (!buf)
		return ERR_NO_MEMORY;
	age_seal_beside(s->file_key, s->header, AGE_HEADER_ONE, s->chunk,
	    s->chunk_n, buf + JOURNAL_RECORD);
	put_record(s, buf + JOURNAL_RECORD, n, buf);
	err = disk_pwrite(s->slot_fd[slot], buf, JOURNAL_RECORD + n, 0);
	free(buf);
	if (err)
		return err;
	s->slot = slot;
	s->tail_to = s->plain_len;
	return OK;
}

void segment_tail_synced(struct segment *s)
{
	s->slot_durable = s->slot;
}

void segment_tail_drop(struct segment *s)
{
	char path[160];

	for (unsigned i = 0; i < 2; i++) {
		if (s->slot_fd[i] < 0)
			continue;
		/* one that stays is removed at the next start */
		unlinkat(s->dir_fd, slot_path(s, i, path, sizeof(path)), 0);
		close(s->slot_fd[i]);
		s->slot_fd[i] = -1;
	}
}
