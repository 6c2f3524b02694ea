/* INFORMATIONAL: deletes in all their crossings, and what a peer that has the keys may say. */
#include "tools.h"

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;

/* A pair with some children, whose side `victim` talks to us in place of its peer. */
static bool begin(unsigned children, unsigned victim)
{
    p = toy_pair((struct pair_options){.children = children});
    pair_up(p, NULL);
    chain_begin(&c);
    return p->side[victim].child_count == children && forger_init(&f, p, victim);
}

static void end(void)
{
    forger_free(&f);
    toy_end(p);
}

static const struct forgery request = {.exchange = EXCHANGE_INFORMATIONAL, .message_id = 0};

/* RFC 7296 1.4 (2, 4, 5), 2.5 (4), 2.19 (6), 3.1 (10, 13) */
TEST(answers_a_liveness_check)
{
    CHECK(begin(1, 0));
    tell(&f, request, &c, &h);
    CHECK(h.any);
    CHECK_EQ(h.m.count, 0);
    CHECK_EQ(h.m.header.flags, FLAG_RESPONSE | FLAG_INITIATOR);
    CHECK_EQ(h.m.header.message_id, 0);
    end();
}

/* RFC 7296 1.4.1 (3): the reply names the other halves, and a strict peer reads but a few deletes.
 */
TEST(deletes_many_children_in_one_payload)
{
    uint32_t spis[PAIR_CHILDREN];
    struct delete d;
    CHECK(begin(PAIR_CHILDREN, 0));
    for (unsigned i = 0; i < PAIR_CHILDREN; i++)
        spis[i] = p->side[0].children[i].spi_out;
    u32 in = p->side[0].children[0].spi_in;
    chain_delete(&c, PROTOCOL_ESP, spis, PAIR_CHILDREN);
    tell(&f, request, &c, &h);
    CHECK_EQ(count_of(&h, PAYLOAD_DELETE), 1);
    CHECK(delete_read(message_body(&h.m, PAYLOAD_DELETE), &d));
    CHECK_EQ(d.count, PAIR_CHILDREN);
    CHECK_EQ(d.protocol, PROTOCOL_ESP);
    struct reader r = reader_of(d.spis);
    CHECK_EQ(read_u32(&r), in);
    CHECK_EQ(p->side[0].child_down, PAIR_CHILDREN);
    CHECK_EQ(p->side[0].child_count, 0);
    CHECK_EQ(p->side[0].ike_down, 0);
    end();
}

/* RFC 7296 2.25.1 (6): SPIs that we do not know are passed over in silence; so are doubles. */
TEST(passes_over_unknown_spis)
{
    CHECK(begin(1, 0));
    u32 known = p->side[0].children[0].spi_out;
    uint32_t spis[] = {0, known + 1, p->side[0].children[0].spi_in};
    chain_delete(&c, PROTOCOL_ESP, spis, 3);
    chain_delete(&c, PROTOCOL_AH, &known, 1);
    tell(&f, request, &c, &h);
    CHECK(h.any);
    CHECK_EQ(h.m.count, 0);
    CHECK_EQ(p->side[0].child_count, 1);
    struct forgery again = request;
    again.message_id = 1;
    uint32_t twice[] = {known, known};
    struct delete d;
    chain_begin(&c);
    chain_delete(&c, PROTOCOL_ESP, twice, 2);
    chain_delete(&c, PROTOCOL_ESP, twice, 2);
    tell(&f, again, &c, &h);
    CHECK_EQ(count_of(&h, PAYLOAD_DELETE), 1);
    CHECK(delete_read(message_body(&h.m, PAYLOAD_DELETE), &d));
    CHECK_EQ(d.count, 1);
    CHECK_EQ(p->side[0].child_count, 0);
    end();
}

/* A child that is only asked for has no SPI of the peer yet; 0 does not name it. */
TEST(zero_names_no_child)
{
    static struct tuned t;
    p = toy_pair((struct pair_options){.children = 2});
    pair_up(p, "net0");
    CHECK(forger_init(&f, p, 0));
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    uint32_t zero = 0;
    struct pair_datagram asked = p->side[1].queue[p->side[1].head];
    asked.data = malloc(asked.len);
    memcpy(asked.data, p->side[1].queue[p->side[1].head].data, asked.len);
    chain_begin(&c);
    chain_delete(&c, PROTOCOL_ESP, &zero, 1);
    tell(&f, request, &c, &h);
    CHECK(h.any);
    CHECK_EQ(h.m.count, 0);
    pair_post(&p->side[1], &asked);
    free(asked.data);
    pair_run(p);
    CHECK_EQ(p->side[0].child_count, 2);
    CHECK(pair_agrees(p));
    (void)t;
    end();
}

