/* The storm's own network. */
#include "wire.h"
#include "esp/address.h"
#include "esp/inbound.h"
#include "oracle.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define GROUP_MAX      24     /* datagrams of one delivery */
#define GROUP_OCTETS   100000 /* and their octets: what the sockets have room for */
#define SEGMENT        103    /* UDP_SEGMENT */
#define SEGMENTS_MAX   8
#define RAW_HEAD_LEN   20 /* of IPv4 */
#define STRANGE_MAX    2000
#define OVERHEAD_MAX   80 /* of ESP around a packet */
#define OVERHEAD_LEAST (8 + 2 + 8)

/* Some datagrams for one side, by one socket. */
struct group {
    u8 to, transport;
    u16 count;
    size_t octets;
    struct arriving items[GROUP_MAX];
    u8 *owned[GROUP_MAX]; /* changed or made up: freed afterwards */
};

static struct datagram *expected_first(struct storm *s, int t)
{
    struct datagram *d = s->expected_count[t] > 0 ? s->expected[t][0] : NULL;
    if (d)
        memmove(s->expected[t], s->expected[t] + 1,
                --s->expected_count[t] * sizeof(s->expected[t][0]));
    return d;
}

static const struct child *child_of(const struct storm *s, u32 serial)
{
    for (int i = 0; i < CHILDREN_MAX; i++)
        if (s->m.children[i] && s->m.children[i]->serial == serial)
            return s->m.children[i];
    return NULL;
}

/* One datagram; false: there is none. The octets are good until the next call. */
static bool receive(int fd, bool raw_v4, struct bytes *got, u8 *tos)
{
    static u8 octets[PACKET_MAX];
    _Alignas(struct cmsghdr) u8 control[256];
    struct shrike_endpoint nobody;
    struct iovec iov = {octets, sizeof(octets)};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
    size_t skip = raw_v4 ? RAW_HEAD_LEN : 0;
    if (n < (ssize_t)skip)
        return false;
    *tos = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        control_read(c, &nobody, tos);
    *got = bytes_of(octets + skip, (size_t)n - skip);
    return true;
}

static bool is_keepalive(struct bytes b)
{
    return b.len == 1 && b.at[0] == 0xff;
}

void wire_put(struct storm *s, struct datagram *d)
{
    if (s->fresh_count < FRESH_MAX) {
        s->fresh[s->fresh_count++] = d;
        return;
    }
    free(d->octets);
    free(d);
}

static void take_one(struct storm *s, int side, int t, struct bytes got, u8 tos)
{
    struct datagram *d = expected_first(s, t);
    const struct child *c = d ? child_of(s, d->serial) : NULL;
    if (!c)
        storm_wrong(s, "side %d sent %zu octets that nobody asked for", side, got.len);
    if (got.len < d->piece_len + OVERHEAD_LEAST || got.len > d->piece_len + OVERHEAD_MAX ||
        octets32(got.at) != c->lane[side].spi || octets32(got.at + 4) != (u32)d->seq ||
        tos != d->tos)
        storm_wrong(s,
                    "side %d sent %zu octets with SPI %08x, number %u and TOS %02x for a packet "
                    "of %zu octets, not SPI %08x, number %u and TOS %02x",
                    side, got.len, octets32(got.at), octets32(got.at + 4), tos, d->piece_len,
                    c->lane[side].spi, (u32)d->seq, d->tos);
    d->octets = malloc(got.len);
    ensure(d->octets);
    memcpy(d->octets, got.at, got.len);
    d->len = got.len;
    s->tally->sent++;
    wire_put(s, d);
}

void wire_take(struct storm *s, int side)
{
    struct bytes got;
    u8 tos;
    for (int t = 0; t < TRANSPORTS; t++) {
        while (s->host[side].wire[t] >= 0 &&
               receive(s->host[side].wire[t], t == PLANE_RAW_V4, &got, &tos))
            take_one(s, side, t, got, tos);
        if (s->expected_count[t] > 0)
            storm_wrong(s, "side %d did not send %u packets", side, s->expected_count[t]);
    }
}

void wire_take_keepalives(struct storm *s, int side)
{
    struct bytes got;
    u8 tos;
    for (int t = 0; t < TRANSPORTS; t++)
        while (s->host[side].wire[t] >= 0 &&
               receive(s->host[side].wire[t], t == PLANE_RAW_V4, &got, &tos))
            if (!is_keepalive(got) || t < PLANE_UDP_V4)
                storm_wrong(s, "side %d sent %zu octets and not a keepalive", side, got.len);
}

/* Several datagrams of one length, the last may be shorter, go as one with segmentation offload. */
static u16 run_of(struct storm *s, const struct group *g, u16 from)
{
    const struct arriving *first = &g->items[from];
    u16 n = 1;
    if (g->transport < PLANE_UDP_V4 || first->len == 0 || !prng_percent(&s->r, 40))
        return 1;
    while (from + n < g->count && n < SEGMENTS_MAX && first->len * (n + 1u) < PACKET_MAX - 100) {
        const struct arriving *a = &g->items[from + n];
        if (a->tos != first->tos || a->len == 0 || a->len > first->len)
            break;
        n++;
        if (a->len < first->len)
            break;
    }
    return n;
}

