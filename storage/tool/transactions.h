/* transactions.h - saqta transactions: the journals of ATMs are imported. */
#ifndef SAQTA_TOOL_TRANSACTIONS_H
#define SAQTA_TOOL_TRANSACTIONS_H

int tool_transactions(int argc, char **argv);

#endif
