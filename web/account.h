/* account.h - handlers: one's own account, people, tokens of programs. */
#ifndef SAQTA_WEB_ACCOUNT_H
#define SAQTA_WEB_ACCOUNT_H

#include "web/http.h"

void account_password(struct http *x);
void account_factor_new(struct http *x);
void account_factor_set(struct http *x);
void account_sessions(struct http *x);
void account_session_end(struct http *x);
void account_people(struct http *x);
void account_person_new(struct http *x);
void account_person_reset(struct http *x);
void account_person_end(struct http *x);
void account_deputy(struct http *x);
void account_tokens(struct http *x);
void account_token_new(struct http *x);
void account_token_end(struct http *x);

#endif
