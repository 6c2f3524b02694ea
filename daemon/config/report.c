#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Warnings must not keep an error from being shown. */
static void replace_warning(struct config_report *r, const struct config_line *line)
{
    uint32_t i = r->count;
    while (i > 0 && r->lines[i - 1].error)
        i--;
    if (i > 0)
        r->lines[i - 1] = *line;
}

static void say(struct config_report *r, const struct config_line *line)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->lines[i].line == line->line && strcmp(r->lines[i].file, line->file) == 0 &&
            strcmp(r->lines[i].text, line->text) == 0)
            return;
    if (line->error)
        r->errors++;
    else
        r->warnings++;
    if (r->count < REPORT_LINES)
        r->lines[r->count++] = *line;
    else if (line->error)
        replace_warning(r, line);
}

void report_error(struct config_report *r, struct shrike_origin origin, const char *format, ...)
{
    struct config_line line = {.error = true, .line = origin.line};
    va_list args;
    va_start(args, format);
    vsnprintf(line.text, sizeof(line.text), format, args);
    va_end(args);
    snprintf(line.file, sizeof(line.file), "%s", origin.file ? origin.file : "");
    say(r, &line);
}

void report_warning(struct config_report *r, struct shrike_origin origin, const char *format, ...)
{
    struct config_line line = {.line = origin.line};
    va_list args;
    va_start(args, format);
    vsnprintf(line.text, sizeof(line.text), format, args);
    va_end(args);
    snprintf(line.file, sizeof(line.file), "%s", origin.file ? origin.file : "");
    say(r, &line);
}
