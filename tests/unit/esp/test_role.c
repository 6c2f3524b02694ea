/* The esp role: what the others send it, and what comes back. */
#include "esp/unknown.h"
#include "table.h"

static struct table t;
static u8 packet[2048];
static struct shrike_endpoint peer_at;
static int peer; /* the other gateway's socket */

static struct shrike_life life; /* that the configuration gives each child */

/* Two children, with the reqids 7 and 8, both for everything. */
static void configure(struct other *from, bool trap, const struct settings *settings)
{
    struct shrike_ts all[2];
    side_everything(all);
    struct shrike_transform gcm = {TRANSFORM_ENCR, ENCR_AES_GCM_16, 128};
    struct shrike_proposal offer = {PROTOCOL_ESP, 1, &gcm, {0}};
    struct shrike_child_conf children[2] = {{.name = "child",
                                             .proposals = &offer,
                                             .proposal_count = 1,
                                             .start = trap ? SHRIKE_START_TRAP : SHRIKE_START_NONE,
                                             .local_ts = all,
                                             .remote_ts = all,
                                             .local_ts_count = 2,
                                             .remote_ts_count = 2,
                                             .life = life,
                                             .reqid = 7}};
    children[1] = children[0];
    children[1].name = "other";
    children[1].start = SHRIKE_START_NONE;
    children[1].reqid = 8;
    struct shrike_conn conn = {.name = "conn",
                               .proposals = &offer,
                               .proposal_count = 1,
                               .children = children,
                               .child_count = 2};
    struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
    int fd = snapshot_seal(&conf, settings);
    ensure(fd >= 0);
    table_tell(&t, from, MAIL_SNAPSHOT, bytes_of(NULL, 0), fd);
}

static void begin(void)
{
    table_open(&t);
    configure(&t.parent, false, &(struct settings){.mtu = 1400, .replay_window = 1024});
    peer = side_udp(4, &peer_at);
}

static void end(void)
{
    close(peer);
    table_close(&t);
    life = (struct shrike_life){0};
}

static struct shrike_install_op install_of(u32 serial, u32 reqid, struct shrike_ts all[2])
{
    static const u8 key[20] = {1, 2, 3};
    side_everything(all);
    return (struct shrike_install_op){
        .conn = "conn",
        .child = reqid == 7 ? "child" : "other",
        .child_serial = serial,
        .reqid = reqid,
        .mode = SHRIKE_TUNNEL,
        .encap = true,
        .protocol = PROTOCOL_ESP,
        .encr = ENCR_AES_GCM_16,
        .encr_key_bits = 128,
        .local = t.at,
        .remote = peer_at,
        .in = {.spi = 0x1000 + serial, .encr_key = {key, sizeof(key)}},
        .out = {.spi = 0x2000 + serial, .encr_key = {key, sizeof(key)}},
        .local_ts = all,
        .remote_ts = all,
        .local_ts_count = 2,
        .remote_ts_count = 2,
        .life = life,
    };
}

/* Does the role say yes? */
static bool install(const struct shrike_install_op *i)
{
    static u8 body[8192];
    static u32 slot;
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_op op = {.kind = SHRIKE_CHILD_INSTALL, .token = {1, 2, 3, ++slot}, .install = *i};
    struct shrike_token token;
    struct shrike_answer a;
    op_write(&w, &op);
    table_tell(&t, &t.net, MAIL_INSTALL, written_bytes(&w), -1);
    struct reader r = table_body(table_last(&t.net, MAIL_ANSWER));
    ensure(answer_read(&r, &token, &a) && token.slot == slot && token.incarnation == 1);
    ensure(a.ok || a.reason == SHRIKE_REASON_KERNEL);
    return a.ok;
}

static void remove_child(u32 serial)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_op op = {.kind = SHRIKE_CHILD_REMOVE, .remove = {.child_serial = serial}};
    op_write(&w, &op);
    table_tell(&t, &t.net, MAIL_REMOVE, written_bytes(&w), -1);
}

