/* See open.h. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "storage/identity.h"
#include "storage/tool/open.h"

#define IDENTITIES_MAX 1024
#define IDENTITY_FILE_MAX (256 * 1024)
#define PASSPHRASE_MAX 1024

struct identities {
	size_t n;
	struct age_identity id[IDENTITIES_MAX];
};

/* What was read and not yet used stands at the front of buf. */
struct input {
	int fd;
	bool end;
	size_t n;
	unsigned char buf[AGE_CHUNK_SEALED];
};

struct work {
	struct identities ids;
	size_t passphrase_n; /* 0: none was given */
	struct input in;
	unsigned char plain[AGE_CHUNK];
	char passphrase[PASSPHRASE_MAX + 2];
	char identity_text[IDENTITY_FILE_MAX + 1];
};

static int usage(void)
{
	fprintf(stderr,
	    "usage: saqta open [-i IDENTITY_FILE]... [--passphrase-file FILE] "
	    "[FILE]\n"
	    "Decrypts an age file to standard output.\n");
	return 2;
}

static int say(const char *name, const char *what)
{
	fprintf(stderr, "saqta open: %s: %s\n", name, what);
	return 1;
}

/* Read until want bytes are there or the input ends. */
static bool fill(struct input *in, size_t want)
{
	while (in->n < want && !in->end) {
		ssize_t n =
		    read(in->fd, in->buf + in->n, sizeof(in->buf) - in->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		in->end = n == 0;
		in->n += (size_t)n;
	}
	return true;
}

static void used(struct input *in, size_t n)
{
	memmove(in->buf, in->buf + n, in->n - n);
	in->n -= n;
}

static bool print(const unsigned char *p, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* One line of an identity file: an identity, a comment, or nothing. */
static bool take_line(struct identities *ids, char *line)
{
	size_t n = strlen(line);

	if (n && line[n - 1] == '\r')
		line[--n] = '\0';
	if (n == 0 || line[0] == '#')
		return true;
	if (ids->n == IDENTITIES_MAX ||
	    identity_parse(line, &ids->id[ids->n]) != OK)
		return false;
	ids->n++;
	return true;
}

/* Read the file `name` into p, at most max bytes. */
static bool read_small(const char *name, char *p, size_t max, size_t *ret_n)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 0;

	if (fd < 0)
		return false;
	while (n < max && (got = read(fd, p + n, max - n)) > 0)
		n += (size_t)got;
	close(fd);
	*ret_n = n;
	return got >= 0;
}

static int take_identities(struct work *w, const char *name)
{
	char *text = w->identity_text, *line;
	size_t n;
	int number = 0;

	if (!read_small(name, text, IDENTITY_FILE_MAX, &n))
		return say(name, strerror(errno));
	if (n == IDENTITY_FILE_MAX)
		return say(name, "too large for an identity file.");
	text[n] = '\0';
	while ((line = strsep(&text, "\n"))) {
		number++;
		if (!take_line(&w->ids, line)) {
			fprintf(stderr,
			    "saqta open: %s: line %d is not an age"
			    " identity (AGE-SECRET-KEY-1...).\n",
			    name, number);
			return 1;
		}
	}
	return 0;
}

/* The first line of the file, without its end. */
static int take_passphrase(struct work *w, const char *name)
{
	size_t n;

	if (!read_small(name, w->passphrase, PASSPHRASE_MAX + 1, &n))
		return say(name, strerror(errno));
	w->passphrase[n] = '\0';
	n = strcspn(w->passphrase, "\n");
	if (n && w->passphrase[n - 1] == '\r')
		n--;
	if (n == 0)
		return say(name, "the first line, a passphrase, is empty.");
	if (n > PASSPHRASE_MAX)
		return say(name, "too long for a passphrase.");
	w->passphrase_n = n;
	return 0;
}

static const char *header_sentence(const struct work *w, enum err err)
{
	static const char armor[] = "-----BEGIN AGE";
	const struct input *in = &w->in;

	if (err == ERR_NO_KEY)
		return !w->passphrase_n ?
		    "none of the identities opens this file." :
		    w->ids.n ?
		    "none of the identities opens this file, nor does the "
		    "passphrase." :
		    "the passphrase does not open this file.";
	if (err == ERR_NO_MEMORY)
		return "there is not the memory that the passphrase needs.";
	if (err == ERR_TOO_LARGE)
		return "the header is not within the limits: 16 KiB, and a "
		       "passphrase that takes 1 GiB (scrypt work factor 20).";
	if (err == ERR_INTEGRITY)
		return "the header was changed: its check fails.";
	if (in->n == 0 && in->end)
		return "the file is empty.";
	if (in->n >= sizeof(armor) - 1 &&
	    memcmp(in->buf, armor, sizeof(armor) - 1) == 0)
		return "the header is armored (text); only binary age files"
		       " are opened here.";
	if (err == ERR_TRUNCATED)
		return "the header is not whole: the file ends inside it.";
	return "the header is not that of an age file.";
}

/* The header and the nonce give the payload key. */
static int take_header(struct work *w, const char *name,
    unsigned char key[KEY_BYTES])
{
	unsigned char file_key[AGE_FILE_KEY];
	struct input *in = &w->in;
	size_t n = 0;
	enum err err;

	while ((err = age_header_len(in->buf, in->n, &n)) == ERR_TRUNCATED &&
	    !in->end)
		if (!fill(in, in->n + 1))
			return say(name, strerror(errno));
	if (!err)
		err = age_header_open(in->buf, in->n, w->ids.id, w->ids.n,
		    file_key, &n);
	if (err == ERR_NO_KEY && w->passphrase_n)
		err = age_header_open_passphrase(in->buf, in->n, w->passphrase,
		    w->passphrase_n, file_key, &n);
	if (err)
		return say(name, header_sentence(w, err));
	used(in, n);
	if (!fill(in, AGE_NONCE) || in->n < AGE_NONCE) {
		crypt_wipe(file_key, sizeof(file_key));
		return say(name,
		    in->end ?
			"the header is not whole: the file ends after it." :
			strerror(errno));
	}
	age_payload_key(file_key, in->buf, key);
	crypt_wipe(file_key, sizeof(file_key));
	used(in, AGE_NONCE);
	return 0;
}

/*
 * A chunk that is full may be the last one all the same, so both flags are
 * tried; a short one can only be the last. An empty one is legal only where
 * there is nothing before it.
 */
static bool open_chunk(struct work *w, const unsigned char key[KEY_BYTES],
    uint64_t i, size_t n, bool *ret_last)
{
	*ret_last = n < AGE_CHUNK_SEALED;
	if (*ret_last && n == AEAD_TAG && i > 0)
		return false;
	if (age_chunk_open(key, i, *ret_last, w->in.buf, n, w->plain) == OK)
		return true;
	if (*ret_last)
		return false;
	*ret_last = true;
	return age_chunk_open(key, i, true, w->in.buf, n, w->plain) == OK;
}

/* Whole chunks and no last one: a cut segment goes on in its tail. */
static int ends_early(const char *name)
{
	static const char segment[] = ".mp4.age";
	size_t stem = strlen(name), end = sizeof(segment) - 1;
	char tail[4096];

	if (stem > end && !strcmp(name + stem - end, segment) &&
	    snprintf(tail, sizeof(tail), "%.*s.tail.age", (int)(stem - end),
		name) < (int)sizeof(tail) &&
	    !access(tail, F_OK)) {
		fprintf(stderr,
		    "saqta open: %s: this segment was cut. What was printed "
		    "is genuine and goes on in %s.\n",
		    name, tail);
		return 1;
	}
	return say(name, "the file ends early. What was printed is genuine.");
}

static int print_payload(struct work *w, const char *name,
    const unsigned char key[KEY_BYTES])
{
	bool last = false;

	for (uint64_t i = 0; !last; i++) {
		size_t n;

		if (!fill(&w->in, AGE_CHUNK_SEALED))
			return say(name, strerror(errno));
		n = w->in.n;
		if (n == 0)
			return ends_early(name);
		if (!open_chunk(w, key, i, n, &last))
			return say(name,
			    n < AGE_CHUNK_SEALED ?
				"the file ends early, or its end was changed."
				" What was printed is genuine." :
				"the file was changed here. What was printed "
				"is"
				" genuine, nothing after it is.");
		if (!print(w->plain, n - AEAD_TAG))
			return say("standard output", strerror(errno));
		used(&w->in, n);
	}
	if (!fill(&w->in, 1))
		return say(name, strerror(errno));
	return w->in.n == 0 ? 0 :
			      say(name,
				  "something was added after the end"
				  " of the file. What was printed is genuine.");
}

static int open_file(struct work *w, const char *name)
{
	unsigned char key[KEY_BYTES];
	bool from_stdin = strcmp(name, "-") == 0;
	int status;

	w->in.fd = from_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (w->in.fd < 0)
		return say(name, strerror(errno));
	if (from_stdin)
		name = "standard input";
	status = take_header(w, name, key);
	if (!status)
		status = print_payload(w, name, key);
	crypt_wipe(key, sizeof(key));
	if (!from_stdin)
		close(w->in.fd);
	return status;
}

int tool_open(int argc, char **argv)
{
	static const struct option options[] = {
	    {"passphrase-file", required_argument, NULL, 'p'}, {0}};
	const struct rlimit no_core = {0}; /* P1 */
	struct work *w;
	int c, status = 0;
	bool any = false;

	w = calloc(1, sizeof(*w));
	if (!w || crypt_init() != OK || setrlimit(RLIMIT_CORE, &no_core) < 0) {
		free(w);
		return say("start", strerror(errno));
	}
	optind = 1;
	while (!status &&
	    (c = getopt_long(argc, argv, "+i:", options, NULL)) != -1) {
		any = true;
		status = c == 'i' ? take_identities(w, optarg) :
		    c == 'p'	  ? take_passphrase(w, optarg) :
				    usage();
	}
	if (!status && (!any || argc - optind > 1))
		status = usage();
	if (!status)
		status = open_file(w, argc > optind ? argv[optind] : "-");
	crypt_wipe(w, sizeof(*w));
	free(w);
	return status;
}
