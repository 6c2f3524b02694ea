/* The inner packet: parsed, marked, clamped and answered, against packets built here. */
#include "base/cursor.h"
#include "esp/inner.h"
#include "test.h"

static u8 packet[2048];

/* IPv4 with a right checksum; returns its length. */
static size_t ipv4(u8 protocol, u16 flags, const u8 *body, size_t len)
{
    struct writer w = writer_of(packet, sizeof(packet));
    write_u16(&w, 0x4500);
    write_u16(&w, (u16)(20 + len));
    write_u16(&w, 1);
    write_u16(&w, flags);
    write_u8(&w, 63);
    write_u8(&w, protocol);
    write_u16(&w, 0);
    write_u32(&w, 0x0a010203);
    write_u32(&w, 0xc0000205);
    write_u16_at(&w, 10, inner_checksum(packet, 20, 0));
    write_bytes(&w, bytes_of(body, len));
    return written(&w);
}

static size_t ipv6(u8 next, const u8 *body, size_t len)
{
    struct writer w = writer_of(packet, sizeof(packet));
    write_u32(&w, 0x6ab00000);
    write_u16(&w, (u16)len);
    write_u8(&w, next);
    write_u8(&w, 62);
    write_u8(&w, 0x20);
    write_zero(&w, 14);
    write_u8(&w, 1);
    write_u8(&w, 0x20);
    write_zero(&w, 14);
    write_u8(&w, 2);
    write_bytes(&w, bytes_of(body, len));
    return written(&w);
}

static bool checksum_right_ipv4(const u8 *at)
{
    return inner_checksum(at, (size_t)(at[0] & 15) * 4, 0) == 0;
}

/* The transport's checksum with the pseudo header, computed anew. */
static u16 transport_sum(const struct inner *p, u8 protocol)
{
    size_t octets = p->family == 4 ? 4 : 16, len = (size_t)p->len - p->body_off;
    u8 pseudo[32];
    memcpy(pseudo, p->src, octets);
    memcpy(pseudo + octets, p->dst, octets);
    u32 sum = (u16)~inner_checksum(pseudo, octets * 2, (u32)len + protocol);
    return inner_checksum(packet + p->body_off, len, sum);
}

