/* ESP's ciphers: published packets, round trips, and every bit that must not be changed. */
#include "esp/cipher.h"
#include "suites.h"
#include "test.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define TEXT_LEN  48
#define LONG_TEXT 2048
#define SEQ       ((u64)3 << 32 | 9)

static void fill(u8 *packet, size_t size, u64 seq)
{
    for (size_t i = 0; i < size; i++)
        packet[i] = (u8)(i * 3);
    memcpy(packet, "\x12\x34\x56\x78", 4);
    for (int i = 0; i < 4; i++)
        packet[4 + i] = (u8)((u32)seq >> (24 - 8 * i));
}

/* As a receiver has it: the low half from the packet. */
static u64 seq_of(const u8 *packet)
{
    u32 low = 0;
    for (int i = 0; i < 4; i++)
        low = low << 8 | packet[4 + i];
    return SEQ >> 32 << 32 | low;
}

static size_t whole_len(const struct cipher *c)
{
    return (size_t)ESP_HEADER_LEN + c->iv_len + TEXT_LEN + c->icv_len;
}

TEST(what_is_sealed_opens_and_nothing_else)
{
    for (size_t i = 0; i < ARRAY_LEN(esp_suites); i++) {
        for (int esn = 0; esn < 2; esn++) {
            struct cipher *seal = esp_suite_new(&esp_suites[i], esn, true);
            struct cipher *open = esp_suite_new(&esp_suites[i], esn, false);
            CHECK(seal && open);
            u8 packet[256], plain[256], bad[256];
            fill(packet, sizeof(packet), SEQ);
            memcpy(plain, packet, sizeof(plain));
            struct cipher_job j = {packet, TEXT_LEN, SEQ};
            CHECK(cipher_seal(seal, &j));
            size_t text = (size_t)ESP_HEADER_LEN + seal->iv_len, len = whole_len(seal);
            CHECK_BYTES(packet, plain, ESP_HEADER_LEN);
            CHECK(esp_suites[i].encr == ENCR_NULL || memcmp(packet + text, plain + text, 48) != 0);
            CHECK_BYTES(packet + len, plain + len, sizeof(plain) - len); /* nothing behind it */
            for (size_t bit = 0; bit < len * 8; bit++) {
                memcpy(bad, packet, sizeof(bad));
                bad[bit / 8] ^= (u8)(1 << bit % 8);
                CHECK(!cipher_open(open, &(struct cipher_job){bad, TEXT_LEN, seq_of(bad)}));
            }
            memcpy(bad, packet, sizeof(bad));
            /* The high half counts when it was agreed, and only then. */
            CHECK_EQ(cipher_open(open, &(struct cipher_job){bad, TEXT_LEN, 9}), !esn);
            CHECK(cipher_open(open, &j));
            CHECK_BYTES(packet + text, plain + text, TEXT_LEN);
            cipher_free(seal);
            cipher_free(open);
        }
    }
}

TEST(ivs_differ_and_those_of_cbc_cannot_be_foreseen)
{
    for (size_t i = 0; i < ARRAY_LEN(esp_suites); i++) {
        struct cipher *seal = esp_suite_new(&esp_suites[i], false, true);
        u8 one[256], two[256];
        fill(one, sizeof(one), 1);
        fill(two, sizeof(two), 2);
        CHECK(cipher_seal(seal, &(struct cipher_job){one, TEXT_LEN, 1}));
        CHECK(cipher_seal(seal, &(struct cipher_job){two, TEXT_LEN, 2}));
        if (seal->iv_len)
            CHECK(memcmp(one + 8, two + 8, seal->iv_len) != 0);
        unsigned same = 0; /* octets of both IVs; two random ones have hardly any */
        for (size_t k = 0; k < seal->iv_len; k++)
            same += one[8 + k] == two[8 + k];
        CHECK(esp_suites[i].encr != ENCR_AES_CBC || same < 4);
        cipher_free(seal);
    }
}

struct published {
    u16 encr, bits;
    u64 seq;
    bool esn;
    const char *key, *packet, *text;
};

