#include "recorder/control_talk.h"

#include <string.h>

#include "storage/api/wire.h"

#define ANSWER_MS 5000

static uint32_t id;	/* of the last message of this process */

enum err control_authorize(int sock, const char *challenge, const char *method,
    const char *uri, char *buf, size_t max)
{
	struct wire w;
	const char *s;
	size_t n;
	enum err err;

	wire_begin(&w, CONTROL_AUTH, ++id);
	wire_put_bytes(&w, challenge, strlen(challenge));
	wire_put_str(&w, method);
	wire_put_str(&w, uri);
	err = wire_call(sock, &w, -1, ANSWER_MS);
	if (err)
		return err;
	s = wire_get_bytes(&w, &n);
	err = wire_end(&w);
	if (!err && n >= max)
		err = ERR_TOO_LARGE;
	if (!err) {
		memcpy(buf, s, n);
		buf[n] = '\0';
	}
	explicit_bzero(&w, sizeof(w));
	return err;
}

enum err control_udp(int sock, uint16_t rtp, uint16_t rtcp)
{
	struct wire w;

	wire_begin(&w, CONTROL_UDP, ++id);
	wire_put_u16(&w, rtp);
	wire_put_u16(&w, rtcp);
	return wire_call(sock, &w, -1, ANSWER_MS);
}

void control_tell(int sock, enum control_msg type, enum cause cause,
    const char *detail)
{
	struct wire w;
	enum err err;

	wire_begin(&w, (uint16_t)type, ++id);
	wire_put_u8(&w, (uint8_t)cause);
	wire_put_str(&w, detail);
	err = wire_send(sock, &w, -1);
	(void)err;
}

void control_say(int sock, enum control_msg type)
{
	struct wire w;
	enum err err;

	wire_begin(&w, (uint16_t)type, ++id);
	err = wire_send(sock, &w, -1);
	(void)err;
}

void control_counted(int sock, const struct stream_stats *t, uint64_t missing)
{
	struct wire w;
	enum err err;

	wire_begin(&w, CONTROL_COUNTED, ++id);
	wire_put_u32(&w, t->frames);
	wire_put_u32(&w, t->damaged);
	wire_put_u64(&w, missing);
	wire_put_u32(&w, t->slips);
	wire_put_u32(&w, t->forced);
	err = wire_send(sock, &w, -1);
	(void)err;
}

void control_probed(int sock, enum codec codec, const struct stream_stats *t,
    const char *audio)
{
	struct wire w;
	enum err err;

	wire_begin(&w, CONTROL_PROBED, ++id);
	wire_put_str(&w, codec == CODEC_H265 ? "h265" : "h264");
	wire_put_str(&w, t->profile);
	wire_put_u16(&w, t->width);
	wire_put_u16(&w, t->height);
	wire_put_u32(&w, t->frames);
	wire_put_i64(&w, t->last_pts - t->first_pts);
	wire_put_u64(&w, t->bytes);
	wire_put_u32(&w, t->keys);
	wire_put_i64(&w, t->last_key - t->first_key);
	wire_put_str(&w, audio);
	wire_put_i64(&w, t->camera.ns - t->camera_at.ns);
	wire_put_u8(&w, t->camera_at.ns != 0);
	err = wire_send(sock, &w, -1);
	(void)err;
}
