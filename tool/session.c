/* The conversation with the daemon: see session.h. */
#include "tool/session.h"
#include "tool/show.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { READ_MAX = 65536 };

static bool lose(struct session *s, const char *before, const char *what, const char *after)
{
    struct text t = text_of(s->why, sizeof s->why);
    text_str(&t, before);
    show_safe(&t, bytes_of(what, strlen(what)));
    text_str(&t, after);
    return false;
}

/* What would help depends on what the system says. */
static bool not_there(struct session *s, const char *path, int error)
{
    const char *help = "; is shriked running? Start it, or name its socket with --socket PATH";
    if (error == EACCES || error == EPERM)
        return lose(s, "no permission to use ", path, "; run this as root");
    if (error == ENOENT || error == ECONNREFUSED)
        return lose(s, "no daemon at ", path, help);
    lose(s, "cannot connect to ", path, ": ");
    size_t len = strlen(s->why);
    struct text t = text_of(s->why + len, sizeof s->why - len);
    text_str(&t, strerror(error));
    return false;
}

bool session_open(struct session *s, const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    session_of(s, fd);
    if (fd < 0)
        return lose(s, "no socket: ", strerror(errno), "");
    if (strlen(path) >= sizeof at.sun_path) {
        session_close(s);
        return lose(s, "the path is too long for a socket: ", path, "");
    }
    memcpy(at.sun_path, path, strlen(path));
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
        return true;
    int error = errno;
    session_close(s);
    return not_there(s, path, error);
}

void session_of(struct session *s, int fd)
{
    s->fd = fd;
    s->why[0] = '\0';
    vici_client_init(&s->client);
}

void session_close(struct session *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    vici_client_free(&s->client);
    vici_client_init(&s->client);
}

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool send_some(struct session *s)
{
    struct bytes out = vici_client_output(&s->client);
    if (out.len == 0)
        return true;
    ssize_t n = send(s->fd, out.at, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0)
        vici_client_sent(&s->client, (size_t)n);
    if (n >= 0 || errno == EAGAIN || errno == EINTR)
        return true;
    return lose(s, "the daemon is gone: ", strerror(errno), "");
}

static bool receive_some(struct session *s)
{
    static u8 octets[READ_MAX];
    size_t room = vici_client_room(&s->client);
    ssize_t n = recv(s->fd, octets, MIN(room, sizeof octets), MSG_DONTWAIT);
    if (n > 0)
        vici_client_input(&s->client, bytes_of(octets, (size_t)n));
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return true;
    return lose(s, "the daemon ", n == 0 ? "closed the connection" : strerror(errno), "");
}

/* Move octets until something came; `end` is a time of now_ms(), negative: none. */
static bool exchange_some(struct session *s, long long end)
{
    long long left = end < 0 ? -1 : MAX(end - now_ms(), 0);
    if (s->fd < 0) /* poll() would wait for it */
        return lose(s, "there is no connection to the daemon", "", "");
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    if (vici_client_output(&s->client).len > 0)
        p.events |= POLLOUT;
    int n = poll(&p, 1, (int)left);
    if (n < 0 && errno != EINTR)
        return lose(s, "cannot wait for the daemon: ", strerror(errno), "");
    if (n == 0)
        return lose(s, "the daemon does not answer; ", "its log may say why", "");
    if (n > 0 && p.revents & POLLOUT && !send_some(s))
        return false;
    return n < 0 || !(p.revents & (POLLIN | POLLHUP | POLLERR)) || receive_some(s);
}

static enum vici_heard hear(struct session *s, int silence_ms, struct vici_packet *p)
{
    long long end = silence_ms < 0 ? -1 : now_ms() + silence_ms;
    for (;;) {
        enum vici_heard heard = vici_client_next(&s->client, p);
        if (heard == VICI_HEARD_FAULT)
            lose(s, "the daemon does not speak VICI: ", s->client.why, "");
        if (heard != VICI_HEARD_NOTHING)
            return heard;
        if (!exchange_some(s, end))
            return VICI_HEARD_FAULT;
    }
}

static enum session_told await(struct session *s, int silence_ms,
                               const struct session_listener *listener, struct bytes *answer)
{
    for (;;) {
        struct vici_packet p;
        switch (hear(s, silence_ms, &p)) {
        case VICI_HEARD_NOTHING:
            break;
        case VICI_HEARD_EVENT:
            if (listener && listener->event)
                listener->event(listener->ctx, &p);
            break;
        case VICI_HEARD_ANSWER:
        case VICI_HEARD_CONFIRM:
            *answer = p.message;
            return SESSION_ANSWER;
        case VICI_HEARD_UNKNOWN:
            return SESSION_UNKNOWN;
        case VICI_HEARD_FAULT:
            return SESSION_LOST;
        }
    }
}

enum session_told session_events(struct session *s, const char *event, bool on)
{
    struct bytes nothing;
    if (!vici_client_register(&s->client, event, on)) {
        lose(s, "cannot ask for events of ", event, "");
        return SESSION_LOST;
    }
    enum session_told told = await(s, SESSION_SILENCE_MS, NULL, &nothing);
    if (told == SESSION_UNKNOWN)
        lose(s, "this daemon has no events called ", event, "");
    return told;
}

enum session_told session_ask(struct session *s, const struct session_question *q,
                              struct bytes *answer)
{
    if (!vici_client_request(&s->client, q->command, q->message)) {
        lose(s, "cannot ask for ", q->command, "");
        return SESSION_LOST;
    }
    int silence_ms = q->silence_ms ? q->silence_ms : SESSION_SILENCE_MS;
    enum session_told told = await(s, silence_ms, &q->listener, answer);
    if (told == SESSION_UNKNOWN)
        lose(s, "this daemon does not know the command ", q->command, "");
    return told;
}

void session_follow(struct session *s, struct session_listener listener)
{
    struct bytes nothing;
    while (await(s, SESSION_FOR_EVER, &listener, &nothing) != SESSION_LOST)
        continue;
}

bool session_success(struct session *s, struct bytes answer)
{
    struct bytes why = vici_value(answer, "errmsg");
    if (vici_value_is(answer, "success", "yes"))
        return true;
    struct text t = text_of(s->why, sizeof s->why);
    show_safe(&t, why.len ? why : bytes_of("the daemon gives no reason; see its log", 39));
    return false;
}

bool session_refused(struct session *s, struct bytes answer)
{
    return vici_value_is(answer, "success", "no") && !session_success(s, answer);
}