/* The last test case of each kind of draft-mcgrew-gcm-test-01 that has one, and RFC 7634 A. */
static const struct published published[] = {
    {ENCR_AES_GCM_16, 128, UINT64_C(0x8765432100000000), true,
     "4c80cdefbb5d10da906ac73c3613a6342e443b68",
     "00004321000000004956ed7e3b244cfe"
     "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34"
     "cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
     "61bc17d768fd9732459018148f6cbe722fd04796562dfdb4",
     "45000048699a000080114db7c0a80102c0a801010a9bf15638d3010000010000"
     "00000000045f736970045f756470037369700963796265726369747902646b00"
     "0021000101020201"},
    {ENCR_AES_GCM_16, 192, 10, false, "feffe9928665731c6d6a8f9467308308feffe9928665731ccafebabe",
     "0000a5f80000000afacedbaddecaf888"
     "a5b1f8066029aea40e598b8122de02420938b3ab33f828e687b8858b5bfbdbd0"
     "315b27452144cc7795457b9652037f5318027b5b4cd7a636",
     "45000028a4ad4000400678800a01038f0a010612802306b8cb712602dd6bb03e"
     "501016d075680001"},
    {ENCR_CHACHA20_POLY1305, 0, 5, false,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3",
     "01020304000000051011121314151617"
     "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
     "14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
     "cbec163fac469b502773f6fb94e664da9165b82829f641e0"
     "76aaa8266b7fb0f7b11b369907e1ad43",
     "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10"
     "0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
     "2425262728292a2b2c2d2e2f303132333435363701020204"},
};

TEST(published_packets_open)
{
    for (size_t i = 0; i < ARRAY_LEN(published); i++) {
        const struct published *p = &published[i];
        u8 key[64], packet[256], text[256];
        struct cipher_spec spec = {
            .encr = p->encr, .encr_bits = p->bits, .integ = INTEG_NONE, .esn = p->esn};
        spec.encr_key = bytes_of(key, hex(p->key, key, sizeof(key)));
        struct cipher *c = cipher_new(&spec);
        CHECK(c != NULL);
        size_t len = hex(p->packet, packet, sizeof(packet));
        size_t text_len = hex(p->text, text, sizeof(text));
        CHECK_EQ(len, (size_t)ESP_HEADER_LEN + c->iv_len + text_len + c->icv_len);
        CHECK(cipher_open(c, &(struct cipher_job){packet, text_len, p->seq}));
        CHECK_BYTES(packet + ESP_HEADER_LEN + c->iv_len, text, text_len);
        cipher_free(c);
    }
}

/* RFC 3602 4, case 7: a packet in tunnel mode, without an ICV, which we add. */
TEST(published_cbc_packet_opens)
{
    u8 key[16], integ[32] = {7}, packet[256], text[128], mac[EVP_MAX_MD_SIZE];
    size_t len = hex("0000876500000002f4e765244f6407adf13dc1380f673f37"
                     "773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8"
                     "e4ecaec78ac53aad7a0f022b859243c647752e94a859352b8a4d4d2decd136e5"
                     "c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d",
                     packet, sizeof(packet));
    size_t text_len = hex("4500005409040000 4001f988c0a87b03c0a87bc808009f76a90a0100b49c083d"
                          "02a20400 08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
                          "202122232425262728292a2b2c2d2e2f3031323334353637"
                          "0102030405060708090a0a04",
                          text, sizeof(text));
    CHECK_EQ(text_len, 96);
    CHECK(HMAC(EVP_sha256(), integ, sizeof(integ), packet, len, mac, NULL) != NULL);
    memcpy(packet + len, mac, 16);
    hex("0123456789abcdef0123456789abcdef", key, sizeof(key));
    struct cipher_spec spec = {.encr = ENCR_AES_CBC,
                               .encr_bits = 128,
                               .integ = INTEG_HMAC_SHA2_256_128,
                               .encr_key = {key, sizeof(key)},
                               .integ_key = {integ, sizeof(integ)}};
    struct cipher *c = cipher_new(&spec);
    CHECK(c != NULL);
    CHECK(cipher_open(c, &(struct cipher_job){packet, text_len, 2}));
    CHECK_BYTES(packet + ESP_HEADER_LEN + 16, text, text_len);
    cipher_free(c);
}