static u64 forbidden(void)
{
    u8 body[4] = {0};
    struct mail_stats stats;
    table_tell(&t, &t.control, MAIL_STATS, bytes_of(body, sizeof(body)), -1);
    struct reader r = table_body(table_last(&t.control, MAIL_STATS_ARE));
    (void)read_u32(&r);
    ensure(stats_read(&r, &stats));
    for (u16 i = 0; i < stats.count; i++)
        if (strcmp(stats.stats[i].name, "forbidden") == 0)
            return stats.stats[i].value;
    return UINT64_MAX;
}

static bool log_says(const char *text)
{
    const struct seen *line = table_last(&t.control, MAIL_LOG);
    return line && memmem(line->body, line->len, text, strlen(text));
}

/* A packet from the host; the SPI that it leaves with, or 0. */
static u32 send_packet(void)
{
    struct virtio_net_hdr h = {0};
    struct traffic d = {.family = 4, .protocol = TRAFFIC_UDP, .len = 40};
    struct iovec iov[2] = {{&h, sizeof(h)}, {packet, traffic_write(packet, sizeof(packet), &d)}};
    u8 got[256];
    ensure(writev(t.device, iov, 2) > 0);
    table_turns(&t);
    ssize_t n = recv(peer, got, sizeof(got), MSG_DONTWAIT);
    return n < 8 ? 0 : (u32)got[0] << 24 | (u32)got[1] << 16 | (u32)got[2] << 8 | got[3];
}

/* The same, and sent back as it is. */
static void send_back(void)
{
    struct virtio_net_hdr h = {0};
    struct traffic d = {.family = 4, .protocol = TRAFFIC_UDP, .len = 40};
    struct iovec iov[2] = {{&h, sizeof(h)}, {packet, traffic_write(packet, sizeof(packet), &d)}};
    struct address to;
    u8 got[256];
    address_of(&to, &t.at);
    ensure(writev(t.device, iov, 2) > 0);
    table_turns(&t);
    ssize_t n = recv(peer, got, sizeof(got), MSG_DONTWAIT);
    ensure(n > 0 && sendto(peer, got, (size_t)n, 0, &to.any, to.len) == n);
    table_turns(&t);
}

static bool device_gets(void)
{
    u8 got[256];
    return recv(t.device, got, sizeof(got), MSG_DONTWAIT) > 0;
}

static struct mail_route last_route(void)
{
    struct mail_route m;
    struct reader r = table_body(table_last(&t.parent, MAIL_ROUTE));
    ensure(read_u32(&r) && route_read(&r, &m));
    return m;
}

TEST(ready_when_there_is_a_device)
{
    begin();
    CHECK_EQ(table_count(&t.parent, MAIL_READY), 1);
    table_tell(&t, &t.parent, MAIL_QUIT, bytes_of(NULL, 0), -1);
    CHECK_EQ(table_count(&t.parent, MAIL_DONE), 1);
    end();
}

TEST(a_child_is_installed_carries_and_goes)
{
    struct shrike_ts all[2];
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK_EQ(send_packet(), 0);
    CHECK(install(&i));
    struct mail_route m = last_route();
    CHECK(m.add && m.reqid == 7 && m.local_count == 2 && m.remote_count == 2);
    CHECK_EQ(send_packet(), 0x2001);
    CHECK(!install(&i)); /* twice */
    i = install_of(2, 7, all);
    i.in.spi = 0x1001;
    CHECK(!install(&i)); /* an SPI in use */
    CHECK_EQ(send_packet(), 0x2001);
    i = install_of(2, 7, all);
    CHECK(install(&i)); /* a rekey: the newer one is used */
    CHECK_EQ(send_packet(), 0x2002);
    remove_child(2);
    struct mail_count carried; /* control is told at once */
    struct reader r = table_body(table_last(&t.control, MAIL_COUNTED));
    CHECK(read_u32(&r) == 0 && read_u16(&r) == 1 && count_read(&r, &carried) && read_ended(&r));
    CHECK(carried.child_serial == 2 && carried.packets_out == 1);
    CHECK_EQ(send_packet(), 0x2001);
    CHECK(!last_route().add);
    remove_child(9);
    remove_child(1);
    CHECK_EQ(send_packet(), 0);
    CHECK_EQ(table_count(&t.parent, MAIL_ROUTE), 4);
    end();
}

