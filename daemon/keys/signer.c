/* Signatures by private keys: see signer.h. */
#include "keys/signer.h"
#include "base/cursor.h"
#include "wire/codes.h"
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>

enum { PAIR_DER_MAX = 160 }; /* octets of two numbers of P-521 in DER, and some */

/* Behind what has been written. */
static bool sign(EVP_MD_CTX *ctx, struct bytes octets, struct writer *w)
{
    size_t len = (size_t)(w->end - w->at);
    if (w->full || EVP_DigestSign(ctx, w->at, &len, octets.at, octets.len) != 1)
        return false;
    w->at += len;
    return true;
}

/* RFC 4754 7: r and s side by side, each with zeros in front. */
static bool sign_pair(EVP_MD_CTX *ctx, struct bytes octets, size_t half, struct writer *w)
{
    u8 der[PAIR_DER_MAX];
    size_t len = sizeof(der);
    if (EVP_DigestSign(ctx, der, &len, octets.at, octets.len) != 1)
        return false;
    const unsigned char *at = der;
    u8 *out = w->at;
    write_zero(w, 2 * half);
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool good = pair && !w->full &&
                BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, (int)half) == (int)half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + half, (int)half) == (int)half;
    ECDSA_SIG_free(pair);
    return good;
}

/* RFC 7427 3: the length of the AlgorithmIdentifier, itself, and the signature. */
static bool write_value(const struct signer *s, const struct scheme *scheme, struct bytes octets,
                        struct writer *w)
{
    size_t half = signature_half(scheme);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (scheme->method == AUTH_DIGITAL_SIGNATURE) {
        write_u8(w, (u8)scheme->oid.len);
        write_bytes(w, scheme->oid);
    }
    bool good = ctx && signature_begin(ctx, s->key, scheme, true) &&
                (half ? sign_pair(ctx, octets, half, w) : sign(ctx, octets, w));
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

/* RFC 9593 3: what the peer says that it takes is heeded where we have any of it; it may have
 * written it in ways that we cannot read. NULL: there is none, or the key is too short. */
static const struct scheme *choose(const struct signer *s, const struct shrike_auth_op *op)
{
    const struct ability *a = &s->ability;
    const u32 may = signature_too_short(a, op->schemes) ? 0 : op->schemes & a->schemes;
    const struct scheme *wished = scheme_choose(may & op->wished, a->kind, a->bits, op->hashes);
    return wished ? wished : scheme_choose(may, a->kind, a->bits, op->hashes);
}

struct shrike_answer signer_answer(const struct signer *s, const struct shrike_auth_op *op,
                                   u8 value[SIGNER_VALUE_MAX])
{
    struct writer w = writer_of(value, SIGNER_VALUE_MAX);
    const struct scheme *scheme = choose(s, op);
    if (!scheme)
        return (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_SCHEME};
    if (!write_value(s, scheme, op->octets, &w))
        return (struct shrike_answer){.reason = SHRIKE_REASON_CRYPTO};
    return (struct shrike_answer){.ok = true, .method = scheme->method, .value = written_bytes(&w)};
}

/* ---- where the key is elsewhere ---- */

/* RFC 8017 9.2, note 1: what stands in front of a hash. */
static const struct hash {
    u8 number;
    const char *name;
    u8 oid_len;
    u8 oid[9];
} hash_table[] = {
    {HASH_SHA1, "SHA1", 5, {0x2b, 0x0e, 0x03, 0x02, 0x1a}},
    {HASH_SHA2_256, "SHA256", 9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}},
    {HASH_SHA2_384, "SHA384", 9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02}},
    {HASH_SHA2_512, "SHA512", 9, {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03}},
};

static const struct hash *hash_of(const struct scheme *s)
{
    for (size_t i = 0; i < ARRAY_LEN(hash_table); i++)
        if (hash_table[i].number == s->hash)
            return &hash_table[i];
    return NULL;
}

static bool is_pss(enum scheme_id id)
{
    return id == SCHEME_RSA_PSS_SHA256 || id == SCHEME_RSA_PSS_SHA384 ||
           id == SCHEME_RSA_PSS_SHA512;
}

