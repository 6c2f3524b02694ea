/* Modes other than a tunnel's between two engines: who understands BEET mode, between which
 * addresses, and what is not taken for it; IP-TFS, and what a peer may require of it. */
#include "tools.h"

static struct pair *p;
static struct tuned t[2];
static struct shrike_ts hosts[2], nets[2];

/* Addresses of each side that are not those of its end; nets: of more than one host. */
static void fill_selectors(void)
{
    for (unsigned i = 0; i < 2; i++) {
        hosts[i] = (struct shrike_ts){.from = {10, (u8)(1 + i), 0, 1},
                                      .to = {10, (u8)(1 + i), 0, 1},
                                      .port_to = 65535,
                                      .family = 4};
        nets[i] = hosts[i];
        nets[i].to[3] = 9;
    }
}

static void set(unsigned side, enum shrike_mode mode, const struct shrike_ts ts[2])
{
    tune_begin(p, side, &t[side]);
    t[side].conf.beet = mode == SHRIKE_BEET;
    for (unsigned i = 0; i < t[side].conn.child_count; i++) {
        t[side].children[i].mode = mode;
        t[side].children[i].local_ts = &ts[side];
        t[side].children[i].remote_ts = &ts[1 - side];
    }
    tune_end(p, side, &t[side]);
}

static void begin(enum shrike_mode ours, enum shrike_mode theirs)
{
    fill_selectors();
    p = toy_pair((struct pair_options){.children = 2});
    set(0, ours, hosts);
    set(1, theirs, hosts);
}

/* What waits for a side: does a vendor ID stand in it? */
static bool says_who(unsigned side)
{
    const struct pair_datagram *d = &p->side[side].queue[p->side[side].head];
    struct header header;
    struct message m;
    u8 bad;
    if (p->side[side].count == 0 || header_read(bytes_of(d->data, d->len), &header) != HEADER_OK ||
        message_read(&m, d->data, bytes_of(d->data + HEADER_SIZE, d->len - HEADER_SIZE),
                     header.next_payload, &bad) != MESSAGE_OK)
        return false;
    struct bytes id = message_body(&m, PAYLOAD_VENDOR);
    return id.len == 16 && id.at[0] == 0x88 && id.at[15] == 0xeb;
}

/* The first exchange, step by step; which of both messages have the vendor ID. */
static unsigned call(void)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    unsigned who = says_who(1);
    pair_deliver(p, 1);
    settle_side(p, 1);
    who |= says_who(0) ? 2u : 0;
    pair_run(p);
    return who;
}

TEST(both_know_it)
{
    begin(SHRIKE_BEET, SHRIKE_BEET);
    CHECK_EQ(call(), 3);
    CHECK(p->side[0].child_up == 2 && p->side[1].child_up == 2 && pair_agrees(p));
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < 2; i++)
            CHECK_EQ(p->side[side].children[i].mode, SHRIKE_BEET);
    toy_end(p);
}

/* A replacement of the IKE SA has no IKE_SA_INIT in which to say it again. */
TEST(it_is_known_after_a_rekey)
{
    struct shrike_command c = {SHRIKE_REKEY, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    begin(SHRIKE_BEET, SHRIKE_BEET);
    (void)call();
    pair_down(p, 0, "net1");
    for (unsigned side = 0; side < 2; side++) {
        shrike_command(p->side[side].engine, p->now, &c);
        pair_run(p);
    }
    CHECK(p->side[0].ike_rekeyed == 2 && p->side[0].child_count == 1);
    pair_up(p, "net1");
    CHECK(p->side[0].child_count == 2 && p->side[1].child_count == 2 && pair_agrees(p));
    CHECK_EQ(p->side[1].children[1].mode, SHRIKE_BEET);
    c.child = "net1"; /* to the peer it is another net0 */
    shrike_command(p->side[0].engine, p->now, &c);
    pair_run(p);
    CHECK(p->side[1].child_rekeyed == 1 && pair_agrees(p));
    CHECK_EQ(p->side[0].children[1].mode, SHRIKE_BEET);
    toy_end(p);
}

/* Who does not say that it knows it, is not asked for it; and takes for a tunnel what it is not. */
TEST(one_does_not)
{
    begin(SHRIKE_BEET, SHRIKE_TUNNEL);
    CHECK_EQ(call(), 1);
    CHECK(p->side[0].ike_up == 0 && p->side[0].child_count == 0 && p->side[1].child_up == 0);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_MODE_UNKNOWN);
    CHECK_EQ(p->side[1].failed, 0);
    toy_end(p);
    begin(SHRIKE_TUNNEL, SHRIKE_BEET);
    CHECK_EQ(call(), 0);
    CHECK(p->side[0].ike_up == 1 && p->side[0].child_count == 0);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_MODE_MISMATCH);
    toy_end(p);
}

