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
 * written it in ways that we cannot read. */
static const struct scheme *choose(const struct shrike_auth_op *op, const struct ability *a)
{
    const u32 may = op->schemes & a->schemes;
    const struct scheme *wished = scheme_choose(may & op->wished, a->kind, a->bits, op->hashes);
    return wished ? wished : scheme_choose(may, a->kind, a->bits, op->hashes);
}

struct shrike_answer signer_answer(const struct signer *s, const struct shrike_auth_op *op,
                                   u8 value[SIGNER_VALUE_MAX])
{
    const struct ability *a = &s->ability;
    struct writer w = writer_of(value, SIGNER_VALUE_MAX);
    const struct scheme *scheme = choose(op, a);
    if (!scheme || signature_too_short(a, op->schemes))
        return (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_SCHEME};
    if (!write_value(s, scheme, op->octets, &w))
        return (struct shrike_answer){.reason = SHRIKE_REASON_CRYPTO};
    return (struct shrike_answer){.ok = true, .method = scheme->method, .value = written_bytes(&w)};
}
