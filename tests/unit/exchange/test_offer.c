/* Negotiating a Child SA between two sides: keys, groups, modes, and when the data plane has it. */
#include "crypto/keymat.h"
#include "tools.h"
#include "wire/proposal.h"

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;

/* ---- keys ---- */

/* The nonce of the IKE_SA_INIT message that waits for a side. */
static size_t nonce_for(unsigned side, u8 out[NONCE_MAX])
{
    const struct pair_datagram *d = &p->side[side].queue[p->side[side].head];
    struct header header;
    struct message m;
    u8 bad;
    if (header_read(bytes_of(d->data, d->len), &header) != HEADER_OK ||
        message_read(&m, d->data, bytes_of(d->data + HEADER_SIZE, d->len - HEADER_SIZE),
                     header.next_payload, &bad) != MESSAGE_OK)
        return 0;
    struct bytes nonce = message_body(&m, PAYLOAD_NONCE);
    memcpy(out, nonce.at, nonce.len);
    return nonce.len;
}

/* RFC 7296 2.17 (1, 2): cut from KEYMAT here by hand: to the responder, then from it; encryption,
 * then integrity. */
TEST(keys_are_taken_in_order)
{
    enum { ENCR = 16, INTEG = 32, ONE = ENCR + INTEG };
    struct pair_options o = {.algorithms = pair_usual};
    o.algorithms.esp_encr = ENCR_AES_CBC;
    o.algorithms.esp_bits = 8 * ENCR;
    o.algorithms.esp_integ = INTEG_HMAC_SHA2_256_128;
    struct shrike_command up = {SHRIKE_UP, 1, "pair", NULL, 0, 0, false, {0}, 0, false};
    u8 ni[NONCE_MAX], nr[NONCE_MAX], keys[SHRIKE_KEYS_MAX], keymat[2 * ONE];
    size_t len[5];
    p = toy_pair(o);
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    size_t ni_len = nonce_for(1, ni);
    pair_deliver(p, 1);
    settle_side(p, 1);
    struct key_seed seed = {.ni = bytes_of(ni, ni_len), .nr = bytes_of(nr, nonce_for(0, nr))};
    pair_run(p);
    CHECK_EQ(p->side[0].child_count, 1);
    CHECK(shrike_unsafe_keys(p->side[0].engine, p->side[0].ike, keys, len));
    const struct prf_suite *prf = suite_prf(o.algorithms.prf);
    struct keyed_prf sk_d = {p->side[0].provider, prf, bytes_of(keys, len[0])};
    CHECK(keymat_child(&sk_d, &seed, keymat, sizeof(keymat)));
    CHECK(p->side[0].children[0].out_len == ONE && p->side[1].children[0].in_len == ONE);
    CHECK_BYTES(p->side[0].children[0].out, keymat, ONE);
    CHECK_BYTES(p->side[1].children[0].in, keymat, ONE);
    CHECK_BYTES(p->side[0].children[0].in, keymat + ONE, ONE);
    CHECK_BYTES(p->side[1].children[0].out, keymat + ONE, ONE);
    toy_end(p);
}

/* ---- a further child, whose request or response the forger hears ---- */

static bool begin(struct pair_options o)
{
    o.children = 2;
    p = toy_pair(o);
    pair_up(p, "net0");
    chain_begin(&c);
    return forger_init(&f, p, 0);
}

/* Side 0 asks for its second child. */
static bool ask(void)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    overhear(&f, &h);
    return h.any && h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA;
}

static void end(void)
{
    forger_free(&f);
    toy_end(p);
}

static struct pair_options with_group(u16 group)
{
    struct pair_options o = {.algorithms = pair_usual};
    o.algorithms.esp_ke = group;
    return o;
}

static u16 remark; /* a notify that the peer adds; 0: none */

/* What side 0 asked for, said by its peer with other octets of SPI, and this KE; mode: with
 * USE_TRANSPORT_MODE. */
