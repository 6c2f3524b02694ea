/* What is configured, as the kernel is told it. */
#include "test.h"
#include "xfrm/traits.h"

#define ALL UINT32_MAX

static const struct traits_numbers given = {11, 12, 21, 22};

static struct traits made(const struct shrike_plane_conf *conf)
{
    struct traits t;
    traits_make(&t, conf, &given);
    return t;
}

TEST(nothing_is_nothing)
{
    static const struct traits none;
    u8 octets[TRAITS_OCTETS];
    struct traits t = made(&(struct shrike_plane_conf){.priority = 0});
    CHECK(t.mark_in.mask == 0 && t.mark_out.mask == 0 && t.set_in.mask == 0 && t.if_out == 0);
    CHECK(traits_routed(&t) && traits_alike(&t, &none) && traits_octets(&t, octets).len == 0);
}

TEST(numbers_that_are_written)
{
    const struct shrike_plane_conf conf = {.mark_in = {5, 0xff, SHRIKE_MARK_FIXED},
                                           .mark_out = {0, ALL, SHRIKE_MARK_FIXED},
                                           .set_mark_out = {7, 0xf, SHRIKE_MARK_FIXED},
                                           .if_id_in = {41, ALL, SHRIKE_MARK_FIXED}};
    struct traits t = made(&conf);
    CHECK(t.mark_in.value == 5 && t.mark_in.mask == 0xff && t.sa_in.mask == 0);
    CHECK(t.mark_out.value == 0 && t.mark_out.mask == ALL); /* only packets without a mark */
    CHECK(t.set_out.value == 7 && t.set_out.mask == 0xf && t.set_in.mask == 0);
    CHECK(t.if_in == 41 && t.if_out == 0);
    CHECK(!traits_routed(&t));
}

TEST(numbers_that_are_given)
{
    const struct shrike_plane_conf conf = {.mark_in = {0, 0xff, SHRIKE_MARK_UNIQUE},
                                           .mark_out = {0, ALL, SHRIKE_MARK_UNIQUE_DIR},
                                           .set_mark_in = {0, 0xe, SHRIKE_MARK_SAME},
                                           .set_mark_out = {0, ALL, SHRIKE_MARK_SAME},
                                           .if_id_in = {0, ALL, SHRIKE_MARK_UNIQUE_PEER},
                                           .if_id_out = {0, ALL, SHRIKE_MARK_UNIQUE_PEER_DIR},
                                           .mark_in_sa = true};
    struct traits t = made(&conf);
    CHECK(t.mark_in.value == 11 && t.mark_out.value == 12 && t.if_in == 21 && t.if_out == 22);
    CHECK(t.sa_in.value == 11 && t.sa_in.mask == 0xff);
    CHECK(t.set_in.value == 10 && t.set_in.mask == 0xe); /* the value, not the mask */
    CHECK(t.set_out.value == 12 && t.set_out.mask == ALL);
}

TEST(what_tells_packets_apart)
{
    u8 a[TRAITS_OCTETS], b[TRAITS_OCTETS];
    struct shrike_plane_conf conf = {.if_id_out = {1, ALL, SHRIKE_MARK_FIXED}};
    struct traits x = made(&conf);
    conf.priority = 9;
    conf.lose_ecn = true;
    struct traits y = made(&conf);
    CHECK(traits_alike(&x, &y) && bytes_equal(traits_octets(&x, a), traits_octets(&y, b)));
    CHECK(y.priority == 9 && y.lose_ecn && !traits_routed(&x));
    conf.if_id_out.value = 2;
    y = made(&conf);
    CHECK(!traits_alike(&x, &y) && !bytes_equal(traits_octets(&x, a), traits_octets(&y, b)));
    y = made(&(struct shrike_plane_conf){.no_policies = true});
    CHECK(!traits_routed(&y));
    conf.link = "ipsec2";
    y = made(&conf);
    CHECK(traits_routed(&y)); /* into an interface that the parent makes */
}

int main(void)
{
    return RUN(nothing_is_nothing) | RUN(numbers_that_are_written) | RUN(numbers_that_are_given) |
           RUN(what_tells_packets_apart);
}
