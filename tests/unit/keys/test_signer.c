/* What a private key signs, its public key verifies: every scheme, by what the peer takes. */
#include "key.h"
#include "keys/private.h"
#include "keys/signer.h"
#include "test.h"
#include "wire/codes.h"
#include <openssl/ec.h>
#include <openssl/rsa.h>

static const struct bytes octets = {(const u8 *)"what is signed", 14};

enum {
    ALL_HASHES = HASH_BIT(HASH_SHA1) | HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_SHA2_384) |
                 HASH_BIT(HASH_SHA2_512) | HASH_BIT(HASH_IDENTITY),
};

static struct signer signer_of(EVP_PKEY *key)
{
    struct signer s = {.key = key};
    if (!signature_ability(key, &s.ability))
        abort();
    return s;
}

static struct shrike_auth_op op_of(u32 schemes, unsigned hashes)
{
    return (struct shrike_auth_op){
        .kind = SHRIKE_AUTH_PUBKEY, .schemes = schemes, .hashes = (u16)hashes, .octets = octets};
}

/* What CHECK says to a PROVE that was answered so, with these octets. */
static enum shrike_reason_code check(EVP_PKEY *key, const struct shrike_answer *a, struct bytes of)
{
    struct shrike_auth_op op = op_of(UINT32_MAX, 0);
    op.method = a->method;
    op.value = a->value;
    op.octets = of;
    return signature_check(key, &op);
}

/* Signs by this very scheme, and any other octets and any changed bit are refused. */
static bool signs(EVP_PKEY *key, enum scheme_id id)
{
    u8 value[SIGNER_VALUE_MAX];
    const struct scheme *s = scheme_at(id);
    struct signer signer = signer_of(key);
    struct bytes signature;
    struct shrike_auth_op op =
        op_of(SCHEME_BIT(id), s->method == AUTH_DIGITAL_SIGNATURE ? HASH_BIT(s->hash) : 0);
    struct shrike_answer a = signer_answer(&signer, &op, value);
    if (!a.ok || a.method != s->method || scheme_read(a.method, a.value, &signature) != s ||
        check(key, &a, octets) != SHRIKE_REASON_NONE ||
        check(key, &a, bytes_of(octets.at, 13)) != SHRIKE_REASON_AUTH_SIGNATURE)
        return false;
    for (size_t i = a.value.len - signature.len; i < a.value.len; i += 7) {
        value[i] ^= 4;
        if (check(key, &a, octets) != SHRIKE_REASON_AUTH_SIGNATURE)
            return false;
        value[i] ^= 4;
    }
    return true;
}

static void must(bool good)
{
    if (!good)
        abort();
}

/* What a token does: sign a hash or a DigestInfo, which is all that it gets. */
static struct bytes token_signs(EVP_PKEY *key, const struct signer_part *p, u8 out[1024])
{
    static const EVP_MD *(*const digests[])(void) = {EVP_sha1, EVP_sha256, EVP_sha384, EVP_sha512};
    static const u8 hashes[] = {HASH_SHA1, HASH_SHA2_256, HASH_SHA2_384, HASH_SHA2_512};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    size_t len = 1024, i = 0;
    while (hashes[i] != p->scheme->hash)
        i++;
    must(EVP_PKEY_sign_init(ctx) == 1);
    if (p->way == WAY_RSA)
        must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1);
    if (p->way == WAY_PSS)
        must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(ctx, digests[i]()) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
    must(EVP_PKEY_sign(ctx, out, &len, p->octets, p->len) == 1);
    EVP_PKEY_CTX_free(ctx);
    if (p->way != WAY_ECDSA)
        return bytes_of(out, len);
    const unsigned char *at = out; /* PKCS #11: r and s side by side */
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    must(BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, (int)p->half) > 0 &&
         BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + p->half, (int)p->half) > 0);
    ECDSA_SIG_free(pair);
    return bytes_of(out, 2 * (size_t)p->half);
}

static bool signs_elsewhere(EVP_PKEY *key, enum scheme_id id)
{
    u8 value[SIGNER_VALUE_MAX], signature[1024];
    const struct scheme *s = scheme_at(id);
    struct signer signer = signer_of(key);
    struct signer_part part;
    struct shrike_auth_op op =
        op_of(SCHEME_BIT(id), s->method == AUTH_DIGITAL_SIGNATURE ? HASH_BIT(s->hash) : 0);
    if (signer_begin(&signer, &op, &part) != SHRIKE_REASON_NONE || part.scheme != s)
        return false;
    struct bytes made = token_signs(key, &part, signature);
    struct shrike_answer a = signer_end(&part, made, value);
    bool good = a.ok && a.method == s->method && check(key, &a, octets) == SHRIKE_REASON_NONE &&
                check(key, &a, bytes_of(octets.at, 13)) == SHRIKE_REASON_AUTH_SIGNATURE;
    if (part.way == WAY_ECDSA) /* of another length it is none */
        good &= !signer_end(&part, bytes_of(made.at, made.len - 1), value).ok;
    return good && !signer_end(&part, bytes_of(NULL, 0), value).ok;
}

