/*
 * seeds DIR - what the fuzzers begin with: DIR/<name>_fuzz/ for each parser of
 * a package, out of a small genuine one.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/unit/storage/package_box.h"

#include "storage/zip.h"

#define CLIP_SMALL                                                             \
	"-c:v libx264 -preset veryfast -bf 2 -s 32x32 -r 4 -frames:v 16 -crf " \
	"51 "                                                                  \
	"-force_key_frames 'expr:gte(t,n_forced)'"

static const char *out;

static void put(const char *fuzzer, const char *name, const void *p, size_t n)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s_fuzz", out, fuzzer);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s_fuzz/%s", out, fuzzer, name);
	f = fopen(path, "w");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		exit(1);
}

/* u16 length of the init part, the init part, one fragment. */
static void put_fragment(void)
{
	size_t n = 2 + box.clip.init_n + box.clip.fragment[0].n;
	unsigned char *p = malloc(n);

	p[0] = (unsigned char)(box.clip.init_n >> 8);
	p[1] = (unsigned char)box.clip.init_n;
	memcpy(p + 2, box.clip.p, box.clip.init_n);
	memcpy(p + 2 + box.clip.init_n, box.clip.p + box.clip.fragment[0].off,
	    box.clip.fragment[0].n);
	put("mp4", "fragment", p, n);
	free(p);
}

/* The ledger's entries, each alone and as a tile. */
static void put_entries(void)
{
	unsigned char buf[ENTRY_MAX], tile[65536];
	size_t n, tile_n = 0;
	char name[32];

	for (uint64_t i = 0; i < ledger_size(box.ledger); i++) {
		if (ledger_get(box.ledger, i, buf, &n))
			exit(1);
		snprintf(name, sizeof(name), "%u", (unsigned)i);
		put("entry", name, buf, n);
		tile[tile_n++] = (unsigned char)(n >> 8);
		tile[tile_n++] = (unsigned char)n;
		memcpy(tile + tile_n, buf, n);
		tile_n += n;
	}
	put("tile", "entries", tile, tile_n);
}

static void put_files(void)
{
	int fd = package_fd(package.zip, package.n);
	struct zip z;

	if (zip_read(fd, package.n, &z))
		exit(1);
	for (size_t i = 0; i < z.n; i++) {
		const struct zip_file *f = &z.files[i];
		const unsigned char *p = package.zip + f->off;
		const unsigned char *end;

		if (strstr(f->name, ".mp4"))
			put("track", f->name, p, f->size);
		if (!strcmp(f->name, "manifest.json"))
			put("manifest", f->name, p, f->size);
		if (strcmp(f->name, "proof.txt") != 0)
			continue;
		put("proof", f->name, p, f->size);
		end = memmem(p, f->size, "\n\n", 2);
		put("note", "checkpoint", end + 2,
		    f->size - (size_t)(end + 2 - p));
	}
	zip_free(&z);
	close(fd);
}

int main(int argc, char **argv)
{
	void *state = NULL;

	if (argc != 2)
		return 2;
	out = argv[1];
	mkdir(out, 0755);
	box_clip = CLIP_SMALL;
	package_make(&state);
	put("zip", "package", package.zip, package.n);
	put("verify", "package", package.zip, package.n);
	put_files();
	put_fragment();
	put_entries();
	return package_free(&state);
}
