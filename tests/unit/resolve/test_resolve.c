/* Names to addresses, against a name server of the test's own in the same loop. */
#include "base/cursor.h"
#include "resolve/resolve.h"
#include "test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { A = 1, CNAME = 5, AAAA = 28, NXDOMAIN = 3, REFUSED = 5 };

/* The name server: what it says to each name is in answer_to(). */
struct server {
    struct source source;
    struct loop *loop;
    char name[32]; /* "127.0.0.1:5353" */
    unsigned asked;
};

static void write_record(struct writer *w, u16 type, u32 ttl, const void *data, u16 len)
{
    write_u16(w, 0xc00c); /* the name of the question */
    write_u16(w, type);
    write_u16(w, 1);
    write_u32(w, ttl);
    write_u16(w, len);
    write_bytes(w, bytes_of(data, len));
}

static unsigned write_many(struct writer *w, unsigned n, u32 ttl)
{
    for (unsigned i = 0; i < n; i++)
        write_record(w, A, ttl, (u8[]){192, 0, 2, (u8)(i + 1)}, 4);
    return n;
}

/* Writes records and gives their number, or 0x100 and a response code. */
static unsigned answer_to(const char *name, u16 type, struct writer *w)
{
    static const u8 v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    static const u8 target[] = "\6target\4test";
    unsigned n = 0;
    if (strcmp(name, "alias") == 0 && type == A) {
        write_record(w, CNAME, 7, target, sizeof target);
        write_bytes(w, bytes_of(target, sizeof target));
        write_u16(w, A);
        write_u16(w, 1);
        write_u32(w, 900);
        write_u16(w, 4);
        write_bytes(w, bytes_of("\300\0\2\5", 4));
        return 2;
    }
    if (strcmp(name, "both") == 0 && type == AAAA) {
        write_record(w, AAAA, 200, v6, 16);
        return 1;
    }
    if (strcmp(name, "none") == 0)
        return 0x100 + NXDOMAIN;
    if (strcmp(name, "refused") == 0)
        return 0x100 + REFUSED;
    if (type != A)
        return n;
    if (strcmp(name, "one") == 0 || strcmp(name, "both") == 0)
        n = write_many(w, 1, 300);
    else if (strcmp(name, "short") == 0)
        n = write_many(w, 1, 1);
    else if (strcmp(name, "long") == 0)
        n = write_many(w, 1, 864000);
    else if (strcmp(name, "mixed") == 0)
        n = write_many(w, 1, 300) + write_many(w, 2, 60); /* the first twice */
    else if (strcmp(name, "many") == 0)
        n = write_many(w, 20, 300);
    return n;
}

static void serve(void *ctx, u32 events)
{
    struct server *s = ctx;
    u8 in[512], out[1024];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    (void)events;
    ssize_t n = recvfrom(s->source.fd, in, sizeof in, 0, (struct sockaddr *)&from, &from_len);
    s->asked++;
    if (n < 17 || (size_t)n < 13u + in[12] + 6u)
        return;
    /* Header, then one name of labels, its type and its class. */
    char name[64] = {0};
    memcpy(name, in + 13, MIN(in[12], sizeof name - 1));
    size_t end = 12;
    while (end < (size_t)n && in[end])
        end += 1u + in[end];
    end += 5;
    if (end > (size_t)n || strcmp(name, "silent") == 0)
        return;
    struct writer w = writer_of(out, sizeof out);
    write_bytes(&w, bytes_of(in, end));
    unsigned records = answer_to(name, (u16)(in[end - 4] << 8 | in[end - 3]), &w);
    write_u16_at(&w, 2, (u16)(0x8180 | (records & 0x100 ? records & 0xf : 0)));
    write_u16_at(&w, 6, records & 0x100 ? 0 : (u16)records);
    write_u16_at(&w, 8, 0);
    write_u16_at(&w, 10, 0); /* no EDNS */
    if (sendto(s->source.fd, out, written(&w), 0, (struct sockaddr *)&from, from_len) < 0)
        abort();
}

static void server_open(struct server *s, struct loop *l)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    *s = (struct server){.loop = l, .source = {.ready = serve, .ctx = s}};
    s->source.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->source.fd < 0 || bind(s->source.fd, (struct sockaddr *)&at, len) != 0 ||
        getsockname(s->source.fd, (struct sockaddr *)&at, &len) != 0 ||
        !loop_watch(l, &s->source, EPOLLIN))
        abort();
    snprintf(s->name, sizeof s->name, "127.0.0.1:%d", ntohs(at.sin_port));
}

static void server_close(struct server *s)
{
    loop_watch(s->loop, &s->source, 0);
    close(s->source.fd);
}

