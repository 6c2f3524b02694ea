/* How the parent speaks: see tell.h. */
#include "parent/tell.h"
#include "base/cursor.h"
#include "ops/mail.h"
#include "proc/seat.h"
#include <stdarg.h>
#include <stdio.h>

void tell(const struct tell *t, enum shrike_level level, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    u8 body[LOG_LINE_MAX + 1];
    struct writer w = writer_of(body, sizeof body);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0)
        return;
    write_u8(&w, (u8)level);
    write_bytes(&w, bytes_of(line, MIN((size_t)n, sizeof line - 1)));
    struct mail m = {.kind = MAIL_LOG, .body = written_bytes(&w), .fd = -1};
    if ((!t->control || !channel_send(t->control, &m)) && level <= t->level)
        fprintf(stderr, "shriked: %s\n", line);
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
