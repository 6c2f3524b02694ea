/* Traffic selectors of Child SAs that are asked for, split, chosen and rekeyed (RFC 7296 2.9). */
#include "tools.h"
#include "wire/ts.h"

enum { TCP = 6, ANY = 65535 };

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;
static struct tuned t;
static struct ts_list tsi, tsr; /* of what was heard */
static u32 spi;                 /* of the next Child SA of the peer */

static struct shrike_ts v4(u8 net, u8 from, u8 to, u8 protocol, u16 port)
{
    return (struct shrike_ts){.from = {10, net, 1, from},
                              .to = {10, net, 1, to},
                              .port_from = port,
                              .port_to = port ? port : ANY,
                              .protocol = protocol,
                              .family = 4};
}

static bool same(const struct shrike_ts *a, struct shrike_ts b)
{
    return memcmp(a, &b, sizeof(b)) == 0;
}

/* Side 0 hears the forger; its child net1 has these selectors. */
static bool begin(const struct shrike_ts *local, u16 locals, const struct shrike_ts *remote,
                  u16 remotes)
{
    p = toy_pair((struct pair_options){.children = 2});
    tune_begin(p, 0, &t);
    t.children[1].local_ts = local;
    t.children[1].local_ts_count = locals;
    t.children[1].remote_ts = remote;
    t.children[1].remote_ts_count = remotes;
    tune_end(p, 0, &t);
    pair_up(p, "net0");
    spi = 0x12345600;
    return forger_init(&f, p, 0);
}

static void end(void)
{
    forger_free(&f);
    toy_end(p);
}

/* Hear what side 0 says now. true: it is a CREATE_CHILD_SA with selectors. */
static bool listen_now(void)
{
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    overhear(&f, &h);
    return h.any && h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA &&
           ts_read(message_body(&h.m, PAYLOAD_TSI), &tsi) &&
           ts_read(message_body(&h.m, PAYLOAD_TSR), &tsr);
}

static void up(void)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
}

static void acquire(struct shrike_ts local, struct shrike_ts remote)
{
    struct shrike_kernel_event k = {
        .kind = SHRIKE_ACQUIRE, .reqid = 2, .local = local, .remote = remote};
    shrike_kernel(p->side[0].engine, p->now, &k);
}

/* The answer to what was heard, as it stands in the chain; true: side 0 asks for one more. */
static bool answer(void)
{
    struct forgery a = {.exchange = EXCHANGE_CREATE_CHILD_SA,
                        .response = true,
                        .message_id = h.m.header.message_id};
    tell(&f, a, &c, &h);
    if (!h.any)
        return listen_now();
    return h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA &&
           ts_read(message_body(&h.m, PAYLOAD_TSI), &tsi) &&
           ts_read(message_body(&h.m, PAYLOAD_TSR), &tsr);
}

static bool refuse(u16 notify)
{
    chain_begin(&c);
    chain_notify(&c, notify);
    return answer();
}

static void add_ts(u8 payload, const struct ts_list *list)
{
    size_t mark = payload_begin(&c.b, payload, false);
    ts_write(&c.w, list->ts, list->count);
    payload_end(&c.b, mark);
}

/* SA as offered by the other with an SPI of ours, a nonce. */
static void add_sa(struct bytes offered)
{
    u8 sa[256];
    struct writer w = writer_of(sa + 8, 4);
    memcpy(sa, offered.at, offered.len);
    write_u32(&w, ++spi);
    chain_add(&c, PAYLOAD_SA, false, bytes_of(sa, offered.len));
    chain_add(&c, PAYLOAD_NONCE, false, bytes_of("0123456789abcdef0123456789abcdef", 32));
}

/* Accept what was heard with the selectors in tsi and tsr. */
static bool accept(void)
{
    chain_begin(&c);
    add_sa(message_body(&h.m, PAYLOAD_SA));
    add_ts(PAYLOAD_TSI, &tsi);
    add_ts(PAYLOAD_TSR, &tsr);
    return answer();
}

