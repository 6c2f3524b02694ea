/* `shrike down`: see down.h. */
#include "tool/down.h"
#include "tool/show.h"
#include "tool/target.h"

int command_down(struct tool *t, char *const *arguments)
{
    const char *argument = arguments[0];
    struct target_question q = {.command = "terminate"};
    int code = target_find(t, argument, &q.target);
    if (code == TOOL_DONE)
        code = target_ask(t, &q);
    if (code != TOOL_DONE)
        return code;
    show_to(t->out, bytes_of(argument, strlen(argument)));
    fputs(" is down\n", t->out);
    return TOOL_DONE;
}
