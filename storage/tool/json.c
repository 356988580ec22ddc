#include "storage/tool/json.h"

#include <stdio.h>
#include <unistd.h>

json_t *json_of_bulk(struct wire *w)
{
	const void *p = NULL;
	json_error_t why;
	json_t *j = NULL;
	size_t n = 0;

	if (w->fd >= 0 && !bulk_map(w->fd, WIRE_BULK_MAX, &p, &n))
		j = json_loadb(p, n, JSON_REJECT_DUPLICATES, &why);
	bulk_unmap(p, n);
	if (w->fd >= 0)
		close(w->fd);
	if (!j)
		fprintf(stderr, "saqta: storage sent no answer\n");
	return j;
}

const char *json_text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "-";
}

long long json_number_of(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}
