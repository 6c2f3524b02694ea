/* Rights that a process gives up for good: its user, its capabilities, its view of files. */
#ifndef PROC_PRIV_H
#define PROC_PRIV_H

#include "base/bytes.h"
#include "proc/seat.h"

/* What a process is to be afterwards. */
struct priv {
    const char *user;  /* its primary group too; of no other group */
    u32 fallback_uid;  /* user and group, where there is no such user */
    u64 caps;          /* bit n: capability n of linux/capability.h stays effective */
    bool chroot_empty; /* no file can be opened by name */
};

/* The row of a role. For ROLE_PARENT: uid 0, and what it must hold to do its work. */
const struct priv *priv_of(enum role r);

/* Become this, with what /proc/self/status calls NoNewPrivs, an empty bounding set, no core files,
 * and memory that no process of the same user can read. A capability that the process has not got
 * now is not there afterwards either: containers give less than all, and what needs it will say so.
 * Descriptors stay open. Sets the working directory to the root. To be called by a single thread
 * with uid 0, before PR_SET_PDEATHSIG, which a change of user clears.
 * false: a step failed, and stderr has a line that names it; the process must end. */
bool priv_drop(const struct priv *p) must_use;

/* The same for the parent: it stays uid 0 in the file system it has, and keeps the capabilities of
 * its row, also as the bounding set of the roles it starts. */
bool priv_reduce_parent(void) must_use;

#endif
