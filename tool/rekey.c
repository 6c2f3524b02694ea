/* `shrike rekey`: see rekey.h. */
#include "tool/rekey.h"
#include "tool/show.h"
#include "tool/target.h"

int command_rekey(struct tool *t, char *const *arguments)
{
    const char *name = arguments[0], *child = arguments[1];
    struct target_question q = {.command = "rekey", .key = "child", .value = child};
    if (child && name[0] == '#') {
        tool_fail(t, "a child of a number is #7.12; shrike list shows them");
        return TOOL_USAGE;
    }
    int code = target_find(t, name, &q.target);
    if (code == TOOL_DONE && child && strcmp(q.target.key, "ike") != 0)
        code = tool_fail(t, "no connection of this name is up; shrike list shows what is");
    if (code == TOOL_DONE)
        code = target_ask(t, &q);
    if (code != TOOL_DONE)
        return code;
    show_to(t->out, bytes_of(name, strlen(name)));
    fputs(child ? "/" : "", t->out);
    show_to(t->out, bytes_of(child, child ? strlen(child) : 0));
    fputs(" is rekeyed\n", t->out);
    return TOOL_DONE;
}
