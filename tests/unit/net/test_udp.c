/* Tests of net/udp.c and net/local.c: real sockets on the loopback interface. */
#include "net/address.h"
#include "net/local.h"
#include "net/udp.h"
#include "test.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEEN_MAX 400

/* What came in. */
static struct seen {
    struct shrike_endpoint local, remote;
    bool marker, stray;
    u8 data[64];
    size_t len;
} seen[SEEN_MAX];
static u32 seen_count;

static struct udp u; /* large */
static struct loop *loop;
static int peer;                    /* a socket of the other side */
static struct shrike_endpoint from; /* where it is */

static struct seen *note(struct shrike_endpoint local, struct shrike_endpoint remote,
                         struct bytes data)
{
    if (seen_count == SEEN_MAX)
        abort();
    struct seen *s = &seen[seen_count++];
    *s = (struct seen){.local = local, .remote = remote, .len = data.len};
    if (data.len)
        memcpy(s->data, data.at, MIN(data.len, sizeof s->data));
    return s;
}

static void got(void *ctx, const struct shrike_datagram *d)
{
    (void)ctx;
    note(d->local, d->remote, bytes_of(d->data, d->len))->marker = d->marker;
    memset(d->data, 0xee, d->len); /* it is ours to change */
}

static void stray(void *ctx, const struct mail_stray *s)
{
    (void)ctx;
    note(s->local, s->remote, s->data)->stray = true;
}

static struct shrike_endpoint at(const char *text, u16 port)
{
    struct shrike_endpoint e = {.port = port};
    e.family = inet_pton(AF_INET, text, e.octets) == 1 ? 4 : 6;
    if (e.family == 6 && inet_pton(AF_INET6, text, e.octets) != 1)
        abort();
    return e;
}

static int bound(struct shrike_endpoint *e)
{
    struct sockaddr_storage a;
    socklen_t len = address_write(&a, e, 0);
    int on = 1, fd = socket(a.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        (e->family == 6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(fd, (struct sockaddr *)&a, len) != 0)
        abort();
    len = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &len) != 0 || !address_read(&a, e, NULL))
        abort();
    return fd;
}

/* Our two sockets of one family, at every address, and the peer's. The real port of the second. */
static u16 begin(const char *any, const char *peer_at)
{
    u16 port = 0;
    seen_count = 0;
    loop = loop_new();
    memset(&u, 0, sizeof u);
    u.loop = loop;
    u.got = got;
    u.stray = stray;
    for (u8 kind = SOCKET_IKE; kind <= SOCKET_NAT_T; kind++) {
        struct shrike_endpoint e = at(any, 0);
        int fd = bound(&e);
        struct mail_socket is = {kind, e.family, e.port};
        if (!udp_add(&u, &is, fd))
            abort();
        port = e.port;
    }
    from = at(peer_at, 0);
    peer = bound(&from);
    return port;
}

static void end(void)
{
    udp_close(&u);
    close(peer);
    loop_free(loop);
}

static void turns(int n)
{
    for (int i = 0; i < n; i++)
        loop_turn(loop, 0);
}

static void throw(const char *to, u16 port, const void *data, size_t len)
{
    struct sockaddr_storage a;
    struct shrike_endpoint e = at(to, port);
    socklen_t size = address_write(&a, &e, 0);
    if (sendto(peer, data, len, 0, (struct sockaddr *)&a, size) != (ssize_t)len)
        abort();
}

/* What the peer gets next: its length, -1: nothing; and where it came from. */
static ssize_t caught(u8 data[256], struct shrike_endpoint *whence)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    ssize_t n = recvfrom(peer, data, 256, 0, (struct sockaddr *)&a, &len);
    if (n >= 0 && !address_read(&a, whence, NULL))
        abort();
    return n;
}

