/* A list of cameras, as somebody's spreadsheet wrote it. */
#include <stdint.h>
#include <stdlib.h>

#include "storage/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct csv c;
	size_t before = 0;
	enum err err;

	csv_begin(&c, (const char *)p, n);
	while ((err = csv_next(&c)) != ERR_NOT_FOUND) {
		if (c.at <= before || c.at > n || c.fields > CSV_FIELDS_MAX)
			abort();
		before = c.at;
		for (size_t i = 0; !err && i < c.fields; i++)
			if (c.field[i] < c.buf ||
			    c.field[i] >= c.buf + sizeof(c.buf))
				abort();
	}
	return 0;
}
