/*
 * forwarded.h - whose request it is where a proxy passes requests on. Pure.
 */
#ifndef SAQTA_WEB_FORWARDED_H
#define SAQTA_WEB_FORWARDED_H

#define FORWARDED_TEXT 64	/* a numeric address and NUL */

/*
 * The client's address: `from`, where the socket comes from. Only if that is
 * the configured `proxy` ("": none), it is the last address of `line`, its last
 * X-Forwarded-For (NULL: none): a proxy puts that one there itself, behind
 * whatever its client claims. What is no numeric address there is not believed.
 */
void forwarded_address(const char *from, const char *proxy, const char *line,
    char ret[FORWARDED_TEXT]);

#endif