struct told {
    unsigned calls;
    struct resolved a;
};

static void done(void *ctx, const struct resolved *answer)
{
    struct told *t = ctx;
    t->calls++;
    t->a = *answer;
}

static struct loop *l;
static struct server server;
static struct resolver *r;

static void set_up(shrike_time limit)
{
    l = loop_new();
    if (!l)
        abort();
    server_open(&server, l);
    r = resolver_new_for(l, server.name, limit);
    if (!r)
        abort();
}

static void tear_down(void)
{
    resolver_free(r);
    server_close(&server);
    loop_free(l);
}

static void turn(shrike_time for_at_most, const unsigned *until)
{
    shrike_time end = loop_clock(l) + for_at_most;
    while (loop_clock(l) < end && !(until && *until))
        loop_turn(l, 20 * SHRIKE_MS);
}

static struct told ask(const char *name, u8 family)
{
    struct told t = {0};
    if (resolver_ask(r, name, family, done, &t)) {
        if (t.calls)
            abort(); /* never from within the call */
        turn(5 * SHRIKE_SECOND, &t.calls);
    }
    return t;
}

TEST(names_have_addresses_and_times)
{
    set_up(10 * SHRIKE_SECOND);
    struct told t = ask("one.test", 0);
    CHECK_EQ(t.calls, 1);
    CHECK(t.a.ok);
    CHECK_EQ(t.a.count, 1);
    CHECK_EQ(t.a.ttl_s, 300);
    CHECK_EQ(t.a.addrs[0].family, 4);
    CHECK_BYTES(t.a.addrs[0].octets, "\300\0\2\1\0\0", 6);
    CHECK_EQ(ask("short.test", 4).a.ttl_s, RESOLVE_TTL_MIN);
    CHECK_EQ(ask("long.test", 4).a.ttl_s, RESOLVE_TTL_MAX);
    t = ask("mixed.test", 4);
    CHECK_EQ(t.a.count, 2);
    t = ask("alias.test", 4);
    CHECK(t.a.ok);
    CHECK_EQ(t.a.ttl_s, 7); /* of the alias: the least */
    CHECK_EQ(ask("many.test", 4).a.count, RESOLVED_MAX);
    CHECK_EQ(t.calls, 1);
    tear_down();
}

TEST(families_are_kept_apart)
{
    set_up(10 * SHRIKE_SECOND);
    struct told t = ask("both.test", 0);
    CHECK_EQ(t.a.count, 2);
    CHECK(t.a.addrs[0].family != t.a.addrs[1].family);
    t = ask("both.test", 6);
    CHECK_EQ(t.a.count, 1);
    CHECK_EQ(t.a.addrs[0].family, 6);
    CHECK_EQ(t.a.addrs[0].octets[15], 1);
    CHECK_EQ(t.a.ttl_s, 200);
    t = ask("one.test", 6);
    CHECK(!t.a.ok);
    CHECK(strcmp(t.a.why, "the name has no address of this kind") == 0);
    tear_down();
}

TEST(failures_have_reasons)
{
    set_up(300 * SHRIKE_MS);
    struct told t = ask("none.test", 4);
    CHECK(t.calls == 1 && !t.a.ok);
    CHECK(strcmp(t.a.why, "there is no such name") == 0);
    CHECK(t.a.ttl_s >= RESOLVE_TTL_MIN && t.a.count == 0);
    t = ask("refused.test", 4);
    CHECK(strcmp(t.a.why, "no name server can be reached or is willing") == 0 ||
          strcmp(t.a.why, "the name server refuses") == 0); /* an older c-ares, a newer one */
    shrike_time before = loop_clock(l);
    t = ask("silent.test", 4);
    CHECK(t.calls == 1 && !t.a.ok);
    CHECK(strcmp(t.a.why, "no name server answers") == 0);
    CHECK(loop_clock(l) - before >= 300 * SHRIKE_MS);
    CHECK(loop_clock(l) - before < 2 * SHRIKE_SECOND);
    turn(100 * SHRIKE_MS, NULL);
    CHECK_EQ(t.calls, 1);
    char long_name[400];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    CHECK_EQ(ask(long_name, 4).calls, 0);
    CHECK_EQ(ask("", 4).calls, 0);
    CHECK(strcmp(resolver_why(r), "this cannot be a name") == 0);
    tear_down();
}

TEST(a_lost_datagram_is_asked_again)
{
    set_up(10 * SHRIKE_SECOND);
    loop_watch(l, &server.source, 0);
    struct told t = {0};
    CHECK(resolver_ask(r, "one.test", 4, done, &t));
    turn(50 * SHRIKE_MS, NULL);
    char lost[512];
    CHECK(recv(server.source.fd, lost, sizeof lost, MSG_DONTWAIT) > 0);
    CHECK(loop_watch(l, &server.source, EPOLLIN));
    turn(5 * SHRIKE_SECOND, &t.calls);
    CHECK(t.calls == 1 && t.a.ok);
    tear_down();
}

