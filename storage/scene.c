#include "storage/scene.h"

#include <string.h>

#define BLACK_MEAN 32		/* black is 16 in video */
#define FLAT 8			/* contrast below which nothing is to be seen */
#define SOFT 3			/* a third of the reference's sharpness */
#define EVEN 16			/* variance of a grid without any pattern */
#define ALIKE 30		/* percent: correlation of the grids */
#define RISES 3			/* pictures in a row */
#define FALLS 2

enum err scene_get(struct wire *w, struct scene_seen *ret)
{
	struct scene_seen s = {.mean = wire_get_u8(w)};
	const void *grid;
	size_t n;
	enum err err;

	s.contrast = wire_get_u8(w);
	s.sharpness = wire_get_u16(w);
	s.print = wire_get_u64(w);
	grid = wire_get_bytes(w, &n);
	err = wire_end(w);
	if (!err && n != SCENE_GRID)
		err = ERR_BAD_MESSAGE;
	if (err)
		return err;
	memcpy(s.grid, grid, SCENE_GRID);
	*ret = s;
	return OK;
}

/* Do the grids rise and fall together? Light alone changes nothing of that. */
static bool is_alike(const unsigned char *a, const unsigned char *b)
{
	int64_t sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;

	for (int i = 0; i < SCENE_GRID; i++) {
		sum_a += a[i];
		sum_b += b[i];
	}
	for (int i = 0; i < SCENE_GRID; i++) {
		int64_t x = SCENE_GRID * a[i] - sum_a;
		int64_t y = SCENE_GRID * b[i] - sum_b;

		aa += x * x;
		bb += y * y;
		ab += x * y;
	}
	aa >>= 12;	/* 64 times the variance */
	bb >>= 12;
	ab >>= 12;
	if (bb < SCENE_GRID * EVEN)
		return true;	/* the reference has nothing to go by */
	/* ab / sqrt(aa bb) >= ALIKE / 100, in whole numbers */
	return ab > 0 && ab * ab * 100 * 100 >= aa * bb * ALIKE * ALIKE;
}

enum alarm scene_judge(const struct scene_seen *s, const struct scene_seen *ref)
{
	if (s->contrast < FLAT)
		return s->mean < BLACK_MEAN ? ALARM_BLACK : ALARM_COVERED;
	if (!ref)
		return ALARM_NONE;
	if (s->sharpness < ref->sharpness / SOFT)
		return ALARM_DEFOCUSED;
	return is_alike(s->grid, ref->grid) ? ALARM_NONE : ALARM_MOVED;
}

bool scene_take(struct scene_watch *w, const struct scene_seen *s)
{
	enum alarm a = scene_judge(s, w->has_ref ? &w->ref : NULL);
	bool first = !w->has_ref && !a;

	w->same = s->print == w->print ? w->same + 1 : 0;
	w->print = s->print;
	if (!a && w->same >= RISES - 1)
		a = ALARM_FROZEN;
	if (first) {
		w->ref = *s;
		w->has_ref = true;
	}
	w->times = a == w->leans ? w->times + 1 : 1;
	w->leans = a;
	if (a == ALARM_FROZEN || w->times >= (a ? RISES : FALLS))
		w->stands = a;
	return first;
}
