/* Certificates in messages: see certs.h. */
#include "exchange/certs.h"
#include "crypto/scheme.h"
#include "exchange/eap.h"
#include "exchange/rounds.h"

enum { HASH_LEN = 2, HASHES_MAX = 15 }; /* numbers that have a bit in handshake.hashes */

/* RFC 7427 4, RFC 8420 2; HASH_SHA1 only where a way to sign that needs it is named. */
static const u16 hashes[] = {HASH_SHA2_256, HASH_SHA2_384, HASH_SHA2_512, HASH_IDENTITY};

static bool signs(const struct shrike_conn *conn, bool ours)
{
    const struct shrike_auth *a;
    for (unsigned i = 0; (a = rounds_at(conn, ours, i)) != NULL; i++) {
        if (a->kind == SHRIKE_AUTH_PUBKEY)
            return true;
    }
    return false;
}

/* The ways to sign that the peer may use, in any of its rounds. */
static u32 schemes_of_peer(const struct shrike_conn *conn)
{
    const struct shrike_auth *a;
    u32 all = 0;
    for (unsigned i = 0; (a = rounds_at(conn, false, i)) != NULL; i++)
        all |= a->kind == SHRIKE_AUTH_PUBKEY ? a->schemes : 0;
    return all;
}

void hashes_offer(struct turn *t)
{
    u8 data[HASH_LEN * (ARRAY_LEN(hashes) + 1)];
    struct writer w = writer_of(data, sizeof(data));
    const struct ike_sa *sa = t->sa;
    u32 sha1 = SCHEME_BIT(SCHEME_RSA_SHA1) | SCHEME_BIT(SCHEME_ECDSA_SHA1);
    if (sa->initiator ? !signs(sa->conn, true) && !signs(sa->conn, false)
                      : sa->handshake->hashes == 0)
        return;
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
        write_u16(&w, hashes[i]);
    if (schemes_of_peer(sa->conn) & sha1)
        write_u16(&w, HASH_SHA1);
    notify_add(t->out, NOTIFY_SIGNATURE_HASH_ALGORITHMS, written_bytes(&w));
}

void hashes_note(struct turn *t)
{
    struct notify n;
    if (!notify_find(t->in, NOTIFY_SIGNATURE_HASH_ALGORITHMS, &n))
        return;
    struct reader r = reader_of(n.data);
    while (read_left(&r) >= HASH_LEN) {
        u16 hash = read_u16(&r);
        if (hash > 0 && hash <= HASHES_MAX)
            t->sa->handshake->hashes |= (u16)HASH_BIT(hash);
    }
}

/* ---- CERTREQ ---- */

void certs_ask(struct turn *t)
{
    const struct shrike_conn *conn = t->sa->conn;
    const struct shrike_auth *a;
    bool asks = false;
    for (unsigned i = 0; conn && (a = rounds_at(conn, false, i)) != NULL; i++) {
        if (a->authority_count == 0)
            continue;
        asks = true;
        /* RFC 7296 3.7 (1, 2): of X.509 alone, which stands for hash and URL, too. */
        size_t mark = payload_begin(t->out, PAYLOAD_CERTREQ, false);
        struct bytes keys =
            bytes_of(a->authorities, a->authority_count * sizeof(struct shrike_key_id));
        cert_write(t->out->w, &(struct cert){CERT_X509_SIGNATURE, keys});
        payload_end(t->out, mark);
    }
    /* RFC 7296 3.7 (4) */
    if (asks && conn->looks_up)
        notify_add(t->out, NOTIFY_HTTP_CERT_LOOKUP_SUPPORTED, bytes_of(NULL, 0));
    /* RFC 4806 3.1: of no responder but those who may say it for the issuer. */
    if (conn && conn->asks_ocsp && signs(conn, false)) {
        size_t mark = payload_begin(t->out, PAYLOAD_CERTREQ, false);
        cert_write(t->out->w, &(struct cert){CERT_OCSP_CONTENT, bytes_of(NULL, 0)});
        payload_end(t->out, mark);
    }
}

/* Is one of these authorities in this list? */
static bool names_one(struct bytes list, const struct shrike_credential *c)
{
    for (size_t i = 0; i < c->authority_count; i++) {
        struct bytes key = bytes_of(c->authorities[i].octets, SHRIKE_KEY_ID);
        for (size_t at = 0; at + SHRIKE_KEY_ID <= list.len; at += SHRIKE_KEY_ID) {
            if (bytes_equal(key, bytes_of(list.at + at, SHRIKE_KEY_ID)))
                return true;
        }
    }
    return false;
}

static bool asks_for(const struct message *m, const struct shrike_credential *c)
{
    const struct payload *p = message_find(m, PAYLOAD_CERTREQ);
    for (; p; p = message_find_after(m, p)) {
        struct cert asked;
        if (cert_read(bytes_at(m->base, p->body), &asked) && asked.encoding == c->encoding &&
            names_one(asked.data, c))
            return true;
    }
    return false;
}

/* The message in which the peer asks for certificates; it lives as long as the turn's. */
static const struct message *asking(const struct turn *t, struct message *init)
{
    if (!t->sa->initiator)
        return eap_first_request(t, init) ? init : t->in;
    message_again(init, packet_bytes(t->sa->handshake->init_r));
    return init;
}

static const struct shrike_credential *choose(const struct shrike_auth *ours,
                                              const struct message *asked)
{
    for (unsigned i = 0; i < ours->credential_count; i++) {
        if (asks_for(asked, &ours->credentials[i]))
            return &ours->credentials[i];
    }
    /* RFC 7296 3.7 (3): authorities that are named are a preference, no demand. */
    return ours->credentials;
}

