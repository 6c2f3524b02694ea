/* Policies of several claims. */
#include "fake_kernel.h"
#include "xfrm/policy.h"

static struct spd spd;
static struct batch batch;
static struct kernel kernel;

static void begin(void)
{
    memset(&fake, 0, sizeof fake);
    ensure(kernel_open(&kernel, false));
    spd_open(&spd);
    batch_clear(&batch);
}

static bool sent(void)
{
    bool good = kernel_send(&kernel, &batch, NULL);
    batch_clear(&batch);
    return good;
}

static struct letter_policy wish(u32 reqid, u32 priority)
{
    struct letter_policy p = {.dir = XFRM_POLICY_OUT, .priority = priority, .template_count = 1};
    p.selector.family = AF_INET;
    p.selector.prefixlen_d = 24;
    p.templates[0] = (struct letter_template){.protocol = IPPROTO_ESP, .reqid = reqid};
    p.templates[0].to.family = 4;
    return p;
}

static bool claim(struct claim *c, const struct letter_policy *p)
{
    return spd_claim(&spd, c, p, &batch);
}

TEST(one_comes_and_goes)
{
    struct claim c = {.policy = NULL};
    struct letter_policy p = wish(7, 100);
    begin();
    CHECK(claim(&c, &p) && batch.count == 1 && sent());
    CHECK_EQ(fake_policies(), 1);
    CHECK(policy_is_ours(fake.policies[0].index) && (fake.policies[0].index & 7) == 1);
    CHECK(!policy_is_ours(8 * 100000 + 1));
    spd_release(&spd, &c, &batch);
    CHECK(sent() && fake_policies() == 0 && spd.count == 0);
    spd_close(&spd);
}

/* A Child SA that takes the place of another one costs nothing. */
TEST(the_same_is_not_said_twice)
{
    struct claim a = {.policy = NULL}, b = a;
    struct letter_policy p = wish(7, 100);
    begin();
    CHECK(claim(&a, &p) && sent());
    CHECK(claim(&b, &p) && batch.count == 0);
    spd_release(&spd, &a, &batch);
    CHECK(batch.count == 0 && fake_policies() == 1);
    spd_release(&spd, &b, &batch);
    CHECK(sent() && fake_policies() == 0);
    spd_close(&spd);
}

TEST(the_most_pressing_is_in_force)
{
    struct claim trap = {.policy = NULL}, child = trap, later = trap, less = trap;
    struct letter_policy t = wish(5, 101), c = wish(7, 100), l = wish(8, 100), wide = wish(9, 150);
    begin();
    CHECK(claim(&trap, &t) && sent());
    u32 index = fake.policies[0].index;
    CHECK(claim(&child, &c) && sent());
    CHECK_EQ(fake.policies[0].templates[0].reqid, 7);
    CHECK(claim(&later, &l) && sent());
    CHECK_EQ(fake.policies[0].templates[0].reqid, 8); /* of two alike the newer one */
    CHECK(claim(&less, &wide) && batch.count == 0);
    spd_release(&spd, &less, &batch);
    CHECK_EQ(batch.count, 0);
    spd_release(&spd, &later, &batch);
    CHECK(sent() && fake.policies[0].templates[0].reqid == 7);
    spd_release(&spd, &child, &batch);
    CHECK(sent() && fake.policies[0].templates[0].reqid == 5);
    CHECK_EQ(fake.policies[0].index, index);
    CHECK_EQ(fake_policies(), 1);
    spd_release(&spd, &trap, &batch);
    CHECK(sent() && fake_policies() == 0);
    spd_close(&spd);
}

/* With a priority that the configuration has written, a trap has that of its Child SA. */
TEST(a_spare_one_gives_way)
{
    struct claim trap = {.policy = NULL}, child = trap, again = trap;
    struct letter_policy c = wish(7, 5), t = wish(7, 5);
    t.spare = true;
    t.templates[0].mode = 1;
    begin();
    CHECK(claim(&trap, &t) && sent() && fake.policies[0].templates[0].mode == 1);
    CHECK(claim(&child, &c) && sent() && fake.policies[0].templates[0].mode == 0);
    CHECK(claim(&again, &t) && batch.count == 0); /* files were read again */
    spd_release(&spd, &child, &batch);
    CHECK(sent() && fake.policies[0].templates[0].mode == 1);
    spd_release(&spd, &trap, &batch);
    spd_release(&spd, &again, &batch);
    CHECK(sent() && fake_policies() == 0);
    spd_close(&spd);
}

/* What somebody else has is left alone. */
TEST(what_is_refused_is_not_deleted)
{
    struct claim c = {.policy = NULL};
    struct letter_policy p = wish(7, 100);
    begin();
    fake.policies[0] = p;
    fake.policy_there[0] = true;
    CHECK(claim(&c, &p) && !sent());
    spd_release(&spd, &c, &batch);
    CHECK(batch.count == 0 && fake_policies() == 1);
    spd_close(&spd);
}

TEST(one_of_a_life_before)
{
    struct claim old = {.policy = NULL}, c = old;
    struct letter_policy p = wish(7, 100);
    begin();
    p.index = POLICY_INDEX_FIRST + 8 * 41 + 1;
    fake.policies[0] = p;
    fake.policy_there[0] = true;
    CHECK(spd_adopt(&spd, &old, &p) && batch.count == 0);
    CHECK_EQ(spd.next, 42); /* numbers go on behind it */
    CHECK(claim(&c, &p) && batch.count == 0);
    spd_release(&spd, &old, &batch);
    CHECK(batch.count == 0);
    spd_release(&spd, &c, &batch);
    CHECK(sent() && fake_policies() == 0);
    spd_close(&spd);
}

/* A claim that comes and goes before it is sent names nothing that is gone. */
TEST(gone_before_it_was_sent)
{
    struct claim c = {.policy = NULL};
    struct letter_policy p = wish(7, 100);
    begin();
    CHECK(claim(&c, &p) && batch.holds[0]);
    spd_release(&spd, &c, &batch);
    CHECK(!batch.holds[0] && sent() && fake_policies() == 0);
    spd_close(&spd);
}

/* What the process before has claimed is told to the kernel only where it has it not. */
TEST(claims_are_restored)
{
    struct claim a = {.policy = NULL}, b = a;
    struct letter_policy here = wish(7, 100), gone = wish(7, 100), is;
    gone.selector.prefixlen_d = 25;
    begin();
    CHECK(!spd_seen(&spd, &here));
    CHECK(spd_restore(&spd, &a, &here) && spd_restore(&spd, &b, &gone));
    is = here;
    is.index = POLICY_INDEX_FIRST + 8 * 5 + XFRM_POLICY_OUT;
    CHECK(spd_seen(&spd, &is));
    CHECK(claim(&a, &here) && batch.count == 0);
    CHECK(claim(&b, &gone) && batch.count == 1 && sent());
    CHECK(fake.policies[0].index > is.index); /* none is used twice */
    spd_release(&spd, &a, &batch);
    CHECK(batch.count == 1);
    spd_close(&spd);
}

int main(void)
{
    return RUN(one_comes_and_goes) | RUN(the_same_is_not_said_twice) |
           RUN(the_most_pressing_is_in_force) | RUN(a_spare_one_gives_way) |
           RUN(what_is_refused_is_not_deleted) | RUN(one_of_a_life_before) |
           RUN(gone_before_it_was_sent) | RUN(claims_are_restored);
}