TEST(a_single_pair_is_asked_for_each_pair)
{
    struct shrike_ts local[] = {v4(1, 1, 1, 0, 0), v4(1, 2, 3, TCP, 0)}, remote = v4(2, 9, 9, 0, 0);
    CHECK(begin(local, 2, &remote, 1));
    up();
    CHECK(listen_now());
    CHECK_EQ(tsi.count, 2);
    CHECK(refuse(NOTIFY_SINGLE_PAIR_REQUIRED));
    for (u8 i = 1; i <= 3; i++) {
        CHECK(tsi.count == 1 && tsr.count == 1);
        CHECK(same(&tsi.ts[0], v4(1, i, i, i > 1 ? TCP : 0, 0)));
        CHECK(same(&tsr.ts[0], remote));
        CHECK_EQ(p->side[0].done, 1); /* net0 */
        CHECK_EQ(accept(), i < 3);
    }
    CHECK_EQ(p->side[0].child_count, 4);
    CHECK_EQ(p->side[0].done, 2);
    CHECK_EQ(p->side[0].failed, 0);
    /* A pair stays one when it is rekeyed. */
    struct shrike_command again = {SHRIKE_REKEY, 3, "pair", "net1", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &again);
    CHECK(listen_now());
    CHECK(tsi.count == 1 && tsr.count == 1);
    end();
}

TEST(what_cannot_be_split_fails)
{
    struct shrike_ts local = v4(1, 0, 255, 0, 0), remote = v4(2, 0, 255, 0, 0);
    CHECK(begin(&local, 1, &remote, 1));
    up();
    CHECK(listen_now());
    CHECK(!refuse(NOTIFY_SINGLE_PAIR_REQUIRED));
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_SINGLE_PAIR);
    CHECK_EQ(p->side[0].failed, 1);
    CHECK_EQ(p->side[0].refused, 1);
    end();
    /* Nor is a pair split twice. */
    struct shrike_ts two[] = {v4(1, 0, 99, 0, 0), v4(1, 100, 255, 0, 0)};
    CHECK(begin(two, 2, &remote, 1));
    up();
    CHECK(listen_now());
    CHECK(refuse(NOTIFY_SINGLE_PAIR_REQUIRED));
    CHECK(refuse(NOTIFY_SINGLE_PAIR_REQUIRED));
    CHECK(!refuse(NOTIFY_SINGLE_PAIR_REQUIRED));
    CHECK_EQ(p->side[0].failed, 2);
    CHECK_EQ(p->side[0].refused, 1);
    CHECK_EQ(stats_of(p, 0).child_sas, 1);
    end();
}

/* RFC 7296 2.9 (1): the packet first, then what is configured. */
TEST(the_packet_comes_first)
{
    struct shrike_ts local = v4(1, 0, 255, 0, 0), remote = v4(2, 0, 255, 0, 0);
    struct shrike_ts here = v4(1, 4, 4, TCP, 40000), there = v4(2, 5, 5, TCP, 443);
    CHECK(begin(&local, 1, &remote, 1));
    acquire(here, there);
    CHECK(listen_now());
    CHECK(tsi.count == 2 && tsr.count == 2);
    CHECK(same(&tsi.ts[0], here) && same(&tsi.ts[1], local));
    CHECK(same(&tsr.ts[0], there) && same(&tsr.ts[1], remote));
    /* The peer takes single pairs: the packet's, with all ports that are configured. */
    CHECK(refuse(NOTIFY_SINGLE_PAIR_REQUIRED));
    CHECK(tsi.count == 1 && same(&tsi.ts[0], v4(1, 4, 4, 0, 0)));
    CHECK(tsr.count == 1 && same(&tsr.ts[0], v4(2, 5, 5, 0, 0)));
    CHECK(!accept());
    CHECK_EQ(p->side[0].child_count, 2);
    acquire(v4(1, 4, 4, TCP, 40001), there); /* it is taken */
    CHECK(!listen_now());
    acquire(v4(1, 6, 6, TCP, 40001), there);
    CHECK(listen_now());
    end();
}

/* RFC 7296 2.9.1: what our own policy does not allow is not asked for. */
TEST(a_packet_astray_is_not_asked_for)
{
    struct shrike_ts local = v4(1, 0, 255, TCP, 0), remote = v4(2, 0, 255, 0, 0);
    CHECK(begin(&local, 1, &remote, 1));
    acquire(v4(1, 4, 4, 17, 53), v4(2, 5, 5, 17, 53));
    CHECK(listen_now());
    CHECK(tsi.count == 1 && same(&tsi.ts[0], local));
    CHECK(tsr.count == 1 && same(&tsr.ts[0], remote));
    end();
}

/* The peer takes the packet alone: it may take others, too. What it did not take is not asked for
 * over and over. */
