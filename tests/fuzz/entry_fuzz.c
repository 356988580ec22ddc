/* One ledger entry; then the same bytes as a ledger's tail. */
#include <stdlib.h>
#include <string.h>

#include "storage/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* What was accepted must be what our own writer makes of its fields. */
static void rewrite(const struct entry_view *v, const uint8_t *p, size_t n)
{
	static struct entry e;
	struct entry_field f;
	size_t pos = 0;

	entry_begin(&e, (enum entry_type)v->type, v->time, v->person);
	while (entry_next(v, &pos, &f))
		entry_put_bytes(&e, (enum entry_tag)f.tag, f.p, f.n);
	if (entry_end(&e) || e.len != n || memcmp(e.buf, p, n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct entry_view v;
	struct tail t;
	size_t cut;

	if (!entry_parse(p, n, &v))
		rewrite(&v, p, n);
	if (!tail_parse(p, n, &t, &cut)) {
		if (t.len + cut != n || memcmp(t.buf, p, t.len))
			abort();
		tail_free(&t);
	}
	return 0;
}
