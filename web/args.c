#include "web/args.h"

#include <string.h>

static bool is_low(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool args_is_camera(const char *s, size_t n)
{
	if (n < 1 || n > CAMERA_ID_MAX || !is_low(s[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_low(s[i]) && s[i] != '-')
			return false;
	return true;
}

bool args_is_request(const char *s, size_t n)
{
	if (n < 1 || n > ARGS_REQUEST_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'A' && s[i] <= 'Z') &&
		    !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
			return false;
	return true;
}

bool args_is_path(const char *s, size_t n)
{
	if (n < 1 || s[0] != '/')
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (!is_low(c) && !(c >= 'A' && c <= 'Z') && c != '_' &&
		    c != '-' && c != '.' && c != '/')
			return false;
		if (i > 0 && s[i - 1] == c && (c == '.' || c == '/'))
			return false;
	}
	return true;
}

bool args_is_number(const char *s, size_t n, uint64_t *ret)
{
	uint64_t v = 0;

	if (n < 1 || n > 19 || (n > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*ret = v;
	return true;
}

/* Put what stands at s as the kind of argument; the bytes taken, 0 = none. */
static size_t take(char kind, const char *s, struct args *a)
{
	size_t n;

	switch (kind) {
	case 'r':
		n = strcspn(s, "/");
		if (!args_is_request(s, n))
			return 0;
		memcpy(a->request, s, n);
		a->request[n] = '\0';
		return n;
	case 'c':
		n = strcspn(s, "/");
		if (!args_is_camera(s, n))
			return 0;
		memcpy(a->camera, s, n);
		a->camera[n] = '\0';
		return n;
	case 'n':
		n = strspn(s, "0123456789");
		if (a->number_n >= 2 ||
		    !args_is_number(s, n, &a->number[a->number_n]))
			return 0;
		a->number_n++;
		return n;
	default:
		return strlen(s);
	}
}

bool args_match(const char *pattern, const char *path, struct args *ret)
{
	struct args a = {0};

	while (*pattern) {
		size_t n;

		if (*pattern != '%') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		n = take(pattern[1], path, &a);
		if (n == 0)
			return false;
		pattern += 2;
		path += n;
	}
	if (*path)
		return false;
	*ret = a;
	return true;
}
