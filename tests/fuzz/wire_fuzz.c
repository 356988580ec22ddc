/* One message as a peer may send it: every getter, in an order it chooses. */
#include <string.h>

#include "storage/api/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void get(struct wire *w, unsigned how)
{
	char text[32];
	size_t n;

	switch (how) {
	case 0:
		wire_get_u8(w);
		break;
	case 1:
		wire_get_u16(w);
		break;
	case 2:
		wire_get_u64(w);
		break;
	case 3:
		if (strlen(wire_get_str(w)) > WIRE_STR_MAX)
			__builtin_trap();
		break;
	case 4:
		wire_get_text(w, text, sizeof(text));
		break;
	default:
		wire_get_bytes(w, &n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct wire w;
	size_t steps;

	if (n < 8 || n > WIRE_MAX)
		return 0;
	wire_begin(&w, 2, 0);
	steps = p[0];
	memcpy(w.buf, p, n);
	w.len = n;
	for (size_t i = 0; i < steps; i++)
		get(&w, p[1 + i % (n - 1)] % 6);
	(void)!wire_end(&w);
	return 0;
}
