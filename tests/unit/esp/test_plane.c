/* Two data planes back to back: what one host sends, the other gets, and nothing else. */
#include "esp/packet.h"
#include "side.h"

static u8 packet[70000], got[70000];
static struct side a, b;

static bool open_both(u8 family)
{
    if (!side_open(&a, family) || !side_open(&b, family))
        return false;
    sides_join(&a, &b);
    return true;
}

static void close_both(void)
{
    side_close(&a);
    side_close(&b);
}

/* Everything that b's host gets is this TCP stream, in order. Gives how many packets it was. */
static int expect_stream(const struct traffic *t, size_t payload)
{
    size_t done = 0, len;
    int count = 0;
    while ((len = side_take(&b, got, sizeof(got), NULL)) > 0) {
        struct inner p;
        if (!inner_parse(got, len, &p) || p.len != len)
            return 0;
        size_t head = p.body_off + (size_t)(got[p.body_off + 12] >> 4) * 4;
        for (size_t i = head; i < len; i++)
            if (got[i] != traffic_octet(t->seq, done + i - head))
                return 0;
        done += len - head;
        count++;
    }
    return done == payload ? count : 0;
}

static void super_segments(u8 outer, u8 inner, u16 segments_max)
{
    if (!open_both(outer)) {
        close_both();
        return; /* no IPv6 here */
    }
    a.socket->segments_max = MIN(a.socket->segments_max, segments_max);
    struct traffic t = {.family = inner, .protocol = TRAFFIC_TCP, .seq = 9, .options = true};
    struct traffic first = t;
    size_t sent = 0;
    for (int i = 0; i < 5; i++) {
        t.len = 40000 + (size_t)i * 3000;
        side_send(&a, packet, traffic_write(packet, sizeof(packet), &t), 1328);
        side_carry(&a, &b);
        t.seq += (u32)t.len;
        sent += t.len;
    }
    int count = expect_stream(&first, sent);
    CHECK(count > 0);
    CHECK(count < 20 || segments_max == 1); /* they came out whole */
    CHECK_EQ(side_count(&a, ESP_PASS), side_count(&b, ESP_PASS));
    CHECK_EQ(a.out->packets, b.in->packets);
    CHECK_EQ(a.out->bytes, b.in->bytes);
    CHECK(a.out->used == SHRIKE_SECOND && b.in->used == SHRIKE_SECOND);
    CHECK(b.in->packets >= sent / 1328);
    close_both();
}

TEST(streams_pass_whole)
{
    super_segments(4, 4, UDP_SEGMENTS_MAX);
    super_segments(4, 6, UDP_SEGMENTS_MAX);
    super_segments(6, 4, UDP_SEGMENTS_MAX);
    super_segments(6, 6, UDP_SEGMENTS_MAX);
}

TEST(streams_pass_without_offload)
{
    super_segments(4, 4, 1);
    super_segments(4, 6, 1);
}

TEST(single_packets_pass_as_they_are)
{
    CHECK(open_both(4));
    for (int plain = 0; plain < 2; plain++) {
        if (plain)
            for (struct side *s = &a;; s = &b) {
                close(s->device);
                side_device(s, false);
                if (s == &b)
                    break;
            }
        for (size_t len = 0; len < 1350; len += 33) {
            struct traffic t = {.family = len % 2 ? 4 : 6, .protocol = TRAFFIC_UDP, .len = len};
            size_t n = traffic_write(packet, sizeof(packet), &t);
            side_send(&b, packet, n, 0);
            side_carry(&b, &a);
            CHECK_EQ(side_take(&a, got, sizeof(got), NULL), n);
            CHECK_BYTES(packet, got, n);
        }
    }
    close_both();
}

TEST(many_small_packets_keep_their_order)
{
    CHECK(open_both(4));
    a.plane->tun.uso = b.plane->tun.uso = false;
    for (u16 i = 0; i < 60; i++) {
        struct traffic t = {
            .family = 4, .protocol = TRAFFIC_UDP, .len = i % 7, .src_port = (u16)(i + 1)};
        side_send(&a, packet, traffic_write(packet, sizeof(packet), &t), 0);
    }
    side_carry(&a, &b);
    for (u16 i = 0; i < 60; i++) {
        CHECK_EQ(side_take(&b, got, sizeof(got), NULL), 28 + i % 7);
        CHECK_EQ(got[20] << 8 | got[21], i + 1);
    }
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), 0);
    close_both();
}

