#include "storage/segment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/api/wire.h"
#include "storage/disk.h"
#include "storage/site.h"

enum err journal_head_load(int dir_fd, const char *camera, const char *day,
    struct journal_head *ret)
{
	struct journal_head h = {0};
	struct journal j = {0};
	unsigned char *p = NULL;
	char path[128];
	size_t n = 0;
	enum err err =
	    disk_read_all(dir_fd, path_journal(camera, day, path, sizeof(path)),
		JOURNAL_DAY_MAX, &p, &n);

	if (err && err != ERR_NOT_FOUND)
		return err;
	memcpy(h.day, day, sizeof(h.day));
	journal_chain_start(camera, day, h.chain);
	if (p) {
		err = journal_parse(p, n, camera, day, &j);
		if (!err && j.valid_n != n)
			err = ERR_INTEGRITY;
		if (!err && j.n)
			memcpy(h.chain, j.records[j.n - 1].chain, HASH_BYTES);
		h.records = j.n;
		journal_free(&j);
		free(p);
		if (err)
			return err;
	}
	*ret = h;
	return OK;
}

static enum err write_cipher(struct segment *s, const void *p, size_t n)
{
	enum err err = disk_pwrite(s->fd, p, n, s->file_off);

	if (err)
		return err;
	sha256_put(&s->piece, p, n);
	s->file_off += n;
	return OK;
}

static enum err flush_chunk(struct segment *s, bool last)
{
	unsigned char *out = s->chunk; /* in place: room for the tag */
	enum err err;

	age_chunk_seal(s->key, s->chunks++, last, s->chunk, s->chunk_n, out);
	err = write_cipher(s, out, s->chunk_n + AEAD_TAG);
	s->chunk_n = 0;
	return err;
}

/* A full chunk waits until more comes: it may be the last one. */
static enum err put_plain(struct segment *s, const unsigned char *p, size_t n)
{
	enum err err = OK;

	while (n && !err) {
		size_t m = AGE_CHUNK - s->chunk_n;

		if (!m) {
			err = flush_chunk(s, false);
			continue;
		}
		m = m < n ? m : n;
		memcpy(s->chunk + s->chunk_n, p, m);
		s->chunk_n += m;
		s->plain_len += m;
		p += m;
		n -= m;
	}
	return err;
}

/* Complete r with what all records share, append it, follow the chain. */
static enum err append_record(struct segment *s, struct journal_record *r)
{
	unsigned char bytes[JOURNAL_RECORD], leaf[HASH_BYTES];
	enum err err;

	r->seq = s->row.seq;
	r->timescale = s->mp4.timescale;
	r->epoch = s->epoch;
	r->clock_state = s->clock_state;
	r->camera_clock_ns = s->camera_clock_ns;
	r->cipher_from = s->hashed_to;
	r->cipher_to = s->file_off;
	sha256_end(&s->piece, r->cipher);
	sha256_init(&s->piece);
	sha256_put(&s->cipher, r->cipher, HASH_BYTES);
	journal_encode(r, s->head->chain, bytes);
	err = disk_pwrite(s->journal_fd, bytes, sizeof(bytes),
	    s->head->records * JOURNAL_RECORD);
	if (err)
		return err;
	s->hashed_to = s->file_off;
	s->head->records++;
	memcpy(s->head->chain, r->chain, HASH_BYTES);
	if (r->type == JOURNAL_BEGIN || r->type == JOURNAL_FRAGMENT) {
		journal_leaf(bytes, leaf);
		merkle_put(&s->tree, leaf);
	}
	return OK;
}

static enum err add_piece(struct segment *s, uint64_t off, size_t len,
    const unsigned char content[HASH_BYTES])
{
	if (s->pieces_n == s->pieces_room) {
		size_t room = s->pieces_room ? 2 * s->pieces_room : 64;
		struct segment_piece *p = realloc(s->pieces, room * sizeof(*p));

		if (!p)
			return ERR_NO_MEMORY;
		s->pieces = p;
		s->pieces_room = room;
	}
	s->pieces[s->pieces_n].off = off;
	s->pieces[s->pieces_n].len = (uint32_t)len;
	memcpy(s->pieces[s->pieces_n++].content, content, HASH_BYTES);
	return OK;
}

static enum err open_files(int dir_fd, struct segment *s)
{
	char dir[96], path[160];
	uint64_t size = 0;
	enum err err;

