/* Opening, spoiling and sealing again. */
#include "evil.h"
#include "shrike/view.h"
#include "wire/codes.h"
#include "wire/header.h"
#include <stdlib.h>

#define GENERIC_SIZE 4
#define IV_SIZE      8
#define ICV_SIZE     16
#define AAD_SIZE     (HEADER_SIZE + GENERIC_SIZE) /* RFC 5282 5.1 */
#define AHEAD_SIZE   (AAD_SIZE + IV_SIZE)
#define INNER_MAX    4096
#define PAYLOADS     16

/* The inside of an SK payload: a chain and the type of its first payload. */
struct inside {
    u8 octets[INNER_MAX];
    size_t len;
    u8 first;
};

static void put_u16(u8 *at, size_t v)
{
    at[0] = (u8)(v >> 8);
    at[1] = (u8)v;
}

/* SK_e of who sent this message, if this host has the IKE SA; false: it has not. */
static bool find_key(struct host *h, const struct packet *p, size_t key_len, u8 *key)
{
    struct shrike_ike_view ike;
    struct header head;
    u8 keys[SHRIKE_KEYS_MAX];
    size_t lens[5];

    if (!h || header_read(bytes_of(p->data, p->len), &head) != HEADER_OK)
        return false;
    for (u32 at = 0; shrike_view_ike(h->engine, &at, &ike);) {
        if (ike.spi_i != head.spi_i || ike.spi_r != head.spi_r ||
            !shrike_unsafe_keys(h->engine, ike.serial, keys, lens) || lens[3] != key_len)
            continue;
        memcpy(key, keys + lens[0] + (head.flags & FLAG_INITIATOR ? 0 : key_len), key_len);
        return true;
    }
    return false;
}

/* Open this message with what both hosts have; the inside is left in `in`. */
static bool open_with_any(struct evil *e, const struct packet *p, struct inside *in, u8 *key)
{
    const struct encr_suite *encr = suite_encr(EVIL_ENCR, EVIL_ENCR_BITS);
    size_t key_len = (size_t)encr->key_len + encr->salt_len, len;

    if (p->len < AHEAD_SIZE + ICV_SIZE + 1 || p->len > INNER_MAX ||
        (!find_key(e->hosts[0], p, key_len, key) && !find_key(e->hosts[1], p, key_len, key)))
        return false;
    len = p->len - AHEAD_SIZE - ICV_SIZE;
    memcpy(in->octets, p->data + AHEAD_SIZE, len);
    if (!e->provider->open(e->provider->ctx, encr, key, p->data + AAD_SIZE,
                           bytes_of(p->data, AAD_SIZE), in->octets, len,
                           p->data + p->len - ICV_SIZE) ||
        (size_t)in->octets[len - 1] + 1 > len)
        return false;
    in->len = len - 1 - in->octets[len - 1];
    in->first = p->data[HEADER_SIZE];
    return true;
}

/* The same header and IV around the new inside. */
static struct packet *seal_again(struct evil *e, const struct packet *p, const struct inside *in,
                                 const u8 *key)
{
    const struct encr_suite *encr = suite_encr(EVIL_ENCR, EVIL_ENCR_BITS);
    u8 data[AHEAD_SIZE + INNER_MAX + 1 + ICV_SIZE];
    size_t len = AHEAD_SIZE + in->len + 1 + ICV_SIZE;
    struct packet *out;

    memcpy(data, p->data, AHEAD_SIZE);
    put_u16(data + 24, 0);
    put_u16(data + 26, len);
    data[HEADER_SIZE] = in->first;
    put_u16(data + HEADER_SIZE + 2, len - HEADER_SIZE);
    memcpy(data + AHEAD_SIZE, in->octets, in->len);
    data[AHEAD_SIZE + in->len] = 0; /* pad length */
    if (!e->provider->seal(e->provider->ctx, encr, key, data + AAD_SIZE, bytes_of(data, AAD_SIZE),
                           data + AHEAD_SIZE, in->len + 1, data + len - ICV_SIZE))
        return NULL;
    out = packet_make(data, len);
    out->from = p->from;
    out->to = p->to;
    out->marker = p->marker;
    out->hops = p->hops;
    return out;
}