/* Send one UDP packet from a's host; gives what became of it at a. */
static size_t one_packet(struct traffic t)
{
    size_t n = traffic_write(packet, sizeof(packet), &t);
    side_send(&a, packet, n, 0);
    side_carry(&a, &b);
    return n;
}

static const struct traffic datagram = {.family = 4, .protocol = TRAFFIC_UDP, .len = 50};

TEST(without_a_policy_nothing_leaves)
{
    CHECK(side_open(&a, 4) && side_open(&b, 4));
    one_packet(datagram);
    CHECK_EQ(side_count(&a, ESP_NO_POLICY), 1);
    CHECK_EQ(side_count(&b, ESP_NO_SA), 0);
    write(a.device, "xxxxxxxxxxxxxx", 14); /* not IP */
    write(a.device, "xx", 2);              /* not even a header */
    side_carry(&a, &b);
    CHECK_EQ(side_count(&a, ESP_INNER), 2);
    close_both();
}

TEST(traps_and_orphans_ask)
{
    CHECK(side_open(&a, 4) && side_open(&b, 4));
    struct shrike_ts all[2];
    side_everything(all);
    struct esp_sa_spec spec = {.trap = true,
                               .reqid = 3,
                               .local_ts = all,
                               .remote_ts = all,
                               .local_ts_count = 2,
                               .remote_ts_count = 2};
    CHECK(sadb_add(a.plane->db, esp_sa_new(&spec)));
    one_packet(datagram);
    CHECK_EQ(a.acquires, 1);
    CHECK_EQ(side_count(&a, ESP_TRAPPED), 1);
    sides_join(&a, &b);
    size_t n = one_packet(datagram);
    CHECK_EQ(a.acquires, 1);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), n);
    a.out->child_serial = 0; /* an orphan carries and asks */
    one_packet(datagram);
    CHECK_EQ(a.acquires, 2);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), n);
    close_both();
}

/* A datagram from a's socket to b's as it is. */
static void inject_by(int fd, const void *data, size_t len)
{
    struct address to;
    address_of(&to, &b.at);
    ensure(sendto(fd, data, len, 0, &to.any, to.len) == (ssize_t)len);
    ensure(side_wait(b.socket->fd));
    inbound_turn(b.plane, b.socket);
}

static void inject(const void *data, size_t len)
{
    inject_by(a.socket->fd, data, len);
}

/* Seal a packet of a's without sending it. */
static size_t sealed(u8 *at, size_t room, const struct traffic *t)
{
    struct frame f = {at, at + room, at + 32, 0};
    f.len = traffic_write(f.at, room - 64, t);
    ensure(packet_seal(a.out->cipher, a.out->spi, esp_sa_next_seq(a.out), &f) == ESP_PASS);
    memmove(at, f.at, f.len);
    return f.len;
}

/* As often as its owner wants to hear it, and of what is authentic only. */
TEST(the_peer_is_heard_now_and_then)
{
    u8 esp[512] = {0};
    CHECK(open_both(4));
    b.in->heard_every = 10 * SHRIKE_SECOND;
    b.plane->now = 100 * SHRIKE_SECOND;
    size_t len = sealed(esp, sizeof(esp), &datagram);
    esp[20] ^= 1;
    inject(esp, len);
    CHECK_EQ(b.heard, 0);
    for (int i = 0; i < 3; i++)
        inject(esp, sealed(esp, sizeof(esp), &datagram));
    CHECK_EQ(b.heard, 1);
    b.plane->now += 10 * SHRIKE_SECOND - 1;
    inject(esp, sealed(esp, sizeof(esp), &datagram));
    CHECK_EQ(b.heard, 1);
    b.plane->now += 1;
    inject(esp, sealed(esp, sizeof(esp), &datagram));
    CHECK_EQ(b.heard, 2);
    b.in->heard_every = 0;
    b.plane->now += 100 * SHRIKE_SECOND;
    inject(esp, sealed(esp, sizeof(esp), &datagram));
    CHECK_EQ(b.heard, 2);
    close_both();
}

