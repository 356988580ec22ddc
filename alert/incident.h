/*
 * incident.h - what is wrong, as GET /api/v1/health tells it (view_incidents.c
 * in storage): each is one thing (kind and `of`) with a beginning and an end.
 */
#ifndef SAQTA_ALERT_INCIDENT_H
#define SAQTA_ALERT_INCIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define INCIDENTS_MAX 256	/* further ones are not told */

struct incident {
	char kind[32];		/* "camera-down" */
	char of[64];		/* camera, volume or request; "" */
	char detail[128];	/* a code, a name, a path; "" */
	char since[40];		/* RFC 3339, with the site's offset; "" */
	long long n;		/* -1: none */
	bool critical;		/* else a warning */
};

struct health {
	char site[64], now[40];
	int recording, enabled;	/* cameras */
	struct incident list[INCIDENTS_MAX];
	size_t n;
};

static inline bool incident_same(const struct incident *a,
    const struct incident *b)
{
	return !strcmp(a->kind, b->kind) && !strcmp(a->of, b->of);
}

#endif
