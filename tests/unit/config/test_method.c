/* `auth`, by the words that it is made of. */
#include "../test.h"
#include "config/method.h"
#include "crypto/scheme.h"
#include <string.h>

static struct method m;

static bool reads(const char *text, uint32_t schemes)
{
    return method_read(text, &m) == METHOD_GOOD && m.kind == SHRIKE_AUTH_PUBKEY &&
           m.schemes == schemes;
}

#define BIT(name) SCHEME_BIT(SCHEME_##name)

TEST(what_may_sign)
{
    const uint32_t eddsa = BIT(ED25519) | BIT(ED448);
    const uint32_t ml_dsa = BIT(ML_DSA_44) | BIT(ML_DSA_65) | BIT(ML_DSA_87);
    CHECK(reads("pubkey", scheme_defaults()) && !m.chain);
    CHECK(reads("ed25519", BIT(ED25519)) && reads("ed448", BIT(ED448)));
    CHECK(reads("rsa/pss", BIT(RSA_PSS_SHA256) | BIT(RSA_PSS_SHA384) | BIT(RSA_PSS_SHA512)));
    CHECK(reads("rsa-sha1", BIT(RSA) | BIT(RSA_SHA1)) && m.chain);
    CHECK(reads("ike:rsa-sha1", BIT(RSA) | BIT(RSA_SHA1)) && !m.chain);
    CHECK(reads("ike:ecdsa-sha384-rsa/pss-sha512",
                BIT(ECDSA_SHA384) | BIT(ECDSA_384) | BIT(RSA_PSS_SHA512)));
    CHECK(reads("ike:pubkey-identity", eddsa | ml_dsa));
    CHECK(reads("ike:rsa/pss-sha256-rsa-sha384", /* either way to sign, with either hash */
                BIT(RSA_PSS_SHA256) | BIT(RSA_SHA256) | BIT(RSA_PSS_SHA384) | BIT(RSA_SHA384)));
}

/* What a peer may do either way, we do the way that is named. */
TEST(how_we_sign_by_rsa)
{
    const uint32_t sha256 = BIT(RSA_SHA256);
    CHECK(reads("ike:rsa-sha256", sha256 | BIT(RSA_PSS_SHA256)) && m.own_schemes == sha256);
    CHECK(reads("rsa/pss-sha256", BIT(RSA_PSS_SHA256)) && m.own_schemes == m.schemes);
    CHECK(method_read("rsa/pss-sha256-rsa-sha256", &m) == METHOD_GOOD);
    CHECK(m.own_schemes == m.schemes);
    CHECK(method_read("rsa", &m) == METHOD_GOOD && m.own_schemes == m.schemes);
    CHECK(method_read("pubkey-sha256", &m) == METHOD_GOOD && m.own_schemes == m.schemes);
    CHECK(method_read("rsa-1024-sha256", &m) == METHOD_GOOD);
    CHECK(m.own_schemes == (sha256 | SCHEME_SHORT_KEYS));
}

TEST(strengths)
{
    CHECK(method_read("rsa-2048-ecdsa-256", &m) == METHOD_GOOD && !m.chain);
    CHECK(m.rsa_bits == 2048 && m.ec_bits == 256 && !(m.schemes & SCHEME_SHORT_KEYS));
    CHECK(method_read("rsa-1024", &m) == METHOD_GOOD && m.schemes & SCHEME_SHORT_KEYS);
    CHECK(method_read("rsa-3072-sha256", &m) == METHOD_GOOD && m.chain && m.rsa_bits == 3072);
    CHECK(method_read("ike:ecdsa-384", &m) == METHOD_GOOD && !m.chain && m.ec_bits == 384);
}

TEST(nothing_at_all)
{
    CHECK(method_read("null", &m) == METHOD_GOOD && m.kind == SHRIKE_AUTH_NULL);
    CHECK(method_read("null-sha256", &m) == METHOD_BAD && method_read("", &m) == METHOD_BAD);
}

TEST(what_is_no_method)
{
    static const char *const bad[] = {
        "",        "rsb",   "pubkey-",        "-pubkey",     "sha256",
        "2048",    "rsa-0", "rsa-99999",      "pubkey-md5",  "pubkey-2048",
        "ike:psk", "ike:",  "ed25519-sha256", "rsa-sha256x", "psk-x"};
    static const char *const later[] = {"xauth", "any", "bliss-sha512"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        CHECK(method_read(bad[i], &m) == METHOD_BAD);
    for (size_t i = 0; i < ARRAY_LEN(later); i++)
        CHECK(method_read(later[i], &m) == METHOD_LATER);
    CHECK(method_read("psk", &m) == METHOD_GOOD && m.kind == SHRIKE_AUTH_PSK && m.schemes == 0);
}

int main(void)
{
    return RUN(what_may_sign) | RUN(how_we_sign_by_rsa) | RUN(strengths) | RUN(nothing_at_all) |
           RUN(what_is_no_method);
}
