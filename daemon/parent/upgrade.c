/* The check of a program that is to take over: see upgrade.h. */
#include "parent/upgrade.h"
#include "parent/options.h"
#include "parent/signals.h"
#include "parent/takeover.h"
#include "proc/line.h"
#include <errno.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 2048, EXIT_NO_EXEC = 126 };

static void too_late(void *ctx)
{
    const struct upgrade *u = ctx;
    kill(u->pid, SIGKILL); /* its end tells the rest */
}

void upgrade_open(struct upgrade *u)
{
    ssize_t len = readlink("/proc/self/exe", u->self, sizeof u->self - 1);
    u->self[MAX(len, 0)] = 0;
    u->said = -1;
    u->alarm = (struct alarm){.ring = too_late, .ctx = u};
}

void upgrade_close(struct upgrade *u)
{
    loop_disarm(u->loop, &u->alarm);
    if (u->pid > 0)
        kill(u->pid, SIGKILL);
    if (u->said >= 0)
        close(u->said);
    u->said = -1;
}

/* Could anybody but root have written, or replaced, what lies here? */
static bool is_roots(const char *path)
{
    struct stat s;
    if (lstat(path, &s) != 0 || s.st_uid != 0)
        return false;
    bool open_to_all = (s.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    return S_ISDIR(s.st_mode) ? !open_to_all || (s.st_mode & S_ISVTX) != 0
                              : S_ISREG(s.st_mode) && !open_to_all;
}

/* The file and every folder above it. */
static bool is_trusted(const char *path)
{
    char at[UPGRADE_PATH];
    snprintf(at, sizeof at, "%s", path);
    for (char *slash; is_roots(at); *slash = 0) {
        slash = strrchr(at, '/');
        if (slash == at)
            return is_roots("/");
        if (!slash)
            return false;
    }
    return false;
}

static const char *look_at(struct upgrade *u, struct bytes path)
{
    char given[UPGRADE_PATH];
    snprintf(given, sizeof given, "%.*s", (int)path.len, path.len ? (const char *)path.at : "");
    if (path.len >= sizeof given || strlen(given) != path.len)
        return "the path is too long, or holds a zero";
    char *real = realpath(path.len ? given : u->self, NULL);
    if (!real)
        return "there is no such program";
    bool fits = strlen(real) < sizeof u->path;
    snprintf(u->path, sizeof u->path, "%s", real);
    free(real);
    if (!fits || !is_trusted(u->path))
        return "the program, or a folder above it, is not root's alone: others could change it";
    return access(u->path, X_OK) == 0 ? NULL : "the program cannot be executed";
}

/* In the child: nothing but system calls. */
_Noreturn static void become(const char *path, char *const args[], int out)
{
    signals_unblock();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (dup2(out, STDOUT_FILENO) == STDOUT_FILENO && dup2(out, STDERR_FILENO) == STDERR_FILENO) {
        close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
        execv(path, args);
    }
    _exit(EXIT_NO_EXEC);
}

const char *upgrade_begin(struct upgrade *u, struct bytes path)
{
    char version[16];
    const char *args[OPTIONS_ARGS_MAX];
    const struct options check = {.config = u->options->config,
                                  .foreign = u->options->foreign,
                                  .level = SHRIKE_INFO,
                                  .check_only = true};
    if (u->pid > 0)
        return "another upgrade is under way";
    const char *why = look_at(u, path);
    if (why)
        return why;
    snprintf(version, sizeof version, "%d", TAKEOVER_VERSION);
    options_args(&check, "--takes-over", version, args);
    u->said = memfd_create("shrike-check", MFD_CLOEXEC);
    if (u->said < 0)
        return "there is no memory";
    fflush(NULL);
    u->pid = fork();
    if (u->pid == 0)
        become(u->path, (char *const *)(uintptr_t)args, u->said);
    if (u->pid > 0) {
        loop_alarm(u->loop, &u->alarm, loop_now(u->loop) + UPGRADE_TIME);
        return NULL;
    }
    u->pid = 0;
    close(u->said);
    u->said = -1;
    return "no process can be started";
}

/* It has said that it takes over, and has found nothing wrong; else what it said last. */
static const char *judge(int status, char *said)
{
    static const char says[] = UPGRADE_SAYS;
    if (strncmp(said, says, strlen(says)) != 0)
        return "it is no shriked that could take over from this one";
    if (WIFSIGNALED(status))
        return "its check was ended by a signal, or took too long";
    if (WEXITSTATUS(status) == 0)
        return NULL;
    char *last = strchr(said, '\n');
    if (!last || !last[1])
        return "it does not take the configuration";
    last[1 + strcspn(last + 1, "\n")] = 0;
    return last + 1;
}

void upgrade_reap(struct upgrade *u)
{
    char said[SAID_MAX + 1] = {0};
    int status;
    if (u->pid <= 0 || waitpid(u->pid, &status, WNOHANG) != u->pid)
        return;
    u->pid = 0;
    loop_disarm(u->loop, &u->alarm);
    ssize_t len = pread(u->said, said, SAID_MAX, 0);
    said[MAX(len, 0)] = 0;
    close(u->said);
    u->said = -1;
    u->checked(u->ctx, judge(status, said));
}
