/* Trust on its way to certs: see trust.h. */
#include "control/trust.h"
#include "config/eap.h"
#include "ops/trustfile.h"
#include <assert.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define RECORD_ROOM 512 /* octets of a file's record beside its name and what it holds */
#define RULE_ROOM                                                                                  \
    (TRUST_NAME_MAX + 8 * TRUST_RULE_FILES_MAX + SHRIKE_ID_MAX +                                   \
     TRUST_POLICIES_MAX * (TRUST_POLICY_MAX + 8) + RECORD_ROOM)
#define TOTAL_MAX (250u << 20) /* certs takes no more of it */
#define NO_NUMBER UINT32_MAX

/* What is written so far. */
struct sealing {
    const struct wallet *wallet;
    u32 *numbers; /* by the wallet's files: what rules call them */
    u32 count;    /* of records of files */
    u32 missing;  /* one without anything in it; rules name it for what is not there */
    int fd;
    u64 hash;
    size_t total;
    bool failed;
};

static void put(struct sealing *s, const struct trust_record *r)
{
    size_t size = r->is_rule ? RULE_ROOM : r->name.len + r->octets.len + RECORD_ROOM;
    u8 *room = s->failed || s->total + size > TOTAL_MAX ? NULL : malloc(size);
    struct writer w = writer_of(room, room ? size : 0);
    if (room)
        trust_record_write(&w, r);
    struct bytes all = written_bytes(&w);
    s->failed |= !room || w.full || write(s->fd, all.at, all.len) != (ssize_t)all.len;
    for (size_t i = 0; i < all.len; i++)
        s->hash = (s->hash ^ all.at[i]) * 0x100000001b3;
    s->total += all.len;
    free(room);
    s->count += !r->is_rule && r->kind < TRUST_FETCH;
}

/* How it is found out what is revoked. */
static void put_fetch(struct sealing *s, const struct settings *set)
{
    u8 bits = (u8)((set->revocation & REVOCATION_FETCH ? TRUST_FETCH_ON : 0) |
                   (set->revocation & REVOCATION_PRIVATE ? TRUST_FETCH_PRIVATE : 0) |
                   (set->revocation & REVOCATION_BY_HASH ? TRUST_FETCH_BY_HASH : 0));
    put(s, &(struct trust_record){.kind = TRUST_FETCH, .octets = bytes_of(&bits, 1)});
}

/* ---- files ---- */

static struct bytes name_of(const char *name)
{
    size_t len = strlen(name);
    return bytes_of(name, MIN(len, (size_t)TRUST_NAME_MAX));
}

static bool is_wanted(enum trust_kind kind, const struct wallet_file *f, const struct x509_item *i)
{
    if (f->kind != WALLET_CONTAINER)
        return true;
    return (kind == TRUST_AUTHORITY) == (i->authority && i->self_signed);
}

/* Written anew, so that nothing else that stands in a file goes along. */
static void put_items(struct sealing *s, enum trust_kind kind, const struct wallet_file *f)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *label = kind == TRUST_KEY ? PEM_STRING_PUBLIC : PEM_STRING_X509;
    u32 count = 0;
    char *at = NULL;
    for (u32 i = 0; bio && i < f->items.count; i++) {
        const struct x509_item *item = &f->items.at[i];
        if (!is_wanted(kind, f, item))
            continue;
        s->failed |= PEM_write_bio(bio, label, "", item->der.at, (long)item->der.len) <= 0;
        count++;
    }
    long len = bio ? BIO_get_mem_data(bio, &at) : 0;
    s->failed |= !bio;
    if (count || f->kind != WALLET_CONTAINER)
        put(s, &(struct trust_record){
                   .name = name_of(f->name), .kind = kind, .octets = bytes_of(at, (size_t)len)});
    BIO_free(bio);
}

static void put_crl(struct sealing *s, const struct wallet_file *f)
{
    struct file file = {.at = NULL};
    struct trust_record r = {.name = name_of(f->name), .kind = TRUST_CRL, .octets = f->octets};
    if (!f->loaded && !file_read(f->name, WALLET_CRL_MAX, &file))
        r.octets = file_bytes(&file);
    put(s, &r);
    file_free(&file);
}

