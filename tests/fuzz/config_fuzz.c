/* saqta.conf: what is taken fits its place, and what is not says why. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "storage/api/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct config c = {.port = -7};
	char path[32], why[400] = "";
	int fd = memfd_create("conf", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (config_read(path, &c, why, sizeof(why))) {
		if (!*why || strlen(why) >= sizeof(why) || c.port != -7)
			abort();
	} else if (c.segment_s < 5 || c.segment_s > 300 || c.port < 1 ||
	    c.port > 65535 || strlen(c.data) >= sizeof(c.data) ||
	    strlen(c.ui) >= sizeof(c.ui)) {
		abort();
	}
	close(fd);
	return 0;
}