/* As they are configured they may be more than one address, as they are agreed upon not. */
TEST(between_two_addresses)
{
    for (unsigned i = 0; i < 3; i++) { /* who has nets */
        begin(SHRIKE_BEET, SHRIKE_BEET);
        if (i != 1)
            set(0, SHRIKE_BEET, nets);
        if (i != 0)
            set(1, SHRIKE_BEET, nets);
        CHECK_EQ(call(), 3);
        CHECK(p->side[0].ike_up == 1 && p->side[1].child_up == (i < 2 ? 2 : 0));
        CHECK_EQ(p->side[0].child_count, i < 2 ? 2 : 0);
        if (i == 2)
            CHECK(p->side[1].reason == SHRIKE_REASON_MODE_HOSTS &&
                  p->side[0].reason == SHRIKE_REASON_TS_MISMATCH);
        toy_end(p);
    }
}

/* ---- a peer that says what it likes ---- */

static struct forger f;
static struct chain c;
static struct heard h;

static struct bytes flags; /* in that notify */

/* What side 0 asks for a second child by, said by side 1: as an answer, or as a request. */
static void say_back(bool response, u16 notify)
{
    static const char nonce[] = "0123456789abcdef0123456789abcdef";
    struct forgery what = {.exchange = EXCHANGE_CREATE_CHILD_SA, .response = response};
    u8 octets[3][256];
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    overhear(&f, &h);
    CHECK(h.any);
    static const u8 types[] = {PAYLOAD_SA, PAYLOAD_TSI, PAYLOAD_TSR};
    struct bytes body[3];
    for (unsigned i = 0; i < 3; i++) {
        body[i] = message_body(&h.m, types[i]);
        memcpy(octets[i], body[i].at, body[i].len);
    }
    memcpy(octets[0] + 8, "\x12\x34\x56\x78", 4);
    what.message_id = response ? h.m.header.message_id : 0;
    chain_begin(&c);
    if (notify)
        notify_add(&c.b, notify, flags);
    chain_add(&c, PAYLOAD_SA, false, bytes_of(octets[0], body[0].len));
    chain_add(&c, PAYLOAD_NONCE, false, bytes_of(nonce, 32));
    unsigned tsi = response ? 1 : 2;
    chain_add(&c, PAYLOAD_TSI, false, bytes_of(octets[tsi], body[tsi].len));
    chain_add(&c, PAYLOAD_TSR, false, bytes_of(octets[3 - tsi], body[3 - tsi].len));
    tell(&f, what, &c, &h);
}

static bool begin_forged(enum shrike_mode mode, const struct shrike_ts ts[2])
{
    begin(mode, mode);
    set(0, mode, ts);
    pair_up(p, "net0");
    return forger_init(&f, p, 0);
}

static void end(void)
{
    forger_free(&f);
    toy_end(p);
}

/* The answer is of all that was asked for, or of another mode: what the peer made is deleted. */
TEST(answers_that_are_of_no_use)
{
    static const struct {
        u16 notify;
        bool wide;
        enum shrike_reason_code reason;
    } all[] = {{NOTIFY_PRIVATE_BEET_MODE, true, SHRIKE_REASON_MODE_HOSTS},
               {NOTIFY_USE_TRANSPORT_MODE, false, SHRIKE_REASON_MODE_MISMATCH},
               {0, false, SHRIKE_REASON_MODE_MISMATCH}};
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        CHECK(begin_forged(SHRIKE_BEET, all[i].wide ? nets : hosts));
        say_back(true, all[i].notify);
        CHECK_EQ(p->side[0].reason, all[i].reason);
        CHECK(p->side[0].child_count == 1 && p->side[0].ike_down == 0);
        CHECK(h.any && message_find(&h.m, PAYLOAD_DELETE));
        end();
    }
}