static void post_install(u32 slot, const struct shrike_install_op *i)
{
    static u8 body[8192];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_op op = {.kind = SHRIKE_CHILD_INSTALL, .token = {1, 2, 3, slot}, .install = *i};
    op_write(&w, &op);
    table_tell(&t, &t.net, MAIL_INSTALL, written_bytes(&w), -1);
}

static void routed(u32 number)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, number);
    table_tell(&t, &t.parent, MAIL_ROUTED, written_bytes(&w), -1);
}

/* Who is told that the tunnel is there sends, and what it sends must find the routes. */
TEST(the_answer_waits_for_the_routes)
{
    struct shrike_ts all[2];
    begin();
    t.parent.idle = true;
    struct shrike_install_op i = install_of(1, 7, all);
    post_install(21, &i);
    i = install_of(2, 8, all);
    post_install(22, &i);
    CHECK_EQ(table_count(&t.parent, MAIL_ROUTE), 2);
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 0);
    CHECK_EQ(send_packet(), 0x2002); /* it is there already */
    routed(77);                      /* which was never asked for */
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 0);
    routed(1);
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 1);
    remove_child(2);
    routed(3); /* 2 was lost on the way */
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 2);
    i.encr = 12345; /* what fails has no route to wait for */
    post_install(23, &i);
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 3);
    end();
}

/* A parent that is stuck must not hold up the exchange for ever. */
TEST(a_slow_parent_is_not_waited_for)
{
    struct shrike_ts all[2];
    begin();
    t.parent.idle = true;
    struct shrike_install_op i = install_of(1, 7, all);
    post_install(21, &i);
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 0);
    shrike_time until = loop_now(t.loop) + 8 * SHRIKE_SECOND;
    while (loop_now(t.loop) < until && !table_count(&t.net, MAIL_ANSWER))
        loop_turn(t.loop, 100 * SHRIKE_MS);
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 1);
    const struct seen *line = table_last(&t.control, MAIL_LOG);
    CHECK(line && memmem(line->body, line->len, "slow with routes", 16));
    end();
}

TEST(what_cannot_be_is_refused_with_words)
{
    struct shrike_ts all[2];
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    i.mode = SHRIKE_TRANSPORT;
    CHECK(!install(&i));
    struct seen const *line = table_last(&t.control, MAIL_LOG);
    CHECK(line && memmem(line->body, line->len, "tunnel mode only", 16) &&
          memmem(line->body, line->len, "mode = tunnel", 13));
    i = install_of(1, 7, all);
    i.protocol = PROTOCOL_AH;
    CHECK(!install(&i));
    i = install_of(1, 7, all);
    i.cpi_in = i.cpi_out = 256;
    CHECK(!install(&i));
    i = install_of(1, 7, all);
    i.encr = 12345;
    CHECK(!install(&i));
    i = install_of(1, 7, all);
    i.remote.family = 6;
    CHECK(!install(&i));
    i = install_of(1, 7, all);
    i.out.spi = 3;
    CHECK(!install(&i));
    CHECK_EQ(table_count(&t.control, MAIL_LOG), 6);
    CHECK_EQ(table_count(&t.parent, MAIL_ROUTE), 0);
    i = install_of(1, 7, all);
    CHECK(install(&i)); /* nothing was left behind */
    table_tell(&t, &t.net, MAIL_INSTALL, bytes_of("rubbish", 7), -1);
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 7);
    end();
}

static struct shrike_kernel_event last_event(void)
{
    static struct seam_box box;
    struct shrike_kernel_event k;
    struct reader r = table_body(table_last(&t.net, MAIL_KERNEL));
    ensure(kernel_read(&r, &k, &box));
    return k;
}

TEST(lifetimes_come_to_net)
{
    struct shrike_ts all[2];
    life = (struct shrike_life){.packets_soft = 1, .packets_hard = 2};
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    send_packet();
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 0);
    send_packet();
    CHECK(last_event().kind == SHRIKE_EXPIRE_SOFT && last_event().child_serial == 1);
    CHECK_EQ(send_packet(), 0);
    CHECK(last_event().kind == SHRIKE_EXPIRE_HARD && last_event().child_serial == 1);
    send_packet();
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 2);
    end();
}

