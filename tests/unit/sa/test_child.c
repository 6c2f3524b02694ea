/* Child SAs: SPIs, selectors, finding and ending them, a few at a time. */
#include "tools.h"

static const struct shrike_child_conf conf = {.name = "lan", .mode = SHRIKE_TRANSPORT};
static struct ike_sa *sa;

static bool begin(void)
{
    return shard_begin() && (sa = sa_new(&shard, true)) != NULL;
}

static bool end(void)
{
    struct shrike_action a;
    sa_free(&shard, sa);
    while (ring_next(&shard.ring, &a))
        continue;
    return shard.source.bytes_live == 0 && shard.by_esp.count == 0 && shard_end();
}

TEST(made_and_freed)
{
    CHECK(begin());
    struct child_sa *c = child_new(&shard, sa, &conf);
    CHECK(c != NULL);
    CHECK_EQ(c->state, CHILD_WANTED);
    CHECK_EQ(c->mode, SHRIKE_TRANSPORT);
    CHECK(c->serial != sa->serial);
    CHECK_EQ(sa->child_count, 1);
    CHECK(child_first(sa) == c);
    CHECK(child_after(sa, c) == NULL);
    child_free(&shard, sa, c);
    CHECK_EQ(sa->child_count, 0);
    CHECK_EQ(count_actions(&shard.ring, SHRIKE_OP), 0); /* no data plane has it */
    CHECK(end());
}

/* RFC 3173 3.3: of those that are negotiated, each once, of our shard; free again afterwards. */
TEST(cpis)
{
    enum { DRAWN = 6 };
    for (u8 of = 0; of < 3; of++) {
        CHECK(begin());
        shard.shards = 3;
        shard.shard = of;
        for (unsigned i = 0; i < DRAWN; i++) {
            struct child_sa *c = child_new(&shard, sa, &conf);
            CHECK(child_draw_cpi(&shard, c));
            CHECK(c->cpi_in >= 256 && c->cpi_in <= 61439);
            CHECK_EQ((c->cpi_in >> 8) % 3, of);
            CHECK_EQ(map_get(&shard.by_esp, CPI_KEY | c->cpi_in), c->index);
            CHECK_EQ(map_get(&shard.by_esp, c->cpi_in), MAP_NONE); /* SPIs are others */
            CHECK_EQ(shard.by_esp.count, i + 1);
        }
        struct child_sa *c = child_first(sa);
        u16 cpi = c->cpi_in;
        c->cpi_out = 1000;
        child_drop_cpi(&shard, c);
        CHECK(!c->cpi_in && !c->cpi_out);
        CHECK_EQ(map_get(&shard.by_esp, CPI_KEY | cpi), MAP_NONE);
        CHECK(end());
    }
}

/* RFC 7296 1.4.1 (6): RFC 4303 2.1: not 0 to 255; found by it; free again afterwards. The first
 * octet names the shard.
 */
TEST(spis)
{
    for (u8 of = 0; of < 3; of++) {
        CHECK(begin());
        shard.shards = 3;
        shard.shard = of;
        for (unsigned i = 0; i < 2000; i++) {
            struct child_sa *c = child_new(&shard, sa, &conf);
            CHECK(child_draw_spi(&shard, c));
            CHECK(c->spi_in > 255);
            CHECK_EQ((c->spi_in >> 24) % 3, of);
            CHECK_EQ(map_get(&shard.by_esp, c->spi_in), c->index);
            u32 spi = c->spi_in;
            child_free(&shard, sa, c);
            CHECK_EQ(map_get(&shard.by_esp, spi), MAP_NONE);
        }
        CHECK(end());
    }
}

TEST(by_the_spi_of_the_peer)
{
    CHECK(begin());
    struct child_sa *a = child_new(&shard, sa, &conf), *b = child_new(&shard, sa, &conf);
    a->state = b->state = CHILD_UP;
    a->spi_in = 0; /* not drawn */
    a->protocol = b->protocol = PROTOCOL_ESP;
    a->spi_out = 1000;
    b->spi_out = 2000;
    CHECK(child_by_peer_spi(sa, PROTOCOL_ESP, 1000) == a);
    CHECK(child_by_peer_spi(sa, PROTOCOL_ESP, 2000) == b);
    CHECK(child_by_peer_spi(sa, PROTOCOL_ESP, 3000) == NULL);
    CHECK(child_by_peer_spi(sa, PROTOCOL_AH, 2000) == NULL); /* a space of its own */
    b->state = CHILD_DELETING;
    CHECK(child_by_peer_spi(sa, PROTOCOL_ESP, 2000) == b);
    b->state = CHILD_WANTED;
    CHECK(child_by_peer_spi(sa, PROTOCOL_ESP, 2000) == NULL);
    b->spi_out = 0;
    b->state = CHILD_NEGOTIATED;
    CHECK(child_by_peer_spi(sa, PROTOCOL_ESP, 0) == NULL);
    child_die(sa, a, SHRIKE_REASON_COMMAND);
    CHECK(child_by_peer_spi(sa, PROTOCOL_ESP, 1000) == NULL);
    CHECK(end());
}