/* RFC 7296 2.23: only the newest packet that is authentic tells of another end of the peer. */
TEST(another_end_of_the_peer_is_told_of)
{
    u8 esp[3][512] = {{0}};
    size_t len[3];
    struct shrike_endpoint elsewhere;
    CHECK(open_both(4));
    int other = side_udp(4, &elsewhere);
    for (int i = 0; i < 3; i++)
        len[i] = sealed(esp[i], sizeof(esp[i]), &datagram);
    inject(esp[0], len[0]);
    CHECK_EQ(b.mappings, 0);
    esp[2][20] ^= 1;
    inject_by(other, esp[2], len[2]); /* forged */
    CHECK_EQ(b.mappings, 0);
    esp[2][20] ^= 1;
    inject_by(other, esp[2], len[2]);
    CHECK_EQ(b.mappings, 1);
    b.plane->now += SHRIKE_SECOND;
    inject_by(other, esp[2], len[2]); /* again */
    inject_by(other, esp[1], len[1]); /* older: it passes, and tells nothing */
    CHECK_EQ(b.mappings, 1);
    CHECK_EQ(side_count(&b, ESP_PASS), 3);
    inject_by(other, esp[0], sealed(esp[0], sizeof(esp[0]), &datagram));
    CHECK_EQ(b.mappings, 2);
    inject_by(other, esp[0], sealed(esp[0], sizeof(esp[0]), &datagram));
    CHECK_EQ(b.mappings, 2); /* now and then */
    b.plane->now += SHRIKE_SECOND;
    b.in->remote = elsewhere;
    inject_by(other, esp[0], sealed(esp[0], sizeof(esp[0]), &datagram));
    CHECK_EQ(b.mappings, 2);
    b.in->encap = false; /* no NAT changes anything without UDP */
    inject(esp[0], sealed(esp[0], sizeof(esp[0]), &datagram));
    CHECK_EQ(b.mappings, 2);
    close(other);
    close_both();
}

TEST(what_is_not_right_does_not_come_in)
{
    u8 esp[512] = {0};
    CHECK(open_both(4));
    inject("\xff", 1); /* a keepalive: not even counted */
    inject("\0\0\0\0ike", 7);
    CHECK_EQ(b.strays, 1);
    CHECK_EQ(b.stray_len, 7);
    for (int i = 0; i < ESP_DROP_COUNT; i++)
        CHECK_EQ(side_count(&b, (enum esp_drop)i), 0);
    inject("\xfe", 1);
    inject("abcdefg", 7);
    CHECK_EQ(side_count(&b, ESP_SHORT), 2);
    inject("abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl", 48);
    CHECK_EQ(side_count(&b, ESP_NO_SA), 1);
    CHECK_EQ(b.unknown_spi, 0x61626364);
    size_t len = sealed(esp, sizeof(esp), &datagram);
    esp[20] ^= 1;
    inject(esp, len);
    CHECK_EQ(side_count(&b, ESP_FORGED), 1);
    esp[20] ^= 1;
    inject(esp, len);
    CHECK(side_take(&b, got, sizeof(got), NULL) > 0);
    inject(esp, len);
    CHECK_EQ(side_count(&b, ESP_REPLAYED), 1);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), 0);
    struct traffic six = datagram;
    six.family = 6;
    b.in->remote_ts_count = 1; /* IPv4 alone */
    inject(esp, sealed(esp, sizeof(esp), &six));
    CHECK_EQ(side_count(&b, ESP_SELECTOR), 1);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), 0);
    close_both();
}

