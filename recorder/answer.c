#include "recorder/answer.h"

#include <jansson.h>
#include <string.h>

#define HZ 90000.0

/* cause -> the "error" of the JSON */
static const char *const names[CAUSE_MAX] = {
    [CAUSE_NO_ANSWER] = "no-answer",
    [CAUSE_PASSWORD] = "password",
    [CAUSE_NETWORK] = "network",
    [CAUSE_NO_KEY_FRAME] = "no-key-frame",
    [CAUSE_UNSUPPORTED] = "unsupported",
    [CAUSE_CAMERA_ERROR] = "camera-error",
    [CAUSE_STREAM_ERROR] = "stream-error",
    [CAUSE_CERTIFICATE] = "certificate",
};

const char *answer_error_name(enum cause cause)
{
	return cause < CAUSE_MAX && names[cause] ? names[cause] : "internal";
}

/* A text may have been cut inside a character. */
static json_t *text(const char *s)
{
	size_t n = strlen(s);
	json_t *j = json_stringn(s, n);

	for (int i = 0; !j && i < 3 && n; i++)
		j = json_stringn(s, --n);
	return j ? j : json_null();
}

static json_t *text_or_null(const char *s)
{
	return s && *s ? text(s) : json_null();
}

static json_t *rounded(double v)
{
	return json_real((double)(int64_t)(v * 100 + 0.5) / 100);
}

static char *dump(json_t *j)
{
	char *s =
	    j ? json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;

	json_decref(j);
	return s;
}

char *answer_error(const char *error, const char *message, const char *host)
{
	return dump(json_pack("{s:s, s:o, s:o}", "error", error, "message",
	    text(message), "host", text_or_null(host)));
}

/*
 * H.264 up to High in 4:2:0 and 8 bits plays everywhere. H.265 plays where the
 * machine's hardware decodes it, in Firefox from version 137 on. The rest
 * plays nowhere for sure. (caniuse.com/hevc and /mpeg4)
 */
struct answer_plays answer_plays(const char *codec, const char *profile)
{
	static const char *const avc[] = {"Baseline", "Constrained Baseline",
	    "Main", "High", "Constrained High"};
	static const char *const hevc[] = {"Main", "Main 10"};

	for (size_t i = 0; i < sizeof(avc) / sizeof(avc[0]); i++)
		if (!strcmp(codec, "h264") && !strcmp(profile, avc[i]))
			return (struct answer_plays){
			    "yes", "yes", "yes", "yes"};
	for (size_t i = 0; i < sizeof(hevc) / sizeof(hevc[0]); i++)
		if (!strcmp(codec, "h265") && !strcmp(profile, hevc[i]))
			return (struct answer_plays){
			    "hardware", "hardware", "hardware", "yes"};
	return (struct answer_plays){"no", "no", "no", "no"};
}

char *answer_probe(const struct camera *c)
{
	const struct camera_probed *p = &c->probed;
	struct answer_plays b = answer_plays(p->codec, p->profile);
	double span = (double)p->span / HZ;
	bool flows = p->frames > 1 && span > 0;
	char certificate[FINGERPRINT_TEXT] = "";

	if (c->url.tls)
		fingerprint_text(c->shown, certificate);

	return dump(json_pack("{s:s, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:o, "
			      "s:s, s:o, s:o, s:{s:s, s:s, s:s, s:s}}",
	    "codec", p->codec, "profile", text(p->profile), "width",
	    (int)p->width, "height", (int)p->height, "fps",
	    flows ? rounded((p->frames - 1) / span) : json_null(),
	    "bitrate_bps",
	    flows ? json_integer((json_int_t)((double)p->bytes * 8 / span *
			(p->frames - 1) / p->frames)) :
		    json_null(),
	    "measured_s", rounded(span), "gop_s",
	    p->keys > 1 ? rounded((double)p->key_span / HZ / (p->keys - 1)) :
			  json_null(),
	    "audio", text_or_null(p->audio), "transport",
	    c->transport == TRANSPORT_UDP ? "udp" : "tcp", "clock_offset_ms",
	    p->offset_known ? json_integer(p->offset_ns / NS_PER_MS) :
			      json_null(),
	    "certificate", text_or_null(certificate), "plays", "chrome",
	    b.chrome, "edge", b.edge, "firefox", b.firefox, "safari",
	    b.safari));
}

char *answer_onvif(const struct device *d)
{
	const struct onvif_device *o = &d->device;
	json_t *profiles = json_array();

	for (unsigned i = 0; i < o->profiles; i++) {
		const struct onvif_profile *p = &o->profile[i];

		json_array_append_new(profiles,
		    json_pack("{s:o, s:o, s:o, s:i, s:i, s:o}", "token",
			text(p->token), "name", text(p->name), "encoding",
			text(p->encoding), "width", (int)p->width, "height",
			(int)p->height, "url", text_or_null(p->uri)));
	}
	return dump(json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "address",
	    d->host, "maker", text(o->maker), "model", text(o->model),
	    "firmware", text(o->firmware), "serial", text(o->serial),
	    "clock_offset_ms",
	    o->clock_s == INT64_MAX ? json_null() :
				      json_integer(o->clock_s * 1000),
	    "profiles", profiles));
}

char *answer_found(const struct device *d)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < d->found_n; i++) {
		const struct onvif_found *f = &d->found[i].found;

		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o, s:o, s:o}", "address",
			d->found[i].address, "name", text_or_null(f->name),
			"hardware", text_or_null(f->hardware), "endpoint",
			text_or_null(f->endpoint), "xaddr", text(f->xaddr)));
	}
	return dump(json_pack("{s:o}", "devices", list));
}
