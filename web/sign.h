/* sign.h - handlers: who is there, and whether we are. See route.c. */
#ifndef SAQTA_WEB_SIGN_H
#define SAQTA_WEB_SIGN_H

struct http;

void sign_healthz(struct http *x);
void sign_site(struct http *x);
void sign_in(struct http *x);
void sign_who(struct http *x);
void sign_out(struct http *x);

#endif
