/* A manifest out of a package. */
#include "storage/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct manifest m;

	if (crypt_init() || manifest_parse(p, n, &m))
		return 0;
	if (m.files_n && !*m.files[0].name && m.segments_n)
		manifest_segment(&m, m.files[0].camera, m.segments[0].seq);
	manifest_text(&m, 0, 0, 0);
	manifest_free(&m);
	return 0;
}
