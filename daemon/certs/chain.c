/* Chains of certificates: see chain.h. */
#include "certs/chain.h"
#include "certs/demands.h"
#include "certs/identity.h"
#include "certs/where.h"
#include <assert.h>
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
    u32 unknown, revoked; /* by CRLs: a bit for each depth, the end has the first */
    time_t until;         /* of what responders have said */
};
static_assert(CHAIN_LINKS_MAX + 2 < 32, "a bit for each");

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

static void note(struct found *f, X509 *x, enum shrike_reason_code reason)
{
    if (f->reason != SHRIKE_REASON_NONE && reason != SHRIKE_REASON_CERT_REVOKED)
        return;
    f->reason = reason;
    f->culprit = x;
}

static void note_crl(struct found *f, X509_STORE_CTX *ctx, int error)
{
    int depth = X509_STORE_CTX_get_error_depth(ctx);
    if (depth < 0 || depth > CHAIN_LINKS_MAX + 1)
        return;
    if (f->crl_depth != depth)
        f->crl_unusable = false;
    f->crl_depth = depth;
    if (error == X509_V_ERR_CERT_REVOKED && !f->crl_unusable) {
        f->revoked |= 1u << depth;
        return;
    }
    /* What an old one says is revoked, is; that it is silent says nothing. Any other that has a
     * fault says nothing at all. */
    if (error != X509_V_ERR_CRL_HAS_EXPIRED && error != X509_V_ERR_CRL_NOT_YET_VALID)
        f->crl_unusable = true;
    f->unknown |= 1u << depth;
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
    if (f->reason == SHRIKE_REASON_NONE)
        f->reason = demands_fault(&trust_rule_at(a->trust, a->rule)->demands, chain, &f->culprit);
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
    STACK_OF(X509_CRL) * crls; /* of the files, and what others have sent */
};

/* CRLs that are known from elsewhere stand beside those of the files. */
static bool gather_crls(struct work *w, const struct chain_ask *a)
{
    const STACK_OF(X509_CRL) *files = trust_crls(a->trust);
    const struct known_item *i = a->known ? known_first(a->known) : NULL;
    w->crls = sk_X509_CRL_new_null();
    bool good = w->crls;
    for (int k = 0; good && k < sk_X509_CRL_num(files); k++)
        good = sk_X509_CRL_push(w->crls, sk_X509_CRL_value(files, k)) > 0;
    for (; good && i; i = known_after(a->known, i))
        good = !i->crl || sk_X509_CRL_push(w->crls, i->crl) > 0;
    return good;
}

static bool prepare(struct work *w, const struct chain_ask *a, struct found *f)
{
    const STACK_OF(X509) *links = trust_links(a->trust);
    w->store = X509_STORE_new();
    w->ctx = X509_STORE_CTX_new();
    w->given = sk_X509_new_null();
    bool good = w->store && w->ctx && w->given && gather_crls(w, a);
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
    X509_STORE_CTX_set0_crls(w->ctx, w->crls);
    X509_STORE_CTX_set_app_data(w->ctx, f);
    X509_STORE_CTX_set_verify_cb(w->ctx, on_fault);
    return true;
}

static void finish(struct work *w)
{
    X509_STORE_CTX_free(w->ctx);
    X509_STORE_free(w->store);
    sk_X509_free(w->given);
    sk_X509_CRL_free(w->crls);
    ERR_clear_error();
}

/* ---- revocation ---- */

/* RFC 5280 4.2.1.13, 4.2.2.1: does it say where to find out whether it is revoked? */
static bool says_where(const X509 *x)
{
    return X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0 ||
           X509_get_ext_by_NID(x, NID_info_access, -1) >= 0;
}

/* Of responses that have been brought along, or fetched, the first that says something. */
static enum ocsp_says responder_says(struct found *f, const struct chain_ask *a, X509 *x,
                                     X509 *issuer, const struct where *where)
{
    time_t until;
    for (size_t i = 0; i < a->told_count && i < CHAIN_TOLD_MAX; i++) {
        enum ocsp_says says = ocsp_read(a->told[i], x, issuer, a->now, &until);
        if (says == OCSP_SAYS_NOTHING)
            continue;
        f->until = MIN(f->until, until);
        return says;
    }
    for (u8 i = 0; a->known && i < where->responder_count; i++) {
        const struct known_item *item = known_find(a->known, KNOWN_OCSP, where->responders[i], x);
        if (!item || item->state != KNOWN_HERE || a->now >= item->until)
            continue;
        f->until = MIN(f->until, item->until);
        return item->says;
    }
    return OCSP_SAYS_NOTHING;
}

/* Ask, in this order, until one is waited for; what has failed a moment ago is not asked again. */
static bool ask_others(const struct chain_ask *a, X509 *x, X509 *issuer, const struct where *where)
{
    struct chain_waits *w = a->waits;
    for (u8 i = 0; i < where->responder_count + where->crl_count; i++) {
        bool responder = i < where->responder_count;
        const char *url =
            responder ? where->responders[i] : where->crls[i - where->responder_count];
        const struct known_ask ask = {
            .kind = responder ? KNOWN_OCSP : KNOWN_CRL, .url = url, .cert = x, .issuer = issuer};
        const struct known_item *item = known_want(a->known, &ask, a->now);
        if (!item || !known_waits(item) || w->count >= CHAIN_WAITS_MAX)
            continue;
        w->numbers[w->count++] = item->number;
        return true;
    }
    return false;
}

