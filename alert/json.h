/*
 * json.h - the only JSON that this program reads and writes: health, the texts
 * in three languages, and what goes to a webhook.
 */
#ifndef SAQTA_ALERT_JSON_H
#define SAQTA_ALERT_JSON_H

#include "alert/incident.h"
#include "storage/api/err.h"

#define HEALTH_MAX (1u << 20)	/* bytes of an answer */

/* ERR_FORMAT; texts that are too long are cut. */
must_check enum err json_health(const char *p, size_t n, struct health *ret);

struct texts;
/* The file text.json; ERR_NOT_FOUND, ERR_FORMAT. */
must_check enum err texts_open(const char *path, struct texts **ret);
void texts_close(struct texts *t);
/* A word or sentence in a language (en, ru, kk); the key itself if unknown. */
const char *texts_word(const struct texts *t, const char *key,
    const char *language);
/* "Camera cam1 is not recording: ..."; its kind where that is not known. */
char *texts_sentence(const struct texts *t, const char *language,
    const struct incident *i, char *buf, size_t n);
/* The command that mends it; "". */
const char *texts_mend(const struct texts *t, const char *kind);

/*
 * The body of a webhook (Standard Webhooks): {"type", "timestamp", "data"};
 * freed by free(), NULL without memory.
 */
char *json_event(const char *type, const char *time, const char *site,
    const struct incident *i, const char *sentence);

/* What POST /api/v1/told takes; freed by free(), NULL without memory. */
char *json_told(const struct incident *i, const char *since, bool over,
    const char *whom);

#endif
