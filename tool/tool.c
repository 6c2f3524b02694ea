/* What every command of the tool has: see tool.h. */
#include "tool/tool.h"
#include "tool/check.h"
#include "tool/complete.h"
#include "tool/down.h"
#include "tool/list.h"
#include "tool/log.h"
#include "tool/overview.h"
#include "tool/redirect.h"
#include "tool/rekey.h"
#include "tool/reload.h"
#include "tool/top.h"
#include "tool/trace.h"
#include "tool/up.h"
#include "tool/upgrade.h"
#include "tool/version.h"
#include "tool/why.h"
#include <stdarg.h>

const struct tool_command tool_commands[] = {
    {"overview", "", "all tunnels at a glance; also without any command", 0, 0, TOOL_JSON, 0,
     command_overview},
    {"list", "[CONNECTION]", "the same at length", 0, 1, TOOL_JSON, 1, command_list},
    {"up", "NAME [CHILD]", "bring up a connection, or one child of it", 1, 2, TOOL_TIMEOUT, 2,
     command_up},
    {"down", "NAME|#ID", "close what has this name or number", 1, 1, TOOL_TIMEOUT, 1, command_down},
    {"rekey", "NAME [CHILD]|#ID", "make new keys for an IKE SA, or for a child", 1, 2, TOOL_TIMEOUT,
     2, command_rekey},
    {"why", "[PEER]", "why something is not up: the last failures, and what mends them", 0, 1,
     TOOL_JSON | TOOL_LINES, 1, command_why},
    {"check", "[FILE [FILE]]", "what a configuration says wrong; of two, where they do not fit", 0,
     2, TOOL_JSON, 0, command_check},
    {"reload", "", "have the files read again, and show what that changes", 0, 0, TOOL_DRY_RUN, 0,
     command_reload},
    {"redirect", "NAME|#ID GATEWAY", "lead who has called us to another gateway", 2, 2,
     TOOL_TIMEOUT, 1, command_redirect},
    {"upgrade", "[PATH]", "another shriked takes over, at once; nothing is lost", 0, 1, 0, 0,
     command_upgrade},
    {"top", "", "what goes on now: tunnels, traffic, handshakes, processes", 0, 0,
     TOOL_JSON | TOOL_ONCE | TOOL_INTERVAL, 0, command_top},
    {"trace", "[PEER]", "the last messages of IKE SAs as a ladder: what, when, how large", 0, 1,
     TOOL_JSON, 1, command_trace},
    {"log", "", "the last lines of the log", 0, 0, TOOL_LINES | TOOL_FOLLOW, 0, command_log},
    {"version", "", "versions of the tool and the daemon", 0, 0, TOOL_JSON, 0, command_version},
    {"complete", "", NULL, 0, COMPLETE_WORDS_MAX, 0, 0, command_complete},
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
    va_list arguments;
    fflush(t->out); /* what went before stands before */
    fputs("shrike: ", t->err);
    va_start(arguments, format);
    vfprintf(t->err, format, arguments);
    va_end(arguments);
    putc('\n', t->err);
    return TOOL_FAILED;
}

int tool_lost(struct tool *t)
{
    return tool_fail(t, "%s", t->session.why);
}
