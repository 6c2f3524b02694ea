/* Authorities, certificates and CRLs made by the tests themselves, with the library. */
#ifndef UNIT_CERTS_PKI_H
#define UNIT_CERTS_PKI_H

#include "certs/signature.h"
#include "test.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#define NOW  ((time_t)1800000000) /* 2027 */
#define DAY  ((time_t)86400)
#define YEAR (365 * DAY)

#define KEPT_MAX 512 /* things of one program, freed at its end */
#define DER_MAX  8192

struct node {
    X509 *x;
    EVP_PKEY *key;
    struct bytes der;
};

/* What a certificate says; what is not given is left out, or usual. */
struct spec {
    const char *cn;
    const struct node *by; /* NULL: itself */
    EVP_PKEY *key;         /* NULL: a new one of P-256 */
    const EVP_MD *hash;    /* NULL: SHA-256 */
    const char *basic, *usage, *purpose, *san, *crl_from, *info, *constraints, *policies;
    const char *unknown; /* of an extension that nobody knows: its value, critical */
    bool pss;            /* RSASSA-PSS */
    time_t from, until;  /* 0: from a year before NOW, for ten years */
};

static struct {
    X509 *certs[KEPT_MAX];
    EVP_PKEY *keys[KEPT_MAX];
    void *octets[KEPT_MAX];
    size_t cert_count, key_count, octet_count;
    long serial;
} pki;

static inline void pki_free(void)
{
    while (pki.cert_count)
        X509_free(pki.certs[--pki.cert_count]);
    while (pki.key_count)
        EVP_PKEY_free(pki.keys[--pki.key_count]);
    while (pki.octet_count)
        OPENSSL_free(pki.octets[--pki.octet_count]);
    ERR_clear_error();
}

static inline struct bytes pki_keep(u8 *octets, int len)
{
    ensure(len > 0 && pki.octet_count < KEPT_MAX);
    pki.octets[pki.octet_count++] = octets;
    return bytes_of(octets, (size_t)len);
}

static inline EVP_PKEY *pki_key(const char *type, const char *curve, int bits)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    ensure(ctx && EVP_PKEY_keygen_init(ctx) == 1 && pki.key_count < KEPT_MAX);
    ensure(!curve || EVP_PKEY_CTX_set_group_name(ctx, curve) == 1);
    ensure(!bits || EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) == 1);
    ensure(EVP_PKEY_generate(ctx, &key) == 1);
    EVP_PKEY_CTX_free(ctx);
    return pki.keys[pki.key_count++] = key;
}

static inline X509_NAME *pki_name(const char *cn)
{
    X509_NAME *name = X509_NAME_new();
    ensure(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const u8 *)"Example", -1, -1, 0));
    ensure(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const u8 *)cn, -1, -1, 0));
    return name;
}

