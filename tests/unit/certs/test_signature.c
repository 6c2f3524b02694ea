/* Signatures of AUTH payloads are verified as the RFCs have them, and nothing else is. */
#include "certs/signature.h"
#include "test.h"
#include "wire/codes.h"
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define SIGNATURE_MAX 8192

static const struct vector {
    enum scheme_id scheme;
    const char *spki, *pkcs8, *message, *signature;
} vectors[] = {
#define VECTOR(scheme, spki, pkcs8, message, signature)                                            \
    {SCHEME_##scheme, spki, pkcs8, message, signature},
#include "vectors/signatures.def"
#undef VECTOR
};

static EVP_PKEY *rsa_key, *rsa_short, *p256, *p384, *brainpool, *ed25519, *ed448;

static EVP_PKEY *make(const char *type, const char *curve, unsigned bits)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 ||
        (curve && EVP_PKEY_CTX_set_group_name(ctx, curve) != 1) ||
        (bits && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) != 1) ||
        EVP_PKEY_generate(ctx, &key) != 1)
        abort();
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static void make_keys(void)
{
    rsa_key = make("RSA", NULL, 2048);
    rsa_short = make("RSA", NULL, 1024);
    p256 = make("EC", "P-256", 0);
    p384 = make("EC", "P-384", 0);
    brainpool = make("EC", "brainpoolP256r1", 0);
    ed25519 = make("ED25519", NULL, 0);
    ed448 = make("ED448", NULL, 0);
}

static void free_keys(void)
{
    EVP_PKEY *all[] = {rsa_key, rsa_short, p256, p384, brainpool, ed25519, ed448};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        EVP_PKEY_free(all[i]);
}

static const struct bytes octets = {(const u8 *)"what is signed", 14};

/* Sign with the library itself, as the RFCs say it and not as the module does. salt: of PSS; -1:
 * the padding of PKCS #1 v1.5, or none. */
static struct bytes sign(EVP_PKEY *key, const char *digest, int salt, u8 out[SIGNATURE_MAX])
{
    size_t len = SIGNATURE_MAX;
    EVP_PKEY_CTX *how = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || EVP_DigestSignInit_ex(ctx, &how, digest, NULL, NULL, key, NULL) != 1)
        abort();
    if (salt >= 0 && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
                      EVP_PKEY_CTX_set_rsa_pss_saltlen(how, salt) != 1 ||
                      EVP_PKEY_CTX_set_rsa_mgf1_md_name(how, digest, NULL) != 1))
        abort();
    if (EVP_DigestSign(ctx, out, &len, octets.at, octets.len) != 1)
        abort();
    EVP_MD_CTX_free(ctx);
    return bytes_of(out, len);
}

static enum shrike_reason_code verify(EVP_PKEY *key, enum scheme_id id, struct bytes signature)
{
    return signature_verify(key, scheme_at(id), octets, signature);
}

/* Right as it is, wrong with any bit changed, with another octet, and with one less. */
static bool is_exact(EVP_PKEY *key, enum scheme_id id, struct bytes signature)
{
    u8 copy[SIGNATURE_MAX + 1] = {0};
    memcpy(copy, signature.at, signature.len);
    if (verify(key, id, signature) != SHRIKE_REASON_NONE)
        return false;
    for (size_t i = 0; i < signature.len; i++) {
        copy[i] ^= (u8)(1 << i % 8);
        if (verify(key, id, bytes_of(copy, signature.len)) != SHRIKE_REASON_AUTH_SIGNATURE)
            return false;
        copy[i] ^= (u8)(1 << i % 8);
    }
    return verify(key, id, bytes_of(copy, signature.len + 1)) == SHRIKE_REASON_AUTH_SIGNATURE &&
           verify(key, id, bytes_of(copy, signature.len - 1)) == SHRIKE_REASON_AUTH_SIGNATURE &&
           verify(key, id, bytes_of(copy, 0)) == SHRIKE_REASON_AUTH_SIGNATURE;
}

