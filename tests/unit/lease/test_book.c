/* Tests of lease/book.c. */
#include "addresses.h"
#include "lease/book.h"
#include "test.h"

static const u8 key[16] = {7};
static struct book *book;
static const struct lease_pool *from;

static void open_with(const struct lease_pool *pools, u32 count)
{
    book_free(book);
    book = book_new(key);
    if (!book || !book_pools(book, pools, count))
        abort();
}

static void open_one(const char *first, const char *last)
{
    struct lease_pool p = span("p", first, last, false);
    open_with(&p, 1);
}

static struct shrike_id id(const char *name)
{
    return (struct shrike_id){2, bytes_of(name, strlen(name))};
}

/* What this client gets of pool p when it asks for that; NULL: nothing. */
static const struct shrike_addr *take(const char *client, const char *wish, const char *remote)
{
    static const char *const names[] = {"p"};
    struct book_ask ask = {.pools = names,
                           .pool_count = 1,
                           .client = id(client),
                           .remote = address(remote),
                           .wish = address(wish)};
    const struct lease *l = book_take(book, &ask, &from);
    return l ? &l->address : NULL;
}

static const struct shrike_addr *any(const char *client)
{
    return take(client, "0.0.0.0", "192.0.2.1");
}

static bool got(const struct shrike_addr *a, const char *text)
{
    return a && is(a, text);
}

static void back(const char *client, const char *text)
{
    struct shrike_id who = id(client);
    struct shrike_addr a = address(text);
    book_give_back(book, &who, &a);
}

TEST(nobody_has_two_alike)
{
    open_one("10.3.0.1", "10.3.0.3");
    CHECK(got(any("a"), "10.3.0.1"));
    CHECK(got(any("b"), "10.3.0.2"));
    CHECK(got(any("a"), "10.3.0.3")); /* the same name a second time: another device */
    CHECK(!any("c"));
    CHECK(strcmp(from->name, "p") == 0);
}

TEST(the_same_client_gets_the_same_again)
{
    open_one("10.3.0.1", "10.3.0.9");
    CHECK(got(any("a"), "10.3.0.1") && got(any("b"), "10.3.0.2"));
    back("a", "10.3.0.1");
    back("b", "10.3.0.2");
    CHECK(got(any("c"), "10.3.0.3"));
    CHECK(got(any("b"), "10.3.0.2"));
    CHECK(got(take("a", "10.3.0.7", "192.0.2.1"), "10.3.0.1")); /* his own before his wish */
}

TEST(the_longest_away_loses)
{
    open_one("10.3.0.1", "10.3.0.2");
    CHECK(any("a") && any("b"));
    back("b", "10.3.0.2");
    back("a", "10.3.0.1");
    CHECK(got(any("c"), "10.3.0.2"));
    CHECK(got(any("b"), "10.3.0.1"));
    CHECK(!any("a"));
    back("a", "10.3.0.1"); /* not his any more */
    CHECK(!any("a"));
}

TEST(wishes)
{
    open_one("10.3.0.1", "10.3.0.9");
    CHECK(got(take("a", "10.3.0.5", "192.0.2.1"), "10.3.0.5"));
    CHECK(got(take("b", "10.3.0.5", "192.0.2.1"), "10.3.0.1"));
    CHECK(got(take("c", "10.4.0.5", "192.0.2.1"), "10.3.0.2"));
    back("a", "10.3.0.5");
    CHECK(got(take("d", "10.3.0.5", "192.0.2.1"), "10.3.0.3")); /* kept for a */
    CHECK(!take("e", "::", "192.0.2.1"));                       /* another family */
    CHECK(!take("e", "fd00::1", "192.0.2.1"));
}

