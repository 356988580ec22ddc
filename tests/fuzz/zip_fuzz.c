/* The directory of a ZIP: what it names lies inside and does not overlap. */
#include <sys/mman.h>
#include <unistd.h>

#include "storage/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static int fd = -1;
	struct zip z;
	uint64_t at = 0;

	if (fd < 0)
		fd = memfd_create("zip", 0);
	if (ftruncate(fd, 0) || pwrite(fd, p, n, 0) != (ssize_t)n)
		return 0;
	if (zip_read(fd, n, &z))
		return 0;
	for (size_t i = 0; i < z.n; i++) {
		if (z.files[i].off < at || z.files[i].size > n ||
		    z.files[i].off > n - z.files[i].size)
			__builtin_trap();
		at = z.files[i].off + z.files[i].size;
	}
	zip_free(&z);
	return 0;
}
