/* Proofs with a shared secret, for every PRF. */
#include "keys/psk.h"
#include "test.h"
#include "wire/codes.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

static struct bytes text(const char *s)
{
    return bytes_of(s, strlen(s));
}

static struct shrike_op op_of(enum shrike_op_kind kind, u16 prf, struct bytes value)
{
    struct shrike_op op = {.kind = kind};
    op.auth.kind = SHRIKE_AUTH_PSK;
    op.auth.prf = prf;
    op.auth.octets = text("what the peer signed");
    op.auth.value = value;
    return op;
}

TEST(what_is_proved_holds_and_nothing_else)
{
    struct shrike_provider *p = provider_openssl_new();
    size_t count;
    const struct prf_suite *all = suite_prf_all(&count);
    for (size_t i = 0; i < count; i++) {
        u8 value[PRF_MAX], mine[PRF_MAX];
        struct shrike_op prove = op_of(SHRIKE_PROVE, all[i].id, bytes_of(NULL, 0));
        struct shrike_answer a = psk_answer(p, text("secret"), &prove, value);
        CHECK(a.ok && a.value.len == all[i].len && a.value.at == value);
        struct shrike_op check = op_of(SHRIKE_CHECK, all[i].id, a.value);
        CHECK(psk_answer(p, text("secret"), &check, mine).ok);
        struct shrike_answer no = psk_answer(p, text("Secret"), &check, mine);
        CHECK(!no.ok && no.reason == SHRIKE_REASON_AUTH_MAC);
        for (size_t at = 0; at < all[i].len; at++) {
            value[at] ^= 1;
            no = psk_answer(p, text("secret"), &check, mine);
            CHECK(!no.ok && no.reason == SHRIKE_REASON_AUTH_MAC);
            value[at] ^= 1;
        }
        check.auth.value.len--;
        CHECK(!psk_answer(p, text("secret"), &check, mine).ok);
        check.auth.value.len = 0;
        CHECK(!psk_answer(p, text("secret"), &check, mine).ok);
        check.auth.value.len = all[i].len;
        check.auth.octets = text("what another peer signed");
        CHECK(!psk_answer(p, text("secret"), &check, mine).ok);
    }
    provider_openssl_free(p);
}

/* RFC 7296 2.15, with a library's HMAC instead of ours. */
TEST(the_formula)
{
    struct shrike_provider *p = provider_openssl_new();
    u8 pad[EVP_MAX_MD_SIZE], want[EVP_MAX_MD_SIZE], value[PRF_MAX];
    unsigned len;
    struct shrike_op op = op_of(SHRIKE_PROVE, PRF_HMAC_SHA2_256, bytes_of(NULL, 0));
    CHECK(HMAC(EVP_sha256(), "secret", 6, (const u8 *)"Key Pad for IKEv2", 17, pad, &len));
    CHECK(HMAC(EVP_sha256(), pad, (int)len, op.auth.octets.at, op.auth.octets.len, want, &len));
    CHECK(psk_answer(p, text("secret"), &op, value).ok);
    CHECK_BYTES(value, want, 32);
    provider_openssl_free(p);
}

TEST(other_methods_are_refused)
{
    struct shrike_provider *p = provider_openssl_new();
    u8 value[PRF_MAX];
    struct shrike_op op = op_of(SHRIKE_PROVE, PRF_HMAC_SHA2_256, bytes_of(NULL, 0));
    CHECK_EQ(psk_fault(&op), SHRIKE_REASON_NONE);
    op.auth.kind = SHRIKE_AUTH_PUBKEY;
    CHECK_EQ(psk_fault(&op), SHRIKE_REASON_AUTH_METHOD);
    CHECK(!psk_answer(p, text("secret"), &op, value).ok);
    op = op_of(SHRIKE_PROVE, 999, bytes_of(NULL, 0));
    CHECK_EQ(psk_answer(p, text("secret"), &op, value).reason, SHRIKE_REASON_AUTH_METHOD);
    op = op_of(SHRIKE_CHILD_INSTALL, PRF_HMAC_SHA2_256, bytes_of(NULL, 0));
    CHECK(!psk_answer(p, text("secret"), &op, value).ok);
    provider_openssl_free(p);
}

int main(void)
{
    return RUN(what_is_proved_holds_and_nothing_else) | RUN(the_formula) |
           RUN(other_methods_are_refused);
}