static void say_back(struct forgery what, const struct ke *ke, bool mode)
{
    static struct heard asked;
    u8 sa[256], value[256];
    struct writer w = writer_of(value, sizeof(value));
    asked = h;
    struct bytes body = message_body(&asked.m, PAYLOAD_SA);
    memcpy(sa, body.at, body.len);
    memcpy(sa + 8, "\x12\x34\x56\x78", 4);
    chain_begin(&c);
    if (mode)
        chain_notify(&c, NOTIFY_USE_TRANSPORT_MODE);
    if (remark)
        chain_notify(&c, remark);
    chain_add(&c, PAYLOAD_SA, false, bytes_of(sa, body.len));
    chain_add(&c, PAYLOAD_NONCE, false, bytes_of("0123456789abcdef0123456789abcdef", 32));
    if (ke) {
        ke_write(&w, ke);
        chain_add(&c, PAYLOAD_KE, false, written_bytes(&w));
    }
    struct bytes tsi = message_body(&asked.m, PAYLOAD_TSI);
    struct bytes tsr = message_body(&asked.m, PAYLOAD_TSR);
    chain_add(&c, PAYLOAD_TSI, false, what.response ? tsi : tsr);
    chain_add(&c, PAYLOAD_TSR, false, what.response ? tsr : tsi);
    tell(&f, what, &c, &h);
}

static struct forgery response(void)
{
    return (struct forgery){.exchange = EXCHANGE_CREATE_CHILD_SA,
                            .response = true,
                            .message_id = h.m.header.message_id};
}

static const struct forgery request = {.exchange = EXCHANGE_CREATE_CHILD_SA};

/* RFC 7296 1.3 (4, 5): KE is of the first group of the offer. */
TEST(the_key_exchange_is_of_a_group_on_offer)
{
    static struct proposal offer;
    struct ke ke;
    CHECK(begin(with_group(KE_ECP256)));
    CHECK(ask());
    CHECK(ke_read(message_body(&h.m, PAYLOAD_KE), &ke) && ke.group == KE_ECP256);
    struct reader r = reader_of(message_body(&h.m, PAYLOAD_SA));
    CHECK(proposal_read(&r, &offer));
    u16 first = 0;
    for (unsigned i = offer.transform_count; i-- > 0;)
        first = offer.transforms[i].type == TRANSFORM_KE ? offer.transforms[i].id : first;
    CHECK_EQ(first, KE_ECP256);
    end();
}

/* RFC 7296 3.4 (3) */
TEST(without_a_group_there_is_no_key_exchange)
{
    CHECK(begin((struct pair_options){0}));
    CHECK(ask());
    CHECK(!message_find(&h.m, PAYLOAD_KE));
    end();
}

/* RFC 7296 1.3 (6): the group that is wanted is said, by two octets. */
TEST(another_group_is_asked_for)
{
    static const u8 value[32];
    struct ke wrong = {KE_CURVE25519, {value, sizeof(value)}};
    struct notify n;
    CHECK(begin(with_group(KE_ECP256)));
    CHECK(ask());
    say_back(request, &wrong, false);
    CHECK_EQ(only_notify(&h), NOTIFY_INVALID_KE_PAYLOAD);
    CHECK(notify_error(&h.m, &n) && n.data.len == 2);
    CHECK_EQ(n.data.at[0] << 8 | n.data.at[1], KE_ECP256);
    end();
}

/* RFC 7296 3.3.6 (11): no group was chosen: KE is not looked at, and not answered. */
TEST(a_key_exchange_that_nobody_wants)
{
    static const u8 value[32];
    struct ke useless = {KE_CURVE25519, {value, sizeof(value)}};
    CHECK(begin((struct pair_options){0}));
    CHECK(ask());
    say_back(request, &useless, false);
    CHECK(h.any && message_find(&h.m, PAYLOAD_SA) && !message_find(&h.m, PAYLOAD_KE));
    CHECK_EQ(p->side[0].child_count, 2);
    end();
}

