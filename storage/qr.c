#include "storage/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

enum err qr_rows(const char *text, char **ret, size_t *ret_n)
{
	QRcode *q = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	size_t width, n = 0;
	char *rows;

	if (!q)
		return errno == ERANGE ? ERR_TOO_LARGE : ERR_NO_MEMORY;
	width = (size_t)q->width;
	rows = malloc(width * (width + 1));
	for (size_t y = 0; rows && y < width; y++) {
		for (size_t x = 0; x < width; x++)
			rows[n++] = q->data[y * width + x] & 1 ? '1' : '0';
		rows[n++] = '\n';
	}
	QRcode_free(q);
	if (!rows)
		return ERR_NO_MEMORY;
	*ret = rows;
	*ret_n = n;
	return OK;
}
