#include "recorder/onvif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <expat.h>

#define DEPTH_MAX 32
#define NAME_MAX_XML 48
#define TEXT_MAX_XML 512
#define DOCUMENT_MAX (256u << 10)

/* --- questions --- */

static const struct {
	const char *body;
} asks[] = {
    [ONVIF_CLOCK] = {"<GetSystemDateAndTime xmlns=\""
		     "http://www.onvif.org/ver10/device/wsdl\"/>"},
    [ONVIF_DEVICE] = {"<GetDeviceInformation xmlns=\""
		      "http://www.onvif.org/ver10/device/wsdl\"/>"},
    [ONVIF_MEDIA] = {"<GetCapabilities xmlns=\""
		     "http://www.onvif.org/ver10/device/wsdl\">"
		     "<Category>Media</Category></GetCapabilities>"},
    [ONVIF_PROFILES] = {"<GetProfiles xmlns=\""
			"http://www.onvif.org/ver10/media/wsdl\"/>"},
    [ONVIF_URI] = {"<GetStreamUri xmlns=\""
		   "http://www.onvif.org/ver10/media/wsdl\">"
		   "<StreamSetup>"
		   "<Stream xmlns=\"http://www.onvif.org/ver10/schema\">"
		   "RTP-Unicast</Stream>"
		   "<Transport xmlns=\"http://www.onvif.org/ver10/schema\">"
		   "<Protocol>RTSP</Protocol></Transport></StreamSetup>"
		   "<ProfileToken>%s</ProfileToken></GetStreamUri>"},
};

static const char secext[] = "http://docs.oasis-open.org/wss/2004/01/"
			     "oasis-200401-wss-wssecurity-secext-1.0.xsd";
static const char utility[] = "http://docs.oasis-open.org/wss/2004/01/"
			      "oasis-200401-wss-wssecurity-utility-1.0.xsd";
static const char profile_1[] =
    "http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-username-token-profile-1.0#PasswordDigest";

static bool escape(const char *s, char *buf, size_t max)
{
	size_t n = 0;

	for (; *s; s++) {
		const char *as = *s == '&' ? "&amp;" :
		    *s == '<'		   ? "&lt;" :
		    *s == '>'		   ? "&gt;" :
					     NULL;
		size_t len = as ? strlen(as) : 1;

		if (n + len >= max || (unsigned char)*s < ' ')
			return false;
		memcpy(buf + n, as ? as : s, len);
		n += len;
	}
	buf[n] = '\0';
	return true;
}

static bool header(const struct onvif_token *t, char *buf, size_t max)
{
	char user[6 * sizeof(t->user)];
	int n;

	buf[0] = '\0';
	if (!t)
		return true;
	if (!escape(t->user, user, sizeof(user)))
		return false;
	n = snprintf(buf, max,
	    "<s:Header><Security s:mustUnderstand=\"1\" xmlns=\"%s\">"
	    "<UsernameToken><Username>%s</Username>"
	    "<Password Type=\"%s\">%s</Password><Nonce>%s</Nonce>"
	    "<Created xmlns=\"%s\">%s</Created></UsernameToken></Security>"
	    "</s:Header>",
	    secext, user, profile_1, t->digest, t->nonce, utility, t->created);
	return n > 0 && (size_t)n < max;
}

enum err onvif_request(enum onvif_ask ask, const char *profile,
    const struct onvif_token *t, char *buf, size_t max)
{
	char security[2048], token[6 * ONVIF_TEXT_MAX], body[2048];
	const char *mark = strstr(asks[ask].body, "%s");
	int n;

	if (!header(t, security, sizeof(security)) ||
	    !escape(profile ? profile : "", token, sizeof(token)))
		return ERR_TOO_LARGE;
	if (mark)
		snprintf(body, sizeof(body), "%.*s%s%s",
		    (int)(mark - asks[ask].body), asks[ask].body, token,
		    mark + 2);
	else
		snprintf(body, sizeof(body), "%s", asks[ask].body);
	n = snprintf(buf, max,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\">"
	    "%s<s:Body>%s</s:Body></s:Envelope>",
	    security, body);
	return n > 0 && (size_t)n < max ? OK : ERR_TOO_LARGE;
}

