/*
 * reader_chain.c - the ledger is verified for who is signed in: a slice with
 * each question, one slice at a time on the whole box, so that it costs no more
 * than one core however many ask.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "storage/chain.h"
#include "storage/session.h"

#define SLICE_MS 150
#define REST_NS (10 * NS_PER_SEC) /* between two verifications of a session */

/* A lock that goes with its descriptor; -1: somebody else has it. */
static int turn(const struct session *s)
{
	int fd = openat(s->data_fd, "site", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static enum err begin(struct session *s)
{
	if (s->chain_over_ns && mono_now().ns < s->chain_over_ns + REST_NS)
		return ERR_BUSY;
	chain_drop(s);
	return chain_begin(s->data_fd, &s->chain);
}

static enum err slice(struct session *s, bool anew, char **ret)
{
	enum err err = anew ? begin(s) : s->chain ? OK : ERR_INVALID;

	if (!err)
		err = chain_step(s->chain, SLICE_MS);
	if (!err)
		err = view_chain(s->chain, ret);
	if (!err && chain_is_over(s->chain)) {
		chain_drop(s);
		s->chain_over_ns = mono_now().ns;
	}
	return err;
}

enum err session_ledger_verify(struct session *s, struct wire *w)
{
	bool anew = wire_get_u8(w) == 1;
	char *text = NULL;
	enum err err = wire_end(w);
	int fd = err ? -1 : turn(s);

	if (!err)
		err = fd < 0 ? ERR_BUSY : slice(s, anew, &text);
	if (fd >= 0)
		close(fd);
	if (!err)
		err = answer_bulk(s, w, NULL, text, strlen(text));
	free(text);
	return err;
}

void chain_drop(struct session *s)
{
	chain_free(s->chain);
	s->chain = NULL;
}
