/* Redirection to another gateway (RFC 5685), in each exchange: side 0 calls side 1, which has every
 * address that somebody is led to. */
#include "sa/path.h"
#include "tools.h"
#include "wire/gateway.h"

static struct pair *p;
static struct tuned t[2];
static struct forger f;
static struct chain c;
static struct heard h;

static const uint8_t other[4] = {192, 0, 2, 77};
static const uint8_t other_resolved[SHRIKE_RESOLVED_SIZE] = {4, 192, 0, 2, 77};
static const uint8_t same_resolved[SHRIKE_RESOLVED_SIZE] = {4, 192, 0, 2, 2};
static const struct shrike_id by_address = {ID_IPV4_ADDR, {other, 4}};
static const struct shrike_id by_name = {ID_FQDN, {(const uint8_t *)"gw.example", 10}};

static void begin(enum shrike_redirect where, const struct shrike_id *to)
{
    p = toy_pair((struct pair_options){0});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        t[i].conn.follow_redirects = true;
        t[i].conn.redirect_wait = 60 * SHRIKE_SECOND;
        if (i == 1 && to) {
            t[i].conn.redirect = where;
            t[i].conn.redirect_to = *to;
        }
        tune_end(p, i, &t[i]);
    }
}

static bool is_other(const struct shrike_endpoint *end)
{
    return end->family == 4 && memcmp(end->octets, other, 4) == 0 && end->port == 500;
}

static bool is_up_there(void)
{
    const struct pair_side *a = &p->side[0];
    return a->child_count == 1 && is_other(&a->children[0].remote) && pair_agrees(p);
}

static void lead(unsigned side, const struct shrike_id *gateway)
{
    struct shrike_command m = {.kind = SHRIKE_REDIRECT, .conn = "pair", .gateway = *gateway};
    shrike_command(p->side[side].engine, p->now, &m);
    pair_run(p);
}

/* RFC 5685 3: two messages more, and the gateway keeps nothing. */
TEST(in_ike_sa_init)
{
    begin(SHRIKE_REDIRECT_INIT, &by_address);
    pair_up(p, NULL);
    CHECK(p->side[0].redirected == 1 && is_other(&p->side[0].led_to) && is_up_there());
    CHECK(p->side[0].ike_up == 1 && p->side[1].ike_up == 1 && p->side[0].done == 1);
    CHECK(p->side[0].failed == 0 && p->datagrams == 6);
    pair_down(p, 0, NULL);
    pair_wait(p, p->now + 600 * SHRIKE_SECOND);
    CHECK(empty(p));
    toy_end(p);
}

/* Each of both gateways asks for a cookie, and has it at once. */
TEST(with_cookies)
{
    begin(SHRIKE_REDIRECT_INIT, &by_address);
    t[1].conf.cookie_threshold = 0;
    pair_up(p, NULL);
    CHECK(is_up_there() && p->datagrams == 10);
    toy_end(p);
}

/* RFC 5685 6: one IKE SA with the first gateway, which is deleted without having been up. */
TEST(in_ike_auth)
{
    begin(SHRIKE_REDIRECT_AUTH, &by_address);
    pair_up(p, NULL);
    CHECK(p->side[0].redirected == 1 && p->side[1].redirecting == 1 && is_up_there());
    CHECK(p->side[0].ike_up == 1 && p->side[0].ike_down == 0 && p->side[0].done == 1);
    CHECK(p->side[1].ike_up == 2 && p->side[1].ike_down == 1 && p->side[1].child_up == 1);
    CHECK(p->side[0].failed == 0 && p->side[1].failed == 0);
    pair_down(p, 0, NULL);
    pair_wait(p, p->now + 600 * SHRIKE_SECOND);
    CHECK(empty(p));
    toy_end(p);
}

/* RFC 5685 5: first the new one, then the old one ends. */
TEST(of_one_that_is_up)
{
    begin(SHRIKE_REDIRECT_NO, NULL);
    pair_up(p, NULL);
    CHECK(p->side[0].child_count == 1 && !is_other(&p->side[0].children[0].remote));
    lead(1, &by_address);
    pair_wait(p, p->now + SHRIKE_SECOND);
    CHECK(p->side[1].done == 1 && p->side[1].redirecting == 1 && p->side[0].redirected == 1);
    CHECK(p->side[0].ike_up == 2 && p->side[0].ike_down == 1 && p->side[1].ike_down == 1);
    CHECK(is_up_there());
    toy_end(p);
}

/* RFC 5685 10: the initiator leads nobody; 3: nobody is led who has not said that he follows. */
TEST(who_is_not_led)
{
    begin(SHRIKE_REDIRECT_INIT, &by_address);
    t[0].conn.follow_redirects = false;
    tune_begin(p, 0, &t[0]);
    t[0].conn.follow_redirects = false;
    tune_end(p, 0, &t[0]);
    pair_up(p, NULL);
    CHECK(p->datagrams == 4 && p->side[0].child_count == 1 && p->side[0].redirected == 0);
    lead(1, &by_address);
    lead(0, &by_address);
    CHECK(p->side[0].refused == 1 && p->side[1].refused == 1 && p->datagrams == 4);
    toy_end(p);
}

