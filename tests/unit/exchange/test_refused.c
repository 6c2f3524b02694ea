/* Rekeys that the peer refuses: again, anew, or from scratch (RFC 7296 2.8, 2.25, 4). */
#include "tools.h"

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;
static unsigned asked; /* requests to rekey that were refused */

static bool begin(struct pair_options o)
{
    p = toy_pair(o);
    pair_up(p, NULL);
    chain_begin(&c);
    asked = 0;
    return forger_init(&f, p, 0);
}

static void end(void)
{
    forger_free(&f);
    toy_end(p);
}

static void order(const char *child)
{
    struct shrike_command rekey = {
        .kind = SHRIKE_REKEY, .reference = 7, .conn = "pair", .child = child};
    shrike_command(p->side[0].engine, p->now, &rekey);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    overhear(&f, &h);
}

static void refuse(u16 notify, struct bytes spi)
{
    struct forgery answer = {
        .exchange = h.m.header.exchange, .response = true, .message_id = h.m.header.message_id};
    chain_begin(&c);
    if (spi.len)
        notify_add_spi(&c.b, notify, PROTOCOL_ESP, spi);
    else if (notify)
        chain_notify(&c, notify);
    tell(&f, answer, &c, &h);
}

/* Is one of what waits for side 1 an IKE_SA_INIT? */
static bool calls(void)
{
    const struct pair_side *to = &p->side[1];
    for (unsigned i = 0; i < to->count; i++) {
        const struct pair_datagram *d = &to->queue[(to->head + i) % PAIR_QUEUE];
        struct header header;
        if (header_read(bytes_of(d->data, d->len), &header) == HEADER_OK &&
            header.exchange == EXCHANGE_IKE_SA_INIT)
            return true;
    }
    return false;
}

/* Whatever is asked for is refused with this, until side 0 calls anew, or closes, or the time is
 * over. false: it did not call. */
static bool refuse_for(u16 notify, shrike_time most)
{
    shrike_time over = p->now + most;
    while (p->now < over) {
        if (h.any && h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA) {
            asked++;
            refuse(notify, bytes_of(NULL, 0));
        }
        if (h.any && h.m.header.exchange == EXCHANGE_INFORMATIONAL)
            return false;
        shrike_time due = shrike_deadline(p->side[0].engine);
        p->now = MAX(p->now + 1, MIN(due, over));
        shrike_tick(p->side[0].engine, p->now);
        settle_side(p, 0);
        if (calls())
            return true;
        overhear(&f, &h);
    }
    return false;
}

/* RFC 7296 2.25 (6), 3.10 (1): ours goes without a word, and a new one is asked for. */
TEST(a_child_that_the_peer_has_not)
{
    struct notify n;
    CHECK(begin((struct pair_options){0}));
    order("net0");
    CHECK(notify_find(&h.m, NOTIFY_REKEY_SA, &n));
    CHECK_EQ(n.protocol, PROTOCOL_ESP);
    u8 spi[4];
    memcpy(spi, n.spi.at, 4);
    refuse(NOTIFY_CHILD_SA_NOT_FOUND, bytes_of(spi, 4));
    CHECK_EQ(p->side[0].child_count, 0);
    CHECK_EQ(p->side[0].ike_down, 0);
    for (unsigned i = 0; i < 4 && !h.any; i++) {
        shrike_tick(p->side[0].engine, p->now);
        settle_side(p, 0);
        overhear(&f, &h);
    }
    CHECK(h.any && h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA);
    CHECK(!notify_find(&h.m, NOTIFY_REKEY_SA, &n));
    end();
}

/* RFC 7296 2.8 (4), 2.25 (2, 3, 4): not at once, more than once, and in the end from scratch: a
 * Child SA, and the IKE SA. */
TEST(a_rekey_for_which_it_is_never_the_time)
{
    for (unsigned ike = 0; ike < 2; ike++) {
        CHECK(begin((struct pair_options){0}));
        shrike_time start = p->now;
        order(ike ? NULL : "net0");
        CHECK(refuse_for(NOTIFY_TEMPORARY_FAILURE, 600 * SHRIKE_SECOND));
        CHECK(asked == 8 && p->now - start >= 15 * SHRIKE_SECOND);
        CHECK_EQ(p->side[0].child_count, 1); /* until the new one is there */
        CHECK_EQ(p->side[0].ike_down, 0);
        pair_run(p);
        pair_wait(p, p->now + 300 * SHRIKE_SECOND); /* side 1 did not hear the old one's requests */
        CHECK(p->side[0].ike_up == 2 && p->side[0].ike_down == 1);
        CHECK_EQ(p->side[0].child_count, 1);
        end();
    }
}

/* RFC 7296 4 (9): one that makes no further SAs is called anew, and the old IKE SA closed. */
TEST(a_peer_that_makes_no_further_sas)
{
    for (unsigned ike = 0; ike < 2; ike++) {
        CHECK(begin((struct pair_options){0}));
        order(ike ? NULL : "net0");
        CHECK(refuse_for(NOTIFY_NO_ADDITIONAL_SAS, 10 * SHRIKE_SECOND));
        CHECK_EQ(asked, 1);
        pair_run(p);
        pair_wait(p, p->now +
                         300 * SHRIKE_SECOND); /* side 1 has not heard of the old one's requests */
        CHECK(p->side[0].ike_up == 2 && p->side[0].ike_down == 1);
        CHECK_EQ(p->side[0].child_count, 1);
        end();
    }
}

/* RFC 7296 2.8 (4), 2.4 (12): an IKE SA that cannot be rekeyed ends with its time, and its children
 * with it; then it is closed by a Delete. */
TEST(an_ike_sa_past_its_time)
{
    enum { MINUTES = 60 };
    struct delete d;
    CHECK(begin((struct pair_options){.ike_rekey = 10 * MINUTES * SHRIKE_SECOND,
                                      .ike_over = 5 * MINUTES * SHRIKE_SECOND}));
    shrike_time start = p->now;
    h.any = false;
    CHECK(!refuse_for(NOTIFY_NO_PROPOSAL_CHOSEN, 15 * MINUTES * SHRIKE_SECOND + 1));
    CHECK(asked == 8 && p->now >= start + 15 * MINUTES * SHRIKE_SECOND);
    CHECK(h.any && delete_read(message_body(&h.m, PAYLOAD_DELETE), &d));
    CHECK_EQ(d.protocol, PROTOCOL_IKE);
    refuse(0, bytes_of(NULL, 0));
    CHECK(p->side[0].ike_down == 1 && p->side[0].child_count == 0);
    end();
}

int main(void)
{
    return RUN(a_child_that_the_peer_has_not) | RUN(a_rekey_for_which_it_is_never_the_time) |
           RUN(a_peer_that_makes_no_further_sas) | RUN(an_ike_sa_past_its_time);
}
