#include "web/range.h"

#include <string.h>
#include <strings.h>

static const char *skip_space(const char *s)
{
	while (*s == ' ' || *s == '\t')
		s++;
	return s;
}

/* 1*DIGIT at *s, which is moved behind it; too large counts as the largest. */
static bool number(const char **s, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p = *s;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned d = (unsigned)(*p - '0');

		v = v > (UINT64_MAX - d) / 10 ? UINT64_MAX : v * 10 + d;
	}
	*s = p;
	*ret = v;
	return true;
}

/* One int-range or suffix-range at *s. */
struct spec {
	bool suffix, open;
	uint64_t first, last;
};

static bool get_spec(const char **s, struct spec *ret)
{
	struct spec r = {0};

	if (**s == '-') {
		(*s)++;
		r.suffix = true;
		if (!number(s, &r.last))
			return false;
	} else {
		if (!number(s, &r.first) || **s != '-')
			return false;
		(*s)++;
		r.open = !number(s, &r.last);
		if (!r.open && r.last < r.first)
			return false;
	}
	*ret = r;
	return true;
}

static enum err within(const struct spec *s, uint64_t size, struct range *ret)
{
	uint64_t from, last;

	if (s->suffix) {
		if (s->last == 0 || size == 0)
			return ERR_RANGE;
		from = s->last >= size ? 0 : size - s->last;
		last = size - 1;
	} else {
		if (s->first >= size)
			return ERR_RANGE;
		from = s->first;
		last = s->open || s->last >= size ? size - 1 : s->last;
	}
	*ret =
	    (struct range){.partial = true, .from = from, .n = last - from + 1};
	return OK;
}

enum err range_parse(const char *value, uint64_t size, struct range *ret)
{
	struct range whole = {.n = size};
	struct spec one = {0};
	unsigned n = 0;

	if (value)
		value = skip_space(value);
	if (!value || strncasecmp(value, "bytes", 5) != 0 || value[5] != '=') {
		*ret = whole;
		return OK;
	}
	for (value += 6;;) {
		struct spec s;

		value = skip_space(value);
		if (*value != ',' && *value != '\0') {
			if (!get_spec(&value, &s))
				return ERR_BAD_MESSAGE;
			one = s;
			n++;
			value = skip_space(value);
		}
		if (*value == '\0')
			break;
		if (*value++ != ',')
			return ERR_BAD_MESSAGE;
	}
	if (n == 0)
		return ERR_BAD_MESSAGE;
	if (n == 1)
		return within(&one, size, ret);
	*ret = whole;
	return OK;
}

bool range_if(const char *value, const char *etag)
{
	return !value || strcmp(value, etag) == 0;
}
