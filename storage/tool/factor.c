#include "storage/tool/factor.h"

#include <errno.h>
#include <fcntl.h>
#include <qrencode.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static bool dark(const QRcode *q, int x, int y)
{
	return x >= 0 && y >= 0 && x < q->width && y < q->width &&
	    q->data[y * q->width + x] & 1;
}

/* Two rows a line; black on white whatever the terminal's colours are. */
static void print_code(const QRcode *q)
{
	static const char *const half[] = {
	    "\xe2\x96\x88", "\xe2\x96\x80", "\xe2\x96\x84", " "};

	for (int y = -MARGIN; y < q->width + MARGIN; y += 2) {
		fputs("\033[97;40m", stdout);
		for (int x = -MARGIN; x < q->width + MARGIN; x++)
			fputs(half[2 * dark(q, x, y) + dark(q, x, y + 1)],
			    stdout);
		puts("\033[0m");
	}
}

bool show_factor(const char *user, const char *uri, const char *file, bool demo)
{
	QRcode *q;

	if (file)
		return write_demo_file("--factor-file", file, uri, demo);
	printf("\nSECOND FACTOR of %s. Scan it with an authenticator program; "
	       "it is shown this once:\n\n",
	    user);
	q = QRcode_encodeString(uri, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
	if (q)
		print_code(q);
	QRcode_free(q);
	printf("\n%s\n\n", uri);
	return true;
}
