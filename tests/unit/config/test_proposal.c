/* Proposals: names to numbers, what is made whole, what is refused and why. */
#include "config/proposal.h"
#include "crypto/weak.h"
#include "tools.h"
#include "wire/codes.h"

static struct pool pool;
static struct proposal_list list;

static bool read_list(uint8_t protocol, const char *text)
{
    struct shrike_proposal like = {.protocol = protocol, .origin = {"f", 7}};
    memset(&report, 0, sizeof(report));
    list.count = 0;
    proposals_read(&pool, &like, text, &list, &report);
    return report.errors == 0;
}

static bool is(uint16_t at, uint16_t i, uint8_t type, uint16_t id, uint16_t bits)
{
    const struct shrike_transform *t = &list.at[at].transforms[i];
    return i < list.at[at].transform_count && t->type == type && t->id == id && t->key_bits == bits;
}

/* RFC 7296 3.3.4 (4) */
TEST(ike)
{
    CHECK(read_list(PROTOCOL_IKE, "aes256gcm16-prfsha384-x25519, aes128-sha256-modp2048"));
    CHECK_EQ(list.count, 2);
    CHECK(is(0, 0, TRANSFORM_ENCR, ENCR_AES_GCM_16, 256) && list.at[0].transform_count == 3);
    CHECK(is(0, 1, TRANSFORM_PRF, PRF_HMAC_SHA2_384, 0));
    CHECK(is(0, 2, TRANSFORM_KE, KE_CURVE25519, 0));
    CHECK(is(1, 0, TRANSFORM_ENCR, ENCR_AES_CBC, 128) && list.at[1].transform_count == 4);
    CHECK(is(1, 1, TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128, 0));
    CHECK(is(1, 3, TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0)); /* from the integrity algorithm */
    CHECK_EQ(list.at[1].origin.line, 7);
    CHECK(read_list(PROTOCOL_IKE, "aes128gcm16-sha256-ecp256"));
    CHECK(list.at[0].transform_count == 3 && is(0, 2, TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0));
    CHECK(read_list(PROTOCOL_IKE, "chacha20poly1305-prfsha256-modp1024")); /* weak, but named */
    CHECK_EQ(report.count, 1);
}

TEST(esp)
{
    CHECK(read_list(PROTOCOL_ESP, "aes128gcm16,aes256-sha1-esn-noesn-x25519,null-sha256"));
    CHECK_EQ(list.count, 3);
    CHECK(list.at[0].transform_count == 2 && is(0, 1, TRANSFORM_SN, SN_32, 0));
    CHECK(list.at[1].transform_count == 5 && is(1, 2, TRANSFORM_SN, SN_64, 0));
    CHECK(is(2, 0, TRANSFORM_ENCR, ENCR_NULL, 0));
}

TEST(ah)
{
    CHECK(read_list(PROTOCOL_AH, "sha256-x25519,sha1-sha512-esn"));
    CHECK_EQ(list.count, 2);
    CHECK(list.at[0].transform_count == 3 && list.at[0].protocol == PROTOCOL_AH);
    CHECK(is(0, 0, TRANSFORM_INTEG, INTEG_HMAC_SHA2_256_128, 0) &&
          is(0, 2, TRANSFORM_SN, SN_32, 0));
    CHECK(list.at[1].transform_count == 3 && is(1, 2, TRANSFORM_SN, SN_64, 0));
    CHECK(read_list(PROTOCOL_AH, "default") && list.count == 1);
    for (int i = 0; i < list.at[0].transform_count; i++)
        CHECK(list.at[0].transforms[i].type >= TRANSFORM_INTEG);
}

TEST(the_default_has_nothing_weak)
{
    for (uint8_t protocol = PROTOCOL_IKE; protocol <= PROTOCOL_ESP; protocol += 2) {
        CHECK(read_list(protocol, "default"));
        CHECK_EQ(list.count, 2);
        for (int at = 0; at < 2; at++)
            for (int i = 0; i < list.at[at].transform_count; i++) {
                const struct shrike_transform *t = &list.at[at].transforms[i];
                CHECK(!weak_transform(t->type, t->id));
            }
    }
}

static bool refused(uint8_t protocol, const char *text, const char *why)
{
    return !read_list(protocol, text) && said(true, 7, why) && list.count == 0;
}

TEST(refused_with_reason)
{
    CHECK(refused(PROTOCOL_IKE, "aes256gcm16-x25519", "PRF"));
    CHECK(refused(PROTOCOL_IKE, "aes256-sha256", "key exchange"));
    CHECK(refused(PROTOCOL_IKE, "aes256-x25519", "integrity"));
    CHECK(refused(PROTOCOL_IKE, "sha256-x25519", "encryption"));
    CHECK(refused(PROTOCOL_IKE, "aes256-aes256gcm16-sha256-x25519", "two proposals"));
    CHECK(refused(PROTOCOL_IKE, "null-sha256-x25519", "always encrypted"));
    CHECK(refused(PROTOCOL_IKE, "aes256-sha256-x25519-esn", "esp_proposals"));
    CHECK(refused(PROTOCOL_IKE, "aes257-sha256-modp2048", "no such"));
    CHECK(refused(PROTOCOL_IKE, "aes256--sha256", "single dashes"));
    CHECK(refused(PROTOCOL_ESP, "aes256-sha256-prfsha256", "no PRF"));
    CHECK(refused(PROTOCOL_ESP, "aes256", "integrity"));
    CHECK(refused(PROTOCOL_AH, "aes256-sha256", "does not encrypt"));
    CHECK(refused(PROTOCOL_AH, "aes256gcm16", "does not encrypt"));
    CHECK(refused(PROTOCOL_AH, "sha256-prfsha256", "no PRF"));
    CHECK(refused(PROTOCOL_AH, "x25519", "integrity"));
}

/* Fewer alternatives are no weaker proposal; fewer key exchanges are. */
TEST(what_is_not_built_is_left_out)
{
    CHECK(read_list(PROTOCOL_IKE, "aes256-sha256-x25519-ke1_mlkem768, aes128-sha256-modp2048"));
    CHECK(said(false, 7, "ke1_mlkem768 is not built"));
    CHECK_EQ(list.count, 1);
    CHECK(is(0, 0, TRANSFORM_ENCR, ENCR_AES_CBC, 128));
    CHECK(read_list(PROTOCOL_IKE, "3des-aes256-camellia256ccm16-sha256-x25519"));
    CHECK(said(false, 7, "3des in proposal") && said(false, 7, "camellia256ccm16 in proposal"));
    CHECK(list.count == 1 && list.at[0].transform_count == 4);
    CHECK(read_list(PROTOCOL_IKE, "3des-sha256-modp2048") && list.count == 0);
    CHECK(said(false, 7, "what is left lacks something"));
    CHECK(read_list(PROTOCOL_ESP, "aes256-sha256_96") && list.count == 0);
}

int main(void)
{
    int bad = RUN(what_is_not_built_is_left_out) | RUN(ike) | RUN(esp) | RUN(ah) |
              RUN(the_default_has_nothing_weak) | RUN(refused_with_reason);
    pool_free(&pool);
    return bad;
}
