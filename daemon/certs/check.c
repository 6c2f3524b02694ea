/* Checks of signatures: see check.h. */
#include "certs/check.h"
#include "certs/bundle.h"
#include "certs/demands.h"
#include "certs/identity.h"
#include "wire/codes.h"

/* What is asked, and what the peer has sent. */
struct asked {
    const struct trust *trust;
    const struct shrike_auth_op *op;
    const struct trust_rule *rule;
    u32 rule_number;
    time_t now;
    struct text *about;
    struct certificate *certs[SHRIKE_CERTS_MAX]; /* X.509; the first is the peer's */
    size_t cert_count;
    struct bytes raw;                  /* the first raw key; empty: none */
    enum shrike_reason_code fault;     /* the first of X.509 cannot be read, or not be had */
    enum shrike_reason_code missing;   /* of another one, likewise */
    u32 named;                         /* by hash and URL */
    bool waits;                        /* for one of these */
    struct bytes told[CHAIN_TOLD_MAX]; /* responses about revocation */
    size_t told_count;
    struct check_others others;
};

/* What was said of one that does not count in the end. */
static void say_nothing(const struct asked *a)
{
    *a->about = text_of(a->about->start, a->about->size);
}

static void add(struct asked *a, struct bytes der, bool first)
{
    if (a->cert_count >= SHRIKE_CERTS_MAX)
        return;
    struct certificate *parsed = certificate_get(trust_cache(a->trust), der);
    if (parsed)
        a->certs[a->cert_count++] = parsed;
    else if (first)
        a->fault = SHRIKE_REASON_CERT_MALFORMED;
}

static void add_bundle(struct asked *a, struct bytes octets, bool first)
{
    struct bundle b;
    bool good = bundle_read(octets, &b) && b.count > 0;
    if (!good && first)
        a->fault = SHRIKE_REASON_CERT_MALFORMED;
    for (u16 i = 0; good && i < b.count; i++)
        add(a, b.certs[i], first && i == 0);
}

/* What it leads to, when that is here; else, unless it is waited for, a reason. */
static enum shrike_reason_code look_up(struct asked *a, const struct lookup_name *name,
                                       struct bytes *octets)
{
    const struct lookup_item *item =
        a->named++ < LOOKUPS_OF_ONE ? lookup_want(a->others.lookups, name, a->now) : NULL;
    struct chain_waits *w = a->others.waits;
    if (item && item->state == LOOKUP_HERE) {
        *octets = bytes_of(item->octets, item->len);
        return SHRIKE_REASON_NONE;
    }
    if (item && item->state == LOOKUP_FAILED)
        return item->fault;
    if (!item || !w || w->count >= CHAIN_WAITS_MAX)
        return SHRIKE_REASON_CERT_FETCH;
    w->numbers[w->count++] = item->number;
    a->waits = true;
    return SHRIKE_REASON_NONE;
}

/* RFC 7296 3.6 (2): by hash and URL. Who says so has proved nothing yet. */
static void add_named(struct asked *a, const struct shrike_cert *cert, bool first)
{
    struct lookup_name name;
    struct bytes octets = bytes_of(NULL, 0);
    enum shrike_reason_code fault = SHRIKE_REASON_CERT_URL;
    bool readable = lookup_name_read(cert->data, &name);
    if (readable && a->others.lookups && trust_may_look_up(a->trust, name.url))
        fault = look_up(a, &name, &octets);
    if (fault != SHRIKE_REASON_NONE && (first || a->missing == SHRIKE_REASON_NONE)) {
        say_nothing(a);
        text_safe(a->about, bytes_of(name.url, strlen(name.url)));
        *(first ? &a->fault : &a->missing) = fault;
    }
    if (octets.len > 0 && cert->encoding == CERT_X509_HASH_AND_URL)
        add(a, octets, first);
    else if (octets.len > 0)
        add_bundle(a, octets, first);
}

