/* Tests of lease/book.c. */
#include "addresses.h"
#include "lease/book.h"
#include "test.h"

static const u8 key[16] = {7};
static struct book *book;
static const struct lease_pool *from;

enum { TAKEN_MAX = 80000 };
static struct {
    char client[16];
    struct book_got got;
} taken[TAKEN_MAX]; /* what was given, until it is given back */
static u32 taken_count;

static void open_with(const struct lease_pool *pools, u32 count)
{
    book_free(book);
    book = book_new(key);
    taken_count = 0;
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

static const struct shrike_addr *note(const char *client, const struct book_got *got)
{
    if (taken_count == TAKEN_MAX)
        abort();
    snprintf(taken[taken_count].client, sizeof taken[0].client, "%s", client);
    taken[taken_count].got = *got;
    from = got->pool;
    return &taken[taken_count++].got.address;
}

static struct book_ask ask_of(const char *client, const char *wish)
{
    static const char *const names[] = {"p"};
    return (struct book_ask){
        .pools = names, .pool_count = 1, .client = id(client), .wish = address(wish)};
}

/* What this client gets of pool p when it asks for that; NULL: nothing. */
static const struct shrike_addr *take(const char *client, const char *wish)
{
    struct book_ask ask = ask_of(client, wish);
    struct book_got got;
    return book_take(book, &ask, &got) ? note(client, &got) : NULL;
}

static bool claim(const char *client, const char *wish)
{
    struct book_ask ask = ask_of(client, wish);
    struct book_got got;
    return book_claim(book, &ask, &got) && note(client, &got);
}

static const struct shrike_addr *any(const char *client)
{
    return take(client, "0.0.0.0");
}

static bool got(const struct shrike_addr *a, const char *text)
{
    return a && is(a, text);
}

/* Give back what this client got; nothing when it has no such address. */
static void back(const char *client, const char *text)
{
    for (u32 i = 0; i < taken_count; i++)
        if (strcmp(taken[i].client, client) == 0 && is(&taken[i].got.address, text)) {
            book_give_back(book, &taken[i].got.ticket);
            taken[i] = taken[--taken_count];
            return;
        }
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
    CHECK(got(take("a", "10.3.0.7"), "10.3.0.1")); /* his own before his wish */
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
    CHECK(got(take("a", "10.3.0.5"), "10.3.0.5"));
    CHECK(got(take("b", "10.3.0.5"), "10.3.0.1"));
    CHECK(got(take("c", "10.4.0.5"), "10.3.0.2"));
    back("a", "10.3.0.5");
    CHECK(got(take("d", "10.3.0.5"), "10.3.0.3")); /* kept for a */
    CHECK(!take("e", "::"));                       /* another family */
    CHECK(!take("e", "fd00::1"));
}

TEST(one_that_takes_the_place_of_another)
{
    open_one("10.3.0.1", "10.3.0.9");
    CHECK(got(any("a"), "10.3.0.1"));
    CHECK(got(take("a", "10.3.0.1"), "10.3.0.1")); /* anew, before the old is closed */
    struct book_ticket ticket = taken[1].got.ticket;
    CHECK(got(take("b", "10.3.0.1"), "10.3.0.2"));
    back("a", "10.3.0.1");
    CHECK_EQ(book_pool(book, 0)->online_count, 2); /* the new one has it still */
    back("a", "10.3.0.1");
    CHECK_EQ(book_pool(book, 0)->online_count, 1);
    CHECK_EQ(book_pool(book, 0)->offline_count, 1);
    book_give_back(book, &ticket);
    CHECK_EQ(book_pool(book, 0)->offline_count, 1);
}

TEST(several_pools)
{
    static const char *const names[] = {"two", "one", "six", "gone"};
    struct lease_pool pools[] = {span("one", "10.3.0.1", "10.3.0.1", false),
                                 span("two", "10.4.0.1", "10.4.0.1", false),
                                 span("six", "fd00::1", "fd00::2", false)};
    struct book_ask ask = {.pools = names, .pool_count = 4, .client = id("a")};
    struct book_got a, b;
    open_with(pools, 3);
    ask.wish = address("0.0.0.0");
    CHECK(book_take(book, &ask, &a) && is(&a.address, "10.4.0.1"));
    CHECK(strcmp(a.pool->name, "two") == 0);
    ask.wish = address("::");
    CHECK(book_take(book, &ask, &b) && is(&b.address, "fd00::1"));
    ask.client = id("b");
    ask.wish = address("0.0.0.0");
    CHECK(book_take(book, &ask, &b) && is(&b.address, "10.3.0.1"));
    CHECK(!book_take(book, &ask, &a));
    book_give_back(book, &b.ticket);
    ask.wish = address("10.4.0.1"); /* somebody has it: his own of the other pool */
    CHECK(book_take(book, &ask, &b) && is(&b.address, "10.3.0.1"));
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
    CHECK(any("a") && any("b") && any("c") && any("d"));
    back("c", "10.3.0.3");
    CHECK(book_pools(book, after, 2));
    const struct book_pool *p = book_pool(book, 1);
    CHECK(book_count(book) == 2 && p->online_count == 2 && p->offline_count == 1);
    CHECK(got(any("c"), "10.3.0.3"));
    back("b", "10.3.0.2");
    CHECK(got(any("b"), "10.3.0.2"));
    CHECK(got(any("e"), "10.3.0.5"));
}

TEST(an_address_in_use_is_nobody_elses)
{
    struct lease_pool p = span("p", "10.3.0.1", "10.3.0.2", false);
    struct lease_pool other = span("p", "10.9.0.1", "10.9.0.2", false);
    struct lease_pool renamed = span("p2", "10.3.0.1", "10.3.0.2", false);
    open_with(&p, 1);
    CHECK(any("a") && any("b"));
    back("b", "10.3.0.2");
    CHECK(book_pools(book, &other, 1)); /* a is without a home, b has ended */
    CHECK_EQ(book_pool(book, 0)->online_count + book_pool(book, 0)->offline_count, 0);
    CHECK(book_pools(book, NULL, 0) && book_pools(book, &p, 1));
    CHECK_EQ(book_pool(book, 0)->online_count, 1);
    CHECK(got(take("c", "10.3.0.1"), "10.3.0.2") && !any("d"));
    CHECK(book_pools(book, &renamed, 1));
    CHECK_EQ(book_pool(book, 0)->online_count, 2);
    CHECK(book_pools(book, &other, 1));
    back("a", "10.3.0.1"); /* is over for good now */
    CHECK(book_pools(book, &p, 1));
    CHECK(book_pool(book, 0)->online_count == 1 && book_pool(book, 0)->offline_count == 0);
    CHECK(got(any("d"), "10.3.0.1"));
}

TEST(claims_from_a_former_life)
{
    open_one("10.3.0.1", "10.3.0.9");
    CHECK(claim("a", "10.3.0.1") && claim("a", "10.3.0.1"));
    CHECK(!claim("b", "10.3.0.1") && !claim("b", "10.9.0.1"));
    CHECK(got(any("b"), "10.3.0.2"));
    back("a", "10.3.0.1");
    CHECK(!claim("b", "10.3.0.1"));
    back("a", "10.3.0.1");
    CHECK(claim("b", "10.3.0.1")); /* who was away has lost it */
    CHECK(got(any("a"), "10.3.0.3"));
}

TEST(an_identity_that_is_too_long)
{
    static const u8 octets[SHRIKE_ID_MAX + 1];
    struct book_ask ask = ask_of("", "10.3.0.1");
    struct book_got a;
    open_one("10.3.0.1", "10.3.0.9");
    ask.client.data = bytes_of(octets, sizeof octets);
    CHECK(!book_take(book, &ask, &a) && !book_claim(book, &ask, &a));
    ask.client.data.len = SHRIKE_ID_MAX;
    CHECK(book_claim(book, &ask, &a));
    ask.client.data.len = 0;
    CHECK(!book_claim(book, &ask, &a));
}

TEST(no_more_are_kept_than_the_cap)
{
    char name[16];
    open_one("10.0.0.1", "10.255.0.0");
    for (u32 i = 0; i < BOOK_OFFLINE_MAX + 100; i++) {
        snprintf(name, sizeof name, "c%u", i);
        CHECK(any(name));
        book_give_back(book, &taken[--taken_count].got.ticket);
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
    const struct shrike_addr *a = take(name, draw(2) ? text : "0.0.0.0");
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
              RUN(an_address_in_use_is_nobody_elses) | RUN(claims_from_a_former_life) |
              RUN(an_identity_that_is_too_long) | RUN(no_more_are_kept_than_the_cap) |
              RUN(at_random);
    book_free(book);
    return bad;
}
