/*
 * import.h - saqta camera import and export: lists of cameras as CSV, with a
 * line of names first: id, name, atm, place, url, transport, user, password,
 * device. Passwords are sealed to the recorder line by line, never shown, and
 * never exported.
 */
#ifndef SAQTA_TOOL_IMPORT_H
#define SAQTA_TOOL_IMPORT_H

#include "storage/api/config.h"

/* Add what is not there yet; what is wrong is told by line. Exit status. */
int camera_import(const struct config *conf, const char *file);
int camera_export(const struct config *conf);

#endif
