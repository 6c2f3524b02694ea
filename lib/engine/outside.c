/* Messages outside of an IKE SA: see outside.h. */
#include "engine/outside.h"
#include "engine/gate.h"
#include "exchange/init.h"
#include "sa/child.h"
#include "sa/trace.h"
#include "wire/notify.h"

enum { SPI_LEN = 4, PORT_IKE = 500, PORT_NAT = 4500, NOTIFY_SIZE = 8 };

void outside_init(struct outside *o)
{
    o->next = OUTSIDE_IDLE;
}

/* RFC 7296 2.4 (7): the rate is limited. */
static bool may_answer(struct outside *o, const struct shard *s, const struct shrike_endpoint *to)
{
    u32 bucket = gate_bucket(s, to);
    if (s->now - o->since >= SHRIKE_SECOND) {
        memset(o->answers, 0, sizeof(o->answers));
        o->answers_all = 0;
        o->since = s->now;
    }
    if (!fault(54) &&
        (o->answers[bucket] >= OUTSIDE_ANSWERS || o->answers_all >= OUTSIDE_ANSWERS_ALL))
        return false;
    o->answers[bucket]++;
    o->answers_all++;
    return true;
}

/* A message of one notify, in the clear. */
static void post(struct shard *s, const struct header *h, u16 type, struct bytes data,
                 const struct ring_path *path)
{
    u8 octets[HEADER_SIZE + NOTIFY_SIZE + SPI_LEN];
    struct writer w = writer_of(octets, sizeof(octets));
    struct builder b = builder_message(&w, h);
    notify_add(&b, type, data);
    builder_end(&b);
    struct packet *k = packet_copy(&s->packets, written_bytes(&w));
    if (!k)
        return;
    ring_send(&s->ring, k, path);
    packet_drop(&s->packets, k);
    s->stats.sent++;
}

/* RFC 7296 2.21.4 (1, 3): back where it came from, with the same SPIs, message ID and exchange
 * type. Never in answer to a response. */
static void answer(struct outside *o, struct shard *s, const struct shrike_datagram *d,
                   const struct header *in, u16 type)
{
    struct header h = {
        .spi_i = in->spi_i,
        .spi_r = in->spi_r,
        .version = VERSION_2_0,
        .exchange = in->exchange,
        .flags = (u8)(FLAG_RESPONSE | (~in->flags & FLAG_INITIATOR)),
        .message_id = in->message_id,
    };
    struct ring_path path = {d->local, d->remote, d->marker};
    bool asks = !(in->flags & FLAG_RESPONSE) || fault(55);
    if (asks && d->len >= HEADER_SIZE + NOTIFY_SIZE && may_answer(o, s, &d->remote))
        post(s, &h, type, bytes_of(NULL, 0), &path);
}

void outside_version(struct outside *o, struct shard *s, const struct shrike_datagram *d,
                     const struct header *h)
{
    answer(o, s, d, h, NOTIFY_INVALID_MAJOR_VERSION);
}

/* ---- what we hear ---- */

static bool hears(const struct shrike_datagram *d, const struct header *h, u16 type,
                  struct notify *n)
{
    struct message m;
    u8 bad;
    struct bytes chain = bytes_of(d->data + HEADER_SIZE, d->len - HEADER_SIZE);
    return message_read(&m, d->data, chain, h->next_payload, &bad) == MESSAGE_OK &&
           notify_find(&m, type, n);
}

static bool same_address(const struct shrike_endpoint *a, const struct shrike_endpoint *b)
{
    return a->family == b->family && memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}

/* RFC 7296 2.21.4 (5, 6), 2.4 (4): it may be forged: the peer is asked, now and then. A request of
 * ours that waits for its response asks already. */
static void suspect(struct shard *s, struct ike_sa *sa)
{
    bool asks = sa->state != IKE_UP || slots_asking(sa);
    if (asks || (sa->hinted && s->now - sa->hinted < OUTSIDE_HINT_EVERY && !fault(56)))
        return;
    sa->hinted = s->now;
    sa->wants |= WANT_LIVENESS;
    (void)trace_ike(s, SHRIKE_EVENT_HINT, sa);
    sa_touch(s, sa);
}

/* RFC 2408 3.14: a notification payload: domain, protocol, size of an SPI, then its type. */
static bool hears_old(const struct shrike_datagram *d, const struct header *h, u16 type)
{
    enum { INFORMATIONAL_V1 = 5, NOTIFICATION_V1 = 11, BEFORE_TYPE = 10 };
    struct reader r = reader_of(bytes_of(d->data, d->len));
    (void)read_bytes(&r, HEADER_SIZE + BEFORE_TYPE);
    return h->exchange == INFORMATIONAL_V1 && h->next_payload == NOTIFICATION_V1 &&
           read_u16(&r) == type && !r.bad;
}

struct ike_sa *outside_old(struct shard *s, const struct shrike_datagram *d, const struct header *h)
{
    struct ike_sa *sa = shard_sa_by_spi(s, h->spi_i);
    struct slot *slot = sa && sa->initiator && sa->handshake ? slot_ours(sa, 0) : NULL;
    if (!slot || slot->exchange != EXCHANGE_IKE_SA_INIT || !slot->message ||
        !same_address(&sa->remote, &d->remote) || !hears_old(d, h, NOTIFY_INVALID_MAJOR_VERSION))
        return NULL;
    init_hint(s, sa, slot, NOTIFY_INVALID_MAJOR_VERSION);
    return sa;
}

