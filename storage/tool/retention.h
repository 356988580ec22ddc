/*
 * retention.h - the verbs about terms: retention due, retention lengthen, hold
 * list, place and release, clock, clock vouch.
 */
#ifndef SAQTA_TOOL_RETENTION_H
#define SAQTA_TOOL_RETENTION_H

int tool_retention(int argc, char **argv);
int tool_hold(int argc, char **argv);
int tool_clock(int argc, char **argv);

#endif
