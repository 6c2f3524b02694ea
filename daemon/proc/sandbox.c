/* Filters of system calls by libseccomp: see sandbox.h. */
#include "proc/sandbox.h"
#include "ops/mail.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SHRIKE_SANITIZED 1
#endif

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* since Linux 5.17: a name of memory, which the C library gives */
#endif

#define WORD 0xffffffffu /* of an int, all that the system looks at */

enum {
    CONTROL = 1 << ROLE_CONTROL,
    KEYS = 1 << ROLE_KEYS,
    ESP = 1 << ROLE_ESP,
    NET = 1 << ROLE_NET,
    CERTS = 1 << ROLE_CERTS,
    EAP = 1 << ROLE_EAP,
    XFRM = 1 << ROLE_XFRM,
    ALL = CONTROL | KEYS | ESP | NET | CERTS | EAP | XFRM,
#ifdef SHRIKE_SANITIZED
    SANITIZED = ALL,
#else
    SANITIZED = 0,
#endif
};
static_assert(ALL + (1 << ROLE_PARENT) == (1 << ROLE_PROGRAMS) - 1 - (1 << ROLE_COUNT),
              "each role has its calls");

static const struct call {
    const char *name;
    u32 roles;
    bool where; /* only if this argument has this value */
    u8 argument;
    u64 mask, value;
} calls[] = {
#define CALL(name, roles)                         {#name, roles, false, 0, 0, 0},
#define WHERE(name, roles, argument, mask, value) {#name, roles, true, argument, mask, value},
#define REFUSED(name)
#include "proc/sandbox.def"
#undef CALL
#undef WHERE
#undef REFUSED
};

static const char *const refused[] = {
#define CALL(name, roles)
#define WHERE(name, roles, argument, mask, value)
#define REFUSED(name) #name,
#include "proc/sandbox.def"
#undef CALL
#undef WHERE
#undef REFUSED
};

/* ---- a call that is not allowed ---- */

static int parent_channel = -1;

/* It is told once; should the process not end by that, the next such call does it: see listen(). */
static void forbidden(int signal, siginfo_t *info, void *context)
{
    u32 n = (u32)info->si_syscall;
    const u8 letter[] = {MAIL_FORBIDDEN >> 8, MAIL_FORBIDDEN & 255, (u8)(n >> 24),
                         (u8)(n >> 16),       (u8)(n >> 8),         (u8)n};
    (void)context;
    (void)!write(parent_channel, letter, sizeof letter);
    raise(signal);
}

/* SA_RESETHAND: from the first such call on the signal ends the process, whatever it does; a second
 * handler cannot be set, for rt_sigaction() is not among the calls. */
static bool listen_for_it(int parent)
{
    struct sigaction a = {.sa_sigaction = forbidden,
                          .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND | SA_NODEFER)};
    parent_channel = parent;
    return sigaction(SIGSYS, &a, NULL) == 0;
}

/* ---- filters ---- */

/* What this machine does not have by this name, it has by another one. */
static bool add(scmp_filter_ctx filter, u32 action, const struct call *c)
{
    int number = seccomp_syscall_resolve_name(c->name);
    const struct scmp_arg_cmp where = {c->argument, SCMP_CMP_MASKED_EQ, c->mask, c->value};
    int error = number == __NR_SCMP_ERROR
                    ? 0
                    : seccomp_rule_add_array(filter, action, number, c->where ? 1 : 0, &where);
    if (error)
        fprintf(stderr, "shriked: no filter for %s: %s\n", c->name, strerror(-error));
    return !error;
}

static bool add_calls(scmp_filter_ctx filter, enum role r)
{
    const struct call own[] = {{"tgkill", ALL, true, 0, WORD, (u64)getpid()},
                               {"tkill", ALL, true, 0, WORD, (u64)getpid()}};
    bool good = true;
    for (size_t i = 0; i < ARRAY_LEN(calls) && good; i++)
        if (calls[i].roles & 1u << r)
            good = add(filter, SCMP_ACT_ALLOW, &calls[i]);
    for (size_t i = 0; i < ARRAY_LEN(own) && good; i++)
        good = add(filter, SCMP_ACT_ALLOW, &own[i]);
    return good;
}

static bool add_refused(scmp_filter_ctx filter)
{
    bool good = true;
    for (size_t i = 0; i < ARRAY_LEN(refused) && good; i++) {
        const struct call c = {.name = refused[i]};
        good = add(filter, SCMP_ACT_ERRNO(EPERM), &c);
    }
    return good;
}

/* What older systems lack of these makes the filter slower, or leaves a line in the log out. */
static void set_attributes(scmp_filter_ctx filter)
{
    (void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
}

static bool has_kernel(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

enum sandbox sandbox_enter(enum role r, int parent)
{
    const bool role = r != ROLE_PARENT;
    if (!has_kernel())
        return SANDBOX_NO_KERNEL;
    scmp_filter_ctx filter = seccomp_init(role ? SCMP_ACT_TRAP : SCMP_ACT_ALLOW);
    bool good = filter && (!role || listen_for_it(parent));
    if (good)
        set_attributes(filter);
    good = good && (role ? add_calls(filter, r) : add_refused(filter));
    int error = good ? seccomp_load(filter) : 0;
    if (error)
        fprintf(stderr, "shriked: cannot filter system calls: %s\n", strerror(-error));
    if (filter)
        seccomp_release(filter);
    return good && !error ? SANDBOX_STANDS : SANDBOX_FAILED;
}

const char *sandbox_lacks(void)
{
    return has_kernel() ? NULL : "this kernel has no seccomp";
}

char *sandbox_call_name(u32 number)
{
    return seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)number);
}