static void send_run(struct storm *s, const struct group *g, u16 from, u16 count)
{
    const struct host *h = &s->host[g->to];
    struct iovec iov[SEGMENTS_MAX];
    struct address to;
    struct shrike_endpoint at = h->at[g->transport];
    _Alignas(struct cmsghdr) u8 control[ADDRESS_CONTROL_MAX];
    if (g->transport < PLANE_UDP_V4)
        at.port = 0;
    address_of(&to, &at);
    for (u16 i = 0; i < count; i++)
        iov[i] = (struct iovec){(void *)g->items[from + i].octets, g->items[from + i].len};
    struct controls c = controls_begin(control);
    controls_tos(&c, at.family, g->items[from].tos);
    u16 size = (u16)g->items[from].len;
    if (count > 1)
        controls_add(&c, IPPROTO_UDP, SEGMENT, &size, sizeof(size));
    struct msghdr m = {.msg_name = &to.any,
                       .msg_namelen = to.len,
                       .msg_iov = iov,
                       .msg_iovlen = count,
                       .msg_control = control,
                       .msg_controllen = c.len};
    if (sendmsg(h->wire[g->transport], &m, 0) < 0)
        storm_wrong(s, "the storm cannot send %u datagrams of %u octets: %s", count, size,
                    strerror(errno));
}

/* Some come by the mail of net, which took them from a socket of its own. */
static void hand_over(struct storm *s, const struct group *g)
{
    static u8 copy[PACKET_MAX];
    for (u16 i = 0; i < g->count; i++) {
        const struct arriving *a = &g->items[i];
        memcpy(copy, a->octets, a->len);
        struct arrival stray = {.at = copy, .len = a->len, .size = a->len, .tos = a->tos};
        inbound_stray(s->host[g->to].plane, &stray);
    }
    oracle_take_due(s, g->to);
}

static void bring(struct storm *s, struct group *g)
{
    struct host *h = &s->host[g->to];
    struct esp_socket *u = &h->plane->sockets[g->transport];
    struct turn t = oracle_begin(s, g->to);
    for (u16 i = 0; i < g->count; i++)
        foretell_in(s, g->to, &g->items[i]);
    s->tally->datagrams += g->count;
    if (g->transport >= PLANE_UDP_V4 && prng_percent(&s->r, 5)) {
        hand_over(s, g);
    } else {
        for (u16 i = 0, n; i < g->count; i = (u16)(i + n)) {
            n = run_of(s, g, i);
            send_run(s, g, i, n);
        }
        while (host_waits(u->fd)) {
            inbound_turn(h->plane, u);
            oracle_take_due(s, g->to);
        }
    }
    oracle_end(s, &t);
    for (u16 i = 0; i < g->count; i++)
        free(g->owned[i]);
    g->count = 0;
    g->octets = 0;
}

static void group_add(struct storm *s, struct group *g, const struct arriving *a, u8 *owned)
{
    if (g->count == GROUP_MAX || g->octets + a->len > GROUP_OCTETS)
        bring(s, g);
    g->items[g->count] = *a;
    g->items[g->count].transport = g->transport;
    g->owned[g->count++] = owned;
    g->octets += a->len;
}

/* What a router may write into the outer header. */
static u8 remarked(struct storm *s, u8 tos)
{
    if (prng_percent(&s->r, 10))
        return tos | 3;
    return prng_percent(&s->r, 3) ? (u8)prng_next(&s->r) : tos;
}

static void add_genuine(struct storm *s, struct group *g, const struct datagram *d)
{
    struct arriving a = {
        .tos = remarked(s, d->tos), .octets = d->octets, .len = d->len, .origin = d};
    group_add(s, g, &a, NULL);
}

/* At least one octet is another, or the length is. */
static void add_changed(struct storm *s, struct group *g, const struct datagram *d)
{
    struct prng *r = &s->r;
    size_t len = d->len, at = prng_below(r, d->len);
    u8 *copy = malloc(d->len + 64);
    ensure(copy);
    memcpy(copy, d->octets, d->len);
    switch (prng_below(r, 5)) {
    case 0:
        len = prng_below(r, d->len);
        break;
    case 1:
        len += prng_between(r, 1, 64);
        prng_fill(r, copy + d->len, 64);
        break;
    case 2: /* its end: the ICV, and all of it counts */
        at = d->len - 1 - prng_below(r, 8);
        copy[at] ^= (u8)prng_between(r, 1, 255);
        break;
    case 3:
        put32(copy + 4, octets32(copy + 4) + (u32)prng_between(r, 1, 100000));
        break;
    case 4:
        copy[at] ^= (u8)prng_between(r, 1, 255);
        break;
    }
    struct arriving a = {.tos = d->tos, .octets = copy, .len = len};
    s->tally->strange++;
    group_add(s, g, &a, copy);
}