TEST(packets_bring_up_the_rest)
{
    struct shrike_ts local = v4(1, 0, 255, 0, 0), remote = v4(2, 0, 255, 0, 0);
    CHECK(begin(&local, 1, &remote, 1));
    acquire(v4(1, 4, 4, TCP, 1), v4(2, 5, 5, TCP, 2));
    CHECK(listen_now());
    tsi.count = tsr.count = 1;
    CHECK(!accept());
    acquire(v4(1, 4, 4, TCP, 1), v4(2, 5, 5, TCP, 2));
    CHECK(!listen_now());
    acquire(v4(1, 4, 4, TCP, 1), v4(2, 6, 6, TCP, 2));
    CHECK(listen_now());
    tsi = (struct ts_list){1, {v4(1, 4, 4, TCP, 1)}}; /* the same once more: in vain */
    tsr = (struct ts_list){1, {v4(2, 5, 5, TCP, 2)}};
    CHECK(!accept());
    CHECK_EQ(p->side[0].child_count, 2);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_TS_MISMATCH);
    CHECK_EQ(h.m.header.exchange, EXCHANGE_INFORMATIONAL);
    CHECK_EQ(count_of(&h, PAYLOAD_DELETE), 1);
    end();
    /* All that is configured: no packet asks for more. */
    CHECK(begin(&local, 1, &remote, 1));
    acquire(v4(1, 4, 4, TCP, 1), v4(2, 5, 5, TCP, 2));
    CHECK(listen_now());
    CHECK(!accept());
    acquire(v4(3, 4, 4, TCP, 1), v4(2, 6, 6, TCP, 2));
    CHECK(!listen_now());
    end();
}

static bool rekey(void)
{
    struct shrike_command again = {SHRIKE_REKEY, 5, "pair", "net1", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &again);
    return listen_now();
}

/* RFC 7296 2.8 (5), 2.9.2 (2, 4): asked for is what was in use, and all that is configured; less is
 * not taken. */
TEST(our_rekey_is_never_narrower)
{
    struct shrike_ts local = v4(1, 0, 255, 0, 0), remote = v4(2, 0, 255, 0, 0);
    CHECK(begin(&local, 1, &remote, 1));
    up();
    CHECK(listen_now());
    tsi.ts[0] = v4(1, 0, 127, 0, 0);
    CHECK(!accept());
    CHECK(rekey());
    CHECK(tsi.count == 2 && same(&tsi.ts[0], v4(1, 0, 127, 0, 0)) && same(&tsi.ts[1], local));
    CHECK(tsr.count == 1 && same(&tsr.ts[0], remote));
    tsi = (struct ts_list){1, {v4(1, 0, 126, 0, 0)}};
    CHECK(!accept());
    CHECK_EQ(h.m.header.exchange, EXCHANGE_INFORMATIONAL);
    CHECK_EQ(count_of(&h, PAYLOAD_DELETE), 1);
    CHECK_EQ(p->side[0].child_count, 2); /* the old one stays */
    CHECK_EQ(p->side[0].child_rekeyed, 0);
    end();
    CHECK(begin(&local, 1, &remote, 1));
    up();
    CHECK(listen_now());
    tsi.ts[0] = v4(1, 0, 127, 0, 0);
    CHECK(!accept());
    CHECK(rekey());
    tsi = (struct ts_list){1, {local}}; /* wider is fine */
    CHECK(!accept());
    CHECK_EQ(p->side[0].child_count, 3); /* until the old one is deleted */
    end();
}

/* A request of the peer, for a further child or to replace the one that it knows by `old`. */
static u16 ask(u32 message_id, u32 old)
{
    u8 octets[4];
    struct writer w = writer_of(octets, 4);
    struct forgery a = {.exchange = EXCHANGE_CREATE_CHILD_SA, .message_id = message_id};
    static const u8 offer[] = {0, 0, 0, 24, 1, 3, 4, 1,  0,    0,  0, 0,
                               0, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 1, 0};
    write_u32(&w, old);
    chain_begin(&c);
    if (old)
        notify_add_spi(&c.b, NOTIFY_REKEY_SA, PROTOCOL_ESP, written_bytes(&w));
    add_sa(bytes_of(offer, sizeof(offer)));
    add_ts(PAYLOAD_TSI, &tsi);
    add_ts(PAYLOAD_TSR, &tsr);
    tell(&f, a, &c, &h);
    if (!h.any || !ts_read(message_body(&h.m, PAYLOAD_TSI), &tsi) ||
        !ts_read(message_body(&h.m, PAYLOAD_TSR), &tsr))
        return (u16)only_notify(&h);
    return 0;
}