/* RFC 7296 3.6. Of other encodings nothing is asked for, and nothing taken. */
static void gather(struct asked *a)
{
    bool first = true;
    for (u16 i = 0; i < a->op->cert_count && i < SHRIKE_CERTS_MAX; i++) {
        const struct shrike_cert *cert = &a->op->certs[i];
        if (cert->encoding == CERT_RAW_PUBLIC_KEY && a->raw.len == 0)
            a->raw = cert->data;
        if (cert->encoding == CERT_OCSP_CONTENT &&
            a->told_count < CHAIN_TOLD_MAX) /* RFC 4806 3.2 */
            a->told[a->told_count++] = cert->data;
        bool named = cert->encoding == CERT_X509_HASH_AND_URL ||
                     cert->encoding == CERT_X509_BUNDLE_HASH_AND_URL;
        if (named)
            add_named(a, cert, first);
        else if (cert->encoding == CERT_X509_SIGNATURE)
            add(a, cert->data, first);
        first &= !named && cert->encoding != CERT_X509_SIGNATURE;
    }
}

static void let_go(struct asked *a)
{
    for (size_t i = 0; i < a->cert_count; i++)
        certificate_put(trust_cache(a->trust), a->certs[i]);
}

/* Does this connection trust this certificate, or key, for itself, if it names no authorities? */
static bool is_pinned(const struct asked *a, const struct trust_item *item)
{
    if (item->kind == TRUST_KEY || a->rule->peer_count > 0)
        return (item->kind == TRUST_KEY || item->kind == TRUST_PEER) &&
               trust_names(a->rule->peers, a->rule->peer_count, item->file);
    return item->kind == TRUST_PEER;
}

static bool cert_is_pinned(const struct asked *a, const struct certificate *cert)
{
    for (u32 i = 0; i < trust_count(a->trust); i++) {
        const struct trust_item *item = trust_at(a->trust, i);
        if (item->cert == cert && is_pinned(a, item)) /* equal ones are one */
            return true;
    }
    return false;
}

/* Where authorities are named, they must stand behind one that is trusted for itself, too. */
static bool has_chain(const struct asked *a)
{
    return a->rule->authority_count > 0 || !cert_is_pinned(a, a->certs[0]);
}

static struct chain_ask chain_of(const struct asked *a)
{
    return (struct chain_ask){
        .trust = a->trust,
        .rule = a->rule_number,
        .end = a->certs[0],
        .given = a->certs + 1,
        .given_count = a->cert_count - 1,
        .schemes = a->op->schemes,
        .now = a->now,
        .told = a->told,
        .told_count = a->told_count,
        .known = a->others.known,
        .waits = a->others.waits,
    };
}

/* One that is trusted for itself. */
static enum shrike_reason_code end_fault(const struct asked *a, X509 *x)
{
    enum shrike_reason_code fault = chain_end_fault(x, a->op->schemes, a->now, a->about);
    return fault == SHRIKE_REASON_NONE ? demands_end_fault(&a->rule->demands, x) : fault;
}

static enum shrike_reason_code key_fault(const struct asked *a, const struct trust_item *item)
{
    enum shrike_reason_code fault = demands_key_fault(&a->rule->demands, item->pkey);
    return fault == SHRIKE_REASON_NONE ? signature_check(item->pkey, a->op) : fault;
}

/* One that is named must be that one. */
static enum shrike_reason_code trust_fault(const struct asked *a)
{
    struct chain_ask ask = chain_of(a);
    if (a->rule->peer_count > 0 && !cert_is_pinned(a, a->certs[0])) {
        identity_print_subject(a->about, a->certs[0]->x509);
        return SHRIKE_REASON_CERT_ISSUER;
    }
    return has_chain(a) ? chain_build(&ask, a->about) : end_fault(a, a->certs[0]->x509);
}

/* What costs others something comes last, and only for who has the key. */
static enum shrike_reason_code check_sent(const struct asked *a)
{
    const struct certificate *peer = a->certs[0];
    struct chain_ask ask = chain_of(a);
    enum shrike_reason_code fault = SHRIKE_REASON_CERT_IDENTITY;
    /* RFC 7296 1.2 (1): by the key of the first one. */
    if (identity_is_of(&a->op->remote, peer))
        fault = trust_fault(a);
    if (fault == SHRIKE_REASON_NONE && !a->others.proved)
        fault = signature_check(peer->pkey, a->op);
    if (fault == SHRIKE_REASON_NONE && has_chain(a))
        fault = chain_revocation(&ask, a->about);
    if (fault != SHRIKE_REASON_NONE && a->about->len == 0)
        identity_print_subject(a->about, peer->x509);
    return fault;
}

