/*
 * silent.h - for a fuzzer of whole programs: what is logged for each refused
 * message would drown what is found.
 */
#ifndef SAQTA_TESTS_FUZZ_SILENT_H
#define SAQTA_TESTS_FUZZ_SILENT_H

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

void log_name(const char *program)
{
	(void)program;
}

void log_error(const char *fmt, ...)
{
	(void)fmt;
}

void log_warn(const char *fmt, ...)
{
	(void)fmt;
}

void log_info(const char *fmt, ...)
{
	(void)fmt;
}

void log_journal(bool (*fn)(int priority, const char *program, const char *text,
    const char *field, const char *of))
{
	(void)fn;
}

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "%s\n", what);
	_exit(1);
}

#endif
