/* The gate: see gate.h. Nothing here allocates but the cookie's packet, which the drain frees. */
#include "engine/gate.h"
#include "base/ct.h"
#include "base/siphash.h"
#include "sa/trace.h"
#include "wire/notify.h"

enum { COOKIE_LEN = 17, COOKIE_LIFE_MINUTES = 1, PREFIX_V6 = 8 };
#define MINUTE (60 * SHRIKE_SECOND)
#define CALM_TIME                                                                                  \
    (10 * SHRIKE_SECOND) /* cookies stay on so long: going off and on breaks handshakes */

bool gate_is_init(const struct header *h)
{
    /* RFC 7296 3.1 (2, 3): with an SPI of the initiator, and none of ours. */
    return h->exchange == EXCHANGE_IKE_SA_INIT && (h->flags & FLAG_INITIATOR) &&
           !(h->flags & FLAG_RESPONSE) && h->message_id == 0 && h->spi_i != 0 && h->spi_r == 0;
}

/* Who comes from one /32 or /64 shares a bucket (and, rarely, strangers who collide in the hash).
 */
u32 gate_bucket(const struct shard *s, const struct shrike_endpoint *from)
{
    struct bytes prefix = bytes_of(from->octets, from->family == 4 ? 4 : PREFIX_V6);
    return (u32)(siphash(s->hash_key, prefix) % GATE_BUCKETS);
}

/* RFC 7296 2.6: what a request is besides the cookie in front. One that comes again with a cookie,
 * or with a newer one, differs in nothing else. */
struct bare {
    struct bytes cookie; /* at NULL: it shows none */
    struct bytes rest;
    u8 head[3]; /* type of the first payload, version, flags */
};

static struct bare bare_of(const struct message *m, struct bytes all)
{
    enum { FIRST = 16, VERSION, FLAGS = 19 };
    struct bare b = {.rest = bytes_of(all.at + HEADER_SIZE, all.len - HEADER_SIZE),
                     .head = {all.at[FIRST], all.at[VERSION], all.at[FLAGS]}};
    struct bytes body = m->count ? bytes_at(all.at, m->payloads[0].body) : bytes_of(NULL, 0);
    struct notify n;
    if (m->count == 0 || m->payloads[0].type != PAYLOAD_NOTIFY || !notify_read(body, &n) ||
        n.type != NOTIFY_COOKIE)
        return b;
    b.cookie = n.data;
    b.head[0] = b.rest.at[0]; /* in the header of the cookie's payload: what comes next */
    b.rest = bytes_of(body.at + body.len, (size_t)(all.at + all.len - (body.at + body.len)));
    return b;
}

static struct bytes octets_of(const struct shrike_datagram *d)
{
    return bytes_of(d->data, d->len);
}

/* RFC 7296 2.1: the same request again, or another one? The SPI alone does not tell. */
static u64 init_hash(const struct shard *s, const struct stranger *x)
{
    u8 text[8 + 3 + 8 + 16 + 2];
    const struct shrike_datagram *d = x->datagram;
    struct bare b = bare_of(x->message, octets_of(d));
    struct writer w = writer_of(text, sizeof(text));
    write_u64(&w, siphash(s->hash_key, b.rest));
    write_bytes(&w, bytes_of(b.head, sizeof(b.head)));
    write_bytes(&w, bytes_of(d->data, 8));
    write_bytes(&w, bytes_of(d->remote.octets, 16));
    write_u16(&w, d->remote.port);
    u64 hash = siphash(s->hash_key, written_bytes(&w));
    return hash ? hash : 1;
}

/* RFC 7296 2.6: the secret's version, and a hash of Ni, IPi, SPIi under it. The secret changes each
 * minute and is made from the shard's seed, so nothing is stored. */
static void cookie_make(const struct shard *s, const struct stranger *x, u64 minute, u8 *out)
{
    u8 text[NONCE_MAX + 16 + 8], secret[16];
    struct bytes nonce = message_body(x->message, PAYLOAD_NONCE);
    struct writer w = writer_of(text, sizeof(text));
    siphash128(s->cookie_seed, bytes_of(&minute, sizeof(minute)), secret);
    write_bytes(&w, bytes_of(x->datagram->remote.octets, 16));
    write_u64(&w, x->message->header.spi_i);
    if (!fault(24))
        write_bytes(&w, nonce);
    out[0] = (u8)minute;
    siphash128(secret, written_bytes(&w), out + 1);
    wipe(secret, sizeof(secret));
}

static bool cookie_holds(const struct shard *s, const struct stranger *x)
{
    struct notify n;
    u8 good[COOKIE_LEN];
    u64 minute = s->now / MINUTE;
    if (!notify_find(x->message, NOTIFY_COOKIE, &n) || n.data.len != COOKIE_LEN)
        return false;
    /* RFC 7296 2.6 (5): those of the minute before are good, too. */
    for (u64 age = 0; age <= COOKIE_LIFE_MINUTES && age <= minute; age++) {
        cookie_make(s, x, minute - age, good);
        if (ct_equal(good, n.data.at, COOKIE_LEN))
            return true;
    }
    return false;
}

/* Not one of the limited events: the hysteresis bounds it. */
static void tell(struct shard *s, enum shrike_event_id id)
{
    struct shrike_event *e = ring_event(&s->ring);
    e->id = id;
    e->number = s->half_open;
}

