/* `shrike redirect`: see redirect.h. */
#include "tool/redirect.h"
#include "tool/target.h"

int command_redirect(struct tool *t, char *const *arguments)
{
    const struct target_question q = {
        .command = "redirect", .name = "redirect", .done = "is led to", .gateway = arguments[1]};
    static struct targets of;
    int code = target_find(t, arguments[0], &of);
    if (code == TOOL_DONE && strncmp(of.at[0].key, "ike", 3) != 0)
        return tool_fail(t, "only whole IKE SAs are led elsewhere; shrike list shows them");
    return code == TOOL_DONE ? target_ask(t, arguments[0], &of, &q) : code;
}
