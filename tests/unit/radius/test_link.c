/* radius/link: sockets on loopback, a server that answers, one that is not there. */
#include "radius/link.h"
#include "radius/radius.h"
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static struct radius_link_conf conf;
static struct radius_server servers[2];
static struct md5 *md5;
static struct shrike_provider *toy;
static struct loop *loop;
static unsigned answered, unanswered, silent;
static u16 answered_by;

static void told(void *ctx, const struct radius_output *what)
{
    (void)ctx;
    answered += what->kind == RADIUS_ANSWERED;
    unanswered += what->kind == RADIUS_UNANSWERED;
    silent += what->kind == RADIUS_SILENT;
    if (what->kind == RADIUS_ANSWERED)
        answered_by = what->place.server;
}

/* A socket of a server on a port of its own, or that port after it has gone. */
static int server(bool stays, struct shrike_endpoint *end)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(name);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&name, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) < 0)
        return -1;
    *end = (struct shrike_endpoint){
        .octets = {127, 0, 0, 1}, .port = ntohs(name.sin_port), .family = 4};
    if (stays)
        return fd;
    close(fd);
    return -1;
}

/* Answers all that has come; how many. */
static unsigned serve(int fd)
{
    u8 at[RADIUS_MAX], out[RADIUS_MAX];
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    struct radius_packet p;
    unsigned n = 0;
    ssize_t got;
    while ((got = recvfrom(fd, at, sizeof(at), MSG_DONTWAIT, (struct sockaddr *)&from, &len)) > 0) {
        if (!radius_packet_read(bytes_of(at, (size_t)got), &p))
            continue;
        struct bytes b = answer_of(md5, out, RADIUS_ACCESS_ACCEPT, p.id, p.authenticator);
        n += sendto(fd, b.at, b.len, 0, (struct sockaddr *)&from, len) == (ssize_t)b.len;
    }
    return n;
}

static struct radius_link *open_link(u16 count)
{
    for (int i = 0; i < 2; i++)
        servers[i] = (struct radius_server){
            "s", "nas", bytes_of(RADIUS_SECRET, strlen(RADIUS_SECRET)), (u32)(2 - i), 1};
    conf.client =
        (struct radius_client_conf){servers, count, 2, 100, 20 * SHRIKE_MS, 60 * SHRIKE_SECOND};
    conf.told = told;
    toy = provider_toy_new(1);
    answered = unanswered = silent = 0;
    md5 = md5_new();
    loop = loop_new();
    conf.md5 = md5;
    conf.provider = toy;
    return md5 && toy && loop ? radius_link_new(loop, &conf) : NULL;
}

static void close_link(struct radius_link *k)
{
    radius_link_free(k);
    loop_free(loop);
    provider_toy_free(toy);
    md5_free(md5);
}

static u64 ask(struct radius_link *k)
{
    return radius_link_ask(k, &(struct radius_question){.server = RADIUS_ANY, .about = 1});
}

TEST(a_server_answers)
{
    int fd = server(true, &conf.ends[0][RADIUS_AUTHENTICATION]);
    struct radius_link *k = open_link(1);
    CHECK(fd >= 0 && k);
    for (int i = 0; i < 20; i++)
        CHECK(ask(k));
    unsigned served = 0;
    for (int i = 0; i < 200 && answered < 20; i++) {
        served += serve(fd);
        loop_turn(loop, 10 * SHRIKE_MS);
    }
    CHECK(answered == 20 && served >= 20);
    CHECK(unanswered == 0 && silent == 0);
    close_link(k);
    close(fd);
}

TEST(nobody_is_there)
{
    server(false, &conf.ends[0][RADIUS_AUTHENTICATION]);
    int fd = server(true, &conf.ends[1][RADIUS_AUTHENTICATION]);
    struct radius_link *k = open_link(2);
    CHECK(fd >= 0 && k && ask(k));
    for (int i = 0; i < 200 && answered < 1; i++) {
        serve(fd);
        loop_turn(loop, 10 * SHRIKE_MS);
    }
    CHECK(answered == 1 && answered_by == 1 && silent == 1);
    close_link(k);
    close(fd);
}

TEST(nothing_is_said)
{
    int fd = server(true, &conf.ends[0][RADIUS_AUTHENTICATION]);
    struct radius_link *k = open_link(1);
    CHECK(fd >= 0 && k && ask(k));
    u64 dropped = ask(k);
    radius_link_drop(k, dropped);
    for (int i = 0; i < 200 && unanswered < 1; i++)
        loop_turn(loop, 10 * SHRIKE_MS);
    CHECK(unanswered == 1 && answered == 0);
    CHECK_EQ(radius_client_counts(radius_link_client(k), 0, 0)->sent_again, 1);
    close_link(k);
    close(fd);
}

int main(void)
{
    return RUN(a_server_answers) | RUN(nobody_is_there) | RUN(nothing_is_said);
}