static inline void pki_extend(X509 *x, X509 *by, int nid, const char *value)
{
    X509V3_CTX ctx;
    if (!value)
        return;
    X509V3_set_ctx(&ctx, by, x, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ensure(e && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

/* Object identifiers with commas between. */
static inline void pki_extend_policies(X509 *x, const char *value)
{
    CERTIFICATEPOLICIES *all = CERTIFICATEPOLICIES_new();
    char oid[64];
    for (const char *at = value; at && *at; at += strspn(at, ",")) {
        POLICYINFO *one = POLICYINFO_new();
        size_t len = strcspn(at, ",");
        snprintf(oid, sizeof(oid), "%.*s", (int)len, at);
        ASN1_OBJECT_free(one->policyid);
        ensure((one->policyid = OBJ_txt2obj(oid, 1)) && sk_POLICYINFO_push(all, one) > 0);
        at += len;
    }
    ensure(!value || X509_add1_ext_i2d(x, NID_certificate_policies, all, 0, 0) == 1);
    CERTIFICATEPOLICIES_free(all);
}

static inline void pki_extend_unknown(X509 *x, const char *value)
{
    if (!value)
        return;
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    ensure(ASN1_OCTET_STRING_set(octets, (const u8 *)value, -1));
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, octets);
    ensure(e && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(oid);
}

/* What signs by itself has no hash of its own. */
static inline const EVP_MD *pki_hash(const EVP_PKEY *key, const EVP_MD *hash)
{
    if (EVP_PKEY_is_a(key, "ED25519"))
        return NULL;
    return hash ? hash : EVP_sha256();
}

static inline void pki_sign(X509 *x, EVP_PKEY *signer, const struct spec *s)
{
    EVP_PKEY_CTX *key;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ensure(EVP_DigestSignInit(ctx, &key, pki_hash(signer, s->hash), NULL, signer) == 1);
    ensure(!s->pss || (EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1 &&
                       EVP_PKEY_CTX_set_rsa_pss_saltlen(key, RSA_PSS_SALTLEN_DIGEST) == 1));
    ensure(X509_sign_ctx(x, ctx) > 0);
    EVP_MD_CTX_free(ctx);
}

static inline struct node pki_make(const struct spec *s)
{
    struct node n = {.x = X509_new(), .key = s->key ? s->key : pki_key("EC", "P-256", 0)};
    EVP_PKEY *signer = s->by ? s->by->key : n.key;
    X509_NAME *name = pki_name(s->cn);
    ensure(pki.cert_count < KEPT_MAX);
    pki.certs[pki.cert_count++] = n.x;
    X509_set_version(n.x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(n.x), ++pki.serial);
    X509_set_subject_name(n.x, name);
    X509_set_issuer_name(n.x, s->by ? X509_get_subject_name(s->by->x) : name);
    X509_NAME_free(name);
    ASN1_TIME_set(X509_getm_notBefore(n.x), s->from ? s->from : NOW - YEAR);
    ASN1_TIME_set(X509_getm_notAfter(n.x), s->until ? s->until : NOW + 9 * YEAR);
    X509_set_pubkey(n.x, n.key);
    X509 *by = s->by ? s->by->x : n.x;
    pki_extend(n.x, by, NID_basic_constraints, s->basic);
    pki_extend(n.x, by, NID_key_usage, s->usage);
    pki_extend(n.x, by, NID_ext_key_usage, s->purpose);
    pki_extend(n.x, by, NID_subject_alt_name, s->san);
    pki_extend(n.x, by, NID_subject_key_identifier, "hash");
    pki_extend(n.x, by, NID_crl_distribution_points, s->crl_from);
    pki_extend(n.x, by, NID_info_access, s->info);
    pki_extend(n.x, by, NID_name_constraints, s->constraints);
    pki_extend_policies(n.x, s->policies);
    pki_extend_unknown(n.x, s->unknown);
    pki_sign(n.x, signer, s);
    u8 *der = NULL;
    int len = i2d_X509(n.x, &der);
    n.der = pki_keep(der, len);
    return n;
}

#define PKI(...) pki_make(&(struct spec){__VA_ARGS__})

/* An authority with nothing odd about it. */
static inline struct node pki_authority(const char *cn, const struct node *by)
{
    return PKI(.cn = cn, .by = by, .basic = "critical,CA:TRUE",
               .usage = "critical,keyCertSign,cRLSign");
}

/* A CRL of that authority, good until then, which revokes one, or none, and covers all, or what
 * this says (issuingDistributionPoint). */
static inline struct bytes pki_crl_of(const struct node *by, time_t until,
                                      const struct node *revoked, const char *scope)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, NOW - 2 * DAY), *to = ASN1_TIME_set(NULL, until);
    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(by->x));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, to);
    if (revoked) {
        X509_REVOKED *one = X509_REVOKED_new();
        X509_REVOKED_set_serialNumber(one, X509_get_serialNumber(revoked->x));
        X509_REVOKED_set_revocationDate(one, from);
        ensure(X509_CRL_add0_revoked(crl, one));
    }
    if (scope) {
        X509V3_CTX ctx;
        X509V3_set_ctx(&ctx, by->x, NULL, NULL, crl, 0);
        X509V3_set_ctx_nodb(&ctx);
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, NID_issuing_distribution_point, scope);
        ensure(e && X509_CRL_add_ext(crl, e, -1) == 1);
        X509_EXTENSION_free(e);
    }
    ensure(X509_CRL_sort(crl) && X509_CRL_sign(crl, by->key, EVP_sha256()) > 0);
    u8 *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    X509_CRL_free(crl);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return pki_keep(der, len);
}

static inline struct bytes pki_crl(const struct node *by, time_t until, const struct node *revoked)
{
    return pki_crl_of(by, until, revoked, NULL);
}

/* What a responder says of a certificate of this issuer: V_OCSP_CERTSTATUS_*. */
struct pki_says {
    const struct node *of, *issuer, *signer; /* signer NULL: the issuer */
    int status;
    time_t from, until; /* 0: since an hour before NOW, and for two */
    bool without_end;
};

static inline struct bytes pki_ocsp(const struct pki_says *s)
{
    const struct node *signer = s->signer ? s->signer : s->issuer;
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    ASN1_TIME *from = ASN1_GENERALIZEDTIME_set(NULL, s->from ? s->from : NOW - 3600);
    ASN1_TIME *to = ASN1_GENERALIZEDTIME_set(NULL, s->until ? s->until : NOW + 3600);
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), s->of->x, s->issuer->x);
    ASN1_TIME *when = s->status == V_OCSP_CERTSTATUS_REVOKED ? from : NULL;
    ensure(OCSP_basic_add1_status(basic, id, s->status, 0, when, from, s->without_end ? NULL : to));
    ensure(OCSP_basic_sign(basic, signer->x, signer->key, EVP_sha256(), NULL, 0) == 1);
    OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    u8 *der = NULL;
    int len = i2d_OCSP_RESPONSE(r, &der);
    OCSP_RESPONSE_free(r);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(to);
    return pki_keep(der, len);
}
#define OCSP(...) pki_ocsp(&(struct pki_says){__VA_ARGS__})

static inline struct bytes pki_spki(const EVP_PKEY *key)
{
    u8 *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    return pki_keep(der, len);
}

/* As PEM, one behind the other. */
static inline struct bytes pki_pem(const char *label, const struct bytes *der, size_t count)
{
    BIO *b = BIO_new(BIO_s_mem());
    char *at;
    for (size_t i = 0; i < count; i++)
        ensure(PEM_write_bio(b, label, "", der[i].at, (long)der[i].len) > 0);
    long len = BIO_get_mem_data(b, &at);
    u8 *copy = OPENSSL_memdup(at, (size_t)len);
    BIO_free(b);
    return pki_keep(copy, (int)len);
}

#endif
