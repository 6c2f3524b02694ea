/* The oracle: forecasts and whether they come true. */
#include "oracle.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BIT(why) (1u << (why))

void storm_wrong(const struct storm *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("not ok storm\n# seed %ju, step %ju (%s): ", (uintmax_t)s->seed, (uintmax_t)s->step,
           s->doing);
    vprintf(format, args);
    va_end(args);
    printf("\n# again: storm --seed %ju --epochs 1\n", (uintmax_t)s->seed);
    exit(1);
}

static void sure(struct storm *s, enum esp_drop why)
{
    s->cast.sure[why]++;
}

static void open_to(struct storm *s, u32 set)
{
    s->cast.open++;
    s->cast.open_set |= set;
}

/* The number that the next packet gets; 0: they are used up. */
static u64 next_seq(struct lane *l, bool esn)
{
    return l->seq == (esn ? UINT64_MAX : UINT32_MAX) ? 0 : ++l->seq;
}

/* One packet goes into a Child SA; gives what becomes of it, and counts it. */
static enum esp_drop into(struct storm *s, struct child *c, int side, const u8 *at, size_t len)
{
    struct lane *l = &c->lane[side];
    if (!account_take(&l->sent, &c->life, len, &s->m.told[side])) {
        sure(s, ESP_EXPIRED);
        return ESP_EXPIRED;
    }
    u64 seq = next_seq(l, c->esn);
    bool ip = at[0] / 16 == 4 || at[0] / 16 == 6;
    enum esp_drop why = !ip ? ESP_PROTOCOL : seq == 0 ? ESP_EXHAUSTED : ESP_PASS;
    sure(s, why);
    if (why != ESP_PASS)
        return why;
    u16 *count = &s->expected_count[c->transport];
    ensure(*count < EXPECT_MAX);
    struct datagram *d = malloc(sizeof(*d) + len);
    ensure(d);
    *d = (struct datagram){.serial = c->serial,
                           .seq = seq,
                           .to = (u8)!side,
                           .transport = c->transport,
                           .piece_len = len};
    memcpy(d->piece, at, len);
    s->expected[c->transport][(*count)++] = d;
    return why;
}

/* So that its outer header can be looked at. */
static void mark_tos(struct storm *s, u8 transport, u8 tos)
{
    if (s->expected_count[transport] > 0)
        s->expected[transport][s->expected_count[transport] - 1]->tos = tos;
}

static void foretell_plain(struct storm *s, int side, struct child *c, const struct craft *v,
                           const struct reading *r)
{
    static u8 copy[PACKET_MAX];
    memcpy(copy, v->octets, r->len);
    if (v->head.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        size_t start = v->head.csum_start, at = start + v->head.csum_offset;
        if (at + 2 > r->len) {
            sure(s, ESP_INNER);
            return;
        }
        u16 sum = packet_sum(copy + start, r->len - start, 0);
        put16(copy + at, sum == 0 && v->head.csum_offset == 6 ? UINT16_MAX : sum);
    }
    packet_clamp(copy, r, s->m.mtu[side]);
    if (into(s, c, side, copy, r->len) == ESP_PASS)
        mark_tos(s, c->transport, r->tos);
}

static void foretell_pieces(struct storm *s, int side, struct child *c, const struct craft *v,
                            const struct reading *r)
{
    static u8 piece[PACKET_MAX];
    size_t len;
    for (size_t i = 0; (len = packet_piece(v->octets, r, v->head.gso_size, i, piece)) > 0; i++) {
        enum esp_drop why = into(s, c, side, piece, len);
        if (why == ESP_PASS)
            mark_tos(s, c->transport, r->tos);
        if (why == ESP_EXHAUSTED)
            return; /* with all that is left of it */
    }
}

/* The virtio-net header: false when it makes no sense; else the protocol that is to be cut, or 0.
 */