static void send_snapshot(bool trap)
{
    const struct settings settings = {.mtu = 1300, .keepalive_s = 1, .replay_window = 64};
    configure(&t.control, trap, &settings);
}

TEST(a_trap_asks_once)
{
    struct shrike_ts all[2];
    begin();
    send_snapshot(true);
    CHECK(last_route().add && last_route().reqid == 7);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(send_packet(), 0);
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 1);
    CHECK(last_event().kind == SHRIKE_ACQUIRE && last_event().reqid == 7);
    CHECK_EQ(last_event().local.family, 4);
    CHECK_EQ(last_event().remote.family, 4);
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    CHECK_EQ(send_packet(), 0x2001);
    send_snapshot(false);
    CHECK(!last_route().add);
    remove_child(1);
    CHECK_EQ(table_count(&t.parent, MAIL_ROUTE), 4);
    end();
}

/* Told once, then again when nothing is done about it. */
TEST(idle_children_come_to_net)
{
    struct shrike_ts all[2];
    life.idle = 2 * SHRIKE_SECOND;
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    shrike_time until = loop_clock(t.loop) + 4 * SHRIKE_SECOND;
    while (table_count(&t.net, MAIL_KERNEL) == 0 && loop_clock(t.loop) < until)
        table_turns(&t);
    CHECK(last_event().kind == SHRIKE_IDLE && last_event().child_serial == 1);
    for (int n = 0; n < 5; n++)
        table_turns(&t);
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 1);
    end();
}

/* An ESP packet that is long enough, with this SPI. */
static void send_esp(u32 spi)
{
    u8 esp[100] = {(u8)(spi >> 24), (u8)(spi >> 16), (u8)(spi >> 8), (u8)spi};
    struct address to;
    address_of(&to, &t.at);
    ensure(sendto(peer, esp, sizeof(esp), 0, &to.any, to.len) == sizeof(esp));
    table_turns(&t);
}

/* The peer may send by a Child SA before we have read its answer. */
TEST(what_comes_before_its_sa_is_kept_for_a_moment)
{
    struct shrike_ts all[2];
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    send_back();
    CHECK(!device_gets());
    i = install_of(2, 8, all);
    i.in.spi = 0x2001; /* the keys are the same */
    CHECK(install(&i));
    CHECK(device_gets());
    CHECK(!device_gets());
    end();
}

/* RFC 7296 1.5; but the peer may not have heard yet that an SA has gone. */
TEST(net_hears_of_esp_without_an_sa)
{
    struct shrike_ts all[2];
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    remove_child(1);
    send_esp(i.in.spi);
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 0);
    send_esp(0x7777);
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 1);
    struct shrike_kernel_event k = last_event();
    CHECK(k.kind == SHRIKE_SPI_UNKNOWN && k.spi == 0x7777);
    CHECK(k.from.port == peer_at.port && memcmp(k.from.octets, peer_at.octets, 16) == 0);
    CHECK(k.to.port == 4500 && memcmp(k.to.octets, t.at.octets, 16) == 0);
    for (u32 n = 0; n < 2 * UNKNOWN_EACH_SECOND; n++)
        send_esp(0x8000 + n);
    CHECK(table_count(&t.net, MAIL_KERNEL) < 2 * UNKNOWN_EACH_SECOND);
    end();
}

static void move(const struct shrike_move_op *op)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_op o = {.kind = SHRIKE_CHILD_MOVE, .move = *op};
    op_write(&w, &o);
    table_tell(&t, &t.net, MAIL_MOVE, written_bytes(&w), -1);
}

