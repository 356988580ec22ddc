#include "storage/api/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *name = "saqta";

void log_name(const char *program)
{
	name = program;
}

/* One write per line, so that lines of several processes do not mix. */
static void put(int priority, const char *fmt, va_list ap)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "<%d>%s: ", priority, name);
	int m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	ssize_t done;

	if (m < 0)
		return;
	if ((size_t)m > sizeof(line) - (size_t)n - 2)
		m = (int)(sizeof(line) - (size_t)n - 2);
	for (int i = n; i < n + m; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	line[n + m] = '\n';
	done = write(STDERR_FILENO, line, (size_t)(n + m + 1));
	(void)done;
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(3, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(4, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(6, fmt, ap);
	va_end(ap);
}
