/* The socket at which control serves metrics: see scrape.h. */
#include "parent/scrape.h"
#include "base/text.h"
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16 };

static int listen_at(const struct shrike_endpoint *at)
{
    static const int on = 1;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(at->port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(at->port)};
    const bool is_six = at->family == 6;
    memcpy(&six.sin6_addr, at->octets, 16);
    memcpy(&four.sin_addr, at->octets, 4);
    int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (!is_six || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind(fd, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four,
             is_six ? sizeof six : sizeof four) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

bool scrape_open(struct scrape *s, const struct shrike_endpoint *at, const struct tell *t)
{
    char text[64];
    struct text where = text_of(text, sizeof text);
    bool same = memcmp(&s->at, at, sizeof *at) == 0;
    if (same && (s->fd >= 0 || !at->family))
        return false;
    scrape_close(s);
    s->at = *at;
    if (!at->family)
        return true;
    s->fd = listen_at(at);
    text_addr(&where, at->octets, at->family);
    if (s->fd < 0)
        tell(t, SHRIKE_WARNING, "metrics cannot be served at %s, port %u: %s", text, at->port,
             strerror(errno));
    return true;
}

void scrape_close(struct scrape *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
