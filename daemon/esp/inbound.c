/* Network to TUN. */
#include "esp/inbound.h"
#include "esp/packet.h"

#define KEEPALIVE    0xff
#define MARKER_LEN   4
#define MAPPING_EACH (SHRIKE_SECOND / 4) /* of one SA, while nothing is done about it */

/* What stands in the frame is an inner packet of this SA: may it pass, and with which marks? */
static enum esp_drop deliver(struct plane *p, struct esp_sa *sa, const struct frame *f, u8 tos)
{
    struct inner inner;
    if (!inner_parse(f->at, f->len, &inner))
        return ESP_INNER;
    if (!esp_sa_takes(sa, &inner))
        return ESP_SELECTOR;
    if (!sa->outer.lose_ecn && !inner_take_ecn(f->at, &inner, tos))
        return ESP_ECN;
    if (sa->outer.take_dscp)
        inner_take_dscp(f->at, &inner, tos);
    if (!plane_account(p, sa, f->len))
        return ESP_PASS; /* counted already */
    atomic_store_explicit(&sa->used, p->now, memory_order_relaxed);
    if (sa->heard_every > 0 && p->now - sa->heard_told >= sa->heard_every) {
        sa->heard_told = p->now;
        p->events.heard(p->events.ctx, sa);
    }
    if (sa->heralds) {
        sa->heralds = false;
        p->events.first(p->events.ctx, sa);
    }
    inner_clamp_mss(f->at, &inner, p->mtu);
    coalesce_packet(&p->coalesce, f->at, &inner);
    esp_count(&p->counters, ESP_PASS);
    return ESP_PASS;
}

/* RFC 7296 2.23: a NAT may have another port or address for the peer now. A packet that somebody
 * sent on from elsewhere is not the newest one for long. */
static void note_mapping(struct plane *p, struct esp_sa *sa, const struct arrival *a)
{
    if (sa->mapping_told != 0 && p->now - sa->mapping_told < MAPPING_EACH)
        return;
    sa->mapping_told = p->now;
    p->events.mapping(p->events.ctx, sa, a);
}

static enum esp_drop esp_packet(struct plane *p, const struct arrival *a, struct frame *f)
{
    u32 spi = packet_spi(f);
    struct esp_sa *sa = sadb_in(p->db, spi);
    if (!sa) {
        p->events.unknown(p->events.ctx, a, spi, f->len);
        return ESP_NO_SA;
    }
    u64 newest = sa->replay->top;
    enum esp_drop why = packet_open(sa->cipher, sa->replay, f);
    if (sa->replay->top != newest && sa->encap && a->remote.port != 0 &&
        memcmp(&a->remote, &sa->remote, sizeof(a->remote)) != 0)
        note_mapping(p, sa, a);
    return why == ESP_PASS ? deliver(p, sa, f, a->tos) : why;
}

/* RFC 3948 2: a keepalive, IKE behind a non-ESP marker, or ESP. */
static void datagram(struct plane *p, const struct arrival *a, struct frame *f, bool raw)
{
    static const u8 marker[MARKER_LEN];
    if (!raw && f->len == 1 && f->at[0] == KEEPALIVE)
        return;
    if (!raw && f->len >= MARKER_LEN && memcmp(f->at, marker, MARKER_LEN) == 0) {
        struct mail_stray m = {a->local, a->remote, a->tos, bytes_of(f->at, f->len)};
        p->events.stray(p->events.ctx, &m);
        return;
    }
    enum esp_drop why = f->len < ESP_HEADER_LEN ? ESP_SHORT : esp_packet(p, a, f);
    if (why != ESP_PASS)
        esp_count(&p->counters, why);
}

/* Datagrams that stand one behind the other. raw: of protocol 50, else of UDP, where keepalives and
 * IKE are among them. */
static void carry(struct plane *p, const struct arrival *a, bool raw)
{
    size_t size = MAX(a->size, 1);
    for (size_t done = 0; done < a->len; done += size) {
        size_t len = MIN(size, a->len - done);
        u8 *at = a->at + done;
        struct frame f = {at, at + len, at, len};
        datagram(p, a, &f, raw);
    }
}

void inbound_stray(struct plane *p, const struct arrival *a)
{
    plane_enter(p);
    carry(p, a, false);
    coalesce_flush(&p->coalesce);
    plane_leave(p);
}

void inbound_turn(struct plane *p, struct esp_socket *u)
{
    struct arrival arrivals[UDP_ARRIVALS];
    size_t n = esp_socket_receive(u, p->buffers, arrivals);
    plane_enter(p);
    for (size_t i = 0; i < n; i++)
        carry(p, &arrivals[i], u->raw);
    coalesce_flush(&p->coalesce);
    p->received += n;
    plane_leave(p);
}