/* RFC 3686 6, test vector 2: the key stream begins at counter 1. */
TEST(published_ctr_text_opens)
{
    u8 key[20], integ[32] = {7}, packet[128], text[32], mac[EVP_MAX_MD_SIZE];
    hex("7e24067817fae0d743d6ce1f32539163006cb6db", key, sizeof(key));
    size_t len = hex("0000876500000002c0543b59da48d90b"
                     "5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28",
                     packet, sizeof(packet));
    hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", text, sizeof(text));
    CHECK(HMAC(EVP_sha256(), integ, sizeof(integ), packet, len, mac, NULL) != NULL);
    memcpy(packet + len, mac, 16);
    struct cipher_spec spec = {.encr = ENCR_AES_CTR,
                               .encr_bits = 128,
                               .integ = INTEG_HMAC_SHA2_256_128,
                               .encr_key = {key, sizeof(key)},
                               .integ_key = {integ, sizeof(integ)}};
    struct cipher *c = cipher_new(&spec);
    CHECK(c != NULL);
    CHECK(cipher_open(c, &(struct cipher_job){packet, sizeof(text), 2}));
    CHECK_BYTES(packet + 16, text, sizeof(text));
    cipher_free(c);
}

TEST(wrong_specs_are_refused)
{
    u8 key[64] = {0};
    struct cipher_spec gcm = {.encr = ENCR_AES_GCM_16, .encr_bits = 128, .encr_key = {key, 20}};
    struct cipher_spec bad = gcm;
    struct cipher *c = cipher_new(&gcm);
    CHECK(c != NULL);
    cipher_free(c);
    bad.encr_key.len = 16; /* no salt */
    CHECK(!cipher_new(&bad));
    bad = gcm;
    bad.integ = INTEG_HMAC_SHA1_96;
    CHECK(!cipher_new(&bad));
    bad = (struct cipher_spec){.encr = ENCR_AES_CBC, .encr_bits = 128, .encr_key = {key, 16}};
    CHECK(!cipher_new(&bad)); /* without integrity */
    bad.integ = INTEG_HMAC_SHA1_96;
    bad.integ_key = bytes_of(key, 16);
    CHECK(!cipher_new(&bad));
    bad = (struct cipher_spec){.encr = ENCR_NULL};
    CHECK(!cipher_new(&bad));
    bad = (struct cipher_spec){.encr = ENCR_AES_CCM_16, .encr_bits = 128, .encr_key = {key, 19}};
    CHECK(!cipher_new(&bad));
    bad = (struct cipher_spec){.encr = ENCR_3DES, .encr_key = {key, 24}};
    CHECK(!cipher_new(&bad));
    cipher_free(NULL);
}

/* What stood in the buffer before is no part of what leaves. */
TEST(the_buffer_is_no_input)
{
    for (size_t i = 0; i < ARRAY_LEN(esp_suites); i++) {
        struct cipher *seal = esp_suite_new(&esp_suites[i], false, true);
        u8 one[256], two[256];
        fill(one, sizeof(one), 1);
        fill(two, sizeof(two), 1);
        memset(two + ESP_HEADER_LEN, 0xee, seal->iv_len);
        memset(two + whole_len(seal) - seal->icv_len, 0xee, seal->icv_len);
        CHECK(cipher_seal(seal, &(struct cipher_job){one, TEXT_LEN, 1}));
        CHECK(cipher_seal(seal, &(struct cipher_job){two, TEXT_LEN, 1}));
        CHECK_BYTES(one, two, whole_len(seal));
        cipher_free(seal);
    }
}

TEST(half_blocks_are_refused)
{
    u8 packet[128] = {0};
    struct cipher *c = esp_suite_new(&esp_suites[5], false, true);
    CHECK(!cipher_seal(c, &(struct cipher_job){packet, 40, 1}));
    CHECK(!cipher_open(c, &(struct cipher_job){packet, 40, 1}));
    cipher_free(c);
}