/* Not by who has answered IKE_SA_INIT: it goes on being asked, and that is told when it ends. */
static void note_lost(struct ike_sa *sa)
{
    if (sa->initiator && sa->state == IKE_AUTH && sa->handshake)
        sa->handshake->hint = NOTIFY_INVALID_IKE_SPI;
}

bool outside_hint(struct shard *s, struct ike_sa *sa, const struct shrike_datagram *d,
                  const struct header *h)
{
    struct notify n;
    if (!(h->flags & FLAG_RESPONSE) || h->exchange == EXCHANGE_IKE_SA_INIT ||
        h->next_payload != PAYLOAD_NOTIFY)
        return false;
    if (same_address(&sa->remote, &d->remote) && hears(d, h, NOTIFY_INVALID_IKE_SPI, &n)) {
        suspect(s, sa);
        note_lost(sa);
    }
    return true;
}

/* ---- looking for the SA ---- */

static void look_for(struct outside *o, const struct shrike_endpoint *local,
                     const struct shrike_endpoint *remote, u32 spi)
{
    o->local = *local;
    o->remote = *remote;
    o->spi = spi;
    o->next = 0;
}

void outside_stranger(struct outside *o, struct shard *s, const struct shrike_datagram *d,
                      const struct header *h)
{
    struct notify n;
    bool asks = !(h->flags & FLAG_RESPONSE);
    bool sealed = h->next_payload == PAYLOAD_SK || h->next_payload == PAYLOAD_SKF;
    if (asks && sealed && h->exchange != EXCHANGE_IKE_SA_INIT && h->spi_i && h->spi_r) {
        /* RFC 7296 2.21.4 (2, 4): this one may be told, in the clear. */
        answer(o, s, d, h, NOTIFY_INVALID_IKE_SPI);
    } else if (asks && h->exchange == EXCHANGE_INFORMATIONAL && o->next == OUTSIDE_IDLE &&
               h->next_payload == PAYLOAD_NOTIFY && hears(d, h, NOTIFY_INVALID_SPI, &n) &&
               n.data.len == SPI_LEN) {
        struct reader r = reader_of(n.data);
        o->lacking = false;
        /* RFC 7296 1.5 (3): who says so is not answered. */
        look_for(o, &d->local, &d->remote, read_u32(&r));
    }
}

void outside_esp(struct outside *o, struct shard *s, const struct shrike_kernel_event *k)
{
    bool known = map_get(&s->by_esp, k->spi) != MAP_NONE; /* it is being installed or removed */
    if (known || o->next != OUTSIDE_IDLE || !k->from.family)
        return;
    o->lacking = true;
    look_for(o, &k->to, &k->from, k->spi);
}

/* RFC 7296 1.5 (1): over the IKE SA to where it came from. false: this is not the one. */
static bool tell(const struct outside *o, struct shard *s, struct ike_sa *sa)
{
    if (o->remote.port && sa_encap(sa) && sa->remote.port != o->remote.port)
        return false; /* another one behind the same NAT */
    if (sa->bad_spi_told && s->now - sa->bad_spi_told < OUTSIDE_TELL_EVERY)
        return true;
    sa->bad_spi_told = s->now;
    sa->bad_spi = o->spi;
    sa->wants |= WANT_TELL;
    sa_touch(s, sa);
    return true;
}

/* Is it the one that is looked for? Then it is dealt with. */
static bool look_at(const struct outside *o, struct shard *s, struct ike_sa *sa)
{
    if (sa->state != IKE_UP || sa->spare || sa->replaced || !same_address(&sa->remote, &o->remote))
        return false;
    if (o->lacking)
        return tell(o, s, sa);
    if (!child_by_peer_spi(sa, PROTOCOL_ESP, o->spi) && !child_by_peer_spi(sa, PROTOCOL_AH, o->spi))
        return false;
    suspect(s, sa);
    return true;
}

/* RFC 7296 1.5 (2): without an IKE SA a hint in the clear, for what it is worth. */
static void tell_stranger(struct outside *o, struct shard *s)
{
    u8 spi[SPI_LEN];
    struct writer w = writer_of(spi, sizeof(spi));
    struct header h = {
        .version = VERSION_2_0, .exchange = EXCHANGE_INFORMATIONAL, .flags = FLAG_INITIATOR};
    struct ring_path path = {o->local, o->remote, o->local.port == PORT_NAT};
    write_u32(&w, o->spi);
    if (o->remote.port == 0) { /* it was no UDP */
        path.local.port = path.remote.port = PORT_IKE;
        path.marker = false;
    }
    if (may_answer(o, s, &o->remote))
        post(s, &h, NOTIFY_INVALID_SPI, written_bytes(&w), &path);
}

void outside_work(struct outside *o, struct shard *s)
{
    for (unsigned n = 0; n < OUTSIDE_LOOKS_PER_TICK && o->next < s->sas.cut; n++) {
        struct ike_sa *sa = shard_sa_at(s, o->next++);
        if (sa && look_at(o, s, sa)) {
            o->next = OUTSIDE_IDLE;
            return;
        }
    }
    if (o->next == OUTSIDE_IDLE || o->next < s->sas.cut)
        return;
    o->next = OUTSIDE_IDLE;
    if (o->lacking)
        tell_stranger(o, s);
}
