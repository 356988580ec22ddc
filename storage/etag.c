#include "storage/etag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/bytes.h"
#include "storage/crypt.h"
#include "storage/zone.h"

static void end(struct sha256 *h, char ret[ETAG_TEXT])
{
	unsigned char sum[HASH_BYTES];

	sha256_end(h, sum);
	hex_encode(sum, (ETAG_TEXT - 1) / 2, ret);
}

static void put_text(struct sha256 *h, const char *s)
{
	sha256_put(h, s, strlen(s) + 1);
}

static void put_number(struct sha256 *h, int64_t v)
{
	unsigned char b[8];

	be_put(b, (uint64_t)v, sizeof(b));
	sha256_put(h, b, sizeof(b));
}

void etag_request(const struct request_row *r, char ret[ETAG_TEXT])
{
	struct sha256 h;

	sha256_init(&h);
	put_text(&h, r->id);
	put_number(&h, (int64_t)r->state);
	put_number(&h, r->decided_ns);
	put_number(&h, r->ends_ns);
	end(&h, ret);
}

void etag_draft(const struct draft_row *d, char ret[ETAG_TEXT])
{
	struct sha256 h;

	sha256_init(&h);
	put_number(&h, (int64_t)d->id);
	put_number(&h, (int64_t)d->person);
	put_number(&h, d->saved_ns);
	put_number(&h, d->from_ns);
	put_number(&h, d->to_ns);
	put_text(&h, d->cameras);
	put_text(&h, d->reason);
	put_text(&h, d->case_no);
	put_text(&h, d->longer);
	put_number(&h, d->reason_code);
	put_number(&h, d->rights);
	put_number(&h, d->until_ns);
	end(&h, ret);
}

void etag_person(const struct person_row *p, char ret[ETAG_TEXT])
{
	struct sha256 h;

	sha256_init(&h);
	put_number(&h, (int64_t)p->id);
	put_text(&h, p->name);
	put_text(&h, p->recipient);
	put_number(&h, (int64_t)p->role);
	put_number(&h, p->ended_ns);
	put_number(&h, p->first);
	put_number(&h, p->deputy);
	end(&h, ret);
}

static enum err put_setting(struct sha256 *h, struct index *ix,
    const char *what, const char *camera)
{
	unsigned char value[ZONES_BYTES_MAX];
	char name[CAMERA_ID_MAX + 16];
	size_t n = 0;
	enum err err;

	snprintf(name, sizeof(name), "%s %s", what, camera);
	err = index_setting_find(ix, name, value, sizeof(value), &n);
	if (err && err != ERR_NOT_FOUND)
		return err;
	put_number(h, err ? -1 : (int64_t)n);
	sha256_put(h, value, err ? 0 : n);
	return OK;
}

enum err etag_camera(struct index *ix, const struct camera_row *c,
    char ret[ETAG_TEXT])
{
	int64_t retired = 0;
	struct sha256 h;
	enum err err = index_retired(ix, c->id, &retired);

	if (err)
		return err;
	sha256_init(&h);
	put_text(&h, c->id);
	put_text(&h, c->name);
	put_text(&h, c->atm);
	put_text(&h, c->place);
	put_text(&h, c->url);
	put_text(&h, c->certificate);
	put_number(&h, (int64_t)c->transport);
	put_number(&h, c->enabled);
	put_number(&h, retired);
	sha256_put(&h, c->sealed, c->sealed_n);
	err = put_setting(&h, ix, "keypad", c->id);
	if (!err)
		err = put_setting(&h, ix, "zones", c->id);
	end(&h, ret);
	return err;
}

enum err etag_find(struct index *ix, enum thing thing, const char *id,
    char ret[ETAG_TEXT])
{
	struct request_row r;
	struct camera_row c;
	struct person_row p;
	struct draft_row d;
	enum err err = ERR_INVALID;

	switch (thing) {
	case THING_REQUEST:
		err = index_request_find(ix, id, &r);
		if (!err)
			etag_request(&r, ret);
		break;
	case THING_CAMERA:
		err = index_camera_find(ix, id, &c);
		if (!err)
			err = etag_camera(ix, &c, ret);
		break;
	case THING_PERSON:
		err = index_person_find(ix, strtoull(id, NULL, 10), &p);
		if (!err)
			etag_person(&p, ret);
		break;
	case THING_DRAFT:
		err = index_draft_find(ix, strtoull(id, NULL, 10), &d);
		if (!err)
			etag_draft(&d, ret);
		break;
	case THING_MAX:
		break;
	}
	return err;
}

bool etag_has_changed(struct index *ix, struct expected *e)
{
	char now[ETAG_TEXT];
	enum thing thing = e->thing;

	e->thing = 0;
	return thing &&
	    (etag_find(ix, thing, e->id, now) || strcmp(now, e->etag) != 0);
}
