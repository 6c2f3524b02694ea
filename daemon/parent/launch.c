/* A role in a process of its own: see launch.h. */
#include "parent/launch.h"
#include "parent/options.h"
#include "parent/signals.h"
#include "proc/sandbox.h"
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { EXIT_NO_EXEC = 126 };

enum role launch_role_of(const char *name)
{
    for (enum role r = ROLE_CONTROL; r < ROLE_PROGRAMS; r++)
        if (r != ROLE_COUNT && strcmp(name, role_name(r)) == 0)
            return r;
    return ROLE_COUNT;
}

/* In the child, between fork and exec: nothing but system calls. */
_Noreturn static void become(char *const args[], int fd)
{
    signals_unblock();
    /* What dup2() makes lives through exec; a descriptor that is at its place already must be
     * freed of its mark, which a copy elsewhere does. */
    int copy = fd == LAUNCH_CHANNEL ? dup(fd) : fd;
    if (dup2(copy, LAUNCH_CHANNEL) == LAUNCH_CHANNEL) {
        close_range(LAUNCH_CHANNEL + 1, ~0u, CLOSE_RANGE_CLOEXEC); /* what others left open to us */
        execv("/proc/self/exe", args);
    }
    _exit(EXIT_NO_EXEC);
}

pid_t launch(enum role r, const struct options *o, int fd)
{
    const char *args[OPTIONS_ARGS_MAX];
    options_args(o, "--role", role_name(r), args);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become((char *const *)(uintptr_t)args, fd);
    return pid;
}

/* Where there are no filters the parent has said so. */
static bool enclose(enum role r)
{
    return sandbox_enter(r, LAUNCH_CHANNEL) != SANDBOX_FAILED;
}

int launch_sit(enum role program, const struct role_type *type, const struct options *o)
{
    static struct seat seat;
    char name[16]; /* what the system keeps of a name */
    snprintf(name, sizeof name, "shriked-%s", role_name(program));
    prctl(PR_SET_NAME, name, 0, 0, 0);
    signals_leave_to_parent();
    /* The end of the channel ends a role too, but not one that hangs. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    struct loop *loop = loop_new();
    if (!loop)
        return EXIT_FAILURE;
    seat = (struct seat){.type = type, .loop = loop, .options = o};
    bool sits = seat_open(&seat, LAUNCH_CHANNEL) && enclose(program);
    if (sits)
        loop_run(loop);
    seat_close(&seat);
    loop_free(loop);
    return sits ? EXIT_SUCCESS : EXIT_FAILURE;
}
