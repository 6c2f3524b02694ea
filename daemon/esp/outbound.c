/* TUN to network. */
#include "esp/outbound.h"
#include "esp/packet.h"
#include "esp/segment.h"

/* One packet, or the super-segment it is cut from, and where it goes. */
struct parcel {
    const u8 *packet;
    struct inner inner;
    struct tun_meta meta;
    struct run to; /* sa, tos, dont_fragment */
    u16 segments_max;
    u16 padded; /* shorter packets get so long (RFC 4303 2.7) */
    bool clamp; /* a SYN may be in it */
};

struct esp_socket *outbound_waits_for(struct plane *p)
{
    return p->batch.count == 0 ? NULL : plane_socket(p, p->batch.runs[0].sa);
}

/* Send what is sealed, but the last so many runs. false: a socket is full. */
static bool flush_but(struct plane *p, u16 rest)
{
    struct batch *b = &p->batch;
    while (b->count > rest) {
        struct esp_socket *u = plane_socket(p, b->runs[0].sa);
        size_t same = 1, done = 1;
        while (same < (size_t)b->count - rest && plane_socket(p, b->runs[same].sa) == u)
            same++;
        if (u)
            done = esp_socket_send(u, b->runs, same, p->now, &p->counters);
        else
            esp_count(&p->counters, ESP_SEND);
        p->sends++;
        batch_gone(b, done);
        if (u && done < same)
            return false;
    }
    return true;
}

bool outbound_flush(struct plane *p)
{
    return flush_but(p, 0);
}

/* While there is more to come, the last run waits for it: fewer and longer ones cost less, here and
 * where they arrive. */
static bool flush_on(struct plane *p)
{
    return flush_but(p, 1);
}

/* Where the next packet of so many octets is to stand, with the room in front and behind that
 * padding and sealing need; len 0: nowhere. */
static struct frame frame_for(struct plane *p, const struct parcel *v, size_t len)
{
    size_t front = (size_t)ESP_HEADER_LEN + v->to.sa->cipher->iv_len, size;
    size_t need = front + MAX(len, v->padded) + PACKET_ROOM_BACK;
    u8 *at = batch_room(&p->batch, &size);
    if (size < need || p->batch.count == UDP_RUNS_MAX) {
        flush_on(p);
        batch_close_up(&p->batch);
        at = batch_room(&p->batch, &size);
    }
    if (size < need)
        return (struct frame){0};
    return (struct frame){at, at + size, at + front, len};
}

/* The header inside tells the receiver where it begins. */
static void pad(struct frame *f, size_t padded)
{
    if (f->len >= padded)
        return;
    memset(f->at + f->len, 0, padded - f->len);
    f->len = padded;
}

/* Seal the packet in the frame and put it into the batch. */
static enum esp_drop dispatch(struct plane *p, struct parcel *v, struct frame *f)
{
    struct esp_sa *sa = v->to.sa;
    size_t inner_len = f->len;
    if (v->clamp)
        inner_clamp_mss(f->at, &v->inner, plane_inner_max(p, sa));
    if (!plane_account(p, sa, inner_len))
        return ESP_PASS; /* counted already */
    pad(f, v->padded);
    enum esp_drop why = packet_seal(sa->cipher, sa->spi, esp_sa_next_seq(sa), f);
    if (why != ESP_PASS)
        return why;
    v->to.len = (u32)f->len;
    if (!batch_add(&p->batch, &v->to, v->segments_max))
        return ESP_NO_ROOM;
    esp_count(&p->counters, ESP_PASS);
    return ESP_PASS;
}

static enum esp_drop send_plain(struct plane *p, struct parcel *v)
{
    struct frame f = frame_for(p, v, v->inner.len);
    if (f.len == 0)
        return ESP_NO_ROOM;
    if (!segment_copy(f.at, v->packet, f.len, &v->meta))
        return ESP_INNER;
    v->clamp = true;
    return dispatch(p, v, &f);
}

