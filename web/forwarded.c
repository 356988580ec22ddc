#include "web/forwarded.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* An address has one text; an IPv4 one that came by an IPv6 socket, too. */
static bool plain(const char *s, char ret[FORWARDED_TEXT])
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, s, &four) == 1)
		return inet_ntop(AF_INET, &four, ret, FORWARDED_TEXT);
	if (inet_pton(AF_INET6, s, &six) != 1)
		return false;
	if (!IN6_IS_ADDR_V4MAPPED(&six))
		return inet_ntop(AF_INET6, &six, ret, FORWARDED_TEXT);
	memcpy(&four, &six.s6_addr[12], sizeof(four));
	return inet_ntop(AF_INET, &four, ret, FORWARDED_TEXT);
}

/* The last one of a list with commas, without the space around it. */
static bool last(const char *line, char ret[FORWARDED_TEXT])
{
	const char *comma = strrchr(line, ',');
	const char *s = comma ? comma + 1 : line;
	size_t n;

	s += strspn(s, " \t");
	n = strcspn(s, " \t");
	if (!n || n >= FORWARDED_TEXT || s[n + strspn(s + n, " \t")])
		return false;
	memcpy(ret, s, n);
	ret[n] = '\0';
	return true;
}

void forwarded_address(const char *from, const char *proxy, const char *line,
    char ret[FORWARDED_TEXT])
{
	char trusted[FORWARDED_TEXT], hop[FORWARDED_TEXT];

	if (!plain(from, ret))
		snprintf(ret, FORWARDED_TEXT, "%s", from);
	else if (line && plain(proxy, trusted) && !strcmp(ret, trusted) &&
	    last(line, hop))
		plain(hop, ret);
}
