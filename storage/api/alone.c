#include "storage/api/alone.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

enum err alone_in(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err;

	if (fd < 0)
		return ERR_SYS;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return OK; /* its end closes fd */
	err = errno == EWOULDBLOCK ? ERR_BUSY : ERR_SYS;
	close(fd);
	return err;
}
