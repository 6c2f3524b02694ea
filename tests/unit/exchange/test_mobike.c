/* What is said about addresses: who may move, what an update has in it and what comes of it, and
 * what a hostile peer can do with that. */
#include "base/bytes.h"
#include "tools.h"

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;

static const struct shrike_addr home = {{192, 0, 2, 1}, 4}, away = {{198, 51, 100, 7}, 4},
                                six = {{0x20, 1, [15] = 1}, 6}, there = {{192, 0, 2, 2}, 4};

static void begin(struct pair_options o)
{
    o.mobike = true;
    p = toy_pair(o);
    pair_addresses(p, 0, &home, 1);
    pair_addresses(p, 1, &there, 1);
    pair_up(p, NULL);
}

/* And one side talks to somebody else who has the keys. */
static bool begin_forged(unsigned victim)
{
    begin((struct pair_options){0});
    p->side[0].here.port = p->side[1].here.port = 4500;
    chain_begin(&c);
    return forger_init(&f, p, victim);
}

static void end_forged(void)
{
    forger_free(&f);
    toy_end(p);
}

/* All that a side has to do now. */
static void work_of(unsigned side)
{
    do {
        shrike_tick(p->side[side].engine, p->now);
        settle_side(p, side);
    } while (shrike_deadline(p->side[side].engine) <= p->now);
}

static const struct forgery request = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 2};
static const struct forgery first = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 0};

static bool has(u16 type)
{
    struct notify n;
    return h.any && notify_find(&h.m, type, &n);
}

static bool said_to(unsigned side, u16 port)
{
    const struct pair_side *to = &p->side[side];
    return to->count && to->queue[to->head].local.port == port;
}

TEST(both_say_so_or_nobody_moves)
{
    for (unsigned who = 0; who < 4; who++) {
        static struct tuned t[2];
        p = toy_pair((struct pair_options){.mobike = true});
        for (unsigned side = 0; side < 2; side++) {
            tune_begin(p, side, &t[side]);
            t[side].conn.mobike = who >> side & 1;
            tune_end(p, side, &t[side]);
        }
        pair_addresses(p, 0, &home, 1);
        pair_up(p, NULL);
        CHECK_EQ(p->side[0].child_count, 1);
        pair_addresses(p, 0, &away, 1);
        pair_run(p);
        CHECK_EQ(p->side[0].ike_up, who == 3 ? 1 : 2); /* from scratch */
        CHECK_EQ(p->side[0].moved, who == 3);
        CHECK_EQ(p->side[1].moved, who == 3);
        toy_end(p);
    }
}

/* RFC 4555 3.3: the port is changed at once; 1.2: not for transport mode. */
TEST(the_port_changes_and_transport_mode_stays)
{
    for (unsigned transport = 0; transport < 2; transport++) {
        p = toy_pair((struct pair_options){.mobike = true, .transport = transport});
        struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
        shrike_command(p->side[0].engine, p->now, &up);
        shrike_tick(p->side[0].engine, p->now);
        settle_side(p, 0);
        (void)pair_deliver(p, 1);
        settle_side(p, 1);
        (void)pair_deliver(p, 0);
        settle_side(p, 0);
        shrike_tick(p->side[0].engine, p->now);
        settle_side(p, 0);
        CHECK(said_to(1, transport ? 500 : 4500));
        toy_end(p);
    }
}

TEST(a_move_is_told_and_checked)
{
    begin((struct pair_options){.children = 3});
    u64 before = p->datagrams;
    pair_addresses(p, 0, &away, 1);
    pair_run(p);
    CHECK_EQ(p->datagrams - before, 4); /* the update and the check, each with its response */
    CHECK_EQ(p->side[0].path_lost, 1);
    for (unsigned side = 0; side < 2; side++) {
        const struct pair_side *s = &p->side[side];
        const struct shrike_endpoint *end = side ? &s->move.remote : &s->move.local;
        CHECK(s->moved == 1 && s->moves == 1 && s->move.children == 3);
        CHECK(memcmp(end->octets, away.octets, 4) == 0 && end->port == 4500 && !s->move.encap);
    }
    CHECK(pair_agrees(p));
    pair_addresses(p, 0, &away, 1); /* routes: the peer is asked whether it is there still */
    pair_run(p);
    CHECK_EQ(p->datagrams - before, 6);
    CHECK(p->side[0].moves == 1 && p->side[1].moves == 1);
    toy_end(p);
}

/* RFC 4555 3.7: who has not had the request cannot answer it. */
TEST(a_response_without_the_cookie_ends_the_sa)
{
    for (unsigned i = 0; i < 2; i++) {
        CHECK(begin_forged(0));
        pair_addresses(p, 0, &away, 1);
        work_of(0);
        overhear(&f, &h);
        CHECK(has(NOTIFY_UPDATE_SA_ADDRESSES) && has(NOTIFY_COOKIE2));
        CHECK(has(NOTIFY_NAT_DETECTION_SOURCE_IP) && !has(NOTIFY_NO_NATS_ALLOWED));
        CHECK(has(NOTIFY_NO_ADDITIONAL_ADDRESSES));
        if (i)
            notify_add(&c.b, NOTIFY_COOKIE2, bytes_of("guessing", 8));
        struct forgery reply = request;
        reply.response = true;
        tell(&f, reply, &c, &h);
        CHECK_EQ(p->side[0].ike_down, 1);
        CHECK_EQ(p->side[0].why, SHRIKE_REASON_COOKIE2);
        end_forged();
    }
}

/* Side 1 is told that the peer has moved to where the request comes from. */
static void update_from(const struct shrike_addr *from)
{
    memset(p->side[0].here.octets, 0, 16);
    memcpy(p->side[0].here.octets, from->octets, 16);
    p->side[0].here.family = from->family;
    chain_notify(&c, NOTIFY_UPDATE_SA_ADDRESSES);
    notify_add(&c.b, NOTIFY_COOKIE2, bytes_of("12345678", 8));
    tell(&f, request, &c, &h);
}