static enum esp_drop send_pieces(struct plane *p, struct parcel *v, struct cutter *c)
{
    size_t len;
    while ((len = cutter_next_len(c)) > 0) {
        struct frame f = frame_for(p, v, len);
        if (f.len == 0)
            return ESP_NO_ROOM;
        cutter_write(c, f.at);
        enum esp_drop why = dispatch(p, v, &f);
        if (why != ESP_PASS)
            return why;
    }
    return ESP_PASS;
}

/* RFC 4301 8.2.1: tell the sender of a narrow path. */
static void tell_too_big(struct plane *p, const struct parcel *v, u16 most)
{
    u8 error[TOO_BIG_MAX];
    struct tun_meta plain = {0};
    size_t len = inner_too_big(v->packet, &v->inner, most, error);
    struct iovec iov[2] = {{0}, {error, len}};
    if (len > 0 && !esp_tun_write(&p->tun, &plain, iov, 2))
        esp_count(&p->counters, ESP_TUN);
}

/* The SA, or what becomes of a packet that has none. */
static enum esp_drop choose(struct plane *p, struct parcel *v)
{
    struct esp_sa *sa = flows_out(&p->flows, p->db, &v->inner);
    if (!sa)
        return ESP_NO_POLICY;
    if (!sa->cipher || sa->child_serial == 0)
        p->events.acquire(p->events.ctx, sa, &v->inner);
    if (!sa->cipher)
        return ESP_TRAPPED;
    struct esp_socket *u = plane_socket(p, sa);
    if (!u)
        return ESP_SEND;
    struct outer_fields outer = outer_of(&v->inner, &sa->outer);
    v->to.sa = sa;
    v->to.tos = outer.tos;
    v->to.dont_fragment = outer.dont_fragment;
    v->segments_max = u->segments_max;
    atomic_store_explicit(&sa->used, p->now, memory_order_relaxed);
    return ESP_PASS;
}

static enum esp_drop carry(struct plane *p, struct parcel *v, size_t len)
{
    struct cutter cutter;
    if (!inner_parse(v->packet, len, &v->inner))
        return ESP_INNER;
    bool cut = v->meta.kind != TUN_PLAIN;
    if (cut && !cutter_begin(&cutter, v->packet, &v->inner, &v->meta))
        return ESP_INNER;
    enum esp_drop why = choose(p, v);
    if (why != ESP_PASS)
        return why;
    u16 most = plane_inner_max(p, v->to.sa);
    v->padded = MIN(v->to.sa->tfc_padding, most);
    if (v->to.dont_fragment && (cut ? cutter_next_len(&cutter) : v->inner.len) > most) {
        tell_too_big(p, v, most);
        return ESP_TOO_BIG;
    }
    return cut ? send_pieces(p, v, &cutter) : send_plain(p, v);
}

/* One packet of the device. false: it has none. */
static bool read_one(struct plane *p, size_t *octets)
{
    struct parcel v = {.packet = p->super};
    bool bad;
    size_t len = esp_tun_read(&p->tun, p->super, TUN_PACKET_MAX, &v.meta, &bad);
    enum esp_drop why = bad ? ESP_INNER : ESP_PASS;
    if (len > 0)
        why = carry(p, &v, len);
    if (why != ESP_PASS)
        esp_count(&p->counters, why);
    *octets += len;
    return len > 0 || bad;
}

bool outbound_turn(struct plane *p)
{
    plane_enter(p);
    bool done = outbound_flush(p);
    size_t octets = 0;
    for (int i = 0; done && i < OUTBOUND_READS && octets < OUTBOUND_OCTETS; i++) {
        if (!read_one(p, &octets))
            break;
        if (batch_waiting(&p->batch) >= BATCH_FULL)
            done = flush_on(p);
    }
    done = done && outbound_flush(p);
    plane_leave(p);
    return done;
}
