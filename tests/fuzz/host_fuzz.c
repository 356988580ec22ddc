/* What root's timer found: mdstat, smartctl, the clock; the first byte picks. */
#include <stdint.h>
#include <stdlib.h>

#include "storage/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct host h;
	const char *text = (const char *)p + 1;

	if (!n)
		return 0;
	switch (p[0] % 3) {
	case 0:
		host_parse_clock(text, n - 1, &h);
		break;
	case 1:
		host_parse_mdstat(text, n - 1, &h);
		break;
	default:
		(void)host_parse_smart(text, n - 1, &h.disks[0]);
	}
	if (h.arrays_n > HOST_ARRAYS_MAX)
		abort();
	return 0;
}