TEST(nothing_is_sent_to_where_nobody_has_answered)
{
    struct notify n;
    CHECK(begin_forged(1));
    update_from(&away); /* what it says last is its own question */
    CHECK(h.any && !(h.m.header.flags & FLAG_RESPONSE) && notify_find(&h.m, NOTIFY_COOKIE2, &n));
    CHECK_EQ(n.data.len, 8);
    CHECK_EQ(p->side[1].moves, 0);
    chain_begin(&c);
    notify_add(&c.b, NOTIFY_COOKIE2, n.data);
    struct forgery reply = first;
    reply.response = true;
    tell(&f, reply, &c, &h);
    CHECK(p->side[1].moves == 1 && p->side[1].moved == 1);
    CHECK(memcmp(p->side[1].move.remote.octets, away.octets, 4) == 0);
    end_forged();
}

TEST(addresses_that_nobody_has_are_refused)
{
    static const struct shrike_addr bad[] = {{{224, 0, 0, 1}, 4},
                                             {{0}, 4},
                                             {{255, 255, 255, 255}, 4},
                                             {{0xff, 2, [15] = 1}, 6},
                                             {{0}, 6}};
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        CHECK(begin_forged(1));
        update_from(&bad[i]);
        CHECK(has(NOTIFY_UNACCEPTABLE_ADDRESSES) && has(NOTIFY_COOKIE2));
        work_of(1);
        CHECK_EQ(p->side[1].moves, 0);
        end_forged();
    }
}

/* RFC 4555 3.9: addresses that differ from those that the sender has written. */
TEST(translation_is_refused_where_it_is_forbidden)
{
    for (unsigned honest = 0; honest < 2; honest++) {
        u8 ends[12] = {198, 51, 100, 7, 192, 0, 2, 2, 4500 >> 8, 4500 & 255, 4500 >> 8, 4500 & 255};
        CHECK(begin_forged(1));
        ends[11] = honest ? ends[11] : 1;
        notify_add(&c.b, NOTIFY_NO_NATS_ALLOWED, bytes_of(ends, sizeof(ends)));
        update_from(&away);
        CHECK_EQ(has(NOTIFY_UNEXPECTED_NAT_DETECTED), !honest);
        CHECK(has(NOTIFY_COOKIE2));
        end_forged();
    }
}

/* Only the initiator of the first IKE SA decides; the responder may name its addresses. */
TEST(the_responder_does_not_decide)
{
    CHECK(begin_forged(0));
    struct forgery r = first;
    chain_notify(&c, NOTIFY_UPDATE_SA_ADDRESSES);
    memcpy(p->side[1].here.octets, away.octets, 4);
    tell(&f, r, &c, &h);
    CHECK(h.any && h.m.count == 0);
    CHECK_EQ(p->side[0].moves, 0);
    chain_begin(&c); /* but when it is not at the old place any more, it is believed */
    notify_add(&c.b, NOTIFY_ADDITIONAL_IP6_ADDRESS, bytes_of(six.octets, 16));
    r.message_id = 1;
    tell(&f, r, &c, &h);
    CHECK(h.any);
    work_of(0);
    CHECK(p->side[1].count == 0 || said_to(1, 4500));
    overhear(&f, &h);
    CHECK_EQ(p->side[0].moves, 0); /* not before it has answered there */
    end_forged();
}

/* An announcement has a bound, and what it is made of is looked at. */
TEST(many_and_malformed_addresses_do_no_harm)
{
    CHECK(begin_forged(1));
    for (u8 i = 0; i < 25; i++) {
        u8 a[16] = {10, 0, 0, i};
        notify_add(&c.b, i % 2 ? NOTIFY_ADDITIONAL_IP4_ADDRESS : NOTIFY_ADDITIONAL_IP6_ADDRESS,
                   bytes_of(a, i < 10  ? i
                               : i % 2 ? 4
                                       : 16));
    }
    tell(&f, request, &c, &h);
    CHECK(h.any && h.m.count == 0);
    CHECK_EQ(p->side[1].ike_down, 0);
    end_forged();
}

/* Refused for good: a new one is made from scratch. */
TEST(who_may_not_move_calls_again)
{
    CHECK(begin_forged(0));
    pair_addresses(p, 0, &away, 1);
    work_of(0);
    overhear(&f, &h);
    struct notify n;
    CHECK(h.any && notify_find(&h.m, NOTIFY_COOKIE2, &n));
    notify_add(&c.b, NOTIFY_COOKIE2, n.data);
    chain_notify(&c, NOTIFY_UNACCEPTABLE_ADDRESSES);
    struct forgery reply = request;
    reply.response = true;
    tell(&f, reply, &c, &h);
    CHECK(p->side[0].move_failed == 1 && p->side[0].why == SHRIKE_REASON_ADDRESSES_REFUSED);
    work_of(0);
    CHECK_EQ(stats_of(p, 0).handshakes, 1);
    end_forged();
}

int main(void)
{
    return RUN(both_say_so_or_nobody_moves) | RUN(the_port_changes_and_transport_mode_stays) |
           RUN(a_move_is_told_and_checked) | RUN(a_response_without_the_cookie_ends_the_sa) |
           RUN(nothing_is_sent_to_where_nobody_has_answered) |
           RUN(addresses_that_nobody_has_are_refused) |
           RUN(translation_is_refused_where_it_is_forbidden) | RUN(the_responder_does_not_decide) |
           RUN(many_and_malformed_addresses_do_no_harm) | RUN(who_may_not_move_calls_again);
}
