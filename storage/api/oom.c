/* oom.c - who goes first when memory is short. */
#include "storage/api/oom.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "storage/api/log.h"

#define OOM_MOST 1000

void oom_first(void)
{
	char text[16] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	long was;
	int len;

	if (n > 0) {
		was = strtol(text, NULL, 10);
		len = snprintf(text, sizeof(text), "%ld",
		    was + OOM_FIRST < OOM_MOST ? was + OOM_FIRST : OOM_MOST);
		n = pwrite(fd, text, (size_t)len, 0) == len ? len : -1;
	}
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		log_error("when memory is short others go before this");
}
