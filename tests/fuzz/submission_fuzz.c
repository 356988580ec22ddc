/* The body of an add-checkpoint request, a cosigned note, a key as text. */
#include <stdlib.h>
#include <string.h>

#include "storage/submission.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void key(const uint8_t *p, size_t n)
{
	char text[2 * VKEY_TEXT], again[VKEY_TEXT];
	struct vkey k;

	if (n >= sizeof(text))
		return;
	memcpy(text, p, n);
	text[n] = '\0';
	if (vkey_parse(text, &k))
		return;
	vkey_format(&k, again);
	if (strcmp(text, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct vkey witness = {
	    .name = "saqta.example/x", .kind = NOTE_COSIGNATURE, .key = {1}};
	static char out[SUBMISSION_MAX];
	unsigned char cosignature[COSIGN_BYTES];
	enum finding_about_log f;
	struct submission s;
	struct checkpoint known = {.size = 5};
	int64_t at;
	size_t m;

	key(p, n);
	if (cosign_find(p, n, &witness, cosignature, &at) == OK && at < 0)
		abort();
	if (submission_parse(p, n, &s))
		return 0;
	/* one request has one form */
	if (submission_format(&s, out, &m) || m != n || memcmp(out, p, n))
		abort();
	if (submission_judge(&s, &witness, 1, &known, &f) == 200)
		abort();
	return 0;
}
