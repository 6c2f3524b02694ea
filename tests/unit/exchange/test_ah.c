/* AH in place of ESP: made, rekeyed and deleted as such; its SPIs are not those of ESP; never
 * through a NAT. */
#include "shrike/view.h"
#include "tools.h"
#include "wire/proposal.h"

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;

static const struct forgery request = {.exchange = EXCHANGE_CREATE_CHILD_SA};

static struct pair_options with_ah(u16 group)
{
    struct pair_options o = {.algorithms = pair_usual, .children = 2};
    o.algorithms.esp_encr = o.algorithms.esp_bits = 0;
    o.algorithms.esp_integ = INTEG_HMAC_SHA2_256_128;
    o.algorithms.esp_sn = SN_64;
    o.algorithms.esp_ke = group;
    return o;
}

static bool begin(void)
{
    p = toy_pair(with_ah(0));
    pair_up(p, "net0");
    chain_begin(&c);
    return forger_init(&f, p, 0);
}

static void end(void)
{
    forger_free(&f);
    toy_end(p);
}

static void order(enum shrike_command_kind kind, unsigned side, const char *child)
{
    struct shrike_command o = {.kind = kind, .reference = 7, .conn = "pair", .child = child};
    shrike_command(p->side[side].engine, p->now, &o);
    shrike_tick(p->side[side].engine, p->now);
}

static bool all_are_ah(unsigned count)
{
    struct shrike_child_view v = {0};
    bool good = pair_agrees(p) && p->side[0].child_count == count;
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned k = 0; k < p->side[i].child_count; k++) {
            const struct pair_child *one = &p->side[i].children[k];
            good = good && one->protocol == PROTOCOL_AH && one->esn && one->in_len == 32;
            good = good && one->out_len == 32 && memcmp(one->in, one->out, 32) != 0;
        }
        for (v.serial = 0; shrike_view_child(p->side[i].engine, pair_place(&p->side[i]),
                                             p->side[i].ike, v.serial, &v);)
            good = good && v.protocol == PROTOCOL_AH && v.encr == 0 && v.esn;
    }
    return good;
}

/* In IKE_AUTH and after it, with PFS and without; rekeyed and deleted by either side. */
TEST(a_whole_life)
{
    for (unsigned side = 0; side < 2; side++) {
        p = toy_pair(with_ah(side ? KE_ECP256 : 0));
        pair_up(p, NULL);
        CHECK(all_are_ah(2));
        order(SHRIKE_REKEY, side, "net0");
        pair_run(p);
        CHECK(all_are_ah(2));
        CHECK(p->side[0].child_rekeyed == 1 && p->side[1].child_rekeyed == 1);
        pair_down(p, side, "net1");
        CHECK(all_are_ah(1));
        CHECK(p->side[0].child_down == 1 && p->side[1].child_down == 1);
        CHECK_EQ(p->side[0].failed + p->side[1].failed, 0);
        pair_down(p, side, NULL);
        toy_end(p);
    }
}

/* RFC 7296 1.3.3, 3.10 (1): the notify names the protocol, and so does the delete. */
TEST(messages_name_it)
{
    struct notify n;
    struct delete d;
    static struct proposal offer;
    CHECK(begin());
    u32 spi = p->side[0].children[0].spi_in;
    order(SHRIKE_REKEY, 0, "net0");
    settle_side(p, 0);
    overhear(&f, &h);
    CHECK(h.any && notify_find(&h.m, NOTIFY_REKEY_SA, &n) && n.protocol == PROTOCOL_AH);
    struct reader r = reader_of(n.spi);
    CHECK_EQ(read_u32(&r), spi);
    r = reader_of(message_body(&h.m, PAYLOAD_SA));
    CHECK(proposal_read(&r, &offer) && offer.protocol == PROTOCOL_AH && offer.spi_len == 4);
    for (unsigned i = 0; i < offer.transform_count; i++)
        CHECK(offer.transforms[i].type == TRANSFORM_INTEG ||
              offer.transforms[i].type == TRANSFORM_SN);
    end();
    CHECK(begin());
    order(SHRIKE_DOWN, 0, "net0");
    settle_side(p, 0);
    overhear(&f, &h);
    CHECK(h.any && delete_read(message_body(&h.m, PAYLOAD_DELETE), &d));
    CHECK(d.protocol == PROTOCOL_AH && d.count == 1);
    end();
}

/* RFC 7296 1.4.1, 3.11 (1): what has the same number in ESP is another SA, of which there is none.
 */
TEST(its_spis_are_its_own)
{
    struct delete d;
    struct notify n;
    CHECK(begin());
    u32 spi = p->side[0].children[0].spi_out;
    struct forgery what = {.exchange = EXCHANGE_INFORMATIONAL};
    chain_delete(&c, PROTOCOL_ESP, &spi, 1);
    tell(&f, what, &c, &h);
    CHECK(h.any && h.m.count == 0 && p->side[0].child_count == 1);
    /* RFC 7296 2.25 (5): the refusal names the protocol of the request. */
    u8 octets[4];
    struct writer w = writer_of(octets, 4);
    write_u32(&w, spi);
    chain_begin(&c);
    notify_add_spi(&c.b, NOTIFY_REKEY_SA, PROTOCOL_ESP, written_bytes(&w));
    chain_add(
        &c, PAYLOAD_SA, false,
        bytes_of("\0\0\0\x1c\1\3\4\2\x12\x34\x56\x78\3\0\0\x8\3\0\0\xc\0\0\0\x8\5\0\0\1", 28));
    chain_add(&c, PAYLOAD_NONCE, false, bytes_of("0123456789abcdef0123456789abcdef", 32));
    const char ts[] = "\1\0\0\0\7\0\0\x10\0\0\xff\xff\12\2\0\0\12\2\0\xff";
    chain_add(&c, PAYLOAD_TSI, false, bytes_of(ts, 20));
    chain_add(&c, PAYLOAD_TSR, false, bytes_of(ts, 20));
    what.exchange = EXCHANGE_CREATE_CHILD_SA;
    what.message_id = 1;
    tell(&f, what, &c, &h);
    CHECK_EQ(only_notify(&h), NOTIFY_CHILD_SA_NOT_FOUND);
    CHECK(notify_find(&h.m, NOTIFY_CHILD_SA_NOT_FOUND, &n) && n.protocol == PROTOCOL_ESP);
    what = (struct forgery){.exchange = EXCHANGE_INFORMATIONAL, .message_id = 2};
    chain_begin(&c);
    chain_delete(&c, PROTOCOL_AH, &spi, 1);
    tell(&f, what, &c, &h);
    CHECK(h.any && delete_read(message_body(&h.m, PAYLOAD_DELETE), &d));
    CHECK(d.protocol == PROTOCOL_AH && d.count == 1 && p->side[0].child_count == 0);
    end();
}

