/* A whole life of an IKE SA between two engines: handshake, liveness, further children, deletes. */
#include "pair.h"
#include "test.h"
#include "wire/codes.h"

static struct pair *toy_pair(struct pair_options o)
{
    if (o.algorithms.encr == 0)
        o.algorithms = pair_usual;
    return pair_new(provider_toy_new(1), provider_toy_new(2), &o);
}

static void end(struct pair *p)
{
    struct shrike_provider *a = p->side[0].provider, *b = p->side[1].provider;
    pair_free(p);
    provider_toy_free(a);
    provider_toy_free(b);
}

/* Nothing is left but what the engine itself needs. */
static bool empty(const struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        struct shrike_stats s;
        shrike_stats(p->side[i].engine, &s);
        if (s.ike_sas || s.child_sas || s.handshakes || s.packets || s.works || s.half_open ||
            s.bytes_live || p->side[i].child_count)
            return false;
    }
    return true;
}

/* RFC 7296 4 (4) */
TEST(comes_up_and_agrees)
{
    struct pair *p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    CHECK_EQ(p->side[0].ike_up, 1);
    CHECK_EQ(p->side[1].ike_up, 1);
    CHECK_EQ(p->side[0].child_up, 1);
    CHECK_EQ(p->side[1].child_up, 1);
    CHECK(pair_agrees(p));
    CHECK_EQ(p->datagrams, 4);
    end(p);
}

static struct shrike_counts counted(const struct pair *p, unsigned side, u32 at)
{
    struct shrike_counts c = {.conn = "none"};
    (void)shrike_counts(p->side[side].engine, &at, &c);
    return c;
}

TEST(messages_are_counted_once)
{
    struct pair *p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    pair_down(p, 0, NULL);
    struct shrike_counts a = counted(p, 0, 0), b = counted(p, 1, 0);
    CHECK(a.conn[0] == 0 && a.of[SHRIKE_COUNT_IKE_INIT_OUT_REQ] == 1);
    CHECK(a.of[SHRIKE_COUNT_IKE_INIT_IN_RESP] == 1 && a.of[SHRIKE_COUNT_IKE_INIT_IN_REQ] == 0);
    CHECK(a.of[SHRIKE_COUNT_IKE_AUTH_OUT_REQ] == 1 && a.of[SHRIKE_COUNT_IKE_AUTH_IN_RESP] == 1);
    CHECK(a.of[SHRIKE_COUNT_INFO_OUT_REQ] == 1 && a.of[SHRIKE_COUNT_INFO_IN_RESP] == 1);
    CHECK(b.of[SHRIKE_COUNT_IKE_INIT_IN_REQ] == 1 && b.of[SHRIKE_COUNT_IKE_INIT_OUT_RESP] == 1);
    CHECK(b.of[SHRIKE_COUNT_IKE_AUTH_IN_REQ] == 1 && b.of[SHRIKE_COUNT_IKE_AUTH_OUT_RESP] == 1);
    CHECK(b.of[SHRIKE_COUNT_INFO_IN_REQ] == 1 && b.of[SHRIKE_COUNT_INFO_OUT_RESP] == 1);
    a = counted(p, 0, 1);
    CHECK(strcmp(a.conn, "pair") == 0 && a.of[SHRIKE_COUNT_IKE_INIT_OUT_REQ] == 1);
    b = counted(p, 1, 1); /* from when it has said who it is */
    CHECK(b.of[SHRIKE_COUNT_IKE_AUTH_OUT_RESP] == 1 && b.of[SHRIKE_COUNT_INFO_IN_REQ] == 1);
    CHECK(b.of[SHRIKE_COUNT_IKE_INIT_IN_REQ] == 0);
    CHECK(strcmp(counted(p, 0, 2).conn, "none") == 0);
    CHECK(shrike_counts_reset(p->side[0].engine, "pair"));
    CHECK_EQ(counted(p, 0, 1).of[SHRIKE_COUNT_INFO_OUT_REQ], 0);
    end(p);
}

/* RFC 7296 2.4 (13), 1.4.1 (1) */
TEST(goes_down_and_leaves_nothing)
{
    for (unsigned side = 0; side < 2; side++) {
        struct pair *p = toy_pair((struct pair_options){0});
        pair_up(p, NULL);
        pair_down(p, side, NULL);
        CHECK_EQ(p->side[0].ike_down, 1);
        CHECK_EQ(p->side[1].ike_down, 1);
        CHECK_EQ(p->side[0].child_down, 1);
        pair_wait(p, p->now + 300 * SHRIKE_SECOND);
        CHECK(empty(p));
        end(p);
    }
}

/* RFC 7296 1 (2), 1.3 (1), 2.4 (11) */
TEST(makes_further_children)
{
    struct pair *p = toy_pair((struct pair_options){.children = 3});
    pair_up(p, NULL);
    CHECK_EQ(p->side[1].child_count, 3);
    CHECK(pair_agrees(p));
    pair_down(p, 1, "net1");
    CHECK_EQ(p->side[0].child_count, 2);
    CHECK_EQ(p->side[1].child_count, 2);
    CHECK(pair_agrees(p));
    pair_up(p, "net1");
    CHECK_EQ(p->side[0].child_count, 3);
    CHECK(pair_agrees(p));
    end(p);
}

/* RFC 7296 1.2 (2) */
TEST(refuses_another_secret)
{
    struct pair *p = toy_pair((struct pair_options){.secret = {"one", "other"}});
    pair_up(p, NULL);
    CHECK_EQ(p->side[0].ike_up + p->side[1].ike_up, 0);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_AUTH_FAILED);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_AUTH_MAC);
    /* who decided has the identity that was claimed; the other only the notify */
    CHECK_EQ(p->side[1].failure.exchange, EXCHANGE_IKE_AUTH);
    CHECK_EQ(p->side[1].failure.detail, PAYLOAD_IDI);
    CHECK(p->side[1].failure.offered.len > 4 && p->side[1].by_stranger);
    CHECK(p->side[1].failure.beside.len); /* what the keeper of secrets says of the one it tried */
    CHECK_EQ(p->side[0].failure.exchange, EXCHANGE_IKE_AUTH);
    CHECK_EQ(p->side[0].failure.notify, NOTIFY_AUTHENTICATION_FAILED);
    CHECK(p->side[0].failure.theirs && !p->side[0].failure.offered.len);
    CHECK(!p->side[0].by_stranger);
    pair_wait(p, p->now + 300 * SHRIKE_SECOND);
    CHECK(empty(p));
    end(p);
}

/* RFC 7296 2.1 (6), 2.4 (5, 8) */
TEST(gives_up_a_silent_peer)
{
    struct pair *p = toy_pair((struct pair_options){0});
    p->side[0].mute = true;
    shrike_time start = p->now;
    pair_up(p, NULL);
    pair_wait(p, start + 190 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].failed, 0);
    CHECK_EQ(p->datagrams, 8); /* one send and seven resends */
    pair_wait(p, start + 192 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].failed, 1);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_TIMEOUT);
    CHECK_EQ(p->side[0].failure.exchange, EXCHANGE_IKE_SA_INIT);
    CHECK(p->side[0].failure.detail > 100 && p->side[0].failure.detail < 1500);
    CHECK(empty(p));
    end(p);
}

int main(void)
{
    return RUN(comes_up_and_agrees) | RUN(messages_are_counted_once) |
           RUN(goes_down_and_leaves_nothing) | RUN(makes_further_children) |
           RUN(refuses_another_secret) | RUN(gives_up_a_silent_peer);
}
