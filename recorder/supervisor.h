/*
 * supervisor.h - the process that holds configuration and credentials: keeps
 * the list of cameras that storage has, and one struct camera for each.
 */
#ifndef SAQTA_SUPERVISOR_H
#define SAQTA_SUPERVISOR_H

#include "recorder/secret.h"
#include "storage/api/config.h"

/*
 * Run until SIGTERM or SIGINT. key is borrowed; zygote is the zygote's socket.
 * Returns the exit status: 0 after an orderly stop.
 */
int supervisor_run(const struct config *config, const struct secret_key *key,
    int zygote);

#endif