/* RFC 4555: other ends, the same SAs: no sequence number twice, none that the peer has not. */
TEST(children_move)
{
    struct shrike_ts all[2];
    const u32 serials[] = {1, 9}; /* the second has gone meanwhile */
    struct shrike_endpoint first_at = peer_at, second_at;
    u8 before[256], after[256];
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    i = install_of(2, 8, all); /* of another IKE SA: it stands in front, and stays */
    CHECK(install(&i));
    CHECK_EQ(send_packet(), 0x2002);
    remove_child(2);
    first_at = peer_at;
    int second = side_udp(4, &second_at);
    CHECK_EQ(send_packet(), 0x2001);
    move(&(struct shrike_move_op){.local = t.at,
                                  .remote = second_at,
                                  .encap = true,
                                  .nat_here = true,
                                  .child_count = 2,
                                  .children = serials});
    CHECK_EQ(send_packet(), 0);
    CHECK(recv(second, before, sizeof(before), MSG_DONTWAIT) > 8);
    CHECK(before[2] == 0x20 && before[3] == 1 && before[7] == 2); /* SPI and number */
    move(&(struct shrike_move_op){
        .local = t.at, .remote = first_at, .encap = true, .child_count = 1, .children = serials});
    CHECK_EQ(send_packet(), 0x2001);
    CHECK(recv(second, after, sizeof(after), MSG_DONTWAIT) < 0);
    struct shrike_endpoint six = {.family = 6, .port = 4500};
    move(&(struct shrike_move_op){
        .local = t.at, .remote = six, .encap = true, .child_count = 1, .children = serials});
    CHECK_EQ(send_packet(), 0x2001); /* such a move makes no sense */
    close(second);
    end();
}

static void tell_heir(u16 count, u32 serial)
{
    static struct mail_heir m;
    static u8 body[sizeof(m)];
    struct writer w = writer_of(body, sizeof(body));
    m.last = true;
    m.count = count;
    m.serials[0] = serial;
    heir_write(&w, &m);
    table_tell(&t, &t.net, MAIL_HEIR, written_bytes(&w), -1);
}

/* Another net comes and goes on with the SAs of the one before. */
TEST(a_new_net_may_know_them)
{
    struct shrike_ts all[2];
    struct shrike_kernel_event k;
    struct seam_box box;
    life.packets_soft = 1;
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    CHECK_EQ(send_packet(), 0x2001);
    CHECK_EQ(send_packet(), 0x2001);
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 1);
    channel_close(&t.net.channel);
    table_introduce(&t, &t.net, ROLE_NET);
    tell_heir(1, 1);
    CHECK_EQ(send_packet(), 0x2001); /* the new one is told, too */
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 1);
    struct reader r = table_body(table_last(&t.net, MAIL_KERNEL));
    CHECK(kernel_read(&r, &k, &box) && k.kind == SHRIKE_EXPIRE_SOFT && k.child_serial == 1);
    channel_close(&t.net.channel);
    table_introduce(&t, &t.net, ROLE_NET);
    tell_heir(1, 9); /* which is not here */
    r = table_body(table_last(&t.net, MAIL_KERNEL));
    CHECK(kernel_read(&r, &k, &box) && k.kind == SHRIKE_EXPIRE_HARD && k.child_serial == 9);
    remove_child(1);
    CHECK_EQ(send_packet(), 0x2001); /* an orphan now */
    end();
}

/* Another net comes: its SAs take over; until then the old ones carry. */
TEST(orphans_carry_on)
{
    struct shrike_ts all[2];
    u8 body[16], gone[9] = {ROLE_NET};
    struct writer w = writer_of(body, sizeof(body));
    struct mail_count c;
    life.packets_soft = 2; /* reached when nobody is told any more */
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    CHECK_EQ(send_packet(), 0x2001);
    table_tell(&t, &t.parent, MAIL_PEER, bytes_of(gone, sizeof(gone)), -1);
    CHECK_EQ(send_packet(), 0x2001);
    channel_close(&t.net.channel);
    table_introduce(&t, &t.net, ROLE_NET);
    tell_heir(0, 0);
    CHECK_EQ(send_packet(), 0x2001);
    CHECK_EQ(table_count(&t.net, MAIL_KERNEL), 0); /* nobody knows it any more */
    write_u32(&w, 5);
    write_u16(&w, 1);
    write_u32(&w, 1);
    table_tell(&t, &t.control, MAIL_COUNT, written_bytes(&w), -1);
    struct reader r = table_body(table_last(&t.control, MAIL_COUNTED));
    CHECK(read_u32(&r) == 5 && read_u16(&r) == 1 && count_read(&r, &c));
    CHECK(c.child_serial == 1 && c.packets_out == 0);
    remove_child(1); /* not the new net's */
    CHECK_EQ(send_packet(), 0x2001);
    i = install_of(1, 7, all);
    i.in.spi = 0x3001;
    i.out.spi = 0x4001;
    CHECK(install(&i));
    CHECK_EQ(send_packet(), 0x4001);
    end();
}