TEST(published_signatures_hold)
{
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        const struct vector *v = &vectors[i];
        u8 spki[256], message[64], value[256];
        struct bytes signed_octets = bytes_of(message, hex(v->message, message, sizeof(message)));
        struct bytes signature = bytes_of(value, hex(v->signature, value, sizeof(value)));
        EVP_PKEY *key = signature_key(bytes_of(spki, hex(v->spki, spki, sizeof(spki))));
        CHECK(key != NULL);
        CHECK_EQ(signature_verify(key, scheme_at(v->scheme), signed_octets, signature),
                 SHRIKE_REASON_NONE);
        message[0] ^= 1;
        CHECK_EQ(signature_verify(key, scheme_at(v->scheme), signed_octets, signature),
                 SHRIKE_REASON_AUTH_SIGNATURE);
        EVP_PKEY_free(key);
    }
}

/* RFC 7427 A.1: the padding of PKCS #1 v1.5. A.4: PSS, with a salt as long as the hash. */
TEST(rsa)
{
    u8 out[SIGNATURE_MAX];
    CHECK(is_exact(rsa_key, SCHEME_RSA_SHA256, sign(rsa_key, "SHA256", -1, out)));
    CHECK(verify(rsa_key, SCHEME_RSA_SHA384, sign(rsa_key, "SHA384", -1, out)) ==
          SHRIKE_REASON_NONE);
    CHECK(verify(rsa_key, SCHEME_RSA_SHA512, sign(rsa_key, "SHA512", -1, out)) ==
          SHRIKE_REASON_NONE);
    CHECK(verify(rsa_key, SCHEME_RSA_SHA1, sign(rsa_key, "SHA1", -1, out)) == SHRIKE_REASON_NONE);
    CHECK(verify(rsa_key, SCHEME_RSA, bytes_of(out, 256)) == SHRIKE_REASON_NONE);
    CHECK(is_exact(rsa_key, SCHEME_RSA_PSS_SHA256, sign(rsa_key, "SHA256", 32, out)));
    CHECK(verify(rsa_key, SCHEME_RSA_PSS_SHA384, sign(rsa_key, "SHA384", 48, out)) ==
          SHRIKE_REASON_NONE);
    CHECK(verify(rsa_key, SCHEME_RSA_PSS_SHA512, sign(rsa_key, "SHA512", 64, out)) ==
          SHRIKE_REASON_NONE);
    sign(rsa_key, "SHA256", 20, out);
    CHECK(verify(rsa_key, SCHEME_RSA_PSS_SHA256, bytes_of(out, 256)) ==
          SHRIKE_REASON_AUTH_SIGNATURE);
    CHECK(verify(rsa_key, SCHEME_RSA_SHA256, bytes_of(out, 256)) == SHRIKE_REASON_AUTH_SIGNATURE);
}

TEST(elliptic_curves)
{
    u8 out[SIGNATURE_MAX];
    CHECK(is_exact(p256, SCHEME_ECDSA_SHA256, sign(p256, "SHA256", -1, out)));
    CHECK(is_exact(p384, SCHEME_ECDSA_SHA384, sign(p384, "SHA384", -1, out)));
    CHECK(verify(p384, SCHEME_ECDSA_SHA256, sign(p384, "SHA256", -1, out)) == SHRIKE_REASON_NONE);
    CHECK(verify(brainpool, SCHEME_ECDSA_SHA512, sign(brainpool, "SHA512", -1, out)) ==
          SHRIKE_REASON_NONE);
    CHECK(is_exact(ed25519, SCHEME_ED25519, sign(ed25519, NULL, -1, out)));
    CHECK(is_exact(ed448, SCHEME_ED448, sign(ed448, NULL, -1, out)));
}

