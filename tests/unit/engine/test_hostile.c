/* What a peer with the right keys may not do: widen selectors, be answered wrongly, speak before it
 * has proved itself; and what a stranger may not: use a cookie that was made for another. */
#include "forger.h"
#include "sa/protect.h"
#include "test.h"
#include "wire/notify.h"
#include "wire/proposal.h"
#include "wire/ts.h"

static struct pair *p;
static struct forger f;
static u8 inner[2048];
static struct writer w;
static struct builder b;
static u8 first;

static void begin(unsigned children, unsigned victim)
{
    struct pair_options o = {.algorithms = pair_usual, .children = children};
    p = pair_new(provider_toy_new(1), provider_toy_new(2), &o);
    pair_up(p, "net0");
    ensure(forger_init(&f, p, victim));
    w = writer_of(inner, sizeof(inner));
    b = builder_chain(&w, &first);
}

static void end(void)
{
    struct shrike_provider *a = p->side[0].provider, *c = p->side[1].provider;
    forger_free(&f);
    pair_free(p);
    provider_toy_free(a);
    provider_toy_free(c);
}

static void send(u8 exchange, u32 id, bool response)
{
    struct forgery x = {.exchange = exchange,
                        .first = first,
                        .message_id = id,
                        .inner = written_bytes(&w),
                        .response = response};
    forge(&f, &x);
    (void)pair_drain(p, f.victim);
}

/* Open what the victim sent to its peer; the message's spans point into the datagram. */
static bool sent(struct message *m)
{
    struct pair_side *peer = &p->side[1 - f.victim];
    struct header h;
    struct opened o;
    u8 payload;
    if (peer->count == 0)
        return false;
    struct pair_datagram *d = &peer->queue[peer->head];
    return header_read(bytes_of(d->data, d->len), &h) == HEADER_OK &&
           protect_open(&f.shard, &f.sa, bytes_of(d->data, d->len), &h, &o) == OPEN_OK &&
           message_read(m, o.inner.at, o.inner, o.first, &payload) == MESSAGE_OK;
}

static void add_child_answer(const struct shrike_ts *tsi, const struct shrike_ts *tsr)
{
    static struct proposal one;
    one = (struct proposal){.number = 1, .protocol = PROTOCOL_ESP, .spi_len = 4};
    one.spi[0] = 0x70;
    one.transform_count = 2;
    one.transforms[0] = (struct transform){TRANSFORM_ENCR, false, ENCR_AES_GCM_16, 256};
    one.transforms[1] = (struct transform){TRANSFORM_SN, false, SN_32, 0};
    u8 nonce[32] = {1};
    size_t mark = payload_begin(&b, PAYLOAD_SA, false);
    proposal_write(&w, &one, true);
    payload_end(&b, mark);
    mark = payload_begin(&b, PAYLOAD_NONCE, false);
    write_bytes(&w, bytes_of(nonce, sizeof(nonce)));
    payload_end(&b, mark);
    mark = payload_begin(&b, PAYLOAD_TSI, false);
    ts_write(&w, tsi, 1);
    payload_end(&b, mark);
    mark = payload_begin(&b, PAYLOAD_TSR, false);
    ts_write(&w, tsr, 1);
    payload_end(&b, mark);
}

static struct shrike_ts net(u8 a, u8 c, u8 last)
{
    return (struct shrike_ts){
        .from = {10, a, c, 0}, .to = {10, a, c, last}, .port_to = 65535, .family = 4};
}