TEST(one_that_takes_the_place_of_another)
{
    open_one("10.3.0.1", "10.3.0.9");
    CHECK(got(take("a", "0.0.0.0", "192.0.2.1"), "10.3.0.1"));
    CHECK(got(take("a", "10.3.0.1", "192.0.2.1"), "10.3.0.1")); /* anew, before the old is closed */
    CHECK(
        got(take("a", "10.3.0.1", "192.0.2.2"), "10.3.0.2")); /* from elsewhere: a second device */
    CHECK(got(take("b", "10.3.0.1", "192.0.2.1"), "10.3.0.3"));
    back("a", "10.3.0.1");
    CHECK_EQ(book_pool(book, 0)->online_count, 3); /* the new one has it still */
    back("a", "10.3.0.1");
    CHECK_EQ(book_pool(book, 0)->online_count, 2);
    CHECK_EQ(book_pool(book, 0)->offline_count, 1);
    back("a", "10.3.0.1");
    CHECK_EQ(book_pool(book, 0)->offline_count, 1);
}

TEST(several_pools)
{
    static const char *const names[] = {"two", "one", "six", "gone"};
    struct lease_pool pools[] = {span("one", "10.3.0.1", "10.3.0.1", false),
                                 span("two", "10.4.0.1", "10.4.0.1", false),
                                 span("six", "fd00::1", "fd00::2", false)};
    struct book_ask ask = {.pools = names, .pool_count = 4, .client = id("a")};
    open_with(pools, 3);
    ask.wish = address("0.0.0.0");
    const struct lease *l = book_take(book, &ask, &from);
    CHECK(l && is(&l->address, "10.4.0.1") && strcmp(from->name, "two") == 0);
    ask.wish = address("::");
    l = book_take(book, &ask, &from);
    CHECK(l && is(&l->address, "fd00::1"));
    ask.client = id("b");
    ask.wish = address("0.0.0.0");
    l = book_take(book, &ask, &from);
    CHECK(l && is(&l->address, "10.3.0.1"));
    CHECK(!book_take(book, &ask, &from));
    back("b", "10.3.0.1");
    ask.wish = address("10.4.0.1"); /* somebody has it: his own of the other pool */
    l = book_take(book, &ask, &from);
    CHECK(l && is(&l->address, "10.3.0.1"));
}

TEST(attributes_come_with_the_pool)
{
    const u8 dns[4] = {10, 3, 0, 254};
    const struct lease_attribute attributes[] = {{3, bytes_of(dns, 4)}, {25, bytes_of("x", 0)}};
    struct lease_pool p = span("p", "10.3.0.1", "10.3.0.9", false);
    p.attributes = attributes;
    p.attribute_count = 2;
    open_with(&p, 1);
    CHECK(any("a"));
    CHECK(from->attribute_count == 2 && from->attributes[0].type == 3);
    CHECK(from->attributes[0].value.at != dns && from->attributes[1].value.len == 0);
    CHECK_BYTES(from->attributes[0].value.at, dns, 4);
}

TEST(a_reload)
{
    struct lease_pool before[] = {span("p", "10.3.0.1", "10.3.0.4", false),
                                  span("q", "10.4.0.1", "10.4.0.4", false)};
    struct lease_pool after[] = {span("r", "10.5.0.1", "10.5.0.4", false),
                                 span("p", "10.3.0.2", "10.3.0.9", false)};
    open_with(before, 2);
    CHECK(any("a") && any("b") && any("c"));
    back("c", "10.3.0.3");
    CHECK(book_pools(book, after, 2));
    const struct book_pool *p = book_pool(book, 1);
    CHECK(book_count(book) == 2 && p->online_count == 1 && p->offline_count == 1);
    back("a", "10.3.0.1"); /* ended with the range that held it */
    CHECK(got(any("c"), "10.3.0.3"));
    back("b", "10.3.0.2");
    CHECK(got(any("b"), "10.3.0.2"));
    CHECK(got(any("a"), "10.3.0.4"));
    CHECK(book_pools(book, NULL, 0));
    CHECK(!any("a"));
}

