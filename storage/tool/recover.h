/* recover.h - the paper key at work: another custodian, another paper key. */
#ifndef SAQTA_TOOL_RECOVER_H
#define SAQTA_TOOL_RECOVER_H

/*
 * saqta recover: all custodians are lost; with both halves of the paper key a
 * new one is made, and every day's key is wrapped to him. Exit 0; 1; 2 usage.
 */
int tool_recover(int argc, char **argv);

/* saqta paper replace: a custodian makes another paper key. */
int tool_paper_replace(int argc, char **argv);

#endif