/* RFC 7296 2.9.2 (1, 3) */
TEST(their_rekey_is_never_narrower)
{
    struct shrike_ts local = v4(1, 0, 255, 0, 0), remote = v4(2, 0, 255, 0, 0);
    CHECK(begin(&local, 1, &remote, 1));
    up();
    CHECK(listen_now());
    CHECK(!accept());
    tsi = (struct ts_list){1, {v4(2, 0, 127, 0, 0)}};
    tsr = (struct ts_list){1, {local}};
    CHECK_EQ(ask(0, spi), NOTIFY_TS_UNACCEPTABLE);
    CHECK_EQ(p->side[0].child_count, 2);
    tsi = (struct ts_list){1, {v4(2, 0, 255, TCP, 0)}};
    tsr = (struct ts_list){1, {local}};
    CHECK_EQ(ask(1, spi - 1), NOTIFY_TS_UNACCEPTABLE);
    tsi = (struct ts_list){1, {v4(2, 0, 255, 0, 0)}};
    tsi.ts[0].to[2] = 9; /* wider: narrowed to what is configured */
    tsr = (struct ts_list){1, {local}};
    CHECK_EQ(ask(2, spi - 2), 0);
    CHECK(tsi.count == 1 && same(&tsi.ts[0], remote));
    CHECK_EQ(p->side[0].child_count, 3);
    end();
}

/* RFC 7296 2.9, 3.13: of a list that has all kinds. */
TEST(only_what_makes_packets_is_answered)
{
    struct shrike_ts local = v4(1, 0, 255, 0, 0);
    struct shrike_ts six = {.from = {0xfd}, .to = {0xfd, 1}, .port_to = ANY, .family = 6};
    struct shrike_ts remote[] = {v4(2, 0, 255, 0, 0), six};
    CHECK(begin(&local, 1, remote, 2));
    tsi = (struct ts_list){3, {six, v4(2, 1, 1, 0, 80), v4(2, 3, 4, TCP, 80)}};
    tsr = (struct ts_list){2, {six, local}};
    CHECK_EQ(ask(0, 0), 0);
    CHECK(tsi.count == 1 && same(&tsi.ts[0], v4(2, 3, 4, TCP, 80)));
    CHECK(tsr.count == 1 && same(&tsr.ts[0], local));
    tsi = (struct ts_list){2, {six, v4(2, 1, 1, 0, 80)}};
    tsr = (struct ts_list){1, {local}};
    CHECK_EQ(ask(1, 0), NOTIFY_TS_UNACCEPTABLE);
    end();
}

/* RFC 7296 2.9 (2, 3): of two children the one that takes the first selectors; the other one is
 * told of.
 */
TEST(the_first_selector_chooses)
{
    struct shrike_ts local = v4(1, 0, 255, 0, 0), remote = v4(2, 0, 255, 0, 0);
    struct notify n;
    CHECK(begin(&local, 1, &remote, 1));
    struct shrike_ts wide = v4(0, 0, 255, 0, 0), theirs = wide;
    wide.to[1] = theirs.to[1] = 9;
    tsi = (struct ts_list){2, {v4(2, 3, 3, TCP, 80), theirs}};
    tsr = (struct ts_list){2, {v4(1, 3, 3, TCP, 81), wide}};
    CHECK_EQ(ask(0, 0), 0);
    CHECK(tsr.count == 1 && same(&tsr.ts[0], local));
    CHECK(notify_find(&h.m, NOTIFY_ADDITIONAL_TS_POSSIBLE, &n));
    tsi = (struct ts_list){1, {remote}};
    tsr = (struct ts_list){1, {local}};
    CHECK_EQ(ask(1, 0), 0);
    CHECK(!notify_find(&h.m, NOTIFY_ADDITIONAL_TS_POSSIBLE, &n));
    end();
}

int main(void)
{
    return RUN(a_single_pair_is_asked_for_each_pair) | RUN(what_cannot_be_split_fails) |
           RUN(the_packet_comes_first) | RUN(a_packet_astray_is_not_asked_for) |
           RUN(packets_bring_up_the_rest) | RUN(our_rekey_is_never_narrower) |
           RUN(their_rekey_is_never_narrower) | RUN(only_what_makes_packets_is_answered) |
           RUN(the_first_selector_chooses);
}
