/* Whom this host trusts: see trust.h. */
#include "certs/trust.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define PEM_MARK "-----BEGIN "

struct rule {
    struct trust_rule as; /* its lists and its name are in `names` and `conn` */
    char *conn;
    u32 *names; /* authorities, then peers */
    u8 *octets; /* of what it demands */
};

/* Where to look up what an authority has revoked. */
struct place {
    struct trust_where where;
    char url[TARGET_URL_MAX];
};

struct trust {
    struct certificates *cache;
    u64 serial;
    struct trust_item *items;
    u32 item_count, item_room, file_count;
    STACK_OF(X509) * anchors, *links;
    STACK_OF(X509_CRL) * crls;
    struct rule *rules;
    u32 rule_count, rule_room, name_count;
    struct place *places;
    u32 place_count, place_room;
    char **bases;
    u32 base_count, base_room;
    struct trust_fetch fetch;
    bool sealed;
};

static const struct trust_rule no_rule = {.revocation = TRUST_RELAXED};
static const char no_memory[] = "cannot be kept: there is no memory";
static const char too_many[] = "is one too many: there is a limit";

struct trust *trust_new(struct certificates *cache, u64 serial)
{
    struct trust *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    *t = (struct trust){.cache = cache, .serial = serial, .fetch = {.on = true}};
    t->anchors = sk_X509_new_null();
    t->links = sk_X509_new_null();
    t->crls = sk_X509_CRL_new_null();
    if (t->anchors && t->links && t->crls)
        return t;
    trust_free(t);
    return NULL;
}

static void item_free(struct trust *t, struct trust_item *i)
{
    certificate_put(t->cache, i->cert);
    EVP_PKEY_free(i->pkey);
    free((void *)(uintptr_t)i->spki.at);
}

void trust_free(struct trust *t)
{
    if (!t)
        return;
    sk_X509_free(t->anchors); /* the certificates are the items' */
    sk_X509_free(t->links);
    sk_X509_CRL_pop_free(t->crls, X509_CRL_free);
    for (u32 i = 0; i < t->item_count; i++)
        item_free(t, &t->items[i]);
    for (u32 i = 0; i < t->rule_count; i++) {
        free(t->rules[i].conn);
        free(t->rules[i].names);
        free(t->rules[i].octets);
    }
    free(t->items);
    for (u32 i = 0; i < t->base_count; i++)
        free(t->bases[i]);
    free(t->bases);
    free(t->places);
    free(t->rules);
    free(t);
}

void trust_set_fetch(struct trust *t, const struct trust_fetch *fetch)
{
    t->fetch = *fetch;
}

const struct trust_fetch *trust_fetch(const struct trust *t)
{
    return &t->fetch;
}

/* ---- files ---- */

/* Room for one more of an array. */
static bool grow(void **array, u32 count, u32 *room, size_t size)
{
    if (count < *room)
        return true;
    u32 more = *room ? 2 * *room : 16;
    void *larger = realloc(*array, more * size);
    if (!larger)
        return false;
    *array = larger;
    *room = more;
    return true;
}

static const char *add_item(struct trust *t, const struct trust_item *i)
{
    void *items = t->items;
    if (!grow(&items, t->item_count, &t->item_room, sizeof(*i)))
        return no_memory;
    t->items = items;
    t->items[t->item_count++] = *i;
    return NULL;
}

/* Where it belongs; the item stays the caller's when it does not fit. */
static const char *sort_in(struct trust *t, struct trust_item *i)
{
    X509 *x = i->cert->x509;
    bool of_authority = X509_check_ca(x) == 1; /* RFC 5280 4.2.1.9 */
    bool self_signed = X509_self_signed(x, 1) == 1;
    ERR_clear_error();
    if (i->kind == TRUST_AUTHORITY && !of_authority)
        return "is no certificate of an authority: its basicConstraints do not say so";
    i->anchor = i->kind == TRUST_AUTHORITY && self_signed;
    i->link = of_authority && !self_signed;
    const char *said = add_item(t, i);
    if (said)
        return said;
    if ((i->anchor && !sk_X509_push(t->anchors, x)) || (i->link && !sk_X509_push(t->links, x))) {
        t->item_count--;
        return no_memory;
    }
    return NULL;
}

