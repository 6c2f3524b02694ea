/* `shrike rekey`: see rekey.h. */
#include "tool/rekey.h"
#include "tool/target.h"

int command_rekey(struct tool *t, char *const *arguments)
{
    const char *name = arguments[0], *child = arguments[1];
    const struct target_question q = {
        .command = "rekey", .name = "rekey", .done = "is rekeyed", .child = child};
    static struct targets of;
    if (child && name[0] == '#') {
        tool_fail(t, "a child of a number is #7.12; shrike list shows them");
        return TOOL_USAGE;
    }
    int code = target_find(t, name, &of);
    if (code == TOOL_DONE && child && strcmp(of.at[0].key, "ike") != 0)
        return tool_fail(t, "no connection of this name is up; shrike list shows what is");
    return code == TOOL_DONE ? target_ask(t, name, &of, &q) : code;
}
