/* Chains of certificates: see chain.h. */
#include "certs/chain.h"
#include "certs/identity.h"
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

enum { STRENGTH_MIN = 112, SHORT_RSA_MIN = 1024 }; /* bits */

/* ---- each certificate for itself ---- */

static enum shrike_reason_code blame(const X509 *x, enum shrike_reason_code reason,
                                     struct text *about)
{
    if (about->len == 0)
        identity_print_subject(about, x);
    return reason;
}

static enum shrike_reason_code dates_fault(const X509 *x, time_t now)
{
    time_t at = now;
    int begins = X509_cmp_time(X509_get0_notBefore(x), &at);
    int ends = X509_cmp_time(X509_get0_notAfter(x), &at);
    if (begins == 0 || ends == 0)
        return SHRIKE_REASON_CERT_MALFORMED;
    if (ends < 0)
        return SHRIKE_REASON_CERT_EXPIRED;
    return begins > 0 ? SHRIKE_REASON_CERT_NOT_YET : SHRIKE_REASON_NONE;
}

static bool key_is_strong(const X509 *x, u32 schemes)
{
    const EVP_PKEY *key = X509_get0_pubkey(x);
    bool named = schemes & SCHEME_SHORT_KEYS && EVP_PKEY_is_a(key, "RSA") &&
                 EVP_PKEY_get_bits(key) >= SHORT_RSA_MIN;
    return key && (named || EVP_PKEY_get_security_bits(key) >= STRENGTH_MIN);
}

/* RFC 8247 3: who can make two certificates with one hash can have the wrong one signed. */
static bool signature_is_strong(X509 *x, u32 schemes)
{
    int hash, strength;
    bool named = schemes & (SCHEME_BIT(SCHEME_RSA_SHA1) | SCHEME_BIT(SCHEME_ECDSA_SHA1));
    return X509_get_signature_info(x, &hash, NULL, &strength, NULL) == 1 &&
           (strength >= STRENGTH_MIN || (named && hash == NID_sha1));
}

enum shrike_reason_code chain_end_fault(const X509 *x, u32 schemes, time_t now, struct text *about)
{
    enum shrike_reason_code reason = dates_fault(x, now);
    if (reason == SHRIKE_REASON_NONE && !key_is_strong(x, schemes))
        reason = SHRIKE_REASON_CERT_WEAK;
    return reason == SHRIKE_REASON_NONE ? reason : blame(x, reason, about);
}

/* RFC 4945 5.1.3.12 and what is in use: none of them, or one of these. */
static bool purpose_fits(const X509 *x)
{
    static const int fits[] = {
        NID_anyExtendedKeyUsage, NID_ipsec_IKE,   NID_server_auth, NID_client_auth,
        NID_ipsecEndSystem,      NID_ipsecTunnel, NID_ipsecUser};
    static const char intermediate[] = "1.3.6.1.5.5.8.2.2"; /* iKEIntermediate, which has no name */
    int critical;
    EXTENDED_KEY_USAGE *all = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
    bool found = !all && critical == -1; /* none; else it is broken, or there are two */
    for (int i = 0; !found && i < sk_ASN1_OBJECT_num(all); i++) {
        char oid[sizeof(intermediate)];
        const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(all, i);
        for (size_t k = 0; k < ARRAY_LEN(fits); k++)
            found |= OBJ_obj2nid(purpose) == fits[k];
        found |= OBJ_obj2txt(oid, sizeof(oid), purpose, 1) == sizeof(intermediate) - 1 &&
                 strcmp(oid, intermediate) == 0;
    }
    EXTENDED_KEY_USAGE_free(all);
    return found;
}

/* RFC 4945 5.1.3.2: it may sign; without the extension it may all. */
static bool may_sign(X509 *x)
{
    return X509_get_key_usage(x) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION);
}

/* ---- the chain ---- */

struct found {
    enum shrike_reason_code reason; /* NONE: nothing speaks against it */
    X509 *culprit;                  /* one of the chain */
    bool revocation;                /* we look for what is revoked now */
    bool crl_unusable;              /* the CRL of the certificate at this depth */
    int crl_depth;
    enum trust_revocation policy;
};

static enum shrike_reason_code reason_of(int error)
{
    switch (error) {
    case X509_V_ERR_OUT_OF_MEM:
        return SHRIKE_REASON_MEMORY;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE: /* another one of the authority's name has signed */
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
        return SHRIKE_REASON_CERT_ISSUER;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return SHRIKE_REASON_CERT_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return SHRIKE_REASON_CERT_NOT_YET;
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_KEYUSAGE_NO_DIGITAL_SIGNATURE:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
        return SHRIKE_REASON_CERT_USAGE;
    default:
        return SHRIKE_REASON_CERT_MALFORMED;
    }
}

static bool is_of_crl(int error)
{
    switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
    case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
    case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
    case X509_V_ERR_DIFFERENT_CRL_SCOPE:
    case X509_V_ERR_CERT_REVOKED:
        return true;
    default:
        return false;
    }
}