static void put_file(struct sealing *s, u32 i)
{
    const struct wallet_file *f = s->wallet->files[i];
    s->numbers[i] = s->count;
    switch (f->kind) {
    case WALLET_CERTIFICATE:
        put_items(s, TRUST_PEER, f);
        break;
    case WALLET_AUTHORITY:
        put_items(s, TRUST_AUTHORITY, f);
        break;
    case WALLET_KEY:
        put_items(s, TRUST_KEY, f);
        break;
    case WALLET_CRL:
        put_crl(s, f);
        break;
    case WALLET_CONTAINER:
        put_items(s, TRUST_AUTHORITY, f);
        put_items(s, TRUST_PEER, f);
        break;
    case WALLET_KINDS:
        break;
    }
}

/* A URL too long for certs is a fault that it names. */
static void put_where(struct sealing *s, const struct config_where *w)
{
    u8 octets[TRUST_WHERE_SIZE];
    struct writer to = writer_of(octets, sizeof(octets));
    const struct wallet_file *f = wallet_find(s->wallet, WALLET_AUTHORITY, &w->authority);
    struct trust_where where = {NO_NUMBER, w->place == CONFIG_CRLS};
    for (u32 i = 0; f && i < s->wallet->count; i++)
        if (s->wallet->files[i] == f)
            where.authority = s->numbers[i];
    if (where.authority == NO_NUMBER || strlen(w->url) > TRUST_NAME_MAX)
        return;
    if (w->place == CONFIG_BASE) {
        put(s, &(struct trust_record){.name = name_of(w->url), .kind = TRUST_BASE});
        return;
    }
    trust_where_write(&to, &where);
    put(s, &(struct trust_record){
               .name = name_of(w->url), .kind = TRUST_WHERE, .octets = written_bytes(&to)});
}

/* ---- rules ---- */

static u32 number_of(const struct sealing *s, enum wallet_kind kind, const struct config_cert *cert)
{
    const struct wallet_file *f = wallet_find(s->wallet, kind, cert);
    for (u32 i = 0; f && i < s->wallet->count; i++)
        if (s->wallet->files[i] == f && s->numbers[i] != NO_NUMBER)
            return s->numbers[i];
    return s->missing;
}

/* More than a rule has room for: the rest is not trusted. */
static void name_files(const struct sealing *s, enum wallet_kind kind,
                       const struct config_certs *certs, u32 numbers[TRUST_RULE_FILES_MAX],
                       u16 *count)
{
    for (u16 i = 0; i < certs->count && *count < TRUST_RULE_FILES_MAX; i++)
        numbers[(*count)++] = number_of(s, kind, &certs->at[i]);
}

static_assert(CONFIG_POLICIES_MAX == TRUST_POLICIES_MAX, "one for each");

static struct trust_demands demands_of(const struct config_demands *d)
{
    struct trust_demands out = {.schemes = d->schemes,
                                .rsa_bits = d->rsa_bits,
                                .ec_bits = d->ec_bits,
                                .ca_id = d->ca_id,
                                .policy_count = d->policy_count};
    for (u16 i = 0; i < d->policy_count; i++)
        out.policies[i] = name_of(d->policies[i]);
    return out;
}

static bool has_demands(const struct trust_demands *d)
{
    return d->schemes || d->rsa_bits || d->ec_bits || d->ca_id.type || d->policy_count;
}

