/* Certificates and connections: see credentials.h. */
#include "config/credentials.h"
#include "base/bytes.h"
#include "base/text.h"
#include "config/eap.h"
#include "wire/codes.h"
#include "wire/print.h"
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define NAME_TEXT 200 /* characters of an identity that are shown */

const char *credentials_peek(struct pool *p, const struct config_cert *cert, enum x509_kind kind,
                             struct x509_items *out)
{
    struct file file = {.at = NULL};
    const char *why = NULL;
    *out = (struct x509_items){0};
    if (cert->path)
        why = file_read(cert->path, WALLET_OCTETS_MAX, &file);
    if (!why)
        why = x509_read(p, kind, cert->path ? file_bytes(&file) : cert->octets, out);
    file_free(&file);
    return why;
}

/* What is under way: each file's credential is made once. */
struct filling {
    struct config *config;
    const struct wallet *wallet;
    const struct config_more *more;
    struct config_report *report;
    const struct shrike_credential **made;   /* by file */
    const struct shrike_key_id *authorities; /* all that peers may be asked for */
    uint16_t authority_count;
};

/* Who a file is about: the first that is no authority; else the first. */
static const struct x509_item *leaf_of(const struct wallet_file *f)
{
    for (uint32_t i = 0; i < f->items.count; i++)
        if (!f->items.at[i].authority)
            return &f->items.at[i];
    return f->items.count ? f->items.at : NULL;
}

static const struct x509_item *issuer_in(const struct wallet_file *f, const struct x509_item *item)
{
    for (uint32_t i = 0; i < f->items.count; i++)
        if (&f->items.at[i] != item && x509_signed_by(item, &f->items.at[i]))
            return &f->items.at[i];
    return NULL;
}

/* In the same file first, where a chain stands as it is to be sent. */
static const struct x509_item *issuer_of(const struct wallet *s, const struct wallet_file *f,
                                         const struct x509_item *item)
{
    const struct x509_item *issuer = item->self_signed ? NULL : issuer_in(f, item);
    for (uint32_t i = 0; !issuer && !item->self_signed && i < s->count; i++)
        if (s->files[i]->kind != WALLET_KEY && s->files[i]->kind != WALLET_CRL)
            issuer = issuer_in(s->files[i], item);
    return issuer;
}

/* ---- where they are to be had by hash and URL ---- */

bool credentials_is_base(const char *url)
{
    size_t len = strlen(url);
    return strncmp(url, "http://", 7) == 0 && len <= CREDENTIALS_BASE_MAX && url[7] != '/' &&
           strchr(url + 7, '/') && !strpbrk(url, " \t\n#");
}

static bool is_of(const struct filling *f, const struct config_where *w,
                  const struct x509_item *authority)
{
    const struct wallet_file *file = wallet_find(f->wallet, WALLET_AUTHORITY, &w->authority);
    for (uint32_t i = 0; file && i < file->items.count; i++)
        if (memcmp(&file->items.at[i].key, &authority->key, sizeof(authority->key)) == 0)
            return true;
    return false;
}

/* Of this authority; NULL: there is none. */
static const char *base_of(const struct filling *f, const struct x509_item *authority)
{
    for (uint32_t i = 0; i < f->config->where_count + f->more->where_count; i++) {
        const struct config_where *w = i < f->config->where_count
                                           ? &f->config->wheres[i]
                                           : &f->more->wheres[i - f->config->where_count];
        if (w->place == CONFIG_BASE && is_of(f, w, authority))
            return w->url;
    }
    return NULL;
}

/* RFC 7296 3.6 (2): the hash of the certificate, and the URL. */
static struct shrike_bytes lookup_of(struct filling *f, const struct x509_item *item,
                                     const struct x509_item *issuer)
{
    uint8_t hash[SHRIKE_LOOKUP_HASH];
    char url[CREDENTIALS_BASE_MAX + 2 * sizeof(hash) + 1];
    struct text t = text_of(url, sizeof(url));
    const char *base = base_of(f, issuer);
    if (!base || EVP_Digest(item->der.at, item->der.len, hash, NULL, EVP_sha1(), NULL) != 1)
        return (struct shrike_bytes){NULL, 0};
    text_str(&t, base);
    text_bytes(&t, bytes_of(hash, sizeof(hash)));
    uint8_t *out = pool_take(&f->config->pool, sizeof(hash) + t.len);
    memcpy(out, hash, sizeof(hash));
    memcpy(out + sizeof(hash), url, t.len);
    return bytes_of(out, sizeof(hash) + t.len);
}

static bool has_bases(const struct filling *f)
{
    for (uint32_t i = 0; i < f->config->where_count; i++)
        if (f->config->wheres[i].place == CONFIG_BASE)
            return true;
    for (uint32_t i = 0; i < f->more->where_count; i++)
        if (f->more->wheres[i].place == CONFIG_BASE)
            return true;
    return false;
}

