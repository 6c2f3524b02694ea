/* What people mean by a word: SAs by the name of their connection or child, by number, or by who or
 * where the peer is. */
#ifndef TOOL_TARGET_H
#define TOOL_TARGET_H

#include "tool/tool.h"
#include "tool/tunnels.h"

#define TARGETS_MAX 256 /* IKE SAs with one peer */

struct target {
    const char *key; /* of VICI: ike, child, ike-id, child-id */
    struct bytes value;
    u64 ike;           /* of child-id: the IKE SA that it must belong to */
    struct bytes conn; /* of an IKE SA found by its peer; empty: as it was asked for */
};

struct targets {
    struct target at[TARGETS_MAX];
    char digits[TARGETS_MAX][24];               /* of numbers found */
    char conns[TARGETS_MAX][VICI_NAME_MAX + 1]; /* of their connections */
    unsigned count;
};

/* The name of a connection that has an IKE SA, else of a Child SA; #7, an IKE SA; #7.12, a Child SA
 * of it; else all IKE SAs with the peer at this address, or with this identity. Asks the daemon
 * what is up; TOOL_DONE, or the exit code of what has been said. */
int target_find(struct tool *t, const char *argument, struct targets *out) must_use;

/* Is the peer of this IKE SA at this address, or has it this identity? May that of a connection? */
bool target_is_of(const struct tunnel *sa, struct bytes peer);
bool target_may_be_of(const struct tunnel *conn, struct bytes peer);
/* Leave only what is of this peer. */
void target_keep(struct tunnels *all, struct bytes peer);

/* What is asked for, and what is said when it is done. */
struct target_question {
    const char *command; /* of VICI */
    const char *name;    /* of the tool */
    const char *done;    /* "is down" */
    /* One thing more: a child of the connection, or a gateway; NULL: none. */
    const char *child, *gateway;
};
/* Ask for each of them in turn, and wait; what the daemon logs meanwhile is shown. The exit code.
 */
int target_ask(struct tool *t, const char *argument, const struct targets *of,
               const struct target_question *question) must_use;

#endif
