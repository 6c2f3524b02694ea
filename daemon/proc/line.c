/* A line of the log on its way to control: see line.h. */
#include "proc/line.h"
#include <stdio.h>

bool line_format(struct log_text *l, enum shrike_level level, const char *format, va_list args)
{
    struct writer w = writer_of(l->octets, sizeof l->octets);
    int n = vsnprintf(l->text, sizeof l->text, format, args);
    if (n < 0)
        return false;
    write_u8(&w, (u8)level);
    write_bytes(&w, bytes_of(l->text, MIN((size_t)n, sizeof l->text - 1)));
    l->body = written_bytes(&w);
    return true;
}

const char *line_level(enum shrike_level level)
{
    switch (level) {
    case SHRIKE_ERROR:
        return "error";
    case SHRIKE_WARNING:
        return "warning";
    case SHRIKE_NOTICE:
        return "notice";
    case SHRIKE_INFO:
        return "info";
    case SHRIKE_DEBUG:
        return "debug";
    }
    return "?";
}
