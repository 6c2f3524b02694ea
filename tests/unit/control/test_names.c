/* Names in connections: their places, and what becomes of the address that an initiator takes.
 * localhost is what can be resolved everywhere. */
#include "base/cursor.h"
#include "config/merge.h"
#include "control/names.h"
#include "control/start.h"
#include "test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct names names;
static struct config_report report;
static struct config *files;
static u32 changes;

static void changed(void *ctx, const char *name, const struct resolved *answer)
{
    (void)ctx, (void)name, (void)answer;
    changes++;
}

static bool read_text(const char *text)
{
    char path[] = "/tmp/shrike-names-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        abort();
    close(fd);
    config_free(files);
    const struct config_files from = {.config = path};
    files = config_load(&from, &report);
    unlink(path);
    return files != NULL;
}

#define CONN(name, addrs)                                                                          \
    name " { local_addrs = 127.0.0.1\n remote_addrs = " addrs                                      \
         "\n remote_port = 77\n local { auth = psk }\n remote { auth = psk } }\n"

static void begin(const char *text)
{
    loop = loop_new();
    memset(&names, 0, sizeof names);
    names.changed = changed;
    changes = 0;
    if (!loop || !names_open(&names, loop) || !read_text(text))
        abort();
}

static void end(void)
{
    names_close(&names);
    config_free(files);
    files = NULL;
    loop_free(loop);
}

static struct config *merged(void)
{
    const struct config *parts[] = {files};
    struct config *c = config_merge(parts, 1, &report);
    if (!names_use(&names, c))
        abort();
    return c;
}

static void settle(void)
{
    shrike_time from = loop_clock(loop);
    while (names.asked && loop_clock(loop) - from < 5 * SHRIKE_SECOND)
        loop_turn(loop, 50 * SHRIKE_MS);
}

TEST(a_name_fills_its_place)
{
    bool waits = false;
    begin("connections {\n" CONN("a", "10.1.0.0/16, localhost, 10.3.0.1") "}\n");
    struct config *c = merged();
    CHECK(c->conf.conns->remote_addr_count == 3 && c->conf.conns->remote_endpoint.family == 0);
    CHECK(strcmp(names_missing(&names, c->beside, &waits), "localhost") == 0 && waits);
    config_free(c);
    settle();
    CHECK_EQ(changes, 1);
    c = merged();
    const struct shrike_conn *conn = c->conf.conns;
    CHECK(!names_missing(&names, c->beside, &waits));
    CHECK(conn->remote_addr_count >= 3 && conn->remote_addrs[0].prefix_bits == 16);
    const struct shrike_net *last = &conn->remote_addrs[conn->remote_addr_count - 1];
    CHECK(last->addr.octets[1] == 3 && last->prefix_bits == 32); /* the order stays */
    CHECK(conn->remote_endpoint.port == 77);
    CHECK(conn->remote_endpoint.family == 4 ? conn->remote_endpoint.octets[0] == 127
                                            : conn->remote_endpoint.octets[15] == 1);
    CHECK_EQ(conn->hash, files->conf.conns->hash);
    CHECK(files->conf.conns->remote_addr_count == 3); /* what was read stays as it is */
    config_free(c);
    end();
}

TEST(names_no_longer_there_are_forgotten)
{
    begin("connections {\n" CONN("a", "localhost") CONN("b", "nobody.invalid") "}\n");
    config_free(merged());
    CHECK_EQ(names.count, 2);
    CHECK(read_text("connections {\n" CONN("a", "localhost") "}\n"));
    config_free(merged()); /* while it is asked for */
    CHECK_EQ(names.count, 1);
    settle();
    CHECK(names.asked == 0 && changes == 1);
    end();
}

TEST(more_names_than_are_asked_at_once)
{
    static char text[65536];
    size_t len = (size_t)snprintf(text, sizeof text, "connections {\n");
    for (int i = 0; i < 2 * NAMES_ASKED; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, CONN("c%d", "x%d.localhost"), i, i);
    snprintf(text + len, sizeof text - len, "}\n");
    begin(text);
    config_free(merged());
    CHECK(names.count == 2 * NAMES_ASKED && names.asked <= NAMES_ASKED);
    settle();
    CHECK(names.asked == 0 && changes == 2 * NAMES_ASKED); /* each is known, or known to be not */
    end();
}

