/* Messages outside of an IKE SA: who is answered, how often, and that a hint is no more than one.
 */
#include "../exchange/tools.h"
#include "engine/outside.h"

enum { SHORTEST = 36 };

static struct pair *p;

/* What side 0 is sent, one after the other. */
static u8 said[4096];
static size_t said_len;
static bool hear(void)
{
    struct pair_side *to = &p->side[0];
    settle_side(p, 1);
    if (to->count == 0)
        return false;
    said_len = to->queue[to->head].len;
    memcpy(said, to->queue[to->head].data, said_len);
    pair_lose(to);
    return true;
}

static struct header heading(void)
{
    struct header h;
    return header_read(bytes_of(said, said_len), &h) == HEADER_OK ? h : (struct header){0};
}

/* The type of the one notify in the clear, with its data. */
static unsigned notified(struct bytes *data)
{
    struct message m;
    struct notify n;
    u8 bad;
    struct header h = heading();
    if (message_read(&m, said, bytes_of(said + HEADER_SIZE, said_len - HEADER_SIZE), h.next_payload,
                     &bad) != MESSAGE_OK ||
        m.count != 1 || !notify_read(message_body(&m, PAYLOAD_NOTIFY), &n))
        return 0;
    *data = n.data;
    return n.type;
}

static void offer(const struct header *h, struct bytes behind, u8 host)
{
    u8 octets[4096];
    struct writer w = writer_of(octets, sizeof(octets));
    struct header full = *h;
    full.length = (u32)(HEADER_SIZE + behind.len);
    header_write(&w, &full);
    write_bytes(&w, behind);
    struct shrike_datagram d = {p->side[1].here, p->side[0].here, octets, full.length, false};
    d.remote.octets[2] = host;
    shrike_datagram(p->side[1].engine, p->now, &d);
}

static const struct header wayward = {.spi_i = 0x1111,
                                      .spi_r = 0x2222,
                                      .next_payload = PAYLOAD_SK,
                                      .version = VERSION_2_0,
                                      .exchange = EXCHANGE_CREATE_CHILD_SA,
                                      .flags = FLAG_INITIATOR,
                                      .message_id = 7};
static const u8 sealed[64] = {0, 0, 0, 64};

/* RFC 7296 2.21.4 (2, 3, 4): SPIs, message ID and exchange type are copied. */
TEST(an_unknown_spi_is_said)
{
    struct bytes data;
    p = toy_pair((struct pair_options){0});
    for (unsigned role = 0; role < 2; role++) {
        struct header h = wayward;
        h.flags = role ? FLAG_INITIATOR : 0;
        offer(&h, bytes_of(sealed, sizeof(sealed)), 2);
        CHECK(hear());
        CHECK_EQ(said_len, SHORTEST);
        CHECK(notified(&data) == NOTIFY_INVALID_IKE_SPI && data.len == 0);
        h = heading();
        CHECK(h.spi_i == 0x1111 && h.spi_r == 0x2222 && h.message_id == 7);
        CHECK(h.exchange == EXCHANGE_CREATE_CHILD_SA && h.version == VERSION_2_0);
        CHECK_EQ(h.flags, FLAG_RESPONSE | (role ? 0 : FLAG_INITIATOR));
        CHECK(!hear());
    }
    toy_end(p);
}

/* RFC 7296 2.21.4 (1): never an answer to a response, nor to a message that is one of these. */
TEST(what_is_not_answered)
{
    struct header all[6];
    p = toy_pair((struct pair_options){0});
    for (unsigned i = 0; i < ARRAY_LEN(all); i++)
        all[i] = wayward;
    all[0].flags = FLAG_RESPONSE;
    all[1].next_payload = PAYLOAD_NOTIFY;
    all[2].exchange = EXCHANGE_IKE_SA_INIT;
    all[3].spi_i = 0;
    all[4].spi_r = 0;
    all[5].version = 0x10;
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        offer(&all[i], bytes_of(sealed, sizeof(sealed)), 2);
        CHECK(!hear());
    }
    offer(&wayward, bytes_of(sealed, 7), 2); /* shorter than its answer */
    CHECK(!hear());
    offer(&wayward, bytes_of(sealed, 8), 2);
    CHECK(hear());
    struct header next = wayward;
    next.version = 0x31;
    next.flags |= FLAG_RESPONSE;
    offer(&next, bytes_of(sealed, sizeof(sealed)), 2);
    CHECK(!hear());
    toy_end(p);
}

