/* What a device sends over HTTP, and what answers a search. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/http.h"
#include "recorder/onvif.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct onvif_device d = {0};
	struct onvif_found f;
	struct http_answer a;
	char *copy = malloc(n + 1);

	if (!copy)
		return 0;
	memcpy(copy, p, n);
	if (!http_parse(copy, n, true, &a) &&
	    (a.body < copy || a.body + a.body_n > copy + n))
		abort();
	for (int ask = ONVIF_CLOCK; ask <= ONVIF_URI; ask++)
		if (!onvif_answer((enum onvif_ask)ask, p, n, &d, 0) &&
		    d.profiles > ONVIF_PROFILES_MAX)
			abort();
	if (!onvif_probe_match(p, n, &f) && !f.xaddr[0])
		abort();
	free(copy);
	return 0;
}