TEST(what_a_token_signs_is_the_same)
{
    EVP_PKEY *keys[] = {key_make("RSA", NULL, 2048), key_make("EC", "P-256", 0),
                        key_make("EC", "P-384", 0), key_make("EC", "P-521", 0),
                        key_make("ED25519", NULL, 0)};
    unsigned done = 0;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct ability a;
        CHECK(signature_ability(keys[i], &a));
        u32 set = signer_schemes(a.schemes, 1u << WAY_RSA | 1u << WAY_PSS | 1u << WAY_ECDSA);
        CHECK(i < 4 ? set == a.schemes : set == 0);
        for (unsigned id = 0; id < SCHEME_COUNT; id++) {
            if (!(set & SCHEME_BIT(id)))
                continue;
            CHECK(signs_elsewhere(keys[i], (enum scheme_id)id));
            done++;
        }
        EVP_PKEY_free(keys[i]);
    }
    CHECK(done >= 8 + 3 * 5);
    CHECK_EQ(signer_schemes(UINT32_MAX, 0), 0);
    u32 pss = SCHEME_BIT(SCHEME_RSA_PSS_SHA256) | SCHEME_BIT(SCHEME_RSA_PSS_SHA384) |
              SCHEME_BIT(SCHEME_RSA_PSS_SHA512);
    CHECK_EQ(signer_schemes(UINT32_MAX, 1u << WAY_PSS), pss);
}

TEST(every_scheme_signs)
{
    EVP_PKEY *keys[] = {key_make("RSA", NULL, 2048),         key_make("EC", "P-256", 0),
                        key_make("EC", "P-384", 0),          key_make("EC", "P-521", 0),
                        key_make("ED25519", NULL, 0),        key_make("ED448", NULL, 0),
                        key_try("ML-DSA-44", NULL, 0),       key_try("ML-DSA-65", NULL, 0),
                        key_try("ML-DSA-87", NULL, 0),       key_make("RSA-PSS", NULL, 2048),
                        key_make("EC", "brainpoolP384r1", 0)};
    u32 done = 0;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct ability a;
        if (!keys[i]) /* ML-DSA: not before OpenSSL 3.5 */
            continue;
        CHECK(signature_ability(keys[i], &a));
        for (unsigned id = 0; id < SCHEME_COUNT; id++) {
            if (!(a.schemes & SCHEME_BIT(id)))
                continue;
            CHECK(signs(keys[i], (enum scheme_id)id));
            done |= SCHEME_BIT(id);
        }
        EVP_PKEY_free(keys[i]);
    }
    u32 all = SCHEME_BIT(SCHEME_COUNT) - 1;
    if (!keys[6])
        all &= ~(SCHEME_BIT(SCHEME_ML_DSA_44) | SCHEME_BIT(SCHEME_ML_DSA_65) |
                 SCHEME_BIT(SCHEME_ML_DSA_87));
    CHECK_EQ(done, all);
}

static const struct vector {
    enum scheme_id scheme;
    const char *spki, *pkcs8, *message, *signature;
} vectors[] = {
#define VECTOR(scheme, spki, pkcs8, message, signature)                                            \
    {SCHEME_##scheme, spki, pkcs8, message, signature},
#include "vectors/signatures.def"
#undef VECTOR
};

TEST(as_published)
{
    u32 done = 0;
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        const struct vector *v = &vectors[i];
        u8 pkcs8[128], message[64], want[256], value[SIGNER_VALUE_MAX];
        const char *why;
        size_t len = hex(v->pkcs8, pkcs8, sizeof(pkcs8));
        if (len == 0)
            continue;
        EVP_PKEY *key = private_read(bytes_of(pkcs8, len), bytes_of(NULL, 0), &why);
        CHECK(key != NULL);
        struct signer s = signer_of(key);
        struct shrike_auth_op op = op_of(scheme_defaults(), ALL_HASHES);
        op.octets = bytes_of(message, hex(v->message, message, sizeof(message)));
        struct shrike_answer a = signer_answer(&s, &op, value);
        struct bytes signature;
        CHECK(a.ok && scheme_read(a.method, a.value, &signature) == scheme_at(v->scheme));
        CHECK(bytes_equal(signature, bytes_of(want, hex(v->signature, want, sizeof(want)))));
        EVP_PKEY_free(key);
        done++;
    }
    CHECK_EQ(done, 2);
}

