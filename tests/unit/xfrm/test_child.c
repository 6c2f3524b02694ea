/* The table of Child SAs. */
#include "test.h"
#include "wire/codes.h"
#include "xfrm/child.h"

static struct children c;
static struct traits traits; /* of those to come */

static struct child *add(u32 serial, u32 reqid, u8 remote)
{
    static struct shrike_ts local = {.to = {255, 255, 255, 255}, .port_to = 65535, .family = 4};
    static struct shrike_ts there;
    there = local;
    there.from[3] = there.to[3] = remote;
    struct shrike_install_op op = {.child_serial = serial,
                                   .reqid = reqid,
                                   .protocol = PROTOCOL_ESP,
                                   .in = {.spi = 0x1000 + serial},
                                   .out = {.spi = 0x2000 + serial},
                                   .local_ts = &local,
                                   .remote_ts = &there,
                                   .local_ts_count = 1,
                                   .remote_ts_count = 1};
    return children_add(&c, &op, &traits);
}

TEST(they_are_found)
{
    const struct shrike_endpoint elsewhere = {.octets = {192, 0, 2, 9}, .family = 4};
    children_open(&c);
    struct child *one = add(1, 7, 1), *far = add(1 + CHILDREN_BUCKETS * 3, 7, 1);
    CHECK(one && far && !add(1, 8, 1) && !add(0, 8, 1));
    CHECK(children_find(&c, 1) == one && !children_find(&c, 2) && !children_find(&c, 0));
    CHECK(children_by_spi(&c, 0x1001) == one && !children_by_spi(&c, 0x2001));
    CHECK(children_by_out(&c, 0x2001, &one->remote) == one);
    CHECK(!children_by_out(&c, 0x2001, &elsewhere) && !children_by_out(&c, 0x1001, &one->remote));
    children_remove(&c, one);
    CHECK(!children_find(&c, 1) && !children_by_spi(&c, 0x1001) && c.count == 1);
    children_close(&c);
    CHECK_EQ(c.count, 0);
}

/* The kernel tells them apart by number: the same for who takes a place, also after a restart;
 * another one for another peer. */
TEST(numbers_follow_from_what_they_are)
{
    const u32 given = 0x40000005;
    children_open(&c);
    struct child *a = add(1, given, 1), *again = add(2, given, 1), *b = add(3, given, 2);
    CHECK(a && again && b);
    CHECK(reqid_is_ours(a->reqid) && a->reqid == again->reqid && a->reqid != b->reqid);
    u32 before = a->reqid;
    children_close(&c);
    children_open(&c);
    a = add(9, given, 1);
    CHECK(a && a->reqid == before);
    struct child *fixed = add(10, 42, 1);
    CHECK(fixed && fixed->reqid == 42 && !reqid_is_ours(42));
    children_close(&c);
}

/* So do marks: whichever of two that differ by nothing else comes first. */
TEST(numbers_follow_from_marks)
{
    u32 number[2];
    for (u32 first = 0; first < 2; first++) {
        children_open(&c);
        for (u32 n = 0; n < 2; n++) {
            u32 marked = n ^ first;
            traits = (struct traits){.mark_out = {marked, marked}};
            struct child *child = add(1 + n, 0x40000005, 1);
            CHECK(child && (first == 0 || child->reqid == number[marked]));
            number[marked] = child->reqid;
        }
        CHECK(number[0] != number[1]);
        children_close(&c);
    }
    traits = (struct traits){.if_in = 0};
}

/* Another Child SA may have the number that would be due: the next one, then. */
TEST(no_two_have_one_number)
{
    children_open(&c);
    const struct child *due = add(1, 0x40000005, 1);
    CHECK(due);
    struct child is = *due;
    u32 number = due->reqid;
    children_close(&c);
    children_open(&c);
    is.serial = 2;
    struct shrike_ts ts[2] = {{.family = 6}, {.family = 6}};
    CHECK(children_restore(&c, &is, ts));
    due = add(1, 0x40000005, 1);
    CHECK(due && due->reqid == (0x80000000 | (number + 1)));
    children_close(&c);
}

TEST(siblings_go_on)
{
    children_open(&c);
    struct child *a = add(1, 7, 1), *b = add(2, 7, 1), *other = add(3, 8, 1);
    CHECK(a && b && other);
    other->sends = true;
    CHECK(!children_sibling(&c, a));
    b->sends = true;
    CHECK(children_sibling(&c, a) == b && !children_sibling(&c, b));
    child_orphan(&c, b, 5);
    CHECK(!children_sibling(&c, a) && children_has_orphan(&c, 7) && !children_has_orphan(&c, 8));
    children_close(&c);
}

TEST(orphans_go_when_they_are_succeeded)
{
    const shrike_time now = 1000 * SHRIKE_SECOND;
    children_open(&c);
    struct child *a = add(1, 7, 1), *b = add(2, 8, 1);
    CHECK(a && b && add(3, 9, 1) && children_claim(&c, 3) && !children_claim(&c, 4));
    CHECK_EQ(children_orphan(&c, now), 2);
    CHECK(!children_find(&c, 1) && children_find(&c, 3) && !children_ended(&c, now));
    CHECK(add(1, 7, 1)); /* numbers begin anew */
    children_succeeded(&c, 7, now);
    CHECK(!children_ended(&c, now + ORPHAN_AFTER - 1));
    CHECK(children_ended(&c, now + ORPHAN_AFTER) == a);
    children_remove(&c, a);
    CHECK(!children_ended(&c, now + ORPHAN_MAX - 1));
    CHECK(children_ended(&c, now + ORPHAN_MAX) == b);
    children_close(&c);
}

/* From the program before: a copy, which has its own selectors and nothing of the other's lists. */
TEST(one_is_restored)
{
    static struct children others;
    const struct shrike_endpoint nowhere = {.family = 0};
    children_open(&c);
    children_open(&others);
    struct child *a = add(1, 7, 1);
    CHECK(a);
    a->cpi_in = 0x1234;
    struct child *again = children_restore(&others, a, a->ts);
    CHECK(again && !children_restore(&others, a, a->ts));
    CHECK(children_find(&others, 1) == again && children_by_spi(&others, 0x1001) == again);
    CHECK(children_by_out(&others, 0x2001, &nowhere) == again && again->ts[1].from[3] == 1);
    CHECK(children_has_cpi(&others, 7, 0x1234) && !children_has_cpi(&others, 8, 0x1234));
    struct child *orphan = children_adopt(&others, 7, 0), *alone = children_adopt(&others, 9, 0);
    CHECK(orphan && alone && orphan->until == ORPHAN_AFTER && alone->until == ORPHAN_MAX);
    children_close(&c);
    children_close(&others);
}

TEST(all_are_met_once)
{
    u32 at = 0, n = 0;
    children_open(&c);
    for (u32 i = 1; i <= 20; i++)
        CHECK(add(i * (i % 3 ? 1 : CHILDREN_BUCKETS), 7, 1));
    for (struct child *one = NULL; (one = children_next(&c, &at, one));)
        n++;
    CHECK_EQ(n, 20);
    children_close(&c);
}

int main(void)
{
    return RUN(they_are_found) | RUN(numbers_follow_from_what_they_are) |
           RUN(numbers_follow_from_marks) | RUN(no_two_have_one_number) | RUN(siblings_go_on) |
           RUN(orphans_go_when_they_are_succeeded) | RUN(one_is_restored) | RUN(all_are_met_once);
}
