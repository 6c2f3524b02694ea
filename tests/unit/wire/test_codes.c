/* Code points: names and numbers belong together, once each. */
#include "test.h"
#include "wire/codes.h"

static const struct {
    enum code_kind kind;
    const char *kind_name;
    const char *enumerator;
    u16 number;
    const char *name;
} all[] = {
#define CODE(kind, enumerator, number, text) {CODE_##kind, #kind, #enumerator, number, text},
#include "wire/codes.def"
#undef CODE
};

TEST(each_number_and_name_once)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CHECK(code_name(all[i].kind, all[i].number) == all[i].name ||
              strcmp(code_name(all[i].kind, all[i].number), all[i].name) == 0);
        CHECK_EQ(code_number(all[i].kind, all[i].name), all[i].number);
    }
}

TEST(enumerators_carry_their_registry)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        size_t n = strlen(all[i].kind_name);
        CHECK(strncmp(all[i].enumerator, all[i].kind_name, n) == 0);
        CHECK(all[i].enumerator[n] == '_');
    }
}

TEST(every_registry_has_rows)
{
    bool has[CODE_KIND_COUNT] = {false};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        has[all[i].kind] = true;
    for (size_t i = 0; i < CODE_KIND_COUNT; i++)
        CHECK(has[i]);
}

TEST(strangers_have_no_name)
{
    CHECK(code_name(CODE_EXCHANGE, 33) == NULL);
    CHECK(code_name(CODE_EXCHANGE, 45) == NULL);
    CHECK(code_name(CODE_PAYLOAD, 32) == NULL);
    CHECK(code_name(CODE_PAYLOAD, 55) == NULL);
    CHECK(code_name(CODE_ENCR, 0) == NULL);
    CHECK(code_name(CODE_ENCR, 17) == NULL);
    CHECK(code_name(CODE_ENCR, 256 + 12) == NULL);
    CHECK(code_name(CODE_KE, 3) == NULL);
    CHECK(code_name(CODE_NOTIFY, 65535) == NULL);
}

TEST(names_are_exact)
{
    CHECK_EQ(code_number(CODE_ENCR, "AES_GCM_16"), 20);
    CHECK_EQ(code_number(CODE_ENCR, "AES_GCM_1"), -1);
    CHECK_EQ(code_number(CODE_ENCR, "AES_GCM_16_"), -1);
    CHECK_EQ(code_number(CODE_ENCR, "aes_gcm_16"), -1);
    CHECK_EQ(code_number(CODE_ENCR, ""), -1);
    CHECK_EQ(code_number(CODE_PRF, "AES_GCM_16"), -1);
    CHECK_EQ(code_number(CODE_AUTH, "NULL"), 13);
    CHECK_EQ(code_number(CODE_ID, "NULL"), 13);
    CHECK_EQ(code_number(CODE_ENCR, "NULL"), 11);
}

/* Written down a second time from the documents that assign them: what goes on the wire in every
 * handshake. */
TEST(numbers_of_the_registry)
{
    /* RFC 7296 3.1, 3.2 */
    CHECK_EQ(EXCHANGE_IKE_SA_INIT, 34);
    CHECK_EQ(EXCHANGE_INFORMATIONAL, 37);
    CHECK_EQ(PAYLOAD_SA, 33);
    CHECK_EQ(PAYLOAD_SK, 46);
    CHECK_EQ(PAYLOAD_EAP, 48);
    CHECK_EQ(PAYLOAD_SKF, 53); /* RFC 7383 2.5 */
    /* RFC 7296 3.3 */
    CHECK_EQ(PROTOCOL_ESP, 3);
    CHECK_EQ(TRANSFORM_SN, 5);
    CHECK_EQ(ATTRIBUTE_KEY_LENGTH, 14);
    CHECK_EQ(ENCR_AES_CBC, 12);
    CHECK_EQ(ENCR_AES_GCM_16, 20);         /* RFC 4106 */
    CHECK_EQ(ENCR_CHACHA20_POLY1305, 28);  /* RFC 7634 */
    CHECK_EQ(PRF_HMAC_SHA2_256, 5);        /* RFC 4868 */
    CHECK_EQ(INTEG_HMAC_SHA2_256_128, 12); /* RFC 4868 */
    CHECK_EQ(KE_MODP2048, 14);             /* RFC 3526 */
    CHECK_EQ(KE_ECP256, 19);               /* RFC 5903 */
    CHECK_EQ(KE_CURVE25519, 31);           /* RFC 8031 */
    CHECK_EQ(KE_CURVE448, 32);
    /* RFC 7296 3.5, 3.8, 3.13.1 */
    CHECK_EQ(ID_FQDN, 2);
    CHECK_EQ(ID_KEY_ID, 11);
    CHECK_EQ(AUTH_PSK, 2);
    CHECK_EQ(AUTH_DIGITAL_SIGNATURE, 14);
    CHECK_EQ(TS_IPV4_ADDR_RANGE, 7);
    CHECK_EQ(TS_IPV6_ADDR_RANGE, 8);
    /* RFC 7296 3.10.1 */
    CHECK_EQ(NOTIFY_NO_PROPOSAL_CHOSEN, 14);
    CHECK_EQ(NOTIFY_INVALID_KE_PAYLOAD, 17);
    CHECK_EQ(NOTIFY_AUTHENTICATION_FAILED, 24);
    CHECK_EQ(NOTIFY_TEMPORARY_FAILURE, 43);
    CHECK_EQ(NOTIFY_NAT_DETECTION_SOURCE_IP, 16388);
    CHECK_EQ(NOTIFY_NAT_DETECTION_DESTINATION_IP, 16389);
    CHECK_EQ(NOTIFY_COOKIE, 16390);
    CHECK_EQ(NOTIFY_REKEY_SA, 16393);
    CHECK_EQ(NOTIFY_IKEV2_FRAGMENTATION_SUPPORTED, 16430); /* RFC 7383 2.3 */
    CHECK_EQ(NOTIFY_SIGNATURE_HASH_ALGORITHMS, 16431);     /* RFC 7427 4 */
}

TEST(errors_end_where_status_begins)
{
    CHECK(notify_is_error(0));
    CHECK(notify_is_error(NOTIFY_INVALID_SYNTAX));
    CHECK(notify_is_error(16383));
    CHECK(!notify_is_error(16384));
    CHECK(!notify_is_error(65535));
}

int main(void)
{
    return RUN(each_number_and_name_once) | RUN(enumerators_carry_their_registry) |
           RUN(every_registry_has_rows) | RUN(strangers_have_no_name) | RUN(names_are_exact) |
           RUN(numbers_of_the_registry) | RUN(errors_end_where_status_begins);
}