/* A peer that has both: each in a payload of its own. */
TEST(deletes_of_both_protocols)
{
    static struct tuned t[2];
    static const struct shrike_transform gcm[] = {{TRANSFORM_ENCR, ENCR_AES_GCM_16, 128},
                                                  {TRANSFORM_SN, SN_32, 0}};
    static const struct shrike_proposal esp = {PROTOCOL_ESP, 2, gcm, {"pair.conf", 8}};
    struct delete d;
    p = toy_pair(with_ah(0));
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        t[i].children[1].proposals = &esp;
        tune_end(p, i, &t[i]);
    }
    pair_up(p, NULL);
    CHECK(p->side[0].child_count == 2 && pair_agrees(p));
    const struct pair_child *k = p->side[0].children;
    CHECK(k[0].protocol == PROTOCOL_AH && k[1].protocol == PROTOCOL_ESP);
    uint32_t in[2] = {k[0].spi_in, k[1].spi_in};
    CHECK(forger_init(&f, p, 0));
    chain_begin(&c);
    chain_delete(&c, PROTOCOL_AH, &k[0].spi_out, 1);
    chain_delete(&c, PROTOCOL_ESP, &k[1].spi_out, 1);
    tell(&f, (struct forgery){.exchange = EXCHANGE_INFORMATIONAL}, &c, &h);
    CHECK_EQ(count_of(&h, PAYLOAD_DELETE), 2);
    const struct payload *one = message_find(&h.m, PAYLOAD_DELETE);
    for (unsigned i = 0; i < 2; i++, one = message_find_after(&h.m, one)) {
        CHECK(one && delete_read(bytes_at(h.m.base, one->body), &d) && d.count == 1);
        struct reader r = reader_of(d.spis);
        CHECK_EQ(read_u32(&r), in[d.protocol == PROTOCOL_ESP]);
    }
    CHECK_EQ(p->side[0].child_count, 0);
    end();
}

/* Side 0 asks for its second child, and hears the same from its peer, of another protocol. */
TEST(one_protocol_is_not_the_other)
{
    static struct heard asked;
    u8 sa[256];
    CHECK(begin());
    order(SHRIKE_UP, 0, "net1");
    settle_side(p, 0);
    overhear(&f, &asked);
    CHECK(asked.any);
    struct bytes body = message_body(&asked.m, PAYLOAD_SA);
    for (u8 protocol = PROTOCOL_AH; protocol <= PROTOCOL_ESP; protocol++) {
        struct forgery what = request;
        what.message_id = protocol - PROTOCOL_AH;
        memcpy(sa, body.at, body.len);
        sa[5] = protocol == PROTOCOL_AH ? PROTOCOL_ESP : PROTOCOL_AH;
        memcpy(sa + 8, "\x12\x34\x56\x78", 4);
        chain_begin(&c);
        chain_add(&c, PAYLOAD_SA, false, bytes_of(sa, body.len));
        chain_add(&c, PAYLOAD_NONCE, false, bytes_of("0123456789abcdef0123456789abcdef", 32));
        chain_add(&c, PAYLOAD_TSI, false, message_body(&asked.m, PAYLOAD_TSR));
        chain_add(&c, PAYLOAD_TSR, false, message_body(&asked.m, PAYLOAD_TSI));
        tell(&f, what, &c, &h);
        if (protocol == PROTOCOL_AH)
            CHECK_EQ(only_notify(&h), NOTIFY_NO_PROPOSAL_CHOSEN);
        else
            CHECK(h.any && message_find(&h.m, PAYLOAD_SA) && p->side[0].child_count == 2);
    }
    end();
}

/* There is no AH in UDP (RFC 3948 1): neither asked for nor taken. */
TEST(not_where_there_is_a_nat)
{
    for (unsigned side = 0; side < 2; side++) {
        static struct tuned t;
        p = toy_pair(with_ah(0));
        tune_begin(p, side, &t);
        t.conn.force_encap = true;
        tune_end(p, side, &t);
        pair_up(p, NULL);
        CHECK_EQ(p->side[0].child_count + p->side[1].child_count, 0);
        CHECK(p->side[0].reason == SHRIKE_REASON_AH_NAT ||
              p->side[1].reason == SHRIKE_REASON_AH_NAT);
        toy_end(p);
    }
}

int main(void)
{
    return RUN(a_whole_life) | RUN(messages_name_it) | RUN(its_spis_are_its_own) |
           RUN(deletes_of_both_protocols) | RUN(one_protocol_is_not_the_other) |
           RUN(not_where_there_is_a_nat);
}
