/*
 * paper.h - `saqta paper`: the two halves of the paper key make an identity.
 */
#ifndef SAQTA_TOOL_PAPER_H
#define SAQTA_TOOL_PAPER_H

/*
 * saqta paper [-]
 *
 * Asks for both halves line by line on the console, unseen, and says at once
 * where a line is wrong; with "-" reads the eight lines from standard input.
 * Prints an identity file for plain age. Exit 0; 1; 2 usage.
 */
int tool_paper(int argc, char **argv);

#endif
