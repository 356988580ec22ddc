/* A plain MP4: the samples it names fill its mdat and nothing else. */
#include <sys/mman.h>
#include <unistd.h>

#include "storage/track.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static int fd = -1;
	struct track t;
	uint64_t at;

	if (fd < 0)
		fd = memfd_create("track", 0);
	if (ftruncate(fd, 0) || pwrite(fd, p, n, 0) != (ssize_t)n)
		return 0;
	if (track_read(fd, 0, n, &t))
		return 0;
	at = t.media_off;
	for (uint32_t i = 0; i < t.n; i++)
		at += t.samples[i].size;
	if (at != n || !t.init.timescale)
		__builtin_trap();
	track_free(&t);
	return 0;
}
