/* Compression: offered and taken where both configurations have it; what a peer may not answer. */
#include "shrike/view.h"
#include "tools.h"

static struct pair *p;
static struct forger f;
static struct chain c;
static struct heard h;
static struct tuned t[2];

/* Two children; which ends compress. */
static void begin(bool here, bool there)
{
    p = toy_pair((struct pair_options){.children = 2});
    for (unsigned i = 0; i < 2; i++) {
        tune_begin(p, i, &t[i]);
        t[i].children[0].ipcomp = t[i].children[1].ipcomp = i ? there : here;
        tune_end(p, i, &t[i]);
    }
}

static void order(enum shrike_command_kind kind, unsigned side, const char *child)
{
    struct shrike_command o = {.kind = kind, .reference = 7, .conn = "pair", .child = child};
    shrike_command(p->side[side].engine, p->now, &o);
    shrike_tick(p->side[side].engine, p->now);
}

/* Do all Child SAs compress, or none, and do the views show it? */
static bool all_have(bool compression)
{
    struct shrike_child_view v = {0};
    unsigned seen = 0;
    if (!pair_agrees(p))
        return false;
    for (unsigned i = 0; i < 2; i++) {
        const struct pair_side *side = &p->side[i];
        for (unsigned k = 0; k < side->child_count; k++) {
            const struct pair_child *one = &side->children[k];
            if ((one->cpi_in >= 256) != compression || (one->cpi_out >= 256) != compression)
                return false;
        }
        for (v.serial = 0;
             shrike_view_child(side->engine, pair_place(side), side->ike, v.serial, &v); seen++) {
            if ((v.cpi_in >= 256) != compression || (v.cpi_out >= 256) != compression)
                return false;
        }
    }
    return seen == 2 * p->side[0].child_count;
}

/* RFC 7296 2.22 (1, 2): in IKE_AUTH, in an exchange of its own, and anew at each rekeying. */
TEST(both_ends_compress)
{
    begin(true, true);
    pair_up(p, "net0");
    CHECK(p->side[0].child_count == 1 && all_have(true));
    order(SHRIKE_UP, 0, "net1");
    pair_run(p);
    CHECK(p->side[0].child_count == 2 && all_have(true));
    CHECK(p->side[0].children[0].cpi_in != p->side[0].children[1].cpi_in);
    for (unsigned side = 0; side < 2; side++) {
        u16 before = p->side[0].children[0].cpi_in;
        order(SHRIKE_REKEY, side, "net0");
        pair_run(p);
        CHECK(p->side[0].child_count == 2 && all_have(true));
        for (unsigned i = 0; i < 2; i++)
            CHECK(p->side[0].children[i].cpi_in != before || before == 0);
        CHECK_EQ(p->side[side].child_rekeyed, 1 + side);
    }
    order(SHRIKE_REKEY, 0, NULL); /* the IKE SA: what is there stays */
    pair_run(p);
    CHECK_EQ(p->side[0].ike_rekeyed, 1);
    CHECK(all_have(true));
    pair_down(p, 0, NULL);
    CHECK_EQ(p->side[0].child_count, 0);
    toy_end(p);
}

TEST(one_end_alone_does_not)
{
    for (unsigned side = 0; side < 2; side++) {
        begin(side == 0, side == 1);
        pair_up(p, NULL);
        CHECK(p->side[0].child_count == 2 && all_have(false));
        CHECK_EQ(p->side[0].failed + p->side[1].failed, 0);
        toy_end(p);
    }
}

/* ---- a peer that says what it likes ---- */

static bool begin_forged(bool here)
{
    begin(here, here);
    pair_up(p, "net0");
    return forger_init(&f, p, 0);
}

static void end_forged(void)
{
    forger_free(&f);
    toy_end(p);
}

/* What side 0 asks for its second child. */
static bool ask(void)
{
    order(SHRIKE_UP, 0, "net1");
    settle_side(p, 0);
    overhear(&f, &h);
    return h.any && h.m.header.exchange == EXCHANGE_CREATE_CHILD_SA;
}

/* Said back to side 0, as its peer's answer or request, with these notifies of compression, each
 * of 3 octets. */