static const char *add_certificate(struct trust *t, enum trust_kind kind, struct bytes der)
{
    struct trust_item i = {.kind = kind, .file = t->file_count};
    i.cert = certificate_get(t->cache, der);
    if (!i.cert)
        return "cannot be read as a certificate, or its key is of no use";
    const char *said = sort_in(t, &i);
    if (said)
        certificate_put(t->cache, i.cert);
    return said;
}

static const char *add_crl(struct trust *t, struct bytes der)
{
    const u8 *at = der.at;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    ERR_clear_error();
    if (crl && at == der.at + der.len && sk_X509_CRL_push(t->crls, crl) > 0)
        return NULL;
    X509_CRL_free(crl);
    return "cannot be read as a CRL";
}

static const char *add_key(struct trust *t, struct bytes der)
{
    struct ability ability;
    struct trust_item i = {.kind = TRUST_KEY, .file = t->file_count};
    u8 *copy = malloc(der.len + 1);
    i.pkey = signature_key(der);
    i.spki = bytes_of(copy, der.len);
    ERR_clear_error();
    const char *said = !i.pkey || !signature_ability(i.pkey, &ability)
                           ? "cannot be read as a public key, or is one that is of no use"
                           : NULL;
    if (!copy)
        said = no_memory;
    if (!said) {
        memcpy(copy, der.at, der.len);
        said = add_item(t, &i);
    }
    if (said)
        item_free(t, &i);
    return said;
}

static const char *add_one(struct trust *t, enum trust_kind kind, struct bytes der)
{
    if (t->item_count + (u32)sk_X509_CRL_num(t->crls) >= TRUST_ITEMS_MAX)
        return too_many;
    switch (kind) {
    case TRUST_AUTHORITY:
    case TRUST_PEER:
        return add_certificate(t, kind, der);
    case TRUST_CRL:
        return add_crl(t, der);
    case TRUST_KEY:
        return add_key(t, der);
    case TRUST_FETCH: /* intake.c */
    case TRUST_WHERE:
    case TRUST_BASE:
        break;
    }
    return "is of no known kind";
}

/* What stands behind BEGIN (RFC 7468). */
static bool is_labelled(enum trust_kind kind, const char *label)
{
    switch (kind) {
    case TRUST_AUTHORITY:
    case TRUST_PEER:
        return strcmp(label, PEM_STRING_X509) == 0 || strcmp(label, PEM_STRING_X509_OLD) == 0;
    case TRUST_CRL:
        return strcmp(label, PEM_STRING_X509_CRL) == 0;
    case TRUST_KEY:
        return strcmp(label, PEM_STRING_PUBLIC) == 0;
    case TRUST_FETCH:
    case TRUST_WHERE:
    case TRUST_BASE:
        break;
    }
    return false;
}

static const char *add_pem(struct trust *t, enum trust_kind kind, BIO *text)
{
    const char *said = NULL;
    u32 found = 0;
    char *label, *header;
    u8 *der;
    long len;
    while (!said && PEM_read_bio(text, &label, &header, &der, &len) == 1) {
        if (!is_labelled(kind, label))
            said = "holds something else, too, that does not belong into it";
        else
            said = add_one(t, kind, bytes_of(der, (size_t)len));
        OPENSSL_free(label);
        OPENSSL_free(header);
        OPENSSL_clear_free(der, (size_t)len); /* it may be a private key */
        found++;
    }
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (said)
        return said;
    return found == 0 || !ended ? "is broken" : NULL;
}

static bool is_pem(struct bytes octets)
{
    size_t len = strlen(PEM_MARK);
    for (size_t i = 0; i + len <= octets.len; i++)
        if (memcmp(octets.at + i, PEM_MARK, len) == 0)
            return true;
    return false;
}

static const char *take(struct trust *t, enum trust_kind kind, struct bytes octets)
{
    if (octets.len == 0)
        return "is empty";
    if (octets.len > TRUST_FILE_MAX)
        return "is too large";
    if (!is_pem(octets))
        return add_one(t, kind, octets);
    BIO *text = BIO_new_mem_buf(octets.at, (int)octets.len);
    const char *said = text ? add_pem(t, kind, text) : no_memory;
    BIO_free(text);
    return said;
}