/* The certificate at this depth, whose issuer stands behind it in the chain. */
static void judge_one(struct found *f, const struct chain_ask *a, const STACK_OF(X509) * chain,
                      int depth)
{
    X509 *x = sk_X509_value(chain, depth), *issuer = sk_X509_value(chain, depth + 1);
    const struct trust_rule *rule = trust_rule_at(a->trust, a->rule);
    struct where where = {.crl_count = 0};
    trust_where_of(a->trust, issuer, &where);
    where_of(x, &where);
    enum ocsp_says says = responder_says(f, a, x, issuer, &where);
    if (says == OCSP_SAYS_REVOKED || f->revoked & 1u << depth)
        note(f, x, SHRIKE_REASON_CERT_REVOKED);
    if (says != OCSP_SAYS_NOTHING || !(f->unknown & 1u << depth))
        return;
    if (a->known && a->waits && ask_others(a, x, issuer, &where))
        return;
    bool known_where = where.responder_count + where.crl_count > 0;
    if (known_where)
        f->until = MIN(f->until, a->now + KNOWN_FAILED_S); /* then they are asked again */
    if (rule->revocation == TRUST_STRICT ||
        (rule->revocation == TRUST_IFURI && (known_where || says_where(x))))
        note(f, x, SHRIKE_REASON_CERT_UNKNOWN);
}

/* Of the last authority nobody tells. */
static void judge_all(struct found *f, const struct chain_ask *a, const STACK_OF(X509) * chain)
{
    for (int i = 0; i < sk_X509_num(chain) - 1 && i <= CHAIN_LINKS_MAX; i++)
        judge_one(f, a, chain, i);
}

/* One pass: of everything but revocation, or with it. */
static enum shrike_reason_code pass(struct found *f, const struct chain_ask *a, struct text *about)
{
    struct work w = {0};
    if (prepare(&w, a, f)) {
        int verified = X509_verify_cert(w.ctx);
        const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(w.ctx);
        if (verified != 1 && f->reason == SHRIKE_REASON_NONE)
            f->reason = SHRIKE_REASON_CERT_MALFORMED;
        if (f->revocation && f->reason == SHRIKE_REASON_NONE)
            judge_all(f, a, chain);
        look_at_dates(f, chain, a->now);
        look_closer(f, a, chain);
        if (f->reason != SHRIKE_REASON_NONE)
            blame(f->culprit ? f->culprit : a->end->x509, f->reason, about);
    } else {
        f->reason = SHRIKE_REASON_MEMORY;
    }
    finish(&w);
    return f->reason;
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
           good->known == (a->known ? a->known->version : 0) && good->schemes == a->schemes &&
           a->now >= good->from && a->now < good->until;
}

/* A chain holds until one of its certificates, or a CRL, is too old; those of others, too, for that
 * costs less than to know which they were. */
static void remember(const struct chain_ask *a, time_t end)
{
    struct certificate_good *good = &a->end->good;
    const STACK_OF(X509_CRL) *crls = trust_crls(a->trust);
    *good = (struct certificate_good){.trust = trust_serial(a->trust),
                                      .known = a->known ? a->known->version : 0,
                                      .rule = a->rule,
                                      .schemes = a->schemes,
                                      .from = a->now,
                                      .until = MIN(end, a->now + CHAIN_GOOD_S)};
    until(good, X509_get0_notAfter(a->end->x509));
    for (size_t i = 0; i < a->given_count; i++)
        until(good, X509_get0_notAfter(a->given[i]->x509));
    for (u32 i = 0; i < trust_count(a->trust); i++)
        if (trust_at(a->trust, i)->kind == TRUST_AUTHORITY)
            until(good, X509_get0_notAfter(trust_at(a->trust, i)->cert->x509));
    for (int i = 0; i < sk_X509_CRL_num(crls); i++)
        until(good, X509_CRL_get0_nextUpdate(sk_X509_CRL_value(crls, i)));
}

enum shrike_reason_code chain_build(const struct chain_ask *a, struct text *about)
{
    struct found f = {.crl_depth = -1};
    return is_known(a) ? SHRIKE_REASON_NONE : pass(&f, a, about);
}

/* Could anybody say something of it, or must somebody? */
static bool is_looked_up(const struct chain_ask *a)
{
    return trust_rule_at(a->trust, a->rule)->revocation != TRUST_RELAXED || a->known ||
           a->told_count > 0 || sk_X509_CRL_num(trust_crls(a->trust)) > 0;
}

enum shrike_reason_code chain_revocation(const struct chain_ask *a, struct text *about)
{
    struct found f = {.revocation = true, .crl_depth = -1, .until = a->now + CHAIN_GOOD_S};
    u32 waited = a->waits ? a->waits->count : 0;
    if (is_known(a))
        return SHRIKE_REASON_NONE;
    enum shrike_reason_code reason = is_looked_up(a) ? pass(&f, a, about) : SHRIKE_REASON_NONE;
    bool waits = a->waits && a->waits->count > waited;
    if (reason == SHRIKE_REASON_NONE && !waits)
        remember(a, f.until);
    return reason;
}

enum shrike_reason_code chain_verify(const struct chain_ask *a, struct text *about)
{
    enum shrike_reason_code reason = chain_build(a, about);
    return reason == SHRIKE_REASON_NONE ? chain_revocation(a, about) : reason;
}