TEST(addresses_and_the_hosts_file_need_no_server)
{
    char path[] = "/tmp/test_resolve_XXXXXX";
    int fd = mkstemp(path);
    static const char hosts[] = "192.0.2.99 gateway.example gw\n2001:db8::99 gateway.example\n";
    CHECK(fd >= 0 && write(fd, hosts, sizeof hosts - 1) == (ssize_t)sizeof hosts - 1);
    close(fd);
    CHECK(setenv("CARES_HOSTS", path, 1) == 0);
    set_up(SHRIKE_SECOND);
    struct told t = ask("gateway.example", 4);
    struct told both = ask("gateway.example", 0);
    unlink(path);
    CHECK(t.calls == 1 && t.a.ok);
    CHECK_EQ(t.a.count, 1);
    CHECK_EQ(t.a.addrs[0].octets[3], 99);
    CHECK(t.a.ttl_s > RESOLVE_TTL_MIN);
    CHECK_EQ(both.a.count, 2);
    t = ask("2001:db8::1", 0);
    CHECK(t.a.ok && t.a.addrs[0].family == 6);
    CHECK_EQ(t.a.ttl_s, RESOLVE_TTL_MAX);
    t = ask("192.0.2.7", 6);
    CHECK(t.calls == 1 && !t.a.ok);
    CHECK_EQ(server.asked, 0);
    tear_down();
}

TEST(cancelled_questions_stay_silent)
{
    set_up(10 * SHRIKE_SECOND);
    struct told a = {0}, b = {0};
    CHECK(resolver_ask(r, "one.test", 4, done, &a));
    CHECK(resolver_ask(r, "many.test", 4, done, &a));
    CHECK(resolver_ask(r, "short.test", 4, done, &b));
    loop_turn(l, 0); /* in flight */
    resolver_cancel(r, &a);
    turn(5 * SHRIKE_SECOND, &b.calls);
    turn(50 * SHRIKE_MS, NULL);
    CHECK_EQ(a.calls, 0);
    CHECK_EQ(b.calls, 1);
    CHECK(resolver_ask(r, "192.0.2.1", 4, done, &a)); /* answered, not yet told */
    resolver_cancel(r, &a);
    turn(50 * SHRIKE_MS, NULL);
    CHECK_EQ(a.calls, 0);
    CHECK(resolver_ask(r, "silent.test", 4, done, &a)); /* in flight at the end */
    loop_turn(l, 0);
    tear_down();
    CHECK_EQ(a.calls, 0);
}

static void again(void *ctx, const struct resolved *answer)
{
    struct told *t = ctx;
    done(ctx, answer);
    resolver_cancel(r, ctx);
    if (t->calls < 3 && !resolver_ask(r, "one.test", 4, again, ctx))
        abort();
}

TEST(who_is_told_may_ask_and_cancel)
{
    set_up(10 * SHRIKE_SECOND);
    struct told t = {0};
    CHECK(resolver_ask(r, "one.test", 4, again, &t));
    CHECK(resolver_ask(r, "many.test", 4, again, &t));
    turn(300 * SHRIKE_MS, NULL);
    CHECK_EQ(t.calls, 3);
    tear_down();
}

TEST(questions_are_bounded)
{
    set_up(200 * SHRIKE_MS);
    struct told t = {0};
    for (unsigned i = 0; i < RESOLVER_ASKED; i++)
        CHECK(resolver_ask(r, "silent.test", 4, done, &t));
    CHECK(!resolver_ask(r, "silent.test", 4, done, &t));
    CHECK(strcmp(resolver_why(r), "too many names are being asked for") == 0);
    CHECK_EQ(t.calls, 0);
    shrike_time end = loop_clock(l) + 5 * SHRIKE_SECOND;
    while (t.calls < RESOLVER_ASKED && loop_clock(l) < end)
        loop_turn(l, 20 * SHRIKE_MS);
    CHECK_EQ(t.calls, RESOLVER_ASKED);
    CHECK(ask("one.test", 4).a.ok); /* there is room again */
    tear_down();
}

int main(void)
{
    return RUN(names_have_addresses_and_times) | RUN(families_are_kept_apart) |
           RUN(failures_have_reasons) | RUN(a_lost_datagram_is_asked_again) |
           RUN(addresses_and_the_hosts_file_need_no_server) | RUN(cancelled_questions_stay_silent) |
           RUN(who_is_told_may_ask_and_cancel) | RUN(questions_are_bounded);
}
