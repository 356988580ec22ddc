/* A whole package: a verdict whatever comes, and without a policy never 0. */
#include <sys/mman.h>
#include <unistd.h>

#include "storage/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct judgement v;
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("package", 0);
	if (crypt_init() || ftruncate(fd, 0) ||
	    pwrite(fd, p, n, 0) != (ssize_t)n)
		return 0;
	if (!verify_package(fd, n, NULL, &v) && v.status == VERIFY_GENUINE)
		__builtin_trap();
	return 0;
}
