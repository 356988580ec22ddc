/* See paper.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "storage/identity.h"
#include "storage/tool/paper.h"

#define LINE_TEXT 96
#define CTRL_C 3

struct half {
	char text[IDENTITY_HALF_LINES * LINE_TEXT];
};

static int usage(void)
{
	fprintf(stderr,
	    "usage: saqta paper [-]\n"
	    "Joins the two halves of the paper key. \"-\" reads them from"
	    " standard input.\n");
	return 2;
}

/* One line without its end; blank lines are passed over. */
static bool read_line(int fd, char line[LINE_TEXT])
{
	size_t n = 0;
	char c;

	for (;;) {
		ssize_t got = read(fd, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if ((got <= 0 && n == 0) || (got > 0 && c == CTRL_C))
			return false;
		if (got > 0 && c != '\n' && c != '\r') {
			if (n == LINE_TEXT - 2)
				return false;
			line[n++] = c;
		} else if (n) {
			line[n] = '\0';
			return true;
		}
	}
}

static void ask(int tty, int half, int line, bool again)
{
	if (tty < 0)
		return;
	if (again)
		dprintf(tty, "That line has a typing error: once more.\n");
	dprintf(tty, "Half %c, line %d of %d: ", 'A' + half, line,
	    IDENTITY_HALF_LINES);
}

/* tty: where to ask, or -1. */
static bool read_half(int in, int tty, int half, struct half *ret)
{
	char line[LINE_TEXT];
	char *p = ret->text;
	bool ok = true;

	for (int i = 1; ok && i <= IDENTITY_HALF_LINES; i++) {
		bool again = false;

		do {
			ask(tty, half, i, again);
			ok = read_line(in, line);
			if (tty >= 0)
				dprintf(tty, "\n");
			again = ok && !identity_half_line_ok(line, i);
		} while (again && tty >= 0);
		if (again)
			fprintf(stderr,
			    "saqta paper: half %c, line %d has a"
			    " typing error.\n",
			    'A' + half, i);
		ok = ok && !again;
		if (ok) {
			p = stpcpy(p, line);
			p = stpcpy(p, "\n");
		}
	}
	crypt_wipe(line, sizeof(line));
	return ok;
}

static int print_identity(const struct age_identity *id)
{
	struct age_recipient r;
	char public_text[RECIPIENT_TEXT], text[IDENTITY_TEXT];
	bool ok;

	identity_recipient(id, &r);
	recipient_format(&r, public_text);
	identity_format(id, text);
	ok = dprintf(STDOUT_FILENO, "# public key: %s\n%s\n", public_text,
		 text) > 0;
	crypt_wipe(text, sizeof(text));
	return ok ? 0 : 1;
}

static int join(int in, int tty)
{
	struct age_identity id;
	struct half a = {""}, b = {""};
	int line, status = 1;
	enum err err;

	if (!read_half(in, tty, 0, &a) || !read_half(in, tty, 1, &b)) {
		fprintf(stderr,
		    "saqta paper: both halves are needed, four"
		    " lines each.\n");
		goto out;
	}
	err = identity_join(a.text, b.text, &id, &line);
	if (err == ERR_INVALID)
		fprintf(stderr,
		    "saqta paper: the same half was typed twice;"
		    " the other one is needed.\n");
	else if (err)
		fprintf(stderr, "saqta paper: line %d has a typing error.\n",
		    line);
	else
		status = print_identity(&id);
	crypt_wipe(&id, sizeof(id));
out:
	crypt_wipe(&a, sizeof(a));
	crypt_wipe(&b, sizeof(b));
	return status;
}

/* What is typed is not shown: each holder sees his own half only. */
static int join_on_console(void)
{
	struct termios was, quiet;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC), status;

	if (tty < 0 || tcgetattr(tty, &was) < 0) {
		fprintf(stderr,
		    "saqta paper: no console: use \"saqta paper"
		    " -\" with the halves on standard input.\n");
		if (tty >= 0)
			close(tty);
		return 1;
	}
	quiet = was;
	/* Ctrl-C ends a line instead of us, so that the echo comes back. */
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_cc[VEOL] = CTRL_C;
	tcsetattr(tty, TCSAFLUSH, &quiet);
	status = join(tty, tty);
	tcsetattr(tty, TCSAFLUSH, &was);
	close(tty);
	return status;
}

int tool_paper(int argc, char **argv)
{
	const struct rlimit no_core = {0};

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "-") != 0))
		return usage();
	if (crypt_init() != OK || setrlimit(RLIMIT_CORE, &no_core) < 0)
		return 1;
	return argc == 2 ? join(STDIN_FILENO, -1) : join_on_console();
}
