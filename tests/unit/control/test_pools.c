/* Tests of control/pools.c: the command get-pools, with a stand-in for net. */
#include "table.h"
#include "wire/codes.h"

static struct client c;
static u32 many; /* leases of the first pool */
static bool with_leases;

static void begin(void)
{
    table_begin("");
    table_fit();
    client_open(&c);
}

static void end(void)
{
    client_close(&c);
    table_end();
}

static void send_pool(struct other *o, u32 reference, const char *name, u32 online)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof body);
    const struct mail_pool p = {.name = bytes_of(name, strlen(name)),
                                .base = {{10, 3, [3] = 1}, 4},
                                .size = 254,
                                .online = online,
                                .offline = 1};
    write_u32(&w, reference);
    pool_view_write(&w, &p);
    send_to_control(o, MAIL_POOL, written_bytes(&w), -1);
}

static void send_lease(struct other *o, u32 reference, u8 last, bool online)
{
    u8 body[256];
    struct writer w = writer_of(body, sizeof body);
    const struct mail_lease l = {
        {{10, 3, [3] = last}, 4}, {ID_FQDN, bytes_of("a.example", 9)}, online};
    write_u32(&w, reference);
    lease_view_write(&w, &l);
    send_to_control(o, MAIL_LEASE, written_bytes(&w), -1);
}

/* What net says of pools one and two. */
static void net(struct other *o, const struct mail *m)
{
    u8 body[4];
    struct writer w = writer_of(body, sizeof body);
    struct reader r = reader_of(m->body);
    if (m->kind != MAIL_POOLS)
        return;
    u32 reference = read_u32(&r);
    with_leases = read_u8(&r) == 1;
    send_pool(o, reference, "one", many);
    for (u32 i = 0; i < many; i++)
        send_lease(o, reference, (u8)(i + 1), true);
    send_lease(o, reference, 200, false);
    send_pool(o, reference, "two", 0);
    write_u32(&w, reference);
    send_to_control(o, MAIL_POOLS_END, written_bytes(&w), -1);
}

static bool ask(const char *name, bool leases)
{
    u8 octets[256];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    if (name)
        vici_put_text(&w, "name", name);
    if (leases)
        vici_put_text(&w, "leases", "yes");
    return client_ask(&c, "get-pools", &w);
}

TEST(pools_are_shown)
{
    begin();
    t.net.answer = net;
    many = 2;
    CHECK(ask(NULL, false) && !with_leases && answer_is(&c, "one.base", "10.3.0.1"));
    CHECK(answer_is(&c, "one.size", "254") && answer_is(&c, "one.online", "2"));
    CHECK(answer_is(&c, "one.offline", "1") && answer_is(&c, "two.online", "0"));
    CHECK(!vici_value(answer_of(&c), "one.leases.0.address").at);
    end();
}

TEST(leases_are_shown)
{
    begin();
    t.net.answer = net;
    many = 2;
    CHECK(ask("one", true) && with_leases && answer_is(&c, "one.leases.0.address", "10.3.0.1"));
    CHECK(answer_is(&c, "one.leases.1.identity", "a.example"));
    CHECK(answer_is(&c, "one.leases.1.status", "online"));
    CHECK(answer_is(&c, "one.leases.2.status", "offline"));
    CHECK(!vici_value(answer_of(&c), "two.base").at);
    CHECK(ask("three", true) && !vici_value(answer_of(&c), "one.base").at);
    end();
}

TEST(more_than_a_message_holds)
{
    begin();
    t.net.answer = net;
    many = 12000;
    CHECK(ask(NULL, true) && answer_is(&c, "success", "no"));
    many = 0;
    CHECK(ask(NULL, true) && answer_is(&c, "one.online", "0"));
    end();
}

TEST(net_that_is_away_or_hangs)
{
    static struct client gone;
    begin();
    client_open(&gone);
    client_begin(&gone, "get-pools", NULL);
    client_close(&gone);
    client_begin(&c, "get-pools", NULL);
    table_dismiss(&t.net, ROLE_NET);
    for (int i = 0; i < 10; i++)
        client_turn(&c);
    CHECK(c.heard != VICI_HEARD_NOTHING && answer_is(&c, "success", "no"));
    CHECK(ask(NULL, false) && answer_is(&c, "success", "no"));
    table_introduce(&t.net, ROLE_NET);
    turns();
    CHECK(ask(NULL, false) && answer_is(&c, "success", "no")); /* after two seconds */
    end();
}

static u32 pools_known; /* to net when it was asked */

static void knows(struct other *o, const struct mail *m)
{
    if (m->kind == MAIL_POOLS)
        pools_known = o->snapshot->settings.pool_count;
    net(o, m);
}

/* Who asks at once is told of what he has loaded. */
TEST(net_knows_what_was_loaded_before)
{
    u8 octets[256];
    struct vici_writer w = vici_writer_of(octets, sizeof octets);
    begin();
    t.net.answer = knows;
    vici_begin(&w, "people");
    vici_put_text(&w, "addrs", "10.3.0.0/24");
    vici_end(&w);
    CHECK(client_ask(&c, "load-pool", &w) && ask(NULL, false));
    CHECK_EQ(pools_known, 1);
    end();
}

int main(void)
{
    return RUN(pools_are_shown) | RUN(leases_are_shown) | RUN(more_than_a_message_holds) |
           RUN(net_that_is_away_or_hangs) | RUN(net_knows_what_was_loaded_before);
}
