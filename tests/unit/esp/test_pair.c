/* Installed Child SAs and orphans. */
#include "esp/pair.h"
#include "test.h"

static struct pairs p;
static struct esp_sa sas[20];

static struct pair *add(u32 serial, u32 reqid)
{
    struct pair *pair = pairs_add(&p, serial, reqid);
    if (pair) {
        pair->in = &sas[serial % 10 * 2];
        pair->out = &sas[serial % 10 * 2 + 1];
        pair->in->child_serial = pair->out->child_serial = serial;
    }
    return pair;
}

TEST(pairs_are_found_by_serial)
{
    pairs_open(&p);
    struct pair *one = add(1, 7), *far = add(1 + PAIR_BUCKETS * 3, 7);
    CHECK(one && far);
    CHECK(!add(1, 8)); /* taken */
    CHECK(!add(0, 8)); /* nobody's */
    CHECK(pairs_find(&p, 1) == one);
    CHECK(pairs_find(&p, 1 + PAIR_BUCKETS * 3) == far);
    CHECK(!pairs_find(&p, 2));
    CHECK_EQ(p.count, 2);
    pairs_remove(&p, one);
    CHECK(!pairs_find(&p, 1));
    CHECK_EQ(p.count, 1);
    pairs_close(&p);
    CHECK_EQ(p.count, 0);
}

TEST(orphans_go_when_they_are_succeeded)
{
    shrike_time now = 1000 * SHRIKE_SECOND;
    pairs_open(&p);
    struct pair *a = add(1, 7), *b = add(2, 8);
    pairs_succeeded(&p, 7, now); /* no orphan yet: nothing ends */
    CHECK(!pairs_ended(&p, SHRIKE_NEVER - 1));
    pairs_orphan(&p, now);
    CHECK(!pairs_find(&p, 1) && !pairs_find(&p, 2));
    CHECK_EQ(sas[2].child_serial, 0);
    CHECK_EQ(sas[5].child_serial, 0);
    CHECK(add(1, 7)); /* numbers begin anew */
    pairs_succeeded(&p, 7, now);
    CHECK(!pairs_ended(&p, now + ORPHAN_AFTER - 1));
    CHECK(pairs_ended(&p, now + ORPHAN_AFTER) == a);
    pairs_succeeded(&p, 7, now + 5); /* again: no longer stay */
    CHECK(pairs_ended(&p, now + ORPHAN_AFTER) == a);
    pairs_remove(&p, a);
    CHECK(!pairs_ended(&p, now + ORPHAN_MAX - 1));
    CHECK(pairs_ended(&p, now + ORPHAN_MAX) == b);
    pairs_close(&p);
}

TEST(what_carries_nothing_is_found)
{
    shrike_time now = 1000 * SHRIKE_SECOND, idle = 10 * SHRIKE_SECOND;
    memset(sas, 0, sizeof(sas));
    pairs_open(&p);
    struct pair *a = add(1, 7), *b = add(2, 8), *c = add(3, 9);
    pairs_limit(&p, a, 0, 0, now);
    CHECK_EQ(p.idling, 0);
    pairs_limit(&p, b, idle, 0, now);
    pairs_limit(&p, c, idle, 0, now);
    CHECK_EQ(p.idling, 2);
    CHECK(!pairs_idle(&p, now + idle - 1));
    CHECK(pairs_idle(&p, now + idle) == b);
    atomic_store(&b->in->used, now + 3);
    CHECK(pairs_idle(&p, now + idle) == c);
    atomic_store(&c->out->used, now + 5);
    CHECK(!pairs_idle(&p, now + idle));
    CHECK(pairs_idle(&p, now + idle + 3) == b);
    struct pair *heir = add(4, 8);
    pairs_limit(&p, heir, idle, 2, now + 8); /* goes on where b was */
    pairs_remove(&p, b);
    CHECK(pairs_idle(&p, now + idle + 3) == heir);
    pairs_limit(&p, heir, idle, 99, now + 9); /* one that is not there */
    CHECK(pairs_idle(&p, now + idle + 5) == c);
    pairs_remove(&p, c);
    CHECK(!pairs_idle(&p, now + idle + 8));
    CHECK(pairs_idle(&p, now + idle + 9) == heir);
    CHECK_EQ(p.idling, 1);
    pairs_orphan(&p, now); /* nobody would be told */
    CHECK(!pairs_idle(&p, SHRIKE_NEVER - 1));
    CHECK_EQ(p.idling, 0);
    pairs_close(&p);
}

/* Which are claimed by a new net stay what they are, until yet another one comes. */
TEST(the_claimed_are_no_orphans)
{
    pairs_open(&p);
    struct pair *a = add(1, 7);
    CHECK(add(2, 8) && add(1 + PAIR_BUCKETS, 9));
    a->in->soft_told = a->out->soft_told = a->out->hard_told = true;
    CHECK(pairs_claim(&p, 1) && pairs_claim(&p, 2));
    CHECK(!pairs_claim(&p, 3) && !pairs_claim(&p, 0));
    CHECK(!a->in->soft_told && !a->out->soft_told && !a->out->hard_told);
    pairs_unclaim(&p);
    CHECK(pairs_claim(&p, 1));
    CHECK_EQ(pairs_orphan(&p, 5), 2);
    CHECK(pairs_find(&p, 1) == a && !pairs_find(&p, 2) && !pairs_find(&p, 1 + PAIR_BUCKETS));
    CHECK(a->in->child_serial == 1 && pairs_ended(&p, 5 + ORPHAN_MAX));
    CHECK_EQ(pairs_orphan(&p, 6), 1); /* the claim is over */
    CHECK(!pairs_find(&p, 1));
    pairs_close(&p);
}

TEST(what_was_sent_is_noted)
{
    struct ends ends;
    struct shrike_endpoint at = {.family = 4};
    ends_open(&ends);
    pairs_open(&p);
    struct pair *a = add(1, 7), *b = add(2, 7);
    a->end = ends_take(&ends, &at, &at, 5);
    b->end = ends_take(&ends, &at, &at, 5);
    a->out->used = 30;
    b->out->used = 40;
    a->in->used = 50;
    pairs_note_sent(&p);
    CHECK_EQ(a->end->sent, 40);
    pairs_orphan(&p, 41);
    b->out->used = 60;
    pairs_note_sent(&p);
    CHECK_EQ(a->end->sent, 60);
    pairs_close(&p);
    CHECK(!ends_any(&ends)); /* given back */
    ends_close(&ends);
}

int main(void)
{
    return RUN(pairs_are_found_by_serial) | RUN(orphans_go_when_they_are_succeeded) |
           RUN(the_claimed_are_no_orphans) | RUN(what_was_sent_is_noted) |
           RUN(what_carries_nothing_is_found);
}
