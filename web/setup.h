/*
 * setup.h - handlers of set-up. The code is storage's to judge; here it only
 * passes, is kept nowhere, and opens no session.
 */
#ifndef SAQTA_WEB_SETUP_H
#define SAQTA_WEB_SETUP_H

#include "storage/api/messages.h"

struct http;

/* The fingerprint of our certificate, for the page to show; copied. */
void setup_certificate(const char *fingerprint);
const char *setup_fingerprint(void);

/* "code", "steps", "over". */
const char *setup_name(enum setup_state s);

void setup_code(struct http *x);
void setup_operator(struct http *x);
void setup_capacity(struct http *x);
void setup_finish(struct http *x);

#endif