TEST(names)
{
    begin(SHRIKE_REDIRECT_INIT, &by_name);
    p->side[0].resolved = bytes_of(other_resolved, sizeof(other_resolved));
    tune_begin(p, 1, &t[1]); /* there it stays */
    t[1].conn.redirect = SHRIKE_REDIRECT_INIT;
    tune_end(p, 1, &t[1]);
    pair_up(p, NULL);
    CHECK(strcmp(p->side[0].name, "gw.example") == 0);
    /* A name may be our own: so it goes on until it has been too often. */
    CHECK(p->side[0].redirected == 5 && p->side[0].reason == SHRIKE_REASON_REDIRECT_LOOP);
    CHECK(p->side[0].refused == 1 && p->side[0].failed == 1 && p->side[1].ike_up == 0);
    pair_wait(p, p->now + 200 * SHRIKE_SECOND);
    CHECK(empty(p));
    toy_end(p);
}

/* Nobody knows the name; nobody can be called where it leads. */
TEST(names_that_lead_nowhere)
{
    static const uint8_t many[SHRIKE_RESOLVED_SIZE] = {4, 224, 0, 0, 1};
    for (unsigned i = 0; i < 2; i++) {
        begin(SHRIKE_REDIRECT_AUTH, &by_name);
        p->side[0].resolved = i ? bytes_of(many, sizeof(many)) : bytes_of(NULL, 0);
        pair_up(p, NULL);
        CHECK(p->side[0].redirected == 0 && p->side[0].reason == SHRIKE_REASON_REDIRECT_NAME);
        CHECK(p->side[0].refused == 1 && p->side[0].ike_up == 0);
        pair_wait(p, p->now + 200 * SHRIKE_SECOND);
        CHECK(empty(p));
        toy_end(p);
    }
}

/* The IKE_SA_INIT of side 0 on its way, with its header and nonce. */
static bool call(struct header *header, uint8_t nonce[NONCE_LEN])
{
    struct shrike_command up = {.kind = SHRIKE_UP, .conn = "pair"};
    const struct pair_side *to = &p->side[1];
    struct message m;
    u8 bad;
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    const struct pair_datagram *d = &to->queue[to->head];
    if (to->count != 1 || header_read(bytes_of(d->data, d->len), header) != HEADER_OK)
        return false;
    struct bytes chain = bytes_of(d->data + HEADER_SIZE, d->len - HEADER_SIZE);
    if (message_read(&m, d->data, chain, header->next_payload, &bad) != MESSAGE_OK)
        return false;
    struct bytes ni = message_body(&m, PAYLOAD_NONCE);
    memcpy(nonce, ni.at, MIN(ni.len, (size_t)NONCE_LEN));
    return ni.len == NONCE_LEN;
}

/* An answer of whoever it be, with this data in the notify. */
static void answer(const struct header *to, struct bytes data)
{
    static u8 octets[2000];
    struct writer w = writer_of(octets, sizeof(octets));
    struct header header = {.spi_i = to->spi_i,
                            .version = VERSION_2_0,
                            .exchange = EXCHANGE_IKE_SA_INIT,
                            .flags = FLAG_RESPONSE};
    struct builder b = builder_message(&w, &header);
    notify_add(&b, NOTIFY_REDIRECT, data);
    builder_end(&b);
    pair_post(&p->side[0], &(struct pair_datagram){p->side[0].here, p->side[1].here, octets,
                                                   written(&w), false});
    CHECK(pair_deliver(p, 0));
    settle_side(p, 0);
}

/* RFC 5685 3: only who has had the request can know its nonce. */
TEST(without_the_nonce_it_is_forged)
{
    struct header header = {0};
    uint8_t data[6 + NONCE_LEN] = {GATEWAY_IPV4, 4, 192, 0, 2, 77};
    begin(SHRIKE_REDIRECT_NO, NULL);
    CHECK(call(&header, data + 6));
    pair_lose_all(&p->side[1]);
    answer(&header, bytes_of(data, 6));
    answer(&header, bytes_of(data, sizeof(data) - 1));
    data[6 + NONCE_LEN - 1] ^= 1;
    answer(&header, bytes_of(data, sizeof(data)));
    data[6 + NONCE_LEN - 1] ^= 1;
    data[0] = 9; /* of no type */
    answer(&header, bytes_of(data, sizeof(data)));
    data[0] = GATEWAY_IPV4;
    CHECK(p->side[0].redirected == 0 && p->side[1].count == 0);
    answer(&header, bytes_of(data, sizeof(data)));
    CHECK(p->side[0].redirected == 1 && p->side[1].count == 1);
    answer(&header, bytes_of(data, sizeof(data))); /* the same once more: of an SPI that is gone */
    CHECK(p->side[0].redirected == 1 && p->side[1].count == 1);
    pair_run(p);
    CHECK(is_up_there());
    toy_end(p);
}