const struct shrike_credential *certs_choose(const struct turn *t)
{
    const struct shrike_auth *ours = rounds_rule(t->sa, true);
    struct message init;
    return ours->credential_count ? choose(ours, asking(t, &init)) : NULL;
}

/* ---- CERT ---- */

void certs_add(struct turn *t)
{
    struct message init;
    const struct shrike_conn *conn = t->sa->conn;
    const struct shrike_auth *ours = rounds_rule(t->sa, true);
    if (ours->kind != SHRIKE_AUTH_PUBKEY || ours->credential_count == 0 ||
        conn->send_cert == SHRIKE_CERT_NEVER)
        return;
    const struct message *asked = asking(t, &init);
    const struct shrike_credential *c = choose(ours, asked);
    if (conn->send_cert == SHRIKE_CERT_IFASKED && !message_find(asked, PAYLOAD_CERTREQ))
        return;
    /* RFC 7296 3.6 (1) */
    struct notify n;
    bool looks_up = c->lookups && notify_find(asked, NOTIFY_HTTP_CERT_LOOKUP_SUPPORTED, &n);
    for (unsigned i = 0; i < c->cert_count; i++) {
        size_t mark = payload_begin(t->out, PAYLOAD_CERT, false);
        struct cert cert = {c->encoding, c->certs[i]};
        if (looks_up && c->lookups[i].len > 0) /* RFC 7296 3.6 (2) */
            cert = (struct cert){CERT_X509_HASH_AND_URL, c->lookups[i]};
        cert_write(t->out->w, &cert);
        payload_end(t->out, mark);
    }
}

const struct shrike_cert *certs_take(struct turn *t, u16 *count)
{
    *count = 0;
    if (!message_find(t->in, PAYLOAD_CERT))
        return NULL;
    size_t size = SHRIKE_CERTS_MAX * sizeof(struct shrike_cert);
    struct shrike_cert *out = (struct shrike_cert *)(void *)ring_take(&t->shard->ring, size);
    const struct payload *p = message_find(t->in, PAYLOAD_CERT);
    for (; out && p && *count < SHRIKE_CERTS_MAX; p = message_find_after(t->in, p)) {
        struct cert cert;
        if (!cert_read(bytes_at(t->in->base, p->body), &cert))
            continue;
        out[(*count)++] =
            (struct shrike_cert){cert.encoding, ring_keep(&t->shard->ring, cert.data)};
    }
    return out;
}

/* ---- SUPPORTED_AUTH_METHODS ---- */

enum {
    METHODS_MAX = SCHEME_COUNT * (3 + 80), /* octets: each with an AlgorithmIdentifier */
    METHOD_HEAD = 3,                       /* length, method, number of an authority */
};

/* RFC 9593 3.2.2, 3.2.3: with a digital signature stands which. */
static void announce(struct writer *w, const struct scheme *s)
{
    write_u8(w, (u8)(METHOD_HEAD + s->oid.len));
    write_u8(w, s->method);
    write_u8(w, 0); /* whoever has signed the certificate */
    write_bytes(w, s->oid);
}

void methods_offer(struct turn *t)
{
    const struct shrike_conn *conn = t->sa->conn;
    u8 octets[METHODS_MAX];
    struct writer w = writer_of(octets, sizeof(octets));
    u32 schemes = conn ? schemes_of_peer(conn) : 0; /* with other methods there is no choice */
    for (unsigned i = 0; i < SCHEME_COUNT; i++) {
        if (schemes & SCHEME_BIT(i))
            announce(&w, scheme_at((enum scheme_id)i));
    }
    if (!w.full && written(&w))
        notify_add(t->out, NOTIFY_SUPPORTED_AUTH_METHODS, written_bytes(&w));
}

/* RFC 9593 3.2: what is not understood is passed over. That one authority is meant is, too: it is
 * a wish. */
static u32 announced(struct bytes blob)
{
    u32 set = 0;
    if (blob.len < METHOD_HEAD)
        return 0;
    struct bytes oid = bytes_of(blob.at + METHOD_HEAD, blob.len - METHOD_HEAD);
    for (unsigned i = 0; i < SCHEME_COUNT; i++) {
        const struct scheme *s = scheme_at((enum scheme_id)i);
        bool same = bytes_equal(s->oid, oid) || (s->other.len && bytes_equal(s->other, oid));
        if (s->method == blob.at[1] && same)
            set |= SCHEME_BIT(i);
    }
    return set;
}

static u32 methods_read(struct bytes data)
{
    struct reader r = reader_of(data);
    u32 set = 0;
    while (read_left(&r) > 0) {
        u8 len = r.at[0];
        struct bytes blob = read_bytes(&r, len);
        if (r.bad || len == 0) /* the rest has no beginning */
            break;
        set |= announced(blob);
    }
    return set;
}

u32 certs_wished(const struct turn *t)
{
    struct message init;
    const struct message *m = asking(t, &init);
    u32 set = 0;
    for (unsigned i = 0; i < m->count; i++) {
        struct notify n;
        if (m->payloads[i].type == PAYLOAD_NOTIFY &&
            notify_read(bytes_at(m->base, m->payloads[i].body), &n) &&
            n.type == NOTIFY_SUPPORTED_AUTH_METHODS)
            set |= methods_read(n.data);
    }
    return set;
}
