#include "storage/aim.h"

#include <string.h>
#include <strings.h>

static const char *const keypads[] = {
    [KEYPAD_UNKNOWN] = "unknown",
    [KEYPAD_OUTSIDE] = "outside",
    [KEYPAD_MASKED] = "masked",
    [KEYPAD_VISIBLE] = "visible",
};

void aim_open(struct aim *a, struct mono now, int64_t s, uint64_t because)
{
	if (s > AIM_S_MAX)
		s = AIM_S_MAX;
	a->until_ns = now.ns + s * NS_PER_SEC;
	a->because = because;
}

void aim_close(struct aim *a)
{
	*a = (struct aim){0};
}

bool aim_is_open(const struct aim *a, struct mono now)
{
	return now.ns < a->until_ns;
}

/* HOST of rtsp://HOST[:PORT][/PATH]; [v6] keeps its colons. */
static const char *host(const char *url, size_t *ret_n)
{
	const char *p = strstr(url, "://");

	p = p ? p + 3 : url;
	*ret_n = *p == '[' ? strcspn(p, "]/") : strcspn(p, ":/");
	return p;
}

bool aim_is_new_device(const char *old_url, const char *old_device,
    const char *url, const char *device)
{
	size_t a_n, b_n;
	const char *a = host(old_url, &a_n), *b = host(url, &b_n);

	return a_n != b_n || strncasecmp(a, b, a_n) ||
	    strcmp(old_device, device);
}

bool aim_is_jpeg(const void *p, size_t n)
{
	const unsigned char *b = p;

	return n > 4 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff &&
	    b[n - 2] == 0xff && b[n - 1] == 0xd9;
}

const char *keypad_name(unsigned keypad)
{
	return keypads[keypad < KEYPAD_MAX ? keypad : KEYPAD_UNKNOWN];
}

enum keypad keypad_of(const char *name)
{
	for (unsigned i = KEYPAD_OUTSIDE; i < KEYPAD_MAX; i++)
		if (!strcmp(name, keypads[i]))
			return (enum keypad)i;
	return KEYPAD_UNKNOWN;
}
