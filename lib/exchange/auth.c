/* IKE_AUTH: what both sides do in it. See auth.h. */
#include "exchange/auth.h"
#include "exchange/unique.h"
#include "sa/latency.h"
#include "sa/life.h"
#include "sa/trace.h"
#include "wire/ident.h"

enum eap_phase auth_phase(const struct turn *t)
{
    return (enum eap_phase)t->sa->handshake->eap.phase;
}

bool auth_keep_peer(struct turn *t, const struct ident *id)
{
    struct packet *k = packet_new(&t->shard->packets, 1 + id->data.len);
    if (!k)
        return false;
    k->data[0] = id->type;
    memcpy(k->data + 1, id->data.at, id->data.len);
    packet_drop(&t->shard->packets, t->sa->peer_id);
    t->sa->peer_id = k;
    return true;
}

void auth_add_id(struct turn *t, u8 payload, const struct shrike_id *id)
{
    size_t mark = payload_begin(t->out, payload, false);
    ident_write(t->out->w, &(struct ident){id->type, id->data});
    payload_end(t->out, mark);
}

void auth_add_proof(struct turn *t)
{
    size_t mark = payload_begin(t->out, PAYLOAD_AUTH, false);
    auth_write(t->out->w, &(struct auth){t->op->method, t->op->value});
    payload_end(t->out, mark);
}

bool auth_as_demanded(const struct shrike_auth *rule, u8 method)
{
    /* RFC 7296 1.2 (2): whoever the peer says that it is. */
    switch (rule->kind) {
    case SHRIKE_AUTH_NONE:
        return false;
    case SHRIKE_AUTH_PSK:
        return method == AUTH_PSK;
    case SHRIKE_AUTH_PUBKEY:
        return method == AUTH_DIGITAL_SIGNATURE || method == AUTH_RSA ||
               (method >= AUTH_ECDSA_256 && method <= AUTH_ECDSA_521);
    case SHRIKE_AUTH_NULL:
        return method == AUTH_NULL;
    case SHRIKE_AUTH_EAP: /* which has no AUTH until it is over */
        return false;
    }
    return false;
}

bool auth_first_contact(const struct turn *t)
{
    struct notify n;
    return notify_find(t->in, NOTIFY_INITIAL_CONTACT, &n);
}

void auth_up(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    sa->state = IKE_UP;
    sa->authenticated = true;
    latency_note(t->shard, SHRIKE_TOOK_HANDSHAKE, sa->handshake->began);
    life_begin(t->shard, sa);
    (void)trace_ike(t->shard, SHRIKE_EVENT_IKE_UP, sa);
    unique_up(t->shard, sa, auth_first_contact(t));
}

enum verdict auth_over(struct turn *t)
{
    sa_end_handshake(t->shard, t->sa);
    if (t->sa->snapshot != t->shard->current) /* a new configuration came meanwhile */
        sa_rehome(t->shard, t->sa);
    return DONE;
}
