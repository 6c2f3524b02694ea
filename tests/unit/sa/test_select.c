/* Choosing proposals: each rule of RFC 7296 2.7 and 3.3 by example, then all of them against a
 * model. */
#include "../test.h"
#include "base/cursor.h"
#include "sa/select.h"
#include "wire/codes.h"

enum {
    E = TRANSFORM_ENCR,
    P = TRANSFORM_PRF,
    I = TRANSFORM_INTEG,
    K = TRANSFORM_KE,
    S = TRANSFORM_SN,
    IKE = PROTOCOL_IKE,
    AH = PROTOCOL_AH,
    ESP = PROTOCOL_ESP,
    ODD = 0xffff, /* as key length: an attribute that nobody knows stands there instead */
    ADDKE1 = 6,
    LIST_MAX = 32,
};

#define GCM256                                                                                     \
    {                                                                                              \
        E, ENCR_AES_GCM_16, 256                                                                    \
    }
#define GCM128                                                                                     \
    {                                                                                              \
        E, ENCR_AES_GCM_16, 128                                                                    \
    }
#define CBC256                                                                                     \
    {                                                                                              \
        E, ENCR_AES_CBC, 256                                                                       \
    }
#define CHACHA                                                                                     \
    {                                                                                              \
        E, ENCR_CHACHA20_POLY1305, 0                                                               \
    }
#define PRF256                                                                                     \
    {                                                                                              \
        P, PRF_HMAC_SHA2_256, 0                                                                    \
    }
#define PRF512                                                                                     \
    {                                                                                              \
        P, PRF_HMAC_SHA2_512, 0                                                                    \
    }
#define MAC256                                                                                     \
    {                                                                                              \
        I, INTEG_HMAC_SHA2_256_128, 0                                                              \
    }
#define MAC512                                                                                     \
    {                                                                                              \
        I, INTEG_HMAC_SHA2_512_256, 0                                                              \
    }
#define NO_MAC                                                                                     \
    {                                                                                              \
        I, INTEG_NONE, 0                                                                           \
    }
#define X25519                                                                                     \
    {                                                                                              \
        K, KE_CURVE25519, 0                                                                        \
    }
#define P256                                                                                       \
    {                                                                                              \
        K, 19, 0                                                                                   \
    }
#define MODP2048                                                                                   \
    {                                                                                              \
        K, 14, 0                                                                                   \
    }
#define NO_KE                                                                                      \
    {                                                                                              \
        K, KE_NONE, 0                                                                              \
    }
#define SHORT_SN                                                                                   \
    {                                                                                              \
        S, SN_32, 0                                                                                \
    }
#define LONG_SN                                                                                    \
    {                                                                                              \
        S, SN_64, 0                                                                                \
    }

/* A list of transforms ends with one of type 0. */
#define LIST(...) ((const struct shrike_transform[]){__VA_ARGS__, {0, 0, 0}})

static unsigned length(const struct shrike_transform *t)
{
    unsigned n = 0;
    while (t[n].type)
        n++;
    return n;
}

static struct shrike_proposal rule(u8 protocol, const struct shrike_transform *t, u32 line)
{
    return (struct shrike_proposal){
        .protocol = protocol,
        .transform_count = (u16)length(t),
        .transforms = t,
        .origin = {"test.conf", line},
    };
}

/* An SA body as the peer writes it: by hand, so that mistakes can be written too. */
static u8 octets[4096];
static struct writer wire;

static void begin(void)
{
    wire = writer_of(octets, sizeof(octets));
}

static const u8 esp_spi[4] = {0xc0, 1, 2, 3};

static void put_spi(u8 number, u8 protocol, const struct shrike_transform *t, struct bytes spi)
{
    size_t start = written(&wire);
    unsigned n = length(t);
    if (start) { /* the one before is not the last */
        size_t at = 0;
        while (octets[at] != 0)
            at += (size_t)octets[at + 2] << 8 | octets[at + 3];
        write_u8_at(&wire, at, 2);
    }
    write_u16(&wire, 0);
    write_u16(&wire, 0);
    write_u8(&wire, number);
    write_u8(&wire, protocol);
    write_u8(&wire, (u8)spi.len);
    write_u8(&wire, (u8)n);
    write_bytes(&wire, spi);
    for (unsigned i = 0; i < n; i++) {
        write_u16(&wire, i + 1 < n ? 0x0300 : 0);
        write_u16(&wire, t[i].key_bits ? 12 : 8);
        write_u8(&wire, t[i].type);
        write_u8(&wire, 0);
        write_u16(&wire, t[i].id);
        if (t[i].key_bits) {
            write_u16(&wire, t[i].key_bits == ODD ? 0x8011 : 0x800e);
            write_u16(&wire, t[i].key_bits);
        }
    }
    write_u16_at(&wire, start + 2, (u16)(written(&wire) - start));
}

static void put(u8 number, u8 protocol, const struct shrike_transform *t)
{
    put_spi(number, protocol, t, bytes_of(esp_spi, protocol == IKE ? 0 : sizeof(esp_spi)));
}

static struct bytes body(void)
{
    return written_bytes(&wire);
}

static struct choice got;
static struct shrike_reason why;

static bool choose(const struct shrike_proposal *ours, unsigned count, u16 hint)
{
    struct select_want want = {
        .ours = ours, .count = count, .protocol = ours->protocol, .ke_hint = hint};
    return select_proposal(body(), &want, &got, &why);
}

/* One proposal of the peer against one of ours. */
static bool meet(u8 protocol, const struct shrike_transform *ours,
                 const struct shrike_transform *theirs)
{
    static struct shrike_proposal r; /* the choice points to it */
    r = rule(protocol, ours, 1);
    begin();
    put(1, protocol, theirs);
    return choose(&r, 1, KE_NONE);
}

