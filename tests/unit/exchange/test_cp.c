/* Internal addresses (RFC 7296 2.19, 3.15): asked for, given, moved, given back; and each way in
 * which there are none. Side 0 needs addresses, side 1 gives them. */
#include "shrike/view.h"
#include "tools.h"
#include "wire/config.h"
#include "wire/ts.h"

#define MINUTE (60 * SHRIKE_SECOND)

static const struct shrike_ts dynamic = {.port_to = 65535};
static const struct shrike_ts site = {
    .from = {10, 2}, .to = {10, 2, 255, 255}, .port_to = 65535, .family = 4};
static const struct shrike_ts all = {.to = {255, 255, 255, 255}, .port_to = 65535, .family = 4};
static const struct shrike_addr vips[] = {{{0}, 4}, {{0}, 6}};
static const struct shrike_addr leased = {{10, 3, 0, 1}, 4};
static const char *const pools[] = {"people", "guests"};
static const u8 lease[] = {0, CFG_INTERNAL_IP4_ADDRESS, 0, 4, 10, 3, 0, 1,
                           0, CFG_INTERNAL_IP4_DNS,     0, 4, 10, 0, 0, 53};

static struct pair *p;
static struct tuned t[2];
static struct forger f;
static struct chain c;
static struct heard h;

/* Both sides as they should be; a test changes what it is about before start(). */
static void begin(struct pair_options o)
{
    p = toy_pair(o);
    for (unsigned side = 0; side < 2; side++)
        tune_begin(p, side, &t[side]);
    t[0].conn.vips = vips;
    t[0].conn.vip_count = 2;
    t[0].children[0].local_ts = &dynamic;
    t[0].children[0].remote_ts = &site;
    t[1].conn.pools = pools;
    t[1].conn.pool_count = 2;
    t[1].children[0].local_ts = &site;
    t[1].children[0].remote_ts = &dynamic;
    p->side[1].give = bytes_of(lease, sizeof(lease));
}

static void start(void)
{
    for (unsigned side = 0; side < 2; side++)
        tune_end(p, side, &t[side]);
    pair_up(p, "net0");
}

static struct shrike_ike_view view_at(unsigned side, u32 *at)
{
    struct shrike_ike_view v = {0};
    *at = 0;
    while (shrike_view_ike(p->side[side].engine, at, &v) && v.state != SHRIKE_IKE_ESTABLISHED)
        continue;
    return v;
}

static struct shrike_ike_view view(unsigned side)
{
    u32 at;
    return view_at(side, &at);
}

/* Is the only selector of this side of its only Child SA the address leased? */
static bool selects_leased(unsigned side)
{
    struct shrike_child_view v;
    u32 at, serial = view_at(side, &at).serial;
    if (!shrike_view_child(p->side[side].engine, at, serial, 0, &v))
        return false;
    const struct shrike_ts *ts = side ? v.remote_ts : v.local_ts;
    return (side ? v.remote_ts_count : v.local_ts_count) == 1 && ts->family == 4 &&
           memcmp(ts->from, leased.octets, 16) == 0 && memcmp(ts->to, leased.octets, 16) == 0;
}

static bool is_leased(const struct shrike_addr *list, unsigned count)
{
    return count == 1 && memcmp(list, &leased, sizeof(leased)) == 0;
}

/* Everything given has been given back, once. */
static bool all_over(void)
{
    bool over = p->side[1].leases.count == 0 && p->side[0].addresses.count == 0;
    for (unsigned side = 0; side < 2; side++)
        over &= p->side[side].leases.wrong == 0 && p->side[side].addresses.wrong == 0;
    return over;
}

static bool end(void)
{
    pair_down(p, 0, NULL);
    pair_wait(p, p->now + 5 * MINUTE);
    bool over = all_over() && empty(p);
    toy_end(p);
    return over;
}

