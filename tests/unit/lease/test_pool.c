/* Tests of lease/pool.c. */
#include "addresses.h"
#include "test.h"

TEST(a_subnet_leaves_its_ends_out)
{
    struct lease_pool p = span("p", "10.3.0.0", "10.3.0.255", true);
    CHECK(is(&p.base, "10.3.0.1") && p.size == 254);
    p = span("p", "10.3.0.0", "10.3.0.3", true);
    CHECK(is(&p.base, "10.3.0.1") && p.size == 2);
    p = span("p", "10.3.0.0", "10.3.0.1", true); /* RFC 3021: both are hosts */
    CHECK(is(&p.base, "10.3.0.0") && p.size == 2);
    p = span("p", "10.3.0.7", "10.3.0.7", true);
    CHECK(is(&p.base, "10.3.0.7") && p.size == 1);
    p = span("p", "fd00::", "fd00::ff", true);
    CHECK(is(&p.base, "fd00::1") && p.size == 254);
}

TEST(a_range_is_all_of_it)
{
    struct lease_pool p = span("p", "10.3.0.10", "10.3.1.9", false);
    CHECK(is(&p.base, "10.3.0.10") && p.size == 256);
    p = span("p", "fd00::ffff:ffff:ffff:fffe", "fd00:0:0:1::1", false);
    CHECK_EQ(p.size, 4);
    struct shrike_addr a = lease_pool_at(&p, 2);
    CHECK(is(&a, "fd00:0:0:1::"));
}

TEST(a_huge_one_is_cut)
{
    struct lease_pool p = span("p", "fd00::", "fd00::ffff:ffff:ffff:ffff", true);
    CHECK(is(&p.base, "fd00::1"));
    CHECK_EQ(p.size, LEASE_SIZE_MAX);
    p = span("p", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true);
    CHECK_EQ(p.size, LEASE_SIZE_MAX);
    p = span("p", "0.0.0.0", "255.255.255.255", true);
    CHECK_EQ(p.size, LEASE_SIZE_MAX);
    struct shrike_addr a = lease_pool_at(&p, p.size - 1);
    CHECK(is(&a, "128.0.0.0"));
}

TEST(it_holds_what_it_gives_out)
{
    struct lease_pool p = span("p", "10.3.0.0", "10.3.0.255", true);
    struct shrike_addr a;
    for (u32 i = 0; i < p.size; i++) {
        a = lease_pool_at(&p, i);
        CHECK(lease_pool_holds(&p, &a));
        CHECK_EQ(a.octets[3], i + 1);
    }
    a = address("10.3.0.0");
    CHECK(!lease_pool_holds(&p, &a));
    a = address("10.3.0.255");
    CHECK(!lease_pool_holds(&p, &a));
    a = address("::10.3.0.7");
    CHECK(!lease_pool_holds(&p, &a));
    p = span("p", "fd00::", "fd00::ffff:ffff:ffff:ffff", true);
    a = address("fd00::8000:0");
    CHECK(lease_pool_holds(&p, &a));
    a = address("fd00::8000:1"); /* beyond what is used */
    CHECK(!lease_pool_holds(&p, &a));
    a = address("fd00:0:0:1::1"); /* the low half alone would fit */
    CHECK(!lease_pool_holds(&p, &a));
}

TEST(pools_that_overlap)
{
    struct lease_pool a = span("a", "10.3.0.0", "10.3.0.255", true);
    struct lease_pool b = span("b", "10.3.0.250", "10.3.1.7", false);
    struct lease_pool c = span("c", "10.3.0.255", "10.3.1.7", false);
    struct lease_pool d = span("d", "fd00::", "fd00::ff", true);
    struct lease_pool all = span("all", "10.0.0.0", "10.255.255.255", true);
    CHECK(lease_pools_overlap(&a, &b) && lease_pools_overlap(&b, &a));
    CHECK(!lease_pools_overlap(&a, &c) && !lease_pools_overlap(&c, &a));
    CHECK(!lease_pools_overlap(&a, &d) && !lease_pools_overlap(&d, &a));
    CHECK(lease_pools_overlap(&all, &b) && lease_pools_overlap(&b, &all));
}

int main(void)
{
    return RUN(a_subnet_leaves_its_ends_out) | RUN(a_range_is_all_of_it) | RUN(a_huge_one_is_cut) |
           RUN(it_holds_what_it_gives_out) | RUN(pools_that_overlap);
}