/* RFC 5280 4.2.1.13, 4.2.2.1: does it say where to find out whether it is revoked? */
static bool says_where(const X509 *x)
{
    return X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0 ||
           X509_get_ext_by_NID(x, NID_info_access, -1) >= 0;
}

static void note(struct found *f, X509 *x, enum shrike_reason_code reason)
{
    if (f->reason != SHRIKE_REASON_NONE && reason != SHRIKE_REASON_CERT_REVOKED)
        return;
    f->reason = reason;
    f->culprit = x;
}

/* Whether this one is revoked cannot be told. Of the last authority nobody tells. */
static void note_unknown(struct found *f, X509_STORE_CTX *ctx, X509 *x)
{
    bool last =
        X509_STORE_CTX_get_error_depth(ctx) == sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
    if (last || f->policy == TRUST_RELAXED || (f->policy == TRUST_IFURI && !says_where(x)))
        return;
    note(f, x, SHRIKE_REASON_CERT_UNKNOWN);
}

static void note_crl(struct found *f, X509_STORE_CTX *ctx, int error)
{
    X509 *x = X509_STORE_CTX_get_current_cert(ctx);
    int depth = X509_STORE_CTX_get_error_depth(ctx);
    if (f->crl_depth != depth)
        f->crl_unusable = false;
    f->crl_depth = depth;
    if (error == X509_V_ERR_CERT_REVOKED && !f->crl_unusable) {
        note(f, x, SHRIKE_REASON_CERT_REVOKED);
        return;
    }
    /* What an old one says is revoked, is; that it is silent says nothing. Any other that has a
     * fault says nothing at all. */
    if (error != X509_V_ERR_CRL_HAS_EXPIRED && error != X509_V_ERR_CRL_NOT_YET_VALID)
        f->crl_unusable = true;
    note_unknown(f, ctx, x);
}

/* Told by the library of each fault; what it gives back says whether to look further. Only CRLs
 * have faults that are none: of all else the first one ends it. */
static int on_fault(int ok, X509_STORE_CTX *ctx)
{
    struct found *f = X509_STORE_CTX_get_app_data(ctx);
    int error = X509_STORE_CTX_get_error(ctx);
    if (ok)
        return 1;
    if (f->revocation && is_of_crl(error)) {
        note_crl(f, ctx, error);
        X509_STORE_CTX_set_error(ctx, X509_V_OK);
        return 1;
    }
    note(f, X509_STORE_CTX_get_current_cert(ctx), reason_of(error));
    return 0;
}

/* A chain whose links are sound may still be none of ours. */
static bool stands_behind(const struct chain_ask *a, const STACK_OF(X509) * chain)
{
    const struct trust_rule *rule = trust_rule_at(a->trust, a->rule);
    for (u32 i = 0; i < trust_count(a->trust); i++) {
        const struct trust_item *item = trust_at(a->trust, i);
        if (item->kind != TRUST_AUTHORITY ||
            !trust_names(rule->authorities, rule->authority_count, item->file))
            continue;
        for (int k = 1; k < sk_X509_num(chain); k++)
            if (X509_cmp(sk_X509_value(chain, k), item->cert->x509) == 0)
                return true;
    }
    return rule->authority_count == 0;
}

/* What the library does not look at, or not as strictly. The end stands first, the anchor last. */
static void look_closer(struct found *f, const struct chain_ask *a, const STACK_OF(X509) * chain)
{
    int last = sk_X509_num(chain) - 1;
    for (int i = 0; i <= last && f->reason == SHRIKE_REASON_NONE; i++) {
        X509 *x = sk_X509_value(chain, i);
        if (!key_is_strong(x, a->schemes) || (i < last && !signature_is_strong(x, a->schemes)))
            note(f, x, SHRIKE_REASON_CERT_WEAK);
        else if ((i == 0 && !may_sign(x)) || (i < last && !purpose_fits(x)))
            note(f, x, SHRIKE_REASON_CERT_USAGE);
    }
    if (f->reason == SHRIKE_REASON_NONE && !stands_behind(a, chain))
        note(f, sk_X509_value(chain, 0), SHRIKE_REASON_CERT_ISSUER);
}

/* Dates are the cause that is said first, whatever else there is, too. */
static void look_at_dates(struct found *f, const STACK_OF(X509) * chain, time_t now)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *x = sk_X509_value(chain, i);
        enum shrike_reason_code fault = dates_fault(x, now);
        if (fault == SHRIKE_REASON_NONE)
            continue;
        f->reason = fault;
        f->culprit = x;
        return;
    }
}

struct work {
    X509_STORE *store; /* empty: everything is in the stacks */
    X509_STORE_CTX *ctx;
    STACK_OF(X509) * given;
};

