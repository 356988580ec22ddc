/* rebuild.c - saqta rebuild: the index made anew from ledger and journals. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/index.h"
#include "storage/ledger.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"

static int ask(const struct config *conf)
{
	struct wire w;

	wire_begin(&w, MSG_REBUILD, 1);
	if (!tool_call(conf, &w))
		return EXIT_FAILED;
	printf("The index is being made anew; recording goes on, sessions have "
	       "ended.\nsaqta status says when it is whole.\n");
	return EXIT_FINE;
}

/* Is storage away? Its ledger can be locked. */
static bool is_stopped(int data_fd)
{
	struct ledger *l;
	size_t cut;
	enum err err = ledger_open(data_fd, &l, &cut);

	if (err) {
		fprintf(stderr, "saqta: %s\n",
		    err == ERR_BUSY ? "stop saqta-storage first" :
				      err_text(err));
		return false;
	}
	ledger_close(l);
	return true;
}

/*
 * Without people and cameras, where no copy has them: an index that says so,
 * which the next start takes for what it is. One that is there stays.
 */
static int go_bare(const struct config *conf)
{
	struct index *ix = NULL;
	int fd = -1, status = EXIT_FAILED;
	enum err err;

	umask(077);
	if (!become_owner(conf->data))
		return EXIT_FAILED;
	fd = open(conf->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !is_stopped(fd))
		goto out;
	if (faccessat(fd, "index.db", F_OK, 0) == 0) {
		fprintf(stderr,
		    "saqta: there is an index.db; move it away "
		    "first if it is beyond use\n");
		goto out;
	}
	err = index_open(conf->data, false, &ix);
	if (!err)
		err = index_setting_put(ix, "bare", "1", 1);
	if (err) {
		fprintf(stderr, "saqta: %s: %s\n", conf->data, err_text(err));
		goto out;
	}
	printf("Start saqta-storage: it takes segments, gaps and the keys of "
	       "people from the\nledger. Add the cameras again under their "
	       "ids. People without their passwords\ncannot sign in: what they "
	       "could open, the paper key opens.\n");
	status = EXIT_FINE;
out:
	index_close(ix);
	if (fd >= 0)
		close(fd);
	return status;
}

int tool_scrub(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, NULL};
	const char *v[1] = {0}, *words[1];
	struct config conf;
	struct wire w;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n)) {
		fputs("usage: saqta scrub [--config FILE]\n", stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	wire_begin(&w, MSG_SCRUB, 1);
	if (!tool_call(&conf, &w))
		return EXIT_FAILED;
	printf("All footage is looked at anew, from now on; saqta status says "
	       "what is lost.\n");
	return EXIT_FINE;
}

int tool_rebuild(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, "--bare", NULL};
	const char *v[2] = {0}, *words[1];
	struct config conf;
	size_t n;

	if (!options(argc, argv, keys, v, words, 0, &n)) {
		fputs("usage: saqta rebuild [--config FILE] [--bare]\n"
		      "  --bare  storage is stopped, and no copy of the index "
		      "(index-copy.db) is left:\n          go on without "
		      "people and cameras\n",
		    stderr);
		return EXIT_USAGE;
	}
	if (!tool_config(v[0], &conf))
		return EXIT_FAILED;
	return v[1] ? go_bare(&conf) : ask(&conf);
}