/* The victim asks for net1; the forger answers with these selectors. */
static void answer_net1(struct shrike_ts tsi, struct shrike_ts tsr)
{
    begin(2, 0);
    p->side[0].mute = true;
    struct shrike_command up = {SHRIKE_UP, 9, "pair", "net1", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    p->side[0].mute = false;
    add_child_answer(&tsi, &tsr);
    send(EXCHANGE_CREATE_CHILD_SA, 2, true);
}

TEST(narrower_selectors_are_taken)
{
    answer_net1(net(1, 1, 127), net(2, 1, 255));
    CHECK_EQ(p->side[0].child_count, 2);
    end();
}

TEST(wider_selectors_are_refused)
{
    for (unsigned i = 0; i < 2; i++) {
        struct shrike_ts all = {.to = {255, 255, 255, 255}, .port_to = 65535, .family = 4};
        answer_net1(i ? all : net(1, 1, 255), i ? net(2, 1, 255) : all);
        CHECK_EQ(p->side[0].child_count, 1);
        CHECK_EQ(p->side[0].reason, SHRIKE_REASON_TS_MISMATCH);
        CHECK(p->side[0].failure.offered.len && p->side[0].failure.beside.len);
        struct message m;
        CHECK(sent(&m)); /* and the peer's Child SA is deleted */
        CHECK(message_find(&m, PAYLOAD_DELETE));
        end();
    }
}

TEST(a_delete_is_answered_with_our_spi)
{
    begin(1, 1);
    u8 octets[4];
    struct message m;
    struct delete d = {PROTOCOL_ESP, 4, 1, {octets, 4}};
    u32 theirs = p->side[1].children[0].spi_out, ours = p->side[1].children[0].spi_in;
    struct writer spi = writer_of(octets, 4);
    write_u32(&spi, theirs);
    size_t mark = payload_begin(&b, PAYLOAD_DELETE, false);
    delete_write(&w, &d);
    payload_end(&b, mark);
    send(EXCHANGE_INFORMATIONAL, 2, false);
    CHECK_EQ(p->side[1].child_count, 0);
    CHECK(sent(&m));
    CHECK(delete_read(message_body(&m, PAYLOAD_DELETE), &d));
    CHECK_EQ(d.count, 1);
    struct reader r = reader_of(d.spis);
    CHECK_EQ(read_u32(&r), ours);
    end();
}

TEST(unknown_spis_are_not_answered)
{
    begin(1, 1);
    static const u8 octets[4] = {0x11, 0x22, 0x33, 0x44};
    struct message m;
    struct delete d = {PROTOCOL_ESP, 4, 1, {octets, 4}};
    size_t mark = payload_begin(&b, PAYLOAD_DELETE, false);
    delete_write(&w, &d);
    payload_end(&b, mark);
    send(EXCHANGE_INFORMATIONAL, 2, false);
    CHECK_EQ(p->side[1].child_count, 1);
    CHECK(sent(&m));
    CHECK(!message_find(&m, PAYLOAD_DELETE));
    end();
}

/* RFC 7296 1 (1): The keys are agreed, but nobody has proved anything yet: a delete is not even
 * answered. */
TEST(nothing_but_ike_auth_before_the_proof)
{
    struct pair_options o = {.algorithms = pair_usual};
    p = pair_new(provider_toy_new(1), provider_toy_new(2), &o);
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    CHECK(pair_deliver(p, 1)); /* IKE_SA_INIT */
    (void)pair_drain(p, 1);
    CHECK(pair_deliver(p, 0));
    while (pair_drain(p, 0))
        ;
    /* The responder computes its keys with the first protected message: let one come that is
     * broken. */
    struct pair_datagram *auth = &p->side[1].queue[p->side[1].head];
    u64 spi[2];
    struct reader r = reader_of(bytes_of(auth->data, 16));
    spi[0] = read_u64(&r);
    spi[1] = read_u64(&r);
    auth->data[auth->len - 1] ^= 1;
    (void)pair_deliver(p, 1);
    CHECK(!pair_drain(p, 1));
    p->side[1].ike = 1;
    p->side[1].spi_i = spi[0];
    p->side[1].spi_r = spi[1];
    CHECK(forger_init(&f, p, 1));
    w = writer_of(inner, sizeof(inner));
    b = builder_chain(&w, &first);
    struct delete d = {.protocol = PROTOCOL_IKE};
    size_t mark = payload_begin(&b, PAYLOAD_DELETE, false);
    delete_write(&w, &d);
    payload_end(&b, mark);
    send(EXCHANGE_INFORMATIONAL, 1, false);
    send(EXCHANGE_CREATE_CHILD_SA, 1, false);
    CHECK_EQ(p->side[0].count, 0);
    pair_wait(p, p->now + 2 * SHRIKE_SECOND); /* the genuine IKE_AUTH still comes through */
    CHECK_EQ(p->side[1].ike_up, 1);
    end();
}

/* An IKE_SA_INIT request of one's own, with this nonce octet and, maybe, a cookie. */
static void stranger(u8 nonce_octet, struct bytes cookie)
{
    static u8 octets[1024], nonce[32], ke[32];
    struct header h = {.spi_i = 77,
                       .version = VERSION_2_0,
                       .exchange = EXCHANGE_IKE_SA_INIT,
                       .flags = FLAG_INITIATOR};
    static struct proposal one;
    one = (struct proposal){.number = 1, .protocol = PROTOCOL_IKE, .transform_count = 3};
    one.transforms[0] = (struct transform){TRANSFORM_ENCR, false, ENCR_AES_GCM_16, 256};
    one.transforms[1] = (struct transform){TRANSFORM_PRF, false, PRF_HMAC_SHA2_256, 0};
    one.transforms[2] = (struct transform){TRANSFORM_KE, false, KE_CURVE25519, 0};
    w = writer_of(octets, sizeof(octets));
    b = builder_message(&w, &h);
    if (cookie.len)
        notify_add(&b, NOTIFY_COOKIE, cookie);
    size_t mark = payload_begin(&b, PAYLOAD_SA, false);
    proposal_write(&w, &one, true);
    payload_end(&b, mark);
    mark = payload_begin(&b, PAYLOAD_KE, false);
    ke_write(&w, &(struct ke){KE_CURVE25519, bytes_of(ke, sizeof(ke))});
    payload_end(&b, mark);
    mark = payload_begin(&b, PAYLOAD_NONCE, false);
    nonce[0] = nonce_octet;
    write_bytes(&w, bytes_of(nonce, sizeof(nonce)));
    payload_end(&b, mark);
    builder_end(&b);
    struct shrike_datagram d = {p->side[1].here, p->side[0].here, octets, written(&w), false};
    shrike_datagram(p->side[1].engine, p->now, &d);
    (void)pair_drain(p, 1);
}

static u32 half_open(void)
{
    struct shrike_stats s;
    shrike_stats(p->side[1].engine, &s);
    return s.half_open;
}

TEST(a_cookie_is_good_for_its_nonce_only)
{
    struct pair_options o = {.algorithms = pair_usual, .cookie_threshold = 1};
    struct message m;
    struct notify n;
    struct header h;
    u8 payload, cookie[64];
    p = pair_new(provider_toy_new(1), provider_toy_new(2), &o);
    stranger(1, bytes_of(NULL, 0)); /* one is let in, then cookies are asked for */
    CHECK_EQ(half_open(), 1);
    pair_lose_all(&p->side[0]);
    stranger(2, bytes_of(NULL, 0));
    CHECK_EQ(half_open(), 1);
    struct pair_datagram *d = &p->side[0].queue[p->side[0].head];
    CHECK_EQ(p->side[0].count, 1);
    struct bytes all = bytes_of(d->data, d->len);
    CHECK(header_read(all, &h) == HEADER_OK);
    CHECK(message_read(&m, all.at, bytes_of(all.at + HEADER_SIZE, all.len - HEADER_SIZE),
                       h.next_payload, &payload) == MESSAGE_OK);
    CHECK(notify_find(&m, NOTIFY_COOKIE, &n) && n.data.len <= sizeof(cookie));
    memcpy(cookie, n.data.at, n.data.len);
    stranger(3, bytes_of(cookie, n.data.len));
    CHECK_EQ(half_open(), 1);
    stranger(2, bytes_of(cookie, n.data.len));
    CHECK_EQ(half_open(), 2);
    struct shrike_provider *a = p->side[0].provider, *c = p->side[1].provider;
    pair_free(p);
    provider_toy_free(a);
    provider_toy_free(c);
}

/* A stranger has only said IKE_SA_INIT: there are no keys yet to look at what else has its ID. */
TEST(a_half_open_sa_repeats_itself_for_the_same_octets_only)
{
    static u8 forged[4096];
    struct pair_options o = {.algorithms = pair_usual};
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    p = pair_new(provider_toy_new(1), provider_toy_new(2), &o);
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    (void)pair_drain(p, 0);
    struct pair_datagram d = p->side[1].queue[p->side[1].head];
    ensure(p->side[1].count == 1 && d.len <= sizeof(forged));
    memcpy(forged, d.data, d.len);
    d.data = forged;
    (void)pair_deliver(p, 1);
    (void)pair_drain(p, 1);
    CHECK_EQ(p->side[0].count, 1);
    memcpy(forged + 8, p->side[0].queue[p->side[0].head].data + 8, 8); /* the responder's SPI */
    forged[16] = PAYLOAD_SK;
    forged[HEADER_SIZE + 2] = (u8)((d.len - HEADER_SIZE) >> 8);
    forged[HEADER_SIZE + 3] = (u8)(d.len - HEADER_SIZE);
    for (unsigned exchange = EXCHANGE_IKE_SA_INIT; exchange <= EXCHANGE_INFORMATIONAL; exchange++) {
        forged[18] = (u8)exchange;
        pair_post(&p->side[1], &d);
        (void)pair_deliver(p, 1);
        (void)pair_drain(p, 1);
        CHECK_EQ(p->side[0].count, 1);
    }
    pair_run(p);
    CHECK_EQ(p->side[1].child_count, 1);
    struct shrike_provider *a = p->side[0].provider, *c = p->side[1].provider;
    pair_free(p);
    provider_toy_free(a);
    provider_toy_free(c);
}

int main(void)
{
    return RUN(a_half_open_sa_repeats_itself_for_the_same_octets_only) |
           RUN(narrower_selectors_are_taken) | RUN(wider_selectors_are_refused) |
           RUN(a_delete_is_answered_with_our_spi) | RUN(unknown_spis_are_not_answered) |
           RUN(nothing_but_ike_auth_before_the_proof) | RUN(a_cookie_is_good_for_its_nonce_only);
}