/* UDP receive offload may hand over datagrams of several kinds in one. */
TEST(strays_are_carried_too)
{
    u8 esp[512];
    CHECK(open_both(4));
    size_t len = sealed(esp, sizeof(esp), &datagram);
    struct arrival x = {.at = esp, .len = len, .size = len};
    inbound_stray(b.plane, &x);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), 28 + 50);
    x = (struct arrival){.at = esp, .len = 0, .size = 0};
    inbound_stray(b.plane, &x);
    memset(esp, 0, 8);
    esp[4] = 1;
    esp[8] = 0xff;
    x = (struct arrival){.at = esp, .len = 9, .size = 8}; /* IKE, then a keepalive */
    inbound_stray(b.plane, &x);
    CHECK_EQ(b.strays, 1);
    CHECK_EQ(side_count(&b, ESP_SHORT), 0);
    close_both();
}

TEST(lifetimes_are_told_once)
{
    CHECK(open_both(4));
    a.out->limits = (struct esp_limits){.packets_soft = 2, .packets_hard = 4};
    for (int i = 0; i < 8; i++)
        one_packet(datagram);
    CHECK_EQ(a.softs, 1);
    CHECK_EQ(a.hards, 1);
    CHECK_EQ(side_count(&a, ESP_EXPIRED), 4);
    CHECK_EQ(side_count(&a, ESP_PASS), 4);
    CHECK_EQ(side_count(&b, ESP_PASS), 4);
    b.in->limits = (struct esp_limits){.packets_hard = 4};
    a.out->limits.packets_hard = 0;
    one_packet(datagram);
    CHECK_EQ(side_count(&b, ESP_EXPIRED), 1);
    CHECK_EQ(b.hards, 1);
    close_both();
}

/* What the outer header carries, as a plain socket sees it. */
static int outer_tos(struct traffic t, int *df)
{
    int on = 1, tos = -1;
    u8 control[256];
    struct msghdr m = {.msg_control = control, .msg_controllen = sizeof(control)};
    int fd = b.socket->fd;
    socklen_t len = sizeof(*df);
    setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
    side_send(&a, packet, traffic_write(packet, sizeof(packet), &t), 0);
    outbound_turn(a.plane);
    ensure(side_wait(fd) && recvmsg(fd, &m, 0) >= 0);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
            tos = *CMSG_DATA(c);
    getsockopt(a.socket->fd, IPPROTO_IP, IP_MTU_DISCOVER, df, &len);
    return tos;
}

TEST(the_outer_header_follows_the_inner_one)
{
    int df;
    struct traffic t = datagram;
    CHECK(open_both(4));
    t.tos = 0xb9; /* EF, ECT(1) */
    CHECK_EQ(outer_tos(t, &df), 0xb9);
    CHECK_EQ(df, IP_PMTUDISC_DO);
    t.may_fragment = true;
    t.tos = 0x28;
    CHECK_EQ(outer_tos(t, &df), 0x28);
    CHECK_EQ(df, IP_PMTUDISC_DONT);
    t.family = 6;
    t.tos = 2;
    CHECK_EQ(outer_tos(t, &df), 2);
    CHECK_EQ(df, IP_PMTUDISC_DO);
    close_both();
}

/* RFC 6040: a mark on the way comes in, or the packet does not. */
TEST(congestion_marks_come_in)
{
    u8 esp[512];
    CHECK(open_both(4));
    struct traffic t = datagram;
    struct arrival x = {.at = esp, .tos = 3};
    t.tos = 2;
    x.len = x.size = sealed(esp, sizeof(esp), &t);
    inbound_stray(b.plane, &x);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), 78);
    CHECK_EQ(got[1], 3);
    CHECK(traffic_right(got, 78));
    t.tos = 0;
    x.len = x.size = sealed(esp, sizeof(esp), &t);
    inbound_stray(b.plane, &x);
    CHECK_EQ(side_count(&b, ESP_ECN), 1);
    close_both();
}