TEST(checksum_of_the_rfc)
{
    /* RFC 1071 3: the sum of these is ddf2. */
    CHECK_EQ(inner_checksum((const u8 *)"\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8, 0), 0xffff - 0xddf2);
    CHECK_EQ(inner_checksum((const u8 *)"\x01", 1, 0), 0xffff - 0x0100);
    CHECK_EQ(inner_checksum((const u8 *)"", 0, 0x1ffff), 0xffff - 1);
}

TEST(ipv4_is_parsed)
{
    struct inner p;
    size_t len = ipv4(17, 0x4000, (const u8 *)"\x12\x34\x00\x35\0\x08\0\0", 8);
    CHECK(checksum_right_ipv4(packet));
    CHECK(inner_parse(packet, len, &p));
    CHECK(p.family == 4 && p.protocol == 17 && p.ttl == 63 && p.dont_fragment && !p.fragment);
    CHECK_EQ(p.src_port, 0x1234);
    CHECK_EQ(p.dst_port, 53);
    CHECK_EQ(p.ports, PORTS_KNOWN);
    CHECK_BYTES(p.src, "\x0a\1\2\3\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    CHECK_BYTES(p.dst, "\xc0\0\2\5\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    CHECK_EQ(p.len, 28);
    CHECK(inner_parse(packet, len + 10, &p)); /* octets behind it are not its */
    CHECK_EQ(p.len, 28);
    len = ipv4(1, 0x2000, (const u8 *)"\x08\x02\0\0", 4); /* the first fragment has its type */
    CHECK(inner_parse(packet, len, &p));
    CHECK(p.ports == PORTS_KNOWN && p.src_port == 0x0802 && p.dst_port == 0x0802);
    len = ipv4(17, 0x0001, (const u8 *)"\x12\x34", 2);
    CHECK(inner_parse(packet, len, &p));
    CHECK(p.ports == PORTS_OPAQUE && p.fragment && p.src_port == 0);
    len = ipv4(47, 0, (const u8 *)"", 0);
    CHECK(inner_parse(packet, len, &p));
    CHECK_EQ(p.ports, PORTS_NONE);
    len = ipv4(17, 0, (const u8 *)"\x12\x34\x56\x78", 4);
    packet[3] = 22; /* ports that lie behind the stated end */
    CHECK(!inner_parse(packet, len, &p));
    len = ipv4(47, 0, (const u8 *)"", 0);
    packet[0] = 0x46; /* an option where nothing is */
    CHECK(!inner_parse(packet, len, &p));
    packet[0] = 0x44;
    CHECK(!inner_parse(packet, len, &p));
}

TEST(ipv6_is_parsed)
{
    struct inner p;
    size_t len = ipv6(6, (const u8 *)"\x12\x34\x00\x50\0\0\0\0", 8);
    CHECK(inner_parse(packet, len, &p));
    CHECK(p.family == 6 && p.protocol == 6 && p.tos == 0xab && p.ttl == 62 && p.dont_fragment);
    CHECK(p.src_port == 0x1234 && p.dst_port == 80 && p.body_off == 40);
    CHECK(p.src[15] == 1 && p.dst[15] == 2);
    /* Hop-by-hop, destination options of 16 octets, a first fragment, then ICMPv6. */
    static const u8 chain[] = {60, 0, 1, 4, 0, 0, 0,  0, 44, 1, 1, 12, 0, 0, 0,   0, 0, 0,
                               0,  0, 0, 0, 0, 0, 58, 0, 0,  1, 0, 0,  0, 9, 128, 7, 0, 0};
    len = ipv6(0, chain, sizeof(chain));
    CHECK(inner_parse(packet, len, &p));
    CHECK(p.protocol == 58 && p.src_port == 0x8007 && p.body_off == 72 && !p.fragment);
    packet[40 + 27] = 7; /* reserved bits are no offset */
    CHECK(inner_parse(packet, len, &p));
    CHECK(!p.fragment);
    packet[40 + 27] = 9; /* a later one */
    CHECK(inner_parse(packet, len, &p));
    CHECK(p.fragment && p.ports == PORTS_OPAQUE && p.protocol == 58);
    u8 many[8 * (INNER_EXTENSIONS_MAX + 1)] = {0};
    for (size_t i = 0; i < sizeof(many); i += 8)
        many[i] = 60;
    many[sizeof(many) - 8] = 47;
    len = ipv6(60, many, sizeof(many));
    CHECK(!inner_parse(packet, len, &p));
    many[sizeof(many) - 16] = 47;
    len = ipv6(60, many, sizeof(many));
    CHECK(inner_parse(packet, len, &p));
    CHECK(p.protocol == 47 && p.ports == PORTS_NONE);
    len = ipv6(135, (const u8 *)"\x3b\0\5\0\0\0\0\0", 8);
    CHECK(inner_parse(packet, len, &p));
    CHECK_EQ(p.src_port, 0x0500);
}

/* Every cut is refused, and under a sanitizer nothing behind the cut is read. */
TEST(cut_packets_are_refused)
{
    static const u8 chain[] = {60, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0, 1, 2, 3, 4};
    for (int v = 4; v <= 6; v += 2) {
        size_t whole = v == 4 ? ipv4(17, 0, chain, 4) : ipv6(0, chain, sizeof(chain));
        struct inner p;
        CHECK(inner_parse(packet, whole, &p));
        for (size_t len = 0; len < whole; len++) {
            u8 *exact = malloc(len + 1);
            memcpy(exact, packet, len);
            bool parsed = inner_parse(exact, len, &p);
            if (v == 4 && len >= 4) { /* and when it states what there is */
                exact[3] = (u8)len;
                parsed = inner_parse(exact, len, &p) || parsed;
            } else if (v == 6 && len >= 40) {
                exact[5] = (u8)(len - 40);
                parsed = inner_parse(exact, len, &p) || parsed;
            }
            free(exact);
            CHECK(!parsed);
        }
    }
}

/* RFC 7296 2.24 (1) */
TEST(outer_header_takes_what_it_may)
{
    struct inner p = {.family = 4, .tos = 0xb9, .dont_fragment = true};
    struct outer_rules r = {.take_dscp = true};
    CHECK(outer_of(&p, &r).tos == 0xb9 && outer_of(&p, &r).dont_fragment);
    r.lose_ecn = true;
    CHECK_EQ(outer_of(&p, &r).tos, 0xb8);
    r.lose_dscp = true;
    CHECK(outer_of(&p, &r).tos == 0 && outer_of(&p, &r).dont_fragment);
    r = (struct outer_rules){.lose_dscp = true, .lose_df = true};
    CHECK(outer_of(&p, &r).tos == 1 && !outer_of(&p, &r).dont_fragment);
    r.lose_df = p.dont_fragment = false;
    CHECK(!outer_of(&p, &r).dont_fragment);
}

TEST(dscp_comes_back_where_it_is_to)
{
    for (int v = 4; v <= 6; v += 2) {
        struct inner p;
        size_t len = v == 4 ? ipv4(47, 0, NULL, 0) : ipv6(47, NULL, 0);
        CHECK(inner_parse(packet, len, &p));
        u8 ecn = p.tos & 3;
        inner_take_dscp(packet, &p, 0xb8 | (3 - ecn));
        CHECK(inner_parse(packet, len, &p) && p.tos == (0xb8 | ecn) && p.protocol == 47);
        CHECK(v == 6 || checksum_right_ipv4(packet));
    }
}

/* RFC 7296 2.24 (1) */
TEST(congestion_marks_are_as_in_the_figure)
{
    /* RFC 6040 4.2, figure 4: rows inner, columns outer, in numeric order; 9: drop. */
    static const u8 figure[4][4] = {{0, 0, 0, 9}, {1, 1, 1, 3}, {2, 1, 2, 3}, {3, 3, 3, 3}};
    for (u8 inner = 0; inner < 4; inner++) {
        for (u8 outer = 0; outer < 4; outer++) {
            for (int v = 4; v <= 6; v += 2) {
                struct inner p;
                size_t len = v == 4 ? ipv4(47, 0, NULL, 0) : ipv6(47, NULL, 0);
                if (v == 4) {
                    packet[1] = (u8)(0xa4 | inner);
                    packet[10] = packet[11] = 0;
                    u16 sum = inner_checksum(packet, 20, 0);
                    packet[10] = (u8)(sum >> 8);
                    packet[11] = (u8)sum;
                } else {
                    packet[1] = (u8)((packet[1] & 0xcf) | inner << 4);
                }
                CHECK(inner_parse(packet, len, &p));
                CHECK_EQ(p.tos & 3, inner);
                u8 dscp = p.tos & 0xfc;
                CHECK_EQ(inner_take_ecn(packet, &p, (u8)(0x50 | outer)), figure[inner][outer] != 9);
                CHECK(inner_parse(packet, len, &p));
                CHECK_EQ(p.tos & 0xfc, dscp);
                CHECK(figure[inner][outer] == 9 || (p.tos & 3) == figure[inner][outer]);
                CHECK(v == 6 || checksum_right_ipv4(packet));
            }
        }
    }
}

/* A TCP header with these options; the MSS option is at the place given by the caller. */
static struct inner tcp(int v, u8 flags, const u8 *options, size_t len)
{
    u8 body[60] = {0x12, 0x34, 0, 80, 1, 2, 3, 4};
    struct inner p;
    memcpy(body + 20, options, len);
    body[12] = (u8)((20 + len) / 4 << 4);
    body[13] = flags;
    size_t whole = v == 4 ? ipv4(6, 0, body, 20 + len) : ipv6(6, body, 20 + len);
    if (!inner_parse(packet, whole, &p))
        p.protocol = 0;
    u16 sum = transport_sum(&p, 6);
    packet[p.body_off + 16] = (u8)(sum >> 8);
    packet[p.body_off + 17] = (u8)sum;
    return p;
}

TEST(mss_is_lowered_and_the_checksum_with_it)
{
    static const u8 even[] = {2, 4, 0x05, 0xb4, 1, 1, 1, 0}, odd[] = {1, 2, 4, 0x05, 0xb4, 1, 1, 0};
    for (int v = 4; v <= 6; v += 2) {
        size_t heads = v == 4 ? 40 : 60;
        for (int o = 0; o < 2; o++) {
            for (size_t mtu = heads + 1; mtu < heads + 1460; mtu += 97) {
                struct inner p = tcp(v, 2, o ? odd : even, 8);
                CHECK_EQ(transport_sum(&p, 6), 0);
                CHECK(inner_clamp_mss(packet, &p, mtu));
                const u8 *at = packet + p.body_off + 20 + 2 + o;
                CHECK_EQ(at[0] << 8 | at[1], mtu - heads);
                CHECK_EQ(transport_sum(&p, 6), 0);
            }
            struct inner p = tcp(v, 2, o ? odd : even, 8);
            CHECK(!inner_clamp_mss(packet, &p, heads + 1460)); /* it fits */
            CHECK(inner_clamp_mss(packet, &p, heads + 1459));
        }
    }
}

/* Every value of one word, so that every carry comes by. */
TEST(no_carry_is_lost)
{
    static const u8 mss[] = {2, 4, 0x05, 0xb4};
    struct inner p = tcp(4, 2, mss, 4);
    for (u32 word = 0; word <= UINT16_MAX; word++) {
        u8 *at = packet + p.body_off;
        at[4] = (u8)(word >> 8);
        at[5] = (u8)word;
        at[16] = at[17] = 0;
        memcpy(at + 22, mss + 2, 2);
        u16 sum = transport_sum(&p, 6);
        at[16] = (u8)(sum >> 8);
        at[17] = (u8)sum;
        CHECK(inner_clamp_mss(packet, &p, 1040));
        CHECK_EQ(transport_sum(&p, 6), 0);
    }
    /* A mark makes its word greater, where clamping makes it less. */
    size_t len = ipv4(47, 0, NULL, 0);
    for (u32 word = 0; word <= UINT16_MAX; word++) {
        packet[1] = 2;
        packet[4] = (u8)(word >> 8);
        packet[5] = (u8)word;
        packet[10] = packet[11] = 0;
        u16 sum = inner_checksum(packet, 20, 0);
        packet[10] = (u8)(sum >> 8);
        packet[11] = (u8)sum;
        CHECK(inner_parse(packet, len, &p));
        CHECK(inner_take_ecn(packet, &p, 3));
        CHECK(packet[1] == 3 && checksum_right_ipv4(packet));
    }
}

TEST(mss_is_left_alone_elsewhere)
{
    static const u8 mss[] = {2, 4, 0x05, 0xb4}, ended[] = {0, 2, 4, 0x05, 0xb4, 0, 0, 0};
    static const u8 broken[][4] = {{3, 0, 2, 4}, {3, 1, 2, 4}, {3, 9, 2, 4}, {1, 1, 1, 2}};
    struct inner p = tcp(4, 0x10, mss, 4); /* no SYN */
    CHECK(!inner_clamp_mss(packet, &p, 1000));
    p = tcp(4, 0x12, mss, 4);
    CHECK(inner_clamp_mss(packet, &p, 1000));
    p = tcp(4, 2, ended, 8);
    CHECK(!inner_clamp_mss(packet, &p, 1000));
    p = tcp(4, 2, mss, 4);
    CHECK(!inner_clamp_mss(packet, &p, 40)); /* nothing would fit */
    packet[p.body_off + 12] = 0xf0;          /* a header longer than the packet */
    CHECK(!inner_clamp_mss(packet, &p, 1000));
    p = tcp(4, 2, mss, 0);
    CHECK(!inner_clamp_mss(packet, &p, 1000));
    static const u8 tight[] = {3, 1, 2, 4, 0x05, 0xb4, 0, 0}, past[] = {1, 1, 2, 4};
    p = tcp(4, 2, tight, 8); /* an option shorter than its own head */
    CHECK(!inner_clamp_mss(packet, &p, 1000));
    p = tcp(4, 2, past, 4); /* an option that ends behind the header */
    packet[p.len] = 0x05;
    CHECK(!inner_clamp_mss(packet, &p, 1000));
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        p = tcp(4, 2, broken[i], 4);
        CHECK(!inner_clamp_mss(packet, &p, 1000));
    }
}

TEST(too_big_is_told_to_the_sender)
{
    static u8 body[1500] = {0x12, 0x34};
    u8 out[TOO_BIG_MAX];
    struct inner p, q;
    size_t len = ipv4(17, 0x4000, body, 1400);
    CHECK(inner_parse(packet, len, &p));
    size_t n = inner_too_big(packet, &p, 1350, out);
    CHECK_EQ(n, 576);
    CHECK(inner_parse(out, n, &q));
    CHECK(checksum_right_ipv4(out));
    CHECK(q.protocol == 1 && q.src_port == 0x0304 && q.len == n);
    CHECK(memcmp(q.src, p.dst, 16) == 0 && memcmp(q.dst, p.src, 16) == 0);
    CHECK_EQ(out[26] << 8 | out[27], 1350);
    CHECK_EQ(inner_checksum(out + 20, n - 20, 0), 0);
    CHECK_BYTES(out + 28, packet, n - 28);

    len = ipv6(17, body, 1400);
    CHECK(inner_parse(packet, len, &p));
    n = inner_too_big(packet, &p, 1340, out);
    CHECK_EQ(n, 1280);
    CHECK(inner_parse(out, n, &q));
    CHECK(q.protocol == 58 && q.src_port == 0x0200 && q.len == n);
    CHECK(memcmp(q.src, p.dst, 16) == 0 && memcmp(q.dst, p.src, 16) == 0);
    CHECK_EQ(out[46] << 8 | out[47], 1340);
    CHECK_BYTES(out + 48, packet, n - 48);
    memcpy(packet, out, n);
    CHECK_EQ(transport_sum(&q, 58), 0);
}

TEST(some_are_told_nothing)
{
    u8 out[TOO_BIG_MAX];
    struct inner p;
    static const u8 error4[] = {3, 4, 0, 0}, echo4[] = {8, 0, 0, 0}, error6[] = {1, 0, 0, 0};
    size_t len = ipv4(1, 0x4000, error4, 4);
    CHECK(inner_parse(packet, len, &p));
    CHECK_EQ(inner_too_big(packet, &p, 1300, out), 0);
    len = ipv4(1, 0x4000, echo4, 4);
    CHECK(inner_parse(packet, len, &p));
    CHECK_EQ(inner_too_big(packet, &p, 1300, out), 20 + 8 + 24);
    p.dont_fragment = false; /* it may be fragmented */
    CHECK_EQ(inner_too_big(packet, &p, 1300, out), 0);
    p.dont_fragment = true;
    p.fragment = true;
    CHECK_EQ(inner_too_big(packet, &p, 1300, out), 0);
    p.fragment = false;
    p.dst[0] = 224;
    CHECK_EQ(inner_too_big(packet, &p, 1300, out), 0);
    len = ipv6(58, error6, 4);
    CHECK(inner_parse(packet, len, &p));
    CHECK_EQ(inner_too_big(packet, &p, 1300, out), 0);
    packet[40] = 128;
    CHECK(inner_parse(packet, len, &p));
    CHECK(inner_too_big(packet, &p, 1300, out) > 0);
    memset(p.src, 0, 16);
    CHECK_EQ(inner_too_big(packet, &p, 1300, out), 0);
}

int main(void)
{
    return RUN(checksum_of_the_rfc) | RUN(ipv4_is_parsed) | RUN(ipv6_is_parsed) |
           RUN(cut_packets_are_refused) | RUN(outer_header_takes_what_it_may) |
           RUN(dscp_comes_back_where_it_is_to) | RUN(congestion_marks_are_as_in_the_figure) |
           RUN(mss_is_lowered_and_the_checksum_with_it) | RUN(no_carry_is_lost) |
           RUN(mss_is_left_alone_elsewhere) | RUN(too_big_is_told_to_the_sender) |
           RUN(some_are_told_nothing);
}
