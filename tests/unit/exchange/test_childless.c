/* IKE SAs without a first Child SA: what each policy asks for and takes (RFC 6023). */
#include "tools.h"

static struct pair *p;
static struct tuned t[2];

static void with_policy(enum shrike_childless ours, enum shrike_childless theirs)
{
    p = toy_pair((struct pair_options){0});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        t[i].conn.childless = i ? theirs : ours;
        tune_end(p, i, &t[i]);
    }
    pair_up(p, NULL);
}

/* Messages until the Child SA is there: two more when it has an exchange of its own. */
enum { TOGETHER = 4, APART = 6 };

TEST(who_asks_for_what)
{
    static const struct {
        enum shrike_childless ours, theirs;
        unsigned messages;
    } cases[] = {
        {SHRIKE_CHILDLESS_ALLOW, SHRIKE_CHILDLESS_ALLOW, TOGETHER},
        {SHRIKE_CHILDLESS_NEVER, SHRIKE_CHILDLESS_ALLOW, TOGETHER},
        {SHRIKE_CHILDLESS_PREFER, SHRIKE_CHILDLESS_NEVER, TOGETHER},
        {SHRIKE_CHILDLESS_PREFER, SHRIKE_CHILDLESS_ALLOW, APART},
        {SHRIKE_CHILDLESS_PREFER, SHRIKE_CHILDLESS_FORCE, APART},
        {SHRIKE_CHILDLESS_FORCE, SHRIKE_CHILDLESS_PREFER, APART},
    };
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        with_policy(cases[i].ours, cases[i].theirs);
        CHECK_EQ(p->datagrams, cases[i].messages);
        CHECK(p->side[0].child_up == 1 && p->side[1].child_up == 1 && pair_agrees(p));
        CHECK(p->side[0].failed == 0 && p->side[1].failed == 0 && p->side[0].done == 1);
        toy_end(p);
    }
}

/* RFC 6023 3: one that was not told that the peer takes them must not ask. */
TEST(forced_on_a_peer_that_does_not)
{
    with_policy(SHRIKE_CHILDLESS_FORCE, SHRIKE_CHILDLESS_NEVER);
    CHECK(p->side[0].ike_up == 0 && p->side[1].ike_up == 0);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_CHILDLESS_REFUSED);
    CHECK_EQ(p->datagrams, 2);
    toy_end(p);
}

/* A Child SA together with the IKE SA is refused alone (RFC 7296 1.2). */
TEST(forced_by_a_responder)
{
    with_policy(SHRIKE_CHILDLESS_ALLOW, SHRIKE_CHILDLESS_FORCE);
    CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1);
    CHECK(p->side[0].child_up == 0 && p->side[1].child_up == 0);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_CHILDLESS_ONLY);
    pair_up(p, NULL); /* by itself it is made */
    CHECK(p->side[0].child_up == 1 && pair_agrees(p));
    toy_end(p);
}

int main(void)
{
    return RUN(who_asks_for_what) | RUN(forced_on_a_peer_that_does_not) |
           RUN(forced_by_a_responder);
}
