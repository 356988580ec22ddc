/* What a camera sends over RTSP: messages, SDP, headers, challenges. */
#include <stdlib.h>
#include <string.h>

#include "recorder/auth.h"
#include "recorder/rtsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void answer(const struct rtsp_answer *a)
{
	static struct rtsp_sdp sdp;
	struct rtsp_transport t;
	struct rtsp_url u;
	struct auth auth;
	char buf[1536];

	rtsp_sdp_parse(a->body, a->body_n, a->base, &sdp);
	if (sdp.sets_n > sizeof(sdp.sets))
		abort();
	if (rtsp_transport_parse(a->transport, &t))
		t.interleaved = false;
	if (!rtsp_url_parse(a->base, &u) && !u.port)
		abort();
	if (auth_challenge(a->challenge, &auth))
		return;
	if (auth_answer(&auth, "user", "word", "PLAY", "rtsp://h/", "c", buf,
		sizeof(buf)))
		return;
	/* No line end may reach the header that we send. */
	if (strpbrk(buf, "\r\n"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct rtsp_item it;

	while (n) {
		if (rtsp_next(p, n, &it))
			return 0;
		if (it.consumed > n)
			abort();
		if (it.kind == RTSP_ANSWER)
			answer(&it.answer);
		if (!it.consumed)
			return 0;
		p += it.consumed;
		n -= it.consumed;
	}
	return 0;
}
