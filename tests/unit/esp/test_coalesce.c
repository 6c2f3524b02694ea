/* Packets put together: what belongs together becomes one, and cut again it is what it was. */
#include "esp/coalesce.h"
#include "esp/segment.h"
#include "test.h"
#include "traffic.h"
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#define PACKETS 100

static u8 packets[PACKETS][2048], super[70000];
static struct esp_tun ours, theirs;
static struct esp_counters counters;
static struct coalesce c;
static struct tun_meta meta;

static void setup(void)
{
    int fd[2];
    int size = 1 << 20;
    ensure(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) == 0);
    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    esp_tun_open(&ours, fd[0], true);
    esp_tun_open(&theirs, fd[1], true);
    ours.uso = true;
    memset(&c, 0, sizeof(c));
    memset(&counters, 0, sizeof(counters));
    c.tun = &ours;
    c.counters = &counters;
}

static void teardown(void)
{
    esp_tun_close(&ours);
    esp_tun_close(&theirs);
}

/* Deliver this as packet i; `spoilt` breaks its checksum. */
static size_t give(int i, const struct traffic *t, bool spoilt)
{
    struct inner p;
    size_t len = traffic_write(packets[i], sizeof(packets[i]), t);
    packets[i][len - 1] ^= spoilt;
    ensure(inner_parse(packets[i], len, &p));
    coalesce_packet(&c, packets[i], &p);
    return len;
}

/* The next packet that the device was given; 0: there is none. */
static size_t take(void)
{
    bool bad;
    return esp_tun_read(&theirs, super, sizeof(super), &meta, &bad);
}

static void stream(struct traffic t, int count, size_t last)
{
    struct traffic first = t;
    size_t payload = t.len * (size_t)(count - 1) + last;
    setup();
    for (int i = 0; i < count; i++) {
        if (i == count - 1)
            t.len = last;
        give(i, &t, false);
        t.seq += (u32)t.len;
        t.id++;
    }
    coalesce_flush(&c);
    size_t len = take(), done = 0, n;
    struct inner p;
    struct cutter cutter;
    CHECK(len > payload);
    CHECK_EQ(take(), 0); /* a single one */
    CHECK_EQ(meta.kind, first.protocol == TRAFFIC_TCP ? TUN_TCP : TUN_UDP);
    CHECK_EQ(meta.size, first.len);
    CHECK(meta.checksum_open);
    CHECK(inner_parse(super, len, &p) && p.len == len);
    CHECK(first.family == 6 || inner_checksum(super, 20, 0) == 0);
    u32 pseudo = traffic_pseudo(super, first.family, first.protocol, len - p.body_off);
    u8 *sum = super + meta.checksum_start + meta.checksum_at;
    CHECK_EQ(sum[0] << 8 | sum[1], pseudo);
    CHECK(cutter_begin(&cutter, super, &p, &meta));
    for (int i = 0; (n = cutter_next_len(&cutter)) > 0; i++) {
        u8 piece[2048], before[2048];
        t = first;
        t.seq += (u32)done;
        t.id = (u16)(first.id + i);
        t.len = i == count - 1 ? last : first.len;
        CHECK_EQ(traffic_write(before, sizeof(before), &t), n);
        cutter_write(&cutter, piece);
        CHECK_BYTES(piece, before, n);
        done += t.len;
    }
    CHECK_EQ(done, payload);
    teardown();
}

TEST(streams_come_out_as_they_went_in)
{
    for (int i = 0; i < 4 && !test_failed; i++) {
        struct traffic t = {.family = i & 1 ? 6 : 4,
                            .protocol = TRAFFIC_TCP,
                            .options = i & 2,
                            .seq = 0xfffff000,
                            .tos = 0x28,
                            .id = 0xfff0,
                            .len = 999};
        stream(t, 2, 999);
        stream(t, 40, 999);
        stream(t, 40, 1);
        t.may_fragment = true; /* and its numbers go on */
        stream(t, 20, 999);
    }
}

/* Sequence numbers are payload here: UDP pieces all begin with the same. */
TEST(datagrams_are_put_together)
{
    setup();
    for (int i = 0; i < 10; i++)
        give(i, &(struct traffic){.family = 4, .protocol = TRAFFIC_UDP, .len = i == 9 ? 7 : 500},
             false);
    coalesce_flush(&c);
    CHECK_EQ(take(), 28 + 9 * 500 + 7);
    CHECK_EQ(meta.kind, TUN_UDP);
    CHECK_EQ(meta.size, 500);
    CHECK_EQ(super[24] << 8 | super[25], 8 + 9 * 500 + 7);
    CHECK_EQ(take(), 0);
    ours.uso = false; /* the device knows no such thing */
    for (int i = 0; i < 3; i++)
        give(i, &(struct traffic){.family = 4, .protocol = TRAFFIC_UDP, .len = 500}, false);
    coalesce_flush(&c);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(take(), 528);
    teardown();
}

