/* Giving up rights: in which order, and what each role keeps. */
#include "proc/priv.h"
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define CAP(name)      ((u64)1 << CAP_##name)
#define EMPTY_ROOT_MAX 32

static const struct priv rows[ROLE_PROGRAMS] = {
    [ROLE_PARENT] = {"root", 0,
                     CAP(NET_ADMIN) | CAP(NET_BIND_SERVICE) | CAP(NET_RAW) | CAP(SETUID) |
                         CAP(KILL) | CAP(SETGID) | CAP(SETPCAP) | CAP(SYS_CHROOT) |
                         CAP(DAC_READ_SEARCH),
                     false},
    [ROLE_NET] = {"shrike-net", 64610, 0, true},
    [ROLE_KEYS] = {"shrike-keys", 64611, 0, true},
    [ROLE_ESP] = {"shrike-esp", 64612, 0, true},
    [ROLE_CERTS] = {"shrike-certs", 64614, 0, true},
    [ROLE_CONTROL] = {"shrike-control", 64613, CAP(DAC_READ_SEARCH), false},
    [ROLE_EAP] = {"shrike-eap", 64615, 0, true},
    [ROLE_XFRM] = {"shrike-xfrm", 64617, CAP(NET_ADMIN), true},
};

const struct priv *priv_of(enum role r)
{
    ensure(r < ROLE_PROGRAMS && r != ROLE_COUNT);
    return &rows[r];
}

static bool step(const char *what, bool done)
{
    if (!done)
        fprintf(stderr, "shriked: cannot give up rights: %s: %s\n", what, strerror(errno));
    return done;
}

/* A directory that is not there any more: nobody can ever put a file into it. */
static bool enter_empty_root(void)
{
    static const char *const places[] = {"/run", "/tmp", "/dev/shm"};
    char path[EMPTY_ROOT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        snprintf(path, sizeof(path), "%s/shrike-XXXXXX", places[i]);
        if (!mkdtemp(path))
            continue;
        bool in = chdir(path) == 0;
        return rmdir(path) == 0 && in && chroot(".") == 0 && chdir("/") == 0;
    }
    return false;
}

/* What holds of every process: no core file, no debugger of the same user, no rights by exec. */
static bool close_doors(void)
{
    const struct rlimit none = {0, 0};
    return step("core files", setrlimit(RLIMIT_CORE, &none) == 0) &&
           step("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

/* The set to be: `keep`, as far as it is there, as effective and permitted. */
static bool choose_caps(u64 keep, bool bounding)
{
    u64 have = 0;
    if (capng_get_caps_process() != 0)
        return false;
    for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (capng_have_capability(CAPNG_PERMITTED, cap))
            have |= (u64)1 << cap;
    capng_clear(CAPNG_SELECT_ALL);
    int types = CAPNG_EFFECTIVE | CAPNG_PERMITTED | (bounding ? CAPNG_BOUNDING_SET : 0);
    for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (keep & have & (u64)1 << cap && capng_update(CAPNG_ADD, (capng_type_t)types, cap) != 0)
            return false;
    return true;
}

bool priv_drop(const struct priv *p)
{
    /* The user's name must be looked up while its file can be opened. */
    const struct passwd *user = getpwnam(p->user);
    u32 uid = user ? user->pw_uid : p->fallback_uid;
    u32 gid = user ? user->pw_gid : p->fallback_uid;
    capng_flags_t flags = (capng_flags_t)(CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
    if (!step("chroot", !p->chroot_empty || enter_empty_root()) ||
        !step("capabilities", choose_caps(p->caps, false)) ||
        !step("user", capng_change_id((int)uid, (int)gid, flags) == 0) || !close_doors())
        return false;
    /* The kernel sets this anew with the user, so it comes last. */
    return step("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0) &&
           step("user 0", uid == 0 || setresuid(0, 0, 0) != 0);
}

bool priv_reduce_parent(void)
{
    return step("capabilities", choose_caps(rows[ROLE_PARENT].caps, true)) &&
           step("capabilities", capng_apply(CAPNG_SELECT_ALL) == 0) && close_doors() &&
           step("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}