TEST(a_narrow_path_is_told_to_the_sender)
{
    CHECK(open_both(4));
    a.out->path_max = 1000;
    a.out->path_until = 10 * SHRIKE_SECOND;
    u16 most = plane_inner_max(a.plane, a.out);
    CHECK(most > 900 && most <= 1000 - 28 - 32 - 2);
    struct traffic t = datagram;
    t.len = (size_t)most - 28;
    one_packet(t);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), most);
    t.len++;
    one_packet(t);
    CHECK_EQ(side_count(&a, ESP_TOO_BIG), 1);
    CHECK(side_take(&a, got, sizeof(got), NULL) > 48);
    CHECK_EQ(got[9], 1); /* ICMP: fragmentation needed */
    CHECK_EQ(got[20] << 8 | got[21], 0x0304);
    CHECK_EQ(got[26] << 8 | got[27], most);
    t.may_fragment = true; /* its outer packet may be cut */
    one_packet(t);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), most + 1);
    struct traffic s = {.family = 4, .protocol = TRAFFIC_TCP, .len = 5000};
    side_send(&a, packet, traffic_write(packet, sizeof(packet), &s), 1300);
    side_carry(&a, &b);
    CHECK_EQ(side_count(&a, ESP_TOO_BIG), 2); /* the whole super-segment */
    CHECK(side_take(&a, got, sizeof(got), NULL) > 48);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), 0);
    a.plane->now = 11 * SHRIKE_SECOND; /* forgotten */
    CHECK_EQ(plane_inner_max(a.plane, a.out), a.plane->mtu);
    CHECK_EQ(a.out->path_max, 0);
    close_both();
}

/* A SYN with an MSS option. */
static size_t syn(u8 *at, u16 mss)
{
    struct traffic t = {.family = 4, .protocol = TRAFFIC_TCP, .options = true, .flags = 2};
    size_t len = traffic_write(at, 256, &t);
    at[40] = 2;
    at[41] = 4;
    at[42] = (u8)(mss >> 8);
    at[43] = (u8)mss;
    at[36] = at[37] = 0;
    u16 sum = inner_checksum(at + 20, len - 20, traffic_pseudo(at, 4, TRAFFIC_TCP, len - 20));
    at[36] = (u8)(sum >> 8);
    at[37] = (u8)sum;
    return len;
}

TEST(mss_is_clamped_both_ways)
{
    CHECK(open_both(4));
    a.plane->mtu = 1300;
    size_t len = syn(packet, 1460);
    side_send(&a, packet, len, 0);
    side_carry(&a, &b);
    CHECK_EQ(side_take(&b, got, sizeof(got), NULL), len);
    CHECK_EQ(got[42] << 8 | got[43], 1260);
    CHECK(traffic_right(got, len));
    side_send(&b, packet, len, 0);
    side_carry(&b, &a); /* b lowers it to its own 1400 first */
    CHECK_EQ(side_take(&a, got, sizeof(got), NULL), len);
    CHECK_EQ(got[42] << 8 | got[43], 1260);
    CHECK(traffic_right(got, len));
    close_both();
}

/* More than a turn may carry stays in the device. */
TEST(turns_are_bounded)
{
    CHECK(open_both(4));
    for (int i = 0; i < OUTBOUND_READS + 5; i++)
        side_send(&a, packet, traffic_write(packet, sizeof(packet), &datagram), 0);
    CHECK(outbound_turn(a.plane));
    CHECK_EQ(side_count(&a, ESP_PASS), OUTBOUND_READS);
    CHECK(outbound_turn(a.plane));
    CHECK_EQ(side_count(&a, ESP_PASS), OUTBOUND_READS + 5);
    CHECK(!outbound_waits_for(a.plane));
    close_both();
}

/* While a turn has more to carry, only full runs leave. */
TEST(runs_of_a_turn_are_full)
{
    CHECK(open_both(4));
    int room = 4 << 20;
    CHECK(setsockopt(b.socket->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) == 0);
    struct traffic t = {.family = 4, .protocol = TRAFFIC_TCP, .len = 60000};
    for (int i = 0; i < 6; i++) {
        side_send(&a, packet, traffic_write(packet, sizeof(packet), &t), 200);
        t.seq += (u32)t.len;
    }
    side_carry(&a, &b);
    u64 packets = side_count(&a, ESP_PASS);
    CHECK_EQ(packets, 6 * 300);
    CHECK_EQ(side_count(&b, ESP_PASS), packets);
    if (a.socket->segments_max == UDP_SEGMENTS_MAX && b.socket->gro)
        CHECK_EQ(b.plane->received, (packets + UDP_SEGMENTS_MAX - 1) / UDP_SEGMENTS_MAX);
    close_both();
}

