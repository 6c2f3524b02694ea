/* The IKE SA: made, freed, found; when it is due; its slots; moving to another configuration. */
#include "tools.h"

TEST(made_up_to_the_caps)
{
    struct ike_sa *sa[8];
    CHECK(shard_begin());
    for (unsigned i = 0; i < 4; i++)
        CHECK((sa[i] = sa_new(&shard, i % 2)) != NULL);
    CHECK(sa_new(&shard, true) == NULL); /* four handshakes are allowed */
    CHECK_EQ(shard.sas.live, 4);
    CHECK_EQ(shard.by_spi.count, 4);
    for (unsigned i = 0; i < 4; i++) {
        CHECK(shard_sa_by_spi(&shard, sa_spi_ours(sa[i])) == sa[i]);
        CHECK_EQ(sa[i]->spi_i == 0, i % 2 == 0);
        CHECK(sa[i]->window.kept == 1 && sa[i]->window.allowed == 1);
        sa_end_handshake(&shard, sa[i]);
        sa_end_handshake(&shard, sa[i]);
    }
    for (unsigned i = 4; i < 8; i++)
        CHECK((sa[i] = sa_new(&shard, true)) != NULL);
    CHECK(sa_new(&shard, true) == NULL);
    CHECK(shard_sa_by_spi(&shard, 0) == NULL);
    for (unsigned i = 0; i < 8; i++)
        sa_free(&shard, sa[i]);
    CHECK_EQ(shard.by_spi.count, 0);
    CHECK_EQ(shard.source.bytes_live, 0);
    CHECK(shard_end());
}

/* A half-open SA is counted by the gate until its handshake ends, however it ends. */
TEST(the_gate_counts_to_the_end)
{
    CHECK(shard_begin());
    for (unsigned how = 0; how < 2; how++) {
        struct ike_sa *sa = sa_new(&shard, false);
        sa->handshake->counted = true;
        sa->handshake->prefix_bucket = 7;
        sa->init_hash = 99;
        CHECK(map_put(&shard.by_init, 99, sa->index));
        shard.half_open++;
        shard.prefix_half_open[7]++;
        if (how)
            sa_end_handshake(&shard, sa);
        sa_free(&shard, sa);
        CHECK_EQ(shard.half_open, 0);
        CHECK_EQ(shard.prefix_half_open[7], 0);
        CHECK_EQ(map_get(&shard.by_init, 99), MAP_NONE);
    }
    CHECK(shard_end());
}

TEST(when_it_is_due)
{
    struct shrike_conn conn = {.dpd_delay = 50};
    CHECK(shard_begin());
    struct ike_sa *sa = sa_new(&shard, true);
    shrike_time now = shard.now;
    sa->conn = &conn;
    CHECK_EQ(sa_due(&shard, sa), SHRIKE_NEVER);
    sa->expires = now + 1000;
    CHECK_EQ(sa_due(&shard, sa), now + 1000);
    sa->forget = now + 900;
    CHECK_EQ(sa_due(&shard, sa), now + 900);
    sa->theirs.due = now + 800;
    CHECK_EQ(sa_due(&shard, sa), now + 900);
    sa->theirs.awaiting = true;
    CHECK_EQ(sa_due(&shard, sa), now + 800);
    sa->state = IKE_UP;
    CHECK_EQ(sa_due(&shard, sa), now + 50);
    sa->not_before = now + 70; /* nothing of ours goes out before it */
    CHECK_EQ(sa_due(&shard, sa), now + 70);
    sa->wants = WANT_LIVENESS;
    CHECK_EQ(sa_due(&shard, sa), now + 70);
    sa->not_before = 0;
    CHECK_EQ(sa_due(&shard, sa), now);
    sa->ours.exchange = EXCHANGE_INFORMATIONAL; /* one at a time */
    sa->ours.due = now + 600;
    CHECK_EQ(sa_due(&shard, sa), now + 600);
    sa->dead = 1;
    CHECK_EQ(sa_due(&shard, sa), now);
    sa->dead = 0;
    sa->unsettled = true;
    CHECK_EQ(sa_due(&shard, sa), now);
    sa->conn = NULL;
    sa_free(&shard, sa);
    CHECK(shard_end());
}