static bool prepare(struct work *w, const struct chain_ask *a, struct found *f)
{
    const STACK_OF(X509) *links = trust_links(a->trust);
    w->store = X509_STORE_new();
    w->ctx = X509_STORE_CTX_new();
    w->given = sk_X509_new_null();
    bool good = w->store && w->ctx && w->given;
    for (size_t i = 0; good && i < a->given_count; i++)
        good = sk_X509_push(w->given, a->given[i]->x509) > 0;
    for (int i = 0; good && i < sk_X509_num(links); i++)
        good = sk_X509_push(w->given, sk_X509_value(links, i)) > 0;
    if (!good || X509_STORE_CTX_init(w->ctx, w->store, a->end->x509, w->given) != 1)
        return false;
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(w->ctx);
    unsigned long flags = X509_V_FLAG_TRUSTED_FIRST;
    if (f->revocation)
        flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    X509_VERIFY_PARAM_set_flags(param, flags);
    X509_VERIFY_PARAM_set_time(param, a->now);
    X509_VERIFY_PARAM_set_depth(param, CHAIN_LINKS_MAX);
    X509_VERIFY_PARAM_set_auth_level(param, 0); /* look_closer() is stricter */
    X509_STORE_CTX_set0_trusted_stack(w->ctx, (STACK_OF(X509) *)(uintptr_t)trust_anchors(a->trust));
    X509_STORE_CTX_set0_crls(w->ctx, (STACK_OF(X509_CRL) *)(uintptr_t)trust_crls(a->trust));
    X509_STORE_CTX_set_app_data(w->ctx, f);
    X509_STORE_CTX_set_verify_cb(w->ctx, on_fault);
    return true;
}

static void finish(struct work *w)
{
    X509_STORE_CTX_free(w->ctx);
    X509_STORE_free(w->store);
    sk_X509_free(w->given);
    ERR_clear_error();
}

/* One pass: of everything but CRLs, or with them. */
static enum shrike_reason_code pass(const struct chain_ask *a, bool revocation, struct text *about)
{
    struct work w = {0};
    const struct trust_rule *rule = trust_rule_at(a->trust, a->rule);
    struct found f = {.revocation = revocation, .policy = rule->revocation, .crl_depth = -1};
    if (prepare(&w, a, &f)) {
        int verified = X509_verify_cert(w.ctx);
        const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(w.ctx);
        if (verified != 1 && f.reason == SHRIKE_REASON_NONE)
            f.reason = SHRIKE_REASON_CERT_MALFORMED;
        look_at_dates(&f, chain, a->now);
        look_closer(&f, a, chain);
        if (f.reason != SHRIKE_REASON_NONE)
            blame(f.culprit ? f.culprit : a->end->x509, f.reason, about);
    } else {
        f.reason = SHRIKE_REASON_MEMORY;
    }
    finish(&w);
    return f.reason;
}

/* ---- what is known already ---- */

/* What is over already was not needed. */
static void until(struct certificate_good *good, const ASN1_TIME *end)
{
    struct tm parts;
    time_t at = end && ASN1_TIME_to_tm(end, &parts) == 1 ? timegm(&parts) : 0;
    if (at > good->from)
        good->until = MIN(good->until, at);
}

static bool is_known(const struct chain_ask *a)
{
    const struct certificate_good *good = &a->end->good;
    return good->trust == trust_serial(a->trust) && good->rule == a->rule &&
           good->schemes == a->schemes && a->now >= good->from && a->now < good->until;
}

/* A chain holds until one of its certificates, or a CRL, is too old; those of others, too, for that
 * costs less than to know which they were. */
static void remember(const struct chain_ask *a)
{
    struct certificate_good *good = &a->end->good;
    const STACK_OF(X509_CRL) *crls = trust_crls(a->trust);
    *good = (struct certificate_good){trust_serial(a->trust), a->rule, a->schemes, a->now,
                                      a->now + CHAIN_GOOD_S};
    until(good, X509_get0_notAfter(a->end->x509));
    for (size_t i = 0; i < a->given_count; i++)
        until(good, X509_get0_notAfter(a->given[i]->x509));
    for (u32 i = 0; i < trust_count(a->trust); i++)
        if (trust_at(a->trust, i)->kind == TRUST_AUTHORITY)
            until(good, X509_get0_notAfter(trust_at(a->trust, i)->cert->x509));
    for (int i = 0; i < sk_X509_CRL_num(crls); i++)
        until(good, X509_CRL_get0_nextUpdate(sk_X509_CRL_value(crls, i)));
}

enum shrike_reason_code chain_verify(const struct chain_ask *a, struct text *about)
{
    const struct trust_rule *rule = trust_rule_at(a->trust, a->rule);
    bool revocation =
        rule->revocation != TRUST_RELAXED || sk_X509_CRL_num(trust_crls(a->trust)) > 0;
    if (is_known(a))
        return SHRIKE_REASON_NONE;
    enum shrike_reason_code reason = pass(a, false, about);
    if (reason == SHRIKE_REASON_NONE && revocation)
        reason = pass(a, true, about);
    if (reason == SHRIKE_REASON_NONE)
        remember(a);
    return reason;
}
