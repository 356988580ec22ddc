/*
 * alone.h - one program of a kind on one directory.
 */
#ifndef SAQTA_ALONE_H
#define SAQTA_ALONE_H

#include "storage/api/err.h"

/*
 * Nobody else has the directory at path; held until the process ends.
 * ERR_BUSY where another does, ERR_SYS where there is no such directory.
 */
must_check enum err alone_in(const char *path);

#endif