/* Two packets, the second changed: they must stay two, in order. */
static void apart(struct traffic a, struct traffic b, bool spoilt)
{
    setup();
    size_t len = give(0, &a, false), len_b = give(1, &b, spoilt);
    coalesce_flush(&c);
    CHECK_EQ(take(), len);
    CHECK_EQ(meta.kind, TUN_PLAIN);
    CHECK_BYTES(super, packets[0], len);
    CHECK_EQ(take(), len_b);
    CHECK_BYTES(super, packets[1], len_b);
    CHECK_EQ(traffic_right(super, len_b), !spoilt);
    teardown();
}

TEST(what_differs_stays_apart)
{
    struct traffic a = {.family = 4, .protocol = TRAFFIC_TCP, .seq = 1000, .len = 100, .id = 5};
    struct traffic next = a;
    next.seq = 1100;
    next.id = 6;
    struct traffic b = next;
    apart(a, b, true); /* a wrong checksum is handed on */
    b.seq = 1101;
    apart(a, b, false); /* a gap */
    b = next;
    b.seq = 1000;
    apart(a, b, false); /* again */
    b = next;
    b.tos = 4;
    apart(a, b, false);
    b = next;
    b.options = true;
    apart(a, b, false);
    b = next;
    b.len = 101;
    apart(a, b, false); /* longer than those before */
    b = next;
    b.flags = TRAFFIC_ACK | 1; /* FIN */
    apart(a, b, false);
    b = next;
    b.len = 0;
    apart(a, b, false); /* an ACK alone */
    b = next;
    a.may_fragment = b.may_fragment = true;
    b.id = 7;
    apart(a, b, false); /* fragments would be mixed up */
    a.may_fragment = false;
    apart(a, b, false);
    a.flags = TRAFFIC_ACK | TRAFFIC_PSH;
    apart(a, next, false); /* pushed */
    a.flags = 0;
    a.len = 50;
    struct traffic c6 = next;
    c6.family = 6;
    apart(a, c6, false);
}

TEST(a_shorter_one_is_the_last)
{
    struct traffic t = {.family = 4, .protocol = TRAFFIC_TCP, .len = 100};
    setup();
    give(0, &t, false);
    t.seq += 100;
    t.len = 60;
    give(1, &t, false);
    t.seq += 60;
    give(2, &t, false);
    coalesce_flush(&c);
    CHECK_EQ(take(), 40 + 160);
    CHECK_EQ(take(), 40 + 60);
    CHECK_EQ(take(), 0);
    teardown();
}

TEST(flows_do_not_disturb_each_other)
{
    setup();
    for (int i = 0; i < 90; i++)
        give(i,
             &(struct traffic){.family = 4,
                               .protocol = TRAFFIC_TCP,
                               .src_port = (u16)(1 + i % 3),
                               .seq = (u32)(i / 3) * 100,
                               .len = 100},
             false);
    coalesce_flush(&c);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(take(), 40 + 3000);
    CHECK_EQ(take(), 0);
    teardown();
}

TEST(more_flows_than_places)
{
    setup();
    for (int i = 0; i < 60; i++)
        give(i,
             &(struct traffic){
                 .family = 6, .protocol = TRAFFIC_TCP, .src_port = (u16)(1 + i), .len = 10},
             false);
    coalesce_flush(&c);
    for (int i = 0; i < 60; i++) {
        CHECK_EQ(take(), 70);
        CHECK_EQ(super[41], 1 + i);
    }
    CHECK_EQ(take(), 0);
    teardown();
}

TEST(as_many_pieces_as_there_is_room_for)
{
    setup();
    for (int i = 0; i < PACKETS; i++)
        give(i,
             &(struct traffic){
                 .family = 4, .protocol = TRAFFIC_TCP, .seq = (u32)i * 1000, .len = 1000},
             false);
    coalesce_flush(&c);
    size_t payload = 0, len;
    while ((len = take()) > 0) {
        CHECK(len <= 65535);
        payload += len - 40;
    }
    CHECK_EQ(payload, PACKETS * 1000);
    teardown();
}

TEST(a_plain_device_gets_plain_packets)
{
    setup();
    ours.vnet = theirs.vnet = false;
    struct traffic t = {.family = 4, .protocol = TRAFFIC_TCP, .len = 100};
    size_t len = give(0, &t, false);
    t.seq = 100;
    give(1, &t, false);
    CHECK_EQ(take(), len);
    CHECK_BYTES(super, packets[0], len);
    CHECK_EQ(take(), len);
    CHECK_BYTES(super, packets[1], len);
    teardown();
}

TEST(what_the_device_refuses_is_counted)
{
    setup();
    esp_tun_close(&theirs);
    struct traffic t = {.family = 4, .protocol = TRAFFIC_TCP, .len = 100};
    for (int i = 0; i < 3; i++, t.seq += 100)
        give(i, &t, false);
    coalesce_flush(&c);
    CHECK_EQ(esp_counted(&counters, ESP_TUN), 3);
    teardown();
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    return RUN(streams_come_out_as_they_went_in) | RUN(datagrams_are_put_together) |
           RUN(what_differs_stays_apart) | RUN(a_shorter_one_is_the_last) |
           RUN(flows_do_not_disturb_each_other) | RUN(more_flows_than_places) |
           RUN(as_many_pieces_as_there_is_room_for) | RUN(a_plain_device_gets_plain_packets) |
           RUN(what_the_device_refuses_is_counted);
}
