/*
 * keeper_machine.h - what the tool tells the keeper of the machine: handlers as
 * in keeper.h.
 */
#ifndef SAQTA_KEEPER_MACHINE_H
#define SAQTA_KEEPER_MACHINE_H

#include "storage/keeper.h"

void handle_backup_made(struct keeper *, struct conn *, struct wire *);

#endif