static bool verify(const struct shrike_proposal *ours, unsigned count)
{
    struct select_want want = {.ours = ours, .count = count, .protocol = ours->protocol};
    return select_verify(body(), &want, &got, &why);
}

static bool verify_one(u8 protocol, const struct shrike_transform *ours,
                       const struct shrike_transform *answer)
{
    static struct shrike_proposal r; /* the choice points to it */
    r = rule(protocol, ours, 1);
    begin();
    put(1, protocol, answer);
    return verify(&r, 1);
}

/* The answer to the choice just made, read back as one proposal. */
static struct proposal answer(void)
{
    static u8 out[256];
    struct writer w = writer_of(out, sizeof(out));
    struct proposal p = {0};
    select_answer(&w, &got, esp_spi, got.protocol == IKE ? 0 : 4);
    struct reader r = reader_of(written_bytes(&w));
    if (!proposal_read(&r, &p) || !read_ended(&r))
        p.number = 0;
    return p;
}

static bool answers(u8 type)
{
    struct proposal p = answer();
    for (unsigned i = 0; i < p.transform_count; i++) {
        if (p.transforms[i].type == type)
            return true;
    }
    return false;
}

/* RFC 7296 2.7 (1, 2) */
TEST(everything_chosen_is_told)
{
    CHECK(meet(IKE, LIST(CBC256, PRF512, MAC512, X25519), LIST(CBC256, PRF512, MAC512, X25519)));
    CHECK_EQ(got.number, 1);
    CHECK_EQ(got.protocol, IKE);
    CHECK_EQ(got.spi_len, 0);
    CHECK_EQ(got.encr, ENCR_AES_CBC);
    CHECK_EQ(got.encr_bits, 256);
    CHECK_EQ(got.prf, PRF_HMAC_SHA2_512);
    CHECK_EQ(got.integ, INTEG_HMAC_SHA2_512_256);
    CHECK_EQ(got.ke, KE_CURVE25519);
    CHECK_EQ(got.sn, SN_32);
    CHECK_EQ(got.rule->origin.line, 1);
    CHECK(meet(ESP, LIST(GCM256, LONG_SN), LIST(GCM256, LONG_SN)));
    CHECK_EQ(got.spi_len, 4);
    CHECK_BYTES(got.spi, esp_spi, 4);
    CHECK_EQ(got.integ, INTEG_NONE);
    CHECK_EQ(got.ke, KE_NONE);
    CHECK_EQ(got.sn, SN_64);
    CHECK(meet(AH, LIST(MAC256, SHORT_SN), LIST(MAC256, SHORT_SN)));
    CHECK_EQ(got.encr, 0);
    CHECK_EQ(got.integ, INTEG_HMAC_SHA2_256_128);
}

TEST(our_order_comes_first)
{
    struct shrike_proposal ours[] = {
        rule(IKE, LIST(CHACHA, PRF256, X25519), 1),
        rule(IKE, LIST(GCM256, GCM128, PRF512, PRF256, P256, X25519), 2),
    };
    begin();
    put(1, IKE, LIST(GCM128, GCM256, PRF256, PRF512, X25519, P256));
    put(2, IKE, LIST(CHACHA, PRF256, X25519));
    CHECK(choose(ours, 2, KE_NONE));
    CHECK_EQ(got.number, 2);
    CHECK_EQ(got.rule->origin.line, 1);
    CHECK(choose(ours + 1, 1, KE_NONE));
    CHECK_EQ(got.number, 1);
    CHECK_EQ(got.encr_bits, 256);
    CHECK_EQ(got.prf, PRF_HMAC_SHA2_512);
    CHECK_EQ(got.ke, 19);
}

TEST(of_theirs_the_first_that_fits)
{
    struct shrike_proposal ours = rule(IKE, LIST(GCM256, GCM128, PRF256, X25519), 1);
    begin();
    put(1, IKE, LIST(CHACHA, PRF256, X25519));
    put(2, IKE, LIST(GCM128, PRF256, X25519));
    put(3, IKE, LIST(GCM256, PRF256, X25519));
    CHECK(choose(&ours, 1, KE_NONE));
    CHECK_EQ(got.number, 2);
    CHECK_EQ(got.encr_bits, 128);
    CHECK_EQ(answer().number, 2);
}

TEST(the_group_that_came_is_taken)
{
    struct shrike_proposal ours = rule(IKE, LIST(GCM256, PRF256, X25519, P256), 1);
    begin();
    put(1, IKE, LIST(GCM256, PRF256, MODP2048, P256, X25519));
    CHECK(choose(&ours, 1, KE_NONE));
    CHECK_EQ(got.ke, KE_CURVE25519);
    CHECK(choose(&ours, 1, 19));
    CHECK_EQ(got.ke, 19);
    CHECK(choose(&ours, 1, 14)); /* not ours */
    CHECK_EQ(got.ke, KE_CURVE25519);
    begin();
    put(1, IKE, LIST(GCM256, PRF256, X25519)); /* the group that came does not stand there */
    CHECK(choose(&ours, 1, 19));
    CHECK_EQ(got.ke, KE_CURVE25519);
}