/* RFC 7296 2.19 (1, 4, 5), 3.15.1 (8, 9), 4 (11, 12) */
TEST(an_address_is_given_and_given_back)
{
    begin((struct pair_options){0});
    start();
    CHECK(pair_agrees(p) && p->side[0].child_count == 1);
    CHECK(selects_leased(0) && selects_leased(1));
    CHECK_EQ(p->side[1].wish_count, 2);
    CHECK(memcmp(p->side[1].wishes, vips, sizeof(vips)) == 0);
    CHECK(is_leased(p->side[0].got, p->side[0].got_count));
    CHECK(p->side[0].dns_count == 1 && p->side[0].dns[0].octets[3] == 53);
    CHECK(p->side[1].given == 1 && p->side[0].taken == 1);
    CHECK(p->side[1].leases.count == 1 && p->side[0].addresses.count == 1);
    struct shrike_ike_view here = view(0), there = view(1);
    CHECK(is_leased(here.local_vips, here.local_vip_count) && here.remote_vip_count == 0);
    CHECK(is_leased(there.remote_vips, there.remote_vip_count) && there.local_vip_count == 0);
    CHECK(end());
}

/* A Child SA made later has the same address, and a rekeyed one too. */
TEST(it_is_that_of_all_children)
{
    begin((struct pair_options){.children = 2, .child_rekey = 10 * MINUTE});
    for (unsigned side = 0; side < 2; side++) {
        t[side].children[1].local_ts = t[side].children[0].local_ts;
        t[side].children[1].remote_ts = t[side].children[0].remote_ts;
    }
    start();
    pair_up(p, "net1");
    CHECK_EQ(p->side[0].child_count, 2);
    CHECK(pair_agrees(p) && selects_leased(0) && selects_leased(1));
    pair_wait(p, p->now + 15 * MINUTE);
    CHECK(p->side[0].child_rekeyed == 2 && selects_leased(0) && selects_leased(1));
    CHECK_EQ(p->side[1].leases.count, 1);
    CHECK(end());
}

/* RFC 7296 3.15.4 (1): not fatal to the IKE SA. The peer may ask once more. */
TEST(the_pools_are_empty)
{
    begin((struct pair_options){0});
    p->side[1].give = bytes_of(NULL, 0);
    start();
    CHECK_EQ(p->side[0].failed, 1);
    CHECK_EQ(p->side[1].failed, 1);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ADDRESS_NOT_GIVEN);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_POOL_EMPTY);
    CHECK(p->side[0].ike_up && p->side[1].ike_up && !p->side[0].ike_down);
    CHECK(p->side[1].leases.count == 0 && p->side[0].addresses.count == 0);
    p->side[0].reason = SHRIKE_REASON_NONE;
    pair_up(p, "net0"); /* in CREATE_CHILD_SA: still none */
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ADDRESS_NOT_GIVEN);
    CHECK_EQ(p->side[1].failed, 2);
    CHECK(p->side[1].leases.count == 0 && p->side[0].addresses.count == 0);
    p->side[1].give = bytes_of(lease, sizeof(lease));
    p->side[0].refuse_addresses = true;
    pair_up(p, "net0");
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ADDRESS_NOT_USED);
    CHECK(p->side[1].leases.count == 1 && p->side[0].addresses.count == 0);
    CHECK(p->side[0].child_count == 0 && p->side[1].child_count == 0);
    p->side[0].refuse_addresses = false;
    pair_up(p, "net0");
    CHECK(p->side[0].child_count == 1 && selects_leased(0) && selects_leased(1));
    CHECK(p->side[0].ike_up == 1 && p->side[1].leases.count == 1 && p->side[1].given == 1);
    CHECK(end());
}

/* RFC 7296 2.19 (7): FAILED_CP_REQUIRED; but only where an address is needed. */
TEST(it_was_not_asked_for)
{
    for (unsigned needed = 0; needed < 2; needed++) {
        begin((struct pair_options){0});
        t[0].conn.vip_count = 0;
        if (!needed)
            t[1].children[0].remote_ts = &all;
        start();
        CHECK_EQ(p->side[0].failed, needed);
        CHECK_EQ(p->side[0].child_count, !needed);
        CHECK_EQ(p->side[1].withheld, 0);
        if (needed) {
            CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ADDRESS_NOT_ASKED);
            CHECK_EQ(p->side[1].reason, SHRIKE_REASON_ADDRESS_NOT_ASKED);
            pair_up(p, "net0"); /* nor is it in CREATE_CHILD_SA */
            CHECK_EQ(p->side[1].failed, 2);
            CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ADDRESS_NOT_ASKED);
        }
        CHECK(p->side[0].ike_up && !p->side[0].ike_down);
        CHECK(end());
    }
}

