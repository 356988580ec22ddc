/* The SDP half of rtsp.h. */
#include "recorder/rtsp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct media {
	bool video, audio;
	int payload;
	char name[16];
	char control[RTSP_URL_MAX];
	unsigned char sets[RTSP_SETS_MAX];
	size_t sets_n;
};

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Append the NAL units of a comma-separated base64 list; skip what is none. */
static void sets_put(struct media *m, const char *s, size_t n)
{
	while (n) {
		size_t at = m->sets_n + 2, have = 0;
		uint32_t bits = 0;
		int held = 0;

		while (n && *s != ',') {
			int v = base64_value(*s);

			s++, n--;
			if (v < 0)
				continue;
			bits = bits << 6 | (uint32_t)v;
			held += 6;
			if (held < 8)
				continue;
			held -= 8;
			if (at + have >= sizeof(m->sets))
				return;
			m->sets[at + have++] = (unsigned char)(bits >> held);
		}
		if (n)
			s++, n--;
		if (!have || have > 0xffff)
			continue;
		m->sets[at - 2] = (unsigned char)(have >> 8);
		m->sets[at - 1] = (unsigned char)have;
		m->sets_n = at + have;
	}
}

static enum codec codec_of(const char *name)
{
	if (!strcasecmp(name, "H264"))
		return CODEC_H264;
	if (!strcasecmp(name, "H265") || !strcasecmp(name, "HEVC"))
		return CODEC_H265;
	return CODEC_NONE;
}

static void attribute(struct media *m, const char *line)
{
	char name[16];
	int payload;
	const char *s;

	if (sscanf(line, "a=rtpmap:%3d %15[^/ ]", &payload, name) == 2) {
		/* The first that we record wins, else the first of all. */
		if (!m->name[0] || (codec_of(name) && !codec_of(m->name))) {
			strcpy(m->name, name);
			m->payload = payload;
		}
	} else if (!strncmp(line, "a=control:", 10)) {
		if (strlen(line + 10) < sizeof(m->control))
			strcpy(m->control, line + 10);
	} else if (!strncmp(line, "a=fmtp:", 7)) {
		for (s = strstr(line, "sprop-"); s;
		     s = strstr(s + 6, "sprop-")) {
			const char *eq = s + strcspn(s, "=;");

			if (strncmp(s, "sprop-parameter-sets=", 21) &&
			    strncmp(s, "sprop-vps=", 10) &&
			    strncmp(s, "sprop-sps=", 10) &&
			    strncmp(s, "sprop-pps=", 10))
				continue;
			sets_put(m, eq + 1, strcspn(eq + 1, "; "));
		}
	}
}

static void resolve(const char *base, const char *control, char *ret,
    size_t max)
{
	size_t n = strlen(base);
	int len;

	if (!*control || !strcmp(control, "*"))
		len = snprintf(ret, max, "%s", base);
	else if (rtsp_scheme(control))
		len = snprintf(ret, max, "%s", control);
	else
		len = snprintf(ret, max, "%s%s%s", base,
		    n && base[n - 1] == '/' ? "" : "/",
		    *control == '/' ? control + 1 : control);
	if (len < 0 || (size_t)len >= max)
		*ret = '\0';
	for (char *c = ret; *c; c++)
		if ((unsigned char)*c <= ' ' || (unsigned char)*c > 126) {
			*c = '\0';
			break;
		}
}

static void media_end(const struct media *m, const char *base,
    struct rtsp_sdp *ret)
{
	enum codec c = codec_of(m->name);

	if (m->audio && !ret->audio[0])
		snprintf(ret->audio, sizeof(ret->audio), "%s",
		    m->name[0] ? m->name : "audio");
	if (!m->video || ret->codec || (ret->video[0] && !c))
		return;
	snprintf(ret->video, sizeof(ret->video), "%s", m->name);
	ret->codec = c;
	ret->payload = m->payload;
	ret->sets_n = m->sets_n;
	memcpy(ret->sets, m->sets, m->sets_n);
	resolve(base, m->control, ret->control, sizeof(ret->control));
}

/* RFC 3551: payload types that need no rtpmap. */
static void media_begin(struct media *m, const char *line)
{
	memset(m, 0, sizeof(*m));
	m->video = !strncmp(line, "m=video", 7);
	m->audio = !strncmp(line, "m=audio", 7);
	if (sscanf(line, "m=%*s %*s %*s %3d", &m->payload) == 1 && m->video)
		snprintf(m->name, sizeof(m->name), "%s",
		    m->payload == 26	 ? "JPEG" :
			m->payload == 32 ? "MPV" :
					   "");
}

void rtsp_sdp_parse(const char *p, size_t n, const char *base,
    struct rtsp_sdp *ret)
{
	struct media m = {.payload = 0};
	char line[4096];

	memset(ret, 0, sizeof(*ret));
	while (n) {
		size_t len = 0, keep;

		while (len < n && p[len] != '\n' && p[len] != '\r')
			len++;
		keep = len < sizeof(line) ? len : sizeof(line) - 1;
		memcpy(line, p, keep);
		line[keep] = '\0';
		if (line[0] == 'm') {
			media_end(&m, base, ret);
			media_begin(&m, line);
		} else if (line[0] == 'a') {
			attribute(&m, line);
		}
		p += len < n ? len + 1 : len;
		n -= len < n ? len + 1 : len;
	}
	media_end(&m, base, ret);
}
