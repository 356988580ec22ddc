/* Cookies: what is found is a token that stands in the header. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/cookie.h"
#include "web/media.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *s = calloc(1, n + 1);
	struct token t;
	char name[128];

	if (!s)
		return 0;
	memcpy(s, p, n);
	if (cookie_find(s, &t) == OK &&
	    (strlen(t.s) != TOKEN_CHARS || !strstr(s, t.s)))
		abort();
	/* The other text that ends up in a header: a file's name. */
	media_file_name(s, name, sizeof(name));
	if (!*name || strpbrk(name, "\"\\\r\n/;") || *name == '.')
		abort();
	free(s);
	return 0;
}
