/* Invariants of every moment. The state of the end is looked at in oracle_end.c. */
#include "oracle.h"
#include "host_log.h"
#include "wire/codes.h"
#include "wire/header.h"

void oracle_init(struct oracle *o, struct world *w, const struct shrike_limits *limits)
{
    o->world = w;
    memset(o->hosts, 0, sizeof o->hosts);
    o->host_count = 0;
    o->stream_count = 0;
    memset(&o->reuse, 0, sizeof o->reuse);
    o->limits = *limits;
    o->window = 1;
    o->ids_forged = o->roams = o->unbroken = o->led = false;
    memset(o->strangers, 0, sizeof o->strangers);
    needles_clear(&o->needles);
}

void oracle_add(struct oracle *o, struct host *h)
{
    ensure(h->number == o->host_count && o->host_count < ORACLE_HOSTS_MAX);
    o->hosts[o->host_count++] = h;
}

void oracle_free(struct oracle *o)
{
    reuse_free(&o->reuse);
}

static struct oracle_stream *stream_of(struct oracle *o, unsigned host, u64 spi, u64 peer)
{
    struct oracle_stream *s;

    for (unsigned i = o->stream_count; i-- > 0;) {
        s = &o->streams[i];
        if (s->host == host && s->spi == spi && s->peer == peer)
            return s;
    }
    if (o->stream_count == ORACLE_STREAMS_MAX)
        return NULL;
    s = &o->streams[o->stream_count++];
    *s = (struct oracle_stream){.spi = spi, .peer = peer, .host = host};
    return s;
}

/* RFC 7296 2.3 (2, 5): IDs of requests go up by one, and a request waits for the responses to all
 * that are a window or more before it. */
static void check_request_id(struct oracle *o, const struct host *h, const struct header *head)
{
    bool initiator = head->flags & FLAG_INITIATOR;
    struct oracle_stream *s = stream_of(o, h->number, initiator ? head->spi_i : head->spi_r,
                                        initiator ? head->spi_r : head->spi_i);

    if (s == NULL)
        return;
    if (!s->any) {
        /* IKE_SA_INIT had ID 0 while the responder's SPI was not known (RFC 7296 2.2). */
        s->next_request = initiator && head->spi_r != 0;
        s->answered = s->next_request;
        s->any = true;
    }
    if (head->message_id + o->window < s->next_request)
        world_fail(o->world, "%s sends request %u after request %u", h->node.name, head->message_id,
                   s->next_request - 1);
    if (head->message_id > s->next_request)
        world_fail(o->world, "%s skips request %u", h->node.name, s->next_request);
    if (head->message_id == s->next_request) {
        if (!o->ids_forged && head->message_id >= s->answered + o->window)
            world_fail(o->world, "%s sends request %u before request %u is answered", h->node.name,
                       head->message_id, s->answered);
        s->next_request++;
    }
}

void oracle_sent(struct oracle *o, const struct host *h, const struct packet *p)
{
    struct header head;
    const char *why;

    if (header_read(bytes_of(p->data, p->len), &head) != HEADER_OK)
        return; /* the host has complained */
    if (!(head.flags & FLAG_RESPONSE) && head.spi_r != 0)
        check_request_id(o, h, &head);
    why = reuse_sent(&o->reuse, bytes_of(p->data, p->len));
    if (why)
        world_fail(o->world, "%s %s", h->node.name, why);
}

/* A response allows the next request. Whether it was authentic only the engine knows: this is a
 * weak check, made of what goes over the wire. */
void oracle_received(struct oracle *o, const struct host *h, const struct packet *p)
{
    struct header head;
    struct oracle_stream *s;
    bool ours_initiated;

    if (header_read(bytes_of(p->data, p->len), &head) != HEADER_OK || !(head.flags & FLAG_RESPONSE))
        return;
    ours_initiated = !(head.flags & FLAG_INITIATOR);
    s = stream_of(o, h->number, ours_initiated ? head.spi_i : head.spi_r,
                  ours_initiated ? head.spi_r : head.spi_i);
    if (s == NULL || !s->any || head.message_id >= s->next_request ||
        head.message_id < s->answered || head.message_id - s->answered > SHRIKE_WINDOW_MAX)
        return;
    if (head.message_id > s->answered) {
        s->early |= 1u << (head.message_id - s->answered - 1);
        return;
    }
    for (bool more = true; more; s->early >>= 1) {
        more = s->early & 1;
        s->answered++;
    }
}

/* Events that a stranger can cause have a share of each second, of each kind (event.h). Our seconds
 * are not the engine's: two of its shares may fall into one of ours. */
static void check_strangers(struct oracle *o, const struct host *h)
{
    shrike_time now = o->world->now;

    if (now - o->strangers[h->number].since >= SHRIKE_SECOND) {
        o->strangers[h->number].since = now;
        o->strangers[h->number].events = 0;
    }
    if (++o->strangers[h->number].events > 2 * 3 * SHRIKE_STRANGER_EVENTS)
        world_fail(o->world, "%s tells more than its share of what strangers do", h->node.name);
}

