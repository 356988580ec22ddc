#include "storage/entered.h"

#include <string.h>
#include <unistd.h>

#include "storage/disk.h"

#define SETTLED_NS (INT64_C(86400) * NS_PER_SEC)
#define STEP_NS (INT64_C(20) * 3600 * NS_PER_SEC)
#define LEDGER_BACK 20000 /* entries to look back */

/* Is entry i that of a segment? v stands in buf (ENTRY_MAX). */
static bool is_of(struct keeper *k, uint64_t i, const char *camera,
    uint64_t seq, unsigned char *buf, struct entry_view *v)
{
	size_t n;

	return !ledger_get(k->ledger, i, buf, &n) && !entry_parse(buf, n, v) &&
	    entry_is_segment(v, camera, seq);
}

bool entered_row(struct keeper *k, const struct segment_row *row)
{
	uint64_t size = ledger_size(k->ledger);
	uint64_t first = ledger_number(k->ledger, 0);
	unsigned char buf[ENTRY_MAX];
	struct entry_view v;
	uint64_t i = (uint64_t)row->entry - first;

	if (row->entry < 0 || (uint64_t)row->entry < first ||
	    i + LEDGER_BACK < size)
		return true;
	return i < size && is_of(k, i, row->camera, row->seq, buf, &v);
}

bool entered_far(int64_t step_ns)
{
	return step_ns > STEP_NS || step_ns < -STEP_NS;
}

bool entered_step(struct keeper *k)
{
	uint64_t size = ledger_size(k->ledger);
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;
	size_t n;

	for (uint64_t i = size; i && size - i < LEDGER_BACK; i--) {
		bool unread = ledger_get(k->ledger, i - 1, buf, &n) ||
		    entry_parse(buf, n, &v);

		if (unread ||
		    (v.type == ENTRY_CLOCK && entry_find(&v, TAG_STEP, &f) &&
			entered_far((int64_t)field_u64(&f))))
			return true;
	}
	return size < LEDGER_BACK && ledger_epoch(k->ledger) > 1;
}

bool entered_segment(struct keeper *k, const char *camera, uint64_t seq,
    struct segment_row *row)
{
	uint64_t size = ledger_size(k->ledger);
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;

	for (uint64_t i = size; i && size - i < LEDGER_BACK; i--) {
		if (!is_of(k, i - 1, camera, seq, buf, &v))
			continue;
		row->entry = (int64_t)ledger_number(k->ledger, i - 1);
		/* P2: what was promised then */
		if (entry_find(&v, TAG_RETAIN, &f))
			row->retain_ns = (int64_t)field_u64(&f);
		return true;
	}
	return false;
}

/* Is that the head of another volume's journal of the camera's day? */
static bool stands_elsewhere(struct keeper *k, unsigned volume,
    const char *camera, const char *day, uint64_t records,
    const unsigned char *chain)
{
	unsigned char have[HASH_BYTES];
	char path[128];
	bool found = false;

	path_journal(camera, day, path, sizeof(path));
	for (unsigned i = 0; records && !found && i < volumes_count(); i++) {
		unsigned number = volume_at(i)->number;
		uint64_t size;
		int fd;

		if (number == volume ||
		    volume_open_read(k->data_fd, number, path, &fd, &size))
			continue;
		found = !disk_pread(fd, have, sizeof(have),
			    records * JOURNAL_RECORD - HASH_BYTES) &&
		    crypt_equal(have, chain, HASH_BYTES);
		close(fd);
	}
	return found;
}

uint64_t entered_records(struct keeper *k, unsigned volume, const char *camera,
    const char *day)
{
	uint64_t size = ledger_size(k->ledger);
	unsigned char buf[ENTRY_MAX];
	struct entry_field f;
	struct entry_view v;
	size_t n, id = strlen(camera);

	for (uint64_t i = size; i && size - i < LEDGER_BACK; i--) {
		if (ledger_get(k->ledger, i - 1, buf, &n) ||
		    entry_parse(buf, n, &v) || v.type != ENTRY_HEADS ||
		    !entry_find(&v, TAG_HEADS, &f))
			continue;
		for (size_t at = 0; at + 51 <= f.n; at += 51u + f.p[at]) {
			const unsigned char *p = f.p + at;
			uint64_t records = 0;

			if (p[0] != id || at + 51 + id > f.n ||
			    memcmp(p + 1, camera, id) ||
			    memcmp(p + 1 + id, day, 10))
				continue;
			for (int b = 0; b < 8; b++)
				records = records << 8 | p[11 + id + (size_t)b];
			if (stands_elsewhere(k, volume, camera, day, records,
				p + 19 + id))
				continue;
			return records;
		}
	}
	return 0;
}

bool entered_settled(struct keeper *k, const char *camera,
    const struct journal_record *first)
{
	uint64_t size = ledger_size(k->ledger);
	unsigned char buf[ENTRY_MAX];
	struct segment_row row;
	struct entry_view v;
	size_t n;

	return entered_segment(k, camera, first->seq, &row) ||
	    (size && !ledger_get(k->ledger, size - 1, buf, &n) &&
		!entry_parse(buf, n, &v) &&
		v.time.ns - first->start_ns > SETTLED_NS);
}
