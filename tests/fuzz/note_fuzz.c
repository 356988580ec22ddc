/* A checkpoint, and its signature by some key. */
#include <stdlib.h>
#include <string.h>

#include "storage/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const unsigned char key[KEY_BYTES] = {1};
	struct checkpoint c;
	size_t text_n;

	if (!checkpoint_parse(p, n, &c) && strlen(c.origin) > NOTE_NAME_MAX)
		abort();
	if (note_check(p, n, "saqta.example/x", key, &text_n) == OK &&
	    text_n >= n)
		abort();
	return 0;
}
