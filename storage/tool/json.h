/*
 * json.h - storage's JSON answers, for verbs that print them for people.
 */
#ifndef SAQTA_TOOL_JSON_H
#define SAQTA_TOOL_JSON_H

#include <jansson.h>

#include "storage/api/wire.h"

/* The JSON beside an answer, which is closed; NULL after a message. */
json_t *json_of_bulk(struct wire *w);
/* A text of an object, borrowed; "-" where there is none. */
const char *json_text_of(const json_t *j, const char *key);
long long json_number_of(const json_t *j, const char *key);

#endif
