/* Rights given up, as the kernel then tells of them: each case in a process of its own. */
#include "proc/priv.h"
#include "test.h"
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CASE_S     20
#define STATUS_MAX 8192
#define SKIPPED    77
#define DROP       "--drop"
#define BIT(cap)   ((u64)1 << (cap))

/* What is looked at in a child; its own output says what failed. */
static int in_child(bool (*what)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CASE_S);
        bool ok = what();
        fflush(stdout);
        _exit(ok ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                           : -1;
}

#define SEE(x)                                                                                     \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            printf("# %s:%d: %s (errno %d)\n", __FILE__, __LINE__, #x, errno);                     \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

/* A line of /proc/self/status, by a descriptor opened before there was no /proc. */
static const char *status_of(int fd, const char *name)
{
    static char text[STATUS_MAX];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);
    text[MAX(len, 0)] = 0;
    size_t name_len = strlen(name);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, name, name_len) == 0 && line[name_len] == ':')
            return line + name_len + 1 + strspn(line + name_len + 1, " \t");
    return "none";
}

static u64 caps_of(int fd, const char *name)
{
    return strtoull(status_of(fd, name), NULL, 16);
}

static bool ids_are(int fd, const char *name, u32 id)
{
    char all[64];
    snprintf(all, sizeof(all), "%u\t%u\t%u\t%u", id, id, id, id);
    return strcmp(status_of(fd, name), all) == 0;
}

static bool dropped_to(const struct priv *p, u64 kept)
{
    struct rlimit core;
    gid_t groups[] = {4, 27};
    SEE(setgroups(2, groups) == 0);
    int fd = open("/proc/self/status", O_RDONLY);
    SEE(fd >= 0);
    SEE(priv_drop(p));
    SEE(ids_are(fd, "Uid", p->fallback_uid));
    SEE(ids_are(fd, "Gid", p->fallback_uid));
    SEE(getgroups(0, NULL) == 0);
    SEE(caps_of(fd, "CapEff") == kept);
    SEE(caps_of(fd, "CapPrm") == kept);
    SEE(caps_of(fd, "CapInh") == 0);
    SEE(caps_of(fd, "CapBnd") == 0);
    SEE(caps_of(fd, "CapAmb") == 0);
    SEE(strcmp(status_of(fd, "NoNewPrivs"), "1") == 0);
    SEE(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    SEE(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
    SEE(setresuid(0, 0, 0) != 0);
    SEE(setresgid(0, 0, 0) != 0);
    return true;
}

static bool nothing_is_left(void)
{
    const struct priv p = {"no-such-user-here", 64699, 0, true};
    SEE(dropped_to(&p, 0));
    SEE(open("/etc/passwd", O_RDONLY) < 0);
    SEE(open("/file", O_RDWR | O_CREAT, 0600) < 0);
    SEE(open("../../../../etc/passwd", O_RDONLY) < 0);
    return true;
}

/* Files stay, and the one capability opens what only root may read. */
static bool one_capability_is_left(void)
{
    const struct priv p = {"no-such-user-here", 64698, BIT(CAP_DAC_READ_SEARCH), false};
    SEE(dropped_to(&p, BIT(CAP_DAC_READ_SEARCH)));
    SEE(open("/etc/shadow", O_RDONLY) >= 0);
    SEE(open("/etc/shrike-test", O_RDWR | O_CREAT, 0600) < 0);
    return true;
}

static bool name_decides(void)
{
    const struct priv p = {"nobody", 64697, 0, false};
    const struct passwd *nobody = getpwnam("nobody");
    SEE(nobody != NULL);
    uid_t uid = nobody->pw_uid;
    gid_t gid = nobody->pw_gid;
    SEE(priv_drop(&p));
    SEE(getuid() == uid && geteuid() == uid && getgid() == gid && getegid() == gid);
    return true;
}

static bool parent_keeps_its_row(void)
{
    u64 row = priv_of(ROLE_PARENT)->caps;
    int fd = open("/proc/self/status", O_RDONLY);
    SEE(fd >= 0);
    SEE(priv_reduce_parent());
    SEE(ids_are(fd, "Uid", 0));
    SEE(caps_of(fd, "CapEff") == row);
    SEE(caps_of(fd, "CapPrm") == row);
    SEE(caps_of(fd, "CapBnd") == row);
    SEE(caps_of(fd, "CapInh") == 0);
    SEE(strcmp(status_of(fd, "NoNewPrivs"), "1") == 0);
    SEE(!(row & (BIT(CAP_DAC_OVERRIDE) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE))));
    return true;
}

/* As the daemon does it: the parent gives up most, and its children the rest. */
static bool children_of_the_parent_can_drop(void)
{
    SEE(priv_reduce_parent());
    SEE(in_child(nothing_is_left) == 0);
    SEE(in_child(one_capability_is_left) == 0);
    return true;
}

/* And as it does it: in a new image of the program, which rights by exec must not come with. */
static bool children_can_drop_behind_exec(void)
{
    SEE(priv_reduce_parent());
    execl("/proc/self/exe", "test_priv", DROP, (char *)NULL);
    SEE(!"exec");
    return true;
}

/* Containers give less than all. */
static bool what_is_not_there_is_not_missed(void)
{
    const struct priv p = {"no-such-user-here", 64696,
                           BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_NET_ADMIN), false};
    const capng_type_t held = (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED);
    SEE(capng_get_caps_process() == 0);
    SEE(capng_update(CAPNG_DROP, held, CAP_DAC_READ_SEARCH) == 0);
    SEE(capng_apply(CAPNG_SELECT_CAPS) == 0);
    SEE(dropped_to(&p, BIT(CAP_NET_ADMIN)));
    return true;
}