TEST(there_is_no_pool)
{
    begin((struct pair_options){0});
    t[1].conn.pool_count = 0;
    start();
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ADDRESS_NOT_GIVEN);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_NO_POOL);
    CHECK(p->side[0].ike_up && p->side[0].child_count == 0 && p->side[1].child_count == 0);
    CHECK(end());
}

/* The peer makes a Child SA without having given an address: it is deleted again. */
TEST(a_child_without_an_address)
{
    begin((struct pair_options){0});
    t[1].conn.pool_count = 0;
    t[1].children[0].remote_ts = &all;
    start();
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ADDRESS_NOT_GIVEN);
    CHECK(p->side[1].withheld == 1 && p->side[1].why == SHRIKE_REASON_NO_POOL);
    CHECK(p->side[1].child_up == 1 && p->side[1].child_down == 1);
    CHECK(p->side[0].child_count == 0 && p->side[1].child_count == 0 && !p->side[0].ike_down);
    CHECK(end());
}

/* Where no address is needed, none is missed. */
TEST(selectors_that_need_none)
{
    begin((struct pair_options){0});
    t[1].conn.pool_count = 0;
    t[0].children[0].local_ts = t[1].children[0].remote_ts = &all;
    start();
    CHECK(p->side[0].child_count == 1 && p->side[1].child_count == 1 && !p->side[0].failed);
    CHECK(end());
}

TEST(it_cannot_be_set_up_here)
{
    begin((struct pair_options){0});
    p->side[0].refuse_addresses = true;
    start();
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_ADDRESS_NOT_USED);
    CHECK(p->side[0].addresses.count == 0 && p->side[0].taken == 0);
    CHECK(p->side[0].child_count == 0 && p->side[1].child_count == 0);
    CHECK(p->side[1].child_down == 1 && view(0).local_vip_count == 0);
    CHECK(end());
}

/* RFC 7296 2.19: a responder may leave the selectors as they were asked for. */
TEST(of_wide_selectors_the_own_address_is_used)
{
    begin((struct pair_options){0});
    t[1].children[0].remote_ts = &all;
    start();
    CHECK(p->side[0].child_count == 1 && selects_leased(0) && !selects_leased(1));
    CHECK(end());
}

TEST(they_move_with_the_ike_sa)
{
    for (unsigned side = 0; side < 2; side++) {
        struct shrike_command rekey = {.kind = SHRIKE_REKEY, .reference = 7, .conn = "pair"};
        begin((struct pair_options){0});
        start();
        shrike_command(p->side[side].engine, p->now, &rekey);
        pair_run(p);
        pair_wait(p, p->now + 5 * MINUTE);
        CHECK(p->side[0].ike_rekeyed == 1 && p->side[1].ike_rekeyed == 1);
        CHECK(is_leased(view(0).local_vips, view(0).local_vip_count));
        CHECK(is_leased(view(1).remote_vips, view(1).remote_vip_count));
        CHECK(p->side[1].leases.count == 1 && p->side[0].addresses.count == 1);
        CHECK(end());
    }
}

/* RFC 7296 3.15.1: who was here before would like to have the same address. Until the old IKE SA is
 * gone both have it. */
TEST(who_authenticates_anew_asks_for_the_same)
{
    begin((struct pair_options){.ike_reauth = 10 * MINUTE});
    for (unsigned side = 0; side < 2; side++)
        t[side].conn.unique = SHRIKE_UNIQUE_NEVER;
    t[1].conn.reauth_time = 0;
    start();
    CHECK_EQ(p->side[1].wish_count, 2);
    pair_wait(p, p->now + 11 * MINUTE);
    CHECK(p->side[0].ike_up == 2 && p->side[0].child_count == 1);
    CHECK_EQ(p->side[1].wish_count, 2);
    CHECK(is_leased(p->side[1].wishes, 1));
    CHECK(memcmp(&p->side[1].wishes[1], &vips[1], sizeof(vips[1])) == 0);
    CHECK(p->side[1].leases.count == 1 && p->side[0].addresses.count == 1);
    CHECK(selects_leased(0) && selects_leased(1));
    CHECK(end());
}

