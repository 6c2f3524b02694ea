/* Scripts of the configuration: see scripts.h. */
#include "parent/scripts.h"
#include "base/text.h"
#include "parent/signals.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FOLDERS "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { VARS_MAX = 128, ABOUT_MAX = 64, EXIT_NO_EXEC = 126, READS = 16 };

struct script {
    struct list link;
    char *command;
    char about[ABOUT_MAX];
    size_t len;
    char vars[]; /* each with a NUL behind it */
};

static void too_late(void *ctx)
{
    struct scripts *s = ctx;
    tell(s->tell, SHRIKE_ERROR, "%s: the script does not end: it is ended", s->now->about);
    kill(-s->pid, SIGKILL);
}

void scripts_open(struct scripts *s, struct loop *loop, const struct tell *tell_)
{
    *s = (struct scripts){
        .loop = loop, .tell = tell_, .said = {.fd = -1}, .late = {.ring = too_late, .ctx = s}};
    list_init(&s->waiting);
}

/* ---- what it says ---- */

static void end_line(struct scripts *s)
{
    char shown[4 * SCRIPTS_LINE + 1];
    struct text t = text_of(shown, sizeof shown);
    text_safe(&t, bytes_of(s->line, s->len));
    if (s->len > 0 && s->lines < SCRIPTS_LINES)
        tell(s->tell, SHRIKE_NOTICE, "%s: %s", s->now->about, shown);
    s->lines += s->len > 0;
    s->len = 0;
}

/* false: nothing more is there now, or ever. */
static bool hear(struct scripts *s)
{
    char some[SCRIPTS_LINE];
    ssize_t n = read(s->said.fd, some, sizeof some);
    for (ssize_t i = 0; i < n; i++) {
        if (some[i] == '\n')
            end_line(s);
        else if (s->len < sizeof s->line)
            s->line[s->len++] = some[i];
    }
    if (n == 0)
        loop_watch(s->loop, &s->said, 0);
    return n > 0;
}

static void ready(void *ctx, u32 events)
{
    struct scripts *s = ctx;
    (void)events;
    for (int i = 0; i < READS && hear(s); i++)
        ;
}

/* ---- one of them ---- */

/* In the child: nothing but system calls. */
_Noreturn static void become(const char *command, char *const environment[], int out)
{
    char *const args[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                          (char *)(uintptr_t)command, NULL};
    signals_unblock();
    setpgid(0, 0);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in >= 0 && dup2(in, STDIN_FILENO) == STDIN_FILENO &&
        dup2(out, STDOUT_FILENO) == STDOUT_FILENO && dup2(out, STDERR_FILENO) == STDERR_FILENO &&
        chdir("/") == 0) {
        close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
        execve("/bin/sh", args, environment);
    }
    _exit(EXIT_NO_EXEC);
}

static void list_vars(struct script *one, char *out[VARS_MAX])
{
    static char path[] = FOLDERS;
    u32 count = 0;
    out[count++] = path;
    for (size_t at = 0; at < one->len && count < VARS_MAX - 1; at += strlen(one->vars + at) + 1)
        out[count++] = one->vars + at;
    out[count] = NULL;
}

static bool start(struct scripts *s, struct script *one)
{
    char *environment[VARS_MAX];
    int fd[2];
    list_vars(one, environment);
    if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    fcntl(fd[1], F_SETFL, 0); /* who writes waits until we have read */
    s->pid = fork();
    if (s->pid == 0)
        become(one->command, environment, fd[1]);
    close(fd[1]);
    if (s->pid < 0) {
        close(fd[0]);
        return false;
    }
    setpgid(s->pid, s->pid); /* whichever of us comes first */
    s->now = one;
    s->lines = 0;
    s->len = 0;
    s->said = (struct source){.fd = fd[0], .ready = ready, .ctx = s};
    loop_watch(s->loop, &s->said, EPOLLIN);
    loop_alarm(s->loop, &s->late, loop_clock(s->loop) + SCRIPTS_TIME);
    return true;
}

static void script_free(struct script *one)
{
    free(one->command);
    free(one);
}

static void next(struct scripts *s)
{
    while (!s->now && !list_empty(&s->waiting)) {
        struct script *one = list_item(s->waiting.next, struct script, link);
        list_remove(&one->link);
        s->count--;
        if (start(s, one))
            return;
        tell(s->tell, SHRIKE_ERROR, "%s: the script cannot be run: %s", one->about,
             strerror(errno));
        script_free(one);
    }
}

void scripts_run(struct scripts *s, const char *command, struct bytes vars, const char *about)
{
    struct script *one = s->count < SCRIPTS_WAITING ? calloc(1, sizeof *one + vars.len + 1) : NULL;
    char *copy = one ? strdup(command) : NULL;
    if (!copy) {
        free(one);
        if (!s->warned)
            tell(s->tell, SHRIKE_ERROR, "%s: the script is not run: %u of them wait", about,
                 s->count);
        s->warned = true;
        return;
    }
    struct text t = text_of(one->about, sizeof one->about);
    text_str(&t, about);
    one->command = copy;
    one->len = vars.len;
    if (vars.len)
        memcpy(one->vars, vars.at, vars.len);
    list_append(&s->waiting, &one->link);
    s->count++;
    next(s);
}

static void over(struct scripts *s, int status)
{
    loop_disarm(s->loop, &s->late);
    for (int i = 0; i < READS && hear(s); i++)
        ;
    end_line(s);
    loop_watch(s->loop, &s->said, 0);
    close(s->said.fd);
    s->said.fd = -1;
    if (s->lines > SCRIPTS_LINES)
        tell(s->tell, SHRIKE_NOTICE, "%s: the script said %u lines more", s->now->about,
             s->lines - SCRIPTS_LINES);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        tell(s->tell, SHRIKE_WARNING, "%s: the script ended with code %d", s->now->about,
             WEXITSTATUS(status));
    kill(-s->pid, SIGKILL); /* what it has left behind */
    script_free(s->now);
    s->now = NULL;
    s->pid = 0;
}

void scripts_reap(struct scripts *s)
{
    int status;
    if (!s->now || waitpid(s->pid, &status, WNOHANG) != s->pid)
        return;
    over(s, status);
    next(s);
}

void scripts_close(struct scripts *s, shrike_time patience)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    if (!s->loop)
        return;
    for (shrike_time end = loop_clock(s->loop) + patience; s->now;) {
        for (int i = 0; i < READS && hear(s); i++)
            ;
        scripts_reap(s);
        if (!s->now)
            break;
        if (loop_clock(s->loop) > end) {
            tell(s->tell, SHRIKE_WARNING, "%u scripts are not run, or not to their end",
                 s->count + 1);
            while (!list_empty(&s->waiting)) {
                struct script *one = list_item(s->waiting.next, struct script, link);
                list_remove(&one->link);
                script_free(one);
            }
            kill(-s->pid, SIGKILL);
        }
        nanosleep(&pause, NULL);
    }
    s->count = 0;
    s->loop = NULL;
}
