/* How the parent speaks: see tell.h. */
#include "parent/tell.h"
#include "ops/mail.h"
#include "proc/line.h"
#include <stdarg.h>
#include <stdio.h>

void tell(const struct tell *t, enum shrike_level level, const char *format, ...)
{
    struct log_text line;
    va_list args;
    va_start(args, format);
    bool good = line_format(&line, level, format, args);
    va_end(args);
    struct mail m = {.kind = MAIL_LOG, .body = line.body, .fd = -1};
    if (good && (!t->control || !channel_send(t->control, &m)) && level <= t->level)
        fprintf(stderr, "shriked: %s\n", line.text);
}

bool complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("shriked: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return false;
}
