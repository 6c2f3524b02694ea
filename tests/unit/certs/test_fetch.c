/* What is fetched, from whom, and how much of it: a server of the test's own, in the same loop. */
#include "certs/fetch.h"
#include "test.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 64
#define DONE_MAX    512

static struct loop *loop;
static struct fetcher *fetcher;

/* ---- the server ---- */

struct client {
    struct source source;
    char asked[2048];
    size_t len;
};

static struct {
    struct source source;
    u16 port;
    struct client clients[CLIENTS_MAX];
    u32 count, at_once, most; /* connections: all, open now, at most */
    char last[2048];
} server;

static void hang_up(struct client *c)
{
    loop_watch(loop, &c->source, 0);
    close(c->source.fd);
    c->source.fd = -1;
    server.at_once--;
}

static void say(struct client *c, const char *text)
{
    ensure(send(c->source.fd, text, strlen(text), MSG_NOSIGNAL) >= 0);
}

static void redirect(struct client *c, const char *to)
{
    char text[512];
    snprintf(text, sizeof(text), "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
             to);
    say(c, text);
}

static bool asks(const struct client *c, const char *path)
{
    const char *at = strchr(c->asked, ' ');
    size_t len = strlen(path);
    return at && strncmp(at + 1, path, len) == 0 && at[1 + len] == ' ';
}