/* Where the payloads of a chain begin. */
static unsigned walk(const struct inside *in, size_t at[PAYLOADS])
{
    unsigned n = 0;

    for (size_t i = 0; i + GENERIC_SIZE <= in->len && n < PAYLOADS;) {
        size_t len = (size_t)in->octets[i + 2] << 8 | in->octets[i + 3];
        at[n++] = i;
        if (len < GENERIC_SIZE)
            break;
        i += len;
    }
    return n;
}

static u8 draw_type(struct evil *e)
{
    return prng_percent(&e->prng, 80) ? (u8)prng_between(&e->prng, PAYLOAD_SA, PAYLOAD_SKF)
                                      : (u8)prng_next(&e->prng);
}

/* Take a payload out, or put it in twice; types are mended half the time. */
static void cut_or_repeat(struct evil *e, struct inside *in, const size_t *at, unsigned count)
{
    unsigned which = (unsigned)prng_below(&e->prng, count);
    size_t from = at[which], to = which + 1 < count ? at[which + 1] : in->len;
    size_t size = to - from;

    if (prng_percent(&e->prng, 50)) {
        if (which == 0 && prng_percent(&e->prng, 70))
            in->first = in->octets[0];
        else if (which > 0 && prng_percent(&e->prng, 70))
            in->octets[at[which - 1]] = in->octets[from];
        memmove(in->octets + from, in->octets + to, in->len - to);
        in->len -= size;
    } else if (in->len + size <= INNER_MAX) {
        memmove(in->octets + to, in->octets + from, in->len - from);
        in->octets[from] = which == 0 ? in->first : in->octets[at[which - 1]];
        in->len += size;
    }
}

/* One change of a chain. */
static void spoil(struct evil *e, struct inside *in)
{
    size_t at[PAYLOADS];
    unsigned count = walk(in, at);
    size_t here = count ? at[prng_below(&e->prng, count)] : 0;

    if (count == 0 || in->len < here + GENERIC_SIZE) {
        in->first = draw_type(e); /* an empty message that says it is not */
        return;
    }
    switch (prng_below(&e->prng, 7)) {
    case 0:
        in->len = prng_below(&e->prng, in->len);
        break;
    case 1:
        put_u16(in->octets + here + 2,
                prng_below(&e->prng, prng_percent(&e->prng, 50) ? 64 : 65536));
        break;
    case 2:
        in->octets[here] = draw_type(e);
        break;
    case 3:
        in->first = draw_type(e);
        break;
    case 4:
        cut_or_repeat(e, in, at, count);
        break;
    case 5: /* just behind a generic header: types, counts, SPI sizes */
        here += GENERIC_SIZE + prng_below(&e->prng, 12);
        in->octets[MIN(here, in->len - 1)] = (u8)prng_next(&e->prng);
        break;
    default:
        in->octets[prng_below(&e->prng, in->len)] ^= (u8)(1u << prng_below(&e->prng, 8));
        break;
    }
}

static void evil_forward(struct node *self, struct packet *p)
{
    struct evil *e = (struct evil *)self;
    struct packet *out = NULL;
    struct inside in;
    u8 key[ENCR_KEY_MAX];

    if (p->len > HEADER_SIZE && p->data[16] == PAYLOAD_SK && prng_percent(&e->prng, e->percent) &&
        open_with_any(e, p, &in, key)) {
        for (u64 n = prng_between(&e->prng, 1, 3); n > 0; n--)
            spoil(e, &in);
        out = seal_again(e, p, &in, key);
    }
    if (out) {
        world_say(self->world, "%*s! spoilt inside", 8, "");
        e->spoilt++;
        free(p);
        p = out;
    }
    e->next->forward(e->next, p);
}

void evil_init(struct evil *e, struct world *w, struct host *const hosts[2], struct node *next)
{
    memset(e, 0, sizeof *e);
    e->node = (struct node){
        .name = "evil", .next_run_at = SHRIKE_NEVER, .forward = evil_forward, .run = NULL};
    e->next = next;
    e->prng = prng_fork(&w->prng);
    e->hosts[0] = hosts[0];
    e->hosts[1] = hosts[1];
    e->provider = hosts[0]->keys.provider;
    world_add(w, &e->node);
}
