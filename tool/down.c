/* `shrike down`: see down.h. */
#include "tool/down.h"
#include "tool/target.h"

int command_down(struct tool *t, char *const *arguments)
{
    static const struct target_question q = {
        .command = "terminate", .name = "down", .done = "is down"};
    static struct targets of;
    int code = target_find(t, arguments[0], &of);
    return code == TOOL_DONE ? target_ask(t, arguments[0], &of, &q) : code;
}
