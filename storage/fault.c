#include "storage/fault.h"

#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"

#define SETTING "disk-faults"
#define QUIET_NS (INT64_C(86400) * NS_PER_SEC)

void faults_find(struct index *ix, struct fault ret[VOLUMES_MAX])
{
	const size_t size = VOLUMES_MAX * sizeof(*ret);
	size_t n;

	memset(ret, 0, size);
	/* one of fewer volumes is of an earlier version */
	if (index_setting_find(ix, SETTING, ret, size, &n) ||
	    n % sizeof(*ret) != 0)
		memset(ret, 0, size);
}

const char *fault_name(uint32_t what)
{
	static const char *const names[] = {
	    "none", "write", "sync", "read", "ledger"};

	return what < sizeof(names) / sizeof(names[0]) ? names[what] : "none";
}

static void keep(struct keeper *k, const struct fault all[VOLUMES_MAX])
{
	if (index_setting_put(k->ix, SETTING, all, VOLUMES_MAX * sizeof(*all)))
		log_error("an alarm of a disk was not kept");
}

bool disk_faulty(struct keeper *k, unsigned volume)
{
	struct fault all[VOLUMES_MAX];

	faults_find(k->ix, all);
	return all[volume % VOLUMES_MAX].n;
}

void disk_fault(struct keeper *k, unsigned volume, enum fault_what what)
{
	struct fault all[VOLUMES_MAX], *f = &all[volume % VOLUMES_MAX];

	faults_find(k->ix, all);
	if (!f->n) {
		log_error("ALARM: the disk of volume %u reports errors (%s): "
			  "have it looked at",
		    volume, fault_name(what));
		*f = (struct fault){.since_ns = k->now.ns, .what = what};
	}
	f->last_ns = k->now.ns;
	f->n++;
	keep(k, all);
}

static enum err enter(struct keeper *k, unsigned volume, const struct fault *f,
    bool over)
{
	const struct volume *v = volume_find(volume);
	struct enter x;

	enter_begin(k, &x, ENTRY_DISK_ALARM, 0);
	entry_put_i64(&x.e, TAG_FROM, f->since_ns);
	if (over)
		entry_put_i64(&x.e, TAG_TO, f->last_ns);
	entry_put_text(&x.e, TAG_VOLUME, v ? v->uuid : "");
	entry_put_u64(&x.e, TAG_VOLUME_NUMBER, volume);
	entry_put_u64(&x.e, TAG_FAULT, f->what);
	entry_put_u64(&x.e, TAG_FAULTS, f->n);
	return enter_end(k, &x, NULL);
}

/* Entered here and not where it happens: the ledger may be what failed. */
void faults_tick(struct keeper *k)
{
	struct fault all[VOLUMES_MAX];
	bool changed = false;

	faults_find(k->ix, all);
	for (unsigned i = 0; i < VOLUMES_MAX; i++) {
		struct fault *f = &all[i];
		bool over = f->entered && k->now.ns - f->last_ns > QUIET_NS;

		/* the clock was set back: else it would stand until then */
		if (f->last_ns > k->now.ns) {
			f->last_ns = k->now.ns;
			changed = true;
		}
		if (!f->n || (f->entered && !over) || enter(k, i, f, over))
			continue;
		if (over)
			log_info("volume %u: no error of its disk for a day: "
				 "the alarm is over",
			    i);
		f->entered = 1;
		if (over)
			memset(f, 0, sizeof(*f));
		changed = true;
	}
	if (changed)
		keep(k, all);
}
