/* Paths: what a route takes has the shapes that storage knows. */
#include <stdlib.h>
#include <string.h>

#include "web/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct route *r;
	struct args a;
	char allow[64];
	char *s = calloc(1, n + 1);

	if (!s)
		return 0;
	memcpy(s, p, n);
	if (args_is_path(s, n) && strlen(s) != n)
		abort();
	for (int m = METHOD_OTHER; m <= METHOD_DELETE; m++) {
		if (route_find((enum method)m, s, &r, &a, allow,
			sizeof(allow)) != OK)
			continue;
		if (*a.camera && !args_is_camera(a.camera, strlen(a.camera)))
			abort();
		if (*a.request &&
		    !args_is_request(a.request, strlen(a.request)))
			abort();
	}
	free(s);
	return 0;
}
