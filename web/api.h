/* api.h - handlers of /api/v1 for who is signed in. See route.c. */
#ifndef SAQTA_WEB_API_H
#define SAQTA_WEB_API_H

struct http;

void api_cameras(struct http *x);
void api_coverage(struct http *x);
void api_requests(struct http *x);
void api_request_new(struct http *x);
void api_decide(struct http *x);
void api_revoke(struct http *x);
void api_play(struct http *x);
void api_stop(struct http *x);
void api_exports(struct http *x);
void api_export_new(struct http *x);
void api_ledger(struct http *x);
void api_ledger_verify(struct http *x);
void api_status(struct http *x);

#endif
