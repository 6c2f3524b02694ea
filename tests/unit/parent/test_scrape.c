/* The socket at which metrics are served. */
#include "parent/scrape.h"
#include "test.h"
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct tell quiet = {.level = SHRIKE_ERROR};

/* A port that is free just now. */
static u16 free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        abort();
    close(fd);
    return ntohs(at.sin_port);
}

static bool answers(u16 port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    at.sin_port = htons(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool is = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    close(fd);
    return is;
}

TEST(it_listens_where_it_is_wanted)
{
    struct scrape s = {.fd = -1}, other = {.fd = -1};
    struct shrike_endpoint none = {.family = 0},
                           one = {.octets = {127, [3] = 1}, .port = free_port(), .family = 4};
    CHECK(!scrape_open(&s, &none, &quiet)); /* nothing has changed */
    CHECK(scrape_open(&s, &one, &quiet) && s.fd >= 0 && answers(one.port));
    int fd = s.fd;
    CHECK(!scrape_open(&s, &one, &quiet) && s.fd == fd);
    CHECK(scrape_open(&other, &one, &quiet) && other.fd < 0); /* taken */
    CHECK(scrape_open(&s, &none, &quiet) && s.fd < 0 && !answers(one.port));
    CHECK(scrape_open(&other, &one, &quiet) && other.fd >= 0); /* tried again */
    scrape_close(&other);
    scrape_close(&other);
    CHECK(!answers(one.port));
}

int main(void)
{
    return RUN(it_listens_where_it_is_wanted);
}
