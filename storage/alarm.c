#include "storage/alarm.h"

#include <string.h>

#include "storage/api/log.h"
#include "storage/bytes.h"

#define HEAD 9 /* i64 time, u8 finding; then who */

static const char *const names[] = {
    [ALARM_OURS] = "alarm-ours", [ALARM_LOG] = "alarm-log"};

void alarm_keep(struct index *ix, enum alarm_kind kind, const char *who,
    enum finding_about_log finding, struct utc now)
{
	unsigned char buf[HEAD + NOTE_NAME_MAX];
	size_t n = strnlen(who, NOTE_NAME_MAX);

	be_put(buf, (uint64_t)now.ns, 8);
	buf[8] = (unsigned char)finding;
	memcpy(buf + HEAD, who, n);
	if (index_setting_put(ix, names[kind], buf, HEAD + n))
		log_error("an alarm about %s was not kept for status", who);
}

bool alarm_find(struct index *ix, enum alarm_kind kind, struct log_alarm *ret)
{
	unsigned char buf[HEAD + NOTE_NAME_MAX];
	size_t n;

	if (index_setting_find(ix, names[kind], buf, sizeof(buf), &n) ||
	    n < HEAD || n > sizeof(buf) || !buf[8])
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->at.ns = (int64_t)be_get(buf, 8);
	ret->finding = (enum finding_about_log)buf[8];
	memcpy(ret->who, buf + HEAD, n - HEAD);
	return true;
}

void alarm_clear(struct index *ix, enum alarm_kind kind)
{
	struct log_alarm a;

	if (alarm_find(ix, kind, &a))
		alarm_keep(ix, kind, "", LOG_FINE, a.at);
}