/* Who gives addresses cannot ask for what follows: it tells the peer in time (RFC 4478). */
TEST(who_gives_addresses_does_not_authenticate_anew)
{
    struct shrike_command anew = {SHRIKE_REKEY, 7, "pair", NULL, 0, 0, true, {0}, 0, false};
    begin((struct pair_options){0});
    t[1].conn.reauth_time = 10 * MINUTE;
    t[1].conn.over_time = MINUTE;
    start();
    shrike_command(p->side[1].engine, p->now, &anew);
    pair_run(p);
    CHECK(p->side[1].refused == 1 && p->side[1].ike_up == 1);
    pair_wait(p, p->now + 10 * MINUTE);
    CHECK(p->side[1].ike_up == 2 && p->side[1].ike_rekeyed == 0 && p->side[1].ike_down == 1);
    CHECK(p->side[1].leases.count == 1 && selects_leased(0) && selects_leased(1));
    CHECK(end());
}

/* What is made again after the peer was lost, too. */
TEST(who_was_lost_asks_for_the_same)
{
    begin((struct pair_options){0});
    t[0].conn.dpd_delay = 20 * SHRIKE_SECOND;
    t[0].conn.retransmit_tries = 1;
    t[0].conn.give_up_after = SHRIKE_SECOND;
    t[0].children[0].dpd_action = SHRIKE_START_NOW;
    start();
    p->side[1].mute = true;
    pair_wait(p, p->now + 30 * SHRIKE_SECOND);
    CHECK(p->side[0].ike_down == 1 && p->side[0].addresses.count == 0);
    p->side[1].mute = false;
    p->side[1].wish_count = 0;
    pair_wait(p, p->now + 5 * MINUTE);
    CHECK_EQ(p->side[1].wish_count, 2);
    CHECK(is_leased(p->side[1].wishes, 1));
    CHECK(p->side[0].child_count == 1 && p->side[0].addresses.count == 1);
    CHECK(end());
}

/* An answer that comes too late, or never: what it would have given is given back. */
TEST(nobody_answers)
{
    for (unsigned side = 0; side < 2; side++) {
        struct shrike_answer late = {.ok = true, .value = bytes_of(lease, sizeof(lease))};
        begin((struct pair_options){0});
        p->side[side].hold_leases = true;
        start();
        CHECK_EQ(side ? p->side[1].leases.count : p->side[0].addresses.count, 1);
        CHECK_EQ(p->side[0].child_count, 0);
        pair_wait(p, p->now + 61 * SHRIKE_SECOND);
        CHECK_EQ(p->side[0].addresses.count, 0);
        pair_wait(p, p->now + 5 * MINUTE);
        if (side == 0)
            CHECK_EQ(p->side[0].reason, SHRIKE_REASON_OP_TIMEOUT);
        shrike_done(p->side[side].engine, p->now, p->side[side].waited, &late);
        pair_run(p);
        CHECK(p->side[0].child_count == 0 && p->side[1].child_count == 0);
        CHECK(end());
    }
}

/* ---- what a peer may say beside that ---- */

/* A Child SA is up; the forger speaks to side 1 in the place of side 0. */
static bool begin_forger(bool empty_pools)
{
    begin((struct pair_options){0});
    if (empty_pools)
        p->side[1].give = bytes_of(NULL, 0);
    start();
    bool good = forger_init(&f, p, 1);
    chain_begin(&c);
    return good;
}

static void add_cp(u8 type, struct bytes attributes)
{
    size_t mark = payload_begin(&c.b, PAYLOAD_CP, false);
    config_write(&c.w, type);
    write_bytes(&c.w, attributes);
    payload_end(&c.b, mark);
}

/* The attributes of the answer; false: there is none of this type. */
static bool answered(u8 type, struct bytes *out)
{
    struct config cp;
    if (!h.any || !cp_read(message_body(&h.m, PAYLOAD_CP), &cp) || cp.type != type)
        return false;
    *out = cp.attributes;
    return true;
}

/* Is there an attribute of this type, and nothing in it? */
static bool is_empty(struct bytes attributes, u16 type)
{
    struct reader r = reader_of(attributes);
    struct config_attribute a;
    while (config_next(&r, &a))
        if (a.type == type)
            return a.value.len == 0;
    return false;
}

static void end_forger(void)
{
    forger_free(&f);
    toy_end(p);
}

