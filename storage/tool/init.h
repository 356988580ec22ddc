/* init.h - saqta init; see the usage text in init.c. */
#ifndef SAQTA_TOOL_INIT_H
#define SAQTA_TOOL_INIT_H

int tool_init(int argc, char **argv);

#endif
