#ifndef SAQTA_TOOL_CONFIG_H
#define SAQTA_TOOL_CONFIG_H

/* saqta config check|show. */
int tool_configuration(int argc, char **argv);
#endif
