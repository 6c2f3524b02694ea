/* DNS servers of this host: how it gets to know those that gateways have given it.
 *
 * systemd-resolved and resolvconf have programs for it, which are run one at a time, without a
 * shell, with a limit of time, and with no argument that a peer could choose but addresses. */
#ifndef PARENT_NAMESERVERS_H
#define PARENT_NAMESERVERS_H

#include "config/settings.h"
#include "parent/tell.h"
#include <sys/types.h>

#define NAMESERVERS_MAX  16                  /* servers at a time; most systems ask three */
#define NAMESERVERS_TIME (5 * SHRIKE_SECOND) /* that a program may take */
#define NAMESERVERS_FILE 65536               /* octets of a file that is edited */
#define NAMESERVERS_PATH 64

struct nameservers {
    /* Set by the owner. */
    const char *folders; /* where programs are, with colons between; NULL: those of the system */
    /* Its own. */
    struct loop *loop;
    const struct tell *tell;
    enum settings_dns way; /* never auto */
    char file[SETTINGS_PATH];
    char interface[SETTINGS_INTERFACE];
    char program[NAMESERVERS_PATH];
    struct shrike_addr wanted[NAMESERVERS_MAX];
    u32 count;
    bool set;  /* the system has some of ours */
    u32 step;  /* what is to be run next; 0: nothing */
    pid_t pid; /* of the program that runs; 0: none */
    struct alarm late;
};

/* Choose the way. Servers in a file from before a crash go. */
void nameservers_open(struct nameservers *n, struct loop *loop, const struct settings *set,
                      const struct tell *tell);
/* These are the servers from now on. */
void nameservers_set(struct nameservers *n, const struct shrike_addr *servers, u32 count);
/* SIGCHLD came: perhaps it was our program. */
void nameservers_reap(struct nameservers *n);
/* None any more; waits for the program, at most its time. Twice is fine. */
void nameservers_close(struct nameservers *n);

#endif