/* RFC 7296 2.13 (1), 3.3.5 (4, 5), 3.3.6 (4) */
TEST(key_lengths_are_equal)
{
    CHECK(!meet(IKE, LIST(GCM256, PRF256, X25519), LIST(GCM128, PRF256, X25519)));
    CHECK_EQ(why.detail, E);
    CHECK(!meet(IKE, LIST(GCM128, PRF256, X25519), LIST(GCM256, PRF256, X25519)));
    const struct shrike_transform bare = {E, ENCR_AES_GCM_16, 0};
    CHECK(!meet(IKE, LIST(GCM256, PRF256, X25519), LIST(bare, PRF256, X25519)));
    CHECK(!meet(IKE, LIST(bare, PRF256, X25519), LIST(bare, PRF256, X25519)));
    CHECK(meet(IKE, LIST(CHACHA, PRF256, X25519), LIST(CHACHA, PRF256, X25519)));
    const struct shrike_transform sized = {E, ENCR_CHACHA20_POLY1305, 256};
    CHECK(!meet(IKE, LIST(CHACHA, PRF256, X25519), LIST(sized, PRF256, X25519)));
    const struct shrike_transform sized_prf = {P, PRF_HMAC_SHA2_256, 256};
    CHECK(!meet(IKE, LIST(GCM256, PRF256, X25519), LIST(GCM256, sized_prf, X25519)));
    CHECK_EQ(why.detail, P);
    CHECK(meet(IKE, LIST(GCM256, GCM128, PRF256, X25519), LIST(GCM128, PRF256, X25519)));
    CHECK_EQ(got.encr_bits, 128);
}

/* RFC 7296 3.3 (7) */
TEST(an_aead_stands_alone)
{
    CHECK(meet(IKE, LIST(GCM256, PRF256, X25519), LIST(GCM256, PRF256, NO_MAC, X25519)));
    CHECK(answers(I)); /* the type was there, so it is in the answer */
    CHECK(meet(IKE, LIST(GCM256, PRF256, NO_MAC, X25519), LIST(GCM256, PRF256, X25519)));
    CHECK(!answers(I));
    CHECK(!meet(IKE, LIST(GCM256, PRF256, X25519), LIST(GCM256, PRF256, MAC256, X25519)));
    CHECK_EQ(why.detail, I);
    CHECK(!meet(IKE, LIST(GCM256, PRF256, MAC256, X25519), LIST(GCM256, PRF256, MAC256, X25519)));
    CHECK(
        meet(ESP, LIST(GCM256, NO_MAC, MAC256, SHORT_SN), LIST(GCM256, MAC256, NO_MAC, SHORT_SN)));
    CHECK_EQ(got.integ, INTEG_NONE);
}

/* RFC 7296 5 (2) */
TEST(another_cipher_never_stands_alone)
{
    CHECK(!meet(ESP, LIST(CBC256, SHORT_SN), LIST(CBC256, SHORT_SN)));
    CHECK_EQ(why.detail, I);
    CHECK(!meet(ESP, LIST(CBC256, NO_MAC, SHORT_SN), LIST(CBC256, NO_MAC, SHORT_SN)));
    CHECK(!meet(ESP, LIST(CBC256, MAC256, SHORT_SN), LIST(CBC256, SHORT_SN)));
    CHECK(!meet(ESP, LIST(CBC256, SHORT_SN), LIST(CBC256, MAC256, SHORT_SN)));
    CHECK(
        meet(ESP, LIST(CBC256, NO_MAC, MAC256, SHORT_SN), LIST(CBC256, NO_MAC, MAC256, SHORT_SN)));
    CHECK_EQ(got.integ, INTEG_HMAC_SHA2_256_128);
}

/* RFC 7296 2.18 (2), 3.3.3 (1) */
TEST(each_protocol_has_its_types)
{
    CHECK(!meet(IKE, LIST(GCM256, X25519), LIST(GCM256, X25519)));
    CHECK_EQ(why.detail, P);
    CHECK(!meet(IKE, LIST(PRF256, X25519), LIST(PRF256, X25519)));
    CHECK_EQ(why.detail, E);
    CHECK(!meet(IKE, LIST(GCM256, PRF256), LIST(GCM256, PRF256)));
    CHECK_EQ(why.detail, K);
    CHECK(!meet(IKE, LIST(GCM256, PRF256, NO_KE), LIST(GCM256, PRF256, NO_KE)));
    CHECK(!meet(IKE, LIST(GCM256, PRF256, X25519), LIST(GCM256, PRF256, X25519, LONG_SN)));
    CHECK_EQ(why.detail, S);
    CHECK(!meet(ESP, LIST(GCM256, SHORT_SN), LIST(GCM256, PRF256, SHORT_SN)));
    CHECK_EQ(why.detail, P);
    CHECK(!meet(ESP, LIST(GCM256, PRF256, SHORT_SN), LIST(GCM256, PRF256, SHORT_SN)));
    CHECK(!meet(ESP, LIST(MAC256, SHORT_SN), LIST(MAC256, SHORT_SN)));
    CHECK(!meet(AH, LIST(SHORT_SN), LIST(SHORT_SN)));
    CHECK(!meet(AH, LIST(GCM256, MAC256, SHORT_SN), LIST(GCM256, MAC256, SHORT_SN)));
    struct shrike_proposal ours = rule(ESP, LIST(GCM256, SHORT_SN), 1);
    begin();
    put(1, AH, LIST(GCM256, SHORT_SN));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, 0);
}

TEST(esp_without_sn_means_32_bits)
{
    CHECK(meet(ESP, LIST(GCM256, LONG_SN, SHORT_SN), LIST(GCM256)));
    CHECK_EQ(got.sn, SN_32);
    CHECK(!answers(S));
    CHECK(answers(E));
    CHECK(!meet(ESP, LIST(GCM256, LONG_SN), LIST(GCM256)));
    CHECK_EQ(why.detail, S);
    CHECK_EQ(why.code, SHRIKE_REASON_NO_CHILD_PROPOSAL);
    CHECK(!meet(ESP, LIST(GCM256, SHORT_SN), LIST(GCM256, LONG_SN)));
    CHECK(meet(ESP, LIST(GCM256, LONG_SN, SHORT_SN), LIST(GCM256, SHORT_SN, LONG_SN)));
    CHECK_EQ(got.sn, SN_64);
}

