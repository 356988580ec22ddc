/* See paper.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include "storage/identity.h"
#include "storage/tool/paper.h"
#include "storage/tool/recover.h"

#define LINE_TEXT 96
#define CTRL_C 3

struct half {
	char text[IDENTITY_HALF_LINES * LINE_TEXT];
};

static int usage(void)
{
	fprintf(stderr,
	    "usage: saqta paper [-]\n"
	    "       saqta paper replace [--config FILE] --by CUSTODIAN [-]\n"
	    "Joins the two halves of the paper key. \"-\" reads them from"
	    " standard input.\nreplace makes another paper key: see"
	    " saqta(1).\n");
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

static bool join(int in, int tty, struct age_identity *ret)
{
	struct half a = {""}, b = {""};
	bool ok = false;
	int line;
	enum err err;

	if (!read_half(in, tty, 0, &a) || !read_half(in, tty, 1, &b)) {
		fprintf(stderr,
		    "saqta paper: both halves are needed, four"
		    " lines each.\n");
		goto out;
	}
	err = identity_join(a.text, b.text, ret, &line);
	if (err == ERR_INVALID)
		fprintf(stderr,
		    "saqta paper: the same half was typed twice;"
		    " the other one is needed.\n");
	else if (err)
		fprintf(stderr, "saqta paper: line %d has a typing error.\n",
		    line);
	else
		ok = true;
out:
	crypt_wipe(&a, sizeof(a));
	crypt_wipe(&b, sizeof(b));
	return ok;
}

/* What is typed is not shown: each holder sees his own half only. */
static bool join_on_console(struct age_identity *ret)
{
	struct termios was, quiet;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	bool ok;

	if (tty < 0 || tcgetattr(tty, &was) < 0) {
		fprintf(stderr,
		    "saqta paper: no console: use \"saqta paper"
		    " -\" with the halves on standard input.\n");
		if (tty >= 0)
			close(tty);
		return false;
	}
	quiet = was;
	/* Ctrl-C ends a line instead of us, so that the echo comes back. */
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	quiet.c_cc[VEOL] = CTRL_C;
	tcsetattr(tty, TCSAFLUSH, &quiet);
	ok = join(tty, tty, ret);
	tcsetattr(tty, TCSAFLUSH, &was);
	close(tty);
	return ok;
}

bool paper_ask(bool from_stdin, struct age_identity *ret)
{
	return from_stdin ? join(STDIN_FILENO, -1, ret) : join_on_console(ret);
}

/* The last two letters of a line of a half. */
static void check_letters(const char *half, int line, char ret[3])
{
	const char *end = half + strcspn(half, "\n");

	for (int i = 1; i < line; i++)
		end += 1 + strcspn(end + 1, "\n");
	memcpy(ret, end - 2, 2);
	ret[2] = '\0';
}

/* Both sheets can be read: so say the check letters of all eight lines. */
static bool typed_back(int tty, const char *a, const char *b)
{
	char line[LINE_TEXT], want[3];

	for (int i = 0; i < 2 * IDENTITY_HALF_LINES; i++) {
		int in_half = i % IDENTITY_HALF_LINES + 1;
		char half = i < IDENTITY_HALF_LINES ? 'A' : 'B';

		check_letters(half == 'A' ? a : b, in_half, want);
		for (bool right = false; !right;) {
			dprintf(tty,
			    "Half %c, line %d: its last two letters: ", half,
			    in_half);
			if (!read_line(tty, line))
				return false;
			right = !strcasecmp(line, want);
			if (!right)
				dprintf(tty,
				    "The key has other letters there."
				    " Look at the sheet again.\n");
		}
	}
	return true;
}

bool paper_show(const struct age_identity *paper, bool from_stdin)
{
	char a[HALF_TEXT], b[HALF_TEXT], c;
	int tty = from_stdin ? -1 : open("/dev/tty", O_RDWR | O_CLOEXEC);
	bool ok = true;

	identity_split(paper, a, b);
	printf(
	    "\nPAPER KEY. Printed this once. It opens all footage when every "
	    "custodian is lost.\nWrite each half on its own sheet, give them "
	    "to two people who keep them apart.\n\nHalf A:\n%s\n\nHalf "
	    "B:\n%s\n\n",
	    a, b);
	fflush(stdout);
	if (tty >= 0) {
		dprintf(tty,
		    "When both are written down, press Enter: the "
		    "screen is cleared.\n");
		while ((ok = read(tty, &c, 1) == 1) && c != '\n')
			;
		dprintf(tty, "\033[H\033[2J\033[3J");
		ok = ok && typed_back(tty, a, b);
		close(tty);
	}
	crypt_wipe(a, sizeof(a));
	crypt_wipe(b, sizeof(b));
	return ok;
}

void paper_sign_public(const struct age_identity *paper,
    unsigned char ret[KEY_BYTES])
{
	unsigned char seed[KEY_BYTES];

	paper_sign_seed(paper, seed);
	sign_public(seed, ret);
	crypt_wipe(seed, sizeof(seed));
}

int tool_paper(int argc, char **argv)
{
	const struct rlimit no_core = {0};
	struct age_identity id;
	int status = 1;

	if (argc > 1 && !strcmp(argv[1], "replace"))
		return tool_paper_replace(argc - 1, argv + 1);
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "-") != 0))
		return usage();
	if (crypt_init() != OK || setrlimit(RLIMIT_CORE, &no_core) < 0)
		return 1;
	if (paper_ask(argc == 2, &id))
		status = print_identity(&id);
	crypt_wipe(&id, sizeof(id));
	return status;
}
