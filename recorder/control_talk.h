/*
 * control_talk.h - the child's half of the messages in control.h. sock is its
 * control socket.
 */
#ifndef SAQTA_CONTROL_TALK_H
#define SAQTA_CONTROL_TALK_H

#include <stddef.h>
#include <stdint.h>

#include "recorder/codec.h"
#include "recorder/control.h"
#include "recorder/stream.h"
#include "storage/api/err.h"
#include "storage/api/messages.h"

/*
 * Have a request authorized: the value of its Authorization header goes into
 * buf. challenge is "" where the last one still holds. ERR_NOT_FOUND: no
 * password is known; ERR_UNSUPPORTED: nothing that we can answer.
 */
must_check enum err control_authorize(int sock, const char *challenge,
    const char *method, const char *uri, char *buf, size_t max);

/* Have the UDP pair connected to the camera's ports. */
must_check enum err control_udp(int sock, uint16_t rtp, uint16_t rtcp);

/* CONTROL_STATE or CONTROL_END. Without a supervisor nobody listens. */
void control_tell(int sock, enum control_msg type, enum cause cause,
    const char *detail);

/* A message without fields. */
void control_say(int sock, enum control_msg type);

/* What was counted; missing: packets. */
void control_counted(int sock, const struct stream_stats *t, uint64_t missing);

/* What a probe measured. */
void control_probed(int sock, enum codec codec, const struct stream_stats *t,
    const char *audio);

#endif