	path_day(s->row.camera, s->row.day, dir, sizeof(dir));
	err = disk_mkdirs(dir_fd, dir);
	if (!err)
		err = disk_open_append(dir_fd,
		    path_journal(s->row.camera, s->row.day, path, sizeof(path)),
		    &s->journal_fd, &size);
	if (!err && !size)
		err = disk_sync_dir(dir_fd, dir);
	if (!err && size != s->head->records * JOURNAL_RECORD)
		err = ERR_INTEGRITY;
	if (err)
		return err;
	path_segment(s->row.camera, s->row.day, s->row.start_ns, s->row.seq,
	    path, sizeof(path));
	/* its name comes with the next sync, as what is written into it does */
	return disk_create(dir_fd, path, &s->fd);
}

static enum err write_header(struct segment *s, const struct age_recipient *to)
{
	unsigned char header[AGE_HEADER_MAX], nonce[AGE_NONCE];
	size_t n;
	enum err err;

	crypt_random(s->file_key, sizeof(s->file_key));
	crypt_random(nonce, sizeof(nonce));
	err = age_header_write(s->file_key, nonce, to, 1, header, &n);
	if (err)
		return err;
	memcpy(s->header, header, sizeof(s->header));
	age_payload_key(s->file_key, nonce, s->key);
	return write_cipher(s, header, n);
}

static enum err begin(struct segment *s, const struct age_recipient *to,
    size_t n, int64_t mono_ns)
{
	struct journal_record r = {.type = JOURNAL_BEGIN,
	    .start_ns = s->row.start_ns,
	    .plain_len = n,
	    .mono_ns = mono_ns};
	enum err err = write_header(s, to);

	if (!err)
		err = put_plain(s, s->init, n);
	sha256(s->init, n, r.content);
	memcpy(r.recipient, to->key, KEY_BYTES);
	if (!err)
		err = append_record(s, &r);
	return err ? err : add_piece(s, 0, n, r.content);
}

enum err segment_begin(int dir_fd, const struct segment_row *row,
    const struct age_recipient *to, const void *init, size_t n, int64_t mono_ns,
    uint32_t epoch, uint32_t clock_state, int64_t camera_clock_ns,
    struct journal_head *head, struct segment **ret)
{
	struct segment *s = calloc(1, sizeof(*s));
	enum err err = ERR_NO_MEMORY;

	if (!s)
		return err;
	s->row = *row;
	s->row.state = SEGMENT_OPEN;
	s->row.end_ns = row->start_ns;
	s->row.record = head->records;
	s->row.entry = -1;
	s->fd = s->journal_fd = s->proof_fd = -1;
	s->slot_fd[0] = s->slot_fd[1] = -1;
	s->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 10);
	s->head = head;
	s->epoch = epoch;
	s->clock_state = clock_state;
	s->camera_clock_ns = camera_clock_ns;
	sha256_init(&s->piece);
	sha256_init(&s->cipher);
	merkle_init(&s->tree);
	s->chunk = malloc(AGE_CHUNK_SEALED);
	s->init = malloc(n ? n : 1);
	if (s->dir_fd < 0) {
		err = ERR_SYS;
	} else if (s->chunk && s->init) {
		memcpy(s->init, init, n);
		err = mp4_init_parse(s->init, n, &s->mp4);
	}
	if (!err)
		err = open_files(dir_fd, s);
	if (!err)
		err = begin(s, to, n, mono_ns);
	if (err) {
		segment_free(s);
		return err;
	}
	*ret = s;
	return OK;
}

enum err segment_put(struct segment *s, const void *p, size_t n,
    int64_t start_ns, int64_t duration_ns, int64_t mono_ns, uint32_t flags)
{
	struct journal_record r = {.type = JOURNAL_FRAGMENT,
	    .index = s->row.fragments,
	    .flags = flags,
	    .start_ns = start_ns,
	    .duration_ns = duration_ns,
	    .plain_off = s->plain_len,
	    .plain_len = n,
	    .mono_ns = mono_ns};
	struct mp4_fragment f;
	enum err err = mp4_fragment_parse(p, n, &s->mp4, &f);

	if (err)
		return err;
	mp4_sample_hash(&s->mp4, &f, p, r.content);
	r.base = f.base;
	r.samples = f.n;
	mp4_free(&f);
	err = put_plain(s, p, n);
	s->pending_ns = s->chunk_n > n ? INT64_MAX : duration_ns;
	if (!err)
		err = append_record(s, &r);
	if (!err)
		err = add_piece(s, r.plain_off, n, r.content);
	if (err)
		return err;
	if (flags & FRAGMENT_KEY && !s->key_piece)
		s->key_piece = s->pieces_n - 1;
	s->samples += r.samples;
	s->row.fragments++;
	s->row.flags |= flags;
	s->row.end_ns = start_ns + duration_ns;
	return OK;
}

