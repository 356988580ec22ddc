/*
 * clock.c - the host's clock as the keeper sees it: a step begins a new epoch
 * and is entered, and what was recorded before it keeps its times (P7).
 */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/entered.h"
#include "storage/keeper.h"

/* The setting "alive": the last durable moment, by both clocks. */
struct alive {
	int64_t utc_ns, mono_ns;
	char boot[37];
};

static struct alive last; /* before this start */

static void read_boot(char ret[37])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(ret, 37, f))
		strcpy(ret, "unknown");
	if (f)
		fclose(f);
}

static enum err enter_epoch(struct keeper *k, int64_t step_ns)
{
	const uint32_t number = k->clock.at[0].number;
	struct enter x;
	enum err err;

	k->stepped = k->stepped || entered_far(step_ns);
	enter_begin(k, &x, ENTRY_CLOCK, 0);
	entry_put_u64(&x.e, TAG_CLOCK_STATE, k->clock.state);
	entry_put_u64(&x.e, TAG_EPOCH, number);
	entry_put_i64(&x.e, TAG_STEP, step_ns);
	err = enter_end(k, &x, NULL);
	if (!err)
		err =
		    index_setting_put(k->ix, "epoch", &number, sizeof(number));
	return err;
}

/*
 * A new boot: monotonic times begin anew, and so does the epoch. How far the
 * wall clock is off nobody knows, unless it stands before what was durable.
 */
static enum err new_boot(struct keeper *k, bool first)
{
	int64_t back = k->now.ns < last.utc_ns ? k->now.ns - last.utc_ns : 0;

	k->clock.at[0].boot = true;
	if (back)
		log_warn("the clock stands %lld s before the last moment that "
			 "was recorded",
		    (long long)(-back / NS_PER_SEC));
	return first ? OK : enter_epoch(k, back);
}

enum err clock_start(struct keeper *k, enum cause *ret_cause)
{
	uint32_t number = 1;
	size_t n = 0;
	bool first =
	    index_setting_find(k->ix, "alive", &last, sizeof(last), &n) ||
	    n != sizeof(last);
	bool same;

	read_boot(k->boot);
	if (first)
		last = (struct alive){0};
	if (index_setting_find(k->ix, "epoch", &number, sizeof(number), &n))
		number = 1;
	k->now = utc_now();
	k->mono = mono_now();
	same = !strncmp(last.boot, k->boot, sizeof(k->boot));
	*ret_cause = same ? CAUSE_STORAGE_AWAY : CAUSE_MACHINE_OFF;
	if (!first && !same)
		number++;
	wall_init(&k->clock, number, k->now, k->mono);
	k->clock.state = utc_state();
	/* in one boot the next reading finds out whether it was stepped */
	if (same)
		k->clock.at[0].offset_ns = last.utc_ns - last.mono_ns;
	return same ? OK : new_boot(k, first);
}

void clock_read(struct keeper *k)
{
	int64_t step;

	k->now = utc_now();
	k->mono = mono_now();
	step = wall_take(&k->clock, k->now, k->mono, utc_state());
	if (!step)
		return;
	log_warn("the clock was stepped by %lld ms: clock epoch %u",
	    (long long)(step / NS_PER_MS), k->clock.at[0].number);
	if (enter_epoch(k, step))
		log_error("the clock step was not entered");
	for (struct camera *m = k->cameras; m; m = m->next)
		camera_stepped(k, m);
}

void clock_alive(struct keeper *k)
{
	struct alive a = {.utc_ns = k->now.ns, .mono_ns = k->mono.ns};

	memcpy(a.boot, k->boot, sizeof(a.boot));
	if (index_setting_put(k->ix, "alive", &a, sizeof(a)))
		log_error("the moment was not kept");
}

int64_t clock_last_alive(const struct keeper *k)
{
	int64_t at = last.utc_ns;

	if (!strncmp(last.boot, k->boot, sizeof(k->boot)))
		at = last.mono_ns + k->clock.at[0].offset_ns;
	return at ? at : k->now.ns;
}
