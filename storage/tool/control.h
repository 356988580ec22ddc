/*
 * control.h - the verbs that ask the running storage: user add, camera add,
 * list, probe, enable and disable, volume add and list, status, coverage.
 */
#ifndef SAQTA_TOOL_CONTROL_H
#define SAQTA_TOOL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

int tool_user(int argc, char **argv);
int tool_token(int argc, char **argv);
int tool_camera(int argc, char **argv);
int tool_ledger(int argc, char **argv);
int tool_atm(int argc, char **argv);
int tool_witness(int argc, char **argv);
int tool_status(int argc, char **argv);
int tool_metrics(int argc, char **argv);
int tool_coverage(int argc, char **argv);
int tool_volume(int argc, char **argv);
int tool_forecast(int argc, char **argv);
int tool_rebuild(int argc, char **argv);
int tool_scrub(int argc, char **argv);

/* saqta camera list, as a table or as JSON (in status.c). */
struct config;
/* Each camera that storage knows; false after a message. */
bool cameras_each(const struct config *conf,
    void (*fn)(const char *id, const char *url, bool retired, void *arg),
    void *arg);
/* Seal a login to the recorder's key; out has 512 + BOX_EXTRA bytes. */
bool camera_seal(const struct config *conf, const char *user,
    const char *password, unsigned char *out, size_t *ret_n);
int camera_list(const struct config *conf, bool json);
/* What a camera's alarm means, by the name it has in "cameras". */
const char *camera_alarm_text(const char *kind);
/* saqta witness list, or only our own keys (in status.c). */
int witness_list(const struct config *conf, bool keys, bool json);
/* saqta volume list (in status.c); JSON is the status' "storage". */
int volume_list(const struct config *conf, bool json);

#endif