static void pool_put(struct storm *s, struct datagram *d)
{
    struct datagram **at = &s->pool[prng_below(&s->r, POOL_MAX)];
    if (*at)
        free((*at)->octets);
    free(*at);
    *at = d;
}

static void add_fresh(struct storm *s, struct group *g, struct datagram *d)
{
    if (prng_percent(&s->r, 12))
        return; /* late, or lost */
    if (prng_percent(&s->r, 8))
        add_changed(s, g, d);
    add_genuine(s, g, d);
    if (prng_percent(&s->r, 8))
        add_genuine(s, g, d);
    if (prng_percent(&s->r, 8))
        add_changed(s, g, d);
}

static void shuffle(struct storm *s)
{
    for (u16 i = s->fresh_count; i > 1; i--) {
        u64 j = prng_below(&s->r, i);
        struct datagram *d = s->fresh[j];
        s->fresh[j] = s->fresh[i - 1];
        s->fresh[i - 1] = d;
    }
}

void wire_deliver_fresh(struct storm *s)
{
    if (prng_percent(&s->r, 15))
        shuffle(s);
    for (int i = 0; i < 2 * TRANSPORTS; i++) {
        struct group g = {.to = (u8)(i % 2), .transport = (u8)(i / 2)};
        for (u16 j = 0; j < s->fresh_count; j++)
            if (s->fresh[j]->to == g.to && s->fresh[j]->transport == g.transport)
                add_fresh(s, &g, s->fresh[j]);
        if (g.count > 0)
            bring(s, &g);
    }
    for (u16 i = 0; i < s->fresh_count; i++)
        pool_put(s, s->fresh[i]);
    s->fresh_count = 0;
}

/* Any socket of the host takes any ESP. */
static struct group somewhere(struct storm *s)
{
    struct group g = {.to = (u8)prng_below(&s->r, 2)};
    do
        g.transport = (u8)prng_below(&s->r, TRANSPORTS);
    while (s->host[g.to].wire[g.transport] < 0);
    return g;
}

void wire_deliver_old(struct storm *s)
{
    struct group g = somewhere(s);
    for (u64 n = prng_between(&s->r, 1, 30); n > 0; n--) {
        const struct datagram *d = s->pool[prng_below(&s->r, POOL_MAX)];
        if (!d || (d->to != g.to && !prng_percent(&s->r, 5)))
            continue;
        if (prng_percent(&s->r, 10))
            add_changed(s, &g, d);
        else
            add_genuine(s, &g, d);
    }
    if (g.count > 0)
        bring(s, &g);
}

static const struct child *some_child(struct storm *s)
{
    for (int i = 0; i < 8; i++) {
        const struct child *c = s->m.children[prng_below(&s->r, CHILDREN_MAX)];
        if (c)
            return c;
    }
    return NULL;
}

static size_t make_up(struct storm *s, int to, u8 *at)
{
    struct prng *r = &s->r;
    const struct child *c = some_child(s);
    size_t len = prng_percent(r, 30) ? prng_below(r, 40) : prng_below(r, STRANGE_MAX);
    prng_fill(r, at, MAX(len, 8));
    switch (prng_below(r, 5)) {
    case 0: /* IKE behind its marker */
        put32(at, 0);
        break;
    case 1: /* a keepalive, or two octets of the kind */
        memset(at, 0xff, 2);
        return prng_between(r, 0, 2);
    case 2: /* an SPI that is there or was */
        if (c)
            put32(at, c->lane[!to].spi);
        break;
    case 3: /* and a number that could be fresh */
        if (c) {
            put32(at, c->lane[!to].spi);
            put32(at + 4, (u32)(c->lane[!to].top + prng_below(r, 3000)));
        }
        break;
    case 4:
        break;
    }
    return len;
}

void wire_deliver_strange(struct storm *s)
{
    struct group g = somewhere(s);
    for (u64 n = prng_between(&s->r, 1, 16); n > 0; n--) {
        u8 *octets = malloc(STRANGE_MAX + 8);
        ensure(octets);
        struct arriving a = {.tos = (u8)prng_next(&s->r), .octets = octets};
        a.len = make_up(s, g.to, octets);
        s->tally->strange++;
        group_add(s, &g, &a, octets);
    }
    bring(s, &g);
}

void wire_clear(struct storm *s)
{
    for (u16 i = 0; i < s->fresh_count; i++)
        pool_put(s, s->fresh[i]);
    s->fresh_count = 0;
    for (int i = 0; i < POOL_MAX; i++) {
        if (s->pool[i])
            free(s->pool[i]->octets);
        free(s->pool[i]);
        s->pool[i] = NULL;
    }
}
