/*
 * stats.h - how many requests were answered and how long that took, for
 * /metrics. HTTP's thread alone calls these.
 */
#ifndef SAQTA_WEB_STATS_H
#define SAQTA_WEB_STATS_H

#include <stddef.h>

#include "storage/api/utc.h"

/* A request that came at `began` is answered now. */
void stats_answered(struct mono began, struct mono now, unsigned status);

/* When the certificate ends that is shown, in Unix seconds; before others. */
void stats_certificate(long long ends_s);

/*
 * n bytes of storage's numbers and ours behind them, in the text format of
 * Prometheus; returned, to be freed by free(). NULL without memory.
 */
char *stats_text(const char *p, size_t n);

#endif
