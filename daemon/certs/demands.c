/* Demands of connections: see demands.h. */
#include "certs/demands.h"
#include "certs/identity.h"
#include "crypto/scheme.h"
#include "wire/codes.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>

static bool key_is_long(const struct trust_demands *d, const EVP_PKEY *key)
{
    int bits = key ? EVP_PKEY_get_bits(key) : 0;
    if (key && EVP_PKEY_is_a(key, "RSA"))
        return bits >= d->rsa_bits;
    return key && (!EVP_PKEY_is_a(key, "EC") || bits >= d->ec_bits);
}

/* ---- how one is signed ---- */

static const struct {
    int nid;
    enum key_kind key;
    bool pss;
} signers[] = {
    {NID_rsaEncryption, KEY_RSA, false},
    {NID_rsassaPss, KEY_RSA, true},
    {NID_X9_62_id_ecPublicKey, KEY_EC, false},
    {NID_ED25519, KEY_ED25519, false},
    {NID_ED448, KEY_ED448, false},
};

static const struct {
    int nid;
    u8 hash;
} hashes[] = {{NID_sha1, HASH_SHA1},
              {NID_sha256, HASH_SHA2_256},
              {NID_sha384, HASH_SHA2_384},
              {NID_sha512, HASH_SHA2_512}};

static bool is_pss(enum scheme_id id)
{
    return id == SCHEME_RSA_PSS_SHA256 || id == SCHEME_RSA_PSS_SHA384 ||
           id == SCHEME_RSA_PSS_SHA512;
}

/* With EdDSA there is no choice of a hash. */
static u8 hash_of(enum key_kind key, int nid)
{
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        if (hashes[i].nid == nid)
            return hashes[i].hash;
    return key == KEY_ED25519 || key == KEY_ED448 ? HASH_IDENTITY : 0;
}

static bool is_signed_by(u32 schemes, X509 *x)
{
    int md, pk, bits;
    if (X509_get_signature_info(x, &md, &pk, &bits, NULL) != 1)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(signers); i++) {
        u8 hash = hash_of(signers[i].key, md);
        for (unsigned k = 0; signers[i].nid == pk && k < SCHEME_COUNT; k++) {
            const struct scheme *s = scheme_at((enum scheme_id)k);
            if (schemes & SCHEME_BIT(k) && s->key == signers[i].key && s->hash == hash &&
                is_pss(s->id) == signers[i].pss)
                return true;
        }
    }
    return false;
}

/* ---- policies ---- */

static bool is_among(struct bytes policy, const CERTIFICATEPOLICIES *all)
{
    char oid[TRUST_POLICY_MAX + 1];
    for (int i = 0; i < sk_POLICYINFO_num(all); i++) {
        int len = OBJ_obj2txt(oid, sizeof(oid), sk_POLICYINFO_value(all, i)->policyid, 1);
        if (len > 0 && len < (int)sizeof(oid) && bytes_equal(policy, bytes_of(oid, (size_t)len)))
            return true;
    }
    return false;
}

/* RFC 5280 4.2.1.4: anyPolicy is none that is named here. */
static bool has_policies(const struct trust_demands *d, const X509 *x)
{
    bool has = true;
    if (d->policy_count == 0)
        return true;
    CERTIFICATEPOLICIES *all = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);
    for (u16 i = 0; i < d->policy_count; i++)
        has &= is_among(d->policies[i], all);
    CERTIFICATEPOLICIES_free(all);
    ERR_clear_error();
    return has;
}

/* ---- all ---- */

static bool has_authority(const struct trust_demands *d, const STACK_OF(X509) * chain)
{
    bool has = d->ca_id.type == 0;
    for (int i = 1; !has && i < sk_X509_num(chain); i++)
        has = identity_is_named(&d->ca_id, sk_X509_value(chain, i));
    return has;
}

enum shrike_reason_code demands_fault(const struct trust_demands *d, const STACK_OF(X509) * chain,
                                      X509 **culprit)
{
    int last = sk_X509_num(chain) - 1;
    for (int i = 0; i <= last; i++) {
        X509 *x = sk_X509_value(chain, i);
        *culprit = x;
        if (!key_is_long(d, X509_get0_pubkey(x)) ||
            (i < last && d->schemes && !is_signed_by(d->schemes, x)))
            return SHRIKE_REASON_CERT_WEAK;
    }
    *culprit = sk_X509_value(chain, 0);
    if (!has_policies(d, *culprit))
        return SHRIKE_REASON_CERT_POLICY;
    return has_authority(d, chain) ? SHRIKE_REASON_NONE : SHRIKE_REASON_CERT_AUTHORITY;
}

enum shrike_reason_code demands_end_fault(const struct trust_demands *d, X509 *x)
{
    if (!key_is_long(d, X509_get0_pubkey(x)))
        return SHRIKE_REASON_CERT_WEAK;
    if (!has_policies(d, x))
        return SHRIKE_REASON_CERT_POLICY;
    return d->ca_id.type ? SHRIKE_REASON_CERT_AUTHORITY : SHRIKE_REASON_NONE;
}

enum shrike_reason_code demands_key_fault(const struct trust_demands *d, const EVP_PKEY *key)
{
    if (!key_is_long(d, key))
        return SHRIKE_REASON_CERT_WEAK;
    if (d->policy_count > 0)
        return SHRIKE_REASON_CERT_POLICY;
    return d->ca_id.type ? SHRIKE_REASON_CERT_AUTHORITY : SHRIKE_REASON_NONE;
}
