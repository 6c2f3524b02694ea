/* Message ID synchronisation: see idsync.h. */
#include "exchange/idsync.h"
#include "exchange/ike_rekey.h"
#include "sa/child.h"
#include "sa/protect.h"

enum {
    SYNC_LEN = 12,     /* RFC 6311 6.3: nonce, next to send, next to receive */
    DATAGRAM_MAX = 256 /* of one or two notifies, with what any suite adds */
};

/* ---- IKE_AUTH ---- */

void idsync_offer(struct turn *t)
{
    /* RFC 6311 5: the responder does not say so first. */
    if (t->sa->initiator || t->sa->idsync)
        notify_add(t->out, NOTIFY_IKEV2_MESSAGE_ID_SYNC_SUPPORTED, bytes_of(NULL, 0));
}

void idsync_take(struct turn *t)
{
    struct notify n;
    t->sa->idsync = notify_find(t->in, NOTIFY_IKEV2_MESSAGE_ID_SYNC_SUPPORTED, &n);
}

/* ---- the request ---- */

/* RFC 6311 5.1: with message ID 0, whatever was used before; and only between two that have said
 * that they know it. */
static bool may_be(const struct ike_sa *sa, struct bytes datagram, const struct header *h)
{
    return sa->idsync && (sa->state == IKE_UP || sa->state == IKE_CLOSING) && sa->keys &&
           h->exchange == EXCHANGE_INFORMATIONAL && h->message_id == 0 &&
           !(h->flags & FLAG_RESPONSE) && h->next_payload == PAYLOAD_SK &&
           datagram.len <= DATAGRAM_MAX;
}

/* RFC 6311 5.1: there is nothing else in it, but what is to be done to replay counters. That we
 * have never said to do. */
static bool is_alone(const struct message *m)
{
    unsigned syncs = 0;
    for (u32 i = 0; i < m->count; i++) {
        struct notify n;
        if (m->payloads[i].type != PAYLOAD_NOTIFY ||
            !notify_read(bytes_at(m->base, m->payloads[i].body), &n))
            return false;
        syncs += n.type == NOTIFY_IKEV2_MESSAGE_ID_SYNC;
        if (n.type != NOTIFY_IKEV2_MESSAGE_ID_SYNC && n.type != NOTIFY_IPSEC_REPLAY_COUNTER_SYNC)
            return false;
    }
    return syncs == 1;
}

bool idsync_read(struct shard *s, struct ike_sa *sa, struct bytes datagram, const struct header *h,
                 struct idsync *out)
{
    u8 octets[DATAGRAM_MAX], payload;
    struct opened o;
    struct message m;
    struct notify n;
    if (!may_be(sa, datagram, h))
        return false;
    memcpy(octets, datagram.at, datagram.len); /* any other message is opened again */
    if (protect_open(s, sa, bytes_of(octets, datagram.len), h, &o) != OPEN_OK ||
        message_read(&m, o.inner.at, o.inner, o.first, &payload) != MESSAGE_OK ||
        !notify_find(&m, NOTIFY_IKEV2_MESSAGE_ID_SYNC, &n))
        return false;
    struct reader r = reader_of(n.data);
    *out = (struct idsync){.nonce = read_u32(&r), .theirs = read_u32(&r), .ours = read_u32(&r)};
    out->good = read_ended(&r) && is_alone(&m);
    return true;
}

/* ---- the answer ---- */

/* RFC 6311 5.1: with message ID 0, too, and the nonce of the request. It is not remembered: whoever
 * has not had it asks with a higher ID. */
static struct packet *make_reply(struct turn *t, u32 nonce)
{
    u8 data[SYNC_LEN], octets[32];
    struct sealing in = {
        .header = {.spi_i = t->sa->spi_i,
                   .spi_r = t->sa->spi_r,
                   .version = VERSION_2_0,
                   .exchange = EXCHANGE_INFORMATIONAL,
                   .flags = (u8)(FLAG_RESPONSE | (t->sa->initiator ? FLAG_INITIATOR : 0))},
    };
    struct writer body = writer_of(data, sizeof(data)), w = writer_of(octets, sizeof(octets));
    struct builder b = builder_chain(&w, &in.first);
    write_u32(&body, nonce);
    write_u32(&body, t->sa->window.ours);
    write_u32(&body, t->sa->window.theirs);
    notify_add(&b, NOTIFY_IKEV2_MESSAGE_ID_SYNC, written_bytes(&body));
    in.inner = written_bytes(&w);
    struct packet *k = protect_seal(t->shard, t->sa, &in);
    if (k)
        counts_message(t->shard, t->sa, &in.header, false);
    return k;
}

/* The member before may have made what the one now does not know, by the SPI and the nonce that we
 * have told: what is to be made gets new ones. */
static void make_anew(struct turn *t, struct slot *slot)
{
    struct child_sa *child = slot->child;
    bool rekeys = slot->want == WANT_REKEY;
    slot_free(t->shard, slot);
    if (rekeys)
        ike_rekey_anew(t->shard, t->sa);
    else if (child && !child->wants_delete) /* else its delete says by which SPI */
        child_anew(t->shard, child);
}

/* RFC 6311 9: for none of these will a response come. */
static void ask_anew(struct turn *t)
{
    struct slot *slot;
    for (unsigned i = 0; (slot = slot_ours(t->sa, i)) != NULL; i++) {
        if (!slot->message || slot->awaiting) /* its response has come */
            continue;
        if (slot->exchange == EXCHANGE_CREATE_CHILD_SA)
            make_anew(t, slot);
        else
            exchange_anew(t->shard, t->sa, slot);
    }
}

bool idsync_heed(struct turn *t, const struct idsync *in)
{
    struct window before = t->sa->window;
    if (!in->good || !window_sync(&t->sa->window, in->theirs, in->ours))
        return false;
    struct packet *reply = make_reply(t, in->nonce);
    if (!reply) {
        t->sa->window = before;
        return false;
    }
    t->shard->stats.sent++;
    ring_send(&t->shard->ring, reply, &t->path);
    packet_drop(&t->shard->packets, reply);
    slots_forget_replies(t->shard, t->sa); /* RFC 6311 8.1: nothing from before is answered now */
    ask_anew(t);
    return true;
}
