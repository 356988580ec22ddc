/* Keys as people type them: recipients, identities, halves of a paper key. */
#include <stdlib.h>
#include <string.h>

#include "storage/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char text[RECIPIENT_TEXT + IDENTITY_TEXT], *a = malloc(n + 1), *b;
	struct age_recipient r;
	struct age_identity id;
	int line = 0;

	if (!a)
		return 0;
	memcpy(a, p, n);
	a[n] = '\0';
	if (!recipient_parse(a, &r)) {
		recipient_format(&r, text);
		if (strcmp(text, a) != 0)
			abort();
	}
	if (!identity_parse(a, &id)) {
		identity_format(&id, text);
		if (strcmp(text, a) != 0)
			abort();
	}
	b = strchr(a, '|');
	if (b) {
		*b++ = '\0';
		if (identity_join(a, b, &id, &line) == ERR_FORMAT &&
		    (line < 1 || line > 2 * IDENTITY_HALF_LINES))
			abort();
	}
	free(a);
	return 0;
}
