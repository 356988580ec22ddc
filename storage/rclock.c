#include "storage/rclock.h"

#include <stdio.h>
#include <string.h>

#include "storage/retain.h"

static void look(struct rclock *c, struct utc wall, struct mono mono,
    const char *boot)
{
	c->wall_ns = wall.ns;
	c->mono_ns = mono.ns;
	snprintf(c->boot, sizeof(c->boot), "%s", boot);
}

void rclock_begin(struct rclock *c, struct utc wall, struct mono mono,
    const char *boot)
{
	*c = (struct rclock){.now_ns = wall.ns,
	    .budget_ns = RCLOCK_BUDGET_NS,
	    .witness_ns = RCLOCK_WITNESS_NS};
	look(c, wall, mono, boot);
}

void rclock_observe(struct rclock *c, struct utc wall, struct mono mono,
    const char *boot)
{
	int64_t passed = strcmp(c->boot, boot) ? 0 : mono.ns - c->mono_ns;
	int64_t behind;

	if (passed < 0)
		passed = 0;
	look(c, wall, mono, boot);
	c->now_ns += passed;
	/* 3 h in 30 days is one in 240; a month or more fills it up */
	c->budget_ns += passed / (RCLOCK_MONTH_NS / RCLOCK_BUDGET_NS);
	if (c->budget_ns > RCLOCK_BUDGET_NS)
		c->budget_ns = RCLOCK_BUDGET_NS;
	c->witness_ns += passed / RCLOCK_WITNESS_PART;
	if (c->witness_ns > RCLOCK_WITNESS_NS)
		c->witness_ns = RCLOCK_WITNESS_NS;
	behind = wall.ns - c->now_ns;
	if (behind > c->budget_ns)
		behind = c->budget_ns;
	if (behind > 0) {
		c->now_ns += behind;
		c->budget_ns -= behind;
	}
}

bool rclock_trusts(const struct rclock *c, struct utc wall)
{
	int64_t diff = wall.ns - c->now_ns;

	return diff <= RETAIN_TRUST_NS && -diff <= RETAIN_TRUST_NS;
}

struct utc rclock_both(const struct rclock *c, struct utc wall)
{
	return (struct utc){wall.ns < c->now_ns ? wall.ns : c->now_ns};
}

int64_t rclock_vouch(struct rclock *c, struct utc wall)
{
	int64_t step = wall.ns - c->now_ns;

	c->now_ns = c->wall_ns = wall.ns;
	c->untrusted = 0;
	return step;
}

bool rclock_agrees(struct utc wall, struct utc said)
{
	int64_t diff = wall.ns - said.ns;

	return diff <= RCLOCK_AGREE_NS && -diff <= RCLOCK_AGREE_NS;
}

int64_t rclock_witness(struct rclock *c, struct utc wall, struct utc said)
{
	int64_t to = said.ns < wall.ns ? said.ns : wall.ns;
	int64_t step = to - c->now_ns;

	if (!rclock_agrees(wall, said) || step <= 0 || step > c->witness_ns)
		return 0;
	c->now_ns = to;
	c->wall_ns = wall.ns;
	c->witness_ns -= step;
	c->untrusted = 0;
	return step;
}