/* Pieces of one octet each need much more room than the super-segment. */
TEST(a_hostile_super_segment_is_bounded)
{
    CHECK(open_both(4));
    struct traffic t = {.family = 4, .protocol = TRAFFIC_TCP, .len = 20000};
    side_send(&a, packet, traffic_write(packet, sizeof(packet), &t), 1);
    CHECK(outbound_turn(a.plane));
    CHECK_EQ(side_count(&a, ESP_PASS), 20000);
    close_both();
}

/* The octets of the one datagram that one packet of this size becomes; what comes out is as it was.
 */
static size_t wire_len(u8 family, size_t payload)
{
    struct traffic t = {.family = family, .protocol = TRAFFIC_UDP, .seq = 5, .len = payload};
    size_t len = traffic_write(packet, sizeof(packet), &t);
    side_send(&a, packet, len, 0);
    outbound_turn(a.plane);
    if (!side_wait(b.socket->fd))
        return 0;
    ssize_t wire = recv(b.socket->fd, got, sizeof(got), MSG_PEEK | MSG_TRUNC);
    inbound_turn(b.plane, b.socket);
    bool same = side_take(&b, got, sizeof(got), NULL) == len && memcmp(got, packet, len) == 0;
    return wire > 0 && same ? (size_t)wire : 0;
}

/* RFC 4303 2.7: short packets are as long as others on the wire, and come out as they were. */
TEST(padding_hides_lengths)
{
    static const u16 paddings[] = {500, UINT16_MAX};
    for (unsigned i = 0; i < ARRAY_LEN(paddings); i++) {
        CHECK(open_both(4));
        size_t plain = wire_len(4, 10), most = wire_len(4, 1372); /* 1400 octets: the MTU */
        CHECK(plain > 0 && plain < 200 && most > 1400);
        u64 bytes = atomic_load(&a.out->bytes);
        a.out->tfc_padding = paddings[i];
        size_t padded = wire_len(4, 10);
        CHECK(i ? padded == most : padded > 500 && padded < 600);
        CHECK_EQ(atomic_load(&a.out->bytes), bytes + 38); /* padding is nobody's traffic */
        CHECK(wire_len(4, 100) == padded && wire_len(6, 33) == padded);
        CHECK(wire_len(4, 472) == padded && wire_len(4, 1372) == most);
        CHECK(i || wire_len(4, 600) > padded);
        close_both();
    }
}

/* The last piece of a super-segment is as long as the others. */
TEST(padding_of_pieces)
{
    CHECK(open_both(4));
    a.out->tfc_padding = UINT16_MAX;
    struct traffic t = {.family = 4, .protocol = TRAFFIC_TCP, .seq = 9, .options = true};
    t.len = 3 * 1328 + 5;
    side_send(&a, packet, traffic_write(packet, sizeof(packet), &t), 1328);
    side_carry(&a, &b);
    CHECK(expect_stream(&t, t.len) > 0);
    CHECK_EQ(side_count(&b, ESP_PASS), 4);
    close_both();
}

int main(void)
{
    return RUN(padding_hides_lengths) | RUN(padding_of_pieces) | RUN(streams_pass_whole) |
           RUN(streams_pass_without_offload) | RUN(single_packets_pass_as_they_are) |
           RUN(many_small_packets_keep_their_order) | RUN(without_a_policy_nothing_leaves) |
           RUN(traps_and_orphans_ask) | RUN(what_is_not_right_does_not_come_in) |
           RUN(another_end_of_the_peer_is_told_of) | RUN(the_peer_is_heard_now_and_then) |
           RUN(strays_are_carried_too) | RUN(lifetimes_are_told_once) |
           RUN(the_outer_header_follows_the_inner_one) | RUN(congestion_marks_come_in) |
           RUN(a_narrow_path_is_told_to_the_sender) | RUN(mss_is_clamped_both_ways) |
           RUN(turns_are_bounded) | RUN(runs_of_a_turn_are_full) |
           RUN(a_hostile_super_segment_is_bounded);
}
