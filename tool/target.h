/* What `shrike down`, `rekey` and `redirect` mean: SAs by name or number. */
#ifndef TOOL_TARGET_H
#define TOOL_TARGET_H

#include "tool/tool.h"

struct target {
    const char *key; /* of VICI: ike, child, ike-id, child-id */
    struct bytes value;
    u64 ike; /* of child-id: the IKE SA that it must belong to */
};

/* The name of a connection that has an IKE SA, else of a Child SA; #7, an IKE SA; #7.12, a Child SA
 * of it. The value stands in the argument. Asks the daemon what is up; TOOL_DONE, or the exit code
 * of what has been said. */
int target_find(struct tool *t, const char *argument, struct target *out) must_use;

/* What the daemon is asked for, and one thing more, as a child or a gateway; value NULL: none. */
struct target_question {
    const char *command;
    struct target target;
    const char *key, *value;
};
/* Ask and wait; what the daemon logs meanwhile is shown. TOOL_DONE, or the exit code of what has
 * been said. */
int target_ask(struct tool *t, const struct target_question *question) must_use;

#endif