const char *trust_file(struct trust *t, enum trust_kind kind, struct bytes octets, u32 *number)
{
    ensure(!t->sealed);
    *number = TRUST_NO_NUMBER;
    if (t->file_count >= TRUST_FILES_MAX)
        return too_many;
    const char *said = take(t, kind, octets);
    *number = t->file_count++;
    return said;
}

/* ---- where to look up ---- */

const char *trust_where_add(struct trust *t, const struct trust_where *where, struct bytes url)
{
    ensure(!t->sealed);
    struct place one = {.where = *where};
    struct target target;
    void *places = t->places;
    if (where->authority >= t->file_count || url.len >= sizeof(one.url) || url.len == 0)
        return "makes no sense";
    memcpy(one.url, url.at, url.len);
    if (strlen(one.url) != url.len || !target_read(one.url, &target))
        return "is no URL that can be asked: http://host/path is wanted";
    if (t->place_count >= TRUST_WHERES_MAX)
        return too_many;
    if (!grow(&places, t->place_count, &t->place_room, sizeof(one)))
        return no_memory;
    t->places = places;
    t->places[t->place_count++] = one;
    return NULL;
}

static bool is_in_file(const struct trust *t, const X509 *authority, u32 file)
{
    for (u32 i = 0; i < t->item_count; i++) {
        const struct trust_item *item = &t->items[i];
        if (item->kind == TRUST_AUTHORITY && item->file == file &&
            X509_cmp(item->cert->x509, authority) == 0)
            return true;
    }
    return false;
}

void trust_where_of(const struct trust *t, const X509 *issuer, struct where *out)
{
    for (u32 i = 0; i < t->place_count; i++)
        if (is_in_file(t, issuer, t->places[i].where.authority))
            where_add(out, t->places[i].where.crl, t->places[i].url);
}

/* ---- where certificates are looked up ---- */

const char *trust_base_add(struct trust *t, struct bytes url)
{
    struct target target;
    char text[TARGET_URL_MAX] = "";
    void *bases = t->bases;
    if (url.len < sizeof(text) && url.len > 0)
        memcpy(text, url.at, url.len);
    /* Without a slash behind the host, what follows could make another host of it. */
    if (strlen(text) != url.len || !target_read(text, &target) || !strchr(text + 7, '/') ||
        strchr(text, '#'))
        return "is no URL that certificates are asked for by: http://host/path/ is wanted";
    if (t->base_count >= TRUST_BASES_MAX)
        return too_many;
    if (!grow(&bases, t->base_count, &t->base_room, sizeof(char *)))
        return no_memory;
    t->bases = bases;
    t->bases[t->base_count] = strdup(text);
    if (!t->bases[t->base_count])
        return no_memory;
    t->base_count++;
    return NULL;
}

/* RFC 3986 2.3: unreserved letters, so that it is one segment of a path, or one value; and not "."
 * or "..". */
static bool is_name(const char *text)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    size_t len = strlen(text);
    return len > 0 && strspn(text, letters) == len && text[0] != '.';
}

bool trust_may_look_up(const struct trust *t, const char *url)
{
    for (u32 i = 0; i < t->base_count && t->fetch.by_hash; i++) {
        size_t len = strlen(t->bases[i]);
        if (strncmp(url, t->bases[i], len) == 0 && is_name(url + len))
            return true;
    }
    return false;
}

/* ---- rules ---- */

static struct bytes copy_to(u8 **at, struct bytes from)
{
    struct bytes copy = bytes_of(*at, from.len);
    if (from.len > 0)
        memcpy(*at, from.at, from.len);
    *at += from.len;
    return copy;
}

static void copy_demands(struct trust_demands *d, u8 *to)
{
    d->ca_id.data = copy_to(&to, d->ca_id.data);
    for (u16 i = 0; i < d->policy_count; i++)
        d->policies[i] = copy_to(&to, d->policies[i]);
}

