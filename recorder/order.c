#include "recorder/order.h"

#include <stdlib.h>
#include <string.h>

#define DURATION_UNKNOWN 3600 /* a single picture: 1/25 s */

void order_init(struct order *o, struct frame_sink sink)
{
	*o = (struct order){.sink = sink, .duration = DURATION_UNKNOWN};
}

void order_depth(struct order *o, int depth)
{
	if (depth > o->depth)
		o->depth = depth < ORDER_DEPTH_MAX ? depth : ORDER_DEPTH_MAX;
}

void order_wipe(struct order *o)
{
	for (int i = 0; i < o->n; i++)
		free(o->queue[i].unit.data);
	o->n = 0;
	o->bytes = 0;
	o->begun = false;
}

/* Give out the oldest. last: nothing follows, its duration is a guess. */
static enum err pop(struct order *o, bool last)
{
	struct frame f = o->queue[0];
	int64_t smallest = o->sorted[0], next;

	o->n--;
	o->bytes -= f.unit.n;
	memmove(o->queue, o->queue + 1, (size_t)o->n * sizeof(o->queue[0]));
	memmove(o->sorted, o->sorted + 1, (size_t)o->n * sizeof(o->sorted[0]));
	f.dts = o->begun ? o->next : smallest;
	if (o->begun && smallest < o->next && f.pts < o->next &&
	    o->depth < ORDER_DEPTH_MAX)
		o->depth++; /* it reorders more than was known */
	next = last ? f.dts + o->duration : o->sorted[0];
	if (next <= f.dts) {
		next = f.dts + 1;
		o->forced++;
	}
	if (next - f.dts > UINT32_MAX)
		next = f.dts + UINT32_MAX;
	f.duration = (uint32_t)(next - f.dts);
	/* it stands for those that were lost before the next one */
	if (!last && o->queue[0].unit.damaged && o->begun &&
	    f.duration > o->duration + o->duration / 2)
		f.unit.damaged = true;
	o->next = next;
	o->duration = f.duration;
	o->begun = true;
	return o->sink.emit(o->sink.arg, &f);
}

enum err order_put(struct order *o, const struct unit *u, int64_t pts)
{
	int i = o->n;
	enum err err = OK;

	o->queue[o->n] = (struct frame){.unit = *u, .pts = pts};
	for (; i > 0 && o->sorted[i - 1] > pts; i--)
		o->sorted[i] = o->sorted[i - 1];
	o->sorted[i] = pts;
	o->n++;
	o->bytes += u->n;
	while (!err &&
	    (o->n >= o->depth + 2 || (o->n > 1 && o->bytes > ORDER_BYTES_MAX)))
		err = pop(o, false);
	return err;
}

enum err order_end(struct order *o)
{
	enum err err = OK;

	while (!err && o->n)
		err = pop(o, o->n == 1);
	o->begun = false;
	return err;
}