TEST(rehoming)
{
    struct shrike_child_conf lan[3] = {{.name = "lan"}, {.name = "lan"}, {.name = "dmz"}};
    struct shrike_conn conn[3] = {{.name = "a", .hash = 5, .children = &lan[0], .child_count = 1},
                                  {.name = "a", .hash = 5, .children = &lan[1], .child_count = 1},
                                  {.name = "a", .hash = 5, .children = &lan[2], .child_count = 1}};
    struct shrike_conf conf[3] = {{.conns = &conn[0], .conn_count = 1},
                                  {.conns = &conn[1], .conn_count = 1},
                                  {.conns = &conn[2], .conn_count = 1}};
    CHECK(shard_begin());
    CHECK(shard_conf(&shard, &conf[0]));
    struct ike_sa *sa = sa_new(&shard, true);
    sa_use_conn(&shard, sa, &conn[0], shard.current);
    struct child_sa *child = child_new(&shard, sa, &lan[0]);
    CHECK(shard_conf(&shard, &conf[1]));
    sa_rehome(&shard, sa);
    CHECK(sa->conn == &conn[1]);
    CHECK(child->conf == &lan[1]);
    CHECK_EQ(count_actions(&shard.ring, SHRIKE_CONF_UNUSED), 1);
    CHECK(shard_conf(&shard, &conf[2])); /* says that it is the same, but has no such child */
    sa_rehome(&shard, sa);
    CHECK(sa->conn == &conn[1]);
    conn[2].hash = 6;
    sa_rehome(&shard, sa);
    CHECK(sa->conn == &conn[1]);
    sa_free(&shard, sa);
    CHECK_EQ(count_actions(&shard.ring, SHRIKE_CONF_UNUSED), 1);
    CHECK(shard_end());
}

/* Wherever it stands now, and whatever has come before it or gone. */
TEST(rehoming_finds_its_place)
{
    struct shrike_conn old[6], now[6];
    struct shrike_conf conf[2] = {{.conns = old, .conn_count = 6}, {.conns = now}};
    memset(old, 0, sizeof old);
    for (u32 i = 0; i < 6; i++)
        old[i] = (struct shrike_conn){.name = "x", .hash = 10 + i};
    for (u32 count = 0; count <= 6; count++) {
        for (u32 shift = 0; shift < 6; shift++) {
            for (u32 i = 0; i < 6; i++)
                now[i] = old[(i + shift) % 6];
            conf[1].conn_count = count;
            for (u32 i = 0; i < 6; i++) {
                CHECK(shard_begin());
                CHECK(shard_conf(&shard, &conf[0]));
                struct ike_sa *sa = sa_new(&shard, true);
                sa_use_conn(&shard, sa, &old[i], shard.current);
                CHECK(shard_conf(&shard, &conf[1]));
                sa_rehome(&shard, sa);
                u32 place = (i + 6 - shift) % 6;
                CHECK(sa->conn == (place < count ? &now[place] : &old[i]));
                sa_free(&shard, sa);
                CHECK(shard_end());
            }
        }
    }
}

/* Changed and gone ones live on as retired, so that no configuration is held for them; in force is
 * the one of the same name. */
TEST(retired_connections)
{
    enum { ROUNDS = 3 * SNAPSHOTS_MAX };
    struct shrike_child_conf lan = {.name = "lan"};
    struct shrike_conn kept[ROUNDS + 1], in_force[ROUNDS + 1];
    struct shrike_conf conf[ROUNDS + 1];
    CHECK(shard_begin());
    for (u32 i = 0; i <= ROUNDS; i++) {
        in_force[i] =
            (struct shrike_conn){.name = "a", .hash = 100 + i, .children = &lan, .child_count = 1};
        kept[i] =
            (struct shrike_conn){.name = "a", .hash = 100, .children = &lan, .child_count = 1};
        conf[i] = (struct shrike_conf){
            .conns = &in_force[i], .conn_count = 1, .retired = &kept[i], .retired_count = i > 0};
    }
    CHECK(shard_conf(&shard, &conf[0]));
    struct ike_sa *sa = sa_new(&shard, true);
    sa_use_conn(&shard, sa, &in_force[0], shard.current);
    CHECK(shard_conn_now(&shard, sa->conn) == sa->conn);
    for (u32 i = 1; i <= ROUNDS; i++) {
        CHECK(shard_conf(&shard, &conf[i]));
        sa_rehome(&shard, sa);
        CHECK(sa->conn == &kept[i]);
        CHECK(shard_conn_now(&shard, sa->conn) == &in_force[i]);
        CHECK_EQ(count_actions(&shard.ring, SHRIKE_CONF_UNUSED), 1);
    }
    sa_free(&shard, sa);
    CHECK(shard_end());
}

TEST(the_identity_of_the_peer)
{
    CHECK(shard_begin());
    struct ike_sa *sa = sa_new(&shard, true);
    CHECK_EQ(sa_peer_id(sa).type, 0);
    sa->peer_id = packet_copy(&shard.packets, bytes_of("\2b.test", 7));
    CHECK_EQ(sa_peer_id(sa).type, ID_FQDN);
    CHECK(bytes_equal(sa_peer_id(sa).data, bytes_of("b.test", 6)));
    sa_free(&shard, sa);
    CHECK_EQ(shard.source.bytes_live, 0);
    CHECK(shard_end());
}

int main(void)
{
    return RUN(made_up_to_the_caps) | RUN(the_gate_counts_to_the_end) | RUN(when_it_is_due) |
           RUN(rehoming) | RUN(rehoming_finds_its_place) | RUN(retired_connections) |
           RUN(the_identity_of_the_peer);
}
