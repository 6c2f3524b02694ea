/* Super-segments cut to packets: nothing is lost, every packet is right. */
#include "esp/segment.h"
#include "test.h"
#include "traffic.h"

static u8 super[65536], piece[4096];

static bool begin(struct cutter *c, const struct traffic *t, u16 size, struct tun_meta *m)
{
    struct inner p;
    size_t len = traffic_write(super, sizeof(super), t);
    *m = (struct tun_meta){.kind = t->protocol == TRAFFIC_TCP ? TUN_TCP : TUN_UDP, .size = size};
    return inner_parse(super, len, &p) && cutter_begin(c, super, &p, m);
}

static u32 u32_at(const u8 *at)
{
    return (u32)at[0] << 24 | (u32)at[1] << 16 | (u32)at[2] << 8 | at[3];
}

/* Cut it all; every piece is right, and holds the payload that it should. */
static void cut(struct traffic t, u16 size)
{
    struct cutter c;
    struct tun_meta m;
    size_t done = 0, len, count = 0;
    t.flags = TRAFFIC_ACK | TRAFFIC_PSH | 0x80;
    CHECK(begin(&c, &t, size, &m));
    size_t head = (t.family == 4 ? 20 : 40) + (t.protocol == TRAFFIC_UDP ? 8 : t.options ? 32 : 20);
    while ((len = cutter_next_len(&c)) > 0) {
        u8 *body = piece + (t.family == 4 ? 20 : 40);
        memset(piece, 0xee, sizeof(piece));
        cutter_write(&c, piece);
        CHECK_EQ(piece[len], 0xee);
        CHECK(traffic_right(piece, len));
        CHECK(len - head <= size);
        bool last = done + len - head == t.len;
        CHECK(last || len - head == size);
        if (t.protocol == TRAFFIC_TCP) {
            CHECK_EQ(u32_at(body + 4), (u32)(t.seq + done));
            CHECK_EQ(body[13], TRAFFIC_ACK | (last ? TRAFFIC_PSH : 0) | (count == 0 ? 0x80 : 0));
        }
        if (t.family == 4)
            CHECK_EQ((u16)(piece[4] << 8 | piece[5]), (u16)(t.id + count));
        for (size_t i = 0; i < len - head; i++)
            CHECK_EQ(piece[head + i], traffic_octet(t.seq, done + i));
        done += len - head;
        count++;
    }
    CHECK_EQ(done, t.len);
}

TEST(every_kind_is_cut)
{
    for (int i = 0; i < 8 && !test_failed; i++) {
        struct traffic t = {.family = i & 1 ? 6 : 4,
                            .protocol = i & 2 ? TRAFFIC_UDP : TRAFFIC_TCP,
                            .options = i & 4,
                            .seq = 0xfffffff0,
                            .id = 0xfffe,
                            .len = 5000};
        cut(t, 1348);
        t.len = 1348;
        cut(t, 1348); /* one whole piece */
        t.len = 2 * 1348;
        cut(t, 1348);
        t.len = 60001;
        cut(t, 1001);
        t.len = 3;
        cut(t, 1);
    }
}

TEST(what_makes_no_sense_is_refused)
{
    struct cutter c;
    struct tun_meta m;
    struct inner p;
    struct traffic t = {.family = 4, .protocol = TRAFFIC_TCP, .len = 100};
    CHECK(begin(&c, &t, 10, &m));
    CHECK(!begin(&c, &t, 0, &m)); /* pieces of nothing */
    t.len = 0;
    CHECK(!begin(&c, &t, 10, &m)); /* nothing to cut */
    t.len = 100;
    t.protocol = TRAFFIC_UDP;
    size_t len = traffic_write(super, sizeof(super), &t);
    m = (struct tun_meta){.kind = TUN_TCP, .size = 10};
    CHECK(inner_parse(super, len, &p) && !cutter_begin(&c, super, &p, &m)); /* not TCP */
    t.protocol = TRAFFIC_TCP;
    len = traffic_write(super, sizeof(super), &t);
    CHECK(inner_parse(super, len, &p) && cutter_begin(&c, super, &p, &m));
    super[32] = 0x40; /* a TCP header of 16 octets */
    CHECK(!cutter_begin(&c, super, &p, &m));
    super[32] = 0xf0; /* longer than what is there */
    p.len = 20 + 40;
    CHECK(!cutter_begin(&c, super, &p, &m));
    m.kind = TUN_PLAIN;
    CHECK(!cutter_begin(&c, super, &p, &m));
}

TEST(open_checksums_are_completed)
{
    for (int i = 0; i < 4; i++) {
        struct traffic t = {
            .family = i & 1 ? 6 : 4, .protocol = i & 2 ? TRAFFIC_UDP : TRAFFIC_TCP, .len = 333};
        size_t len = traffic_write(super, sizeof(super), &t), head = t.family == 4 ? 20 : 40;
        struct tun_meta m = {.checksum_open = true,
                             .checksum_start = (u16)head,
                             .checksum_at = t.protocol == TRAFFIC_TCP ? 16 : 6};
        u32 pseudo = traffic_pseudo(super, t.family, t.protocol, len - head);
        super[head + m.checksum_at] = (u8)(pseudo >> 8);
        super[head + m.checksum_at + 1] = (u8)pseudo;
        CHECK(!traffic_right(super, len));
        CHECK(segment_copy(piece, super, len, &m));
        CHECK(traffic_right(piece, len));
        m.checksum_open = false;
        CHECK(segment_copy(piece, super, len, &m));
        CHECK_BYTES(piece, super, len);
        m.checksum_open = true;
        m.checksum_start = (u16)(len - 1 - m.checksum_at);
        CHECK(!segment_copy(piece, super, len, &m)); /* half of it outside */
        m.checksum_start = UINT16_MAX;
        CHECK(!segment_copy(piece, super, len, &m));
    }
}

int main(void)
{
    return RUN(every_kind_is_cut) | RUN(what_makes_no_sense_is_refused) |
           RUN(open_checksums_are_completed);
}
