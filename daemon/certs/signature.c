/* Signatures of AUTH payloads: see signature.h. */
#include "certs/signature.h"
#include "wire/codes.h"
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MIN_NAMED = 1024 };
enum { HALF_MAX = 66 }; /* octets of a number of P-521 */

#define PSS_SCHEMES                                                                                \
    (SCHEME_BIT(SCHEME_RSA_PSS_SHA256) | SCHEME_BIT(SCHEME_RSA_PSS_SHA384) |                       \
     SCHEME_BIT(SCHEME_RSA_PSS_SHA512))
#define CURVE_SCHEMES                                                                              \
    (SCHEME_BIT(SCHEME_ECDSA_256) | SCHEME_BIT(SCHEME_ECDSA_384) | SCHEME_BIT(SCHEME_ECDSA_521))

static const struct kind {
    const char *name; /* as the library calls it */
    enum key_kind kind;
    u32 schemes; /* of all that the kind has, these */
} kinds[] = {
    {"RSA", KEY_RSA, UINT32_MAX},
    {"RSA-PSS", KEY_RSA, PSS_SCHEMES}, /* RFC 4055 1.2: a key for nothing else */
    {"EC", KEY_EC, ~CURVE_SCHEMES},
    {"ED25519", KEY_ED25519, UINT32_MAX},
    {"ED448", KEY_ED448, UINT32_MAX},
    {"ML-DSA-44", KEY_ML_DSA_44, UINT32_MAX},
    {"ML-DSA-65", KEY_ML_DSA_65, UINT32_MAX},
    {"ML-DSA-87", KEY_ML_DSA_87, UINT32_MAX},
};

/* RFC 4754 4: a method has its curve. Others are for RFC 7427 only. */
static const struct curve {
    const char *name;
    u32 schemes;
} curves[] = {
    {"prime256v1", SCHEME_BIT(SCHEME_ECDSA_256)},
    {"secp384r1", SCHEME_BIT(SCHEME_ECDSA_384)},
    {"secp521r1", SCHEME_BIT(SCHEME_ECDSA_521)},
    {"brainpoolP256r1", 0},
    {"brainpoolP384r1", 0},
    {"brainpoolP512r1", 0},
};

EVP_PKEY *signature_key(struct bytes spki)
{
    const unsigned char *at = spki.at;
    if (spki.len == 0 || spki.len > INT32_MAX)
        return NULL;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)spki.len);
    if (key && at == spki.at + spki.len)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static const struct curve *curve_of(const EVP_PKEY *key)
{
    char name[32];
    int explicit = 0;
    if (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &explicit) &&
        explicit)
        return NULL;
    if (!EVP_PKEY_get_group_name(key, name, sizeof(name), NULL))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(curves); i++)
        if (strcmp(name, curves[i].name) == 0)
            return &curves[i];
    return NULL;
}

static const char *digest_of(u8 hash)
{
    switch (hash) {
    case HASH_SHA1:
        return "SHA1";
    case HASH_SHA2_256:
        return "SHA256";
    case HASH_SHA2_384:
        return "SHA384";
    case HASH_SHA2_512:
        return "SHA512";
    default:
        return NULL; /* IDENTITY: the octets themselves are signed */
    }
}

/* All schemes for keys of this kind. */
static u32 schemes_of(enum key_kind kind)
{
    u32 set = 0;
    for (unsigned i = 0; i < SCHEME_COUNT; i++)
        if (scheme_at((enum scheme_id)i)->key == kind)
            set |= SCHEME_BIT(i);
    return set;
}

bool signature_ability(const EVP_PKEY *key, struct ability *out)
{
    const struct kind *k = kinds;
    while (k < kinds + ARRAY_LEN(kinds) && !EVP_PKEY_is_a(key, k->name))
        k++;
    if (k == kinds + ARRAY_LEN(kinds))
        return false;
    const struct curve *curve = k->kind == KEY_EC ? curve_of(key) : NULL;
    if (k->kind == KEY_EC && !curve)
        return false;
    *out = (struct ability){
        .kind = k->kind,
        .bits = (unsigned)MAX(EVP_PKEY_get_bits(key), 0),
        .schemes = schemes_of(k->kind) & (k->schemes | (curve ? curve->schemes : 0)),
    };
    return true;
}

