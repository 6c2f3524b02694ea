/* Tests of lease/desk.c. */
#include "addresses.h"
#include "lease/desk.h"
#include "test.h"
#include "wire/codes.h"

static const u8 key[16] = {7};
static const u8 dns[4] = {10, 3, 0, 254};
static const char *const names[] = {"four", "six"};
static const struct lease_attribute attributes[] = {{CFG_INTERNAL_IP4_DNS, {dns, 4}},
                                                    {CFG_INTERNAL_DNS_DOMAIN, {(u8 *)"x.org", 5}}};
static struct desk desk;

static bool begin(void)
{
    struct lease_pool pools[] = {span("four", "10.3.0.1", "10.3.0.2", false),
                                 span("six", "fd00::1", "fd00::2", false)};
    pools[0].attributes = attributes;
    pools[0].attribute_count = 2;
    desk_close(&desk);
    return desk_open(&desk, key) && book_pools(desk.book, pools, 2);
}

/* What the client is told when it asks under this number for n of these. */
static struct shrike_answer ask(u32 number, const char *client, const char *const *wishes, u16 n)
{
    struct shrike_addr list[SHRIKE_ADDRESSES_MAX];
    struct shrike_lease_op op = {.lease = number,
                                 .held = client[0] == '+',
                                 .wish_count = n,
                                 .pool_count = 2,
                                 .wishes = list,
                                 .pools = names,
                                 .remote = {2, bytes_of(client, strlen(client))}};
    if (op.held)
        op.remote.data = bytes_of(client + 1, strlen(client + 1));
    for (u16 i = 0; i < n; i++)
        list[i] = address(wishes[i]);
    return desk_ask(&desk, &op, NULL);
}

static struct shrike_answer ask_one(u32 number, const char *client)
{
    static const char *const any[] = {"0.0.0.0"};
    return ask(number, client, any, 1);
}

/* Are these the octets of the answer? */
static bool says(const struct shrike_answer *a, const char *text)
{
    u8 octets[256];
    size_t len = hex(text, octets, sizeof octets);
    return a->ok && bytes_equal(a->value, bytes_of(octets, len));
}

#define DNS " 0003 0004 0a0300fe 0019 0005 782e6f7267"

/* RFC 7296 3.15.1 (5): as many addresses as there are wishes, and as there are addresses. */
TEST(addresses_come_first_then_what_the_pools_say)
{
    static const char *const all[] = {"0.0.0.0", "::", "10.3.0.2"};
    CHECK(begin());
    struct shrike_answer a = ask(1, "a", all, 3);
    CHECK(says(&a, "0001 0004 0a030001 0008 0011 fd000000000000000000000000000001 40"
                   " 0001 0004 0a030002" DNS));
    a = ask(2, "b", all, 3);
    CHECK(says(&a, "0008 0011 fd000000000000000000000000000002 40"));
    a = ask(3, "c", all, 3);
    CHECK(!a.ok && a.reason == SHRIKE_REASON_POOL_EMPTY && a.value.len == 0);
}

/* RFC 7296 3.15.1 (6, 11, 13, 15, 18): a netmask goes with an IPv4 address only; of the others
 * there may be several. */
TEST(all_that_a_pool_says)
{
    static const u16 twice[] = {CFG_INTERNAL_IP4_NBNS, CFG_INTERNAL_IP4_DHCP,
                                CFG_INTERNAL_IP4_SUBNET, CFG_INTERNAL_IP6_SUBNET};
    static const char *const all[] = {"::", "0.0.0.0"};
    struct lease_attribute list[9] = {{CFG_INTERNAL_IP4_NETMASK, {dns, 4}}};
    struct lease_pool pools[] = {span("four", "10.3.0.1", "10.3.0.2", false),
                                 span("six", "fd00::1", "fd00::2", false)};
    for (unsigned i = 0; i < 8; i++)
        list[i + 1] = (struct lease_attribute){twice[i / 2], {dns, 1}};
    desk_close(&desk);
    pools[0].attributes = pools[1].attributes = list;
    pools[0].attribute_count = 1;
    pools[1].attribute_count = 9;
    CHECK(desk_open(&desk, key) && book_pools(desk.book, pools, 2));
    struct shrike_answer a = ask(1, "a", all, 2);
    CHECK(says(&a, "0008 0011 fd000000000000000000000000000001 40 0001 0004 0a030001"
                   " 0004 0001 0a 0004 0001 0a 0006 0001 0a 0006 0001 0a 000d 0001 0a"
                   " 000d 0001 0a 000f 0001 0a 000f 0001 0a 0002 0004 0a0300fe"));
}