enum err segment_seal(struct segment *s)
{
	struct journal_record r = {.type = JOURNAL_SEAL,
	    .index = s->row.fragments,
	    .flags = s->row.flags,
	    .start_ns = s->row.start_ns,
	    .duration_ns = s->row.end_ns - s->row.start_ns,
	    .samples = s->samples,
	    .plain_len = s->plain_len};
	enum err err = flush_chunk(s, true);

	merkle_root(&s->tree, s->root);
	memcpy(r.content, s->root, HASH_BYTES);
	if (!err)
		err = append_record(s, &r);
	if (err)
		return err;
	sha256_end(&s->cipher, s->cipher_hash);
	s->row.bytes = s->file_off;
	s->row.state = SEGMENT_SEALED;
	s->sealed = true;
	return OK;
}

/* Compare one piece with what was recorded: init bytes, or sample hash. */
static enum err prove_piece(const struct segment *s, size_t i,
    const unsigned char *p)
{
	unsigned char hash[HASH_BYTES];
	struct mp4_fragment f;
	enum err err;

	if (!i) {
		sha256(p, s->pieces[i].len, hash);
	} else {
		err = mp4_fragment_parse(p, s->pieces[i].len, &s->mp4, &f);
		if (err)
			return ERR_INTEGRITY;
		mp4_sample_hash(&s->mp4, &f, p, hash);
		mp4_free(&f);
	}
	return crypt_equal(hash, s->pieces[i].content, HASH_BYTES) ?
	    OK :
	    ERR_INTEGRITY;
}

static enum err prove(struct segment *s, struct age_file *f, unsigned char *buf)
{
	size_t key = s->key_piece ? s->key_piece : 1;
	enum err err = OK;

	for (size_t i = 0; !err && i < s->pieces_n; i++) {
		/* Behind the init part, which stays for the picture. */
		unsigned char *at = buf + (i ? s->pieces[0].len : 0);

		err = age_file_read(f, s->pieces[i].off, at, s->pieces[i].len);
		if (!err)
			err = prove_piece(s, i, at);
		if (!err && i == key)
			err = bulk_from(buf,
			    s->pieces[0].len + s->pieces[i].len, &s->proof_fd);
	}
	return err;
}

void segment_prove(struct segment *s)
{
	struct age_file *f = NULL;
	unsigned char *buf = NULL;
	char path[160];
	uint64_t size = 0;
	size_t room = 0;
	int fd = -1;
	enum err err;

	for (size_t i = 0; i < s->pieces_n; i++)
		if (s->pieces[i].len > room)
			room = s->pieces[i].len;
	path_segment(s->row.camera, s->row.day, s->row.start_ns, s->row.seq,
	    path, sizeof(path));
	err = disk_open_read(s->dir_fd, path, &fd, &size);
	if (!err)
		err = age_file_open(fd, s->file_key, false, &f);
	if (!err && age_file_size(f) != s->plain_len)
		err = ERR_INTEGRITY;
	room += s->pieces[0].len;
	if (!err && !(buf = malloc(room)))
		err = ERR_NO_MEMORY;
	if (!err)
		err = prove(s, f, buf);
	if (buf)
		crypt_wipe(buf, room);
	free(buf);
	age_file_close(f);
	s->proof_err = err;
}

void segment_free(struct segment *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->journal_fd >= 0)
		close(s->journal_fd);
	if (s->proof_fd >= 0)
		close(s->proof_fd);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	for (int i = 0; i < 2; i++)
		if (s->slot_fd[i] >= 0)
			close(s->slot_fd[i]);
	if (s->chunk)
		crypt_wipe(s->chunk, AGE_CHUNK_SEALED);
	free(s->chunk);
	free(s->init);
	free(s->pieces);
	crypt_wipe(s, sizeof(*s));
	free(s);
}
