/* Signals as events of the loop: see signals.h. */
#include "parent/signals.h"
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int ours[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};

static void ready(void *ctx, u32 events)
{
    struct signals *s = ctx;
    struct signalfd_siginfo info;
    (void)events;
    while (s->source.fd >= 0 && read(s->source.fd, &info, sizeof info) == (ssize_t)sizeof info)
        s->got(s->ctx, (int)info.ssi_signo);
}

bool signals_open(struct signals *s, struct loop *l)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        sigaddset(&set, ours[i]);
    int fd = -1;
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
        fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    s->loop = l;
    s->source = (struct source){.fd = fd, .ready = ready, .ctx = s};
    if (fd >= 0 && loop_watch(l, &s->source, EPOLLIN))
        return true;
    signals_close(s);
    return false;
}

void signals_close(struct signals *s)
{
    if (s->source.fd < 0)
        return;
    loop_watch(s->loop, &s->source, 0);
    close(s->source.fd);
    s->source.fd = -1;
}

void signals_unblock(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void signals_leave_to_parent(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}
