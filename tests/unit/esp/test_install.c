/* Child SAs in the tables: time passes by hand here. */
#include "esp/install.h"
#include "side.h"
#include "wire/codes.h"

static struct seat seat;
static struct installed installed;
static struct side s;
static int far, peer;
static struct shrike_endpoint peer_at;

/* A seat with a parent who does not listen. */
static void setup(void)
{
    int fd[2];
    ensure(side_open(&s, 4) && channel_pair(fd));
    peer = side_udp(4, &peer_at);
    seat = (struct seat){.type = &esp_role, .loop = loop_new()};
    ensure(seat.loop);
    seat.channels[ROLE_PARENT] = (struct channel){.ctx = NULL};
    ensure(channel_open(&seat.channels[ROLE_PARENT], seat.loop, fd[0]));
    far = fd[1];
    installed_open(&installed, &seat, s.plane);
}

static void teardown(void)
{
    installed_close(&installed);
    channel_close(&seat.channels[ROLE_PARENT]);
    loop_free(seat.loop);
    close(far);
    close(peer);
    side_close(&s);
}

static u16 window; /* that is asked for */

static bool add(u32 serial, u32 reqid, bool nat_here)
{
    static const u8 key[20] = {1, 2, 3};
    struct shrike_ts all[2];
    side_everything(all);
    struct shrike_install_op op = {.child = "child",
                                   .child_serial = serial,
                                   .reqid = reqid,
                                   .encap = true,
                                   .nat_here = nat_here,
                                   .protocol = PROTOCOL_ESP,
                                   .encr = ENCR_AES_GCM_16,
                                   .encr_key_bits = 128,
                                   .replay_window = window,
                                   .local = s.at,
                                   .remote = peer_at,
                                   .in = {.spi = 0x1000 + serial, .encr_key = {key, 20}},
                                   .out = {.spi = 0x2000 + serial, .encr_key = {key, 20}},
                                   .local_ts = all,
                                   .remote_ts = all,
                                   .local_ts_count = 1,
                                   .remote_ts_count = 1};
    return installed_add(&installed, &op, &(struct rules_verdict){.rule = 0});
}

TEST(a_child_may_have_a_replay_window_of_its_own)
{
    setup();
    window = 64;
    CHECK(add(1, 7, false));
    window = 0;
    CHECK(add(2, 8, false));
    CHECK_EQ(pairs_find(&installed.pairs, 1)->in->replay->window, 64);
    CHECK_EQ(pairs_find(&installed.pairs, 2)->in->replay->window, installed.replay_window);
    teardown();
}

TEST(orphans_go_in_time)
{
    setup();
    shrike_time now = s.plane->now;
    CHECK(add(1, 7, false) && add(2, 8, false));
    CHECK(!installed_tick(&installed, now)); /* nothing waits */
    CHECK_EQ(installed_heir(&installed, &(struct mail_heir){.last = true}), 2);
    CHECK(installed_tick(&installed, now));
    CHECK(add(3, 7, false));
    CHECK(installed_tick(&installed, now + ORPHAN_AFTER - 1));
    CHECK_EQ(installed.pairs.count, 3);
    CHECK(installed_tick(&installed, now + ORPHAN_AFTER));
    CHECK_EQ(installed.pairs.count, 2);
    CHECK(!sadb_in(s.plane->db, 0x1001));
    CHECK(sadb_in(s.plane->db, 0x1002)); /* without a successor: longer */
    CHECK(!installed_tick(&installed, now + ORPHAN_MAX));
    CHECK_EQ(installed.pairs.count, 1);
    CHECK(sadb_in(s.plane->db, 0x1003));
    teardown();
}

