/* The system calls that a process may make from now on: the table is proc/sandbox.def. */
#ifndef PROC_SANDBOX_H
#define PROC_SANDBOX_H

#include "base/bytes.h"
#include "proc/seat.h"

enum sandbox {
    SANDBOX_STANDS,
    SANDBOX_NO_LIBRARY, /* this build has no libseccomp */
    SANDBOX_NO_KERNEL,  /* this kernel knows no filters of system calls */
    SANDBOX_FAILED,     /* stderr has a line that says what; the process must end */
};

/* Hold this process to the calls of its role, for good; to be called when it has started, before it
 * reads what others send, and after priv_drop(). Another call ends the process by SIGSYS. The first
 * such call is told to the channel `parent`, as MAIL_FORBIDDEN.
 * Of ROLE_PARENT, whose filter all roles and programs inherit: what none of them needs fails with
 * EPERM. */
enum sandbox sandbox_enter(enum role r, int parent) must_use;

/* Why a role in a process of its own would not be held; NULL: it would. */
const char *sandbox_lacks(void);

/* "openat"; NULL: no such call is known. To be freed. */
char *sandbox_call_name(u32 number);

#endif