static bool offload_of(const struct virtio_net_hdr *h, u8 *protocol)
{
    u8 kind = h->gso_type & (u8)~VIRTIO_NET_HDR_GSO_ECN;
    *protocol = 0;
    if (kind == VIRTIO_NET_HDR_GSO_NONE)
        return true;
    if (kind == VIRTIO_NET_HDR_GSO_TCPV4 || kind == VIRTIO_NET_HDR_GSO_TCPV6)
        *protocol = NEXT_TCP;
    if (kind == CRAFT_GSO_UDP)
        *protocol = NEXT_UDP;
    return *protocol != 0 && h->gso_size > 0;
}

static void refuse(struct storm *s, const struct craft *c)
{
    struct refused *f = &s->refused;
    ensure(f->count < DUE_MAX);
    memcpy(f->head[f->count++], c->octets, sizeof(f->head[0]));
    sure(s, ESP_TOO_BIG);
}

void foretell_out(struct storm *s, int side, const struct craft *v)
{
    u8 protocol;
    struct reading r;
    bool right = offload_of(&v->head, &protocol) && packet_read(v->octets, v->len, &r);
    size_t head = right && protocol ? packet_head(v->octets, &r) : 0;
    if (!right || (protocol && (protocol != r.protocol || head == 0))) {
        sure(s, ESP_INNER);
        return;
    }
    struct policy *p = model_out(&s->m, side, &r);
    if (!p) {
        sure(s, ESP_NO_POLICY);
        return;
    }
    struct child *c = p->row_count > 0 ? p->rows[0] : NULL;
    s->m.told[side].acquires += !c || c->at[side].orphan;
    if (!c) {
        sure(s, ESP_TRAPPED);
        return;
    }
    size_t first = protocol ? MIN(r.len, head + v->head.gso_size) : r.len;
    if (r.whole && first > s->m.mtu[side])
        refuse(s, v);
    else if (protocol)
        foretell_pieces(s, side, c, v, &r);
    else
        foretell_plain(s, side, c, v, &r);
}

/* The inner packet of a genuine ESP packet that came for the first time. */
static enum esp_drop foretell_inner(struct storm *s, int side, struct child *c,
                                    const struct arriving *a)
{
    struct due *d = &s->due;
    struct reading r;
    struct lane *l = &c->lane[!side];
    ensure(d->count < DUE_MAX);
    if (a->origin->wrong != ESP_PASS)
        return (enum esp_drop)a->origin->wrong;
    u8 *at = d->octets[d->count];
    memcpy(at, a->origin->piece, a->origin->piece_len);
    if (!packet_read(at, a->origin->piece_len, &r))
        return ESP_INNER;
    if (!model_in(&s->m, side, c->slot, &r))
        return ESP_SELECTOR;
    if (!packet_mark(at, &r, a->tos))
        return ESP_ECN;
    if (!account_take(&l->got, &c->life, r.len, &s->m.told[side]))
        return ESP_EXPIRED;
    if (l->heralds) {
        l->heralds = false;
        s->m.told[side].firsts++;
        model_switch(&s->m, c, side);
    }
    packet_clamp(at, &r, s->m.mtu[side]);
    d->came[d->count] = false;
    d->len[d->count++] = r.len;
    return ESP_PASS;
}

static void foretell_esp(struct storm *s, int side, struct child *c, const struct arriving *a)
{
    if (!a->origin || a->origin->serial != c->serial) {
        open_to(s, BIT(ESP_SHORT) | BIT(ESP_REPLAYED) | BIT(ESP_LATE) | BIT(ESP_FORGED));
        return;
    }
    struct lane *l = &c->lane[!side];
    enum verdict v = lane_look(l, c->at[side].window, a->origin->seq);
    if (v == WINDOW_SEEN) {
        sure(s, ESP_REPLAYED);
    } else if (v == WINDOW_LEFT && c->esn) {
        /* RFC 4303 A2.1: taken for one that is yet to come, so that its ICV does not hold. */
        open_to(s, BIT(ESP_LATE) | BIT(ESP_FORGED));
    } else if (v == WINDOW_LEFT) {
        sure(s, ESP_LATE);
    } else {
        lane_note(l, a->origin->seq);
        sure(s, foretell_inner(s, side, c, a));
    }
}