/* RFC 7296 3.3.3 (2) */
TEST(esp_may_do_without_ke)
{
    CHECK(!meet(ESP, LIST(GCM256, SHORT_SN), LIST(GCM256, X25519, SHORT_SN)));
    CHECK_EQ(why.detail, K);
    CHECK(!meet(ESP, LIST(GCM256, X25519, SHORT_SN), LIST(GCM256, SHORT_SN)));
    CHECK(meet(ESP, LIST(GCM256, SHORT_SN), LIST(GCM256, X25519, NO_KE, SHORT_SN)));
    CHECK_EQ(got.ke, KE_NONE);
    CHECK(answers(K));
    CHECK(meet(ESP, LIST(GCM256, X25519, NO_KE, SHORT_SN), LIST(GCM256, SHORT_SN)));
    CHECK_EQ(got.ke, KE_NONE);
    CHECK(!answers(K));
    CHECK(meet(ESP, LIST(GCM256, X25519, SHORT_SN), LIST(GCM256, X25519, NO_KE, SHORT_SN)));
    CHECK_EQ(got.ke, KE_CURVE25519);
}

/* RFC 7296 1.2 (6) */
TEST(groups_are_passed_over_in_ike_auth)
{
    struct shrike_proposal ours = rule(ESP, LIST(GCM256, X25519, SHORT_SN), 1);
    struct select_want want = {&ours, 1, ESP, .ke_ignored = true};
    begin();
    put(1, ESP, LIST(GCM256, SHORT_SN));
    CHECK(select_proposal(body(), &want, &got, &why));
    CHECK(select_verify(body(), &want, &got, &why));
    begin();
    put(1, ESP, LIST(GCM256, NO_KE, SHORT_SN));
    CHECK(select_proposal(body(), &want, &got, &why));
    CHECK_EQ(got.ke, KE_NONE);
    CHECK(answers(K));
    begin();
    put(1, ESP, LIST(GCM256, P256, SHORT_SN));
    CHECK(select_proposal(body(), &want, &got, &why));
    CHECK_EQ(got.ke, KE_NONE);
    CHECK(!answers(K));
    CHECK(!select_verify(body(), &want, &got, &why)); /* as an answer it was not offered */
    begin();
    put(1, ESP, LIST(GCM256, X25519, SHORT_SN));
    CHECK(!select_verify(body(), &want, &got, &why));
    CHECK_EQ(why.detail, K);
}

/* RFC 7296 3.3.6 (6) */
TEST(an_unknown_type_spoils_the_proposal)
{
    const struct shrike_transform addke = {ADDKE1, 35, 0};
    struct shrike_proposal ours = rule(IKE, LIST(GCM256, PRF256, X25519), 1);
    begin();
    put(1, IKE, LIST(GCM256, PRF256, X25519, addke));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, ADDKE1);
    put(2, IKE, LIST(GCM256, PRF256, X25519));
    CHECK(choose(&ours, 1, KE_NONE));
    CHECK_EQ(got.number, 2);
    CHECK(!meet(IKE, LIST(GCM256, PRF256, X25519), LIST(addke, GCM256, PRF256, X25519)));
    CHECK_EQ(why.detail, ADDKE1);
}

/* RFC 7296 3.3.6 (7) */
TEST(an_unknown_attribute_spoils_the_transform)
{
    const struct shrike_transform odd = {P, PRF_HMAC_SHA2_512, ODD};
    const struct shrike_transform odd_sn = {S, SN_32, ODD};
    CHECK(!meet(IKE, LIST(GCM256, PRF512, X25519), LIST(GCM256, odd, X25519)));
    CHECK_EQ(why.detail, P);
    CHECK(meet(IKE, LIST(GCM256, PRF512, PRF256, X25519), LIST(GCM256, odd, PRF256, X25519)));
    CHECK_EQ(got.prf, PRF_HMAC_SHA2_256);
    CHECK(!meet(ESP, LIST(GCM256, SHORT_SN), LIST(GCM256, odd_sn))); /* it is not as if absent */
}

