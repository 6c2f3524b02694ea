/* DNS servers of this host: see nameservers.h. */
#include "parent/nameservers.h"
#include "base/text.h"
#include "parent/resolv.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FOLDERS "/usr/sbin:/usr/bin:/sbin:/bin"

enum { ARGS_MAX = NAMESERVERS_MAX + 4, INPUT_MAX = NAMESERVERS_MAX * 64 };

/* ---- which way ---- */

/* The path of a program; false: it is not there. */
static bool find_program(struct nameservers *n, const char *name)
{
    for (const char *at = n->folders ? n->folders : FOLDERS; *at;) {
        size_t len = strcspn(at, ":");
        int size = snprintf(n->program, sizeof n->program, "%.*s/%s", (int)len, at, name);
        if (size < NAMESERVERS_PATH && access(n->program, X_OK) == 0)
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

static bool has_resolved(struct nameservers *n)
{
    return access("/run/systemd/resolve", F_OK) == 0 && find_program(n, "resolvectl");
}

/* One that is resolvectl in disguise is of use to systemd-resolved alone. */
static bool has_resolvconf(struct nameservers *n)
{
    if (!find_program(n, "resolvconf"))
        return false;
    char *real = realpath(n->program, NULL);
    bool other = real && !strstr(real, "resolvectl");
    free(real);
    return other;
}

static void choose(struct nameservers *n, enum settings_dns wish)
{
    static const char *const words[] = {
        [DNS_RESOLVED] = "resolvectl", [DNS_RESOLVCONF] = "resolvconf"};
    n->way = wish;
    if (wish == DNS_AUTO && has_resolved(n))
        n->way = DNS_RESOLVED;
    else if (wish == DNS_AUTO && has_resolvconf(n))
        n->way = DNS_RESOLVCONF;
    else if (wish == DNS_AUTO)
        n->way = DNS_FILE;
    else if ((wish == DNS_RESOLVED || wish == DNS_RESOLVCONF) && !find_program(n, words[wish])) {
        tell(n->tell, SHRIKE_ERROR, "there is no %s: DNS servers of gateways are not used",
             words[wish]);
        n->way = DNS_NONE;
    }
}

/* ---- a file ---- */

static bool read_all(int fd, u8 *at, size_t size, size_t *len)
{
    *len = 0;
    while (*len < size) {
        ssize_t got = read(fd, at + *len, size - *len);
        if (got < 0)
            return false;
        if (got == 0)
            return true;
        *len += (size_t)got;
    }
    errno = EFBIG;
    return false;
}

/* In its place, since it may be a mount or a link of its own; in one write, so that who reads it
 * meanwhile sees the old or the new one. */
static bool edit_file(const struct nameservers *n)
{
    static u8 old[NAMESERVERS_FILE], new[NAMESERVERS_FILE + INPUT_MAX];
    size_t len;
    int fd = open(n->file, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    bool good = read_all(fd, old, sizeof old, &len);
    if (good) {
        struct writer w = writer_of(new, sizeof new);
        resolv_edit(&w, bytes_of(old, len), n->wanted, n->count);
        struct bytes all = written_bytes(&w);
        good = bytes_equal(all, bytes_of(old, len)) ||
               (pwrite(fd, all.at, all.len, 0) == (ssize_t)all.len &&
                ftruncate(fd, (off_t)all.len) == 0);
    }
    int error = errno;
    close(fd);
    errno = error;
    return good;
}

static void set_file(struct nameservers *n)
{
    if (n->count == 0 && access(n->file, F_OK) != 0)
        return;
    if (!edit_file(n))
        tell(n->tell, SHRIKE_ERROR, "cannot write DNS servers to %s: %s", n->file, strerror(errno));
}

/* ---- a program ---- */

/* What is run in this step; false: nothing more. Arguments stand in `room`. */
static bool arguments(const struct nameservers *n, char *args[ARGS_MAX],
                      char room[ARGS_MAX][NAMESERVERS_PATH])
{
    u32 count = 0;
    const char *words[4] = {n->program};
    char device[NAMESERVERS_PATH];
    /* resolvconf sorts by such names: those of tunnels come before those of cables. */
    snprintf(device, sizeof device, "%s%s", n->way == DNS_RESOLVCONF ? "tun." : "", n->interface);
    words[2] = device;
    if (n->way == DNS_RESOLVCONF) {
        words[1] = n->count ? "-a" : "-d";
    } else if (n->step == 1) {
        words[1] = n->count ? "dns" : "revert";
    } else {
        words[1] = "domain"; /* whatever is asked for, ask these servers */
        words[3] = "~.";
    }
    if (n->step > (n->way == DNS_RESOLVED && n->count ? 2u : 1u))
        return false;
    for (; count < ARRAY_LEN(words) && words[count]; count++)
        snprintf(room[count], NAMESERVERS_PATH, "%s", words[count]);
    for (u32 i = 0; n->way == DNS_RESOLVED && n->step == 1 && i < n->count; i++, count++) {
        struct text t = text_of(room[count], NAMESERVERS_PATH);
        text_addr(&t, n->wanted[i].octets, n->wanted[i].family);
    }
    for (u32 i = 0; i < count; i++)
        args[i] = room[i];
    args[count] = NULL;
    return true;
}

/* What resolvconf reads; for the others nothing. -1: the system refuses. */
static int open_input(const struct nameservers *n)
{
    u8 octets[INPUT_MAX];
    struct writer w = writer_of(octets, sizeof octets);
    int fd = memfd_create("nameservers", MFD_CLOEXEC);
    if (n->way == DNS_RESOLVCONF)
        resolv_servers(&w, n->wanted, n->count);
    if (fd >= 0 && (w.full || write(fd, octets, written(&w)) != (ssize_t)written(&w) ||
                    lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool spawn(struct nameservers *n, char *const args[])
{
    static char path[] = "PATH=" FOLDERS;
    char *const environment[] = {path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int input = open_input(n), error = ENOMEM;
    sigemptyset(&none);
    if (input < 0)
        return false;
    if (posix_spawn_file_actions_init(&actions) == 0) {
        if (posix_spawnattr_init(&attributes) == 0) {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
            posix_spawnattr_setsigmask(&attributes, &none);
            posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
            error = posix_spawn(&n->pid, n->program, &actions, &attributes, args, environment);
            posix_spawnattr_destroy(&attributes);
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    close(input);
    errno = error;
    if (error)
        n->pid = 0;
    return error == 0;
}

/* Run the next step, if none runs. */
static void run(struct nameservers *n)
{
    char room[ARGS_MAX][NAMESERVERS_PATH];
    char *args[ARGS_MAX];
    if (n->pid || n->step == 0)
        return;
    if (!arguments(n, args, room)) {
        n->step = 0;
        return;
    }
    if (spawn(n, args)) {
        n->step++;
        loop_alarm(n->loop, &n->late, loop_clock(n->loop) + NAMESERVERS_TIME);
        return;
    }
    tell(n->tell, SHRIKE_ERROR, "cannot run %s: %s", n->program, strerror(errno));
    n->step = 0;
}

static void too_late(void *ctx)
{
    struct nameservers *n = ctx;
    tell(n->tell, SHRIKE_ERROR, "%s does not end: it is ended", n->program);
    kill(n->pid, SIGKILL);
}

void nameservers_reap(struct nameservers *n)
{
    int status;
    if (n->pid == 0 || waitpid(n->pid, &status, WNOHANG) != n->pid)
        return;
    n->pid = 0;
    loop_disarm(n->loop, &n->late);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        tell(n->tell, SHRIKE_ERROR, "%s has failed: DNS servers of gateways may not be in use",
             n->program);
    run(n);
}

/* ---- the whole ---- */

static void apply(struct nameservers *n)
{
    n->set = n->count > 0;
    if (n->way == DNS_FILE)
        set_file(n);
    if (n->way != DNS_RESOLVED && n->way != DNS_RESOLVCONF)
        return;
    n->step = 1;
    run(n);
}

void nameservers_open(struct nameservers *n, struct loop *loop, const struct settings *set,
                      const struct tell *tell_)
{
    *n = (struct nameservers){
        .folders = n->folders, .loop = loop, .tell = tell_, .late = {.ring = too_late, .ctx = n}};
    snprintf(n->file, sizeof n->file, "%s", set->dns_file);
    snprintf(n->interface, sizeof n->interface, "%s", set->interface);
    choose(n, (enum settings_dns)set->dns);
    if (n->way == DNS_FILE)
        set_file(n);
}

void nameservers_set(struct nameservers *n, const struct shrike_addr *servers, u32 count)
{
    count = MIN(count, NAMESERVERS_MAX);
    if (count == n->count &&
        (count == 0 || memcmp(n->wanted, servers, count * sizeof *servers) == 0))
        return;
    if (count)
        memcpy(n->wanted, servers, count * sizeof *servers);
    n->count = count;
    apply(n);
}

void nameservers_close(struct nameservers *n)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    if (!n->loop)
        return;
    if (n->set) {
        n->count = 0;
        apply(n);
    }
    for (shrike_time end = loop_clock(n->loop) + NAMESERVERS_TIME; n->pid;) {
        nameservers_reap(n);
        if (!n->pid)
            break;
        if (loop_clock(n->loop) > end)
            kill(n->pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
    loop_disarm(n->loop, &n->late);
    n->loop = NULL;
}