/* A packet of this length and number, through a cipher of each library. */
static bool agree(struct cipher *seal[2], struct cipher *open[2], size_t text_len, u64 seq)
{
    static u8 packets[2][ESP_HEADER_LEN + IV_MAX + LONG_TEXT + ICV_MAX];
    size_t whole = (size_t)ESP_HEADER_LEN + seal[0]->iv_len + text_len + seal[0]->icv_len;
    struct cipher_job jobs[2] = {{packets[0], text_len, seq}, {packets[1], text_len, seq}};
    fill(packets[0], whole, seq);
    memcpy(packets[1], packets[0], whole);
    if (!cipher_seal(seal[0], &jobs[0]) || !cipher_seal(seal[1], &jobs[1]) ||
        memcmp(packets[0], packets[1], whole) != 0)
        return false;
    packets[seq & 1][ESP_HEADER_LEN + seq % (whole - ESP_HEADER_LEN)] ^= 1; /* one is spoilt */
    return !cipher_open(open[!(seq & 1)], &jobs[seq & 1]) &&
           cipher_open(open[seq & 1], &jobs[!(seq & 1)]);
}

/* Both libraries make the same octets and take each other's, whatever the length. */
TEST(libraries_agree)
{
    for (size_t i = 0; i < ARRAY_LEN(esp_suites); i++) {
        struct cipher *seal[2], *open[2];
        for (int library = 0; library < 2; library++) {
            cipher_prefer(library == 0 ? CIPHER_FASTEST : CIPHER_OPENSSL);
            seal[library] = esp_suite_new(&esp_suites[i], i & 1, true);
            open[library] = esp_suite_new(&esp_suites[i], i & 1, false);
        }
        CHECK_EQ(seal[0]->align, seal[1]->align);
        CHECK_EQ(open[0]->block, open[1]->block);
        CHECK_EQ(seal[0]->icv_len, seal[1]->icv_len);
        u32 random = 1;
        for (u64 seq = 1; seq <= 300; seq++) {
            size_t len = seq; /* each small one, then some of all */
            random = random * 1103515245 + 12345;
            if (seq > 200)
                len = 1 + (random >> 8) % LONG_TEXT;
            len = (len + seal[0]->align - 1) / seal[0]->align * seal[0]->align;
            CHECK(agree(seal, open, MIN(len, (size_t)LONG_TEXT), (i & 1 ? SEQ : 0) + seq));
        }
        for (int library = 0; library < 2; library++) {
            cipher_free(seal[library]);
            cipher_free(open[library]);
        }
    }
}

/* libipsec-mb where it is there and has the suite; OpenSSL for the rest, and when it is preferred.
 */
TEST(a_library_is_chosen)
{
    for (size_t i = 0; i < ARRAY_LEN(esp_suites); i++) {
        struct cipher_spec spec = esp_suite_spec(&esp_suites[i], false, true);
        struct cipher *other = cipher_new_ipsecmb(&spec);
        cipher_prefer(CIPHER_FASTEST);
        struct cipher *c = cipher_new(&spec);
        CHECK(strcmp(cipher_library(c), other ? "libipsec-mb" : "OpenSSL") == 0);
        CHECK(!other || suite_encr(spec.encr, spec.encr_bits)->aead);
        cipher_free(c);
        cipher_free(other);
        cipher_prefer(CIPHER_OPENSSL);
        c = cipher_new(&spec);
        CHECK(strcmp(cipher_library(c), "OpenSSL") == 0);
        cipher_free(c);
    }
}

static int run_all(void)
{
    return RUN(what_is_sealed_opens_and_nothing_else) |
           RUN(ivs_differ_and_those_of_cbc_cannot_be_foreseen) | RUN(published_packets_open) |
           RUN(published_cbc_packet_opens) | RUN(published_ctr_text_opens) |
           RUN(wrong_specs_are_refused) | RUN(the_buffer_is_no_input) |
           RUN(half_blocks_are_refused);
}

int main(void)
{
    cipher_prefer(CIPHER_FASTEST);
    int failed = run_all();
    cipher_prefer(CIPHER_OPENSSL);
    failed |= run_all();
    return failed | RUN(libraries_agree) | RUN(a_library_is_chosen);
}
