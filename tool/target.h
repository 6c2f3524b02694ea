/* What `shrike down` and `shrike rekey` mean: SAs by name or number. */
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

/* Ask the daemon for this and wait; what it logs meanwhile is shown. child may be NULL: else the
 * Child SAs of this name alone. TOOL_DONE, or the exit code of what has been said. */
int target_ask(struct tool *t, const char *command, const struct target *target,
               const char *child) must_use;

#endif