/* RFC 7296 1.4.1 (2, 4, 5), 2.3 (4) */
TEST(crossing_deletes_of_a_child)
{
    p = toy_pair((struct pair_options){.children = 2});
    pair_up(p, NULL);
    struct shrike_command down = {SHRIKE_DOWN, 7, "pair", "net1", 0, 0, false, {0}, 0, false};
    for (unsigned i = 0; i < 2; i++) {
        shrike_command(p->side[i].engine, p->now, &down);
        shrike_tick(p->side[i].engine, p->now);
    }
    pair_run(p);
    for (unsigned i = 0; i < 2; i++) {
        CHECK_EQ(p->side[i].child_count, 1);
        CHECK_EQ(p->side[i].child_down, 1);
        CHECK_EQ(p->side[i].ike_down, 0);
    }
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* RFC 7296 2.25.2 (4): both delete the IKE SA at once; or one a child, the other all. */
TEST(crossing_deletes_of_the_ike_sa)
{
    for (unsigned i = 0; i < 2; i++) {
        p = toy_pair((struct pair_options){.children = 2});
        pair_up(p, NULL);
        struct shrike_command all = {SHRIKE_DOWN, 7, "pair", NULL, 0, 0, false, {0}, 0, false};
        struct shrike_command one = {SHRIKE_DOWN, 8, "pair", i ? "net0" : NULL, 0, 0, false,
                                     {0},         0, false};
        shrike_command(p->side[0].engine, p->now, &all);
        shrike_command(p->side[1].engine, p->now, &one);
        shrike_tick(p->side[0].engine, p->now);
        shrike_tick(p->side[1].engine, p->now);
        pair_run(p);
        CHECK_EQ(p->side[0].ike_down, 1);
        CHECK_EQ(p->side[1].ike_down, 1);
        CHECK_EQ(p->side[0].child_down, 2);
        CHECK_EQ(p->side[1].child_down, 2);
        pair_wait(p, p->now + 300 * SHRIKE_SECOND);
        CHECK(empty(p));
        toy_end(p);
    }
}

/* RFC 7296 2.21.3 (1), 3.10.1 (4): what does not parse is fatal for both, without a delete. */
TEST(a_malformed_request_ends_the_sa)
{
    for (unsigned i = 0; i < 3; i++) {
        CHECK(begin(1, 0));
        if (i == 0) /* a notify that is cut */
            chain_add(&c, PAYLOAD_NOTIFY, false, bytes_of("\0", 1));
        else if (i == 1) /* a payload that has no place here */
            chain_add(&c, PAYLOAD_NONCE, false, bytes_of("0123456789abcdef", 16));
        else /* a delete whose SPIs are not all there */
            chain_add(&c, PAYLOAD_DELETE, false, bytes_of("\3\4\0\2\1\1\1\1", 8));
        tell(&f, request, &c, &h);
        CHECK_EQ(only_notify(&h), NOTIFY_INVALID_SYNTAX);
        CHECK_EQ(p->side[0].ike_down, 1);
        CHECK_EQ(p->side[0].child_count, 0);
        end();
    }
}

TEST(too_many_payloads_are_refused)
{
    CHECK(begin(1, 0));
    for (unsigned i = 0; i < 100; i++)
        chain_notify(&c, 40000);
    tell(&f, request, &c, &h);
    CHECK_EQ(only_notify(&h), NOTIFY_INVALID_SYNTAX);
    end();
}

/* RFC 7296 2.5 (7, 8): said by its number; nothing of the message is acted on, and the SA stays. */
TEST(an_unknown_critical_payload_is_named)
{
    enum { UNKNOWN = 200 };
    struct notify n;
    CHECK(begin(1, 0));
    u32 spi = p->side[0].children[0].spi_out;
    chain_delete(&c, PROTOCOL_ESP, &spi, 1);
    chain_add(&c, UNKNOWN, true, bytes_of("x", 1));
    tell(&f, request, &c, &h);
    CHECK_EQ(only_notify(&h), NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD);
    CHECK(notify_find(&h.m, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD, &n));
    CHECK_EQ(n.data.len, 1);
    CHECK_EQ(n.data.at[0], UNKNOWN);
    CHECK_EQ(p->side[0].child_count, 1);
    CHECK_EQ(p->side[0].ike_down, 0);
    struct forgery next = request; /* the same without the critical bit is passed over */
    next.message_id = 1;
    chain_begin(&c);
    chain_add(&c, UNKNOWN, false, bytes_of("x", 1));
    tell(&f, next, &c, &h);
    CHECK(h.any);
    CHECK_EQ(h.m.count, 0);
    end();
}

/* RFC 7296 2.21.3: a peer that could not read our request has closed its SA. */
TEST(invalid_syntax_from_the_peer_ends_the_sa)
{
    CHECK(begin(1, 0));
    struct shrike_command ask = {SHRIKE_LIVENESS, 3, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &ask);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    overhear(&f, &h);
    CHECK(h.any);
    struct forgery answer = {
        .exchange = EXCHANGE_INFORMATIONAL, .response = true, .message_id = h.m.header.message_id};
    chain_notify(&c, NOTIFY_INVALID_SYNTAX);
    tell(&f, answer, &c, &h);
    CHECK_EQ(p->side[0].ike_down, 1);
    end();
}

/* Each message may cause an event; a hostile peer gets ten a second, no more. */
TEST(events_of_a_hostile_peer_are_bounded)
{
    unsigned events = 0;
    CHECK(begin(1, 0));
    chain_add(&c, 200, true, bytes_of("x", 1));
    for (u32 i = 0; i < 1000; i++) {
        struct forgery what = request;
        struct shrike_action a;
        what.message_id = i;
        what.first = c.first;
        what.inner = written_bytes(&c.w);
        forge(&f, &what);
        while (shrike_next(p->side[0].engine, &a))
            events += a.kind == SHRIKE_EVENT;
    }
    CHECK_EQ(events, SHRIKE_STRANGER_EVENTS);
    CHECK_EQ(stats_of(p, 0).refused, 1000);
    end();
}

/* RFC 7296 1.4 (5), 3.10.1 (2, 3): notifies that nobody knows, an error among them: the answer is
 * empty, the SA stays. */
TEST(notifies_that_nobody_knows)
{
    CHECK(begin(1, 0));
    chain_notify(&c, 40000);
    chain_notify(&c, 12345);
    tell(&f, request, &c, &h);
    CHECK(h.any && h.m.count == 0);
    CHECK_EQ(p->side[0].ike_down, 0);
    end();
}

/* RFC 7296 2 (1), 3.12 (4): as long as that, and in one piece. */
TEST(a_message_of_three_thousand_octets)
{
    static const u8 filling[2900];
    CHECK(begin(1, 0));
    f.sa.fragmentation = false;
    chain_add(&c, PAYLOAD_VENDOR, false, bytes_of(filling, sizeof(filling)));
    tell(&f, request, &c, &h);
    CHECK(h.any && h.m.count == 0);
    end();
}

/* RFC 7296 2.1 (3, 6, 7), 2.2 (1): octet for octet, until it is answered. */
TEST(what_is_sent_again_is_the_same)
{
    struct shrike_command ask = {SHRIKE_LIVENESS, 3, "pair", NULL, 0, 0, false, {0}, 0, false};
    u8 first[1024];
    size_t len = 0;
    unsigned times = 0;
    CHECK(begin(1, 0));
    shrike_command(p->side[0].engine, p->now, &ask);
    for (unsigned i = 0; i < 40; i++) {
        shrike_tick(p->side[0].engine, p->now);
        settle_side(p, 0);
        for (; p->side[1].count; pair_lose(&p->side[1]), times++) {
            const struct pair_datagram *d = &p->side[1].queue[p->side[1].head];
            CHECK(d->len <= sizeof(first) && (times == 0 || d->len == len));
            if (times == 0)
                memcpy(first, d->data, d->len);
            len = d->len;
            CHECK_BYTES(d->data, first, len);
        }
        p->now += SHRIKE_SECOND;
    }
    CHECK(times >= 5);
    struct header said;
    CHECK(header_read(bytes_of(first, len), &said) == HEADER_OK);
    struct forgery answer = {
        .exchange = EXCHANGE_INFORMATIONAL, .response = true, .message_id = said.message_id};
    tell(&f, answer, &c, &h);
    p->now += 100 * SHRIKE_SECOND;
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    CHECK_EQ(p->side[1].count, 0);
    end();
}

/* RFC 7296 1.5 (1), 2.21.4 (7): by its number, to who sent it. */
TEST(esp_for_nobody_is_told)
{
    struct shrike_kernel_event k = {.kind = SHRIKE_SPI_UNKNOWN, .spi = 0x01020304};
    struct notify n;
    CHECK(begin(1, 0));
    k.from = p->side[1].here;
    k.to = p->side[0].here;
    k.from.port = k.to.port = 0;
    p->now += SHRIKE_SECOND;
    shrike_kernel(p->side[0].engine, p->now, &k);
    for (unsigned i = 0; i < 4; i++) {
        settle_side(p, 0);
        shrike_tick(p->side[0].engine, p->now);
    }
    settle_side(p, 0);
    overhear(&f, &h);
    CHECK(h.any && h.m.header.exchange == EXCHANGE_INFORMATIONAL && h.m.count == 1);
    CHECK(notify_find(&h.m, NOTIFY_INVALID_SPI, &n));
    CHECK_EQ(n.data.len, 4);
    CHECK_BYTES(n.data.at, "\1\2\3\4", 4);
    end();
}

int main(void)
{
    return RUN(answers_a_liveness_check) | RUN(deletes_many_children_in_one_payload) |
           RUN(passes_over_unknown_spis) | RUN(zero_names_no_child) |
           RUN(crossing_deletes_of_a_child) | RUN(crossing_deletes_of_the_ike_sa) |
           RUN(a_malformed_request_ends_the_sa) | RUN(too_many_payloads_are_refused) |
           RUN(an_unknown_critical_payload_is_named) |
           RUN(invalid_syntax_from_the_peer_ends_the_sa) |
           RUN(events_of_a_hostile_peer_are_bounded) | RUN(notifies_that_nobody_knows) |
           RUN(a_message_of_three_thousand_octets) | RUN(what_is_sent_again_is_the_same) |
           RUN(esp_for_nobody_is_told);
}