/* RFC 5685 3: the next gateway hears from where we come, of whom the nonce is a new one. */
TEST(who_has_led_us_is_named)
{
    struct header first = {0}, second = {0};
    uint8_t data[6 + NONCE_LEN] = {GATEWAY_IPV4, 4, 192, 0, 2, 77};
    struct message m;
    struct notify n;
    struct gateway g;
    u8 bad;
    begin(SHRIKE_REDIRECT_NO, NULL);
    CHECK(call(&first, data + 6));
    pair_lose_all(&p->side[1]);
    answer(&first, bytes_of(data, sizeof(data)));
    const struct pair_datagram *d = &p->side[1].queue[p->side[1].head];
    CHECK(p->side[1].count == 1 && is_other(&d->local));
    CHECK(header_read(bytes_of(d->data, d->len), &second) == HEADER_OK);
    CHECK(second.spi_i != first.spi_i && second.spi_r == 0 && second.message_id == 0);
    struct bytes chain = bytes_of(d->data + HEADER_SIZE, d->len - HEADER_SIZE);
    CHECK(message_read(&m, d->data, chain, second.next_payload, &bad) == MESSAGE_OK);
    CHECK(memcmp(message_body(&m, PAYLOAD_NONCE).at, data + 6, NONCE_LEN) != 0);
    CHECK(!notify_find(&m, NOTIFY_REDIRECT_SUPPORTED, &n));
    CHECK(notify_find(&m, NOTIFY_REDIRECTED_FROM, &n) && gateway_read(n.data, &g));
    CHECK(g.type == GATEWAY_IPV4 && memcmp(g.name.at, p->side[1].here.octets, 4) == 0);
    toy_end(p);
}

/* RFC 5685 7: from one to another at most five times in five minutes. */
TEST(loops_of_one_that_is_up)
{
    begin(SHRIKE_REDIRECT_NO, NULL);
    pair_up(p, NULL);
    for (unsigned i = 0; i < 7; i++) {
        lead(1, &by_address);
        pair_wait(p, p->now + SHRIKE_SECOND);
    }
    CHECK(p->side[0].redirected == 5 && p->side[0].ike_up == 6 && is_up_there());
    pair_wait(p, p->now + 30 * SHRIKE_SECOND);
    CHECK(p->side[1].ike_down == 5); /* who does not go has its time */
    pair_wait(p, p->now + 60 * SHRIKE_SECOND);
    CHECK(p->side[1].ike_down == 6 && p->side[1].why == SHRIKE_REASON_REDIRECTED);
    CHECK(p->side[0].ike_down == 6);
    toy_end(p);
}

TEST(loops_have_an_end)
{
    begin(SHRIKE_REDIRECT_NO, NULL);
    pair_up(p, NULL);
    for (unsigned i = 0; i < 8; i++) {
        lead(1, &by_address);
        pair_wait(p, p->now + 61 * SHRIKE_SECOND);
    }
    CHECK(p->side[0].redirected == 8 && is_up_there());
    toy_end(p);
}

/* Protected ones: what is malformed, or has a nonce, leads nowhere; the response is empty. */
TEST(malformed_ones_of_a_peer)
{
    static const uint8_t nonce[] = {GATEWAY_IPV4, 4, 192, 0, 2, 77, 1};
    static const uint8_t broken[] = {GATEWAY_IPV4, 5, 192, 0, 2, 77, 1};
    static const uint8_t nobody[] = {GATEWAY_IPV4, 4, 255, 255, 255, 255};
    static const struct bytes bad[] = {
        {nonce, sizeof(nonce)}, {broken, sizeof(broken)}, {nobody, sizeof(nobody)}};
    begin(SHRIKE_REDIRECT_NO, NULL);
    pair_up(p, NULL);
    CHECK(forger_init(&f, p, 0));
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        chain_begin(&c);
        notify_add(&c.b, NOTIFY_REDIRECT, bad[i]);
        tell(&f, (struct forgery){.exchange = EXCHANGE_INFORMATIONAL, .message_id = i}, &c, &h);
        CHECK(h.any && h.m.count == 0 && p->side[0].redirected == 0);
    }
    forger_free(&f);
    toy_end(p);
}

/* The same name once more: to the very address where it is. */
TEST(to_where_it_is)
{
    begin(SHRIKE_REDIRECT_NO, NULL);
    p->side[0].resolved = bytes_of(same_resolved, sizeof(same_resolved));
    pair_up(p, NULL);
    lead(1, &by_name);
    pair_wait(p, p->now + SHRIKE_SECOND);
    CHECK(p->side[0].redirected == 1 && p->side[0].ike_up == 2 && p->side[0].ike_down == 1);
    CHECK(p->side[0].child_count == 1 && pair_agrees(p));
    toy_end(p);
}

int main(void)
{
    return RUN(in_ike_sa_init) | RUN(with_cookies) | RUN(in_ike_auth) | RUN(of_one_that_is_up) |
           RUN(who_is_not_led) | RUN(names) | RUN(names_that_lead_nowhere) |
           RUN(without_the_nonce_it_is_forged) | RUN(who_has_led_us_is_named) |
           RUN(loops_of_one_that_is_up) | RUN(loops_have_an_end) | RUN(malformed_ones_of_a_peer) |
           RUN(to_where_it_is);
}
