/*
 * tls.h - the process that speaks TLS with one camera (rtsps://) and hands
 * plain bytes to the camera's child, so that the child needs no keys and still
 * has nothing but a connected socket. It has the walls of a child and knows no
 * secret but the keys of its own connection.
 *
 * It believes every certificate and tells its SHA-256: to compare is the
 * supervisor's, who begins no child before.
 */
#ifndef SAQTA_TLS_H
#define SAQTA_TLS_H

#include "recorder/control.h"

/*
 * fd[FD_CAMERA] is connected; fd[FD_PLAIN] the child's to be, a stream.
 * start->url names the host. Says CONTROL_TLS on fd[FD_CONTROL] once the
 * handshake is done, or CONTROL_END why not. Ends when one of the three does:
 * what came of the camera is delivered before. Exits.
 */
_Noreturn void tls_main(const struct child_start *start,
    const int fd[CHILD_FDS]);

#endif