/* RFC 7296 1.3.1 (1, 2): asked for, and agreed to by both. */
TEST(transport_mode_is_agreed_upon)
{
    struct notify n;
    struct forgery again = request;
    CHECK(begin((struct pair_options){.transport = true}));
    CHECK(ask());
    CHECK(notify_find(&h.m, NOTIFY_USE_TRANSPORT_MODE, &n));
    CHECK(n.protocol == 0 && n.spi.len == 0 && n.data.len == 0);
    say_back(again, NULL, true);
    CHECK(h.any && message_find(&h.m, PAYLOAD_SA));
    CHECK(notify_find(&h.m, NOTIFY_USE_TRANSPORT_MODE, &n));
    CHECK(p->side[0].child_count == 2 && p->side[0].children[1].mode == SHRIKE_TRANSPORT);
    end();
}

/* RFC 7296 1.3.1 (3), 1.4.1 (2), 3.11 (1): who wants transport mode does not keep a tunnel. */
TEST(a_tunnel_in_place_of_transport_mode)
{
    struct delete d;
    CHECK(begin((struct pair_options){.transport = true}));
    CHECK(ask());
    say_back(response(), NULL, false);
    CHECK_EQ(p->side[0].reason, SHRIKE_REASON_MODE_MISMATCH);
    CHECK(h.any && delete_read(message_body(&h.m, PAYLOAD_DELETE), &d));
    CHECK(d.count == 1 && d.protocol == PROTOCOL_ESP);
    CHECK_EQ(p->side[0].child_count, 1);
    CHECK_EQ(p->side[0].ike_down, 0);
    end();
}

/* RFC 7296 3.10.1: padding goes only to a peer that takes it, which is asked anew for each Child
 * SA; we take it, and say nothing. */
TEST(padding_is_for_those_who_take_it)
{
    static struct tuned t;
    struct notify n;
    for (unsigned i = 0; i < 6; i++) {
        bool refused = i % 2, transport = i >= 4;
        p = toy_pair((struct pair_options){.transport = transport, .children = 2});
        tune_begin(p, 0, &t);
        t.children[1].tfc_padding = 300;
        t.children[1].replay_window = 77;
        tune_end(p, 0, &t);
        pair_up(p, "net0");
        CHECK(forger_init(&f, p, 0));
        CHECK(ask());
        CHECK(!notify_find(&h.m, NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED, &n));
        remark = refused ? NOTIFY_ESP_TFC_PADDING_NOT_SUPPORTED : 0;
        say_back(i / 2 % 2 ? request : response(), NULL, transport);
        remark = 0;
        CHECK_EQ(p->side[0].child_count, 2);
        CHECK_EQ(p->side[0].children[1].tfc_padding, refused || transport ? 0 : 300);
        CHECK_EQ(p->side[0].children[1].replay_window, 77);
        end();
    }
}

/* ---- the data plane ---- */

/* RFC 7296 2.8 (9, 10, 12): the responder has it before it answers, and sends by it later; the
 * initiator sends by it at once. */
TEST(the_data_plane_has_it_before_the_answer)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net1", 0, 0, false, {0}, 0, false};
    p = toy_pair((struct pair_options){.children = 2});
    pair_up(p, "net0");
    p->side[0].hold_ops = p->side[1].hold_ops = true;
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    settle_side(p, 0);
    pair_deliver(p, 1);
    settle_side(p, 1);
    CHECK(p->side[1].op_count == 1 && p->side[1].ops[0].later);
    CHECK_EQ(p->side[0].count, 0); /* nothing was said yet */
    CHECK(pair_answer(p, 1));
    settle_side(p, 1);
    CHECK(p->side[0].count == 1 && p->side[1].child_count == 2);
    pair_deliver(p, 0);
    settle_side(p, 0);
    CHECK(p->side[0].op_count == 1 && !p->side[0].ops[0].later);
    CHECK(pair_answer(p, 0));
    pair_run(p);
    CHECK(pair_agrees(p));
    toy_end(p);
}

/* RFC 7296 2.8 (8): two children with the same selectors live side by side, also when one of them
 * is rekeyed. */