/* The certificate, and those behind it up to the one that peers have to know by themselves. */
static void fill_chain(struct filling *f, const struct wallet_file *file,
                       const struct x509_item *item, struct shrike_credential *out)
{
    struct shrike_bytes *certs = pool_take(&f->config->pool, SHRIKE_CERTS_MAX * sizeof(*certs));
    struct shrike_key_id *keys = pool_take(&f->config->pool, SHRIKE_CERTS_MAX * sizeof(*keys));
    struct shrike_bytes *lookups =
        has_bases(f) ? pool_take(&f->config->pool, SHRIKE_CERTS_MAX * sizeof(*lookups)) : NULL;
    out->certs = certs;
    out->authorities = keys;
    out->lookups = lookups;
    certs[out->cert_count++] = item->der;
    while (out->authority_count < SHRIKE_CERTS_MAX) {
        const struct x509_item *issuer = issuer_of(f->wallet, file, item);
        if (!issuer)
            break;
        if (lookups)
            lookups[out->cert_count - 1] = lookup_of(f, item, issuer);
        item = issuer;
        keys[out->authority_count++] = item->key;
        if (item->self_signed || out->cert_count == SHRIKE_CERTS_MAX)
            break;
        certs[out->cert_count++] = item->der;
    }
}

static const struct shrike_credential *credential_of(struct filling *f, uint32_t at)
{
    const struct wallet_file *file = f->wallet->files[at];
    const struct x509_item *item = leaf_of(file);
    if (f->made[at] || !item)
        return f->made[at];
    struct shrike_credential *out = pool_take(&f->config->pool, sizeof(*out));
    out->key = item->key;
    out->origin.file = pool_text(&f->config->pool, file->name, strlen(file->name));
    f->made[at] = out;
    if (item->x509) {
        out->encoding = CERT_X509_SIGNATURE;
        fill_chain(f, file, item, out);
    } else { /* RFC 7670 3: the SubjectPublicKeyInfo */
        struct shrike_bytes *der = pool_take(&f->config->pool, sizeof(*der));
        *der = item->der;
        out->encoding = CERT_RAW_PUBLIC_KEY;
        out->certs = der;
        out->cert_count = 1;
    }
    return out;
}

/* ---- who we are ---- */

static void add(struct filling *f, struct shrike_auth *a, uint32_t at)
{
    struct shrike_credential *all = (struct shrike_credential *)(uintptr_t)a->credentials;
    const struct shrike_credential *one = credential_of(f, at);
    if (!one || a->credential_count == CREDENTIALS_MAX)
        return;
    if (!all)
        a->credentials = all = pool_take(&f->config->pool, CREDENTIALS_MAX * sizeof(*all));
    all[a->credential_count++] = *one;
}

static void add_named(struct filling *f, struct shrike_auth *a, enum wallet_kind kind,
                      const struct config_certs *named)
{
    for (uint16_t i = 0; i < named->count; i++) {
        const struct wallet_file *file = wallet_find(f->wallet, kind, &named->at[i]);
        for (uint32_t k = 0; file && k < f->wallet->count; k++)
            if (f->wallet->files[k] == file)
                add(f, a, k);
    }
}

/* Nothing is named: every certificate that is for our identity. */
static void add_by_id(struct filling *f, struct shrike_auth *a)
{
    for (uint32_t i = 0; i < f->wallet->count; i++) {
        const struct wallet_file *file = f->wallet->files[i];
        const struct x509_item *item = leaf_of(file);
        if ((file->kind == WALLET_CERTIFICATE || file->kind == WALLET_CONTAINER) && !file->named &&
            item && !item->authority && x509_is_for(item, &a->id))
            add(f, a, i);
    }
}

static void print_id(char out[NAME_TEXT], const struct shrike_id *id)
{
    struct text t = text_of(out, NAME_TEXT);
    print_ident(&t, id->type, id->data);
}

/* The identity has to be one that the certificate is for (RFC 7296 3.5, RFC 4945 3.1): without one,
 * or with another, it is the subject of the first. */
static void settle_id(struct filling *f, struct shrike_id *id, const struct config_conn *beside)
{
    if (!beside->local_certs.count)
        return;
    const struct wallet_file *file =
        wallet_find(f->wallet, WALLET_CERTIFICATE, &beside->local_certs.at[0]);
    const struct x509_item *item = file ? leaf_of(file) : NULL;
    if (!item || item->name_count == 0 ||
        (beside->local_id.type && x509_is_for(item, &beside->local_id)))
        return;
    if (beside->local_id.type) {
        char was[NAME_TEXT], now[NAME_TEXT];
        print_id(was, &beside->local_id);
        print_id(now, &item->names[0]);
        report_warning(f->report, beside->local_id_origin,
                       "id = %s is none that %s is for, and peers would refuse it: it is taken as "
                       "%s",
                       was, file->name, now);
    }
    *id = item->names[0];
}

/* What lies on a token comes later; that it cannot be had, says who asks for it. */
static bool comes_later(const struct config_certs *named)
{
    for (uint16_t i = 0; i < named->count; i++)
        if (named->at[i].object.handle.len)
            return true;
    return false;
}

