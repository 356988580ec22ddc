#include "web/bucket.h"

#include <stdint.h>

static void fill(struct bucket *b, double burst, double per_s, struct mono now)
{
	b->left += per_s * (double)(now.ns - b->at.ns) / (double)NS_PER_SEC;
	if (b->left > burst)
		b->left = burst;
	b->at = now;
}

/* FNV-1a: spreads addresses; who collides on purpose limits himself. */
static unsigned place(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h % BUCKETS;
}

bool bucket_take(struct buckets *b, const char *address, struct mono now)
{
	struct bucket *one = &b->one[place(address)];

	if (!b->begun) {
		b->all = (struct bucket){b->all_burst, now};
		for (unsigned i = 0; i < BUCKETS; i++)
			b->one[i] = (struct bucket){b->burst, now};
		b->begun = true;
	}
	fill(&b->all, b->all_burst, b->all_per_s, now);
	fill(one, b->burst, b->per_s, now);
	if (b->all.left < 1 || one->left < 1)
		return false;
	b->all.left -= 1;
	one->left -= 1;
	return true;
}