TEST(claims_from_a_former_life)
{
    struct shrike_id a = id("a"), b = id("b");
    struct shrike_addr one = address("10.3.0.1"), far = address("10.9.0.1"),
                       remote = address("192.0.2.1");
    open_one("10.3.0.1", "10.3.0.9");
    CHECK(book_claim(book, &a, &one, &remote));
    CHECK(book_claim(book, &a, &one, &remote));
    CHECK(!book_claim(book, &b, &one, &remote));
    CHECK(!book_claim(book, &b, &far, &remote));
    CHECK(got(any("b"), "10.3.0.2"));
    back("a", "10.3.0.1");
    CHECK(!book_claim(book, &b, &one, &remote));
    back("a", "10.3.0.1");
    CHECK(book_claim(book, &b, &one, &remote)); /* who was away has lost it */
    CHECK(got(any("a"), "10.3.0.3"));
}

TEST(an_identity_that_is_too_long)
{
    static const u8 octets[SHRIKE_ID_MAX + 1];
    struct shrike_id who = {11, bytes_of(octets, sizeof octets)};
    struct shrike_addr one = address("10.3.0.1"), remote = address("192.0.2.1");
    open_one("10.3.0.1", "10.3.0.9");
    CHECK(!book_claim(book, &who, &one, &remote));
    who.data.len = SHRIKE_ID_MAX;
    CHECK(book_claim(book, &who, &one, &remote));
    who.data.len = 0;
    CHECK(!book_claim(book, &who, &one, &remote));
}

TEST(no_more_are_kept_than_the_cap)
{
    char name[16];
    const struct shrike_addr *a;
    open_one("10.0.0.1", "10.255.0.0");
    for (u32 i = 0; i < BOOK_OFFLINE_MAX + 100; i++) {
        snprintf(name, sizeof name, "c%u", i);
        struct shrike_id who = id(name);
        CHECK((a = any(name)));
        book_give_back(book, &who, a);
    }
    CHECK_EQ(book_pool(book, 0)->offline_count, BOOK_OFFLINE_MAX);
    CHECK(got(any("c100"), "10.0.0.101")); /* the oldest that was kept */
    CHECK(!got(any("c99"), "10.0.0.100"));
}

/* ---- at random, against a model ---- */

enum { CLIENTS = 40, ADDRESSES = 24, STEPS = 200000 };

static struct {
    bool held[CLIENTS][ADDRESSES];
    u32 online;
} model;

static u32 state = 1;

static u32 draw(u32 below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

static bool step(void)
{
    char name[16], text[32];
    u32 c = draw(CLIENTS), n = draw(ADDRESSES);
    snprintf(name, sizeof name, "c%u", c);
    snprintf(text, sizeof text, "10.3.0.%u", n + 1);
    if (draw(2)) {
        back(name, text);
        model.online -= model.held[c][n];
        model.held[c][n] = false;
        return true;
    }
    u32 others = 0;
    const struct shrike_addr *a = take(name, draw(2) ? text : "0.0.0.0", "192.0.2.9");
    if (!a)
        return model.online == ADDRESSES;
    n = a->octets[3] - 1u;
    for (u32 i = 0; i < CLIENTS; i++)
        others += i != c && model.held[i][n];
    if (model.held[c][n])
        back(name, text); /* it took its own place: no second holder in this model */
    model.online += !model.held[c][n];
    model.held[c][n] = true;
    return n < ADDRESSES && others == 0;
}

TEST(at_random)
{
    open_one("10.3.0.1", "10.3.0.24");
    memset(&model, 0, sizeof model);
    for (u32 i = 0; i < STEPS; i++) {
        CHECK(step());
        CHECK_EQ(book_pool(book, 0)->online_count, model.online);
        CHECK(book_pool(book, 0)->online_count + book_pool(book, 0)->offline_count <= ADDRESSES);
    }
}

int main(void)
{
    int bad = RUN(nobody_has_two_alike) | RUN(the_same_client_gets_the_same_again) |
              RUN(the_longest_away_loses) | RUN(wishes) | RUN(one_that_takes_the_place_of_another) |
              RUN(several_pools) | RUN(attributes_come_with_the_pool) | RUN(a_reload) |
              RUN(claims_from_a_former_life) | RUN(an_identity_that_is_too_long) |
              RUN(no_more_are_kept_than_the_cap) | RUN(at_random);
    book_free(book);
    return bad;
}