enum err onvif_probe(const char *uuid, char *buf, size_t max)
{
	int n = snprintf(buf, max,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	    "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" "
	    "xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" "
	    "xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" "
	    "xmlns:n=\"http://www.onvif.org/ver10/network/wsdl\">"
	    "<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/"
	    "discovery/Probe</a:Action><a:MessageID>urn:uuid:%.8s-%.4s-4%.3s-"
	    "8%.3s-%.12s</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04"
	    ":discovery</a:To></s:Header><s:Body><d:Probe><d:Types>"
	    "n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body>"
	    "</s:Envelope>",
	    uuid, uuid + 8, uuid + 12, uuid + 15, uuid + 18);

	return n > 0 && (size_t)n < max ? OK : ERR_TOO_LARGE;
}

void onvif_time(int64_t unix_s, char ret[32])
{
	time_t t = (time_t)unix_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(ret, "1970-01-01T00:00:00Z");
}

/* --- answers --- */

struct reading {
	XML_Parser parser;
	char path[DEPTH_MAX][NAME_MAX_XML];
	unsigned depth;
	char text[TEXT_MAX_XML];
	size_t text_n;
	enum err err;
	void (*open)(struct reading *r, const char **attributes);
	void (*leaf)(struct reading *r, const char *text);
	/* What is being filled. */
	struct onvif_device *device;
	unsigned at;
	struct tm utc;
	struct onvif_found *found;
	bool fault, unauthorized;
};

static void stop(struct reading *r)
{
	r->err = ERR_FORMAT;
	XML_StopParser(r->parser, XML_FALSE);
}

static const char *local(const char *name)
{
	const char *p = strrchr(name, ' ');

	return p ? p + 1 : name;
}

/* Is the element that ends now `name`, below `parent`? NULL: any parent. */
static bool is(const struct reading *r, const char *parent, const char *name)
{
	return r->depth >= 2 && !strcmp(r->path[r->depth - 1], name) &&
	    (!parent || !strcmp(r->path[r->depth - 2], parent));
}

static bool is_within(const struct reading *r, const char *name)
{
	for (unsigned i = 0; i < r->depth; i++)
		if (!strcmp(r->path[i], name))
			return true;
	return false;
}

static void XMLCALL begins(void *arg, const char *name, const char **attributes)
{
	struct reading *r = arg;

	if (r->depth == DEPTH_MAX) {
		stop(r);
		return;
	}
	snprintf(r->path[r->depth++], NAME_MAX_XML, "%s", local(name));
	r->text_n = 0;
	if (r->open)
		r->open(r, attributes);
}

static void XMLCALL ends(void *arg, const char *name)
{
	struct reading *r = arg;
	char *text = r->text;

	(void)name;
	while (r->text_n && strchr(" \t\r\n", text[r->text_n - 1]))
		r->text_n--;
	text[r->text_n] = '\0';
	text += strspn(text, " \t\r\n");
	if (is_within(r, "Fault")) {
		r->fault = true;
		r->unauthorized |= strstr(text, "NotAuthorized") ||
		    strstr(text, "FailedAuthentication");
	} else {
		r->leaf(r, text);
	}
	r->depth--;
	r->text_n = 0;
}

/* What is longer than we keep is cut, whole characters at a time. */
static void XMLCALL texts(void *arg, const char *s, int n)
{
	struct reading *r = arg;

	for (int i = 0; i < n && r->text_n + 1 < sizeof(r->text); i++)
		r->text[r->text_n++] = s[i];
}

/* No document type: no entity is ever declared, inside or outside. */
static void XMLCALL doctype(void *arg, const char *name, const char *system,
    const char *public, int has_internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_internal;
	stop(arg);
}

static enum err read_document(struct reading *r, const void *p, size_t n)
{
	enum err err = OK;

