/*
 * event.h - what systemd's journal catalogue explains (systemd/saqta.catalog):
 * the life of programs, and each kind of incident.
 */
#ifndef SAQTA_EVENT_H
#define SAQTA_EVENT_H

#include <stdbool.h>

/* The MESSAGE_ID of a kind (128 bits as text); NULL: there is no such kind. */
const char *event_id(const char *kind);

#endif
