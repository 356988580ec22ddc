#include "storage/tool/factor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/crypt.h"
#include "storage/factor.h"
#include "storage/qr.h"
#include "storage/tool/console.h"

#define MARGIN 2 /* light modules around the code */

bool write_demo_file(const char *option, const char *path, const char *line,
    bool demo)
{
	int fd;
	bool ok;

	if (!demo) {
		fprintf(stderr,
		    "saqta: %s is for demonstrations (demo = yes) only\n",
		    option);
		return false;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ok = fd >= 0 && dprintf(fd, "%s\n", line) > 0;
	if (!ok)
		fprintf(stderr, "saqta: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

/* A module of the code; beyond its edge all is light. */
static bool dark(const char *rows, int width, int x, int y)
{
	return x >= 0 && y >= 0 && x < width && y < width &&
	    rows[y * (width + 1) + x] == '1';
}

/* Two rows a line; dark on light whatever the terminal's colours are. */
static void print_code(const char *rows)
{
	static const char *const half[] = {
	    "\xe2\x96\x88", "\xe2\x96\x80", "\xe2\x96\x84", " "};
	int width = (int)strcspn(rows, "\n");

	for (int y = -MARGIN; y < width + MARGIN; y += 2) {
		fputs("\033[97;40m", stdout);
		for (int x = -MARGIN; x < width + MARGIN; x++)
			fputs(half[2 * dark(rows, width, x, y) +
				  dark(rows, width, x, y + 1)],
			    stdout);
		puts("\033[0m");
	}
}

/* Has the telephone taken it? Nobody can sign in with what it has not. */
static void try_code(const char *uri)
{
	unsigned char factor[FACTOR_BYTES];
	char code[16];
	uint64_t step;

	if (factor_of_uri(uri, factor))
		return;
	fflush(stdout);
	while (ask_secret("A code that it shows now", false, false, code,
	    sizeof(code))) {
		if (!*code) {
			fputs("saqta: not tried: the lines above are shown "
			      "this once\n",
			    stderr);
			break;
		}
		if (!factor_check(factor, code, utc_now(), &step)) {
			fputs("\033[H\033[2J\033[3J", stdout);
			puts("The second factor is in use.");
			break;
		}
		fputs("saqta: that is no code of it: look at the clocks of "
		      "telephone and machine, or scan it again (Enter alone "
		      "goes on)\n",
		    stderr);
	}
	crypt_wipe(factor, sizeof(factor));
	crypt_wipe(code, sizeof(code));
}

bool show_factor(const char *user, const char *uri, const char *file, bool demo,
    bool from_stdin)
{
	char *rows = NULL;
	size_t n;

	if (file)
		return write_demo_file("--factor-file", file, uri, demo);
	printf("\nSECOND FACTOR of %s. Scan it with an authenticator program; "
	       "it is shown this once:\n\n",
	    user);
	if (!qr_rows(uri, &rows, &n)) {
		print_code(rows);
		crypt_wipe(rows, n);
	}
	free(rows);
	printf("\n%s\n\n", uri);
	if (!from_stdin)
		try_code(uri);
	return true;
}
