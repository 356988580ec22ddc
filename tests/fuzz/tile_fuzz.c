/* An entry tile, and the file of witnesses and logs. */
#include <stdlib.h>
#include <string.h>

#include "storage/peers.h"
#include "storage/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Entries follow one another and stay inside; after the first bad one none. */
static void tile(const uint8_t *p, size_t n)
{
	const unsigned char *entry, *end = p;
	bool bad = false;
	size_t len;

	for (unsigned k = 0; k < TILE_N; k++) {
		if (tile_entry(p, n, k, &entry, &len)) {
			bad = true;
			continue;
		}
		if (bad || entry != end + 2 || len > n - (size_t)(entry - p))
			abort();
		end = entry + len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static char out[PEERS_MAX];
	static struct peers peers, again;
	size_t m;

	tile(p, n);
	if (n > PEERS_MAX / 2 || peers_parse((const char *)p, n, &peers))
		return 0;
	if (peers_format(&peers, out, sizeof(out), &m) ||
	    peers_parse(out, m, &again) ||
	    memcmp(&peers, &again, sizeof(peers)) != 0)
		abort();
	return 0;
}