/* RFC 7296 2.5 (2): also for an SA that we have; nothing else is done with it. */
TEST(a_higher_version_is_said)
{
    struct bytes data;
    p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    struct header h = wayward;
    h.version = 0x31;
    h.spi_i = p->side[0].spi_i;
    h.spi_r = p->side[0].spi_r;
    h.exchange = EXCHANGE_INFORMATIONAL;
    offer(&h, bytes_of(sealed, sizeof(sealed)), 2);
    CHECK(hear());
    CHECK(notified(&data) == NOTIFY_INVALID_MAJOR_VERSION && data.len == 0);
    CHECK(heading().version == VERSION_2_0 && heading().spi_i == h.spi_i);
    CHECK(heading().message_id == 7 && heading().exchange == EXCHANGE_INFORMATIONAL);
    CHECK_EQ(p->side[1].ike_down, 0);
    toy_end(p);
}

static unsigned offer_many(unsigned count, bool many_hosts)
{
    unsigned answers = 0;
    for (unsigned i = 0; i < count; i++) {
        offer(&wayward, bytes_of(sealed, sizeof(sealed)), many_hosts ? (u8)i : 2);
        while (hear())
            answers++;
    }
    return answers;
}

/* RFC 7296 2.4 (7) */
TEST(answers_are_few)
{
    p = toy_pair((struct pair_options){0});
    CHECK_EQ(offer_many(100, false), OUTSIDE_ANSWERS);
    CHECK_EQ(offer_many(1, true), 1); /* somebody else is not the worse for it */
    p->now += SHRIKE_SECOND;
    CHECK_EQ(offer_many(100, false), OUTSIDE_ANSWERS);
    p->now += SHRIKE_SECOND;
    CHECK_EQ(offer_many(2000, true), OUTSIDE_ANSWERS_ALL);
    CHECK_EQ(stats_of(p, 1).packets, 0);
    toy_end(p);
}

/* How many requests of INFORMATIONAL are on their way to side 0. */
static unsigned asked(void)
{
    unsigned n = 0;
    struct pair_side *to = &p->side[0];
    for (unsigned i = 0; i < to->count; i++) {
        const struct pair_datagram *d = &to->queue[(to->head + i) % PAIR_QUEUE];
        struct header h;
        n += header_read(bytes_of(d->data, d->len), &h) == HEADER_OK &&
             h.exchange == EXCHANGE_INFORMATIONAL && !(h.flags & FLAG_RESPONSE);
    }
    return n;
}

/* Deliver a hint without delivering what it causes; then count and go on. */
static unsigned hinted(struct header h, u16 type, struct bytes data, u8 host)
{
    u8 octets[64];
    struct writer w = writer_of(octets, sizeof(octets));
    struct builder b = builder_chain(&w, &h.next_payload);
    notify_add(&b, type, data);
    offer(&h, written_bytes(&w), host);
    for (unsigned i = 0; i < 4; i++) {
        settle_side(p, 1);
        shrike_tick(p->side[1].engine, p->now);
    }
    settle_side(p, 1);
    unsigned n = asked();
    bool answered = p->side[0].count != n; /* never */
    pair_run(p);
    return answered ? 100 : n;
}

/* RFC 7296 2.4 (4), 2.21.4 (5, 6): a hint has the peer asked, once in a while, and changes nothing.
 */
