#include "storage/api/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *name = "saqta";
static bool (*journal)(int priority, const char *program, const char *text,
    const char *field, const char *of);

void log_name(const char *program)
{
	name = program;
}

void log_journal(bool (*fn)(int priority, const char *program, const char *text,
    const char *field, const char *of))
{
	journal = fn;
}

const char *log_of(const char *text, char ret[LOG_OF_MAX])
{
	static const struct {
		const char *begins, *field;
	} all[] = {{"camera ", "SAQTA_CAMERA"}, {"volume ", "SAQTA_VOLUME"}};
	static const char alarm[] = "ALARM: ";
	size_t n;

	if (!strncmp(text, alarm, sizeof(alarm) - 1))
		text += sizeof(alarm) - 1;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strncmp(text, all[i].begins, strlen(all[i].begins)) != 0)
			continue;
		text += strlen(all[i].begins);
		n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (!n || n >= LOG_OF_MAX || !text[n] ||
		    !strchr(" :,", text[n]))
			return NULL;
		memcpy(ret, text, n);
		ret[n] = '\0';
		return all[i].field;
	}
	return NULL;
}

static bool to_journal(int priority, const char *text)
{
	char of[LOG_OF_MAX] = "";

	return journal && journal(priority, name, text, log_of(text, of), of);
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
	line[n + m] = '\0';
	if (to_journal(priority, line + n))
		return;
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
