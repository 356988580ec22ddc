#include "storage/lockout.h"

#include <string.h>

static void key_of(enum lockout_kind kind, const char *name,
    unsigned char ret[HASH_BYTES])
{
	struct sha256 h;
	unsigned char k = (unsigned char)kind;

	sha256_init(&h);
	sha256_put(&h, &k, 1);
	sha256_put(&h, name, strlen(name));
	sha256_end(&h, ret);
}

/* Where a name stands, or LOCKOUT_ROOM. */
static size_t find(const struct lockout *l, enum lockout_kind kind,
    const char *name, unsigned char ret_key[HASH_BYTES])
{
	key_of(kind, name, ret_key);
	for (size_t i = 0; i < LOCKOUT_ROOM; i++)
		if (l->at[i].failures &&
		    !memcmp(l->at[i].key, ret_key, HASH_BYTES))
			return i;
	return LOCKOUT_ROOM;
}

int64_t lockout_left_ns(const struct lockout *l, enum lockout_kind kind,
    const char *name, struct mono now)
{
	unsigned char key[HASH_BYTES];
	unsigned free_n =
	    kind == LOCKOUT_USER ? LOCKOUT_FREE_USER : LOCKOUT_FREE_ADDRESS;
	int64_t delay = NS_PER_SEC, gone;
	size_t i;

	if (!*name)
		return 0;
	i = find(l, kind, name, key);
	if (i == LOCKOUT_ROOM || l->at[i].failures <= free_n)
		return 0;
	for (unsigned n = free_n + 1; n < l->at[i].failures; n++)
		if (delay < LOCKOUT_MAX_NS)
			delay *= 2;
	if (delay > LOCKOUT_MAX_NS)
		delay = LOCKOUT_MAX_NS;
	gone = now.ns - l->at[i].last_ns;
	return gone < delay ? delay - gone : 0;
}

void lockout_failed(struct lockout *l, enum lockout_kind kind, const char *name,
    struct mono now)
{
	unsigned char key[HASH_BYTES];
	size_t i, oldest = 0;

	if (!*name)
		return;
	i = find(l, kind, name, key);
	if (i == LOCKOUT_ROOM) {
		for (i = 0; i < LOCKOUT_ROOM && l->at[i].failures; i++)
			if (l->at[i].last_ns < l->at[oldest].last_ns)
				oldest = i;
		if (i == LOCKOUT_ROOM)
			i = oldest;
		memcpy(l->at[i].key, key, HASH_BYTES);
		l->at[i].failures = 0;
	} else if (now.ns - l->at[i].last_ns > LOCKOUT_FORGIVEN_NS) {
		l->at[i].failures = 0;
	}
	l->at[i].failures++;
	l->at[i].last_ns = now.ns;
}

void lockout_passed(struct lockout *l, enum lockout_kind kind, const char *name)
{
	unsigned char key[HASH_BYTES];
	size_t i = find(l, kind, name, key);

	if (i < LOCKOUT_ROOM)
		l->at[i].failures = 0;
}