static enum letter_way way_of(const struct scheme *s)
{
    if (s->key == KEY_EC)
        return WAY_ECDSA;
    return is_pss(s->id) ? WAY_PSS : WAY_RSA;
}

u32 signer_schemes(u32 schemes, unsigned ways)
{
    u32 set = 0;
    for (unsigned i = 0; i < SCHEME_COUNT; i++) {
        const struct scheme *s = scheme_at((enum scheme_id)i);
        bool can = (s->key == KEY_RSA || s->key == KEY_EC) && ways & 1u << way_of(s);
        set |= can ? schemes & SCHEME_BIT(i) : 0;
    }
    return set;
}

/* DigestInfo: SEQUENCE { SEQUENCE { OID, NULL }, OCTET STRING }. */
static void write_digest_info(struct writer *w, const struct hash *h, struct bytes digest)
{
    write_u8(w, 0x30);
    write_u8(w, (u8)(h->oid_len + 8 + digest.len));
    write_u8(w, 0x30);
    write_u8(w, (u8)(h->oid_len + 4));
    write_u8(w, 0x06);
    write_u8(w, h->oid_len);
    write_bytes(w, bytes_of(h->oid, h->oid_len));
    write_u16(w, 0x0500);
    write_u8(w, 0x04);
    write_u8(w, (u8)digest.len);
    write_bytes(w, digest);
}

enum shrike_reason_code signer_begin(const struct signer *s, const struct shrike_auth_op *op,
                                     struct signer_part *out)
{
    u8 digest[EVP_MAX_MD_SIZE];
    size_t len = 0;
    struct writer w = writer_of(out->octets, sizeof(out->octets));
    const struct scheme *scheme = choose(s, op);
    const struct hash *h = scheme ? hash_of(scheme) : NULL;
    if (!h)
        return SHRIKE_REASON_AUTH_SCHEME;
    if (EVP_Q_digest(NULL, h->name, NULL, op->octets.at, op->octets.len, digest, &len) != 1)
        return SHRIKE_REASON_CRYPTO;
    out->scheme = scheme;
    out->way = way_of(scheme);
    out->half = (s->ability.bits + 7) / 8;
    if (out->way == WAY_RSA)
        write_digest_info(&w, h, bytes_of(digest, len));
    else
        write_bytes(&w, bytes_of(digest, len));
    out->len = written(&w);
    return w.full ? SHRIKE_REASON_CRYPTO : SHRIKE_REASON_NONE;
}

/* RFC 7427 A.3: r and s in DER. */
static bool write_pair(struct writer *w, struct bytes pair, unsigned half)
{
    u8 *der = NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(pair.at, (int)half, NULL);
    BIGNUM *s = BN_bin2bn(pair.at + half, (int)half, NULL);
    bool good = sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1;
    if (!good) {
        BN_free(r);
        BN_free(s);
    }
    int len = good ? i2d_ECDSA_SIG(sig, &der) : -1;
    if (len > 0)
        write_bytes(w, bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return len > 0;
}

struct shrike_answer signer_end(const struct signer_part *part, struct bytes signature,
                                u8 value[SIGNER_VALUE_MAX])
{
    const struct scheme *scheme = part->scheme;
    struct writer w = writer_of(value, SIGNER_VALUE_MAX);
    bool good = signature.len > 0;
    if (scheme->method == AUTH_DIGITAL_SIGNATURE) {
        write_u8(&w, (u8)scheme->oid.len);
        write_bytes(&w, scheme->oid);
    }
    if (part->way == WAY_ECDSA)
        good = signature.len == 2 * (size_t)part->half;
    if (part->way == WAY_ECDSA && scheme->method == AUTH_DIGITAL_SIGNATURE)
        good = good && write_pair(&w, signature, part->half);
    else
        write_bytes(&w, signature);
    if (!good || w.full)
        return (struct shrike_answer){.reason = SHRIKE_REASON_CRYPTO};
    return (struct shrike_answer){.ok = true, .method = scheme->method, .value = written_bytes(&w)};
}