TEST(counters_and_statistics)
{
    struct shrike_ts all[2];
    u8 body[64];
    struct mail_count c;
    begin();
    struct shrike_install_op i = install_of(3, 7, all);
    CHECK(install(&i));
    send_packet();
    send_packet();
    struct writer w = writer_of(body, sizeof(body));
    write_u32(&w, 77);
    write_u16(&w, 2);
    write_u32(&w, 3);
    write_u32(&w, 4);
    table_tell(&t, &t.control, MAIL_COUNT, written_bytes(&w), -1);
    struct reader r = table_body(table_last(&t.control, MAIL_COUNTED));
    CHECK(read_u32(&r) == 77 && read_u16(&r) == 2 && count_read(&r, &c));
    CHECK(c.child_serial == 3 && c.packets_out == 2 && c.bytes_out == 2 * 68 && c.used_out > 0);
    CHECK(c.packets_in == 0 && c.used_in == 0);
    CHECK(count_read(&r, &c) && c.child_serial == 4 && c.packets_out == 0 && read_ended(&r));
    table_tell(&t, &t.control, MAIL_COUNT, bytes_of(body, 9), -1); /* cut */
    CHECK_EQ(table_count(&t.control, MAIL_COUNTED), 1);
    table_tell(&t, &t.control, MAIL_STATS, bytes_of("\0\0\0\5", 4), -1);
    r = table_body(table_last(&t.control, MAIL_STATS_ARE));
    static struct mail_stats s;
    u64 passed = 0, refused = 0;
    CHECK(read_u32(&r) == 5 && stats_read(&r, &s) && read_ended(&r));
    for (u16 n = 0; n < s.count; n++) {
        if (strcmp(s.stats[n].name, "passed") == 0)
            passed = s.stats[n].value;
        if (strcmp(s.stats[n].name, "mail_refused") == 0)
            refused = s.stats[n].value;
    }
    CHECK_EQ(passed, 2);
    CHECK_EQ(refused, 1);
    end();
}

/* IKE that our socket took goes to net, ESP that net's took comes from it. */
TEST(strays_go_both_ways)
{
    struct shrike_ts all[2];
    u8 body[2048], esp[256];
    struct address to;
    struct mail_stray m;
    begin();
    address_of(&to, &t.at);
    ensure(sendto(peer, "\0\0\0\0hello", 9, 0, &to.any, to.len) == 9);
    table_turns(&t);
    struct reader r = table_body(table_last(&t.net, MAIL_STRAY));
    CHECK(stray_read(&r, &m) && m.data.len == 9 && memcmp(m.data.at, "\0\0\0\0hello", 9) == 0);
    CHECK(m.remote.port == peer_at.port && m.local.octets[0] == 127);
    struct shrike_install_op i = install_of(1, 7, all);
    i.in.spi = i.out.spi;
    CHECK(install(&i));
    struct virtio_net_hdr h = {0};
    struct traffic d = {.family = 4, .protocol = TRAFFIC_UDP, .len = 40};
    struct iovec iov[2] = {{&h, sizeof(h)}, {packet, traffic_write(packet, sizeof(packet), &d)}};
    ensure(writev(t.device, iov, 2) > 0);
    table_turns(&t);
    ssize_t n = recv(peer, esp, sizeof(esp), MSG_DONTWAIT);
    CHECK(n > 68);
    m = (struct mail_stray){peer_at, t.at, 0, bytes_of(esp, (size_t)n)};
    struct writer w = writer_of(body, sizeof(body));
    stray_write(&w, &m);
    table_tell(&t, &t.net, MAIL_STRAY, written_bytes(&w), -1);
    CHECK_EQ(read(t.device, body, sizeof(body)), sizeof(h) + 68);
    CHECK_BYTES(body + sizeof(h), packet, 68);
    end();
}

/* The peer's delete goes by way of net, and its last packets do not: those that came before it are
 * still carried. */