void foretell_in(struct storm *s, int side, const struct arriving *a)
{
    bool udp = a->transport >= PLANE_UDP_V4;
    if (a->len == 0 || (udp && a->len == 1 && a->octets[0] == 0xff))
        return;
    if (udp && a->len >= 4 && octets32(a->octets) == 0) {
        s->m.told[side].strays++;
        return;
    }
    if (a->len < 8) {
        sure(s, ESP_SHORT);
        return;
    }
    struct child *c = model_spi(&s->m, side, octets32(a->octets));
    if (c)
        foretell_esp(s, side, c, a);
    else
        sure(s, ESP_NO_SA);
}

static u64 counted(struct storm *s, int side, int why)
{
    return esp_counted(&s->host[side].plane->counters, (enum esp_drop)why);
}

struct turn oracle_begin(struct storm *s, int side)
{
    struct turn t = {.side = side};
    for (int i = 0; i < ESP_DROP_COUNT; i++)
        t.before[i] = counted(s, side, i);
    s->cast = (struct forecast){.open = 0};
    s->due.count = 0;
    s->refused.count = 0;
    return t;
}

static void check_told(struct storm *s, int side)
{
    const struct told *t = &s->m.told[side];
    const struct host *h = &s->host[side];
    if (h->acquires != t->acquires || h->softs != t->softs || h->hards != t->hards ||
        h->strays != t->strays || h->firsts != t->firsts)
        storm_wrong(s,
                    "side %d told of %ju acquires, %ju soft and %ju hard lifetimes, %ju strays and "
                    "%ju first packets, not %ju, %ju, %ju, %ju and %ju",
                    side, (uintmax_t)h->acquires, (uintmax_t)h->softs, (uintmax_t)h->hards,
                    (uintmax_t)h->strays, (uintmax_t)h->firsts, (uintmax_t)t->acquires,
                    (uintmax_t)t->softs, (uintmax_t)t->hards, (uintmax_t)t->strays,
                    (uintmax_t)t->firsts);
}

void oracle_end(struct storm *s, const struct turn *t)
{
    u64 left = s->cast.open;
    for (int i = 0; i < ESP_DROP_COUNT; i++) {
        u64 more = counted(s, t->side, i) - t->before[i], want = s->cast.sure[i];
        u64 rest = more - want;
        bool open = s->cast.open_set & BIT(i);
        s->tally->drops[i] += more;
        if (more < want || (!open && rest > 0) || rest > left)
            storm_wrong(s, "side %d counted %ju packets as \"%s\", not %ju%s", t->side,
                        (uintmax_t)more, esp_drop_text((enum esp_drop)i), (uintmax_t)want,
                        open ? " or some more" : "");
        left -= rest;
    }
    if (left > 0)
        storm_wrong(s, "side %d counted %ju packets too few", t->side, (uintmax_t)left);
    for (u16 i = 0; i < s->due.count; i++)
        if (!s->due.came[i])
            storm_wrong(s, "side %d: a packet of %zu octets did not come out", t->side,
                        s->due.len[i]);
    check_told(s, t->side);
}

static void come(struct storm *s, int side, const u8 *packet, size_t len)
{
    struct due *d = &s->due;
    u16 i = 0;
    while (i < d->count && (d->came[i] || !packet_same(packet, len, d->octets[i], d->len[i])))
        i++;
    if (i == d->count)
        storm_wrong(s, "side %d: a packet of %zu octets came out that nobody put in", side, len);
    d->came[i] = true;
    s->tally->came++;
}

