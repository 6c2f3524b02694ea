/* Numbers for %unique. */
#include "test.h"
#include "wire/codes.h"
#include "xfrm/numbers.h"

#define ALL UINT32_MAX

static struct children c;
static struct numbers n;
static u32 serial;

static void begin(void)
{
    children_open(&c);
    n = (struct numbers){0, 0, false};
    serial = 0;
}

/* A Child SA with what it is given; NULL: nothing is left. */
static struct child *next(const struct shrike_plane_conf *conf, const struct child *before, u8 peer)
{
    const struct shrike_endpoint remote = {{192, 0, 2, peer}, 500, 4, 0};
    const struct numbers_wish w = {conf, before, 7, &remote};
    struct traits t;
    if (!numbers_give(&n, &c, &w, &t))
        return NULL;
    serial++;
    struct shrike_install_op op = {.child_serial = serial,
                                   .reqid = 5,
                                   .protocol = PROTOCOL_ESP,
                                   .remote = remote,
                                   .in = {.spi = 0x1000 + serial}};
    struct child *child = children_add(&c, &op, &t);
    ensure(child);
    child->rule = 7;
    return child;
}

TEST(one_for_both_directions_or_each)
{
    const struct shrike_plane_conf both = {.mark_in = {0, ALL, SHRIKE_MARK_UNIQUE},
                                           .mark_out = {0, ALL, SHRIKE_MARK_UNIQUE}},
                                   each = {.mark_in = {0, ALL, SHRIKE_MARK_UNIQUE_DIR},
                                           .mark_out = {0, ALL, SHRIKE_MARK_UNIQUE_DIR}},
                                   out = {.mark_out = {0, ALL, SHRIKE_MARK_UNIQUE}};
    begin();
    const struct child *a = next(&both, NULL, 1), *b = next(&each, NULL, 1),
                       *o = next(&out, NULL, 1);
    CHECK(a->traits.mark_in.value == 1 && a->traits.mark_out.value == 1);
    CHECK(b->traits.mark_in.value == 2 && b->traits.mark_out.value == 3);
    CHECK(o->traits.mark_in.mask == 0 && o->traits.mark_out.value == 4);
    const struct child *heir = next(&each, b, 1);
    CHECK(heir->traits.mark_in.value == 2 && heir->traits.mark_out.value == 3);
    CHECK(n.id == 0); /* interfaces have numbers of their own */
    children_close(&c);
}

TEST(those_of_one_peer_share_interfaces)
{
    const struct shrike_plane_conf conf = {.if_id_in = {0, ALL, SHRIKE_MARK_UNIQUE_PEER},
                                           .if_id_out = {0, ALL, SHRIKE_MARK_UNIQUE_PEER}};
    begin();
    const struct child *a = next(&conf, NULL, 1), *other = next(&conf, NULL, 2),
                       *b = next(&conf, NULL, 1);
    CHECK(a->traits.if_in == 1 && a->traits.if_out == 1 && other->traits.if_out == 2);
    CHECK(b->traits.if_in == 1 && b->traits.if_out == 1);
    children_close(&c);
}

/* Only the lowest bits of a mask have room; what is in use is not given again. */
TEST(none_is_given_twice)
{
    const struct shrike_plane_conf conf = {.mark_out = {0, 0xff00ff, SHRIKE_MARK_UNIQUE}};
    struct child *fifth = NULL;
    begin();
    for (u32 i = 1; i <= 0xff; i++) {
        struct child *child = next(&conf, NULL, 1);
        CHECK(child && child->traits.mark_out.value == i);
        fifth = i == 5 ? child : fifth;
    }
    CHECK(!next(&conf, NULL, 1));
    children_remove(&c, fifth);
    const struct child *again = next(&conf, NULL, 1);
    CHECK(again && again->traits.mark_out.value == 5 && !next(&conf, NULL, 1));
    children_close(&c);
}

TEST(those_of_a_life_before_are_left_out)
{
    const struct shrike_plane_conf conf = {.mark_out = {0, ALL, SHRIKE_MARK_UNIQUE}};
    begin();
    numbers_seen(&n, 40, 50);
    numbers_seen(&n, 0xf0000000, 7); /* not one of ours */
    CHECK_EQ(next(&conf, NULL, 1)->traits.mark_out.value, 41);
    CHECK_EQ(n.id, 50);
    children_close(&c);
}

int main(void)
{
    return RUN(one_for_both_directions_or_each) | RUN(those_of_one_peer_share_interfaces) |
           RUN(none_is_given_twice) | RUN(those_of_a_life_before_are_left_out);
}
