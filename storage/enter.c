/* enter.c - ledger entries whose names and texts are commitments. */
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"

void enter_begin(struct keeper *k, struct enter *x, enum entry_type type,
    uint64_t person)
{
	x->n = 0;
	entry_begin(&x->e, type, k->now, person);
}

void enter_text(struct enter *x, enum entry_tag tag, const char *text)
{
	unsigned char hash[HASH_BYTES];

	if (x->n == sizeof(x->text) / sizeof(x->text[0])) {
		x->e.err = ERR_TOO_LARGE;
		return;
	}
	commitment_make(text, x->text[x->n].salt, hash);
	x->text[x->n].tag = tag;
	x->text[x->n++].text = text;
	entry_put_bytes(&x->e, tag, hash, sizeof(hash));
}

void enter_cameras(struct enter *x, const char *cameras)
{
	unsigned char buf[CAMERAS_MAX * (CAMERA_ID_MAX + 1)];
	size_t n = 0;

	while (*cameras) {
		size_t m = strcspn(cameras, " ");

		if (m > CAMERA_ID_MAX || n + m + 1 > sizeof(buf)) {
			x->e.err = ERR_TOO_LARGE;
			return;
		}
		buf[n++] = (unsigned char)m;
		memcpy(buf + n, cameras, m);
		n += m;
		cameras += m + (cameras[m] == ' ');
	}
	entry_put_bytes(&x->e, TAG_CAMERAS, buf, n);
}

/* P4: a hold is effective with its entry, and what ends one as well. */
static void follow(struct keeper *k, uint64_t i, const struct entry *e)
{
	struct entry_view v;
	enum err err = entry_parse(e->buf, e->len, &v);

	if (!err)
		err = holds_apply(&k->holds, i, &v);
	if (err) {
		log_error("entry %llu: holds are not followed: %s; nothing is "
			  "erased",
		    (unsigned long long)i, err_text(err));
		k->holds_broken = true;
	}
}

enum err enter_end(struct keeper *k, struct enter *x, uint64_t *ret_index)
{
	uint64_t i = 0;
	enum err err = entry_end(&x->e);

	if (!err)
		err = ledger_put(k->ledger, &x->e, &i);
	if (!err) {
		follow(k, i, &x->e);
		i = ledger_number(k->ledger, i);
	}
	for (unsigned n = 0; !err && n < x->n; n++)
		err = index_text_put(k->ix, i, x->text[n].tag, x->text[n].salt,
		    x->text[n].text);
	if (!err && ret_index)
		*ret_index = i;
	return err;
}
