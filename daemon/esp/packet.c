/* Wrapping and unwrapping ESP packets in place. */
#include "esp/packet.h"
#include "base/cursor.h"
#include "esp/octets.h"

#define TRAILER_LEN  2 /* pad length and next header */
#define NEXT_IPV4    4
#define NEXT_IPV6    41
#define NEXT_NONE    59 /* RFC 4303 2.6: a dummy packet */
#define IPV4_MIN     20
#define IPV6_MIN     40
#define TOTAL_AT     2 /* of the length in an IPv4 header */
#define PAYLOAD_AT   4 /* and in an IPv6 header */
#define IPV6_ADDS_TO 40

u32 packet_spi(const struct frame *f)
{
    return f->len < ESP_HEADER_LEN ? 0 : get_u32(f->at);
}

size_t packet_inner_max(const struct cipher *c, size_t esp_max)
{
    size_t fixed = (size_t)ESP_HEADER_LEN + c->iv_len + c->icv_len;
    if (esp_max < fixed)
        return 0;
    size_t text = (esp_max - fixed) / c->align * c->align;
    return text < TRAILER_LEN ? 0 : text - TRAILER_LEN;
}

static enum esp_drop seal(struct cipher *c, u32 spi, u64 seq, struct frame *f, u8 next)
{
    size_t front = (size_t)ESP_HEADER_LEN + c->iv_len;
    size_t odd = (f->len + TRAILER_LEN) % c->align;
    size_t pad = odd == 0 ? 0 : c->align - odd;
    size_t back = pad + TRAILER_LEN + c->icv_len;
    /* RFC 4303 3.3.3: a number never comes round. */
    if (seq == 0 || (!c->esn && seq > UINT32_MAX))
        return ESP_EXHAUSTED;
    if ((size_t)(f->at - f->start) < front || (size_t)(f->end - f->at) < f->len + back)
        return ESP_NO_ROOM;
    u8 *tail = f->at + f->len;
    for (size_t i = 0; i < pad; i++)
        tail[i] = (u8)(i + 1); /* RFC 4303 2.4: 1, 2, 3, ... */
    tail[pad] = (u8)pad;
    tail[pad + 1] = next;
    struct cipher_job j = {f->at - front, f->len + pad + TRAILER_LEN, seq};
    struct writer w = writer_of(j.esp, ESP_HEADER_LEN);
    write_u32(&w, spi);
    write_u32(&w, (u32)seq);
    if (!cipher_seal(c, &j))
        return ESP_CIPHER;
    f->at = j.esp;
    f->len += front + back;
    return ESP_PASS;
}

enum esp_drop packet_seal(struct cipher *c, u32 spi, u64 seq, struct frame *f)
{
    u8 version = f->len ? f->at[0] >> 4 : 0;
    if (version != 4 && version != 6)
        return ESP_PROTOCOL;
    return seal(c, spi, seq, f, version == 4 ? NEXT_IPV4 : NEXT_IPV6);
}

enum esp_drop packet_seal_dummy(struct cipher *c, u32 spi, u64 seq, struct frame *f)
{
    return seal(c, spi, seq, f, NEXT_NONE);
}

/* The length that the IP header inside states; what follows is TFC padding (RFC 4303 2.7). 0: it
 * is not of this version, or states more than is there. */
static size_t stated_len(const u8 *at, size_t len, u8 version)
{
    size_t least = version == 4 ? IPV4_MIN : IPV6_MIN;
    if (len < least || at[0] >> 4 != version)
        return 0;
    size_t stated = version == 4 ? get_u16(at + TOTAL_AT) : get_u16(at + PAYLOAD_AT) + IPV6_ADDS_TO;
    return stated < least || stated > len ? 0 : stated;
}

/* From the decrypted text in the frame to the packet in it. */
static enum esp_drop unwrap(struct frame *f)
{
    u8 next = f->at[f->len - 1];
    size_t pad = f->at[f->len - 2];
    f->len -= TRAILER_LEN;
    if (pad > f->len)
        return ESP_PADDING;
    f->len -= pad;
    for (size_t i = 0; i < pad; i++)
        if (f->at[f->len + i] != i + 1)
            return ESP_PADDING; /* RFC 4303 2.4: the receiver SHOULD look */
    if (next == NEXT_NONE)
        return ESP_DUMMY;
    if (next != NEXT_IPV4 && next != NEXT_IPV6)
        return ESP_PROTOCOL;
    size_t stated = stated_len(f->at, f->len, next == NEXT_IPV4 ? 4 : 6);
    if (stated == 0)
        return ESP_INNER;
    f->len = stated;
    return ESP_PASS;
}

enum esp_drop packet_open(struct cipher *c, struct replay *r, struct frame *f)
{
    size_t front = (size_t)ESP_HEADER_LEN + c->iv_len;
    if (f->len < front + TRAILER_LEN + c->icv_len)
        return ESP_SHORT;
    size_t text_len = f->len - front - c->icv_len;
    if (text_len % c->block != 0)
        return ESP_SHORT;
    /* RFC 4303 3.4.3: look first, for that is cheap; note it only when the ICV holds. */
    u64 seq = replay_whole(r, get_u32(f->at + 4));
    enum replay_verdict v = replay_look(r, seq);
    if (v != REPLAY_FRESH)
        return v == REPLAY_SEEN ? ESP_REPLAYED : ESP_LATE;
    if (!cipher_open(c, &(struct cipher_job){f->at, text_len, seq}))
        return ESP_FORGED;
    replay_note(r, seq);
    f->at += front;
    f->len = text_len;
    return unwrap(f);
}