static enum shrike_reason_code check_raw(const struct asked *a)
{
    for (u32 i = 0; i < trust_count(a->trust); i++) {
        const struct trust_item *item = trust_at(a->trust, i);
        if (item->kind == TRUST_KEY && is_pinned(a, item) && bytes_equal(item->spki, a->raw))
            return key_fault(a, item);
    }
    return SHRIKE_REASON_CERT_NONE;
}

static enum shrike_reason_code check_known(const struct asked *a, const struct trust_item *item)
{
    if (item->kind == TRUST_KEY)
        return key_fault(a, item);
    enum shrike_reason_code fault = end_fault(a, item->cert->x509);
    if (fault == SHRIKE_REASON_NONE)
        fault = signature_check(item->cert->pkey, a->op);
    if (fault != SHRIKE_REASON_NONE && a->about->len == 0)
        identity_print_subject(a->about, item->cert->x509);
    return fault;
}

/* The peer has sent nothing: what of it is here? */
static enum shrike_reason_code check_unsent(const struct asked *a)
{
    enum shrike_reason_code fault = SHRIKE_REASON_CERT_NONE;
    if (a->rule->authority_count > 0) /* they must stand behind it, and it is not known what does */
        return fault;
    for (u32 i = 0, tries = 0; i < trust_count(a->trust) && tries < CHECK_TRIES_MAX; i++) {
        const struct trust_item *item = trust_at(a->trust, i);
        if (!is_pinned(a, item) || (item->cert && !identity_is_of(&a->op->remote, item->cert)))
            continue;
        tries++;
        say_nothing(a);
        fault = check_known(a, item);
        if (fault == SHRIKE_REASON_NONE)
            break;
    }
    return fault;
}

/* One that could not be had may be what the chain lacks. */
static enum shrike_reason_code check_chain(const struct asked *a)
{
    char url[TARGET_URL_MAX];
    struct text lacks = text_of(url, sizeof(url));
    text_safe(&lacks, bytes_of(a->about->start, a->about->len));
    say_nothing(a);
    enum shrike_reason_code fault = check_sent(a);
    if (fault != SHRIKE_REASON_CERT_ISSUER || a->missing == SHRIKE_REASON_NONE)
        return fault;
    say_nothing(a);
    text_str(a->about, url);
    return a->missing;
}

static enum shrike_reason_code check(struct asked *a)
{
    if (a->fault != SHRIKE_REASON_NONE)
        return a->fault;
    if (a->waits) /* it is no answer yet */
        return SHRIKE_REASON_NONE;
    if (a->cert_count > 0)
        return check_chain(a);
    if (a->others.proved)
        return SHRIKE_REASON_CERT_NONE;
    return a->raw.len > 0 ? check_raw(a) : check_unsent(a);
}

struct shrike_answer check_answer(const struct trust *t, const struct shrike_op *op, time_t now,
                                  struct text *about)
{
    static const struct check_others nobody = {.known = NULL};
    return check_with(t, op, now, &nobody, about);
}

struct shrike_answer check_with(const struct trust *t, const struct shrike_op *op, time_t now,
                                const struct check_others *others, struct text *about)
{
    if (op->kind != SHRIKE_CHECK || op->auth.kind != SHRIKE_AUTH_PUBKEY)
        return (struct shrike_answer){.reason = SHRIKE_REASON_AUTH_METHOD};
    u32 number = trust_rule_of(t, op->auth.conn);
    struct asked a = {
        .trust = t,
        .op = &op->auth,
        .rule = trust_rule_at(t, number),
        .rule_number = number,
        .now = now,
        .about = about,
        .others = *others,
    };
    gather(&a);
    enum shrike_reason_code fault = check(&a);
    let_go(&a);
    if (fault == SHRIKE_REASON_NONE)
        return (struct shrike_answer){.ok = true};
    return (struct shrike_answer){.reason = fault, .value = bytes_of(about->start, about->len)};
}
