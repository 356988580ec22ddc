#ifndef SAQTA_TOOL_POLICY_H
#define SAQTA_TOOL_POLICY_H

/* saqta policy: print what outsiders need to verify packages of this site. */
int tool_policy(int argc, char **argv);
#endif