static void say_back(bool response, const char *notifies, unsigned count)
{
    static struct heard asked;
    struct forgery what = {.exchange = EXCHANGE_CREATE_CHILD_SA, .response = response};
    u8 sa[256];
    asked = h;
    if (response)
        what.message_id = h.m.header.message_id;
    struct bytes body = message_body(&asked.m, PAYLOAD_SA);
    memcpy(sa, body.at, body.len);
    memcpy(sa + 8, "\x12\x34\x56\x78", 4);
    chain_begin(&c);
    for (unsigned i = 0; i < count; i++)
        notify_add(&c.b, NOTIFY_IPCOMP_SUPPORTED, bytes_of(notifies + (size_t)i * 3, 3));
    chain_add(&c, PAYLOAD_SA, false, bytes_of(sa, body.len));
    chain_add(&c, PAYLOAD_NONCE, false, bytes_of("0123456789abcdef0123456789abcdef", 32));
    struct bytes tsi = message_body(&asked.m, PAYLOAD_TSI);
    struct bytes tsr = message_body(&asked.m, PAYLOAD_TSR);
    chain_add(&c, PAYLOAD_TSI, false, response ? tsi : tsr);
    chain_add(&c, PAYLOAD_TSR, false, response ? tsr : tsi);
    tell(&f, what, &c, &h);
}

/* RFC 7296 2.22 (1, 3), 3.10 (2): one algorithm, beside an SA payload. */
TEST(what_is_offered)
{
    struct notify n;
    CHECK(begin_forged(true));
    CHECK(ask());
    CHECK(message_find(&h.m, PAYLOAD_SA) && notify_find(&h.m, NOTIFY_IPCOMP_SUPPORTED, &n));
    CHECK(n.protocol == 0 && n.spi.len == 0 && n.data.len == 3 && n.data.at[0]);
    CHECK_EQ(n.data.at[2], IPCOMP_DEFLATE);
    u16 cpi = (u16)(n.data.at[0] << 8 | n.data.at[1]);
    say_back(true, "\x10\x01\x02", 1);
    CHECK_EQ(p->side[0].child_count, 2);
    CHECK_EQ(p->side[0].children[1].cpi_in, cpi);
    CHECK_EQ(p->side[0].children[1].cpi_out, 0x1001);
    end_forged();
    CHECK(begin_forged(false));
    CHECK(ask() && !notify_find(&h.m, NOTIFY_IPCOMP_SUPPORTED, &n));
    end_forged();
}

/* RFC 7296 2.22 (4): only what was proposed, and only one; the peer has an SA that is of no use. */
TEST(another_answer_is_refused)
{
    static const struct {
        bool offered;
        const char *notifies;
        unsigned count;
    } bad[] = {
        {true, "\x10\x01\x03", 1},             /* LZS */
        {true, "\x10\x01\x02\x10\x02\x02", 2}, /* twice */
        {true, "\x10\x01\x02\x10\x02\x03", 2},
        {true, "\x00\xff\x02", 1}, /* RFC 3173 3.3: a reserved CPI */
        {false, "\x10\x01\x02", 1},
    };
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        struct delete d;
        CHECK(begin_forged(bad[i].offered));
        CHECK(ask());
        say_back(true, bad[i].notifies, bad[i].count);
        CHECK_EQ(p->side[0].reason, SHRIKE_REASON_IPCOMP);
        CHECK(h.any && delete_read(message_body(&h.m, PAYLOAD_DELETE), &d) && d.count == 1);
        CHECK_EQ(p->side[0].child_count, 1);
        end_forged();
    }
}

/* RFC 7296 2.22 (2, 3, 4): of what the peer offers DEFLATE is taken, and nothing else. */
TEST(of_many_one_is_taken)
{
    static const struct {
        const char *notifies;
        unsigned count;
        u16 cpi; /* 0: nothing can be taken */
    } all[] = {
        {"\x10\x01\x02", 1, 0x1001},
        {"\x10\x05\x03\x10\x01\x01\x10\x07\x02", 3, 0x1007},
        {"\x10\x05\x03\x10\x01\x01", 2, 0},
        {"\x00\xff\x02", 1, 0},
        {"", 0, 0},
    };
    for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
        struct notify n;
        CHECK(begin_forged(true));
        CHECK(ask());
        say_back(false, all[i].notifies, all[i].count);
        CHECK(h.any && message_find(&h.m, PAYLOAD_SA));
        CHECK_EQ(notify_find(&h.m, NOTIFY_IPCOMP_SUPPORTED, &n), all[i].cpi != 0);
        CHECK_EQ(count_of(&h, PAYLOAD_NOTIFY), all[i].cpi != 0);
        CHECK_EQ(p->side[0].child_count, 2);
        CHECK_EQ(p->side[0].children[1].cpi_out, all[i].cpi);
        if (all[i].cpi)
            CHECK(n.data.at[2] == IPCOMP_DEFLATE &&
                  p->side[0].children[1].cpi_in == (n.data.at[0] << 8 | n.data.at[1]));
        else
            CHECK_EQ(p->side[0].children[1].cpi_in, 0);
        end_forged();
    }
}

int main(void)
{
    return RUN(both_ends_compress) | RUN(one_end_alone_does_not) | RUN(what_is_offered) |
           RUN(another_answer_is_refused) | RUN(of_many_one_is_taken);
}
