/* What every command of the tool has: see tool.h. */
#include "tool/tool.h"
#include "tool/check.h"
#include "tool/complete.h"
#include "tool/down.h"
#include "tool/list.h"
#include "tool/log.h"
#include "tool/overview.h"
#include "tool/processes.h"
#include "tool/redirect.h"
#include "tool/rekey.h"
#include "tool/reload.h"
#include "tool/show.h"
#include "tool/simulate.h"
#include "tool/top.h"
#include "tool/trace.h"
#include "tool/up.h"
#include "tool/upgrade.h"
#include "tool/version.h"
#include "tool/why.h"
#include <stdarg.h>

const struct tool_command tool_commands[] = {
#define COMMAND(name, arguments, least, most, options, names, what)                                \
    {#name, arguments, what, least, most, options, names, command_##name},
#include "tool/commands.def"
#undef COMMAND
};
const unsigned tool_command_count = ARRAY_LEN(tool_commands);

const struct tool_option tool_options[] = {
#define OPTION(id, name, letter, value, belongs, text) {name, letter, value, belongs, text},
#include "tool/options.def"
#undef OPTION
};
const unsigned tool_option_count = ARRAY_LEN(tool_options);

bool tool_connect(struct tool *t)
{
    if (t->session.fd >= 0 || session_open(&t->session, t->socket))
        return true;
    tool_lost(t);
    return false;
}

int tool_fail(struct tool *t, const char *format, ...)
{
    static const char before[] = "shrike: ";
    char text[4096];
    va_list arguments;
    fflush(t->out); /* what went before stands before */
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fputs(before, t->err);
    show_words(t->err, bytes_of(text, strlen(text)), sizeof before - 1, t->err_width);
    putc('\n', t->err);
    return TOOL_FAILED;
}

int tool_lost(struct tool *t)
{
    return tool_fail(t, "%s", t->session.why);
}