/* RFC 7296 3.3.1 (4) */
TEST(spi_sizes_are_those_of_the_protocol)
{
    static const u8 spi[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (unsigned len = 0; len <= 8; len += 4) {
        struct shrike_proposal ike = rule(IKE, LIST(GCM256, PRF256, X25519), 1);
        struct shrike_proposal esp = rule(ESP, LIST(GCM256, SHORT_SN), 1);
        struct select_want rekey = {&ike, 1, IKE, .ike_rekey = true};
        begin();
        put_spi(1, IKE, LIST(GCM256, PRF256, X25519), bytes_of(spi, len));
        CHECK_EQ(choose(&ike, 1, KE_NONE), len == 0);
        CHECK_EQ(verify(&ike, 1), len == 0);
        CHECK_EQ(select_proposal(body(), &rekey, &got, &why), len == 8);
        CHECK(len != 8 || memcmp(got.spi, spi, 8) == 0);
        begin();
        put_spi(1, ESP, LIST(GCM256, SHORT_SN), bytes_of(spi, len));
        CHECK_EQ(choose(&esp, 1, KE_NONE), len == 4);
        CHECK_EQ(verify(&esp, 1), len == 4);
    }
}

TEST(reserved_spis_are_refused)
{
    struct shrike_proposal ike = rule(IKE, LIST(GCM256, PRF256, X25519), 1);
    struct shrike_proposal esp = rule(ESP, LIST(GCM256, SHORT_SN), 1);
    struct select_want rekey = {&ike, 1, IKE, .ike_rekey = true};
    begin();
    put_spi(1, ESP, LIST(GCM256, SHORT_SN), bytes_of("\0\0\0\xff", 4));
    CHECK(!choose(&esp, 1, KE_NONE));
    CHECK(!verify(&esp, 1));
    begin();
    put_spi(1, ESP, LIST(GCM256, SHORT_SN), bytes_of("\0\0\1\0", 4));
    CHECK(choose(&esp, 1, KE_NONE));
    begin();
    put_spi(1, IKE, LIST(GCM256, PRF256, X25519), bytes_of("\0\0\0\0\0\0\0\0", 8));
    CHECK(!select_proposal(body(), &rekey, &got, &why));
    begin();
    put_spi(1, IKE, LIST(GCM256, PRF256, X25519), bytes_of("\0\0\0\0\0\0\0\1", 8));
    CHECK(select_proposal(body(), &rekey, &got, &why));
}

TEST(the_reason_is_the_nearest_miss)
{
    struct shrike_proposal ours[] = {
        rule(IKE, LIST(CHACHA, PRF256, X25519), 11),
        rule(IKE, LIST(GCM256, PRF256, X25519), 12),
        rule(IKE, LIST(CBC256, PRF256, MAC256, X25519), 13),
    };
    begin();
    put(1, IKE, LIST(GCM256, PRF512, P256));
    put(2, IKE, LIST(GCM256, PRF256, P256));
    put(3, IKE, LIST(CBC256, PRF256, MAC512, X25519));
    CHECK(!choose(ours, 3, KE_NONE));
    CHECK_EQ(why.code, SHRIKE_REASON_NO_IKE_PROPOSAL);
    CHECK_EQ(why.detail, K);
    CHECK_EQ(why.origin.line, 12);
    CHECK(why.allowed == ours);
    CHECK_EQ(why.allowed_count, 3);
    CHECK(why.offered.at == octets);
    CHECK_EQ(why.offered.len, body().len);
    CHECK(!why.theirs);
    begin();
    put(1, IKE, LIST(GCM128, PRF256, X25519));
    CHECK(!choose(ours, 3, KE_NONE)); /* equally near: the first */
    CHECK_EQ(why.detail, E);
    CHECK_EQ(why.origin.line, 11);
}

/* RFC 8247 2.4: also when there are several, and beside strong ones of another type. */
TEST(only_weak_ones_are_told_apart)
{
    struct shrike_proposal ours = rule(IKE, LIST(GCM256, PRF256, X25519), 11);
    begin();
    put(1, IKE, LIST(GCM256, PRF256, {K, KE_MODP1024, 0}, {K, KE_MODP1536, 0}));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK(why.code == SHRIKE_REASON_WEAK_PROPOSAL && why.detail == K && why.origin.line == 11);
    put(2, IKE, LIST(GCM256, PRF256, P256));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.code, SHRIKE_REASON_NO_IKE_PROPOSAL);
    begin();
    put(1, IKE, LIST({E, ENCR_3DES, 0}, PRF256, MAC256, X25519));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK(why.code == SHRIKE_REASON_WEAK_PROPOSAL && why.detail == E);
    ours = rule(IKE, LIST(GCM256, PRF256, {K, KE_MODP1024, 0}), 12);
    begin();
    put(1, IKE, LIST(GCM256, PRF256, {K, KE_MODP1024, 0})); /* named */
    CHECK(choose(&ours, 1, KE_NONE));
}

TEST(every_step_is_nearer_than_the_one_before)
{
    const struct shrike_transform addke = {ADDKE1, 35, 0};
    struct shrike_proposal ours = rule(ESP, LIST(CBC256, MAC256, X25519, SHORT_SN), 1);
    begin(); /* each proposal gets one step further */
    put(1, AH, LIST(CBC256, MAC256, X25519, SHORT_SN));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, 0);
    put(2, ESP, LIST(CHACHA, MAC256, X25519, SHORT_SN));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, E);
    put(3, ESP, LIST(CBC256, PRF256, MAC256, X25519, SHORT_SN));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, P);
    put(4, ESP, LIST(CBC256, MAC512, X25519, SHORT_SN));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, I);
    put(5, ESP, LIST(CBC256, MAC256, P256, SHORT_SN));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, K);
    put(6, ESP, LIST(CBC256, MAC256, X25519, LONG_SN));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, S);
    put(7, ESP, LIST(CBC256, MAC256, X25519, SHORT_SN, addke));
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK_EQ(why.detail, ADDKE1);
}

TEST(a_list_ends_with_its_count)
{
    struct shrike_proposal ours = rule(IKE, LIST(GCM256, PRF256, X25519, MODP2048), 1);
    begin();
    put(1, IKE, LIST(GCM256, PRF256, MODP2048));
    CHECK(choose(&ours, 1, KE_NONE));
    struct choice cut = got;
    ours.transform_count = 3;
    CHECK(!choose(&ours, 1, KE_NONE));
    CHECK(!select_allows(&ours, 1, &cut));
}

TEST(a_broken_payload_is_refused_whole)
{
    struct shrike_proposal ours = rule(ESP, LIST(GCM256, SHORT_SN), 1);
    struct select_want want = {&ours, 1, ESP, .ke_hint = KE_NONE};
    begin();
    CHECK(!choose(&ours, 1, KE_NONE)); /* no proposal at all */
    CHECK_EQ(why.code, SHRIKE_REASON_SYNTAX);
    CHECK_EQ(why.detail, PAYLOAD_SA);
    put(1, ESP, LIST(GCM256, SHORT_SN));
    put(2, ESP, LIST(GCM256, SHORT_SN));
    struct bytes all = body();
    for (size_t len = 0; len < all.len; len++) {
        CHECK(!select_proposal(bytes_of(octets, len), &want, &got, &why));
        CHECK_EQ(why.code, SHRIKE_REASON_SYNTAX);
        CHECK(!select_verify(bytes_of(octets, len), &want, &got, &why));
        CHECK_EQ(why.code, SHRIKE_REASON_SYNTAX);
    }
    CHECK(select_proposal(all, &want, &got, &why));
}