TEST(a_removal_does_not_overtake_packets)
{
    struct shrike_ts all[2];
    struct shrike_op op = {.kind = SHRIKE_CHILD_REMOVE, .remove = {.child_serial = 1}};
    struct virtio_net_hdr h = {0};
    struct traffic d = {.family = 4, .protocol = TRAFFIC_UDP, .len = 40};
    struct iovec iov[2] = {{&h, sizeof(h)}, {packet, traffic_write(packet, sizeof(packet), &d)}};
    u8 body[2048], esp[256];
    struct address to;
    begin();
    address_of(&to, &t.at);
    struct shrike_install_op i = install_of(1, 7, all);
    i.in.spi = i.out.spi;
    CHECK(install(&i));
    ensure(writev(t.device, iov, 2) > 0);
    table_turns(&t);
    ssize_t n = recv(peer, esp, sizeof(esp), MSG_DONTWAIT);
    CHECK(n > 68);
    struct writer w = writer_of(body, sizeof(body));
    op_write(&w, &op);
    struct mail m = {.kind = MAIL_REMOVE, .body = written_bytes(&w), .fd = -1};
    ensure(channel_send(&t.net.channel, &m)); /* the first that the loop sees */
    ensure(sendto(peer, esp, (size_t)n, 0, &to.any, to.len) == n);
    table_turns(&t);
    CHECK_EQ(read(t.device, body, sizeof(body)), sizeof(h) + 68);
    CHECK_EQ(send_packet(), 0);
    end();
}

/* Whoever has broken into net and speaks as it does gets nothing that control has not said. */
TEST(what_the_configuration_does_not_allow_is_refused)
{
    struct shrike_ts all[2];
    u8 longer[8192];
    begin();
    struct shrike_install_op i = install_of(1, 7, all);
    i.reqid = 8; /* of the other child */
    CHECK(!install(&i) && log_says("another reqid"));
    i = install_of(1, 7, all);
    i.reqid = 9;
    CHECK(!install(&i) && log_says("another reqid"));
    i = install_of(1, 7, all);
    i.child = "nobody";
    CHECK(!install(&i) && log_says("no such child"));
    i = install_of(1, 7, all);
    i.encr_key_bits = 256;
    CHECK(!install(&i) && log_says("algorithms"));
    i = install_of(1, 7, all);
    i.life.bytes_hard = 1;
    CHECK(!install(&i) && log_says("limits"));
    CHECK_EQ(forbidden(), 5);
    CHECK_EQ(table_count(&t.parent, MAIL_ROUTE), 0);
    CHECK_EQ(send_packet(), 0);
    /* A mark has no place in it: it is of the configuration alone. */
    struct writer w = writer_of(longer, sizeof(longer));
    i = install_of(1, 7, all);
    struct shrike_op op = {.kind = SHRIKE_CHILD_INSTALL, .token = {1, 2, 3, 99}, .install = i};
    op_write(&w, &op);
    write_u32(&w, 42);
    table_tell(&t, &t.net, MAIL_INSTALL, written_bytes(&w), -1);
    CHECK_EQ(table_count(&t.net, MAIL_ANSWER), 5);
    CHECK_EQ(send_packet(), 0);
    CHECK(install(&i));
    CHECK_EQ(send_packet(), 0x2001);
    end();
}

static void narrow_to(const char *name, u64 hash, struct shrike_ts *ts, u16 count)
{
    struct shrike_transform gcm = {TRANSFORM_ENCR, ENCR_AES_GCM_16, 128};
    struct shrike_proposal offer = {PROTOCOL_ESP, 1, &gcm, {0}};
    struct shrike_net at = {.addr = {.family = 4}, .prefix_bits = 32};
    struct shrike_child_conf child = {.name = "child",
                                      .proposals = &offer,
                                      .proposal_count = 1,
                                      .local_ts = ts,
                                      .remote_ts = ts,
                                      .local_ts_count = count,
                                      .remote_ts_count = count,
                                      .reqid = 7};
    memcpy(at.addr.octets, peer_at.octets, sizeof(at.addr.octets));
    struct shrike_conn conn = {.name = name,
                               .hash = hash,
                               .remote_addrs = &at,
                               .remote_addr_count = 1,
                               .proposals = &offer,
                               .proposal_count = 1,
                               .children = &child,
                               .child_count = 1};
    struct shrike_conf conf = {.conns = &conn, .conn_count = 1};
    int fd = snapshot_seal(&conf, &(struct settings){.mtu = 1400});
    ensure(fd >= 0);
    table_tell(&t, &t.control, MAIL_SNAPSHOT, bytes_of(NULL, 0), fd);
}

