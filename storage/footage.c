#include "storage/footage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/disk.h"
#include "storage/site.h"
#include "storage/volume.h"

#define RECORDS_MAX 65536u /* of one segment */
#define BLOCK 64u /* records read at once */

static enum err open_file(int data_fd, const struct segment_row *row,
    int *ret_fd, uint64_t *ret_size)
{
	char path[160];

	return volume_open_read(data_fd, row->volume,
	    path_segment(row->camera, row->day, row->start_ns, row->seq, path,
		sizeof(path)),
	    ret_fd, ret_size);
}

/* Payload bytes of the whole chunks that the file holds now. */
static enum err whole_bytes(int data_fd, const struct segment_row *row,
    uint64_t *ret)
{
	unsigned char *head = malloc(AGE_HEADER_MAX);
	size_t header_n = 0, n;
	uint64_t size;
	enum err err;
	int fd = -1;

	if (!head)
		return ERR_NO_MEMORY;
	err = open_file(data_fd, row, &fd, &size);
	if (err)
		goto out;
	n = size < AGE_HEADER_MAX ? (size_t)size : AGE_HEADER_MAX;
	err = disk_pread(fd, head, n, 0);
	if (!err)
		err = age_header_len(head, n, &header_n);
	if (err == ERR_TRUNCATED)
		err = OK; /* so young that its header is not there */
	else if (!err && size > header_n + AGE_NONCE)
		*ret = (size - header_n - AGE_NONCE) / AGE_CHUNK_SEALED *
		    AGE_CHUNK;
out:
	if (fd >= 0)
		close(fd);
	free(head);
	return err;
}

struct load {
	int fd;
	uint64_t size, at; /* bytes of the journal; the next record's */
	unsigned char chain[HASH_BYTES];
	struct footage *f;
	size_t room;
	unsigned ended; /* the type of the seal or cut record, once seen */
};

static enum err load_start(struct load *l, const struct segment_row *row)
{
	unsigned char record[JOURNAL_RECORD];
	enum err err;

	l->at = row->record * JOURNAL_RECORD;
	if (row->record > l->size / JOURNAL_RECORD)
		return ERR_INTEGRITY;
	if (!row->record) {
		journal_chain_start(row->camera, row->day, l->chain);
		return OK;
	}
	err = disk_pread(l->fd, record, sizeof(record), l->at - JOURNAL_RECORD);
	memcpy(l->chain, record + JOURNAL_RECORD - HASH_BYTES, HASH_BYTES);
	return err;
}

/* Take one record in; l->ended where it is the segment's last. */
static enum err load_record(struct load *l, const struct journal_record *r)
{
	struct footage *f = l->f;
	struct journal_record *bigger;

	if (r->seq != f->row.seq)
		return ERR_INTEGRITY;
	if (r->type == JOURNAL_BEGIN) {
		f->begin = *r;
		return OK;
	}
	if (r->type == JOURNAL_TAIL) {
		f->tail = *r;
		return OK;
	}
	if (journal_ends(r)) {
		l->ended = r->type;
		return OK;
	}
	if (r->index != f->n || f->n == RECORDS_MAX)
		return ERR_INTEGRITY;
	if (f->n == l->room) {
		l->room = l->room ? 2 * l->room : BLOCK;
		bigger = realloc(f->fragments, l->room * sizeof(*bigger));
		if (!bigger)
			return ERR_NO_MEMORY;
		f->fragments = bigger;
	}
	f->fragments[f->n++] = *r;
	return OK;
}

static enum err load_records(struct load *l)
{
	unsigned char block[BLOCK * JOURNAL_RECORD];
	bool open = l->f->row.state == SEGMENT_OPEN, first = true;
	enum err err = OK;

	while (!err && !l->ended) {
		uint64_t left = (l->size - l->at) / JOURNAL_RECORD;
		size_t n = left < BLOCK ? (size_t)left : BLOCK;

		if (!n)
			break;
		err = disk_pread(l->fd, block, n * JOURNAL_RECORD, l->at);
		for (size_t i = 0; i < n && !err && !l->ended; i++) {
			struct journal_record r;

			err = journal_decode(block + i * JOURNAL_RECORD,
			    l->chain, &r);
			/* what is being appended just now */
			if (err && open && !first)
				return OK;
			if (!err && first != (r.type == JOURNAL_BEGIN))
				err = ERR_INTEGRITY;
			if (!err)
				err = load_record(l, &r);
			if (!err)
				memcpy(l->chain, r.chain, HASH_BYTES);
			first = false;
		}
		l->at += n * JOURNAL_RECORD;
	}
	if (!err && first)
		err = open ? ERR_NOT_FOUND : ERR_INTEGRITY;
	return err;
}

