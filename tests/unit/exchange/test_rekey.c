/* Rekeying between two sides that do nothing else: by time, by command, by either; refusals. */
#include "tools.h"

#define MINUTE (60 * SHRIKE_SECOND)

static void order(struct pair *p, unsigned side, const char *child, bool reauth)
{
    struct shrike_command c = {.kind = SHRIKE_REKEY, .reference = 7, .conn = "pair"};
    c.child = child;
    c.reauth = reauth;
    shrike_command(p->side[side].engine, p->now, &c);
    pair_run(p);
}

/* RFC 7296 1.3 (3), 1.3.3 (1), 2.8 (5): With and without PFS, by either side: new keys, one pair,
 * nothing told as closed. */
TEST(children_by_command)
{
    for (unsigned i = 0; i < 4; i++) {
        struct pair_options o = {.algorithms = pair_usual};
        o.algorithms.esp_ke = i & 2 ? KE_ECP256 : 0;
        struct pair *p = toy_pair(o);
        pair_up(p, NULL);
        u32 before = p->side[0].children[0].spi_in;
        order(p, i & 1, "net0", false);
        CHECK(pair_agrees(p) && p->side[0].child_count == 1);
        CHECK(p->side[0].children[0].spi_in != before);
        for (unsigned side = 0; side < 2; side++) {
            CHECK_EQ(p->side[side].child_rekeyed, 1);
            CHECK_EQ(p->side[side].child_down, 0);
            CHECK_EQ(p->side[side].child_up, 1);
            CHECK_EQ(stats_of(p, side).works, 0);
        }
        CHECK_EQ(p->side[i & 1].done, 1 + (i & 1 ? 0 : 1));
        toy_end(p);
    }
}

/* RFC 7296 1.3.2 (1), 1.4 (3), 2.18 (1): the children move, IDs begin at 0, and everything works on
 * the new one. */
TEST(the_ike_sa_by_command)
{
    for (unsigned side = 0; side < 2; side++) {
        struct pair *p = toy_pair((struct pair_options){.children = 2});
        pair_up(p, "net0");
        u32 first = p->side[0].ike;
        order(p, side, NULL, false);
        CHECK(pair_agrees(p) && p->side[0].ike != first);
        CHECK_EQ(p->side[0].ike_rekeyed, 1);
        CHECK_EQ(p->side[1].ike_rekeyed, 1);
        CHECK_EQ(p->side[0].ike_down + p->side[1].ike_down, 0);
        struct shrike_kernel_event k = {.kind = SHRIKE_EXPIRE_SOFT,
                                        .child_serial = p->side[0].children[0].serial};
        shrike_kernel(p->side[0].engine, p->now, &k);
        shrike_tick(p->side[0].engine, p->now);
        pair_run(p);
        CHECK_EQ(p->side[0].child_rekeyed, 1);
        pair_up(p, "net1");
        order(p, 1 - side, "net0", false);
        CHECK(pair_agrees(p) && p->side[0].child_count == 2);
        pair_down(p, 1 - side, NULL);
        pair_wait(p, p->now + 10 * MINUTE);
        CHECK(empty(p));
        toy_end(p);
    }
}

/* Whether the peer is there is asked of the new one, when the old one went before it was answered.
 */
TEST(liveness_moves_to_the_new_one)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_command alive = {.kind = SHRIKE_LIVENESS, .reference = 3, .conn = "pair"};
    pair_up(p, NULL);
    unsigned done = p->side[0].done;
    shrike_command(p->side[0].engine, p->now, &alive);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    pair_lose_all(&p->side[1]);
    order(p, 1, NULL, false);
    pair_wait(p, p->now + 2 * MINUTE);
    CHECK_EQ(p->side[0].ike_rekeyed, 1);
    CHECK_EQ(p->side[0].done, done + 1);
    toy_end(p);
}

/* It was to go down while it was rekeyed: the delete of the new one is told and sent again, also
 * when that of the old one was answered first. */