/* Files are read again: what is there goes on, and what is new is as they say. */
TEST(what_goes_on_has_the_rules_of_before)
{
    struct shrike_ts all[2], one[1];
    begin();
    narrow_to("conn", 1, (side_everything(all), all), 2);
    one[0] = all[0];
    one[0].from[0] = 10;
    memcpy(one[0].to, one[0].from, sizeof(one[0].to));
    one[0].to[3] = 255;
    struct shrike_install_op i = install_of(1, 7, all);
    CHECK(install(&i));
    narrow_to("conn", 2, one, 1);
    i = install_of(2, 7, all);
    i.replaces = 1;
    CHECK(install(&i));
    i = install_of(3, 7, all);
    i.child = "child";
    i.conn = "other";
    i.replaces = 2;
    CHECK(!install(&i) && log_says("no such connection"));
    i = install_of(3, 7, all);
    i.local_ts = i.remote_ts = one;
    i.local_ts_count = i.remote_ts_count = 1;
    CHECK(install(&i));
    end();
}

static void move_to(u32 serial, const struct shrike_endpoint *remote)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof(body));
    struct shrike_op op = {.kind = SHRIKE_CHILD_MOVE,
                           .move = {.local = t.at,
                                    .remote = *remote,
                                    .encap = true,
                                    .child_count = 1,
                                    .children = &serial}};
    op_write(&w, &op);
    table_tell(&t, &t.net, MAIL_MOVE, written_bytes(&w), -1);
}

TEST(what_has_its_place_does_not_move_elsewhere)
{
    struct shrike_ts all[2];
    begin();
    narrow_to("fixed", 1, (side_everything(all), all), 2);
    struct shrike_install_op i = install_of(1, 7, all);
    i.conn = "fixed";
    CHECK(install(&i));
    struct shrike_endpoint there = peer_at;
    there.octets[3]++;
    move_to(1, &there);
    CHECK(log_says("a move of Child SAs") && log_says("remote_addrs"));
    CHECK_EQ(send_packet(), 0x2001); /* to the peer still */
    i = install_of(2, 7, all);
    i.conn = "fixed";
    i.remote = there;
    CHECK(!install(&i) && log_says("remote_addrs"));
    end();
}

/* With one second between keepalives, one comes within two. */
TEST(keepalives_come)
{
    struct shrike_ts all[2];
    u8 got[64];
    begin();
    send_snapshot(false);
    struct shrike_install_op i = install_of(1, 7, all);
    i.nat_here = true;
    CHECK(install(&i));
    shrike_time until = loop_clock(t.loop) + 4 * SHRIKE_SECOND;
    ssize_t n = -1;
    while (n < 0 && loop_clock(t.loop) < until) {
        loop_turn(t.loop, 50 * SHRIKE_MS);
        n = recv(peer, got, sizeof(got), MSG_DONTWAIT);
    }
    CHECK_EQ(n, 1);
    CHECK_EQ(got[0], 0xff);
    end();
}

int main(void)
{
    return RUN(ready_when_there_is_a_device) | RUN(a_child_is_installed_carries_and_goes) |
           RUN(what_cannot_be_is_refused_with_words) | RUN(the_answer_waits_for_the_routes) |
           RUN(a_slow_parent_is_not_waited_for) | RUN(lifetimes_come_to_net) |
           RUN(a_trap_asks_once) | RUN(orphans_carry_on) | RUN(counters_and_statistics) |
           RUN(strays_go_both_ways) | RUN(a_removal_does_not_overtake_packets) |
           RUN(what_the_configuration_does_not_allow_is_refused) |
           RUN(what_goes_on_has_the_rules_of_before) |
           RUN(what_has_its_place_does_not_move_elsewhere) | RUN(keepalives_come) |
           RUN(children_move) | RUN(idle_children_come_to_net) |
           RUN(net_hears_of_esp_without_an_sa) | RUN(a_new_net_may_know_them) |
           RUN(what_comes_before_its_sa_is_kept_for_a_moment);
}
