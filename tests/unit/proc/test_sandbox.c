/* System calls that are allowed and not: each case in a process of its own, in which the filter
 * really stands. */
#include "ops/mail.h"
#include "proc/channel.h"
#include "proc/sandbox.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASE_S 20

/* Of those that a process can be. */
#define next(r) ((r) + 1 == ROLE_COUNT ? ROLE_XFRM : (r) + 1)

enum {
    CONTROL = 1 << ROLE_CONTROL,
    KEYS = 1 << ROLE_KEYS,
    ESP = 1 << ROLE_ESP,
    NET = 1 << ROLE_NET,
    CERTS = 1 << ROLE_CERTS,
    EAP = 1 << ROLE_EAP,
    XFRM = 1 << ROLE_XFRM,
    NOBODY = 0,
};

/* There in a build with AddressSanitizer, which itself makes more calls. */
extern void __asan_init(void) __attribute__((weak));

/* How a child has ended that held itself to the calls of a role and did this, and its last word. */
struct outcome {
    int status;
    ssize_t len;
    u8 letter[64];
};

static struct outcome held(enum role r, void (*what)(const void *), const void *ctx)
{
    struct outcome o = {.status = -1};
    int fd[2];
    if (!channel_pair(fd))
        return o;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CASE_S);
        if (sandbox_enter(r, fd[1]) != SANDBOX_STANDS)
            _exit(2);
        what(ctx);
        _exit(0);
    }
    close(fd[1]);
    if (pid < 0 || waitpid(pid, &o.status, 0) != pid)
        o.status = -1;
    o.len = recv(fd[0], o.letter, sizeof o.letter, MSG_DONTWAIT);
    close(fd[0]);
    return o;
}

static bool went_well(const struct outcome *o)
{
    return WIFEXITED(o->status) && WEXITSTATUS(o->status) == 0 && o->len <= 0;
}

/* Ended by the signal, and the letter names the call. */
static bool was_ended(const struct outcome *o, long number)
{
    struct reader r = reader_of(bytes_of(o->letter, (size_t)MAX(o->len, 0)));
    return WIFSIGNALED(o->status) && WTERMSIG(o->status) == SIGSYS &&
           read_u16(&r) == MAIL_FORBIDDEN && read_u32(&r) == (u32)number && read_ended(&r);
}

/* Calls that do nothing, or fail at once, and who may make them. */
struct attempt {
    const char *name;
    long number;
    u32 roles;
    long arguments[3];
    bool looser; /* in a build with AddressSanitizer anybody may */
};

#define AT(x) ((long)(intptr_t)(x))