/* RFC 7296 2.7 (3), 3.3.4 (6) */
TEST(nothing_allowed_is_nothing_chosen)
{
    struct select_want want = {.protocol = ESP};
    begin();
    put(1, ESP, LIST(GCM256, SHORT_SN));
    CHECK(!select_proposal(body(), &want, &got, &why));
    CHECK(!select_verify(body(), &want, &got, &why));
    CHECK(why.origin.file == NULL);
}

TEST(an_answer_is_one_proposal_with_one_of_each)
{
    struct shrike_proposal ours[] = {
        rule(IKE, LIST(GCM256, GCM128, PRF256, X25519), 1),
        rule(IKE, LIST(CHACHA, PRF256, X25519), 2),
    };
    begin();
    put(1, IKE, LIST(GCM128, PRF256, X25519));
    CHECK(verify(ours, 2));
    CHECK_EQ(got.encr_bits, 128);
    CHECK(got.rule == ours);
    put(2, IKE, LIST(CHACHA, PRF256, X25519));
    CHECK(!verify(ours, 2));
    begin();
    put(1, IKE, LIST(GCM128, GCM256, PRF256, X25519));
    CHECK(!verify(ours, 2));
    CHECK_EQ(why.detail, E);
    begin();
    put(1, IKE, LIST(GCM128, PRF256, PRF256, X25519));
    CHECK(!verify(ours, 2));
    CHECK_EQ(why.detail, P);
}

TEST(an_answer_has_the_number_of_its_offer)
{
    struct shrike_proposal ours[] = {
        rule(IKE, LIST(GCM256, PRF256, X25519), 1),
        rule(IKE, LIST(CHACHA, PRF256, X25519), 2),
    };
    for (u8 number = 0; number < 5; number++) {
        begin();
        put(number, IKE, LIST(CHACHA, PRF256, X25519));
        CHECK_EQ(verify(ours, 2), number == 2);
        CHECK(number != 2 || got.rule == ours + 1);
        CHECK(number != 1 || (why.detail == E && why.origin.line == 1));
    }
}

/* RFC 7296 3.3.6 (5) */
TEST(an_answer_has_only_what_was_offered)
{
    const struct shrike_transform *ike = LIST(CBC256, PRF256, MAC256, X25519);
    CHECK(verify_one(IKE, ike, ike));
    CHECK(!verify_one(IKE, ike, LIST(CBC256, PRF512, MAC256, X25519)));
    CHECK_EQ(why.detail, P);
    CHECK(!verify_one(IKE, ike, LIST(CBC256, PRF256, MAC512, X25519)));
    CHECK(!verify_one(IKE, ike, LIST(CBC256, PRF256, MAC256, P256)));
    CHECK(!verify_one(IKE, ike, LIST(CBC256, PRF256, MAC256)));
    CHECK(!verify_one(IKE, ike, LIST(CBC256, PRF256, X25519)));
    const struct shrike_transform addke = {ADDKE1, 35, 0};
    CHECK(!verify_one(IKE, ike, LIST(CBC256, PRF256, MAC256, X25519, addke)));
    CHECK(verify_one(ESP, LIST(GCM256, LONG_SN, SHORT_SN), LIST(GCM256)));
    CHECK_EQ(got.sn, SN_32);
    CHECK(!verify_one(ESP, LIST(GCM256, LONG_SN), LIST(GCM256)));
    CHECK(!verify_one(ESP, LIST(GCM256, X25519, LONG_SN), LIST(GCM256, LONG_SN)));
    CHECK(!verify_one(ESP, LIST(GCM256, LONG_SN), LIST(GCM256, MAC256, LONG_SN)));
}

/* RFC 7296 3.3 (2, 10), 3.3.1 (2) */
TEST(an_offer_is_written_as_configured)
{
    struct shrike_proposal ours[] = {
        rule(ESP, LIST(CBC256, MAC256, X25519, P256, MODP2048, LONG_SN), 1),
        rule(ESP, LIST(CHACHA, SHORT_SN), 2),
    };
    struct offer o = {.spi = esp_spi, .spi_len = 4};
    struct proposal p;
    begin();
    select_offer(&wire, ours, 2, &o);
    struct reader r = reader_of(body());
    CHECK(proposal_read(&r, &p));
    CHECK_EQ(p.number, 1);
    CHECK_EQ(p.protocol, ESP);
    CHECK_EQ(p.spi_len, 4);
    CHECK_BYTES(p.spi, esp_spi, 4);
    CHECK_EQ(p.transform_count, 6);
    for (unsigned i = 0; i < 6; i++) {
        CHECK_EQ(p.transforms[i].type, ours[0].transforms[i].type);
        CHECK_EQ(p.transforms[i].id, ours[0].transforms[i].id);
        CHECK_EQ(p.transforms[i].key_bits, ours[0].transforms[i].key_bits);
    }
    CHECK(proposal_read(&r, &p));
    CHECK_EQ(p.number, 2);
    CHECK_EQ(p.transform_count, 2);
    CHECK(read_ended(&r));
}

