/* What is told, kept for a test to look at: in place of the parent's log. */
#ifndef TESTS_PARENT_TOLD_H
#define TESTS_PARENT_TOLD_H

#include "parent/tell.h"
#include <stdarg.h>
#include <stdio.h>

static char said[65536]; /* all lines, each with its end */
static size_t said_len;

void tell(const struct tell *t, enum shrike_level level, const char *format, ...)
{
    va_list args;
    (void)t;
    (void)level;
    va_start(args, format);
    said_len += (size_t)vsnprintf(said + said_len, sizeof said - said_len, format, args);
    va_end(args);
    said[said_len++] = '\n';
    said[said_len] = 0;
}

bool complain(const char *format, ...)
{
    (void)format;
    return false;
}

static void said_begin(void)
{
    said_len = 0;
    said[0] = 0;
}

#endif
