/* X-Forwarded-For: what is believed of it is an address. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *s = calloc(1, n + 1), address[FORWARDED_TEXT];
	unsigned char bytes[16];

	if (!s)
		return 0;
	memcpy(s, p, n);
	forwarded_address("10.0.0.1", "10.0.0.1", s, address);
	if (inet_pton(AF_INET, address, bytes) != 1 &&
	    inet_pton(AF_INET6, address, bytes) != 1)
		abort();
	forwarded_address("10.0.0.2", "10.0.0.1", s, address);
	if (strcmp(address, "10.0.0.2") != 0)
		abort();
	free(s);
	return 0;
}
