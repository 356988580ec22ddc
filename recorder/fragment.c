#include "recorder/fragment.h"

#include <stdlib.h>
#include <string.h>

/* moof, mfhd, traf, tfhd, tfdt, trun, mdat, without the table of samples */
#define HEAD (8u + 16 + 8 + 16 + 20 + 20 + 8)
#define ROW 16u			/* bytes per sample in trun */
#define ROOM (HEAD + ROW * FRAGMENT_SAMPLES_MAX)

#define SAMPLE_KEY 0x02000000u		/* depends on no other */
#define SAMPLE_OTHER 0x01010000u	/* depends on others, not a sync one */

void fragment_init(struct fragment *f)
{
	f->buf = NULL;
	f->n = f->cap = 0;
	f->samples = 0;
}

void fragment_wipe(struct fragment *f)
{
	free(f->buf);
	fragment_init(f);
}

void fragment_clear(struct fragment *f)
{
	f->n = 0;
	f->samples = 0;
}

bool fragment_has_room(const struct fragment *f, size_t n)
{
	return f->samples < FRAGMENT_SAMPLES_MAX &&
	    n <= FRAGMENT_BYTES_MAX - f->n;
}

enum err fragment_put(struct fragment *f, const void *p, size_t n,
    uint32_t duration, int32_t composition, bool key)
{
	if (!fragment_has_room(f, n))
		return ERR_TOO_LARGE;
	if (ROOM + f->n + n > f->cap) {
		size_t cap = f->cap ? f->cap : ROOM + 65536;
		unsigned char *grown;

		while (cap < ROOM + f->n + n)
			cap += cap / 2;
		grown = realloc(f->buf, cap);
		if (!grown)
			return ERR_NO_MEMORY;
		f->buf = grown;
		f->cap = cap;
	}
	memcpy(f->buf + ROOM + f->n, p, n);
	f->n += n;
	f->sample[f->samples++] = (struct sample){.duration = duration,
	    .size = (uint32_t)n,
	    .composition = composition,
	    .key = key};
	return OK;
}

static unsigned char *be(unsigned char *p, uint64_t v, int n)
{
	for (int i = n - 1; i >= 0; i--)
		*p++ = (unsigned char)(v >> 8 * i);
	return p;
}

static unsigned char *box(unsigned char *p, size_t size, const char *type)
{
	p = be(p, size, 4);
	memcpy(p, type, 4);
	return p + 4;
}

void fragment_seal(struct fragment *f, uint32_t number, uint64_t base,
    const unsigned char **ret_p, size_t *ret_n)
{
	size_t trun = 20 + ROW * (size_t)f->samples;
	size_t traf = 8 + 16 + 20 + trun;
	size_t moof = 8 + 16 + traf;
	unsigned char *start = f->buf + ROOM - moof - 8, *p = start;

	p = box(p, moof, "moof");
	p = box(p, 16, "mfhd");
	p = be(p, 0, 4);
	p = be(p, number, 4);
	p = box(p, traf, "traf");
	p = box(p, 16, "tfhd");
	p = be(p, 0x020000, 4);	/* default-base-is-moof */
	p = be(p, 1, 4);
	p = box(p, 20, "tfdt");
	p = be(p, 0x01000000, 4);
	p = be(p, base, 8);
	p = box(p, trun, "trun");
	/* version 1; data offset; duration, size, flags, composition each */
	p = be(p, 0x01000f01, 4);
	p = be(p, f->samples, 4);
	p = be(p, moof + 8, 4);
	for (uint32_t i = 0; i < f->samples; i++) {
		const struct sample *s = &f->sample[i];

		p = be(p, s->duration, 4);
		p = be(p, s->size, 4);
		p = be(p, s->key ? SAMPLE_KEY : SAMPLE_OTHER, 4);
		p = be(p, (uint32_t)s->composition, 4);
	}
	p = box(p, 8 + f->n, "mdat");
	*ret_p = start;
	*ret_n = moof + 8 + f->n;
}
