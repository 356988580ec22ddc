/* transaction.h - handlers: what ATMs' journals say is looked for, and
 * brought by other programs. See route.c.
 */
#ifndef SAQTA_WEB_TRANSACTION_H
#define SAQTA_WEB_TRANSACTION_H

struct http;

void transaction_search(struct http *x);
void transaction_repeated(struct http *x);
/* Of other programs, by token; scope transactions:write. */
void transaction_push(struct http *x);

#endif
