/* shriked: IKEv2 for Linux. The parent, or one of its roles in a process of its own. */
#include "parent/launch.h"
#include "parent/options.h"
#include "parent/parent.h"
#include "parent/tell.h"
#include "proc/priv.h"
#include "proc/sandbox.h"
#include "shrike/shrike.h"
#include "xfrm/probe.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static const struct role_type *const types[ROLE_PROGRAMS] = {
    [ROLE_CONTROL] = &control_role, [ROLE_KEYS] = &keys_role,   [ROLE_ESP] = &esp_role,
    [ROLE_NET] = &net_role,         [ROLE_CERTS] = &certs_role, [ROLE_EAP] = &eap_role,
    [ROLE_XFRM] = &xfrm_role,
};

/* A mistake of ours: nothing that was written after it can be trusted. */
_Noreturn void shrike_panic(const char *file, int line, const char *what)
{
    fprintf(stderr, "shriked: %s:%d: %s does not hold: please report this\n", file, line, what);
    abort();
}

static int run(struct options *o)
{
    static struct probe found;
    probe_kernel(&found);
    o->kernel = found.plane;
    o->kernel_says = found.text;
    if (o->check_only) {
        o->one_process = true; /* control alone, with the rights of who asks */
        return parent_run(o, types);
    }
    if (geteuid() != 0) {
        complain("it must be started as root: its processes give up their rights themselves");
        return EXIT_FAILURE;
    }
    if (!priv_reduce_parent() ||
        (!o->one_process && sandbox_enter(ROLE_PARENT, -1) == SANDBOX_FAILED))
        return EXIT_FAILURE;
    return parent_run(o, types);
}

int main(int argc, char **argv)
{
    struct command_line line;
    switch (options_read(&line, argc, argv)) {
    case COMMAND_RUN:
        return run(&line.options);
    case COMMAND_ROLE:
        if (line.role == ROLE_KEYS)
            keys_prepare();
        if (line.role == ROLE_CERTS)
            certs_prepare();
        if (!priv_drop(priv_of(line.role)))
            return EXIT_FAILURE;
        return launch_sit(line.role, types[line.role], &line.options);
    case COMMAND_DONE:
        return EXIT_SUCCESS;
    case COMMAND_USAGE:
        break;
    }
    return EXIT_USAGE;
}