/* RFC 7296 2.20 (3), 3.15.1 (21, 24): asked outside of what makes a Child SA. */
TEST(questions_are_answered)
{
    static const u8 asked[] = {0, CFG_APPLICATION_VERSION,  0, 0, 0, CFG_SUPPORTED_ATTRIBUTES, 0, 0,
                               0, CFG_INTERNAL_IP4_ADDRESS, 0, 0};
    struct config_list list;
    struct bytes said;
    CHECK(begin_forger(false));
    struct forgery what = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 2};
    add_cp(CFG_TYPE_REQUEST, bytes_of(asked, sizeof(asked)));
    tell(&f, what, &c, &h);
    CHECK(answered(CFG_TYPE_REPLY, &said) && config_read(said, &list));
    CHECK(is_empty(said, CFG_APPLICATION_VERSION));
    CHECK(list.version && list.supported && is_leased(list.addrs, list.addr_count));
    CHECK_EQ(p->side[1].leases.count, 1); /* the one that it has */
    chain_begin(&c);
    what.message_id++;
    add_cp(CFG_TYPE_REQUEST, bytes_of("\x40\1\0\0", 4)); /* unknown */
    tell(&f, what, &c, &h);
    CHECK(answered(CFG_TYPE_REPLY, &said) && said.len == 0);
    chain_begin(&c);
    what.message_id++;
    add_cp(CFG_TYPE_SET, bytes_of(lease, sizeof(lease)));
    tell(&f, what, &c, &h);
    CHECK(answered(CFG_TYPE_ACK, &said) && said.len == 0);
    chain_begin(&c);
    what.message_id++;
    add_cp(CFG_TYPE_REPLY, bytes_of(lease, sizeof(lease))); /* nobody has asked */
    tell(&f, what, &c, &h);
    CHECK(h.any && h.m.count == 0);
    CHECK_EQ(p->side[1].ike_down, 0);
    end_forger();
}

/* RFC 7296 3.15.4: later, in an exchange of its own. */
TEST(an_address_is_asked_for_once_more)
{
    static const u8 asked[] = {0, CFG_INTERNAL_IP4_ADDRESS, 0, 0};
    struct config_list list;
    struct bytes said;
    CHECK(begin_forger(true));
    CHECK_EQ(p->side[1].leases.count, 0);
    struct forgery what = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 2};
    add_cp(CFG_TYPE_REQUEST, bytes_of(asked, sizeof(asked)));
    tell(&f, what, &c, &h);
    CHECK(answered(CFG_TYPE_REPLY, &said) && said.len == 0);
    CHECK_EQ(p->side[1].leases.count, 0);
    p->side[1].give = bytes_of(lease, sizeof(lease));
    what.message_id++;
    tell(&f, what, &c, &h);
    CHECK(answered(CFG_TYPE_REPLY, &said) && config_read(said, &list));
    CHECK(is_leased(list.addrs, list.addr_count) && list.dns_count == 1);
    CHECK(is_leased(view(1).remote_vips, view(1).remote_vip_count));
    CHECK(p->side[1].leases.count == 1 && p->side[1].leases.wrong == 0);
    CHECK_EQ(p->side[1].given, 1);
    end_forger();
}

TEST(what_is_malformed_ends_the_sa)
{
    static const u8 odd[] = {0, CFG_INTERNAL_IP4_ADDRESS, 0, 3, 1, 2, 3};
    CHECK(begin_forger(false));
    struct forgery what = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 2};
    add_cp(CFG_TYPE_REQUEST, bytes_of(odd, sizeof(odd)));
    tell(&f, what, &c, &h);
    CHECK_EQ(only_notify(&h), NOTIFY_INVALID_SYNTAX);
    CHECK(p->side[1].ike_down == 1 && p->side[1].leases.count == 0 && p->side[1].leases.wrong == 0);
    end_forger();
}

int main(void)
{
    return RUN(an_address_is_given_and_given_back) | RUN(it_is_that_of_all_children) |
           RUN(the_pools_are_empty) | RUN(it_was_not_asked_for) | RUN(there_is_no_pool) |
           RUN(a_child_without_an_address) | RUN(selectors_that_need_none) |
           RUN(it_cannot_be_set_up_here) | RUN(of_wide_selectors_the_own_address_is_used) |
           RUN(they_move_with_the_ike_sa) | RUN(who_authenticates_anew_asks_for_the_same) |
           RUN(who_gives_addresses_does_not_authenticate_anew) |
           RUN(who_was_lost_asks_for_the_same) | RUN(nobody_answers) | RUN(questions_are_answered) |
           RUN(an_address_is_asked_for_once_more) | RUN(what_is_malformed_ends_the_sa);
}
