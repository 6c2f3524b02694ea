/* A line of the log on its way to control: the body of MAIL_LOG, and the words for its level. */
#ifndef PROC_LINE_H
#define PROC_LINE_H

#include "base/cursor.h"
#include "shrike/event.h"
#include <stdarg.h>

#define LOG_LINE_MAX 1024 /* characters, NUL included; what is longer is cut */

struct log_text {
    char text[LOG_LINE_MAX];
    u8 octets[LOG_LINE_MAX + 1];
    struct bytes body; /* of MAIL_LOG, in octets */
};

/* false: the format makes no text. */
bool line_format(struct log_text *l, enum shrike_level level, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

const char *line_level(enum shrike_level level); /* "warning" */

#endif