/* RFC 7427 4: by a hash that the peer takes; when it has said nothing, by the methods of before. */
TEST(as_the_peer_takes_it)
{
    EVP_PKEY *key = key_make("EC", "P-384", 0), *ed = key_make("ED25519", NULL, 0);
    struct signer s = signer_of(key), e = signer_of(ed);
    u8 value[SIGNER_VALUE_MAX];
    struct shrike_auth_op op = op_of(scheme_defaults(), HASH_BIT(HASH_SHA2_512));
    struct shrike_answer a = signer_answer(&s, &op, value);
    struct bytes signature;
    CHECK(a.ok && scheme_read(a.method, a.value, &signature)->id == SCHEME_ECDSA_SHA512);
    op.hashes = 0;
    a = signer_answer(&s, &op, value);
    CHECK(a.ok && a.method == AUTH_ECDSA_384 && a.value.len == 96);
    CHECK(!signer_answer(&e, &op, value).ok);
    op.hashes = HASH_BIT(HASH_SHA2_256);
    a = signer_answer(&e, &op, value); /* RFC 8420 2: only who knows IDENTITY */
    CHECK(!a.ok && a.reason == SHRIKE_REASON_AUTH_SCHEME && a.value.len == 0);
    op.hashes = HASH_BIT(HASH_SHA1); /* not unless it is named */
    CHECK_EQ(signer_answer(&s, &op, value).reason, SHRIKE_REASON_AUTH_SCHEME);
    op.schemes |= SCHEME_BIT(SCHEME_ECDSA_SHA1);
    CHECK(signer_answer(&s, &op, value).ok);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ed);
}

/* No method of RFC 4754 has a curve of brainpool, though the length would fit. */
static enum scheme_id wished_of(EVP_PKEY *key, u32 wished)
{
    u8 value[SIGNER_VALUE_MAX];
    struct signer signer = signer_of(key);
    struct bytes signature;
    struct shrike_auth_op op = op_of(scheme_defaults(), ALL_HASHES);
    op.wished = wished;
    struct shrike_answer a = signer_answer(&signer, &op, value);
    const struct scheme *s = a.ok ? scheme_read(a.method, a.value, &signature) : NULL;
    return s ? s->id : SCHEME_COUNT;
}

/* RFC 9593 3: what the peer says that it takes comes first; what we have not, or may not, does not
 * come at all, and where nothing of it is left it is as if nothing had been said. */
TEST(what_the_peer_says_it_takes)
{
    EVP_PKEY *rsa = key_make("RSA", NULL, 2048);
    CHECK_EQ(wished_of(rsa, 0), SCHEME_RSA_PSS_SHA256);
    CHECK_EQ(wished_of(rsa, SCHEME_BIT(SCHEME_RSA_SHA384)), SCHEME_RSA_SHA384);
    CHECK_EQ(wished_of(rsa, SCHEME_BIT(SCHEME_RSA_SHA512) | SCHEME_BIT(SCHEME_RSA_SHA256)),
             SCHEME_RSA_SHA256);
    CHECK_EQ(wished_of(rsa, SCHEME_BIT(SCHEME_ED25519)), SCHEME_RSA_PSS_SHA256);
    CHECK_EQ(wished_of(rsa, SCHEME_BIT(SCHEME_RSA_SHA1)), SCHEME_RSA_PSS_SHA256);
    EVP_PKEY_free(rsa);
}

TEST(curves_without_a_method)
{
    EVP_PKEY *key = key_make("EC", "brainpoolP256r1", 0);
    struct signer s = signer_of(key);
    u8 value[SIGNER_VALUE_MAX];
    struct shrike_auth_op op = op_of(scheme_defaults(), 0);
    CHECK_EQ(signer_answer(&s, &op, value).reason, SHRIKE_REASON_AUTH_SCHEME);
    op.hashes = ALL_HASHES;
    CHECK(signer_answer(&s, &op, value).ok);
    EVP_PKEY_free(key);
}

TEST(short_keys_have_to_be_named)
{
    EVP_PKEY *key = key_make("RSA", NULL, 1024);
    struct signer s = signer_of(key);
    u8 value[SIGNER_VALUE_MAX];
    struct shrike_auth_op op = op_of(scheme_defaults(), ALL_HASHES);
    CHECK_EQ(signer_answer(&s, &op, value).reason, SHRIKE_REASON_AUTH_SCHEME);
    op.schemes |= SCHEME_SHORT_KEYS;
    CHECK(signer_answer(&s, &op, value).ok);
    EVP_PKEY_free(key);
}

/* Zeros in front of r or s: in one signature of 128, so 2,000 have some for sure. */
TEST(numbers_have_their_length)
{
    EVP_PKEY *key = key_make("EC", "P-256", 0);
    struct signer s = signer_of(key);
    u8 value[SIGNER_VALUE_MAX];
    struct shrike_auth_op op = op_of(SCHEME_BIT(SCHEME_ECDSA_256), 0);
    bool had_zero = false;
    for (int i = 0; i < 2000 && !had_zero; i++) {
        struct shrike_answer a = signer_answer(&s, &op, value);
        CHECK(a.ok && a.value.len == 64);
        had_zero = value[0] == 0 || value[32] == 0;
        if (had_zero)
            CHECK_EQ(check(key, &a, octets), SHRIKE_REASON_NONE);
    }
    CHECK(had_zero);
    EVP_PKEY_free(key);
}

int main(void)
{
    return RUN(every_scheme_signs) | RUN(what_a_token_signs_is_the_same) | RUN(as_published) |
           RUN(as_the_peer_takes_it) | RUN(what_the_peer_says_it_takes) |
           RUN(curves_without_a_method) | RUN(short_keys_have_to_be_named) |
           RUN(numbers_have_their_length);
}
