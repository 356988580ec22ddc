/* Bodies: what is accepted fits into one message to storage. */
#include <stdlib.h>
#include <string.h>

#include "storage/api/wire.h"
#include "web/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct json_cameras c;
	const char *reason;
	struct json j;

	if (json_begin(&j, (const char *)p, n) == OK && !j.root)
		abort();
	json_get_cameras(&j, "cameras", &c);
	json_get_time(&j, "from");
	json_get_time(&j, "to");
	reason = json_get_str(&j, "reason", 1, WIRE_STR_MAX);
	if (strlen(reason) > WIRE_STR_MAX || c.n > JSON_CAMERAS_MAX)
		abort();
	if (json_end(&j) == OK && (c.n == 0 || !*reason))
		abort();
	if (strlen(j.pointer) >= sizeof(j.pointer))
		abort();
	json_wipe(&j);
	return 0;
}
