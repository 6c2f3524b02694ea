/* Metrics over HTTP: what clients get, and that none of them can hold anything up. */
#include "control/http.h"
#include "test.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct http *h;
static struct sockaddr_in at;
static unsigned wants;

static void page(const char *plain, const char *open)
{
    char *text[HTTP_FORMATS] = {strdup(plain), strdup(open)};
    const size_t len[HTTP_FORMATS] = {strlen(plain), strlen(open)};
    http_give(h, text, len);
}

static void wanted(void *ctx)
{
    (void)ctx;
    wants++;
}

static bool begin(void)
{
    socklen_t size = sizeof at;
    const char *why = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    loop = loop_new();
    wants = 0;
    if (!loop || fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        abort();
    h = http_open(loop, fd, wanted, NULL, &why);
    if (!h)
        printf("skip http: %s\n", why);
    return h != NULL;
}

static void end(void)
{
    http_close(h);
    loop_free(loop);
}

static void turns(void)
{
    for (int i = 0; i < 20; i++)
        loop_turn(loop, SHRIKE_MS);
}

static int call(const char *request)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort();
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    if (request && send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        abort();
    return fd;
}

/* All that comes until the other end closes. */
static const char *answer(int fd)
{
    static char all[8192];
    size_t len = 0;
    for (int i = 0; i < 200; i++) {
        loop_turn(loop, SHRIKE_MS);
        ssize_t n = recv(fd, all + len, sizeof all - 1 - len, 0);
        if (n == 0)
            break;
        len += n > 0 ? (size_t)n : 0;
    }
    all[len] = 0;
    close(fd);
    return all;
}

static const char get[] = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(a_page_in_both_formats)
{
    const char *a;
    if (!begin())
        return;
    int fd = call(get);
    turns();
    CHECK_EQ(wants, 1);
    page("plain\n", "open\n");
    a = answer(fd);
    CHECK(strncmp(a, "HTTP/1.1 200", 12) == 0 && strstr(a, "\r\n\r\nplain\n"));
    CHECK(strstr(a, "text/plain; version=0.0.4") && strstr(a, "Connection: close"));
    a = answer(call("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: "
                    "application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n"));
    CHECK(strstr(a, "\r\n\r\nopen\n") && strstr(a, "application/openmetrics-text"));
    CHECK_EQ(wants, 1); /* it was fresh */
    end();
}

TEST(all_who_wait_share_one)
{
    int fd[HTTP_CLIENTS_MAX];
    if (!begin())
        return;
    for (unsigned i = 0; i < HTTP_CLIENTS_MAX; i++)
        fd[i] = call(get);
    turns();
    CHECK(wants == 1 && http_clients(h) == HTTP_CLIENTS_MAX);
    page("plain\n", "open\n");
    for (unsigned i = 0; i < HTTP_CLIENTS_MAX; i++)
        CHECK(strstr(answer(fd[i]), "\r\n\r\nplain\n"));
    CHECK_EQ(wants, 1);
    end();
}

TEST(what_is_no_question)
{
    if (!begin())
        return;
    CHECK(strstr(answer(call("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), "404"));
    CHECK(strstr(answer(call("POST /metrics HTTP/1.1\r\nHost: a\r\n"
                             "Content-Length: 99999999\r\n\r\n")),
                 "405"));
    int fd = call(get);
    turns();
    CHECK_EQ(wants, 1);
    static char *const none[HTTP_FORMATS] = {NULL, NULL};
    static const size_t zero[HTTP_FORMATS] = {0, 0};
    http_give(h, none, zero);
    CHECK(strstr(answer(fd), "503"));
    static char large[HTTP_REQUEST_MAX + 4096];
    memset(large, 'a', sizeof large - 1);
    memcpy(large, "GET /", 5);
    CHECK(!strstr(answer(call(large)), "200"));
    end();
}

/* Many that say nothing: sixteen are served, the others wait outside; after some time they are
 * left, and somebody else is served. */
TEST(clients_that_say_nothing)
{
    int fd[24];
    if (!begin())
        return;
    for (unsigned i = 0; i < ARRAY_LEN(fd); i++)
        fd[i] = i % 2 ? call("GET /metr") : call(NULL);
    turns();
    CHECK(http_clients(h) == HTTP_CLIENTS_MAX && wants == 0);
    for (unsigned i = 0; i < ARRAY_LEN(fd); i++)
        close(fd[i]);
    shrike_time from = loop_clock(loop);
    while (http_clients(h) > 0 && loop_clock(loop) - from < 5 * SHRIKE_SECOND)
        loop_turn(loop, 10 * SHRIKE_MS);
    CHECK_EQ(http_clients(h), 0);
    int last = call(get);
    from = loop_clock(loop);
    while (wants == 0 && loop_clock(loop) - from < (HTTP_IDLE_S + 5) * SHRIKE_SECOND)
        loop_turn(loop, 10 * SHRIKE_MS);
    page("plain\n", "open\n");
    CHECK(strstr(answer(last), "\r\n\r\nplain\n"));
    end();
}

/* A client drips one octet after the other, so that it is never silent for long, nor says much. */
TEST(a_client_that_never_ends)
{
    if (!begin())
        return;
    int fd = call("G");
    turns();
    CHECK_EQ(http_clients(h), 1);
    shrike_time from = loop_clock(loop), said = from;
    while (http_clients(h) > 0 && loop_clock(loop) - from < HTTP_TIME_MAX + 5 * SHRIKE_SECOND) {
        loop_turn(loop, 250 * SHRIKE_MS);
        if (loop_clock(loop) - said < SHRIKE_SECOND)
            continue;
        said = loop_clock(loop);
        (void)!send(fd, "E", 1, MSG_NOSIGNAL);
    }
    shrike_time lasted = loop_clock(loop) - from;
    CHECK(lasted > HTTP_TIME_MAX - SHRIKE_SECOND && lasted < HTTP_TIME_MAX + 3 * SHRIKE_SECOND);
    CHECK_EQ(http_clients(h), 0);
    close(fd);
    end();
}

/* It ends while clients wait. */
TEST(an_end_with_clients)
{
    if (!begin())
        return;
    int one = call(get), two = call("GET");
    turns();
    CHECK(wants == 1 && http_clients(h) == 2);
    end();
    close(one);
    close(two);
}

int main(void)
{
    int bad = RUN(a_page_in_both_formats) | RUN(all_who_wait_share_one) | RUN(what_is_no_question) |
              RUN(clients_that_say_nothing) | RUN(an_end_with_clients);
    return getenv("SHRIKE_SLOW") ? bad | RUN(a_client_that_never_ends) : bad;
}