TEST(down_while_it_is_rekeyed)
{
    struct pair *p = toy_pair((struct pair_options){0});
    struct shrike_command rekey = {.kind = SHRIKE_REKEY, .conn = "pair"};
    struct shrike_command down = {.kind = SHRIKE_DOWN, .conn = "pair"};
    pair_up(p, NULL);
    shrike_command(p->side[0].engine, p->now, &rekey);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    shrike_command(p->side[0].engine, p->now, &down);
    (void)pair_drain(p, 0);
    (void)pair_deliver(p, 1);
    (void)pair_drain(p, 1);
    (void)pair_deliver(p, 0); /* the response: both deletes are to be asked */
    for (unsigned i = 0; i < 4; i++) {
        shrike_tick(p->side[0].engine, p->now);
        (void)pair_drain(p, 0);
    }
    CHECK_EQ(p->side[1].count, 2);
    (void)pair_deliver(p, 1);
    pair_lose(&p->side[1]); /* that of the new one */
    pair_run(p);
    CHECK_EQ(p->side[0].ike_down, 0);
    pair_wait(p, p->now + 5 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].ike_down, 1);
    CHECK_EQ(p->side[1].ike_down, 1);
    pair_wait(p, p->now + 10 * MINUTE);
    CHECK(empty(p));
    toy_end(p);
}

/* RFC 7296 2.8.1 (1) */
TEST(by_time)
{
    struct pair *p = toy_pair((struct pair_options){.ike_rekey = 10 * MINUTE,
                                                    .ike_over = 5 * MINUTE,
                                                    .child_rekey = 3 * MINUTE,
                                                    .child_life = 4 * MINUTE});
    pair_up(p, NULL);
    shrike_time start = p->now;
    pair_wait(p, start + 3 * MINUTE - SHRIKE_SECOND);
    CHECK_EQ(p->side[0].child_rekeyed, 0);
    pair_wait(p, start + 3 * MINUTE + 30 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].child_rekeyed, 1);
    pair_wait(p, start + 60 * MINUTE);
    CHECK(p->side[0].ike_rekeyed >= 4 && p->side[0].child_rekeyed >= 15);
    CHECK_EQ(p->side[0].child_down + p->side[0].ike_down, 0);
    CHECK(pair_agrees(p) && p->side[0].child_count == 1);
    toy_end(p);
}

/* RFC 7296 2.8 (1, 4): What is not rekeyed in time ends. */
TEST(hard_limits)
{
    struct pair *p = toy_pair((struct pair_options){.child_life = 4 * MINUTE});
    pair_up(p, NULL);
    pair_wait(p, p->now + 5 * MINUTE);
    CHECK(p->side[0].child_count == 0 && p->side[0].child_down == 1);
    CHECK_EQ(stats_of(p, 0).ike_sas, 1);
    toy_end(p);
}

/* RFC 7296 2.8.3: the new one is there before the old one goes. */
TEST(from_scratch)
{
    struct pair *p = toy_pair((struct pair_options){.children = 2});
    pair_up(p, NULL);
    order(p, 0, NULL, true);
    pair_wait(p, p->now + 5 * MINUTE);
    CHECK(pair_agrees(p) && p->side[0].child_count == 2);
    CHECK_EQ(p->side[0].ike_up, 2);
    CHECK_EQ(p->side[0].ike_down, 1);
    CHECK_EQ(p->side[0].done, 2);
    toy_end(p);
}

TEST(nothing_to_rekey)
{
    struct pair *p = toy_pair((struct pair_options){0});
    order(p, 0, NULL, false);
    order(p, 0, "net0", false);
    CHECK_EQ(p->side[0].refused, 2);
    pair_up(p, NULL);
    order(p, 0, "none", false);
    CHECK_EQ(p->side[0].refused, 3);
    toy_end(p);
}

int main(void)
{
    return RUN(children_by_command) | RUN(the_ike_sa_by_command) |
           RUN(liveness_moves_to_the_new_one) | RUN(down_while_it_is_rekeyed) | RUN(by_time) |
           RUN(hard_limits) | RUN(from_scratch) | RUN(nothing_to_rekey);
}