TEST(selectors)
{
    struct ts_list local = {.count = 2}, remote = {.count = 1};
    local.ts[0].port_from = 1;
    local.ts[1].port_from = 2;
    remote.ts[0].port_from = 3;
    CHECK(begin());
    struct child_sa *c = child_new(&shard, sa, &conf);
    CHECK(child_local_ts(c) == NULL && child_remote_ts(c) == NULL);
    for (unsigned twice = 0; twice < 2; twice++)
        CHECK(child_keep_ts(&shard, c, &local, &remote));
    CHECK_EQ(c->local_ts_count, 2);
    CHECK_EQ(c->remote_ts_count, 1);
    CHECK_EQ(child_local_ts(c)[0].port_from, 1);
    CHECK_EQ(child_local_ts(c)[1].port_from, 2);
    CHECK_EQ(child_remote_ts(c)[0].port_from, 3);
    CHECK_EQ(packets_live(&shard.packets), 1);
    local.count = remote.count = SHRIKE_TS_MAX;
    CHECK(child_keep_ts(&shard, c, &local, &remote));
    CHECK(end());
}

/* What hung on it is told: the data plane, the commands, the slots. */
TEST(an_end_is_told)
{
    struct shrike_action a;
    unsigned removed = 0, down = 0, failed = 0, done = 0;
    CHECK(begin());
    struct child_sa *c = child_new(&shard, sa, &conf);
    CHECK(child_draw_spi(&shard, c));
    c->plane = 1;
    c->announced = true;
    c->spi_out = 5;
    c->command = pending_begin(&shard, 1);
    c->command_down = pending_begin(&shard, 2);
    sa->ours.child = sa->theirs.child = c;
    child_die(sa, c, SHRIKE_REASON_PEER_DELETED);
    child_die(sa, c, SHRIKE_REASON_COMMAND); /* dies once, for the first reason */
    CHECK_EQ(sa->dead, 1);
    CHECK(sa->ours.child == NULL && sa->theirs.child == NULL);
    child_sweep(&shard, sa);
    CHECK_EQ(sa->dead, 0);
    while (ring_next(&shard.ring, &a)) {
        removed +=
            a.kind == SHRIKE_OP && a.op.kind == SHRIKE_CHILD_REMOVE && a.op.remove.spi_out == 5;
        if (a.kind != SHRIKE_EVENT)
            continue;
        down += a.event.id == SHRIKE_EVENT_CHILD_DOWN &&
                a.event.reason.code == SHRIKE_REASON_PEER_DELETED;
        failed += a.event.id == SHRIKE_EVENT_COMMAND_FAILED && a.event.command == 1;
        done += a.event.id == SHRIKE_EVENT_COMMAND_DONE && a.event.command == 2;
    }
    CHECK_EQ(removed, 1);
    CHECK_EQ(down, 1);
    CHECK_EQ(failed, 1);
    CHECK_EQ(done, 1);
    CHECK(end());
}

TEST(swept_a_few_at_a_time)
{
    CHECK(begin());
    for (unsigned i = 0; i < 16; i++) {
        struct child_sa *c = child_new(&shard, sa, &conf);
        c->plane = 1;
        c->announced = true;
        if (i != 3)
            child_die(sa, c, SHRIKE_REASON_COMMAND);
    }
    CHECK(child_new(&shard, sa, &conf) == NULL); /* the cap of the shard */
    child_sweep(&shard, sa);
    CHECK_EQ(sa->dead, 15 - SWEEP_MAX);
    child_sweep(&shard, sa);
    CHECK_EQ(sa->dead, 0);
    CHECK_EQ(sa->child_count, 1);
    child_sweep(&shard, sa);
    CHECK_EQ(sa->child_count, 1);
    CHECK_EQ(count_actions(&shard.ring, SHRIKE_OP), 15);
    child_first(sa)->plane = 0;
    /* No room, no sweep. */
    child_die(sa, child_first(sa), SHRIKE_REASON_COMMAND);
    ring_input(&shard.ring);
    while (ring_room(&shard.ring) >= SWEEP_ROOM)
        (void)ring_event(&shard.ring);
    child_sweep(&shard, sa);
    CHECK_EQ(sa->dead, 1);
    (void)count_actions(&shard.ring, SHRIKE_OP);
    child_sweep(&shard, sa);
    CHECK_EQ(sa->dead, 0);
    CHECK(end());
}

int main(void)
{
    return RUN(made_and_freed) | RUN(spis) | RUN(cpis) | RUN(by_the_spi_of_the_peer) |
           RUN(selectors) | RUN(an_end_is_told) | RUN(swept_a_few_at_a_time);
}