/* The peer may have sent what comes in by it before it knew; nothing is sent by it any more. */
TEST(what_ended_beside_another_lingers)
{
    setup();
    shrike_time now = s.plane->now;
    CHECK(add(1, 7, true) && add(2, 7, false) && add(3, 8, false));
    installed_remove(&installed, 1);
    CHECK(sadb_in(s.plane->db, 0x1001));
    CHECK_EQ(sadb_out_count(s.plane->db), 2);
    installed_remove(&installed, 3);
    CHECK(!sadb_in(s.plane->db, 0x1003));
    installed_remove(&installed, 1); /* it is nobody's now */
    CHECK(installed_tick(&installed, now + LINGER - 1));
    CHECK(sadb_in(s.plane->db, 0x1001));
    (void)installed_tick(&installed, now + LINGER);
    CHECK(!sadb_in(s.plane->db, 0x1001));
    installed_remove(&installed, 2);
    CHECK(!sadb_in(s.plane->db, 0x1002));
    CHECK_EQ(installed.pairs.count, 0);
    teardown();
}

static bool keepalive_came(void)
{
    u8 got[8];
    return recv(peer, got, sizeof(got), MSG_DONTWAIT) == 1 && got[0] == 0xff;
}

/* RFC 7296 2.23 (11) */
TEST(keepalives_follow_silence)
{
    setup();
    shrike_time now = s.plane->now, gap = 20 * SHRIKE_SECOND;
    CHECK(add(1, 7, false));
    CHECK(!installed_tick(&installed, now + gap)); /* no NAT */
    CHECK(!keepalive_came());
    CHECK(add(2, 7, true));
    CHECK(add(3, 7, true)); /* the same ends: one is enough */
    CHECK(installed_tick(&installed, now + gap - 1));
    CHECK(!keepalive_came());
    CHECK(installed_tick(&installed, now + gap));
    CHECK(keepalive_came());
    CHECK(!keepalive_came());
    struct pair *pair = pairs_find(&installed.pairs, 3);
    atomic_store(&pair->out->used, now + gap + 5 * SHRIKE_SECOND);
    CHECK(installed_tick(&installed, now + 2 * gap));
    CHECK(!keepalive_came()); /* something was sent meanwhile */
    CHECK(installed_tick(&installed, now + 2 * gap + 5 * SHRIKE_SECOND));
    CHECK(keepalive_came());
    installed_remove(&installed, 2);
    CHECK(installed_tick(&installed, now + 4 * gap));
    CHECK(keepalive_came());
    installed_remove(&installed, 3);
    CHECK(!installed_tick(&installed, now + 6 * gap));
    CHECK(!keepalive_came());
    teardown();
}

static void move(u32 serial, bool nat_here)
{
    struct shrike_move_op op = {.local = s.at,
                                .remote = peer_at,
                                .encap = true,
                                .nat_here = nat_here,
                                .child_count = 1,
                                .children = &serial};
    op.remote.octets[3] = 2; /* 127.0.0.2: the socket is bound to another one */
    installed_move(&installed, &op);
}

TEST(keepalives_go_where_the_child_goes)
{
    setup();
    shrike_time now = s.plane->now, gap = 20 * SHRIKE_SECOND;
    CHECK(add(1, 7, true));
    struct pair *pair = pairs_find(&installed.pairs, 1);
    pair->out->path_max = 600;
    move(1, true);
    CHECK(pair->end && pair->end->remote.octets[3] == 2 && pair->end->users == 1);
    CHECK_EQ(pair->out->path_max, 0);
    CHECK(installed_tick(&installed, now + gap));
    CHECK(!keepalive_came());
    move(1, false); /* no NAT in front of us there */
    CHECK(!pair->end && !ends_any(&installed.ends));
    move(2, true);
    CHECK(!ends_any(&installed.ends));
    teardown();
}

TEST(nothing_is_left_of_what_failed)
{
    setup();
    CHECK(add(1, 7, true));
    CHECK(!add(1, 7, true));
    installed_remove(&installed, 1);
    CHECK(!ends_any(&installed.ends));
    CHECK(!sadb_in(s.plane->db, 0x1001));
    CHECK(add(1, 7, true));
    installed_remove(&installed, 5);
    installed_remove(&installed, 0);
    CHECK_EQ(installed.pairs.count, 1);
    teardown();
}

int main(void)
{
    return RUN(a_child_may_have_a_replay_window_of_its_own) | RUN(orphans_go_in_time) |
           RUN(what_ended_beside_another_lingers) | RUN(keepalives_follow_silence) |
           RUN(nothing_is_left_of_what_failed) | RUN(keepalives_go_where_the_child_goes);
}