/* RFC 4754 7: r and s side by side, with zeros in front; any octet counts. */
TEST(both_numbers_side_by_side)
{
    u8 der[SIGNATURE_MAX], pair[64] = {0};
    struct bytes b = sign(p256, "SHA256", -1, der);
    const unsigned char *at = b.at;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)b.len);
    CHECK(sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), pair, 32) == 32 &&
          BN_bn2binpad(ECDSA_SIG_get0_s(sig), pair + 32, 32) == 32);
    ECDSA_SIG_free(sig);
    CHECK(is_exact(p256, SCHEME_ECDSA_256, bytes_of(pair, sizeof(pair))));
    CHECK(verify(p256, SCHEME_ECDSA_256, b) == SHRIKE_REASON_AUTH_SIGNATURE);
    CHECK(verify(p256, SCHEME_ECDSA_SHA256, bytes_of(pair, 64)) == SHRIKE_REASON_AUTH_SIGNATURE);
    memset(pair, 0, sizeof(pair));
    CHECK(verify(p256, SCHEME_ECDSA_256, bytes_of(pair, 64)) == SHRIKE_REASON_AUTH_SIGNATURE);
}

/* No key is used in a way that is not its own. */
TEST(what_a_key_can)
{
    struct ability a;
    const u32 of_p256 = SCHEME_BIT(SCHEME_ECDSA_SHA1) | SCHEME_BIT(SCHEME_ECDSA_SHA256) |
                        SCHEME_BIT(SCHEME_ECDSA_SHA384) | SCHEME_BIT(SCHEME_ECDSA_SHA512);
    CHECK(signature_ability(p256, &a) && a.kind == KEY_EC && a.bits == 256);
    CHECK_EQ(a.schemes, of_p256 | SCHEME_BIT(SCHEME_ECDSA_256));
    CHECK(signature_ability(brainpool, &a) && a.bits == 256 && a.schemes == of_p256);
    CHECK(signature_ability(ed448, &a) && a.schemes == SCHEME_BIT(SCHEME_ED448));
    CHECK(signature_ability(rsa_key, &a) && a.bits == 2048 &&
          (a.schemes & SCHEME_BIT(SCHEME_RSA_PSS_SHA512)) && (a.schemes & SCHEME_BIT(SCHEME_RSA)) &&
          !(a.schemes & SCHEME_BIT(SCHEME_ED25519)));
    EVP_PKEY *pss = make("RSA-PSS", NULL, 2048);
    CHECK(signature_ability(pss, &a) && (a.schemes & SCHEME_BIT(SCHEME_RSA_PSS_SHA256)) &&
          !(a.schemes & SCHEME_BIT(SCHEME_RSA_SHA256)));
    EVP_PKEY_free(pss);
    EVP_PKEY *x = make("X25519", NULL, 0), *small = make("EC", "P-224", 0);
    CHECK(!signature_ability(x, &a) && !signature_ability(small, &a));
    EVP_PKEY_free(x);
    EVP_PKEY_free(small);
    u8 out[SIGNATURE_MAX];
    struct bytes b = sign(p256, "SHA256", -1, out);
    CHECK(verify(p384, SCHEME_ECDSA_256, b) == SHRIKE_REASON_AUTH_SIGNATURE);
    CHECK(verify(ed25519, SCHEME_ECDSA_SHA256, b) == SHRIKE_REASON_AUTH_SIGNATURE);
}

TEST(rubbish_is_no_key)
{
    u8 spki[1024];
    unsigned char *at = spki;
    int len = i2d_PUBKEY(p256, &at);
    CHECK(len > 0);
    for (int i = 0; i < len; i++)
        CHECK(!signature_key(bytes_of(spki, (size_t)i)));
    spki[len] = 0;
    CHECK(!signature_key(bytes_of(spki, (size_t)len + 1)));
    CHECK(!signature_key(bytes_of(NULL, 0)));
    EVP_PKEY *key = signature_key(bytes_of(spki, (size_t)len));
    CHECK(key && EVP_PKEY_eq(key, p256) == 1);
    EVP_PKEY_free(key);
    spki[len - 1] ^= 1; /* not on the curve */
    CHECK(!signature_key(bytes_of(spki, (size_t)len)));
}