/* A super-segment: its checksum must be left open in the right way. */
static void come_super(struct storm *s, int side, const struct virtio_net_hdr *h, const u8 *packet,
                       size_t len)
{
    static u8 piece[PACKET_MAX];
    struct reading r;
    u8 protocol;
    if (!packet_read(packet, len, &r) || r.len != len || !offload_of(h, &protocol) ||
        protocol != r.protocol || packet_head(packet, &r) == 0)
        storm_wrong(s, "side %d: a super-segment of %zu octets makes no sense", side, len);
    size_t at = protocol == NEXT_TCP ? 16 : 6;
    u16 so_far = (u16)~packet_sum(NULL, 0, packet_pseudo(packet, &r, r.len - r.body));
    if (!(h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || h->csum_start != r.body ||
        h->csum_offset != at || h->hdr_len != packet_head(packet, &r) ||
        octets16(packet + r.body + at) != so_far ||
        (r.family == 4 && packet_sum(packet, packet[0] % 16 * 4u, 0) != 0))
        storm_wrong(s, "side %d: a super-segment's header or checksum is wrong", side);
    s->tally->supers++;
    for (size_t i = 0; (len = packet_piece(packet, &r, h->gso_size, i, piece)) > 0; i++)
        come(s, side, piece, len);
}

void oracle_take_due(struct storm *s, int side)
{
    static u8 packet[PACKET_MAX];
    struct virtio_net_hdr h = {0};
    size_t len;
    while ((len = host_take(&s->host[side], &h, packet, sizeof(packet))) > 0) {
        if (h.gso_type != VIRTIO_NET_HDR_GSO_NONE)
            come_super(s, side, &h, packet, len);
        else
            come(s, side, packet, len);
    }
}

/* RFC 1191 4, RFC 4443 3.2: type, code, the size that fits, and the packet itself. */
static bool is_error(const struct storm *s, int side, const u8 *at, const struct reading *r)
{
    const u8 *body = at + r->body;
    if (r->len - r->body < 8 + sizeof(s->refused.head[0]))
        return false;
    if (r->family == 4)
        return r->protocol == NEXT_ICMP && octets16(body) == 0x0304 &&
               octets16(body + 6) == s->m.mtu[side] && packet_sum(body, r->len - r->body, 0) == 0 &&
               packet_sum(at, 20, 0) == 0;
    return r->protocol == NEXT_ICMPV6 && octets16(body) == 0x0200 &&
           octets32(body + 4) == s->m.mtu[side] &&
           packet_sum(body, r->len - r->body, packet_pseudo(at, r, r->len - r->body)) == 0;
}

void oracle_take_errors(struct storm *s, int side)
{
    static u8 packet[PACKET_MAX];
    struct virtio_net_hdr h;
    struct reading r;
    struct refused *f = &s->refused;
    size_t len;
    while ((len = host_take(&s->host[side], &h, packet, sizeof(packet))) > 0) {
        u16 i = 0;
        if (!packet_read(packet, len, &r) || !is_error(s, side, packet, &r))
            storm_wrong(s, "side %d: a packet of %zu octets came back", side, len);
        while (i < f->count && memcmp(packet + r.body + 8, f->head[i], sizeof(f->head[i])) != 0)
            i++;
        if (i == f->count)
            storm_wrong(s, "side %d: an error speaks of a packet that was not too big", side);
        memcpy(f->head[i], f->head[--f->count], sizeof(f->head[i]));
    }
}

void oracle_audit(struct storm *s, int side, const struct child *c)
{
    struct mail_count n;
    const struct account *in = &c->lane[!side].got, *out = &c->lane[side].sent;
    installed_count(&s->host[side].installed, c->at[side].orphan ? 0 : c->serial, &n);
    if (c->at[side].orphan)
        return;
    if (n.bytes_in != in->bytes || n.packets_in != in->packets || n.bytes_out != out->bytes ||
        n.packets_out != out->packets)
        storm_wrong(s,
                    "side %d: Child SA %u has carried %ju/%ju in and %ju/%ju out, not %ju/%ju "
                    "and %ju/%ju (octets/packets)",
                    side, c->serial, (uintmax_t)n.bytes_in, (uintmax_t)n.packets_in,
                    (uintmax_t)n.bytes_out, (uintmax_t)n.packets_out, (uintmax_t)in->bytes,
                    (uintmax_t)in->packets, (uintmax_t)out->bytes, (uintmax_t)out->packets);
}
