/* Child SAs for one thing: of all that both ends have made one stays, and each end sees alike
 * which; what is no twin, or not yet, is left alone. */
#include "sa/twin.h"
#include "tools.h"

enum { MANY = 4 };

static const struct shrike_child_conf confs[2] = {{.name = "net"}, {.name = "other"}};
static struct ike_sa *sa;
static struct child_sa *at[MANY];

static bool begin(bool caller)
{
    bool good = shard_begin() && (sa = sa_new(&shard, caller)) != NULL;
    memset(at, 0, sizeof(at));
    if (good)
        sa->state = IKE_UP;
    return good;
}

static bool end(void)
{
    for (unsigned i = 0; i < MANY; i++) {
        if (at[i])
            at[i]->plane = 0; /* there is no data plane to be told */
    }
    sa_free(&shard, sa);
    return shard_end();
}

/* One that is up, with these addresses at the other end. */
static struct child_sa *make(bool asked, u8 network)
{
    struct ts_list local = {.count = 1, .ts = {{.from = {10, 1}, .to = {10, 1, 255, 255}}}};
    struct ts_list remote = {.count = 1, .ts = {{.from = {10, network}, .to = {10, network, 9}}}};
    struct child_sa *c = child_new(&shard, sa, &confs[0]);
    if (!c || !child_keep_ts(&shard, c, &local, &remote))
        return NULL;
    c->state = CHILD_UP;
    c->asked = c->ours = asked;
    c->plane = shard.plane;
    c->up_since = shard.now;
    twin_expect(&shard, sa);
    return c;
}

static void look(shrike_time later)
{
    shard.now += later;
    twin_settle(&shard, sa);
}

/* Until nothing changes any more; what is to be deleted is. */
static void look_for_long(void)
{
    for (unsigned i = 0; i < 3 * MANY; i++) {
        look(TWIN_PAUSE);
        for (unsigned k = 0; k < MANY; k++) {
            if (at[k] && at[k]->wants_delete)
                child_die(sa, at[k], (enum shrike_reason_code)at[k]->reason);
        }
    }
}

/* The end that this bit stands for deletes these: a bit each. Who has asked for which: a bit each.
 */
static unsigned ended_at(bool caller, unsigned by_caller)
{
    unsigned ended = 0;
    if (!begin(caller))
        return 0;
    for (unsigned i = 0; i < MANY; i++)
        at[i] = make((by_caller >> i & 1) == caller, 2);
    look_for_long();
    for (unsigned i = 0; i < MANY; i++)
        ended |= (unsigned)at[i]->wants_delete << i;
    return end() ? ended : 0;
}

TEST(of_all_that_both_have_made_one_stays)
{
    for (unsigned by_caller = 0; by_caller < 1u << MANY; by_caller++) {
        unsigned all = (1u << MANY) - 1, left = all;
        unsigned ended[2] = {ended_at(false, by_caller), ended_at(true, by_caller)};
        CHECK_EQ(ended[0] & ended[1], 0);
        CHECK_EQ(ended[1] & ~by_caller, 0); /* each end deletes its own */
        CHECK_EQ(ended[0] & by_caller, 0);
        left &= ~(ended[0] | ended[1]);
        CHECK(left && (left & (left - 1)) == 0);
        CHECK_EQ(left, by_caller ? left & by_caller : left);
    }
}

TEST(of_its_own_the_newest)
{
    CHECK(begin(true));
    at[0] = make(true, 2);
    at[1] = make(true, 2);
    look_for_long();
    CHECK(at[0]->wants_delete && !at[1]->wants_delete);
    CHECK_EQ(at[0]->reason, SHRIKE_REASON_CROSSED);
    CHECK_EQ(at[1]->stands_for, at[0]->serial); /* so it is sent by before the other one goes */
    CHECK(at[0]->again);
    CHECK(end());
}

/* The peer may not have a new one yet. */
TEST(not_before_its_time)
{
    CHECK(begin(true));
    at[0] = make(true, 2);
    shard.now += SHRIKE_SECOND;
    at[1] = make(true, 2);
    CHECK_EQ(sa->twins_at, shard.now - SHRIKE_SECOND + TWIN_PAUSE);
    look(TWIN_PAUSE - 1);
    CHECK(!at[0]->wants_delete && sa->twins_at != SHRIKE_NEVER);
    look_for_long();
    CHECK(at[0]->wants_delete);
    CHECK_EQ(sa->twins_at, SHRIKE_NEVER); /* nothing more is looked for */
    CHECK(end());
}

/* What one of them is part of is over first. */
TEST(not_while_it_is_rekeyed)
{
    CHECK(begin(true));
    at[0] = make(true, 2);
    at[1] = make(true, 2);
    at[2] = make(false, 2);
    at[2]->replaces = at[0]->serial;
    look_for_long();
    CHECK(!at[0]->wants_delete && !at[1]->wants_delete && !at[2]->wants_delete);
    at[2]->asked = true; /* as what it replaces */
    child_die(sa, at[0], SHRIKE_REASON_PEER_DELETED);
    look_for_long();
    CHECK(at[1]->wants_delete && !at[2]->wants_delete);
    CHECK(end());
}

/* One that the peer is to delete is no reason to delete another; neither is one that was in a data
 * plane that is gone. */
TEST(not_for_one_that_goes)
{
    for (unsigned i = 0; i < 2; i++) {
        CHECK(begin(false));
        at[0] = make(true, 2);
        at[1] = make(false, 2);
        if (i)
            at[1]->plane++;
        else
            at[1]->lost = true;
        look_for_long();
        CHECK(!at[0]->wants_delete && !at[1]->wants_delete);
        CHECK(end());
    }
}

/* RFC 7296 2.8 (8): other networks, another configuration, or what only the peer knows to be two.
 */
TEST(not_what_is_no_twin)
{
    for (unsigned i = 0; i < 3; i++) {
        CHECK(begin(true));
        at[0] = make(i < 2, 2);
        at[1] = make(i < 2, i == 0 ? 3 : 2);
        if (i == 1)
            at[1]->conf = &confs[1];
        look_for_long();
        CHECK(!at[0]->wants_delete && !at[1]->wants_delete);
        CHECK_EQ(sa->twins_at, SHRIKE_NEVER);
        CHECK(end());
    }
}

/* RFC 7296 2.9: of single pairs each has a place of its own, which another one does not fill. */
TEST(a_single_pair_is_not_made_again)
{
    CHECK(begin(true));
    at[0] = make(true, 2);
    at[1] = make(true, 2);
    at[0]->pair = at[1]->pair = true;
    look_for_long();
    CHECK(at[0]->wants_delete && !at[0]->again);
    CHECK(end());
}

int main(void)
{
    return RUN(of_all_that_both_have_made_one_stays) | RUN(of_its_own_the_newest) |
           RUN(not_before_its_time) | RUN(not_while_it_is_rekeyed) | RUN(not_for_one_that_goes) |
           RUN(not_what_is_no_twin) | RUN(a_single_pair_is_not_made_again);
}