static void put_rule(struct sealing *s, const char *name, const struct shrike_auth *remote,
                     const struct config_conn *beside)
{
    static const enum trust_revocation how[] = {[CONFIG_RELAXED] = TRUST_RELAXED,
                                                [CONFIG_IFURI] = TRUST_IFURI,
                                                [CONFIG_STRICT] = TRUST_STRICT};
    struct trust_record r = {.is_rule = true,
                             .name = name_of(name),
                             .revocation = how[beside->revocation],
                             .demands = demands_of(&beside->demands)};
    name_files(s, WALLET_AUTHORITY, &beside->remote_authorities, r.authorities, &r.authority_count);
    name_files(s, WALLET_CERTIFICATE, &beside->remote_certs, r.peers, &r.peer_count);
    name_files(s, WALLET_KEY, &beside->remote_keys, r.peers, &r.peer_count);
    if ((remote->kind == SHRIKE_AUTH_PUBKEY || eap_shows(remote)) &&
        (r.authority_count || r.peer_count || r.revocation != TRUST_RELAXED ||
         has_demands(&r.demands)))
        put(s, &r);
}

static void put_rules(struct sealing *s, const struct shrike_conn *conn,
                      const struct config_conn *beside)
{
    put_rule(s, conn->name, &conn->remote, beside);
    for (unsigned i = 0; i < conn->remote_round_count; i++)
        if (conn->remote_rounds[i].rule)
            put_rule(s, conn->remote_rounds[i].rule, &conn->remote_rounds[i], &beside->rounds[i]);
}

static bool lacks(const struct sealing *s, enum wallet_kind kind, const struct config_certs *certs)
{
    for (u16 i = 0; i < certs->count; i++)
        if (number_of(s, kind, &certs->at[i]) == NO_NUMBER)
            return true;
    return false;
}

static bool lacks_any(const struct sealing *s, const struct config_conn *n)
{
    return lacks(s, WALLET_AUTHORITY, &n->remote_authorities) ||
           lacks(s, WALLET_CERTIFICATE, &n->remote_certs) || lacks(s, WALLET_KEY, &n->remote_keys);
}

/* A connection must not be open to others because what it names is not there. */
static void put_missing(struct sealing *s, const struct config *config)
{
    bool wanted = false;
    s->missing = NO_NUMBER;
    for (u32 i = 0; i < config->conf.conn_count && !s->failed && !wanted; i++) {
        const struct config_conn *n = &config->beside[i];
        wanted = lacks_any(s, n);
        for (u16 k = 0; k < n->round_count && !wanted; k++)
            wanted = lacks_any(s, &n->rounds[k]);
    }
    if (!wanted)
        return;
    s->missing = s->count;
    put(s, &(struct trust_record){.name = name_of("what cannot be read"), .kind = TRUST_CRL});
}

int trust_make(const struct wallet *w, const struct config *config, const struct config_more *more,
               u64 *hash)
{
    const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    struct sealing s = {.wallet = w, .missing = 0, .hash = 0xcbf29ce484222325};
    s.numbers = calloc(w->count + 1u, sizeof(*s.numbers));
    s.fd = memfd_create("shrike-trust", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    s.failed = !s.numbers || s.fd < 0;
    put_fetch(&s, &config->settings);
    for (u32 i = 0; i < w->count && !s.failed; i++) {
        const struct wallet_file *f = w->files[i];
        s.numbers[i] = NO_NUMBER;
        if ((f->theirs || !f->ours) && f->kind != WALLET_CONTAINER)
            put_file(&s, i);
    }
    for (u32 i = 0; i < w->count && !s.failed; i++)
        if (w->files[i]->kind == WALLET_CONTAINER) /* of which no rule speaks */
            put_file(&s, i);
    for (u32 i = 0; i < config->where_count && !s.failed; i++)
        put_where(&s, &config->wheres[i]);
    for (u32 i = 0; i < more->where_count && !s.failed; i++)
        put_where(&s, &more->wheres[i]);
    put_missing(&s, config);
    for (u32 i = 0; i < config->conf.conn_count && !s.failed; i++)
        put_rules(&s, &config->conf.conns[i], &config->beside[i]);
    free(s.numbers);
    *hash = s.hash;
    if (s.fd >= 0 && (s.failed || fcntl(s.fd, F_ADD_SEALS, seals) != 0)) {
        close(s.fd);
        s.fd = -1;
    }
    return s.fd;
}
