/*
 * onvif.h - the few questions of ONVIF that onboarding needs, as text, and
 * their answers out of XML (only expat). Pure.
 *
 * Sources: ONVIF Core and Media specifications, SOAP 1.2, WS-Discovery
 * (2005/04), WS-Security UsernameToken Profile 1.0. Names are compared without
 * their namespace, for cameras mix the versions up.
 *
 * What an answer may be: 256 KiB, 32 elements deep, 512 bytes in a text that
 * we keep; a document type is refused, and with it every entity.
 */
#ifndef SAQTA_ONVIF_H
#define SAQTA_ONVIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/api/err.h"

#define ONVIF_TEXT_MAX 64	/* bytes of a name that is kept, with NUL */
#define ONVIF_URI_MAX 256
#define ONVIF_PROFILES_MAX 4

struct onvif_profile {
	char token[ONVIF_TEXT_MAX], name[ONVIF_TEXT_MAX];
	char encoding[16];
	uint16_t width, height;
	char uri[ONVIF_URI_MAX];	/* without credentials */
};

struct onvif_device {
	char maker[ONVIF_TEXT_MAX], model[ONVIF_TEXT_MAX];
	char firmware[ONVIF_TEXT_MAX], serial[ONVIF_TEXT_MAX];
	int64_t clock_s;		/* UTC, Unix; 0: not told */
	char media[ONVIF_URI_MAX];	/* address of the media service */
	struct onvif_profile profile[ONVIF_PROFILES_MAX];
	unsigned profiles;
};

/* One that answered WS-Discovery. */
struct onvif_found {
	char endpoint[ONVIF_TEXT_MAX];
	char xaddr[ONVIF_URI_MAX];	/* the first http:// of XAddrs */
	char name[ONVIF_TEXT_MAX], hardware[ONVIF_TEXT_MAX];
};

enum onvif_ask {
	ONVIF_CLOCK,		/* GetSystemDateAndTime: needs no password */
	ONVIF_DEVICE,		/* GetDeviceInformation */
	ONVIF_MEDIA,		/* GetCapabilities */
	ONVIF_PROFILES,		/* GetProfiles */
	ONVIF_URI,		/* GetStreamUri of a profile */
};

/* WS-Security, as the supervisor made it; user is escaped here. */
struct onvif_token {
	char user[128], digest[64], nonce[64], created[32];
};

/*
 * Write the SOAP envelope of a question; t NULL: without UsernameToken;
 * profile: the token for ONVIF_URI. ERR_TOO_LARGE.
 */
must_check enum err onvif_request(enum onvif_ask ask, const char *profile,
    const struct onvif_token *t, char *buf, size_t max);

/*
 * Take what an answer says into d; for ONVIF_URI into d->profile[i].
 * ERR_PASSWORD: a fault "not authorized"; ERR_UNSUPPORTED: another fault;
 * ERR_FORMAT: no XML that we take.
 */
must_check enum err onvif_answer(enum onvif_ask ask, const void *p, size_t n,
    struct onvif_device *d, unsigned i);

/* A WS-Discovery probe for video transmitters; uuid is fresh random hex. */
must_check enum err onvif_probe(const char *uuid, char *buf, size_t max);
/* One answer to it. ERR_FORMAT. */
must_check enum err onvif_probe_match(const void *p, size_t n,
    struct onvif_found *ret);

/* "2026-11-22T09:15:07Z" */
void onvif_time(int64_t unix_s, char ret[32]);

#endif
