/* A line of the keyring: written again and parsed again, it is the same. */
#include <stdlib.h>
#include <string.h>

#include "storage/keyring_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static char *again(const struct keyring_line *line)
{
	char *text;

	if (line->day	    ? keyring_line_day(line->day, &text) :
		line->grant ? keyring_line_grant(line->grant, &text) :
			      keyring_line_first(line->generation, &text))
		abort();
	return text;
}

static void drop(struct keyring_line *line)
{
	keyring_day_free(line->day);
	keyring_grant_free(line->grant);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct keyring_line line, second;
	char *text, *same;

	if (keyring_line_parse((const char *)p, n, &line))
		return 0;
	text = again(&line);
	if (keyring_line_parse(text, strlen(text) - 1, &second))
		abort();
	same = again(&second);
	if (strcmp(text, same) != 0)
		abort();
	free(text);
	free(same);
	drop(&line);
	drop(&second);
	return 0;
}