/* What somebody else gives goes before the pools, to whom it is meant for; each once. */
TEST(gifts)
{
    static const char *const radius[] = {"radius", "four"};
    struct lease_gift gift = {.address_count = 2,
                              .dns_count = 2,
                              .addresses = {{{10, 9, 0, 77}, 4}, {{0xfd, 9, [15] = 7}, 6}},
                              .netmask = {{255, 255}, 4},
                              .dns = {{{10, 9, 0, 1}, 4}, {{0xfd, 9, [15] = 1}, 6}}};
    struct shrike_addr list[] = {address("0.0.0.0"), address("::"), address("0.0.0.0")};
    struct shrike_lease_op op = {.lease = 1,
                                 .wish_count = 3,
                                 .pool_count = 2,
                                 .wishes = list,
                                 .pools = radius,
                                 .remote = {2, bytes_of("a", 1)}};
    CHECK(begin());
    struct shrike_answer a = desk_ask(&desk, &op, &gift);
    CHECK(says(&a, "0001 0004 0a09004d 0008 0011 fd090000000000000000000000000007 40"
                   " 0001 0004 0a030001" DNS " 0002 0004 ffff0000 0003 0004 0a090001"
                   " 000a 0010 fd090000000000000000000000000001"));
    CHECK_EQ(book_pool(desk.book, 0)->online_count, 1);
    desk_over(&desk, 1);
    CHECK_EQ(book_pool(desk.book, 0)->online_count, 0);
    op.pool_count = 1; /* without a pool of ours */
    op.wish_count = 1;
    gift.dns_count = 0;
    a = desk_ask(&desk, &op, &gift);
    CHECK(says(&a, "0001 0004 0a09004d 0002 0004 ffff0000"));
    gift.address_count = 0;
    a = desk_ask(&desk, &op, &gift);
    CHECK(!a.ok && a.reason == SHRIKE_REASON_POOL_EMPTY);
    gift.address_count = 2;
    op.pools = radius + 1; /* not meant */
    a = desk_ask(&desk, &op, &gift);
    CHECK(says(&a, "0001 0004 0a030001" DNS));
}

TEST(a_number_ends_once)
{
    CHECK(begin());
    struct shrike_answer a = ask_one(1, "a");
    CHECK(says(&a, "0001 0004 0a030001" DNS));
    a = ask_one(2, "b");
    desk_over(&desk, 1);
    desk_over(&desk, 1);
    desk_over(&desk, 7);
    CHECK_EQ(book_pool(desk.book, 0)->online_count, 1);
    a = ask_one(3, "c"); /* nobody but who is away has had it */
    CHECK(says(&a, "0001 0004 0a030001" DNS));
    a = ask_one(4, "a");
    CHECK(!a.ok);
    desk_over(&desk, 4);
    desk_over(&desk, 3);
    a = ask_one(5, "c");
    CHECK(says(&a, "0001 0004 0a030001" DNS));
    a = ask_one(5, "c"); /* the number again: the first ends */
    desk_over(&desk, 5);
    desk_over(&desk, 2);
    CHECK_EQ(book_pool(desk.book, 0)->online_count, 0);
}

TEST(what_was_held_before)
{
    static const char *const mine[] = {"10.3.0.2", "fd00::1"}, *const far[] = {"10.9.0.1"};
    CHECK(begin());
    struct shrike_answer a = ask(9, "+a", mine, 2);
    CHECK(a.ok && book_pool(desk.book, 0)->online_count == 1);
    a = ask(10, "+b", mine, 2);
    CHECK(!a.ok);
    a = ask(11, "+b", far, 1);
    CHECK(!a.ok);
    a = ask_one(12, "b");
    CHECK(says(&a, "0001 0004 0a030001" DNS));
    desk_over(&desk, 9);
    CHECK_EQ(book_pool(desk.book, 0)->online_count, 1);
    CHECK_EQ(book_pool(desk.book, 1)->offline_count, 1);
}

TEST(many)
{
    struct lease_pool p = span("four", "10.0.0.1", "10.1.0.0", false);
    char name[16];
    desk_close(&desk);
    CHECK(desk_open(&desk, key) && book_pools(desk.book, &p, 1));
    for (u32 i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "c%u", i);
        CHECK(ask_one(i * 3, name).ok);
    }
    CHECK_EQ(desk.count, 5000);
    for (u32 i = 0; i < 5000; i += 2)
        desk_over(&desk, i * 3);
    CHECK_EQ(book_pool(desk.book, 0)->online_count, 2500);
    CHECK_EQ(book_pool(desk.book, 0)->offline_count, 2500);
}

TEST(an_answer_has_an_end)
{
    static u8 value[LEASE_VALUE_MAX];
    static const char *const all[] = {"0.0.0.0", "::", "0.0.0.0", "::"};
    struct lease_attribute long_ones[LEASE_ATTRIBUTES_MAX];
    struct lease_pool pools[] = {span("four", "10.3.0.1", "10.3.0.2", false),
                                 span("six", "fd00::1", "fd00::2", false)};
    for (u32 i = 0; i < LEASE_ATTRIBUTES_MAX; i++)
        long_ones[i] = (struct lease_attribute){25, bytes_of(value, sizeof value)};
    pools[0].attributes = pools[1].attributes = long_ones;
    pools[0].attribute_count = pools[1].attribute_count = LEASE_ATTRIBUTES_MAX;
    desk_close(&desk);
    CHECK(desk_open(&desk, key) && book_pools(desk.book, pools, 2));
    struct shrike_answer a = ask(1, "a", all, 4);
    CHECK(a.ok && a.value.len <= DESK_ANSWER_MAX && a.value.len > DESK_ANSWER_MAX - 300);
    CHECK_EQ((a.value.len - 2 * 8 - 2 * 21) % (4 + LEASE_VALUE_MAX), 0);
}

int main(void)
{
    int bad = RUN(addresses_come_first_then_what_the_pools_say) | RUN(all_that_a_pool_says) |
              RUN(gifts) | RUN(a_number_ends_once) | RUN(what_was_held_before) | RUN(many) |
              RUN(an_answer_has_an_end);
    desk_close(&desk);
    return bad;
}