/* A name server for one name: another address each time, to be asked again at once. */
struct server {
    struct source source;
    char name[32];
    u8 answers;
};

static void serve(void *ctx, u32 events)
{
    struct server *s = ctx;
    u8 in[512], out[600];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    (void)events;
    ssize_t n = recvfrom(s->source.fd, in, sizeof in, 0, (struct sockaddr *)&from, &from_len);
    size_t end = 12;
    while (n > 0 && end < (size_t)n && in[end])
        end += 1u + in[end];
    end += 5; /* the end of the name, type, class */
    if (n < 0 || end > (size_t)n)
        return;
    bool v4 = in[end - 3] == 1;
    struct writer w = writer_of(out, sizeof out);
    write_bytes(&w, bytes_of(in, end));
    if (v4)
        write_bytes(&w, bytes_of("\300\14\0\1\0\1\0\0\0\1\0\4\300\0\2", 15));
    if (v4)
        write_u8(&w, ++s->answers);
    write_u16_at(&w, 2, 0x8180);
    write_u16_at(&w, 6, v4);
    write_u32_at(&w, 8, 0);
    if (sendto(s->source.fd, out, written(&w), 0, (struct sockaddr *)&from, from_len) < 0)
        abort();
}

static void server_open(struct server *s)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    *s = (struct server){.source = {.ready = serve, .ctx = s}};
    s->source.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->source.fd < 0 || bind(s->source.fd, (struct sockaddr *)&at, len) != 0 ||
        getsockname(s->source.fd, (struct sockaddr *)&at, &len) != 0 ||
        !loop_watch(loop, &s->source, EPOLLIN))
        abort();
    snprintf(s->name, sizeof s->name, "127.0.0.1:%d", ntohs(at.sin_port));
}

/* Its time to live is over: it is asked for again, and the new address takes the old one's place.
 */
TEST(a_name_that_moves)
{
    static struct server server;
    begin("connections {\n" CONN("a", "gw.test") "}\n");
    server_open(&server);
    resolver_free(names.resolver);
    names.resolver = resolver_new_for(loop, server.name, 2 * SHRIKE_SECOND);
    CHECK(names.resolver);
    config_free(merged());
    settle();
    CHECK(changes == 1 && server.answers == 1);
    shrike_time from = loop_clock(loop);
    while (changes < 2 && loop_clock(loop) - from < (RESOLVE_TTL_MIN + 3) * SHRIKE_SECOND)
        loop_turn(loop, 100 * SHRIKE_MS);
    CHECK(changes == 2 && server.answers == 2);
    struct config *c = merged();
    CHECK(c->conf.conns->remote_addr_count == 1 && c->conf.conns->remote_endpoint.family == 4);
    CHECK_EQ(c->conf.conns->remote_endpoint.octets[3], 2);
    config_free(c);
    loop_watch(loop, &server.source, 0);
    close(server.source.fd);
    end();
}

TEST(waits_of_a_start)
{
    CHECK(start_wait(1, 20) == 2 * SHRIKE_SECOND && start_wait(2, 20) == 4 * SHRIKE_SECOND);
    CHECK(start_wait(3, 20) == 8 * SHRIKE_SECOND && start_wait(40, 20) == 300 * SHRIKE_SECOND);
    CHECK(start_wait(UINT32_MAX, 20) == 300 * SHRIKE_SECOND);
    for (u32 random = 0; random < 200; random++) {
        shrike_time wait = start_wait(1, random);
        CHECK(wait >= 1600 * SHRIKE_MS && wait <= 2400 * SHRIKE_MS);
    }
    CHECK(start_wait(1, 0) != start_wait(1, 40));
}

int main(void)
{
    return RUN(a_name_fills_its_place) | RUN(names_no_longer_there_are_forgotten) |
           RUN(more_names_than_are_asked_at_once) | RUN(a_name_that_moves) | RUN(waits_of_a_start);
}