TEST(a_lost_ike_sa_is_asked_about)
{
    struct bytes none = bytes_of(NULL, 0);
    p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    struct header h = {.spi_i = p->side[1].spi_i,
                       .spi_r = p->side[1].spi_r,
                       .version = VERSION_2_0,
                       .exchange = EXCHANGE_INFORMATIONAL,
                       .flags = FLAG_INITIATOR | FLAG_RESPONSE};
    p->now += SHRIKE_SECOND;
    CHECK_EQ(hinted(h, NOTIFY_INVALID_IKE_SPI, none, 9), 0); /* from elsewhere */
    CHECK_EQ(hinted(h, NOTIFY_INVALID_SYNTAX, none, 2), 0);
    CHECK_EQ(hinted(h, NOTIFY_INVALID_IKE_SPI, none, 2), 1);
    CHECK_EQ(hinted(h, NOTIFY_INVALID_IKE_SPI, none, 2), 0);
    p->now += OUTSIDE_HINT_EVERY - 1;
    CHECK_EQ(hinted(h, NOTIFY_INVALID_IKE_SPI, none, 2), 0);
    p->now += 1;
    CHECK_EQ(hinted(h, NOTIFY_INVALID_IKE_SPI, none, 2), 1);
    CHECK_EQ(p->side[1].ike_down, 0);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* RFC 7296 1.5 (3) */
TEST(a_lost_child_is_asked_about)
{
    u8 spi[4];
    p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    p->now += SHRIKE_SECOND;
    struct header h = {
        .version = VERSION_2_0, .exchange = EXCHANGE_INFORMATIONAL, .flags = FLAG_INITIATOR};
    struct writer w = writer_of(spi, sizeof(spi));
    write_u32(&w, p->side[1].children[0].spi_out);
    CHECK_EQ(hinted(h, NOTIFY_INVALID_SPI, bytes_of(spi, 4), 9), 0);
    CHECK_EQ(hinted(h, NOTIFY_INVALID_SPI, bytes_of(spi, 3), 2), 0);
    CHECK_EQ(hinted(h, NOTIFY_INVALID_SPI, bytes_of(spi, 4), 2), 1);
    CHECK_EQ(hinted(h, NOTIFY_INVALID_SPI, bytes_of(spi, 4), 2), 0);
    p->now += OUTSIDE_HINT_EVERY;
    spi[0] ^= 1;
    CHECK_EQ(hinted(h, NOTIFY_INVALID_SPI, bytes_of(spi, 4), 2), 0);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* ---- what we lack ---- */

static void lack(u32 spi, u8 host, u16 port)
{
    struct shrike_kernel_event k = {.kind = SHRIKE_SPI_UNKNOWN, .spi = spi};
    k.from = p->side[0].here;
    k.to = p->side[1].here;
    k.from.port = k.to.port = port;
    k.from.octets[2] = host;
    shrike_kernel(p->side[1].engine, p->now, &k);
    for (unsigned i = 0; i < 4; i++) {
        settle_side(p, 1);
        shrike_tick(p->side[1].engine, p->now);
    }
    settle_side(p, 1);
}

/* RFC 7296 1.5 (1), 2.21.4 (7, 9): over the IKE SA, now and then; the peer has it in its log and
 * changes nothing. */
TEST(lacking_esp_is_said_over_the_ike_sa)
{
    p = toy_pair((struct pair_options){0});
    pair_up(p, NULL);
    p->now += SHRIKE_SECOND;
    lack(p->side[1].children[0].spi_in, 2, 0); /* we do have it */
    CHECK_EQ(p->side[0].count, 0);
    lack(0x77777777, 2, 0);
    CHECK_EQ(asked(), 1);
    pair_run(p);
    lack(0x77777778, 2, 0);
    CHECK_EQ(p->side[0].count, 0);
    p->now += OUTSIDE_TELL_EVERY;
    lack(0x77777778, 2, 0);
    CHECK_EQ(asked(), 1);
    pair_run(p);
    CHECK(pair_agrees(p));
    CHECK_EQ(p->side[0].ike_down + p->side[0].child_down, 0);
    toy_end(p);
}

/* RFC 7296 1.5 (2) */
TEST(lacking_esp_is_said_in_the_clear)
{
    struct bytes data;
    p = toy_pair((struct pair_options){0});
    for (unsigned i = 0; i < 2; i++) {
        lack(0x77777777, 9, i ? 4500 : 0);
        CHECK(p->side[0].count == 1 && p->side[0].queue[p->side[0].head].marker == (i == 1));
        CHECK_EQ(p->side[0].queue[p->side[0].head].local.port, i ? 4500 : 500);
        CHECK(hear());
        CHECK(notified(&data) == NOTIFY_INVALID_SPI && data.len == 4);
        CHECK_BYTES(data.at, "wwww", 4);
        struct header h = heading();
        CHECK(h.flags == FLAG_INITIATOR && h.exchange == EXCHANGE_INFORMATIONAL);
        CHECK(h.spi_i == 0 && h.spi_r == 0 && h.message_id == 0);
    }
    for (unsigned i = 0; i < 10; i++)
        lack(0x77777777, 9, 0);
    CHECK_EQ(p->side[0].count, OUTSIDE_ANSWERS - 2);
    toy_end(p);
}

int main(void)
{
    return RUN(an_unknown_spi_is_said) | RUN(what_is_not_answered) | RUN(a_higher_version_is_said) |
           RUN(answers_are_few) | RUN(a_lost_ike_sa_is_asked_about) |
           RUN(a_lost_child_is_asked_about) | RUN(lacking_esp_is_said_over_the_ike_sa) |
           RUN(lacking_esp_is_said_in_the_clear);
}