/* RFC 5480 2.1.1: a curve is named. One that is written out may have another base point. */
TEST(curves_are_named)
{
    struct ability a;
    u8 spki[1024];
    unsigned char *at = spki;
    EVP_PKEY *named = make("EC", "P-256", 0);
    CHECK(EVP_PKEY_set_utf8_string_param(named, "encoding", "explicit") == 1);
    int len = i2d_PUBKEY(named, &at);
    CHECK(len > 200);
    EVP_PKEY *explicit = signature_key(bytes_of(spki, (size_t)len));
    CHECK(!explicit || !signature_ability(explicit, &a));
    EVP_PKEY_free(explicit);
    EVP_PKEY_free(named);
}

/* A whole AUTH payload of method 14: the length, the AlgorithmIdentifier, the signature. */
static struct bytes payload_of(enum scheme_id id, struct bytes signature, u8 out[SIGNATURE_MAX])
{
    struct bytes oid = scheme_at(id)->oid;
    out[0] = (u8)oid.len;
    memcpy(out + 1, oid.at, oid.len);
    memcpy(out + 1 + oid.len, signature.at, signature.len);
    return bytes_of(out, 1 + oid.len + signature.len);
}

TEST(whole_payloads)
{
    u8 out[SIGNATURE_MAX], value[SIGNATURE_MAX];
    struct shrike_auth_op op = {
        .method = AUTH_DIGITAL_SIGNATURE,
        .schemes = scheme_defaults(),
        .octets = octets,
        .value = payload_of(SCHEME_RSA_PSS_SHA256, sign(rsa_key, "SHA256", 32, out), value),
    };
    CHECK_EQ(signature_check(rsa_key, &op), SHRIKE_REASON_NONE);
    CHECK_EQ(signature_check(p256, &op), SHRIKE_REASON_AUTH_SIGNATURE);
    op.schemes &= ~SCHEME_BIT(SCHEME_RSA_PSS_SHA256);
    CHECK_EQ(signature_check(rsa_key, &op), SHRIKE_REASON_AUTH_SCHEME);
    op.schemes = scheme_defaults();
    op.value.len = 20;
    CHECK_EQ(signature_check(rsa_key, &op), SHRIKE_REASON_AUTH_SCHEME);
    op.value = bytes_of(NULL, 0);
    CHECK_EQ(signature_check(rsa_key, &op), SHRIKE_REASON_AUTH_SCHEME);
    op.value = sign(rsa_key, "SHA1", -1, out);
    op.method = AUTH_RSA;
    CHECK_EQ(signature_check(rsa_key, &op), SHRIKE_REASON_AUTH_SCHEME);
    op.schemes |= SCHEME_BIT(SCHEME_RSA);
    CHECK_EQ(signature_check(rsa_key, &op), SHRIKE_REASON_NONE);
    op.method = AUTH_PSK;
    CHECK_EQ(signature_check(rsa_key, &op), SHRIKE_REASON_AUTH_SCHEME);
}

TEST(short_keys_have_to_be_named)
{
    u8 out[SIGNATURE_MAX], value[SIGNATURE_MAX];
    struct shrike_auth_op op = {
        .method = AUTH_DIGITAL_SIGNATURE,
        .schemes = scheme_defaults(),
        .octets = octets,
        .value = payload_of(SCHEME_RSA_SHA256, sign(rsa_short, "SHA256", -1, out), value),
    };
    struct ability a;
    CHECK_EQ(signature_check(rsa_short, &op), SHRIKE_REASON_CERT_WEAK);
    op.schemes |= SCHEME_SHORT_KEYS;
    CHECK_EQ(signature_check(rsa_short, &op), SHRIKE_REASON_NONE);
    CHECK(signature_ability(rsa_short, &a) && !signature_too_short(&a, SCHEME_SHORT_KEYS));
    a.bits = 1023;
    CHECK(signature_too_short(&a, SCHEME_SHORT_KEYS));
    a.bits = 2047;
    CHECK(signature_too_short(&a, scheme_defaults()));
}

int main(void)
{
    make_keys();
    int failed = RUN(published_signatures_hold) | RUN(rsa) | RUN(elliptic_curves) |
                 RUN(both_numbers_side_by_side) | RUN(what_a_key_can) | RUN(rubbish_is_no_key) |
                 RUN(curves_are_named) | RUN(whole_payloads) | RUN(short_keys_have_to_be_named);
    free_keys();
    return failed;
}