static const struct attempt attempts[] = {
    {"execve", SYS_execve, NOBODY, {0, 0, 0}, false},
    {"ptrace", SYS_ptrace, NOBODY, {-1, 0, 0}, true},
    {"clone", SYS_clone, NOBODY, {-1, 0, 0}, true},
    {"another handler", SYS_rt_sigaction, NOBODY, {-1, 0, 0}, true},
    {"to another process", SYS_tgkill, NOBODY, {1, 1, 0}, false},
    {"kill", SYS_kill, NOBODY, {1, 0, 0}, false},
    {"setresuid", SYS_setresuid, NOBODY, {-1, -1, -1}, false},
    {"chroot", SYS_chroot, NOBODY, {0, 0, 0}, false},
    {"mount", SYS_mount, NOBODY, {0, 0, 0}, false},
    {"bpf", SYS_bpf, NOBODY, {-1, 0, 0}, false},
    {"unlinkat", SYS_unlinkat, NOBODY, {-1, 0, 0}, false},
    {"bind", SYS_bind, EAP, {-1, 0, 0}, false},
    {"listen", SYS_listen, NOBODY, {-1, 0, 0}, false},
    {"code that can be written", SYS_mprotect, NOBODY, {0, 0, PROT_READ | PROT_EXEC}, false},
    {"mprotect",
     SYS_mprotect,
     CONTROL | KEYS | ESP | NET | CERTS | EAP | XFRM,
     {0, 0, PROT_READ},
     false},
    {"a file to be read", SYS_openat, CONTROL, {-1, AT("x"), O_RDONLY}, true},
    {"a file to be written", SYS_openat, NOBODY, {-1, AT("x"), O_WRONLY}, true},
    {"a file to be made", SYS_openat, NOBODY, {-1, AT("x"), O_RDONLY | O_CREAT}, true},
    {"UDP", SYS_socket, CONTROL | CERTS | EAP, {AF_INET, -1, 0}, false},
    {"UDP over IPv6", SYS_socket, CONTROL | CERTS | EAP, {AF_INET6, -1, 0}, false},
    {"raw packets", SYS_socket, NOBODY, {AF_PACKET, -1, 0}, false},
    {"netlink", SYS_socket, NOBODY, {AF_NETLINK, -1, 0}, false},
    {"connect", SYS_connect, CONTROL | NET | CERTS | EAP, {-1, 0, 0}, false},
    {"accept4", SYS_accept4, CONTROL, {-1, 0, 0}, false},
    {"sendmmsg", SYS_sendmmsg, ESP | NET, {-1, 0, 0}, false},
    {"sendmsg", SYS_sendmsg, CONTROL | KEYS | ESP | NET | CERTS | EAP | XFRM, {-1, 0, 0}, false},
    {"the TUN device", SYS_ioctl, ESP, {-1, TUNSETOFFLOAD, 0}, true},
    {"another TUN device", SYS_ioctl, NOBODY, {-1, TUNSETIFF, 0}, true},
    {"memfd_create", SYS_memfd_create, CONTROL | ESP | XFRM, {0, 0, 0}, false},
    {"a loop of a library", SYS_epoll_create1, CONTROL, {-1, 0, 0}, false},
    {"a name of memory",
     SYS_prctl,
     CONTROL | KEYS | ESP | NET | CERTS | EAP | XFRM,
     {PR_SET_VMA, -1, 0},
     false},
    {"memory that others can read", SYS_prctl, NOBODY, {PR_SET_DUMPABLE, 1, 0}, true},
    {"recvfrom", SYS_recvfrom, CONTROL | CERTS | EAP | XFRM, {-1, 0, 0}, false},
    {"fallocate", SYS_fallocate, CONTROL | KEYS | ESP | NET | XFRM, {-1, 0, 0}, false},
};

static void make(const void *ctx)
{
    const struct attempt *a = ctx;
    (void)syscall(a->number, a->arguments[0], a->arguments[1], a->arguments[2], 0L, 0L, 0L);
}

TEST(each_role_has_its_calls_and_no_others)
{
    for (enum role r = ROLE_CONTROL; r < ROLE_PROGRAMS; r = next(r))
        for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
            const struct attempt *a = &attempts[i];
            const bool may = a->roles & 1u << r || (a->looser && __asan_init);
            struct outcome o = held(r, make, a);
            if (!(may ? went_well(&o) : was_ended(&o, a->number)))
                printf("# %s: %s: status %x, %zd octets\n", role_name(r), a->name,
                       (unsigned)o.status, o.len);
            CHECK(may ? went_well(&o) : was_ended(&o, a->number));
        }
}

/* ---- memory ---- */

static void map_code_to_write(const void *ctx)
{
    const int *prot = ctx;
    (void)mmap(NULL, 4096, *prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool may_map(enum role r, int prot)
{
    struct outcome o = held(r, map_code_to_write, &prot);
    return went_well(&o);
}

TEST(code_comes_from_files_and_in_control_alone)
{
    for (enum role r = ROLE_CONTROL; r < ROLE_PROGRAMS; r = next(r)) {
        CHECK(may_map(r, PROT_READ | PROT_WRITE));
        CHECK(!may_map(r, PROT_READ | PROT_WRITE | PROT_EXEC));
        CHECK_EQ(may_map(r, PROT_READ | PROT_EXEC), r == ROLE_CONTROL);
    }
}

/* ---- what all need ---- */

static void live(const void *ctx)
{
    u8 random[16];
    struct timespec t;
    static const size_t sizes[] = {1, 100, 10000, 1 << 20, 1 << 26};
    (void)ctx;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char *at = malloc(sizes[i]);
        char *more = at ? realloc(at, sizes[i] * 2) : NULL;
        if (!more)
            _exit(1);
        memset(more, 1, sizes[i] * 2);
        free(more);
    }
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd < 0 || close(fd) != 0 || getrandom(random, sizeof random, 0) != sizeof random ||
        syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &t) != 0 || time(NULL) <= 0)
        _exit(1);
    fprintf(stderr, "# of a process that is held to its calls: %s\n", strerror(EPERM));
}