TEST(equal_children_live_side_by_side)
{
    static struct tuned t[2];
    struct shrike_command rekey = {
        .kind = SHRIKE_REKEY, .reference = 7, .conn = "pair", .child = "net0"};
    p = toy_pair((struct pair_options){0});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        tune_children(&t[i], 2);
        tune_end(p, i, &t[i]);
    }
    pair_up(p, NULL);
    CHECK_EQ(p->side[0].child_count, 2);
    shrike_command(p->side[0].engine, p->now, &rekey);
    pair_run(p);
    CHECK(p->side[0].child_count == 2 && p->side[1].child_count == 2);
    CHECK_EQ(p->side[0].child_rekeyed, 1);
    pair_wait(p, p->now + 60 * SHRIKE_SECOND);
    shrike_command(p->side[1].engine, p->now, &rekey); /* both: to side 1 they are of one kind */
    pair_wait(p, p->now + 60 * SHRIKE_SECOND);
    CHECK(p->side[0].child_count == 2 && p->side[1].child_count == 2);
    CHECK_EQ(p->side[1].child_rekeyed, 3);
    CHECK_EQ(p->side[0].child_down + p->side[1].child_down, 0);
    toy_end(p);
}

/* ---- IKE_AUTH ---- */

/* RFC 7296 1.2 (6), 2.5 (10, 11), 2.19 (2), 3.15.1 (8): the group of the configuration is for
 * later; the payloads stand in the order of the RFC. */
TEST(ike_auth_offers_no_group)
{
    static const u8 order[] = {PAYLOAD_IDI, PAYLOAD_IDR, PAYLOAD_AUTH, PAYLOAD_CP,
                               PAYLOAD_SA,  PAYLOAD_TSI, PAYLOAD_TSR};
    static const struct shrike_addr any = {.family = 4};
    static struct tuned t;
    static struct proposal offer;
    unsigned next = 0;
    p = toy_pair(with_group(KE_ECP256));
    tune_begin(p, 0, &t);
    t.conn.vips = &any;
    t.conn.vip_count = 1;
    tune_end(p, 0, &t);
    CHECK(forger_half_way(&f, p, 0));
    overhear(&f, &h);
    CHECK(h.any && h.m.header.exchange == EXCHANGE_IKE_AUTH);
    struct reader r = reader_of(message_body(&h.m, PAYLOAD_SA));
    CHECK(proposal_read(&r, &offer));
    for (unsigned i = 0; i < offer.transform_count; i++)
        CHECK(offer.transforms[i].type != TRANSFORM_KE);
    for (unsigned i = 0; i < h.m.count; i++) {
        CHECK(!h.m.payloads[i].critical);
        if (h.m.payloads[i].type != PAYLOAD_NOTIFY)
            CHECK(next < sizeof(order) && h.m.payloads[i].type == order[next++]);
    }
    CHECK_EQ(next, sizeof(order));
    struct bytes cp = message_body(&h.m, PAYLOAD_CP);
    CHECK_EQ(cp.len, 12); /* an address, and its name servers */
    CHECK_BYTES(cp.at, "\1\0\0\0\0\1\0\0\0\3\0\0", 12);
    end();
}

/* RFC 7296 3.9 (2) */
TEST(each_request_has_its_own_nonce)
{
    u8 last[32] = {0};
    CHECK(begin((struct pair_options){0}));
    for (unsigned i = 0; i < 5; i++) {
        CHECK(ask());
        struct bytes nonce = message_body(&h.m, PAYLOAD_NONCE);
        CHECK(nonce.len == 32 && memcmp(nonce.at, last, 32) != 0);
        memcpy(last, nonce.at, 32);
        struct forgery no = response();
        chain_begin(&c);
        chain_notify(&c, NOTIFY_NO_PROPOSAL_CHOSEN);
        tell(&f, no, &c, &h);
    }
    end();
}

int main(void)
{
    return RUN(keys_are_taken_in_order) | RUN(the_key_exchange_is_of_a_group_on_offer) |
           RUN(without_a_group_there_is_no_key_exchange) | RUN(another_group_is_asked_for) |
           RUN(a_key_exchange_that_nobody_wants) | RUN(transport_mode_is_agreed_upon) |
           RUN(a_tunnel_in_place_of_transport_mode) | RUN(the_data_plane_has_it_before_the_answer) |
           RUN(equal_children_live_side_by_side) | RUN(ike_auth_offers_no_group) |
           RUN(each_request_has_its_own_nonce) | RUN(padding_is_for_those_who_take_it);
}