void oracle_event(struct oracle *o, const struct host *h, const struct shrike_event *e)
{
    bool half_open_end =
        e->id == SHRIKE_EVENT_IKE_FAILED && e->reason.code == SHRIKE_REASON_HALF_OPEN_TIMEOUT;

    if (e->id == SHRIKE_EVENT_STRANGER_REFUSED || e->id == SHRIKE_EVENT_IKE_HALF_OPEN ||
        half_open_end)
        check_strangers(o, h);
    if (e->id >= SHRIKE_EVENT_COUNT || e->reason.code >= SHRIKE_REASON_COUNT)
        world_fail(o->world, "%s tells an event that does not exist", h->node.name);
}

/* The other end of an IKE SA, if it knows of it. */
static struct host *ike_peer(const struct oracle *o, const struct host *h,
                             const struct host_ike *sa, struct host_ike **there)
{
    for (unsigned i = 0; i < o->host_count; i++) {
        struct host *peer = o->hosts[i];
        if (peer != h && (*there = host_ike(peer, sa->spi_i, sa->spi_r)) != NULL)
            return peer;
    }
    return NULL;
}

/* Both ends of an IKE SA have the same keys, and no two keys are equal. */
void oracle_ike_up(struct oracle *o, struct host *h, struct host_ike *sa)
{
    struct host_ike *there = NULL;
    const struct host *peer = ike_peer(o, h, sa, &there);
    size_t total = 0;

    for (unsigned i = 0; i < 5; i++) {
        needles_add(&o->needles, bytes_of(sa->keys + total, sa->len[i]), "a key of an IKE SA");
        total += sa->len[i];
    }
    if (peer == NULL || h->lies || peer->lies)
        return;
    if (memcmp(there->len, sa->len, sizeof sa->len) != 0 ||
        memcmp(there->keys, sa->keys, total) != 0)
        world_fail(o->world, "the keys of an IKE SA differ at its two ends");
    there->compared = sa->compared = true;
}

struct host *oracle_peer(const struct oracle *o, const struct host *h, const struct esp_pair *pair)
{
    for (unsigned i = 0; o->led && i < o->host_count; i++)
        if (address_equal(&o->hosts[i]->address, &pair->remote))
            return o->hosts[i];
    return o->hosts[host_knobs(h, pair->reqid)->peer];
}

static bool within(const struct shrike_ts *ts, unsigned count, const struct shrike_ts *outer)
{
    for (unsigned i = 0; i < count; i++) {
        bool inside = outer->family == 0 || (memcmp(ts[i].from, outer->from, 16) >= 0 &&
                                             memcmp(ts[i].to, outer->to, 16) <= 0);
        if (!inside || (outer->protocol != 0 && ts[i].protocol != outer->protocol) ||
            ts[i].port_from < outer->port_from || ts[i].port_to > outer->port_to)
            return false;
    }
    return true;
}

static bool has_cipher(const struct shrike_proposal *p, u16 encr, u16 bits)
{
    for (unsigned i = 0; i < p->transform_count; i++)
        if (p->transforms[i].type == TRANSFORM_ENCR && p->transforms[i].id == encr &&
            p->transforms[i].key_bits == bits)
            return true;
    return false;
}

/* RFC 7296 2.19: `dynamic` with internal addresses is those leased, and no others. */
static bool are_leased(const struct pool *p, const struct shrike_ts *ts, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct shrike_addr a = {.family = ts[i].family};
        memcpy(a.octets, ts[i].from, sizeof a.octets);
        if (memcmp(ts[i].from, ts[i].to, sizeof a.octets) != 0 || !pool_in_use(p, &a))
            return false;
    }
    return true;
}

static void check_leased(struct oracle *o, const struct host *h, const struct esp_pair *pair,
                         const struct shrike_child_conf *c)
{
    const struct shrike_conn *conn = host_conn(h);

    if (conn->vip_count && c->local_ts->family == 0 &&
        !are_leased(&h->used, pair->local_ts, pair->local_count))
        world_fail(o->world, "%s installs an internal address that is not its own", h->node.name);
    if (conn->pool_count && c->remote_ts->family == 0 &&
        !are_leased(&h->leased, pair->remote_ts, pair->remote_count))
        world_fail(o->world, "%s installs an internal address not leased", h->node.name);
}

