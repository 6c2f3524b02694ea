/* Post-quantum preshared keys: see ppk.h. */
#include "exchange/ppk.h"
#include "base/ct.h"
#include "sa/keys.h"

enum {
    PPK_ID_FIXED = 2, /* RFC 8784 5.1: the type of a PPK_ID that is a text of both configurations */
    MIXED_D = 0,      /* places in what is mixed: SK_d, SK_pi, SK_pr */
    MIXED_P = 1,
    MIXED_COUNT = 3,
};

static size_t key_len(const struct turn *t)
{
    return t->sa->suite.prf->key_len;
}

/* RFC 8784 5.2.3: where both speak of PPKs and one of them proves nothing else, one is used. */
static bool is_needed(const struct shrike_conn *conn)
{
    return conn->ppk_required || conn->local.kind == SHRIKE_AUTH_NULL ||
           conn->remote.kind == SHRIKE_AUTH_NULL;
}

/* ---- IKE_SA_INIT ---- */

void ppk_offer(struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    /* RFC 8784 3: of an initiator that has one for this peer; of a responder that has any. */
    if (sa->initiator ? sa->conn->ppk_id.len > 0 : sa->handshake->ppk)
        notify_add(t->out, NOTIFY_USE_PPK, bytes_of(NULL, 0));
}

void ppk_note(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct notify n;
    bool ours = sa->initiator ? sa->conn->ppk_id.len > 0 : t->shard->current->conf->ppks;
    sa->handshake->ppk = ours && notify_find(t->in, NOTIFY_USE_PPK, &n);
}

enum verdict ppk_demand(struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    /* RFC 8784 3: the exchange ends here. */
    if (!sa->conn->ppk_required || sa->handshake->ppk || fault(150))
        return DONE;
    t->reason.origin = sa->conn->ppk_origin;
    return turn_fail(t, SHRIKE_REASON_PPK_LACKING, NOTIFY_AUTHENTICATION_FAILED);
}

/* ---- keys ---- */

struct bytes ppk_sk_p(const struct turn *t, bool of_initiator)
{
    const struct handshake *h = t->sa->handshake;
    size_t which = of_initiator ? 0 : 1;
    if (h->mixed)
        return bytes_of(h->mixed->data + (MIXED_P + which) * key_len(t), key_len(t));
    return bytes_of(h->sk_p[which], key_len(t));
}

enum shrike_reason_code ppk_reason(const struct turn *t, enum shrike_reason_code code)
{
    bool wrong = code == SHRIKE_REASON_AUTH_MAC || code == SHRIKE_REASON_AUTH_SIGNATURE ||
                 code == SHRIKE_REASON_EAP_KEY || code == SHRIKE_REASON_AUTH_NULL;
    return wrong && t->sa->ppk ? SHRIKE_REASON_AUTH_PPK : code;
}

/* Of this PPK; the name lives as long as the op. */
static enum verdict ask(struct turn *t, struct bytes id)
{
    const struct ike_sa *sa = t->sa;
    const struct handshake *h = sa->handshake;
    size_t len = key_len(t);
    u8 *keys = ring_take(&t->shard->ring, MIXED_COUNT * len);
    struct bytes name = ring_keep(&t->shard->ring, id);
    if (!keys || !name.at)
        return turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
    memcpy(keys, keys_get(sa, SK_D).at, len);
    for (size_t i = 0; i < 2; i++)
        memcpy(keys + (MIXED_P + i) * len, h->sk_p[i], len);
    struct shrike_op *op = shard_ask(t->shard, t->sa, t->slot, SHRIKE_MIX);
    op->mix = (struct shrike_mix_op){
        .prf = sa->suite.prf->id,
        .conn = sa->conn->name,
        .id = name,
        .keys = bytes_of(keys, MIXED_COUNT * len),
        .origin = sa->conn->ppk_origin,
    };
    return AWAIT;
}

/* The answer of the op. */
static enum verdict keep(struct turn *t)
{
    struct handshake *h = t->sa->handshake;
    if (t->op->value.len != MIXED_COUNT * key_len(t))
        return turn_fail(t, SHRIKE_REASON_CRYPTO, NOTIFY_TEMPORARY_FAILURE);
    packet_drop(&t->shard->packets, h->mixed);
    h->mixed = packet_copy(&t->shard->packets, t->op->value);
    return h->mixed ? DONE : turn_fail(t, SHRIKE_REASON_MEMORY, NOTIFY_TEMPORARY_FAILURE);
}

/* Both ends use it: from now on the stirred keys are the keys. */
static void use(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct handshake *h = sa->handshake;
    keys_change_d(sa, bytes_of(h->mixed->data, key_len(t)));
    for (size_t i = 0; i < 2; i++)
        memcpy(h->sk_p[i], h->mixed->data + (MIXED_P + i) * key_len(t), key_len(t));
    packet_drop(&t->shard->packets, h->mixed);
    h->mixed = NULL;
    sa->ppk = true;
}

/* ---- the initiator ---- */

bool ppk_optional(const struct turn *t)
{
    return t->sa->handshake->ppk && !is_needed(t->sa->conn);
}