static size_t demands_size(const struct trust_demands *d)
{
    size_t size = d->ca_id.data.len;
    for (u16 i = 0; i < d->policy_count; i++)
        size += d->policies[i].len;
    return size;
}

static bool copy_rule(struct rule *out, const struct trust_rule *rule)
{
    size_t count = (size_t)rule->authority_count + rule->peer_count;
    *out = (struct rule){*rule, strdup(rule->conn), calloc(count + 1, sizeof(u32)),
                         malloc(demands_size(&rule->demands) + 1)};
    if (!out->conn || !out->names || !out->octets) {
        free(out->conn);
        free(out->names);
        free(out->octets);
        return false;
    }
    copy_demands(&out->as.demands, out->octets);
    for (u32 i = 0; i < rule->authority_count; i++)
        out->names[i] = rule->authorities[i];
    for (u32 i = 0; i < rule->peer_count; i++)
        out->names[rule->authority_count + i] = rule->peers[i];
    out->as.conn = out->conn;
    out->as.authorities = out->names;
    out->as.peers = out->names + rule->authority_count;
    return true;
}

const char *trust_rule_add(struct trust *t, const struct trust_rule *rule)
{
    ensure(!t->sealed);
    u32 count = (u32)rule->authority_count + rule->peer_count;
    if (!rule->conn || rule->revocation > TRUST_STRICT ||
        rule->demands.policy_count > TRUST_POLICIES_MAX)
        return "makes no sense";
    if (t->rule_count >= TRUST_RULES_MAX || count > TRUST_NAMES_MAX - t->name_count)
        return too_many;
    for (u32 i = 0; i < count; i++) {
        u32 file = i < rule->authority_count ? rule->authorities[i]
                                             : rule->peers[i - rule->authority_count];
        if (file >= t->file_count)
            return "names a file that there is not";
    }
    void *rules = t->rules;
    if (!grow(&rules, t->rule_count, &t->rule_room, sizeof(struct rule)))
        return no_memory;
    t->rules = rules;
    if (!copy_rule(&t->rules[t->rule_count], rule))
        return no_memory;
    t->rule_count++;
    t->name_count += count;
    return NULL;
}

static int by_conn(const void *a, const void *b)
{
    const struct rule *left = a, *right = b;
    return strcmp(left->conn, right->conn);
}

bool trust_seal(struct trust *t)
{
    if (t->rule_count > 0)
        qsort(t->rules, t->rule_count, sizeof(struct rule), by_conn);
    for (u32 i = 1; i < t->rule_count; i++)
        if (strcmp(t->rules[i - 1].conn, t->rules[i].conn) == 0)
            return false;
    t->sealed = true;
    return true;
}

/* ---- for those who check ---- */

u64 trust_serial(const struct trust *t)
{
    return t->serial;
}

struct certificates *trust_cache(const struct trust *t)
{
    return t->cache;
}

u32 trust_count(const struct trust *t)
{
    return t->item_count;
}

const struct trust_item *trust_at(const struct trust *t, u32 i)
{
    return &t->items[i];
}

const STACK_OF(X509_CRL) * trust_crls(const struct trust *t)
{
    return t->crls;
}

const STACK_OF(X509) * trust_anchors(const struct trust *t)
{
    return t->anchors;
}

const STACK_OF(X509) * trust_links(const struct trust *t)
{
    return t->links;
}

u32 trust_rule_of(const struct trust *t, const char *conn)
{
    struct rule wanted = {.conn = (char *)(uintptr_t)conn};
    const struct rule *found = NULL;
    if (conn && t->sealed && t->rule_count > 0)
        found = bsearch(&wanted, t->rules, t->rule_count, sizeof(struct rule), by_conn);
    return found ? (u32)(found - t->rules) : t->rule_count;
}

const struct trust_rule *trust_rule_at(const struct trust *t, u32 number)
{
    return number < t->rule_count ? &t->rules[number].as : &no_rule;
}

bool trust_names(const u32 *files, u16 count, u32 file)
{
    for (u16 i = 0; i < count; i++)
        if (files[i] == file)
            return true;
    return false;
}
