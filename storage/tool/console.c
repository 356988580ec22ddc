#include "storage/tool/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "storage/api/messages.h"
#include "storage/crypt.h"

#define CALL_MS 60000

static int find_key(const char *const *keys, const char *arg, bool *ret_flag)
{
	bool flags = false;

	for (int i = 0;; i++) {
		if (!keys[i] && flags)
			return -1;
		if (!keys[i]) {
			flags = true;
			continue;
		}
		if (!strcmp(keys[i], arg)) {
			*ret_flag = flags;
			return flags ? i - 1 : i;
		}
	}
}

bool options(int argc, char **argv, const char *const *keys, const char **ret,
    const char **words, size_t room, size_t *ret_words)
{
	size_t n = 0;

	for (int i = 1; i < argc; i++) {
		bool flag = false;
		int at;

		if (strncmp(argv[i], "--", 2)) {
			if (n == room) {
				fprintf(stderr, "saqta: \"%s\" is too much\n",
				    argv[i]);
				return false;
			}
			words[n++] = argv[i];
			continue;
		}
		at = find_key(keys, argv[i], &flag);
		if (at < 0) {
			fprintf(stderr, "saqta: there is no option %s here\n",
			    argv[i]);
			return false;
		}
		if (!flag && i + 1 == argc) {
			fprintf(stderr, "saqta: %s needs a value\n", argv[i]);
			return false;
		}
		if (!flag && ret[at]) {
			fprintf(stderr, "saqta: %s stands there twice\n",
			    argv[i]);
			return false;
		}
		ret[at] = flag ? "" : argv[++i];
	}
	*ret_words = n;
	return true;
}

/* One line without its end; unbuffered, so that nothing is read ahead. */
static bool read_line(int fd, char *buf, size_t n)
{
	size_t len = 0;
	char c;

	for (;;) {
		ssize_t got = read(fd, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 && !len)
			return false;
		if (got <= 0 || c == '\n')
			break;
		if (len == n - 1)
			return false;
		buf[len++] = c;
	}
	if (len && buf[len - 1] == '\r')
		len--;
	buf[len] = '\0';
	return true;
}

static bool ask_once(int tty, const char *prompt, char *buf, size_t n)
{
	struct termios old, quiet;
	bool ok;

	if (tcgetattr(tty, &old) < 0)
		return false;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	/* before it asks: this forgets what was typed so far, and shows none */
	tcsetattr(tty, TCSAFLUSH, &quiet);
	dprintf(tty, "%s: ", prompt);
	ok = read_line(tty, buf, n);
	tcsetattr(tty, TCSAFLUSH, &old);
	dprintf(tty, "\n");
	return ok;
}

bool ask_line(const char *prompt, char *buf, size_t n)
{
	printf("%s: ", prompt);
	fflush(stdout);
	return read_line(STDIN_FILENO, buf, n);
}

bool ask_secret(const char *prompt, bool from_stdin, bool again, char *buf,
    size_t n)
{
	char twice[512];
	bool ok;
	int tty;

	if (from_stdin) {
		if (read_line(STDIN_FILENO, buf, n))
			return true;
		fprintf(stderr, "saqta: standard input ends before \"%s\"\n",
		    prompt);
		return false;
	}
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (tty < 0) {
		fprintf(stderr,
		    "saqta: no terminal to ask for \"%s\"; use - to read it "
		    "from standard input\n",
		    prompt);
		return false;
	}
	ok = ask_once(tty, prompt, buf, n);
	if (ok && again) {
		ok = ask_once(tty, "The same again", twice, sizeof(twice));
		if (ok && strcmp(buf, twice)) {
			fprintf(stderr, "saqta: the two differ\n");
			ok = false;
		}
		crypt_wipe(twice, sizeof(twice));
	}
	close(tty);
	return ok;
}

bool ask_credential(const char *prompt, bool from_stdin, char *buf, size_t n)
{
	char text[64];
	size_t at;

	snprintf(text, sizeof(text), "%s password", prompt);
	if (!ask_secret(text, from_stdin, false, buf, n))
		return false;
	at = strlen(buf);
	if (at + 2 > n)
		return false;
	snprintf(text, sizeof(text), "%s code of the second factor", prompt);
	if (!ask_secret(text, from_stdin, false, buf + at + 1, n - at - 1))
		return false;
	buf[at] = buf[at + 1] ? '\n' : '\0';
	return true;
}

bool tool_config(const char *path, struct config *ret)
{
	char why[512];

	if (!config_read(path ? path : CONFIG_PATH_DEFAULT, ret, why,
		sizeof(why)))
		return true;
	fprintf(stderr, "saqta: %s\n", why);
	return false;
}

enum err tool_ask(const struct config *c, struct wire *w, const char **ret_text)
{
	char path[128];
	int sock = -1;
	enum err err;

	snprintf(path, sizeof(path), "%s/control.sock", c->run);
	err = wire_connect(path, &sock);
	if (err) {
		*ret_text = "Storage does not answer at control.sock: is "
			    "saqta-storage running, and are you root?";
		return err;
	}
	err = wire_call(sock, w, -1, CALL_MS);
	close(sock);
	*ret_text = err && err != ERR_TIMEOUT && w->type == MSG_ERROR ?
	    wire_get_str(w) :
	    "";
	return err;
}

bool tool_call(const struct config *c, struct wire *w)
{
	const char *text;
	enum err err = tool_ask(c, w, &text);

	if (!err)
		return true;
	fprintf(stderr, "saqta: %s\n", *text ? text : err_text(err));
	return false;
}

bool print_bulk(struct wire *w)
{
	const void *p = NULL;
	size_t n = 0;

	if (w->fd < 0 || bulk_map(w->fd, WIRE_BULK_MAX, &p, &n)) {
		fprintf(stderr, "saqta: storage sent no answer\n");
		return false;
	}
	fwrite(p, 1, n, stdout);
	fputc('\n', stdout);
	bulk_unmap(p, n);
	close(w->fd);
	w->fd = -1;
	return fflush(stdout) == 0;
}

bool become_owner(const char *data)
{
	struct stat st;

	if (stat(data, &st) < 0) {
		fprintf(stderr,
		    "saqta: %s: %s; make it first, owned by the "
		    "user of saqta-storage\n",
		    data, strerror(errno));
		return false;
	}
	if (geteuid() || !st.st_uid)
		return true;
	if (setegid(st.st_gid) < 0 || seteuid(st.st_uid) < 0) {
		fprintf(stderr, "saqta: cannot act as the owner of %s: %s\n",
		    data, strerror(errno));
		return false;
	}
	return true;
}