static bool same_end(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* What is received is kept as it came, though it is changed in its place; what is sent, as it left.
 */
TEST(who_looks_on_sees_the_wire)
{
    u16 port = begin("0.0.0.0", "127.0.0.1");
    struct capture *c = u.capture = capture_new();
    struct shrike_send s = {.local = at("127.0.0.3", 4500), .remote = from, .marker = true};
    s.data = bytes_of("out", 3);
    throw("127.0.0.3", port, "\0\0\0\0in", 6);
    throw("127.0.0.3", port, "\377", 1);
    throw("127.0.0.3", port, "\0\0\1\0esp", 7);
    turns(2);
    udp_send(&u, &s);
    CHECK_EQ(c->count, 1); /* it has not left yet */
    udp_flush(&u);
    CHECK_EQ(c->count, 2);
    struct captured *in = capture_at(c, 0), *out = capture_at(c, 1);
    CHECK(in->len == 6 && memcmp(capture_data(c, in).at, "\0\0\0\0in", 6) == 0);
    CHECK(out->len == 7 && memcmp(capture_data(c, out).at, "\0\0\0\0out", 7) == 0);
    CHECK(in->marker && out->marker && !in->sent && out->sent);
    CHECK(in->local.port == port && out->local.port == port);
    CHECK(same_end(&in->remote, &from) && same_end(&out->remote, &from));
    u.capture = NULL;
    udp_send(&u, &s);
    udp_flush(&u);
    CHECK_EQ(c->count, 2);
    capture_free(c);
    end();
}

TEST(at_the_port_for_nat_traversal_three_kinds_are_told_apart)
{
    u16 port = begin("0.0.0.0", "127.0.0.1");
    throw("127.0.0.3", port, "\0\0\0\0ike", 7);
    throw("127.0.0.3", port, "\377", 1);
    throw("127.0.0.3", port, "\0\0\1\0esp", 7);
    throw("127.0.0.3", port, "\0\0\0", 3);
    throw("127.0.0.3", port, "", 0);
    throw("127.0.0.3", port, "\0\0\0\0", 4);
    turns(2);
    CHECK_EQ(seen_count, 3);
    struct shrike_endpoint here = at("127.0.0.3", 4500), really = at("127.0.0.3", port);
    CHECK(seen[0].marker && !seen[0].stray && seen[0].len == 3);
    CHECK_BYTES(seen[0].data, "ike", 3);
    CHECK(same_end(&seen[0].local, &here));
    CHECK(same_end(&seen[0].remote, &from));
    CHECK(seen[1].stray && seen[1].len == 7);
    CHECK_BYTES(seen[1].data, "\0\0\1\0esp", 7);
    CHECK(same_end(&seen[1].local, &really));
    CHECK(seen[2].marker && seen[2].len == 0);
    CHECK_EQ(u.counts.keepalives, 1);
    CHECK_EQ(u.counts.odd, 2);
    CHECK_EQ(u.counts.strays, 1);
    CHECK_EQ(u.counts.received, 2);
    end();
}

/* What comes meanwhile waits, for this process or for the next. */
static bool takes_joined(int fd)
{
    int on = 0;
    socklen_t len = sizeof on;
    return getsockopt(fd, IPPROTO_UDP, 104, &on, &len) == 0 && on == 1; /* UDP_GRO */
}

/* The system joins datagrams of one length, on their way from a card or, as here, never cuts what a
 * program left to it: IKE, ESP, and what is shorter at the end. For a socket that takes none it
 * cuts them again. */
TEST(what_was_joined_is_taken_apart)
{
    u16 port = begin("127.0.0.1", "127.0.0.1");
    u8 all[3 * 40 + 1] = {0};
    CHECK(!takes_joined(u.sockets[0].source.fd) && takes_joined(u.sockets[1].source.fd));
    memset(all + 4, 1, 36);
    memset(all + 40, 2, 40);
    memset(all + 80 + 4, 3, 36);
    all[120] = 0xff;
    u16 size = 40;
    CHECK(setsockopt(peer, IPPROTO_UDP, 103, &(int){size}, sizeof(int)) == 0); /* UDP_SEGMENT */
    throw("127.0.0.1", port, all, sizeof all);
    turns(4);
    CHECK_EQ(seen_count, 3);
    CHECK(seen[0].marker && seen[0].len == 36 && seen[0].data[0] == 1);
    CHECK(seen[1].stray && seen[1].len == 40 && seen[1].data[39] == 2);
    CHECK(seen[2].marker && seen[2].len == 36 && seen[2].data[35] == 3);
    CHECK(same_end(&seen[2].remote, &from) && same_end(&seen[2].local, &seen[0].local));
    CHECK_EQ(u.counts.received, 2);
    CHECK_EQ(u.counts.keepalives, 1);
    CHECK_EQ(u.counts.odd, 0);
    end();
}

TEST(the_deaf_hear_later)
{
    u16 port = begin("0.0.0.0", "127.0.0.1");
    udp_deafen(&u);
    udp_deafen(&u);
    throw("127.0.0.1", port, "\0\0\0\0ike", 7);
    turns(3);
    CHECK_EQ(seen_count, 0);
    CHECK_EQ(udp_listen(&u), 0);
    CHECK_EQ(udp_listen(&u), 0);
    turns(3);
    CHECK_EQ(seen_count, 1);
    end();
}

/* RFC 7296 2.23 (3) */
TEST(at_the_port_of_ike_nothing_is_taken_off)
{
    begin("0.0.0.0", "127.0.0.1");
    throw("127.0.0.1", u.sockets[0].is.port, "\0\0\0\0ike", 7);
    throw("127.0.0.1", u.sockets[0].is.port, "\377", 1);
    turns(2);
    CHECK_EQ(seen_count, 2);
    CHECK(!seen[0].marker && seen[0].len == 7 && seen[0].local.port == 500);
    end();
}

static void answers_leave_from_where_it_was_asked(const char *any, const char *peer_at,
                                                  const char *here)
{
    u8 data[256];
    struct shrike_endpoint whence, asked;
    for (u8 kind = 0; kind < 2; kind++) {
        begin(any, peer_at);
        asked = at(here, u.sockets[kind].is.port);
        throw(here, asked.port, "\0\0\0\0?", 5);
        turns(2);
        CHECK_EQ(seen_count, 1);
        struct shrike_send s = {seen[0].local, seen[0].remote, bytes_of("no, no", 6), false};
        udp_send(&u, &s); /* the marker is to come where this was */
        udp_flush(&u);
        CHECK_EQ(caught(data, &whence), 6);
        s.data = bytes_of("yes", 3);
        s.marker = seen[0].marker;
        udp_send(&u, &s);
        CHECK(caught(data, &whence) < 0); /* not before the flush */
        udp_flush(&u);
        CHECK_EQ(caught(data, &whence), kind ? 7 : 3);
        CHECK_BYTES(data, "\0\0\0\0", kind ? 4 : 0);
        CHECK_BYTES(data + (kind ? 4 : 0), "yes", 3);
        CHECK(same_end(&whence, &asked));
        end();
    }
}

/* RFC 7296 2 (3), 2.11 (2) */
TEST(answers_leave_from_the_address_asked)
{
    answers_leave_from_where_it_was_asked("0.0.0.0", "127.0.0.1", "127.0.0.7");
    if (!test_failed)
        answers_leave_from_where_it_was_asked("::", "::1", "::1");
}

TEST(without_an_address_the_system_chooses)
{
    u8 data[256];
    struct shrike_endpoint whence;
    begin("0.0.0.0", "127.0.0.9");
    struct shrike_send s = {{.port = 500}, from, bytes_of("hi", 2), false};
    udp_send(&u, &s);
    udp_flush(&u);
    CHECK_EQ(caught(data, &whence), 2);
    CHECK_EQ(whence.family, 4);
    CHECK_EQ(whence.port, u.sockets[0].is.port);
    end();
}

TEST(many_come_and_go)
{
    u8 data[256];
    struct shrike_endpoint whence;
    u16 port = begin("0.0.0.0", "127.0.0.1");
    for (u8 i = 0; i < 100; i++)
        throw("127.0.0.1", port, (u8[]){0, 0, 0, 0, i}, 5);
    turns(1);
    CHECK_EQ(seen_count, UDP_BATCH); /* one batch in a turn */
    turns(5);
    CHECK_EQ(seen_count, 100);
    for (u8 i = 0; i < 100; i++)
        CHECK(seen[i].len == 1 && seen[i].data[0] == i);
    for (u8 i = 0; i < 100; i++) { /* both sockets by turns; more than are gathered */
        struct shrike_send s = {at("127.0.0.1", i % 3 ? 4500 : 500), from, bytes_of(&i, 1),
                                i % 3 != 0};
        udp_send(&u, &s);
    }
    udp_flush(&u);
    udp_flush(&u);
    for (u8 i = 0; i < 100; i++) {
        CHECK_EQ(caught(data, &whence), i % 3 ? 5 : 1);
        CHECK_EQ(data[i % 3 ? 4 : 0], i);
        CHECK_EQ(whence.port, u.sockets[i % 3 ? 1 : 0].is.port);
    }
    CHECK(caught(data, &whence) < 0);
    CHECK_EQ(u.counts.sent, 100);
    end();
}

TEST(what_cannot_be_sent_is_dropped_and_told)
{
    u8 data[256];
    static u8 large[UDP_OUT_OCTETS];
    struct shrike_endpoint whence;
    begin("0.0.0.0", "127.0.0.1");
    struct shrike_send good = {at("127.0.0.1", 500), from, bytes_of("x", 1), false};
    struct shrike_send foreign = good, six = good, port = good, long_ = good;
    foreign.local = at("192.0.2.1", 500); /* not an address of ours */
    six.remote = at("::1", 500);          /* no socket */
    port.local.port = 501;
    long_.data = bytes_of(large, sizeof large);
    udp_send(&u, &good);
    udp_send(&u, &foreign);
    udp_send(&u, &six);
    udp_send(&u, &port);
    udp_send(&u, &long_);
    udp_send(&u, &good);
    udp_flush(&u);
    CHECK_EQ(caught(data, &whence), 1);
    CHECK_EQ(caught(data, &whence), 1);
    CHECK(caught(data, &whence) < 0);
    CHECK_EQ(u.counts.unsent, 4);
    CHECK_EQ(u.counts.sent, 2);
    CHECK(u.failed != 0);
    CHECK(same_end(&u.failed_to, &from));
    end();
}

TEST(a_datagram_of_the_other_process_is_taken_as_our_own)
{
    u16 port = begin("0.0.0.0", "127.0.0.1");
    struct mail_stray s = {at("127.0.0.5", port), from, 0, bytes_of("\0\0\0\0ike", 7)};
    udp_take(&u, &s);
    s.data = bytes_of("\377", 1);
    udp_take(&u, &s);
    s.local = at("::1", port); /* families differ */
    udp_take(&u, &s);
    CHECK_EQ(seen_count, 1);
    CHECK(seen[0].marker && seen[0].len == 3 && seen[0].local.port == 4500);
    CHECK_EQ(u.counts.keepalives, 1);
    CHECK_EQ(u.counts.odd, 1);
    end();
}

TEST(sockets_of_no_use_are_refused)
{
    begin("0.0.0.0", "127.0.0.1");
    struct mail_socket raw = {SOCKET_ESP, 4, 0}, odd = {SOCKET_IKE, 5, 500},
                       good = {SOCKET_IKE, 4, 500};
    CHECK(!udp_add(&u, &raw, socket(AF_INET, SOCK_DGRAM, 0)));
    CHECK(!udp_add(&u, &odd, socket(AF_INET, SOCK_DGRAM, 0)));
    CHECK(!udp_add(&u, &good, socket(AF_UNIX, SOCK_DGRAM, 0)));
    while (u.socket_count < UDP_SOCKETS_MAX)
        CHECK(udp_add(&u, &good, socket(AF_INET, SOCK_DGRAM, 0)));
    CHECK(!udp_add(&u, &good, socket(AF_INET, SOCK_DGRAM, 0)));
    end();
}

TEST(the_address_that_leads_to_a_peer)
{
    struct local l = {-1, -1};
    struct shrike_endpoint four = at("127.0.0.5", 500), six = at("::1", 500), here = {.port = 77};
    struct shrike_endpoint none = at("::", 500);
    CHECK(!local_find(&l, &four, &here));
    local_add(&l, 4, socket(AF_INET, SOCK_DGRAM, 0));
    local_add(&l, 6, socket(AF_INET6, SOCK_DGRAM, 0));
    for (int i = 0; i < 3; i++) { /* each look-up begins anew */
        CHECK(local_find(&l, &four, &here));
        CHECK(here.family == 4 && here.port == 77 && here.octets[0] == 127 && here.octets[3] == 1);
        CHECK(local_find(&l, &six, &here));
        CHECK(here.family == 6 && here.port == 77 && here.octets[15] == 1);
    }
    none.family = 0;
    CHECK(!local_find(&l, &none, &here));
    CHECK_EQ(here.family, 6); /* untouched */
    local_close(&l);
    CHECK(!local_find(&l, &four, &here));
}

TEST(addresses_as_text_and_back)
{
    char text[ADDRESS_TEXT];
    struct sockaddr_storage a;
    struct shrike_endpoint e = at("fe80::1:2", 4500), back;
    u32 scope = 0;
    CHECK(strcmp(address_text(&e, text), "[fe80::1:2]:4500") == 0);
    CHECK(address_is_link_local(&e));
    CHECK(address_write(&a, &e, 9) == sizeof(struct sockaddr_in6));
    CHECK(address_read(&a, &back, &scope) && scope == 9 && same_end(&e, &back));
    e = at("::ffff:192.0.2.1", 1);
    (void)address_write(&a, &e, 0);
    CHECK(!address_read(&a, &back, NULL));
    e = at("192.0.2.1", 65535);
    CHECK(strcmp(address_text(&e, text), "192.0.2.1:65535") == 0);
    CHECK(!address_is_link_local(&e));
    e.family = 0;
    CHECK(address_write(&a, &e, 0) == 0);
    CHECK(strcmp(address_text(&e, text), "any") == 0);
}

int main(void)
{
    return RUN(who_looks_on_sees_the_wire) |
           RUN(at_the_port_for_nat_traversal_three_kinds_are_told_apart) |
           RUN(at_the_port_of_ike_nothing_is_taken_off) |
           RUN(answers_leave_from_the_address_asked) | RUN(without_an_address_the_system_chooses) |
           RUN(many_come_and_go) | RUN(what_cannot_be_sent_is_dropped_and_told) |
           RUN(a_datagram_of_the_other_process_is_taken_as_our_own) |
           RUN(sockets_of_no_use_are_refused) | RUN(what_was_joined_is_taken_apart) |
           RUN(the_deaf_hear_later) | RUN(the_address_that_leads_to_a_peer) |
           RUN(addresses_as_text_and_back);
}
