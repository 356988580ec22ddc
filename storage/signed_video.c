#include "storage/signed_video.h"

#include <string.h>

#define UUID 16
#define AVC_SEI 6 /* H.264, table 7-1 */
#define HEVC_SEI_PREFIX 39 /* H.265, table 7-1 */
#define HEVC_SEI_SUFFIX 40
#define AVCC_LENGTH 4 /* where avcC and hvcC say how long lengths are */
#define HVCC_LENGTH 21

static const unsigned char uuids[2][UUID] = {
    {0x00, 0x5b, 0xc9, 0x3f, 0x2d, 0x71, 0x5e, 0x95, 0xad, 0xa4, 0x79, 0x6f,
	0x90, 0x87, 0x7a, 0x6f},
    {0x53, 0x69, 0x67, 0x6e, 0x65, 0x64, 0x20, 0x56, 0x69, 0x64, 0x65, 0x6f,
	0x2e, 0x2e, 0x2e, 0x30},
};

/* Neither UUID has bytes that must be escaped in a NAL unit. */
static bool nal_signs(bool hevc, const unsigned char *p, size_t n)
{
	unsigned type;

	if (!n)
		return false;
	type = hevc ? p[0] >> 1 & 63 : p[0] & 31;
	if (hevc ? type != HEVC_SEI_PREFIX && type != HEVC_SEI_SUFFIX :
		   type != AVC_SEI)
		return false;
	return memmem(p, n, uuids[0], UUID) || memmem(p, n, uuids[1], UUID);
}

static bool sample_signs(bool hevc, unsigned length, const unsigned char *p,
    size_t n)
{
	while (n > length) {
		size_t size = 0;

		for (unsigned i = 0; i < length; i++)
			size = size << 8 | p[i];
		p += length;
		n -= length;
		if (size > n)
			return false;
		if (nal_signs(hevc, p, size))
			return true;
		p += size;
		n -= size;
	}
	return false;
}

bool signed_video(const struct mp4_init *init, const struct mp4_fragment *f,
    const void *p, size_t n)
{
	bool hevc = !strcmp(init->codec, "hvc1");
	size_t at = hevc ? HVCC_LENGTH : AVCC_LENGTH;

	if (init->config_n <= at)
		return false;
	for (uint32_t i = 0; i < f->n; i++) {
		const struct mp4_sample *s = &f->samples[i];

		if (s->offset <= n && s->size <= n - s->offset &&
		    sample_signs(hevc, (init->config[at] & 3u) + 1,
			(const unsigned char *)p + s->offset, s->size))
			return true;
	}
	return false;
}
