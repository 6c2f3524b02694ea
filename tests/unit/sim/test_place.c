/* Which connections meet, and where both hosts are. */
#include "sim/place.h"
#include "two.h"

static struct place p[2];
static unsigned first;
static char why[256];

static bool choose(const char *name)
{
    struct text t = text_of(why, sizeof why);
    for (unsigned s = 0; s < 2; s++)
        p[s] = (struct place){.config = two[s], .nat = p[s].nat};
    if (!place_choose(p, name, &first, &t))
        return false;
    place_settle(p);
    return true;
}

static bool is(const struct shrike_addr *a, const char *should)
{
    char text[64];
    struct text t = text_of(text, sizeof text);
    text_addr(&t, a->octets, a->family);
    return strcmp(text, should) == 0;
}

static const struct shrike_conn *conn(unsigned side)
{
    return &p[side].config->conf.conns[p[side].conn];
}

static bool ends_at(const struct shrike_endpoint *e, const char *should)
{
    struct shrike_addr a = {.family = e->family};
    memcpy(a.octets, e->octets, sizeof a.octets);
    return is(&a, should);
}

#define CONN(name, lines, here, there)                                                             \
    name " {\n" lines "\n" TWO_AUTH(here, there) "children { net { remote_ts = 10.0.0.0/8 } } }\n"

TEST(what_is_written_is_taken)
{
    CHECK(
        two_begin("connections {\n" CONN("ab",
                                         "local_addrs = 198.51.100.1\n"
                                         "remote_addrs = 198.51.100.2",
                                         "a", "b") "}\n",
                  "connections {\n" CONN("ba", "remote_addrs = 198.51.100.0/24", "b", "a") "}\n"));
    CHECK(choose(NULL));
    CHECK(first == 0 && p[0].conn == 0 && p[1].conn == 0 && p[0].meets && p[1].meets);
    CHECK(is(&p[0].own, "198.51.100.1") && is(&p[1].own, "198.51.100.2"));
    CHECK(is(&p[1].outside, "198.51.100.2") && !p[0].invented && !p[1].invented);
    CHECK(ends_at(&conn(1)->local_endpoint, "198.51.100.2"));
    two_end();
}

TEST(what_may_be_anything_gets_an_address)
{
    CHECK(two_begin("connections {\n" CONN("ab", "remote_addrs = vpn.example.org", "a", "b") "}\n",
                    "connections {\n" CONN("ba", "", "b", "a") "}\n"));
    CHECK(choose(NULL));
    CHECK(is(&p[0].own, "192.0.2.1") && is(&p[1].own, "192.0.2.2"));
    CHECK(p[0].invented && p[1].invented);
    CHECK(ends_at(&conn(0)->remote_endpoint, "192.0.2.2")); /* the name stands for it */
    CHECK(ends_at(&conn(0)->local_endpoint, "192.0.2.1"));
    CHECK(conn(0)->remote_addrs[0].addr.octets[0] == 192);
    CHECK(!place_missing(two[0], 0));
    two_end();
}

TEST(addresses_are_of_the_family_that_is_called)
{
    CHECK(two_begin(
        "connections {\n" CONN("ab", "remote_addrs = 2001:db8:1::5", "a", "b") "}\n",
        "connections {\n" CONN("ba", "local_addrs = 192.0.2.7,2001:db8:1::5", "b", "a") "}\n"));
    CHECK(choose(NULL));
    CHECK(is(&p[0].own, "2001:db8::1") && is(&p[1].own, "2001:db8:1::5"));
    two_end();
}

/* RFC 6761 6.4 */
TEST(a_name_that_nobody_has)
{
    CHECK(two_begin("connections {\n" CONN("ab", "remote_addrs = b.invalid", "a", "b") "}\n",
                    "connections {\n" CONN("ba", "", "b", "a") "}\n"));
    CHECK(choose(NULL));
    CHECK(place_missing(two[0], 0) && strcmp(place_missing(two[0], 0), "b.invalid") == 0);
    CHECK(conn(0)->remote_endpoint.family == 0);
    two_end();
}

TEST(behind_a_nat_it_has_another_address)
{
    CHECK(two_begin("connections {\n" CONN("ab",
                                           "local_addrs = 10.9.9.9\n"
                                           "remote_addrs = 198.51.100.2",
                                           "a", "b") "}\n",
                    "connections {\n" CONN("ba", "remote_addrs = 203.0.113.77", "b", "a") "}\n"));
    p[0].nat = true;
    CHECK(choose(NULL));
    CHECK(is(&p[0].own, "10.9.9.9") && is(&p[0].outside, "203.0.113.77"));
    struct shrike_addr a;
    u32 at = 0;
    CHECK(place_address(&p[0], &at, &a) && is(&a, "203.0.113.77"));
    CHECK(!place_address(&p[0], &at, &a)); /* the other is not to be reached */
    p[0].nat = false;
    two_end();
}

static const char several[] = "connections {\n" CONN("x", "remote_addrs = 198.51.100.8", "a", "x")
    CONN("y", "remote_addrs = 198.51.100.2", "a", "y")
        CONN("z", "remote_addrs = 198.51.100.2", "a", "b") "}\n";

TEST(addresses_decide_then_identities)
{
    CHECK(two_begin(several,
                    "connections {\n" CONN("b", "local_addrs = 198.51.100.2", "b", "a") "}\n"));
    CHECK(choose(NULL));
    CHECK(strcmp(conn(0)->name, "z") == 0);
    CHECK(choose("x"));
    CHECK(strcmp(conn(0)->name, "x") == 0 && !p[0].meets);
    CHECK(!choose("w") && strstr(why, "called w"));
    two_end();
}

TEST(who_begins_by_itself_is_first)
{
    CHECK(two_begin("connections {\n" CONN("ab", "remote_addrs = 198.51.100.2", "a", "b") "}\n",
                    "connections {\nba {\nremote_addrs = 198.51.100.1\n" TWO_AUTH(
                        "b", "a") "children { net { start_action = start\n remote_ts = 10.0.0.0/8 "
                                  "} } }\n}\n"));
    CHECK(choose(NULL) && first == 1);
    two_end();
}

TEST(nobody_can_begin)
{
    CHECK(two_begin("connections {\n" CONN("ab", "", "a", "b") "}\n",
                    "connections {\n" CONN("ba", "", "b", "a") "}\n"));
    CHECK(!choose(NULL) && strstr(why, "nobody can begin"));
    two_end();
}

int main(void)
{
    return RUN(what_is_written_is_taken) | RUN(what_may_be_anything_gets_an_address) |
           RUN(addresses_are_of_the_family_that_is_called) | RUN(a_name_that_nobody_has) |
           RUN(behind_a_nat_it_has_another_address) | RUN(addresses_decide_then_identities) |
           RUN(who_begins_by_itself_is_first) | RUN(nobody_can_begin);
}
