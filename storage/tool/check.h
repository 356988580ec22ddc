/*
 * check.h - saqta check [--json] [--config FILE | --data DIR]
 *
 * argv[0] is "check". The exit status: 0 all fits, 1 it could not check, 2
 * usage, 5 something was changed, 6 something is missing.
 */
#ifndef SAQTA_TOOL_CHECK_H
#define SAQTA_TOOL_CHECK_H

int tool_check(int argc, char **argv);

#endif