TEST(an_offer_puts_one_group_first)
{
    struct shrike_proposal ours[] = {
        rule(IKE, LIST(GCM256, PRF256, X25519, P256, MODP2048), 1),
        rule(IKE, LIST(CHACHA, PRF256, X25519), 2),
    };
    struct offer o = {.group_first = 19};
    static const u16 groups[] = {19, KE_CURVE25519, 14};
    struct proposal p;
    begin();
    select_offer(&wire, ours, 2, &o);
    struct reader r = reader_of(body());
    CHECK(proposal_read(&r, &p));
    CHECK_EQ(p.transform_count, 5);
    unsigned seen = 0;
    for (unsigned i = 0; i < p.transform_count; i++) {
        if (p.transforms[i].type == K)
            CHECK_EQ(p.transforms[i].id, groups[seen++]);
    }
    CHECK_EQ(seen, 3);
    CHECK(proposal_read(&r, &p)); /* does not have it: stays as it is */
    CHECK_EQ(p.transform_count, 3);
}

TEST(an_offer_for_ike_auth_has_no_groups)
{
    struct shrike_proposal ours = rule(ESP, LIST(GCM256, X25519, NO_KE, SHORT_SN), 1);
    struct offer o = {.spi = esp_spi, .spi_len = 4, .without_ke = true, .group_first = 31};
    struct proposal p;
    begin();
    select_offer(&wire, &ours, 1, &o);
    struct reader r = reader_of(body());
    CHECK(proposal_read(&r, &p));
    CHECK_EQ(p.transform_count, 2);
    CHECK_EQ(p.transforms[0].type, E);
    CHECK_EQ(p.transforms[1].type, S);
}

TEST(an_offer_stops_at_255_transforms)
{
    static struct shrike_transform many[301];
    for (unsigned i = 0; i < 300; i++)
        many[i] = (struct shrike_transform){K, (u16)(1000 + i), 0};
    struct shrike_proposal ours = rule(IKE, many, 1);
    struct offer o = {.group_first = 1299};
    struct proposal p;
    begin();
    select_offer(&wire, &ours, 1, &o);
    struct reader r = reader_of(body());
    CHECK(proposal_read(&r, &p));
    CHECK_EQ(p.transform_count, 255);
    CHECK_EQ(p.transforms[0].id, 1299);
    CHECK_EQ(p.transforms[254].id, 1253);
}

/* RFC 7296 2.7 (4), 3.3.1 (3), 3.3.6 (4) */
TEST(an_answer_octet_for_octet)
{
    /* RFC 7296 3.3: one proposal, number 2, ESP, SPI c0010203; AES-GCM-16 with 256 bits, 64-bit SN.
     */
    u8 expected[64];
    size_t len = hex("0000 0020 0203 0402 c0010203"
                     "0300 000c 0100 0014 800e 0100"
                     "0000 0008 0500 0001",
                     expected, sizeof(expected));
    struct shrike_proposal ours = rule(ESP, LIST(GCM256, LONG_SN), 1);
    begin();
    put(1, ESP, LIST(CHACHA, LONG_SN));
    put(2, ESP, LIST(GCM128, GCM256, LONG_SN, SHORT_SN));
    CHECK(choose(&ours, 1, KE_NONE));
    begin();
    select_answer(&wire, &got, esp_spi, 4);
    CHECK_EQ(body().len, len);
    CHECK_BYTES(octets, expected, len);
}

TEST(what_else_allows_a_choice)
{
    CHECK(meet(IKE, LIST(GCM256, PRF256, X25519), LIST(GCM256, PRF256, X25519)));
    struct shrike_proposal same = rule(IKE, LIST(CHACHA, GCM256, PRF512, PRF256, X25519), 1);
    struct shrike_proposal others[] = {
        rule(IKE, LIST(GCM128, PRF256, X25519), 1),
        rule(IKE, LIST(GCM256, PRF512, X25519), 1),
        rule(IKE, LIST(GCM256, PRF256, P256), 1),
        rule(IKE, LIST(GCM256, PRF256, MAC256, X25519), 1),
        rule(IKE, LIST(GCM256, PRF256), 1),
        rule(ESP, LIST(GCM256, PRF256, X25519), 1),
        rule(IKE, LIST(GCM256, PRF256, X25519, NO_MAC), 1),
    };
    CHECK(select_allows(&same, 1, &got));
    CHECK(!select_allows(others, 6, &got));
    CHECK(select_allows(others, 7, &got));
    CHECK(!select_allows(NULL, 0, &got));
}

/* ---- against a model ---- */

static u64 dice = 88172645463325252u;

static unsigned roll(unsigned sides)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice >> 33) % sides;
}

static const struct shrike_transform all_types[] = {
    GCM256, GCM128, CBC256, CHACHA, PRF256, PRF512,   MAC256,
    MAC512, NO_MAC, X25519, P256,   NO_KE,  SHORT_SN, LONG_SN,
};

/* A random choice of transforms in a random order; of ciphers either AEADs or others. */
static void random_list(struct shrike_transform *out, bool ours)
{
    unsigned n = 0;
    unsigned keep = 1 + roll(3);
    bool aead = roll(2);
    for (unsigned i = 0; i < ARRAY_LEN(all_types); i++) {
        bool cbc = all_types[i].id == ENCR_AES_CBC && all_types[i].type == E;
        if (roll(4) >= keep || (ours && all_types[i].type == E && cbc == aead))
            continue;
        unsigned at = roll(n + 1);
        memmove(out + at + 1, out + at, (n - at) * sizeof(*out));
        out[at] = all_types[i];
        n++;
    }
    out[n] = (struct shrike_transform){0};
}

static bool lists(const struct shrike_transform *list, const struct shrike_transform *t)
{
    bool type = false;
    for (; list->type; list++) {
        if (list->type == t->type && list->id == t->id && list->key_bits == t->key_bits)
            return true;
        type |= list->type == t->type;
    }
    return !type && t->id == 0;
}

