/* A peer with several addresses: which of them is called, how often, and for how long. */
#include "tools.h"

enum { SENDS = 200 };
#define PATIENCE (191 * SHRIKE_SECOND) /* 1 + 2 + ... + 64, and 64 behind the last */

static struct pair *p;
static struct tuned t;
static struct shrike_net there[5];

/* What was sent: to which address (its last octet), when, under which SPI. */
static struct sent {
    u8 to;
    shrike_time at;
    struct header header;
} sent[SENDS];
static unsigned count;

static struct shrike_net net_of(u8 last, u8 bits)
{
    struct shrike_net net = {.addr.family = 4, .prefix_bits = bits};
    memcpy(net.addr.octets, "\xc0\0\2", 3);
    net.addr.octets[3] = last;
    return net;
}

/* These addresses in front of one that answers, if any does. */
static void begin(const u8 *last, unsigned n)
{
    p = toy_pair((struct pair_options){0});
    tune_begin(p, 0, &t);
    for (unsigned i = 0; i < n; i++)
        there[i] = net_of(last[i], 32);
    t.conn.remote_addrs = there;
    t.conn.remote_addr_count = (uint16_t)n;
    memcpy(t.conn.remote_endpoint.octets, there[0].addr.octets, 16);
    tune_end(p, 0, &t);
    count = 0;
}

static void call(void)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
}

/* Nobody hears it, but who has the address `answers`. */
static void run(shrike_time until, u8 answers)
{
    while (p->now < until) {
        settle_side(p, 0);
        struct pair_side *to = &p->side[1];
        while (to->count && !p->side[0].ike_up) {
            const struct pair_datagram *d = &to->queue[to->head];
            if (count < SENDS) {
                sent[count] = (struct sent){.to = d->local.octets[3], .at = p->now};
                ensure(header_read(bytes_of(d->data, d->len), &sent[count++].header) == HEADER_OK);
            }
            if (d->local.octets[3] == answers)
                pair_run(p);
            else
                pair_lose(to);
        }
        shrike_time due = shrike_deadline(p->side[0].engine);
        if (p->side[0].ike_up || due == SHRIKE_NEVER)
            return;
        p->now = MAX(p->now, MIN(due, until));
        shrike_tick(p->side[0].engine, p->now);
    }
}

/* In turns; under another SPI each time, so that nothing late is taken for an answer. */
TEST(one_after_the_other)
{
    static const u8 last[] = {90, 91, 2};
    begin(last, 3);
    shrike_time began = p->now;
    call();
    run(p->now + PATIENCE, 2);
    CHECK_EQ(p->side[0].ike_up, 1);
    CHECK(pair_agrees(p) && p->side[0].child_count == 1);
    CHECK_EQ(count, 5);
    CHECK(sent[0].to == 90 && sent[1].to == 90 && sent[2].to == 91 && sent[3].to == 91);
    CHECK_EQ(sent[4].to, 2);
    CHECK(sent[0].header.spi_i == sent[1].header.spi_i);
    CHECK(sent[1].header.spi_i != sent[2].header.spi_i);
    CHECK(sent[3].header.spi_i != sent[4].header.spi_i);
    for (unsigned i = 0; i < count; i++)
        CHECK_EQ(sent[i].header.message_id, 0);
    CHECK(sent[4].at - began >= 6 * SHRIKE_SECOND && sent[4].at - began < 8 * SHRIKE_SECOND);
    CHECK_EQ(p->side[0].failed, 0);
    CHECK_EQ(stats_of(p, 0).ike_sas, 1);
    toy_end(p);
}

/* All of them together have the time of one; each turn has more patience with each of them. */
TEST(the_time_of_one_for_all)
{
    static const u8 last[] = {90, 91, 92};
    begin(last, 3);
    shrike_time began = p->now;
    call();
    run(p->now + 10 * PATIENCE, 0);
    CHECK_EQ(p->side[0].failed, 1);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_TIMEOUT);
    CHECK(p->now - began >= PATIENCE && p->now - began < PATIENCE + 70 * SHRIKE_SECOND);
    CHECK(count > 20 && count < 60);
    CHECK(sent[6].to == 90 && sent[7].to == 90 && sent[8].to == 90 && sent[9].to == 91);
    for (unsigned i = 0; i < count; i++)
        CHECK(sent[i].to >= 90 && sent[i].to <= 92);
    toy_end(p);
}

/* A block is no address to call, nor is that of a name that is not resolved. */
TEST(single_ones_only)
{
    static const u8 last[] = {90, 0, 0};
    begin(last, 3);
    there[1] = net_of(128, 25);
    memset(there[2].addr.octets, 0, 16);
    shrike_time began = p->now;
    call();
    run(p->now + 10 * PATIENCE, 0);
    CHECK_EQ(count, 8);
    for (unsigned i = 0; i < count; i++)
        CHECK(sent[i].to == 90 && sent[i].header.spi_i == sent[0].header.spi_i);
    CHECK_EQ(p->side[0].failed, 1);
    CHECK(p->now - began >= PATIENCE);
    toy_end(p);
}

/* Who asks for a cookie is there, though he may be slow. */
TEST(who_says_anything_is_called_on)
{
    static const u8 last[] = {90, 2};
    begin(last, 2);
    call();
    settle_side(p, 0);
    u8 octets[512];
    struct header h, asked;
    const struct pair_datagram *d = &p->side[1].queue[p->side[1].head];
    CHECK(header_read(bytes_of(d->data, d->len), &asked) == HEADER_OK);
    pair_lose(&p->side[1]);
    struct writer w = writer_of(octets, sizeof(octets));
    h = (struct header){.spi_i = asked.spi_i,
                        .version = VERSION_2_0,
                        .exchange = EXCHANGE_IKE_SA_INIT,
                        .flags = FLAG_RESPONSE};
    struct builder b = builder_message(&w, &h);
    notify_add(&b, NOTIFY_COOKIE, bytes_of("cookie", 6));
    builder_end(&b);
    struct pair_datagram answer = {p->side[0].here, p->side[1].here, octets, written(&w), false};
    pair_post(&p->side[0], &answer);
    pair_deliver(p, 0);
    run(p->now + 10 * PATIENCE, 0);
    CHECK(count >= 8);
    for (unsigned i = 0; i < count; i++)
        CHECK(sent[i].to == 90 && sent[i].header.spi_i == asked.spi_i);
    CHECK_EQ(p->side[0].failed, 1);
    toy_end(p);
}

int main(void)
{
    return RUN(one_after_the_other) | RUN(the_time_of_one_for_all) | RUN(single_ones_only) |
           RUN(who_says_anything_is_called_on);
}