/* Must this stranger show a cookie? Hysteresis: what was raised stays so for CALM_TIME. */
static bool cookie_wanted(struct gate *g, struct shard *s, u32 bucket)
{
    const struct shrike_conf *conf = s->current->conf;
    if (s->now >= g->calm_at) {
        memset(g->raised, 0, sizeof(g->raised));
        g->calm_at = s->now + CALM_TIME;
    }
    if (s->prefix_half_open[bucket] >= conf->cookie_prefix_threshold) {
        g->raised[bucket / 64] |= (u64)1 << bucket % 64;
        g->calm_at = s->now + CALM_TIME;
    }
    if (s->half_open >= conf->cookie_threshold)
        g->all_until = s->now + CALM_TIME;
    bool all = s->now < g->all_until;
    if (all != g->all)
        tell(s, all ? SHRIKE_EVENT_COOKIES_ON : SHRIKE_EVENT_COOKIES_OFF);
    g->all = all;
    return all || (g->raised[bucket / 64] >> bucket % 64 & 1);
}

/* He is not answered, but whoever looks why nobody gets in finds it. */
static void tell_full(struct shard *s, const struct shrike_datagram *d)
{
    struct shrike_event *e = trace_limited(s, SHRIKE_EVENT_STRANGER_REFUSED, NULL);
    if (!e)
        return;
    e->local = d->local;
    e->remote = d->remote;
    e->reason.code = SHRIKE_REASON_LIMIT;
    e->reason.exchange = EXCHANGE_IKE_SA_INIT;
}

static bool is_full(const struct shard *s, u32 bucket)
{
    const struct shrike_conf *conf = s->current->conf;
    const u32 most = conf->half_open_prefix_max ? conf->half_open_prefix_max : UINT16_MAX;
    return s->half_open >= conf->half_open_max ||
           s->prefix_half_open[bucket] >= MIN(most, (u32)UINT16_MAX) ||
           (conf->ike_sas_max && s->sas.live >= conf->ike_sas_max);
}

enum gate_verdict gate_admit(struct gate *g, struct shard *s, struct stranger *x)
{
    x->hash = init_hash(s, x);
    u32 known = map_get(&s->by_init, x->hash);
    x->sa = known == MAP_NONE ? NULL : shard_sa_at(s, known);
    if (x->sa)
        return GATE_REPLAY;
    if (!s->current)
        return GATE_DROP;
    x->bucket = gate_bucket(s, &x->datagram->remote);
    size_t nonce = message_body(x->message, PAYLOAD_NONCE).len;
    if (nonce < NONCE_MIN || nonce > NONCE_MAX)
        return GATE_DROP;
    /* RFC 7296 2.6 (2, 6): a wrong one is none. */
    if (cookie_wanted(g, s, x->bucket) && !cookie_holds(s, x))
        return GATE_COOKIE;
    if (is_full(s, x->bucket)) {
        tell_full(s, x->datagram);
        return GATE_DROP;
    }
    return GATE_ADMIT;
}

/* Has this cookie been given after that one? It begins with the minute of its secret. */
static bool is_newer(struct bytes cookie, struct bytes than)
{
    return than.len != COOKIE_LEN || (u8)(cookie.at[0] - than.at[0] - 1) < INT8_MAX;
}

void gate_follow(struct shard *s, const struct stranger *x)
{
    struct handshake *h = x->sa->handshake;
    struct message m;
    struct bytes octets = octets_of(x->datagram);
    if (!h || !h->init_i || window_top(&x->sa->window) != 1 || !cookie_holds(s, x) || fault(185))
        return;
    message_again(&m, packet_bytes(h->init_i));
    struct bare was = bare_of(&m, packet_bytes(h->init_i)), is = bare_of(x->message, octets);
    if (!is.cookie.at || !is_newer(is.cookie, was.cookie) || !bytes_equal(is.rest, was.rest) ||
        memcmp(is.head, was.head, sizeof(is.head)) != 0)
        return;
    struct packet *now = packet_copy(&s->packets, octets);
    if (!now)
        return;
    h->ni.off = (u16)(h->ni.off + octets.len - packet_bytes(h->init_i).len);
    h->ke.off = (u16)(h->ke.off + octets.len - packet_bytes(h->init_i).len);
    packet_drop(&s->packets, h->init_i);
    h->init_i = now;
}

bool gate_count(struct shard *s, struct ike_sa *sa, const struct stranger *x)
{
    if (!map_put(&s->by_init, x->hash, sa->index))
        return false;
    sa->init_hash = x->hash;
    sa->handshake->prefix_bucket = x->bucket;
    sa->handshake->counted = true;
    s->prefix_half_open[x->bucket]++;
    s->half_open++;
    return true;
}

void gate_send_cookie(struct shard *s, const struct stranger *x)
{
    u8 cookie[COOKIE_LEN], octets[HEADER_SIZE + 8 + COOKIE_LEN];
    const struct header *in = &x->message->header;
    struct header h = {
        .spi_i = in->spi_i,
        .version = VERSION_2_0,
        .exchange = EXCHANGE_IKE_SA_INIT,
        .flags = FLAG_RESPONSE,
    };
    struct writer w = writer_of(octets, sizeof(octets));
    struct builder b = builder_message(&w, &h);
    cookie_make(s, x, s->now / MINUTE, cookie);
    notify_add(&b, NOTIFY_COOKIE, bytes_of(cookie, COOKIE_LEN));
    builder_end(&b);
    struct packet *k = packet_copy(&s->packets, written_bytes(&w));
    if (!k)
        return;
    struct ring_path path = {x->datagram->local, x->datagram->remote, x->datagram->marker};
    ring_send(&s->ring, k, &path);
    packet_drop(&s->packets, k);
    s->stats.cookies++;
    s->stats.sent++;
}
