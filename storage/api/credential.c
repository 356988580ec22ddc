#include "storage/api/credential.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int credential_dir(const char *name)
{
	const char *path = getenv("CREDENTIALS_DIRECTORY");
	int dir = path && *path == '/' ?
	    open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
	    -1;

	if (dir >= 0 && faccessat(dir, name, R_OK, 0) < 0) {
		close(dir);
		dir = -1;
	}
	return dir;
}
