/* `shrike redirect`: see redirect.h. */
#include "tool/redirect.h"
#include "tool/show.h"
#include "tool/target.h"

int command_redirect(struct tool *t, char *const *arguments)
{
    const char *name = arguments[0], *gateway = arguments[1];
    struct target_question q = {.command = "redirect", .key = "gateway", .value = gateway};
    int code = target_find(t, name, &q.target);
    if (code == TOOL_DONE && strncmp(q.target.key, "ike", 3) != 0)
        code = tool_fail(t, "only whole IKE SAs are led elsewhere; shrike list shows them");
    if (code == TOOL_DONE)
        code = target_ask(t, &q);
    if (code != TOOL_DONE)
        return code;
    show_to(t->out, bytes_of(name, strlen(name)));
    fputs(" is led to ", t->out);
    show_to(t->out, bytes_of(gateway, strlen(gateway)));
    fputs("\n", t->out);
    return TOOL_DONE;
}