/* Of somebody who has not said whose notifies it means, this one may mean anything. */
TEST(a_notify_that_may_mean_anything)
{
    struct notify n;
    CHECK(begin_forged(SHRIKE_TUNNEL, hosts));
    say_back(false, NOTIFY_PRIVATE_BEET_MODE);
    CHECK(h.any && message_find(&h.m, PAYLOAD_SA));
    CHECK(!notify_find(&h.m, NOTIFY_PRIVATE_BEET_MODE, &n));
    CHECK_EQ(p->side[0].children[1].mode, SHRIKE_TUNNEL);
    end();
    CHECK(begin_forged(SHRIKE_BEET, hosts));
    say_back(false, NOTIFY_PRIVATE_BEET_MODE);
    CHECK(h.any && notify_find(&h.m, NOTIFY_PRIVATE_BEET_MODE, &n));
    CHECK(n.protocol == 0 && n.spi.len == 0 && n.data.len == 0);
    CHECK_EQ(p->side[0].children[1].mode, SHRIKE_BEET);
    end();
}

/* ---- IP-TFS (RFC 9347 5.1) ---- */

TEST(both_want_ip_tfs)
{
    struct shrike_command rekey = {SHRIKE_REKEY, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    begin(SHRIKE_IPTFS, SHRIKE_IPTFS);
    set(0, SHRIKE_IPTFS, nets);
    set(1, SHRIKE_IPTFS, nets);
    CHECK_EQ(call(), 0); /* of a notify of IANA nobody must say that he knows it */
    CHECK(p->side[0].child_up == 2 && p->side[1].child_up == 2 && pair_agrees(p));
    shrike_command(p->side[0].engine, p->now, &rekey);
    pair_run(p);
    CHECK(p->side[1].child_rekeyed == 1 && p->side[0].child_count == 2 && pair_agrees(p));
    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < 2; i++) {
            CHECK_EQ(p->side[side].children[i].mode, SHRIKE_IPTFS);
            CHECK(!p->side[side].children[i].whole);
        }
    toy_end(p);
}

/* Nobody falls back to a plain tunnel: what was made is deleted, or refused. */
TEST(one_wants_ip_tfs)
{
    begin(SHRIKE_IPTFS, SHRIKE_TUNNEL);
    (void)call();
    CHECK(p->side[0].ike_up == 1 && p->side[0].child_count == 0 && p->side[1].child_count == 0);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_MODE_MISMATCH);
    toy_end(p);
    begin(SHRIKE_TUNNEL, SHRIKE_IPTFS);
    (void)call();
    CHECK(p->side[0].ike_up == 1 && p->side[0].child_count == 0 && p->side[1].child_count == 0);
    CHECK_EQ(p->side[1].reason, SHRIKE_REASON_MODE_MISMATCH);
    toy_end(p);
}

/* No fragments: they get none. Congestion control, what nobody knows, and what has not its length:
 * that is no IP-TFS that we have. */
TEST(what_is_required_of_ip_tfs)
{
    static const struct {
        u8 octets[2];
        u8 len;
        bool good, whole;
    } all[] = {{{0}, 1, true, false},    {{1}, 1, true, true},      {{2}, 1, false, false},
               {{3}, 1, false, false},   {{0x80}, 1, false, false}, {{0}, 0, false, false},
               {{0, 0}, 2, false, false}};
    struct notify n;
    for (unsigned i = 0; i < 2 * ARRAY_LEN(all); i++) {
        unsigned at = i / 2;
        CHECK(begin_forged(SHRIKE_IPTFS, nets));
        flags = bytes_of(all[at].octets, all[at].len);
        say_back(i % 2 == 0, NOTIFY_USE_AGGFRAG);
        flags = bytes_of(NULL, 0);
        CHECK_EQ(p->side[0].child_count, all[at].good ? 2 : 1);
        if (all[at].good)
            CHECK(p->side[0].children[1].mode == SHRIKE_IPTFS &&
                  p->side[0].children[1].whole == all[at].whole);
        else
            CHECK_EQ(p->side[0].reason, SHRIKE_REASON_MODE_MISMATCH);
        if (i % 2 == 0 && !all[at].good)
            CHECK(h.any && message_find(&h.m, PAYLOAD_DELETE));
        if (i % 2 == 1) {
            CHECK(h.any && notify_find(&h.m, NOTIFY_USE_AGGFRAG, &n) == all[at].good);
            CHECK(!all[at].good || (n.protocol == 0 && n.data.len == 1 && n.data.at[0] == 0));
        }
        end();
    }
}

int main(void)
{
    return RUN(both_want_ip_tfs) | RUN(one_wants_ip_tfs) | RUN(what_is_required_of_ip_tfs) |
           RUN(both_know_it) | RUN(it_is_known_after_a_rekey) | RUN(one_does_not) |
           RUN(between_two_addresses) | RUN(answers_that_are_of_no_use) |
           RUN(a_notify_that_may_mean_anything);
}
