/* Proofs: see prove.h. */
#include "exchange/prove.h"
#include "exchange/certs.h"
#include "exchange/ppk.h"
#include "exchange/rounds.h"

/* RFC 7296 2.15, RFC 4739 2.1: RestOfInitIDPayload of the last one, the body of an ID payload. */
static struct bytes id_body(const struct shrike_id *id, u8 *out, size_t size)
{
    struct writer w = writer_of(out, size);
    ident_write(&w, &(struct ident){id->type, id->data});
    return written_bytes(&w);
}

/* The octets that the initiator (or the responder) signs: its first message, the other's nonce, and
 * prf(SK_p, its identity). Empty when there is no room. */
static struct bytes signed_octets(struct turn *t, bool of_initiator, struct bytes id)
{
    const struct handshake *h = t->sa->handshake;
    const struct prf_suite *prf = t->sa->suite.prf;
    struct bytes message = packet_bytes(of_initiator ? h->init_i : h->init_r);
    struct bytes nonce =
        of_initiator ? bytes_at(h->init_r->data, h->nr) : bytes_at(h->init_i->data, h->ni);
    struct bytes sk_p = ppk_sk_p(t, of_initiator);
    size_t size = message.len + nonce.len + prf->len;
    u8 *out = ring_take(&t->shard->ring, size);
    if (!out || !keymat_maced_id(t->shard->provider, prf, sk_p, id, out + message.len + nonce.len))
        return bytes_of(NULL, 0);
    memcpy(out, message.at, message.len);
    memcpy(out + message.len, nonce.at, nonce.len);
    return bytes_of(out, size);
}

static struct shrike_id peer_of(const struct ike_sa *sa)
{
    struct shrike_id peer = sa_peer_id(sa);
    /* We call first, and know only whom we want. */
    return peer.type ? peer : rounds_rule(sa, false)->id;
}

static struct bytes octets_of(struct turn *t, bool ours)
{
    struct shrike_id id = ours ? rounds_rule(t->sa, true)->id : peer_of(t->sa);
    u8 body[4 + SHRIKE_ID_MAX];
    return signed_octets(t, ours == t->sa->initiator, id_body(&id, body, sizeof(body)));
}

bool prove_by(struct turn *t, bool ours, struct bytes key, u8 *out)
{
    struct bytes octets = octets_of(t, ours);
    return octets.at && keymat_psk_auth(t->shard->provider, t->sa->suite.prf, key, octets, out);
}

bool prove_refused(struct turn *t)
{
    struct notify n;
    t->reason.theirs = notify_error(t->in, &n);
    if (!t->reason.theirs)
        return false;
    t->reason.origin = rounds_rule(t->sa, true)->origin;
    (void)turn_fail(t, reason_of_notify(n.type, SHRIKE_REASON_PEER_REFUSED), n.type);
    return true;
}

/* The op for one side; NULL: there is no room. */
static struct shrike_auth_op *ask(struct turn *t, bool ours)
{
    const struct shrike_conn *conn = t->sa->conn;
    const struct shrike_auth *rule = rounds_rule(t->sa, ours);
    struct shrike_id peer = peer_of(t->sa);
    struct bytes octets = octets_of(t, ours);
    if (!octets.at)
        return NULL;
    struct shrike_op *op = shard_ask(t->shard, t->sa, t->slot, ours ? SHRIKE_PROVE : SHRIKE_CHECK);
    op->auth = (struct shrike_auth_op){
        .kind = rule->kind,
        .prf = t->sa->suite.prf->id,
        .schemes = rule->schemes,
        .conn = rule->rule ? rule->rule : conn->name,
        .local = rounds_rule(t->sa, true)->id,
        .remote = {.type = peer.type, .data = ring_keep(&t->shard->ring, peer.data)},
        .octets = octets,
        .origin = rule->origin,
    };
    return &op->auth;
}

enum verdict prove_ask(struct turn *t)
{
    const struct shrike_auth *ours = rounds_rule(t->sa, true);
    const struct shrike_credential *c = certs_choose(t);
    t->reason.origin = ours->origin;
    if (!c && ours->kind == SHRIKE_AUTH_PUBKEY)
        return turn_fail(t, SHRIKE_REASON_AUTH_NO_KEY, NOTIFY_AUTHENTICATION_FAILED);
    struct shrike_auth_op *op = ask(t, true);
    if (!op)
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    op->hashes = t->sa->handshake->hashes;
    op->wished = certs_wished(t);
    if (c)
        op->key = c->key;
    return AWAIT;
}

enum verdict prove_check(struct turn *t, const struct auth *auth)
{
    struct shrike_auth_op *op = ask(t, false);
    if (!op)
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    op->method = auth->method;
    op->value = ring_keep(&t->shard->ring, auth->data);
    op->certs = certs_take(t, &op->cert_count);
    return AWAIT;
}