	if (!n || n > DOCUMENT_MAX)
		return ERR_FORMAT;
	r->parser = XML_ParserCreateNS(NULL, ' ');
	if (!r->parser)
		return ERR_NO_MEMORY;
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, begins, ends);
	XML_SetCharacterDataHandler(r->parser, texts);
	XML_SetStartDoctypeDeclHandler(r->parser, doctype);
	if (XML_Parse(r->parser, p, (int)n, XML_TRUE) != XML_STATUS_OK)
		err = ERR_FORMAT;
	XML_ParserFree(r->parser);
	if (!err && r->fault)
		err = r->unauthorized ? ERR_PASSWORD : ERR_UNSUPPORTED;
	return err ? err : r->err;
}

static void keep(char *to, size_t room, const char *text)
{
	size_t n = strlen(text);

	if (n >= room) {
		n = room - 1;
		while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(to, text, n);
	to[n] = '\0';
}

/* An address with a password in it is kept without. */
static void keep_uri(char *to, size_t room, const char *text)
{
	const char *host = strstr(text, "://");
	const char *at = host ? strchr(host + 3, '@') : NULL;
	size_t scheme = host ? (size_t)(host + 3 - text) : 0;

	to[0] = '\0';
	if (strlen(text) >= room)
		return;	/* half an address is none */
	if (at && at < host + 3 + strcspn(host + 3, "/"))
		snprintf(to, room, "%.*s%s", (int)scheme, text, at + 1);
	else
		strcpy(to, text);
}

static int digits(const char *s)
{
	char *end;
	long v = strtol(s, &end, 10);

	return *s && !*end && v >= 0 && v < 100000 ? (int)v : -1;
}

static void clock_leaf(struct reading *r, const char *text)
{
	static const struct {
		const char *parent, *name;
		size_t at;
	} parts[] = {
	    {"Time", "Hour", offsetof(struct tm, tm_hour)},
	    {"Time", "Minute", offsetof(struct tm, tm_min)},
	    {"Time", "Second", offsetof(struct tm, tm_sec)},
	    {"Date", "Year", offsetof(struct tm, tm_year)},
	    {"Date", "Month", offsetof(struct tm, tm_mon)},
	    {"Date", "Day", offsetof(struct tm, tm_mday)},
	};

	if (!is_within(r, "UTCDateTime"))
		return;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (is(r, parts[i].parent, parts[i].name))
			*(int *)((char *)&r->utc + parts[i].at) = digits(text);
}

static void device_leaf(struct reading *r, const char *text)
{
	struct onvif_device *d = r->device;

	if (is(r, NULL, "Manufacturer"))
		keep(d->maker, sizeof(d->maker), text);
	else if (is(r, NULL, "Model"))
		keep(d->model, sizeof(d->model), text);
	else if (is(r, NULL, "FirmwareVersion"))
		keep(d->firmware, sizeof(d->firmware), text);
	else if (is(r, NULL, "SerialNumber"))
		keep(d->serial, sizeof(d->serial), text);
}

static void media_leaf(struct reading *r, const char *text)
{
	if (is(r, "Media", "XAddr"))
		keep_uri(r->device->media, sizeof(r->device->media), text);
}

static void profiles_open(struct reading *r, const char **attributes)
{
	struct onvif_device *d = r->device;

	if (!is(r, NULL, "Profiles") || d->profiles == ONVIF_PROFILES_MAX) {
		if (is(r, NULL, "Profiles"))
			r->at = ONVIF_PROFILES_MAX;	/* not kept */
		return;
	}
	r->at = d->profiles++;
	for (; *attributes; attributes += 2)
		if (!strcmp(local(attributes[0]), "token"))
			keep(d->profile[r->at].token, ONVIF_TEXT_MAX,
			    attributes[1]);
}

static void profiles_leaf(struct reading *r, const char *text)
{
	struct onvif_profile *p = &r->device->profile[r->at];
	int v = digits(text);

	if (r->at >= r->device->profiles)
		return;
	if (is(r, "Profiles", "Name"))
		keep(p->name, sizeof(p->name), text);
	else if (is(r, "VideoEncoderConfiguration", "Encoding"))
		keep(p->encoding, sizeof(p->encoding), text);
	else if (!is_within(r, "VideoEncoderConfiguration") || v > 65535 ||
	    v < 0)
		return;
	else if (is(r, "Resolution", "Width"))
		p->width = (uint16_t)v;
	else if (is(r, "Resolution", "Height"))
		p->height = (uint16_t)v;
}

static void uri_leaf(struct reading *r, const char *text)
{
	struct onvif_profile *p = &r->device->profile[r->at];

	if (is(r, "MediaUri", "Uri"))
		keep_uri(p->uri, sizeof(p->uri), text);
}

enum err onvif_answer(enum onvif_ask ask, const void *p, size_t n,
    struct onvif_device *d, unsigned i)
{
	static void (*const leaves[])(struct reading *, const char *) = {
	    [ONVIF_CLOCK] = clock_leaf,
	    [ONVIF_DEVICE] = device_leaf,
	    [ONVIF_MEDIA] = media_leaf,
	    [ONVIF_PROFILES] = profiles_leaf,
	    [ONVIF_URI] = uri_leaf,
	};
	struct reading r = {.device = d,
	    .leaf = leaves[ask],
	    .at = ask == ONVIF_URI ? i : ONVIF_PROFILES_MAX,
	    .open = ask == ONVIF_PROFILES ? profiles_open : NULL,
	    .utc = {.tm_year = -1}};
	enum err err;

	if (ask == ONVIF_URI && i >= ONVIF_PROFILES_MAX)
		return ERR_INVALID;
	err = read_document(&r, p, n);
	if (err || ask != ONVIF_CLOCK)
		return err;
	if (r.utc.tm_year < 1970 || r.utc.tm_year > 9999 || r.utc.tm_mon < 1)
		return OK;	/* it does not tell */
	r.utc.tm_year -= 1900;
	r.utc.tm_mon -= 1;
	d->clock_s = (int64_t)timegm(&r.utc);
	return OK;
}

/* The text of a scope onvif://www.onvif.org/NAME/... */
static void scope(const char *scopes, const char *name, char *to, size_t room)
{
	const char *p = strstr(scopes, name);
	size_t n = 0;

	for (p = p ? p + strlen(name) : ""; *p && *p != ' ' && n + 1 < room;
	     p++) {
		unsigned v;

		if (*p == '%' && sscanf(p + 1, "%2x", &v) == 1 && v >= ' ' &&
		    v < 127) {
			to[n++] = (char)v;
			p += 2;
		} else {
			to[n++] = *p;
		}
	}
	to[n] = '\0';
}

static void found_leaf(struct reading *r, const char *text)
{
	struct onvif_found *f = r->found;

	if (is(r, "EndpointReference", "Address") && !f->endpoint[0]) {
		keep(f->endpoint, sizeof(f->endpoint), text);
	} else if (is(r, "ProbeMatch", "XAddrs") && !f->xaddr[0]) {
		const char *p = strstr(text, "http://");
		size_t n = p ? strcspn(p, " \t\r\n") : 0;

		if (n && n < sizeof(f->xaddr))
			snprintf(f->xaddr, sizeof(f->xaddr), "%.*s", (int)n, p);
	} else if (is(r, "ProbeMatch", "Scopes")) {
		scope(text, "onvif.org/name/", f->name, sizeof(f->name));
		scope(text, "onvif.org/hardware/", f->hardware,
		    sizeof(f->hardware));
	}
}

enum err onvif_probe_match(const void *p, size_t n, struct onvif_found *ret)
{
	struct onvif_found f = {0};
	struct reading r = {.found = &f, .leaf = found_leaf};
	enum err err = read_document(&r, p, n);

	if (!err && !f.xaddr[0])
		err = ERR_FORMAT;
	if (!err)
		*ret = f;
	return err;
}
