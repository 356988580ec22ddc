/*
 * reader_beyond.c - a camera that signs its pictures puts the signature of a
 * GOP into the next one. So an export that ends in such footage takes in the
 * rest of its last GOP and one GOP more, and a grant to export has the key that
 * this needs: of at most one segment beyond the range.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/session.h"
#include "storage/signed_video.h"

#define LOOK_NS (20 * NS_PER_SEC) /* of the end of the range */

static enum err fragment_signs(struct age_file *file,
    const struct mp4_init *init, const struct journal_record *r, bool *ret)
{
	size_t n = (size_t)r->plain_len;
	struct mp4_fragment f;
	unsigned char *p;
	enum err err;

	if (!n || r->plain_len > MP4_FRAGMENT_MAX)
		return OK;
	p = malloc(n);
	if (!p)
		return ERR_NO_MEMORY;
	err = age_file_read(file, r->plain_off, p, n);
	if (!err && !mp4_fragment_parse(p, n, init, &f)) {
		*ret = signed_video(init, &f, p, n);
		mp4_free(&f);
	}
	crypt_wipe(p, n);
	free(p);
	/* what is damaged is found where it is read to be handed out */
	return err == ERR_NO_MEMORY || err == ERR_DISK ? err : OK;
}

/* The last fragments of the part, from the end. */
static enum err part_signs(struct age_file *file, const struct mp4_init *init,
    const struct play_part *part, bool *ret)
{
	const struct journal_record *r = part->footage.fragments + part->first;
	int64_t since = r[part->n - 1].start_ns - LOOK_NS;
	enum err err = OK;

	*ret = false;
	for (size_t i = part->n; i-- > 0 && !*ret && !err;) {
		if (r[i].start_ns < since)
			break;
		err = fragment_signs(file, init, &r[i], ret);
	}
	return err;
}

/* By a custodian, who has the file's key and no grant. */
static enum err segment_signs(struct session *s, const struct play_part *part,
    const unsigned char file_key[AGE_FILE_KEY], bool *ret)
{
	uint64_t n = part->footage.begin.plain_len;
	unsigned char *bytes = NULL;
	struct age_file *file;
	struct mp4_init init;
	enum err err =
	    footage_open(s->data_fd, &part->footage, file_key, &file);

	*ret = false;
	if (err)
		return OK;
	if (n && n <= MP4_INIT_MAX) {
		bytes = malloc((size_t)n);
		err = bytes ? age_file_read(file, 0, bytes, (size_t)n) :
			      ERR_NO_MEMORY;
		if (!err && !mp4_init_parse(bytes, (size_t)n, &init))
			err = part_signs(file, &init, part, ret);
	}
	free(bytes);
	age_file_close(file);
	return err == ERR_NO_MEMORY ? err : OK;
}

enum err beyond_find(struct session *s, const char *camera, int64_t to_ns,
    const struct segment_row *last, const unsigned char file_key[AGE_FILE_KEY],
    struct segment_row *ret)
{
	struct play p;
	bool signs = false;
	enum err err = play_make(s->ix, s->data_fd, camera, to_ns - LOOK_NS,
	    to_ns, session_now(s), &p);

	if (err)
		return err;
	if (p.parts_n && p.parts[p.parts_n - 1].footage.row.seq == last->seq)
		err =
		    segment_signs(s, &p.parts[p.parts_n - 1], file_key, &signs);
	if (!err && signs)
		err = play_extend(&p, s->ix, s->data_fd, to_ns);
	if (!err && signs)
		*ret = p.parts[p.parts_n - 1].footage.row;
	if (!err && (!signs || ret->seq == last->seq))
		err = ERR_NOT_FOUND;
	play_free(&p);
	return err;
}

static enum err extend(struct session *s, struct play *p)
{
	size_t n = p->parts_n;
	const struct play_part *part = n ? &p->parts[n - 1] : NULL;
	struct opened *o;
	bool signs = false;
	enum err err;

	if (!part)
		return OK;
	err = access_open(s, part, &o);
	if (!err)
		err = part_signs(o->file, &o->init, part, &signs);
	/* what does not open is named when it is checked */
	if (err || !signs)
		return err == ERR_NO_MEMORY || err == ERR_DISK ? err : OK;
	err = play_extend(p, s->ix, s->data_fd, s->access.to_ns);
	/* it was not recorded yet when the grant was made */
	if (!err && p->parts_n > n && access_open(s, &p->parts[n], &o))
		play_drop_last(p);
	return err;
}

enum err beyond_take(struct session *s)
{
	enum err err = OK;

	for (size_t i = 0; i < s->access.cameras_n && !err; i++)
		err = extend(s, &s->access.plays[i]);
	return err;
}
