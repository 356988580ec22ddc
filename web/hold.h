/* hold.h - handlers: holds, without a request (P4). See route.c. */
#ifndef SAQTA_WEB_HOLD_H
#define SAQTA_WEB_HOLD_H

struct http;

void hold_list(struct http *x);
void hold_place(struct http *x);
void hold_release(struct http *x);

#endif
