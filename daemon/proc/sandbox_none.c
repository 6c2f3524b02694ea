/* A build without libseccomp: processes are held by their user, capabilities and chroot alone. */
#include "proc/sandbox.h"

enum sandbox sandbox_enter(enum role r, int parent)
{
    (void)r, (void)parent;
    return SANDBOX_NO_LIBRARY;
}

const char *sandbox_lacks(void)
{
    return "this build has no libseccomp";
}

char *sandbox_call_name(u32 number)
{
    (void)number;
    return NULL;
}