static bool a_stranger_cannot(void)
{
    const struct priv p = {"no-such-user-here", 64695, 0, true};
    SEE(priv_drop(&p));
    SEE(!priv_drop(&p));
    return true;
}

TEST(a_role_has_nothing_left)
{
    CHECK_EQ(in_child(nothing_is_left), 0);
}
TEST(a_role_has_what_its_row_says)
{
    CHECK_EQ(in_child(one_capability_is_left), 0);
}
TEST(a_name_decides_before_the_number)
{
    CHECK_EQ(in_child(name_decides), 0);
}
TEST(the_parent_has_what_its_row_says)
{
    CHECK_EQ(in_child(parent_keeps_its_row), 0);
}
TEST(a_reduced_parent_has_enough)
{
    CHECK_EQ(in_child(children_of_the_parent_can_drop), 0);
}
TEST(a_reduced_parent_has_enough_to_exec)
{
    CHECK_EQ(in_child(children_can_drop_behind_exec), 0);
}
TEST(less_rights_than_asked_for)
{
    CHECK_EQ(in_child(what_is_not_there_is_not_missed), 0);
}
TEST(without_rights_it_says_so)
{
    CHECK_EQ(in_child(a_stranger_cannot), 0);
}

TEST(roles_differ_in_user)
{
    for (int a = 0; a < ROLE_PROGRAMS; a++)
        for (int b = 0; b < a; b++) {
            if (a == ROLE_COUNT || b == ROLE_COUNT)
                continue;
            const struct priv *p = priv_of((enum role)a), *q = priv_of((enum role)b);
            CHECK(p->fallback_uid != q->fallback_uid);
            CHECK(strcmp(p->user, q->user) != 0);
        }
    CHECK_EQ(priv_of(ROLE_NET)->caps | priv_of(ROLE_KEYS)->caps | priv_of(ROLE_ESP)->caps, 0);
    CHECK(priv_of(ROLE_NET)->chroot_empty && priv_of(ROLE_KEYS)->chroot_empty);
    CHECK(priv_of(ROLE_ESP)->chroot_empty && !priv_of(ROLE_CONTROL)->chroot_empty);
    CHECK_EQ(priv_of(ROLE_CONTROL)->caps, BIT(CAP_DAC_READ_SEARCH));
    CHECK(priv_of(ROLE_XFRM)->caps == BIT(CAP_NET_ADMIN) && priv_of(ROLE_XFRM)->chroot_empty);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], DROP) == 0) { /* the child of a case */
        bool ok = nothing_is_left();
        fflush(stdout);
        _exit(ok ? 0 : 1); /* a sanitizer's own end needs /proc */
    }
    if (geteuid() != 0) {
        printf("# skipped: only root has rights to give up\n");
        return SKIPPED;
    }
    return RUN(a_role_has_nothing_left) | RUN(a_role_has_what_its_row_says) |
           RUN(a_name_decides_before_the_number) | RUN(the_parent_has_what_its_row_says) |
           RUN(a_reduced_parent_has_enough) | RUN(a_reduced_parent_has_enough_to_exec) |
           RUN(less_rights_than_asked_for) | RUN(without_rights_it_says_so) |
           RUN(roles_differ_in_user);
}
