/* ESP packets that our own data plane would not send. */
#include "peer.h"
#include "life.h"
#include "wire.h"
#include <stdlib.h>

#define PACKETS_MAX 8
#define INNER_MAX   2000
#define TFC_MAX     300
#define PAD_MAX     255
#define ROOM        (INNER_MAX + TFC_MAX + PAD_MAX + 128)

enum {
    NEXT_IPV4 = 4,
    NEXT_IPV6 = 41,
    NEXT_DUMMY = 59,
};

/* The text of one packet, and what is wrong with it. */
struct text {
    u8 *at;
    size_t len;
    u8 next;
    enum esp_drop wrong;
};

/* RFC 4303 2.4: pad to the cipher's alignment, and to more than that; then the two last octets. */
static void finish(struct storm *s, const struct cipher *c, struct text *t)
{
    size_t pad = (c->align - (t->len + 2) % c->align) % c->align;
    size_t more = prng_below(&s->r, 4) * c->align;
    pad += pad + more <= PAD_MAX ? more : 0;
    for (size_t i = 0; i < pad; i++)
        t->at[t->len + i] = (u8)(i + 1);
    if (pad > 0 && prng_percent(&s->r, 10)) {
        t->at[t->len + prng_below(&s->r, pad)] ^= (u8)prng_between(&s->r, 1, 255);
        t->wrong = ESP_PADDING;
    }
    t->len += pad;
    t->at[t->len++] = (u8)pad;
    t->at[t->len++] = t->next;
    if (prng_percent(&s->r, 5)) {
        t->at[t->len - 2] = PAD_MAX; /* more than there is, or octets that are no padding */
        t->wrong = ESP_PADDING;
    }
}

/* What stands in front of the padding. */
static void begin(struct storm *s, struct text *t, size_t inner_len)
{
    u8 version = t->at[0] / 16;
    size_t more = prng_percent(&s->r, 40) ? prng_below(&s->r, TFC_MAX) : 0;
    memset(t->at + inner_len, 0xff, more); /* RFC 4303 2.7; no padding can look like this */
    t->len = inner_len + more;
    t->next = version == 6 ? NEXT_IPV6 : NEXT_IPV4;
    t->wrong = version == 4 || version == 6 ? ESP_PASS : ESP_INNER;
    switch (prng_below(&s->r, 10)) {
    case 0:
        t->next = NEXT_DUMMY;
        t->wrong = ESP_DUMMY;
        break;
    case 1:
        t->next = (u8)prng_between(&s->r, NEXT_DUMMY + 1, UINT8_MAX);
        t->wrong = ESP_PROTOCOL;
        break;
    case 2:
        t->next = version == 6 ? NEXT_IPV4 : NEXT_IPV6;
        t->wrong = ESP_INNER;
        break;
    }
}

static struct datagram *make(struct storm *s, struct child *c, int side, struct cipher *cipher,
                             u64 seq)
{
    struct craft_ends ends = life_ends(s, side);
    size_t front = (size_t)ESP_HEADER_LEN + cipher->iv_len;
    craft_packet(&s->r, &ends, false, &s->craft);
    size_t inner_len = MIN(s->craft.len, INNER_MAX);
    struct datagram *d = malloc(sizeof(*d) + INNER_MAX + TFC_MAX);
    u8 *esp = calloc(1, ROOM);
    ensure(d && esp);
    struct text t = {.at = esp + front};
    memcpy(t.at, s->craft.octets, inner_len);
    begin(s, &t, inner_len);
    *d = (struct datagram){.serial = c->serial,
                           .seq = seq,
                           .to = (u8)!side,
                           .transport = c->transport,
                           .octets = esp,
                           .piece_len = t.len};
    memcpy(d->piece, t.at, t.len);
    finish(s, cipher, &t);
    d->wrong = (u8)t.wrong;
    put32(esp, c->lane[side].spi);
    put32(esp + 4, (u32)seq);
    ensure(cipher_seal(cipher, &(struct cipher_job){esp, t.len, seq}));
    d->len = front + t.len + cipher->icv_len;
    return d;
}

void peer_sends(struct storm *s)
{
    struct child *c = s->m.children[prng_below(&s->r, CHILDREN_MAX)];
    int side = (int)prng_below(&s->r, 2);
    if (!c || !c->at[side].there || c->at[side].orphan)
        return;
    struct esp_sa *out = pairs_find(&s->host[side].installed.pairs, c->serial)->out;
    for (u64 n = prng_between(&s->r, 1, PACKETS_MAX); n > 0; n--) {
        u64 seq = esp_sa_next_seq(out);
        if (seq == 0)
            break;
        c->lane[side].seq = seq;
        wire_put(s, make(s, c, side, out->cipher, seq));
    }
    wire_deliver_fresh(s);
}