bool ppk_keep_plain(struct turn *t, struct bytes auth)
{
    struct handshake *h = t->sa->handshake;
    packet_drop(&t->shard->packets, h->plain_auth);
    h->plain_auth = packet_copy(&t->shard->packets, auth);
    return h->plain_auth != NULL;
}

enum verdict ppk_ask(struct turn *t)
{
    return ask(t, t->sa->conn->ppk_id);
}

/* Without a PPK that the connection names the response could only be a refusal. */
enum verdict ppk_asked(struct turn *t)
{
    t->reason.origin = t->sa->conn->ppk_origin;
    return t->op->ok ? keep(t) : turn_fail(t, t->op->reason, 0);
}

void ppk_add(struct turn *t)
{
    struct handshake *h = t->sa->handshake;
    if (!h->mixed)
        return;
    u8 data[1 + SHRIKE_ID_MAX];
    struct writer w = writer_of(data, sizeof(data));
    write_u8(&w, PPK_ID_FIXED);
    write_bytes(&w, t->sa->conn->ppk_id);
    notify_add(t->out, NOTIFY_PPK_IDENTITY, written_bytes(&w));
    /* RFC 8784 3: without it we could not be authenticated by a responder that lacks the PPK. */
    if (h->plain_auth)
        notify_add(t->out, NOTIFY_NO_PPK_AUTH, packet_bytes(h->plain_auth));
    packet_drop(&t->shard->packets, h->plain_auth);
    h->plain_auth = NULL;
}

enum verdict ppk_heed(struct turn *t)
{
    struct handshake *h = t->sa->handshake;
    struct notify n;
    if (!h->mixed || !message_find(t->in, PAYLOAD_AUTH))
        return DONE;
    /* RFC 8784 3: what its data says is ignored. */
    if (notify_find(t->in, NOTIFY_PPK_IDENTITY, &n)) {
        use(t);
        return DONE;
    }
    packet_drop(&t->shard->packets, h->mixed);
    h->mixed = NULL;
    if (!is_needed(t->sa->conn))
        return DONE;
    t->reason.origin = t->sa->conn->ppk_origin;
    return turn_fail(t, SHRIKE_REASON_PPK_LACKING, NOTIFY_AUTHENTICATION_FAILED);
}

/* ---- the responder ---- */

/* RFC 8784 3, table 1: it goes on without where both ends allow that. */
static enum verdict without(struct turn *t)
{
    struct notify n;
    const struct shrike_conn *conn = t->sa->conn;
    t->reason.origin = conn->ppk_origin;
    if (is_needed(conn) || !notify_find(t->in, NOTIFY_NO_PPK_AUTH, &n))
        return turn_fail(t, SHRIKE_REASON_PPK_UNKNOWN, NOTIFY_AUTHENTICATION_FAILED);
    return DONE;
}

enum verdict ppk_take(struct turn *t)
{
    const struct shrike_conn *conn = t->sa->conn;
    struct notify n;
    if (t->sa->handshake->rounds[false] > 0) /* it is in the keys since the first one, or not */
        return DONE;
    if (!t->sa->handshake->ppk)
        return ppk_demand(t);
    t->reason.origin = conn->ppk_origin;
    if (!notify_find(t->in, NOTIFY_PPK_IDENTITY, &n))
        return turn_fail(t, SHRIKE_REASON_PPK_LACKING, NOTIFY_AUTHENTICATION_FAILED);
    struct reader r = reader_of(n.data);
    u8 type = read_u8(&r);
    struct bytes id = read_rest(&r);
    bool known = type == PPK_ID_FIXED && id.len > 0 && id.len <= SHRIKE_ID_MAX;
    if (!known || (conn->ppk_id.len && !bytes_equal(conn->ppk_id, id)))
        return without(t);
    return ask(t, id);
}

enum verdict ppk_taken(struct turn *t)
{
    t->reason.origin = t->sa->conn->ppk_origin;
    if (!t->op->ok && t->op->reason == SHRIKE_REASON_PPK_UNKNOWN)
        return without(t);
    if (!t->op->ok)
        return turn_fail(t, t->op->reason, NOTIFY_AUTHENTICATION_FAILED);
    enum verdict v = keep(t);
    if (v == DONE)
        use(t);
    return v;
}

bool ppk_read_auth(const struct turn *t, struct auth *out)
{
    const struct ike_sa *sa = t->sa;
    struct notify n;
    if (!auth_read(message_body(t->in, PAYLOAD_AUTH), out))
        return false;
    /* RFC 8784 3: the method is still that of the payload. */
    if (!sa->initiator && sa->handshake->ppk && !sa->ppk && sa->handshake->rounds[false] == 0 &&
        notify_find(t->in, NOTIFY_NO_PPK_AUTH, &n))
        out->data = n.data;
    return true;
}

void ppk_tell(struct turn *t)
{
    if (t->sa->ppk && t->sa->handshake->rounds[false] == 1)
        notify_add(t->out, NOTIFY_PPK_IDENTITY, bytes_of(NULL, 0));
}
