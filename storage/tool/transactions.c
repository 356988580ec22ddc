#include "storage/tool/transactions.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/importer.h"
#include "storage/tool/console.h"

#define FILES_MAX 256
#define WAIT_MS (2 * 3600 * 1000)	/* a file of gigabytes */

struct how {
	const char *rules, *atm, *encoding;
};

static void print_complaints(const char *file, const struct wire *w)
{
	const void *p;
	size_t n;

	if (w->fd < 0 || bulk_map(w->fd, IMPORT_REPORT_BYTES, &p, &n))
		return;
	for (const char *at = p, *end = at + n; at < end;) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t m = (size_t)((lf ? lf : end) - at);

		fprintf(stderr, "%s: %.*s\n", file, (int)m, at);
		at += m + 1;
	}
	bulk_unmap(p, n);
}

/* What was wrong is told line by line; 0: all of it was taken. */
static int print_result(const char *file, struct wire *w)
{
	uint64_t v[10];

	for (unsigned i = 0; i < 10; i++)
		v[i] = wire_get_u64(w);
	if (wire_end(w)) {
		fprintf(stderr, "saqta: storage's answer is none\n");
		return EXIT_FAILED;
	}
	print_complaints(file, w);
	if (v[9] > IMPORT_REPORT_LINES)
		fprintf(stderr, "%s: and %" PRIu64 " lines more\n", file,
		    v[9] - IMPORT_REPORT_LINES);
	printf("%s: %" PRIu64 " lines; events: %" PRIu64 " added, %" PRIu64
	       " known already, %" PRIu64 " broken, %" PRIu64
	       " of no known kind; %" PRIu64 " card numbers cut; %" PRIu64
	       " clock jumps back; entry %" PRIu64 "\n",
	    file, v[1], v[2], v[3], v[4], v[7], v[5], v[6], v[0]);
	if (v[8])
		printf("%s: %" PRIu64 " events are of ATMs that no camera "
		       "belongs to (saqta camera list)\n",
		    file, v[8]);
	if (v[5])
		printf("%s: it has full card numbers: see that whoever made it "
		       "cuts them\n",
		    file);
	return v[9] ? EXIT_FAILED : EXIT_FINE;
}

static int import_file(const struct config *conf, const char *file,
    const struct how *how)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), sock = -1, status;
	char path[128];
	struct wire w;
	enum err err;

	if (fd < 0) {
		fprintf(stderr, "saqta: %s: %s\n", file, strerror(errno));
		return EXIT_FAILED;
	}
	snprintf(path, sizeof(path), "%s/control.sock", conf->run);
	err = wire_connect(path, &sock);
	if (err) {
		fprintf(stderr,
		    "saqta: storage does not answer at "
		    "control.sock: is saqta-storage running, and "
		    "are you root?\n");
		close(fd);
		return EXIT_FAILED;
	}
	wire_begin(&w, MSG_TRANSACTIONS_IMPORT, 1);
	wire_put_str(&w, how->rules);
	wire_put_str(&w, how->atm);
	wire_put_str(&w, how->encoding);
	err = wire_call(sock, &w, fd, WAIT_MS);
	close(fd);
	close(sock);
	if (!err) {
		status = print_result(file, &w);
	} else {
		const char *text = w.type == MSG_ERROR ? wire_get_str(&w) : "";

		fprintf(stderr, "saqta: %s: %s\n", file,
		    *text ? text : err_text(err));
		status = EXIT_FAILED;
	}
	if (w.fd >= 0)
		close(w.fd);
	return status;
}

int tool_transactions(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--rules", "--atm", "--encoding", NULL, NULL};
	const char *v[4] = {0}, *words[FILES_MAX];
	struct how how;
	struct config conf;
	int status = EXIT_FINE;
	size_t n;

	if (!options(argc, argv, keys, v, words, FILES_MAX, &n) || n < 2 ||
	    strcmp(words[0], "import") != 0 || !v[1]) {
		fputs(
		    "usage: saqta transactions import --rules NAME [--atm ATM]"
		    "\n           [--encoding utf-8|cp1251|cp866] "
		    "[--config FILE] FILE...\n"
		    "  --rules  how the journal is read: NAME.conf in "
		    "/etc/saqta/journals (ncr, diebold,\n"
		    "           wincor, csv are there; see saqta-journal(5))\n"
		    "  --atm    whose journal it is, where its lines do not "
		    "say\n",
		    stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	how = (struct how){v[1], v[2] ? v[2] : "", v[3] ? v[3] : ""};
	for (size_t i = 1; i < n; i++)
		if (import_file(&conf, words[i], &how))
			status = EXIT_FAILED;
	return status;
}
