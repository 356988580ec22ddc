/*
 * zygote.h - the process that forks children. It is forked before any secret
 * is read and loads libav once, so that its children share those pages and
 * have nothing to leak. It also forks resolvers, for getaddrinfo() blocks and
 * parses what the network says.
 */
#ifndef SAQTA_ZYGOTE_H
#define SAQTA_ZYGOTE_H

#include "recorder/control.h"
#include "storage/api/err.h"

/*
 * Fork the zygote. ret_sock (non-blocking) is given to the caller; closing it
 * ends the zygote and all that it forked.
 */
must_check enum err zygote_start(int *ret_sock);

/*
 * Send a request, with the descriptors (borrowed) that m->fds names.
 * ERR_GONE when the zygote has died, ERR_BUSY when it is behind, ERR_SYS.
 */
must_check enum err zygote_ask(int sock, const struct zygote_message *m,
    const int fd[CHILD_FDS]);

/* Its next answer; ERR_BUSY when there is none, ERR_GONE. */
must_check enum err zygote_answer(int sock, struct zygote_message *ret);

#endif
