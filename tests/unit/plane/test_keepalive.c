/* Which ends need a NAT keepalive, and when. */
#include "plane/keepalive.h"
#include "test.h"

static struct ends ends;
static const struct shrike_endpoint here = {.octets = {127, 0, 0, 1}, .port = 4500, .family = 4};
static const struct shrike_endpoint there = {.octets = {192, 0, 2, 1}, .port = 4500, .family = 4};

TEST(quiet_ends_are_found_once)
{
    struct shrike_endpoint elsewhere = there;
    elsewhere.port = 4501;
    ends_open(&ends);
    CHECK(!ends_any(&ends));
    struct end *a = ends_take(&ends, &here, &there, 100);
    struct end *b = ends_take(&ends, &here, &elsewhere, 100);
    CHECK(a && b && a != b);
    CHECK(ends_take(&ends, &here, &there, 500) == a);
    CHECK(!ends_quiet(&ends, 119, 20));
    b->sent = 110;
    CHECK(ends_quiet(&ends, 120, 20) == a);
    CHECK(!ends_quiet(&ends, 120, 20));
    CHECK(ends_quiet(&ends, 130, 20) == b);
    struct end *one = ends_quiet(&ends, 200, 20), *two = ends_quiet(&ends, 200, 20);
    CHECK(one && two && one != two && !ends_quiet(&ends, 200, 20));
    ends_give(a);
    CHECK(ends_quiet(&ends, 300, 20)); /* it has one user still */
    ends_give(a);
    ends_give(b);
    ends_give(NULL);
    CHECK(!ends_any(&ends));
    ends_take(&ends, &here, &there, 1);
    ends_close(&ends);
    CHECK(!ends_any(&ends));
}

int main(void)
{
    return RUN(quiet_ends_are_found_once);
}