static void fill_local(struct filling *f, const struct shrike_conn *conn, struct shrike_auth *a,
                       const struct config_conn *beside)
{
    char id[NAME_TEXT];
    a->credentials = NULL;
    a->credential_count = 0;
    settle_id(f, &a->id, beside);
    add_named(f, a, WALLET_CERTIFICATE, &beside->local_certs);
    add_named(f, a, WALLET_KEY, &beside->local_keys);
    if (!beside->local_certs.count && !beside->local_keys.count)
        add_by_id(f, a);
    if (a->credential_count || comes_later(&beside->local_certs))
        return;
    print_id(id, &a->id);
    report_warning(f->report, a->origin,
                   "connection %s has no certificate for its identity %s, and cannot prove it: put "
                   "one into the folder x509, or name one: certs = FILE",
                   conn->name, id);
}

/* ---- whom we ask for ---- */

static bool has_key(const struct shrike_key_id *all, uint16_t count,
                    const struct shrike_key_id *key)
{
    for (uint16_t i = 0; i < count; i++)
        if (memcmp(all[i].octets, key->octets, sizeof(key->octets)) == 0)
            return true;
    return false;
}

static void ask_for(struct shrike_key_id *all, uint16_t *count, const struct wallet_file *file)
{
    for (uint32_t i = 0; file && i < file->items.count; i++) {
        const struct x509_item *item = &file->items.at[i];
        if (item->authority && *count < AUTHORITIES_MAX && !has_key(all, *count, &item->key))
            all[(*count)++] = item->key;
    }
}

static void gather_authorities(struct filling *f)
{
    struct shrike_key_id *all = pool_take(&f->config->pool, AUTHORITIES_MAX * sizeof(*all));
    for (uint32_t i = 0; i < f->wallet->count; i++)
        if (f->wallet->files[i]->kind == WALLET_AUTHORITY)
            ask_for(all, &f->authority_count, f->wallet->files[i]);
    f->authorities = all;
}

static void fill_remote(struct filling *f, struct shrike_auth *a, const struct config_conn *beside,
                        bool asks)
{
    a->authorities = f->authorities;
    a->authority_count = asks ? f->authority_count : 0;
    if (!asks || !beside->remote_authorities.count)
        return;
    struct shrike_key_id *own = pool_take(&f->config->pool, AUTHORITIES_MAX * sizeof(*own));
    a->authority_count = 0;
    for (uint16_t i = 0; i < beside->remote_authorities.count; i++)
        ask_for(own, &a->authority_count,
                wallet_find(f->wallet, WALLET_AUTHORITY, &beside->remote_authorities.at[i]));
    a->authorities = own;
}

/* Of methods with tunnels the server alone has a certificate, and without a signature in IKE;
 * whoever names one may be it. */
static bool shows(const struct shrike_conn *conn, const struct shrike_auth *a,
                  const struct config_certs *named)
{
    bool server = eap_shows(a) && conn->remote.kind == SHRIKE_AUTH_EAP && named->count;
    return a->kind == SHRIKE_AUTH_PUBKEY || eap_has_to_show(a) || server;
}

static void fill(struct filling *f, struct shrike_conn *conn, const struct config_conn *beside)
{
    struct shrike_auth *ours = (struct shrike_auth *)(uintptr_t)conn->local_rounds; /* as conns */
    struct shrike_auth *theirs = (struct shrike_auth *)(uintptr_t)conn->remote_rounds;
    /* Without an authority that says where, nothing could be looked up. */
    conn->looks_up = f->config->settings.revocation & REVOCATION_BY_HASH && has_bases(f);
    if (shows(conn, &conn->local, &beside->local_certs))
        fill_local(f, conn, &conn->local, beside);
    if (conn->remote.kind == SHRIKE_AUTH_PUBKEY)
        fill_remote(f, &conn->remote, beside, beside->asks);
    for (unsigned i = 0; i < conn->local_round_count; i++)
        if (shows(conn, &ours[i], &beside->rounds[i].local_certs))
            fill_local(f, conn, &ours[i], &beside->rounds[i]);
    for (unsigned i = 0; i < conn->remote_round_count; i++)
        if (theirs[i].kind == SHRIKE_AUTH_PUBKEY)
            fill_remote(f, &theirs[i], &beside->rounds[i], beside->asks);
}

void credentials_fill(struct config *c, const struct wallet *s, const struct config_more *more,
                      struct config_report *report)
{
    static const struct config_more nothing = {.where_count = 0};
    struct filling f = {.config = c, .wallet = s, .more = more ? more : &nothing, .report = report};
    struct shrike_conn *conns = (struct shrike_conn *)(uintptr_t)c->conf.conns; /* made by us */
    f.made = calloc(s->count + 1u, sizeof(*f.made));
    if (!f.made)
        abort();
    gather_authorities(&f);
    for (uint32_t i = 0; i < c->conf.conn_count; i++)
        fill(&f, &conns[i], &c->beside[i]);
    free(f.made);
}