static void serve(struct client *c)
{
    char to[128];
    snprintf(server.last, sizeof(server.last), "%s", c->asked);
    if (asks(c, "/good") || asks(c, "/responder"))
        say(c, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    else if (asks(c, "/chunks"))
        say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
               "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    else if (asks(c, "/large"))
        say(c, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello again");
    else if (asks(c, "/cut"))
        say(c, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello");
    else if (asks(c, "/moved"))
        redirect(c, "/good");
    else if (asks(c, "/round"))
        redirect(c, "/round");
    else if (asks(c, "/file"))
        redirect(c, "file:///etc/passwd");
    else if (asks(c, "/named")) {
        snprintf(to, sizeof(to), "http://other.example:%u/good", server.port);
        redirect(c, to);
    } else if (!asks(c, "/silent"))
        say(c, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello");
    if (!asks(c, "/silent"))
        hang_up(c);
}

static void heard(void *ctx, u32 events)
{
    struct client *c = ctx;
    ssize_t n = recv(c->source.fd, c->asked + c->len, sizeof(c->asked) - 1 - c->len, 0);
    (void)events;
    if (n <= 0) {
        hang_up(c);
        return;
    }
    c->len += (size_t)n;
    c->asked[c->len] = '\0';
    char *body = strstr(c->asked, "\r\n\r\n");
    const char *length = strstr(c->asked, "Content-Length: ");
    size_t head = body ? (size_t)(body + 4 - c->asked) : 0;
    if (body && (!length || c->len - head >= (size_t)atoi(length + 16)))
        serve(c);
}

static void called(void *ctx, u32 events)
{
    (void)ctx, (void)events;
    int fd = accept4(server.source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    ensure(fd >= 0 && server.count < CLIENTS_MAX);
    struct client *c = &server.clients[server.count++];
    *c = (struct client){.source = {.fd = fd, .ready = heard, .ctx = c}};
    server.at_once++;
    server.most = MAX(server.most, server.at_once);
    ensure(loop_watch(loop, &c->source, EPOLLIN));
}

static void server_open(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    memset(&server, 0, sizeof(server));
    server.source =
        (struct source){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .ready = called};
    ensure(bind(server.source.fd, (struct sockaddr *)&at, len) == 0);
    ensure(listen(server.source.fd, 64) == 0);
    ensure(getsockname(server.source.fd, (struct sockaddr *)&at, &len) == 0);
    server.port = ntohs(at.sin_port);
    ensure(loop_watch(loop, &server.source, EPOLLIN));
}

static void server_close(void)
{
    for (u32 i = 0; i < server.count; i++)
        if (server.clients[i].source.fd >= 0)
            hang_up(&server.clients[i]);
    loop_watch(loop, &server.source, 0);
    close(server.source.fd);
}

/* ---- who asks ---- */

static struct {
    u64 token;
    char octets[64];
    size_t len;
    const char *fault;
} done[DONE_MAX];
static u32 done_count, looked_up;
static char host[TARGET_HOST_MAX];

static void is_done(void *ctx, u64 token, struct bytes octets, const char *fault)
{
    (void)ctx;
    ensure(done_count < DONE_MAX && octets.len < sizeof(done[0].octets));
    done[done_count].token = token;
    done[done_count].fault = fault;
    done[done_count].len = octets.len;
    if (octets.len)
        memcpy(done[done_count].octets, octets.at, octets.len);
    done[done_count++].octets[octets.len] = '\0';
}

static bool resolve(void *ctx, u32 number, const char *name)
{
    (void)ctx;
    looked_up = number;
    snprintf(host, sizeof(host), "%s", name);
    return strcmp(name, "unasked.example") != 0;
}

static void begin(void)
{
    const struct fetch_use use = {.resolve = resolve, .done = is_done};
    loop = loop_new();
    server_open();
    done_count = looked_up = 0;
    fetcher = fetcher_new(loop, &use);
    ensure(fetcher);
    fetcher_allow_private(fetcher, true);
}

static void end(void)
{
    fetcher_free(fetcher);
    server_close();
    loop_free(loop);
}

static void until(u32 count)
{
    shrike_time late = loop_clock(loop) + 3 * SHRIKE_SECOND;
    while (done_count < count && loop_clock(loop) < late)
        loop_turn(loop, 20 * SHRIKE_MS);
}

static bool ask_at(const char *name, const char *path, u64 token)
{
    char url[TARGET_URL_MAX];
    snprintf(url, sizeof(url), "http://%s:%u%s", name, server.port, path);
    const struct fetch_ask a = {.token = token, .url = url, .most = 10};
    return fetch(fetcher, &a);
}

/* What came of this path; NULL: nothing. */
static const char *of(const char *path)
{
    u32 before = done_count;
    ensure(ask_at("127.0.0.1", path, 7));
    ensure(done_count == before); /* never from within */
    until(before + 1);
    if (done_count != before + 1 || done[before].token != 7)
        return NULL;
    return done[before].fault ? done[before].fault : done[before].octets;
}

static bool is(const char *text, const char *wanted)
{
    if (!text || strcmp(text, wanted) != 0)
        printf("# %s\n", text ? text : "nothing");
    return text && strcmp(text, wanted) == 0;
}
#define IS(text, wanted) CHECK(is(text, wanted))

TEST(what_a_server_has)
{
    begin();
    IS(of("/good"), "hello");
    CHECK(strncmp(server.last, "GET /good HTTP/1.1\r\nHost: 127.0.0.1:", 36) == 0);
    IS(of("/chunks"), "hello");
    IS(of("/none"), "was refused by its server");
    IS(of("/cut"), "cannot be reached");
    IS(of("/large"), "is too large");
    struct fetch_numbers n = fetcher_numbers(fetcher);
    CHECK(n.now == 0 && n.asked == 5 && n.came == 2 && n.failed == 3 && n.most == 1);
    end();
}

static u32 seen; /* of what was told, at the last settling */
static bool overslept;

static bool look(void *ctx)
{
    (void)ctx;
    seen = done_count;
    if (seen > 0)
        loop_stop(loop);
    return false;
}

static void too_late(void *ctx)
{
    (void)ctx;
    overslept = true;
    loop_stop(loop);
}

/* Also of those whose turn in a settling comes before that of the fetcher. */
TEST(who_is_told_is_asked_again_before_the_loop_sleeps)
{
    struct hook hook = {.settle = look};
    struct alarm alarm = {.ring = too_late};
    begin();
    loop_hook(loop, &hook);
    seen = 0;
    overslept = false;
    CHECK(ask_at("127.0.0.1", "/good", 1));
    loop_alarm(loop, &alarm, loop_clock(loop) + 2 * SHRIKE_SECOND);
    loop_run(loop);
    CHECK(seen == 1 && !overslept);
    loop_disarm(loop, &alarm);
    loop_unhook(loop, &hook);
    end();
}

TEST(a_question_is_posted)
{
    char url[64];
    begin();
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/responder", server.port);
    const struct fetch_ask a = {.token = 1,
                                .url = url,
                                .post = bytes_of("que\0stion", 9),
                                .type = "application/ocsp-request",
                                .most = 10};
    CHECK(fetch(fetcher, &a));
    until(1);
    CHECK(done_count == 1 && !done[0].fault && strcmp(done[0].octets, "hello") == 0);
    CHECK(strncmp(server.last, "POST /responder ", 16) == 0);
    CHECK(strstr(server.last, "Content-Type: application/ocsp-request\r\n"));
    CHECK(strstr(server.last, "Content-Length: 9\r\n"));
    end();
}

TEST(redirections_are_followed_but_not_for_ever_or_anywhere)
{
    begin();
    IS(of("/moved"), "hello");
    IS(of("/round"), "leads from one place to another");
    CHECK_EQ(server.count, 2 + 1 + FETCH_REDIRECTS);
    IS(of("/file"), "leads to where it may not");
    CHECK(ask_at("127.0.0.1", "/named", 8)); /* the other name is looked up too */
    until(4);
    CHECK(done_count == 3 && strcmp(host, "other.example") == 0);
    struct shrike_addr inside = {{127, 0, 0, 1}, 4};
    fetcher_allow_private(fetcher, false);
    fetch_resolved(fetcher, looked_up, &inside, 1);
    until(4);
    CHECK(done_count == 4 && done[3].fault && strstr(done[3].fault, "private"));
    end();
}

TEST(who_wants_no_redirection_has_none)
{
    char url[64];
    begin();
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/moved", server.port);
    const struct fetch_ask a = {.token = 1, .url = url, .most = 10, .straight = true};
    CHECK(fetch(fetcher, &a));
    until(1);
    IS(done[0].fault, "leads to another place, where it is not followed");
    CHECK_EQ(server.count, 1);
    end();
}

TEST(who_waits_for_less_is_told_earlier)
{
    char url[64];
    begin();
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/silent", server.port);
    shrike_time from = loop_clock(loop), limit = 200 * SHRIKE_MS;
    const struct fetch_ask a = {.token = 1, .url = url, .most = 10, .limit = limit};
    CHECK(fetch(fetcher, &a));
    until(1);
    IS(done[0].fault, "did not answer in time");
    CHECK(loop_clock(loop) >= from + limit);
    end();
}

TEST(names_are_looked_up_and_what_is_found_is_called)
{
    struct shrike_addr addrs[] = {{{127, 0, 0, 2}, 4}, {{127, 0, 0, 1}, 4}};
    begin();
    CHECK(ask_at("Crl.Example", "/good", 1));
    loop_turn(loop, 0);
    CHECK(strcmp(host, "crl.example") == 0 && looked_up != 0);
    fetch_resolved(fetcher, looked_up + 1, addrs, 2); /* of another question */
    fetch_resolved(fetcher, looked_up, addrs, 2);     /* at the first nobody is there */
    until(1);
    CHECK(done_count == 1 && !done[0].fault);
    CHECK(strstr(server.last, "Host: Crl.Example:") != NULL);
    CHECK(ask_at("crl.example", "/good", 2));
    loop_turn(loop, 0);
    fetch_resolved(fetcher, looked_up, NULL, 0);
    until(2);
    IS(done[1].fault, "has no address");
    CHECK(ask_at("unasked.example", "/good", 3));
    until(3);
    IS(done[2].fault, "could not be looked up");
    end();
}

TEST(hosts_of_our_own_are_left_alone)
{
    struct shrike_addr both[] = {{{10, 0, 0, 1}, 4}, {{192, 168, 0, 1}, 4}};
    begin();
    fetcher_allow_private(fetcher, false);
    CHECK(ask_at("127.0.0.1", "/good", 1));
    CHECK(ask_at("[::1]", "/good", 2));
    CHECK(ask_at("crl.example", "/good", 3));
    loop_turn(loop, 0);
    fetch_resolved(fetcher, looked_up, both, 2);
    until(3);
    CHECK_EQ(done_count, 3);
    for (u32 i = 0; i < done_count; i++)
        CHECK(done[i].fault && strstr(done[i].fault, "private"));
    CHECK_EQ(server.count, 0);
    end();
}

TEST(there_are_not_too_many)
{
    begin();
    for (u64 i = 0; i < FETCH_WAITING; i++)
        CHECK(ask_at("127.0.0.1", "/silent", i));
    CHECK(!ask_at("127.0.0.1", "/silent", 999));
    CHECK(!ask_at("u@127.0.0.1", "/good", 999));
    for (int i = 0; i < 50; i++)
        loop_turn(loop, 10 * SHRIKE_MS);
    CHECK_EQ(server.most, FETCH_AT_ONCE);
    CHECK_EQ(done_count, 0);
    CHECK_EQ(fetcher_numbers(fetcher).now, FETCH_WAITING);
    end(); /* with all of them under way */
}

/* Slow: as long as the limit. */
TEST(who_does_not_answer_is_given_up)
{
    begin();
    shrike_time from = loop_clock(loop);
    if (getenv("SHRIKE_SLOW")) {
        CHECK(ask_at("127.0.0.1", "/silent", 1));
        while (done_count == 0 && loop_clock(loop) < from + 2 * FETCH_LIMIT)
            loop_turn(loop, 100 * SHRIKE_MS);
        CHECK(done_count == 1 && done[0].fault && loop_clock(loop) >= from + FETCH_LIMIT);
    }
    end();
}

int main(void)
{
    if (!fetch_load()) {
        printf("skip fetch: no libcurl\n");
        return 0;
    }
    return RUN(what_a_server_has) | RUN(who_is_told_is_asked_again_before_the_loop_sleeps) |
           RUN(a_question_is_posted) | RUN(redirections_are_followed_but_not_for_ever_or_anywhere) |
           RUN(who_wants_no_redirection_has_none) | RUN(who_waits_for_less_is_told_earlier) |
           RUN(names_are_looked_up_and_what_is_found_is_called) |
           RUN(hosts_of_our_own_are_left_alone) | RUN(there_are_not_too_many) |
           RUN(who_does_not_answer_is_given_up);
}
