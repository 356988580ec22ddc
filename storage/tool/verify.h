#ifndef SAQTA_TOOL_VERIFY_H
#define SAQTA_TOOL_VERIFY_H

/* saqta verify FILE [--policy F] [--json]: exits as verify.h says, 2 usage. */
int tool_verify(int argc, char **argv);
#endif