/* Is there any legal set of one of each type that both lists hold? */
static bool model(u8 protocol, const struct shrike_transform *a, const struct shrike_transform *b)
{
    static const struct shrike_transform none[] = {{E, 0, 0}, {P, 0, 0}, {I, 0, 0}, {K, 0, 0}};
    bool have[6][2] = {{false}}; /* type; an AEAD, a real algorithm */
    bool plain = false;
    for (unsigned i = 0; i < ARRAY_LEN(all_types) + ARRAY_LEN(none); i++) {
        const struct shrike_transform *t =
            i < ARRAY_LEN(all_types) ? &all_types[i] : &none[i - ARRAY_LEN(all_types)];
        if (!lists(a, t) || !lists(b, t))
            continue;
        have[t->type][t->type == S || t->id != 0] = true;
        plain |= t->type == E && t->id == ENCR_AES_CBC;
    }
    bool long_only = !lists(a, &(struct shrike_transform)SHORT_SN) ||
                     !lists(b, &(struct shrike_transform)SHORT_SN);
    bool cipher = plain ? have[I][1] : have[E][1] && have[I][0];
    if (protocol == IKE)
        return cipher && have[P][1] && have[K][1] && !long_only;
    return cipher && have[P][0] && (have[K][0] || have[K][1]) && have[S][1];
}

/* RFC 7296 3.3.4 (5) */
TEST(the_choice_agrees_with_a_model)
{
    unsigned agreed = 0;
    for (unsigned round = 0; round < 200000; round++) {
        struct shrike_transform a[LIST_MAX], b[LIST_MAX];
        u8 protocol = roll(2) ? IKE : ESP;
        random_list(a, true);
        random_list(b, false);
        CHECK_EQ(meet(protocol, a, b), model(protocol, a, b));
        agreed += model(protocol, a, b);
    }
    CHECK(agreed > 1000);
}

/* RFC 7296 2.7 (4) */
TEST(both_sides_come_to_the_same)
{
    unsigned agreed = 0;
    for (unsigned round = 0; round < 200000; round++) {
        struct shrike_transform a[3][LIST_MAX], b[LIST_MAX];
        struct shrike_proposal ours[3];
        u8 protocol = roll(2) ? IKE : ESP;
        struct offer o = {
            .spi = esp_spi, .spi_len = protocol == IKE ? 0 : 4, .without_ke = roll(2)};
        for (unsigned i = 0; i < 3; i++) {
            random_list(a[i], true);
            ours[i] = rule(protocol, a[i], i);
        }
        random_list(b, true);
        struct shrike_proposal theirs = rule(protocol, b, 9);
        struct select_want want = {&theirs, 1, protocol, .ke_ignored = o.without_ke};
        begin();
        select_offer(&wire, ours, 3, &o);
        if (!select_proposal(body(), &want, &got, &why))
            continue;
        struct choice responder = got;
        begin();
        select_answer(&wire, &got, esp_spi, o.spi_len);
        want.ours = ours;
        want.count = 3;
        CHECK(select_verify(body(), &want, &got, &why));
        CHECK_EQ(got.rule->origin.line + 1, got.number);
        CHECK(o.without_ke || select_allows(&theirs, 1, &got));
        got.rule = responder.rule;
        CHECK_BYTES(&got, &responder, sizeof(got));
        agreed++;
    }
    CHECK(agreed > 1000);
}

TEST(groups_are_found_in_order)
{
    struct shrike_proposal ours[] = {
        rule(ESP, LIST(GCM256, SHORT_SN), 1),
        rule(ESP, LIST(GCM256, P256, X25519), 2),
    };
    CHECK_EQ(select_first_group(ours, 1), KE_NONE);
    CHECK_EQ(select_first_group(ours, 2), KE_ECP256);
    CHECK(select_has_group(ours, 2, KE_CURVE25519));
    CHECK(!select_has_group(ours, 1, KE_CURVE25519));
    CHECK(!select_has_group(ours, 2, KE_MODP2048));
    CHECK(!select_has_group(ours, 2, KE_NONE));
}

int main(void)
{
    return RUN(groups_are_found_in_order) | RUN(everything_chosen_is_told) |
           RUN(our_order_comes_first) | RUN(of_theirs_the_first_that_fits) |
           RUN(the_group_that_came_is_taken) | RUN(key_lengths_are_equal) |
           RUN(an_aead_stands_alone) | RUN(another_cipher_never_stands_alone) |
           RUN(each_protocol_has_its_types) | RUN(esp_without_sn_means_32_bits) |
           RUN(esp_may_do_without_ke) | RUN(groups_are_passed_over_in_ike_auth) |
           RUN(an_unknown_type_spoils_the_proposal) |
           RUN(an_unknown_attribute_spoils_the_transform) |
           RUN(spi_sizes_are_those_of_the_protocol) | RUN(reserved_spis_are_refused) |
           RUN(the_reason_is_the_nearest_miss) | RUN(only_weak_ones_are_told_apart) |
           RUN(a_broken_payload_is_refused_whole) | RUN(every_step_is_nearer_than_the_one_before) |
           RUN(a_list_ends_with_its_count) | RUN(nothing_allowed_is_nothing_chosen) |
           RUN(an_answer_is_one_proposal_with_one_of_each) |
           RUN(an_answer_has_the_number_of_its_offer) | RUN(an_answer_has_only_what_was_offered) |
           RUN(an_offer_is_written_as_configured) | RUN(an_offer_puts_one_group_first) |
           RUN(an_offer_for_ike_auth_has_no_groups) | RUN(an_offer_stops_at_255_transforms) |
           RUN(an_answer_octet_for_octet) | RUN(what_else_allows_a_choice) |
           RUN(the_choice_agrees_with_a_model) | RUN(both_sides_come_to_the_same);
}
