/* The steward and what it starts: see steward.h. */
#include "keys/steward.h"
#include "keys/letter.h"
#include "keys/pkcs11.h"
#include "proc/priv.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACE = 3, PAUSE_MS = 1000 };

static const struct priv rights = {"shrike-token", 64616, 0, false};

/* What is left of questions is not for the next one: keys asks anew when it hears of this. */
static void tell_of_death(int fd)
{
    u8 octets[LETTER_MAX];
    struct writer w = writer_of(octets, sizeof octets);
    const struct letter m = {.kind = LETTER_DIED};
    while (recv(fd, octets, sizeof octets, MSG_DONTWAIT) > 0)
        continue;
    letter_write(&w, &m);
    (void)send(fd, octets, written(&w), MSG_NOSIGNAL);
}

/* Wait until one of these has something to say, or has gone. */
static void wait_for(struct pollfd *of, nfds_t count, int at_most_ms)
{
    while (poll(of, count, at_most_ms) < 0 && errno == EINTR)
        continue;
}

/* One life of the one that has the modules. false: keys has gone. */
static bool serve_once(int fd)
{
    int ends[2];
    if (pipe(ends) != 0)
        _exit(EXIT_FAILURE);
    pid_t pid = fork();
    if (pid < 0)
        _exit(EXIT_FAILURE);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        close(ends[0]);
        pkcs11_serve(fd);
    }
    close(ends[1]); /* with the child the other end goes */
    struct pollfd of[] = {{.fd = fd}, {.fd = ends[0]}};
    wait_for(of, ARRAY_LEN(of), -1);
    bool gone = of[0].revents != 0;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    close(ends[0]);
    return !gone;
}

/* A letter is there, not only the end. */
static bool has_letter(int fd)
{
    u8 octet;
    return recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

_Noreturn static void serve(int fd)
{
    prctl(PR_SET_NAME, "shriked-token", 0, 0, 0);
    for (;;) {
        struct pollfd of = {.fd = fd, .events = POLLIN};
        wait_for(&of, 1, -1);
        if (!has_letter(fd) || !serve_once(fd))
            _exit(EXIT_SUCCESS);
        tell_of_death(fd);
        of.events = 0;
        wait_for(&of, 1, PAUSE_MS);
    }
}

/* Signals are no way to speak to it: the end of its socket is. */
static void leave_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: nothing of the caller's stays open but stderr. */
_Noreturn static void become(int fd)
{
    if (fork() != 0) /* nobody waits for the steward: it is a child of init */
        _exit(EXIT_SUCCESS);
    leave_signals();
    if (dup2(fd, PLACE) != PLACE)
        _exit(EXIT_FAILURE);
    closefrom(PLACE + 1);
    if (geteuid() == 0 && !priv_drop(&rights))
        _exit(EXIT_FAILURE);
    serve(PLACE);
}

int steward_start(void)
{
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        become(fd[1]);
    close(fd[1]);
    if (pid < 0) {
        close(fd[0]);
        return -1;
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return fd[0];
}