/* Drop what does not count, and find the ends. */
static enum err settle(int data_fd, struct footage *f, unsigned ended)
{
	uint64_t whole = 0;
	enum err err;

	f->received_ns = f->end_ns = f->row.start_ns;
	if (f->n)
		f->received_ns = f->fragments[f->n - 1].start_ns +
		    f->fragments[f->n - 1].duration_ns;
	/* one that was sealed but is not synced yet is whole, too */
	f->cut = f->row.state == SEGMENT_CUT ||
	    (f->row.state == SEGMENT_OPEN && ended != JOURNAL_SEAL);
	if (f->row.state == SEGMENT_OPEN && f->cut) {
		err = whole_bytes(data_fd, &f->row, &whole);
		if (err)
			return err;
		whole += f->tail.plain_len;
		while (f->n &&
		    f->fragments[f->n - 1].plain_off +
			    f->fragments[f->n - 1].plain_len >
			whole)
			f->n--;
	} else if (f->row.state != SEGMENT_OPEN) {
		if (f->n < f->row.fragments)
			return ERR_INTEGRITY;
		f->n = f->row.fragments;
	}
	if (f->n)
		f->end_ns = f->fragments[f->n - 1].start_ns +
		    f->fragments[f->n - 1].duration_ns;
	return OK;
}

enum err footage_read(int data_fd, const struct segment_row *row,
    struct footage *ret)
{
	struct footage f = {.row = *row};
	struct load l = {.fd = -1, .f = &f};
	char path[160];
	enum err err;

	err = volume_open_read(data_fd, row->volume,
	    path_journal(row->camera, row->day, path, sizeof(path)), &l.fd,
	    &l.size);
	if (err)
		return err;
	err = load_start(&l, row);
	if (!err)
		err = load_records(&l);
	if (!err)
		err = settle(data_fd, &f, l.ended);
	close(l.fd);
	if (err) {
		footage_free(&f);
		return err == ERR_FORMAT || err == ERR_TRUNCATED ?
		    ERR_INTEGRITY :
		    err;
	}
	*ret = f;
	return OK;
}

enum err footage_begin(int data_fd, const struct segment_row *row,
    struct journal_record *ret)
{
	unsigned char record[JOURNAL_RECORD];
	struct load l = {.fd = -1};
	char path[160];
	enum err err;

	err = volume_open_read(data_fd, row->volume,
	    path_journal(row->camera, row->day, path, sizeof(path)), &l.fd,
	    &l.size);
	if (err)
		return err;
	err = load_start(&l, row);
	if (!err)
		err = disk_pread(l.fd, record, sizeof(record), l.at);
	if (!err)
		err = journal_decode(record, l.chain, ret);
	close(l.fd);
	return err == ERR_FORMAT || err == ERR_TRUNCATED ? ERR_INTEGRITY : err;
}

void footage_free(struct footage *f)
{
	free(f->fragments);
	f->fragments = NULL;
	f->n = 0;
}

enum err footage_open(int data_fd, const struct footage *f,
    const unsigned char file_key[AGE_FILE_KEY], struct age_file **ret)
{
	const struct segment_row *row = &f->row;
	struct age_file *file = NULL;
	char path[160];
	uint64_t size;
	int fd;
	enum err err = open_file(data_fd, row, &fd, &size);

	if (!err)
		err = age_file_open(fd, file_key, f->cut, &file);
	if (!err && f->tail.type) {
		err = volume_open_read(data_fd, row->volume,
		    path_tail(row->camera, row->day, row->start_ns, row->seq,
			path, sizeof(path)),
		    &fd, &size);
		if (!err)
			err = age_file_tail(file, fd, file_key,
			    f->tail.plain_off);
	}
	if (err)
		age_file_close(file);
	else
		*ret = file;
	return err;
}

enum err footage_file_key(int data_fd, const struct segment_row *row,
    const struct age_identity *id, unsigned char ret_file_key[AGE_FILE_KEY])
{
	unsigned char head[4096];
	size_t n, header_n;
	uint64_t size;
	int fd;
	enum err err = open_file(data_fd, row, &fd, &size);

	if (err)
		return err;
	n = size < sizeof(head) ? (size_t)size : sizeof(head);
	err = disk_pread(fd, head, n, 0);
	if (!err)
		err = age_header_open(head, n, id, 1, ret_file_key, &header_n);
	close(fd);
	return err;
}