/* What is installed is what this host's own configuration allows, whatever the peer says. */
static void check_configured(struct oracle *o, const struct host *h, const struct esp_pair *pair)
{
    const struct shrike_conn *conn = host_conn(h) + (host_knobs(h, pair->reqid) - h->knobs);

    for (unsigned i = 0; i < conn->child_count; i++) {
        const struct shrike_child_conf *c = &conn->children[i];
        if (strcmp(c->name, pair->child) != 0)
            continue;
        if (!within(pair->local_ts, pair->local_count, c->local_ts) ||
            !within(pair->remote_ts, pair->remote_count, c->remote_ts))
            world_fail(o->world, "%s installs selectors that it does not allow", h->node.name);
        check_leased(o, h, pair, c);
        if (pair->protocol != c->proposals->protocol)
            world_fail(o->world, "%s installs AH for ESP, or ESP for AH", h->node.name);
        if (pair->cpi_in && !c->ipcomp)
            world_fail(o->world, "%s compresses what it is not to", h->node.name);
        if (pair->protocol != PROTOCOL_AH &&
            !has_cipher(c->proposals, pair->encr, pair->encr_key_bits))
            world_fail(o->world, "%s installs a cipher that it does not allow", h->node.name);
        if (c->mode != pair->mode || c->reqid != pair->reqid)
            world_fail(o->world, "%s installs another mode or reqid than configured", h->node.name);
        if (memcmp(&c->life, &pair->life, sizeof c->life) != 0)
            world_fail(o->world, "%s installs other limits than configured", h->node.name);
        if (!o->roams && pair->nat_here != (h->address.octets[0] == 10)) /* a private address */
            world_fail(o->world, "%s does not know whether it is behind a NAT", h->node.name);
        return;
    }
    world_fail(o->world, "%s installs a Child SA that it does not have", h->node.name);
}

void oracle_installing(struct oracle *o, const struct host *h, struct esp_pair *pair)
{
    const struct host *peer = oracle_peer(o, h, pair);
    const char *difference;

    needles_add(&o->needles, bytes_of(pair->in.encr, pair->in.encr_len), "an ESP key");
    needles_add(&o->needles, bytes_of(pair->in.integ, pair->in.integ_len), "an ESP integrity key");
    needles_add(&o->needles, bytes_of(pair->out.encr, pair->out.encr_len), "an ESP key");
    needles_add(&o->needles, bytes_of(pair->out.integ, pair->out.integ_len),
                "an ESP integrity key");
    check_configured(o, h, pair);
    for (size_t i = 0; peer && !h->lies && !peer->lies && i < peer->kernel.count; i++) {
        struct esp_pair *there = peer->kernel.pairs[i];
        if (!esp_is_mirror(pair, there))
            continue;
        difference = esp_difference(pair, there, !o->roams);
        if (difference)
            world_fail(o->world, "%s", difference);
        pair->compared = there->compared = true;
    }
}

void oracle_drained(struct oracle *o, const struct host *h)
{
    struct shrike_stats s;
    const struct shrike_limits *l = &o->limits;

    s = host_stats(h);
    if (l->half_open && s.half_open > l->half_open)
        world_fail(o->world, "%s has %u half-open SAs, limit %u", h->node.name, s.half_open,
                   l->half_open);
    if (l->ike_sas && s.ike_sas > l->ike_sas)
        world_fail(o->world, "%s has %u IKE SAs, limit %u", h->node.name, s.ike_sas, l->ike_sas);
    if (l->child_sas && s.child_sas > l->child_sas)
        world_fail(o->world, "%s has %u Child SAs, limit %u", h->node.name, s.child_sas,
                   l->child_sas);
    /* The engine itself lies in a page that its statistics leave out. */
    if (s.bytes_pages > h->pages.bytes || s.bytes_pages + SHRIKE_PAGE < h->pages.bytes)
        world_fail(o->world, "%s counts %llu octets of pages and has %llu", h->node.name,
                   (unsigned long long)s.bytes_pages, (unsigned long long)h->pages.bytes);
    if (l->memory_mib && h->pages.bytes > (u64)l->memory_mib << 20)
        world_fail(o->world, "%s takes more memory than its limit", h->node.name);
    if (s.bytes_live > s.bytes_pages)
        world_fail(o->world, "%s has more in pages than it has pages", h->node.name);
}

void oracle_installed(struct oracle *o, const struct host *h, const struct esp_pair *pair)
{
    u8 key[2 * ESP_KEY_MAX];
    const char *why;

    memcpy(key, pair->out.encr, pair->out.encr_len);
    memcpy(key + pair->out.encr_len, pair->out.integ, pair->out.integ_len);
    why = reuse_installed(&o->reuse,
                          bytes_of(key, (size_t)pair->out.encr_len + pair->out.integ_len), pair);
    if (why)
        world_fail(o->world, "%s %s", h->node.name, why);
}

/* RFC 7296 2.8: a rekey is never noticed. */
static void check_unbroken(struct oracle *o, const struct host *h)
{
    const struct shrike_conn *conn = host_conn(h);

    for (unsigned i = 0; i < conn->child_count; i++) {
        const struct esp_pair *out = kernel_outbound(&h->kernel, conn->children[i].reqid);
        if (out == NULL)
            world_fail(o->world, "%s has nothing to send by", h->node.name);
        else if (kernel_by_spi_in(&oracle_peer(o, h, out)->kernel, out->spi_out) == NULL)
            world_fail(o->world, "%s sends by what the other one has not", h->node.name);
    }
}

void oracle_after(void *ctx)
{
    struct oracle *o = ctx;
    for (unsigned i = 0; i < 2 && o->unbroken; i++)
        if (o->hosts[i]->kernel.changed || o->hosts[1 - i]->kernel.changed)
            check_unbroken(o, o->hosts[i]);
    for (unsigned i = 0; i < 2 && o->unbroken; i++)
        o->hosts[i]->kernel.changed = false;
}