bool signature_too_short(const struct ability *a, u32 allowed)
{
    unsigned min = allowed & SCHEME_SHORT_KEYS ? RSA_BITS_MIN_NAMED : RSA_BITS_MIN;
    return a->kind == KEY_RSA && a->bits < min;
}

bool signature_begin(EVP_MD_CTX *ctx, EVP_PKEY *key, const struct scheme *s, bool sign)
{
    EVP_PKEY_CTX *how = NULL;
    const char *digest = digest_of(s->hash);
    int begun = sign ? EVP_DigestSignInit_ex(ctx, &how, digest, NULL, NULL, key, NULL)
                     : EVP_DigestVerifyInit_ex(ctx, &how, digest, NULL, NULL, key, NULL);
    if (begun != 1)
        return false;
    if (s->key != KEY_RSA)
        return true;
    if (!(SCHEME_BIT(s->id) & PSS_SCHEMES))
        return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PADDING) == 1;
    /* RFC 7427 A.4: the salt is as long as the hash, which the mask is made by, too. */
    return EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
}

size_t signature_half(const struct scheme *s)
{
    switch (s->method) {
    case AUTH_ECDSA_256:
        return 32;
    case AUTH_ECDSA_384:
        return 48;
    case AUTH_ECDSA_521:
        return HALF_MAX;
    default:
        return 0;
    }
}

/* RFC 4754 7: r and s side by side, as the DER that the library reads. NULL: no memory. */
static u8 *der_of(struct bytes pair, int *len)
{
    u8 *der = NULL;
    int half = (int)pair.len / 2;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(pair.at, half, NULL), *s = BN_bin2bn(pair.at + half, half, NULL);
    if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
        *len = i2d_ECDSA_SIG(sig, &der);
        r = s = NULL;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return der;
}

static bool holds(EVP_MD_CTX *ctx, struct bytes octets, struct bytes signature, size_t half)
{
    if (half == 0)
        return EVP_DigestVerify(ctx, signature.at, signature.len, octets.at, octets.len) == 1;
    int len = 0;
    u8 *der = signature.len == 2 * half ? der_of(signature, &len) : NULL;
    bool good =
        der && len > 0 && EVP_DigestVerify(ctx, der, (size_t)len, octets.at, octets.len) == 1;
    OPENSSL_free(der);
    return good;
}

enum shrike_reason_code signature_verify(EVP_PKEY *key, const struct scheme *s, struct bytes octets,
                                         struct bytes signature)
{
    struct ability a;
    enum shrike_reason_code said = SHRIKE_REASON_AUTH_SIGNATURE;
    if (!signature_ability(key, &a) || !(a.schemes & SCHEME_BIT(s->id)))
        return said;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx || !signature_begin(ctx, key, s, false))
        said = SHRIKE_REASON_CRYPTO;
    else if (holds(ctx, octets, signature, signature_half(s)))
        said = SHRIKE_REASON_NONE;
    EVP_MD_CTX_free(ctx);
    return said;
}

enum shrike_reason_code signature_check(EVP_PKEY *key, const struct shrike_auth_op *op)
{
    struct ability a;
    struct bytes signature;
    const struct scheme *s = scheme_read(op->method, op->value, &signature);
    if (!s || !(op->schemes & SCHEME_BIT(s->id)))
        return SHRIKE_REASON_AUTH_SCHEME;
    if (!signature_ability(key, &a))
        return SHRIKE_REASON_AUTH_SIGNATURE;
    if (signature_too_short(&a, op->schemes))
        return SHRIKE_REASON_CERT_WEAK;
    return signature_verify(key, s, op->octets, signature);
}
