#include "recorder/scene.h"

#include <string.h>

#define FAR 16	/* pixels */
#define SIDE 8	/* of the grid */

static unsigned square(int v)
{
	return (unsigned)(v * v);
}

static unsigned root(uint64_t v)
{
	unsigned r = 0;

	while ((uint64_t)(r + 1) * (r + 1) <= v)
		r++;
	return r;
}

/* FNV-1a of a row, eight bytes at a time where it can. */
static uint64_t print_row(uint64_t h, const unsigned char *row, unsigned w)
{
	unsigned x = 0;
	uint64_t v;

	for (; x + 8 <= w; x += 8) {
		memcpy(&v, row + x, 8);
		h = (h ^ v) * UINT64_C(0x100000001b3);
		h ^= h >> 29;
	}
	for (; x < w; x++)
		h = (h ^ row[x]) * UINT64_C(0x100000001b3);
	return h;
}

void scene_measure(const unsigned char *p, size_t stride, unsigned w,
    unsigned h, struct scene *ret)
{
	uint64_t sum = 0, squares = 0, near = 0, far = 0;
	uint64_t cell[SCENE_GRID] = {0}, cells[SCENE_GRID] = {0};
	uint64_t n = (uint64_t)w * h, mean;
	struct scene s = {.print = UINT64_C(0xcbf29ce484222325)};

	for (unsigned y = 0; y < h; y++) {
		const unsigned char *row = p + y * stride;
		unsigned at = (unsigned)((uint64_t)y * SIDE / h) * SIDE;

		s.print = print_row(s.print, row, w);
		for (unsigned x = 0; x < w; x++) {
			unsigned c = at + (unsigned)((uint64_t)x * SIDE / w);

			sum += row[x];
			squares += (uint64_t)row[x] * row[x];
			cell[c] += row[x];
			cells[c]++;
			if (x >= FAR) {
				near += square(row[x] - row[x - 1]);
				far += square(row[x] - row[x - FAR]);
			}
		}
	}
	if (!n)
		n = 1;
	mean = sum / n;
	s.mean = (uint8_t)mean;
	s.contrast = (uint8_t)root((squares - sum * sum / n) / n);
	s.sharpness = (uint16_t)(far ? near * 10000 / far : 0);
	for (int i = 0; i < SCENE_GRID; i++)
		s.grid[i] =
		    (unsigned char)(cells[i] ? cell[i] / cells[i] : mean);
	*ret = s;
}
