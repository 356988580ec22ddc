/*
 * qr.h - a QR code as text. Only qr.c includes <qrencode.h>.
 */
#ifndef SAQTA_QR_H
#define SAQTA_QR_H

#include <stddef.h>

#include "storage/api/err.h"

/*
 * Lines of 0 (light) and 1 (dark), each ended by LF, without a margin; returned
 * to be wiped and freed. ERR_TOO_LARGE, ERR_NO_MEMORY.
 */
must_check enum err qr_rows(const char *text, char **ret, size_t *ret_n);

#endif