TEST(memory_time_and_randomness_are_everybodys)
{
    for (enum role r = ROLE_CONTROL; r < ROLE_PROGRAMS; r = next(r)) {
        struct outcome o = held(r, live, NULL);
        CHECK(went_well(&o));
    }
}

static void end(const void *ctx)
{
    (void)ctx;
    exit(0);
}

/* Where LeakSanitizer looks at the end, its own process must get as far, or this one waits for it.
 */
TEST(a_role_can_end)
{
    for (enum role r = ROLE_CONTROL; r < ROLE_PROGRAMS; r = next(r)) {
        struct outcome o = held(r, end, NULL);
        CHECK(went_well(&o));
    }
}

static void make_a_mistake(const void *ctx)
{
    (void)ctx;
    abort();
}

TEST(a_mistake_of_ours_ends_by_its_own_signal)
{
    struct outcome o = held(ROLE_NET, make_a_mistake, NULL);
    CHECK(WIFSIGNALED(o.status));
    CHECK_EQ(WTERMSIG(o.status), SIGABRT);
}

/* ---- the parent ---- */

static void refuse_and_go_on(const void *ctx)
{
    static const long calls[] = {SYS_bpf,         SYS_unshare,        SYS_setns,
                                 SYS_init_module, SYS_io_uring_setup, SYS_open_by_handle_at};
    int status;
    (void)ctx;
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (syscall(calls[i], -1L, 0L, 0L) != -1 || errno != EPERM)
            _exit(1);
    pid_t pid = fork();
    if (pid == 0)
        execl("/bin/sh", "sh", "-c", "exit 7", (char *)NULL);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
        _exit(1);
}

TEST(what_the_parent_never_needs_is_refused)
{
    struct outcome o = held(ROLE_PARENT, refuse_and_go_on, NULL);
    CHECK(went_well(&o));
}

/* As in the daemon: the role's filter stands behind that of its parent. */
static void become_keys(const void *ctx)
{
    if (sandbox_enter(ROLE_KEYS, -1) != SANDBOX_STANDS)
        _exit(1);
    live(NULL);
    make(ctx);
}

TEST(a_role_of_the_parent_is_held_twice)
{
    const struct attempt a = {
        .name = "socket", .number = SYS_socket, .arguments = {AF_UNIX, -1, 0}};
    struct outcome o = held(ROLE_PARENT, become_keys, &a);
    CHECK(WIFSIGNALED(o.status));
    CHECK_EQ(WTERMSIG(o.status), SIGSYS);
}

/* ---- the table ---- */

TEST(every_name_is_that_of_a_call)
{
    static const char *const names[] = {
#define CALL(name, roles)                         #name,
#define WHERE(name, roles, argument, mask, value) #name,
#define REFUSED(name)                             #name,
#include "proc/sandbox.def"
#undef CALL
#undef WHERE
#undef REFUSED
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (seccomp_syscall_resolve_name(names[i]) == __NR_SCMP_ERROR)
            printf("# %s\n", names[i]);
        CHECK(seccomp_syscall_resolve_name(names[i]) != __NR_SCMP_ERROR);
    }
}

TEST(calls_have_names)
{
    char *name = sandbox_call_name(SYS_openat);
    CHECK(name && strcmp(name, "openat") == 0);
    free(name);
    CHECK(!sandbox_call_name(100000));
}

int main(void)
{
    if (sandbox_lacks()) {
        printf("# skipped: %s\n", sandbox_lacks());
        return 77;
    }
    return RUN(each_role_has_its_calls_and_no_others) |
           RUN(code_comes_from_files_and_in_control_alone) |
           RUN(memory_time_and_randomness_are_everybodys) | RUN(a_role_can_end) |
           RUN(a_mistake_of_ours_ends_by_its_own_signal) |
           RUN(what_the_parent_never_needs_is_refused) | RUN(a_role_of_the_parent_is_held_twice) |
           RUN(every_name_is_that_of_a_call) | RUN(calls_have_names);
}
