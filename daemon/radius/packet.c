/* Packets of RADIUS: see packet.h. */
#include "radius/packet.h"
#include "base/ct.h"

#define AT_LENGTH                2
#define AT_AUTHENTICATOR         4
#define ATTRIBUTE_HEADER         2
#define MESSAGE_AUTHENTICATOR_AT (RADIUS_HEADER_LEN + ATTRIBUTE_HEADER) /* where we write it */

static const u8 zeros[MD5_LEN];

/* ---- reading ---- */

/* RFC 2865 5: one that is shorter than its own header makes the packet worthless. */
static bool attributes_sound(struct bytes b)
{
    struct reader r = reader_of(b);
    while (read_left(&r) > 0) {
        read_u8(&r);
        u8 len = read_u8(&r);
        if (len < ATTRIBUTE_HEADER && !fault(130))
            return false;
        read_bytes(&r, len < ATTRIBUTE_HEADER ? 0 : len - (size_t)ATTRIBUTE_HEADER);
    }
    return !r.bad;
}

bool radius_packet_read(struct bytes datagram, struct radius_packet *p)
{
    struct reader r = reader_of(datagram);
    *p = (struct radius_packet){.code = read_u8(&r), .id = read_u8(&r)};
    size_t len = read_u16(&r);
    p->authenticator = read_bytes(&r, MD5_LEN).at;
    /* RFC 2865 3: octets behind the length are padding */
    if (r.bad || len < RADIUS_HEADER_LEN || len > RADIUS_MAX || (len > datagram.len && !fault(131)))
        return false;
    p->whole = bytes_of(datagram.at, len);
    p->attributes = bytes_of(datagram.at + RADIUS_HEADER_LEN, len - RADIUS_HEADER_LEN);
    return attributes_sound(p->attributes);
}

/* One attribute off the front of these, which are sound. */
static void cut(struct bytes *b, struct radius_attribute *a)
{
    size_t len = b->at[1];
    a->type = b->at[0];
    a->value = bytes_of(b->at + ATTRIBUTE_HEADER, len - ATTRIBUTE_HEADER);
    *b = bytes_of(b->at + len, b->len - len);
}

bool radius_next(const struct radius_packet *p, struct radius_walk *walk,
                 struct radius_attribute *a)
{
    for (;;) {
        if (walk->inside.len > 0) {
            a->vendor = walk->vendor;
            cut(&walk->inside, a);
            return true;
        }
        if (walk->at == p->attributes.len)
            return false;
        struct bytes left = bytes_of(p->attributes.at + walk->at, p->attributes.len - walk->at);
        a->vendor = 0;
        cut(&left, a);
        walk->at = p->attributes.len - left.len;
        if (a->type != RADIUS_VENDOR_SPECIFIC)
            return true;
        struct reader r = reader_of(a->value);
        walk->vendor = read_u32(&r);
        struct bytes inside = read_rest(&r);
        if (r.bad || walk->vendor == 0 || inside.len == 0 ||
            !(attributes_sound(inside) || fault(132)))
            return true;
        walk->inside = inside;
    }
}

bool radius_find(const struct radius_packet *p, u8 type, struct bytes *value)
{
    struct radius_walk walk = {0};
    struct radius_attribute a;
    while (radius_next(p, &walk, &a))
        if (a.vendor == 0 && a.type == type) {
            *value = a.value;
            return true;
        }
    return false;
}

u32 radius_find_u32(const struct radius_packet *p, u8 type, u32 otherwise)
{
    struct bytes value;
    if (!radius_find(p, type, &value) || value.len != 4)
        return otherwise;
    struct reader r = reader_of(value);
    return read_u32(&r);
}

struct bytes radius_eap(const struct radius_packet *p, u8 out[RADIUS_MAX])
{
    struct writer w = writer_of(out, RADIUS_MAX);
    struct radius_walk walk = {0};
    struct radius_attribute a;
    while (radius_next(p, &walk, &a))
        if (a.vendor == 0 && a.type == RADIUS_EAP_MESSAGE)
            write_bytes(&w, a.value);
    return written_bytes(&w);
}

/* ---- authenticators ---- */

/* RFC 3579 3.2: HMAC-MD5 over the packet with this authenticator, and zeros in its own place. */
static bool message_authenticator(struct bytes packet, const struct radius_secret *s,
                                  const u8 *authenticator, const u8 *place, u8 out[MD5_LEN])
{
    size_t before = (size_t)(place - packet.at), after = before + MD5_LEN;
    const struct bytes parts[] = {
        bytes_of(packet.at, AT_AUTHENTICATOR),
        bytes_of(authenticator, MD5_LEN),
        bytes_of(packet.at + RADIUS_HEADER_LEN, before - RADIUS_HEADER_LEN),
        bytes_of(zeros, MD5_LEN),
        bytes_of(packet.at + after, packet.len - after),
    };
    return md5_hmac(s->md5, s->secret, parts, ARRAY_LEN(parts), out);
}

/* RFC 2865 3, RFC 2866 3: MD5 over the packet with this authenticator, and the secret. */
static bool plain_authenticator(struct bytes packet, const struct radius_secret *s,
                                const u8 *authenticator, u8 out[MD5_LEN])
{
    const struct bytes parts[] = {
        bytes_of(packet.at, AT_AUTHENTICATOR),
        bytes_of(authenticator, MD5_LEN),
        bytes_of(packet.at + RADIUS_HEADER_LEN, packet.len - RADIUS_HEADER_LEN),
        s->secret,
    };
    return md5_hash(s->md5, parts, ARRAY_LEN(parts), out);
}

/* There may be one Message-Authenticator, and it must hold. */
static bool message_holds(const struct radius_packet *p, const struct radius_secret *s,
                          const u8 *authenticator, bool demand)
{
    struct radius_walk walk = {0};
    struct radius_attribute a;
    u8 right[MD5_LEN];
    unsigned count = 0;
    while (radius_next(p, &walk, &a)) {
        if (a.vendor != 0 || a.type != RADIUS_MESSAGE_AUTHENTICATOR)
            continue;
        if (count++ > 0 || a.value.len != MD5_LEN ||
            !message_authenticator(p->whole, s, authenticator, a.value.at, right) ||
            !ct_equal(a.value.at, right, MD5_LEN))
            return false;
    }
    return count > 0 || !demand;
}

static bool holds(const struct radius_packet *p, const struct radius_secret *s,
                  const u8 *authenticator, bool demand)
{
    u8 right[MD5_LEN];
    return plain_authenticator(p->whole, s, authenticator, right) &&
           ct_equal(p->authenticator, right, MD5_LEN) && message_holds(p, s, authenticator, demand);
}

bool radius_is_answer(const struct radius_packet *p, const struct radius_secret *s,
                      const u8 request[MD5_LEN], bool demand)
{
    return holds(p, s, request, demand);
}

bool radius_is_request(const struct radius_packet *p, const struct radius_secret *s)
{
    return holds(p, s, zeros, false); /* RFC 2866 3, RFC 5176 2.3 and 3.4 */
}

/* ---- writing ---- */

void radius_put(struct writer *w, u8 type, struct bytes value)
{
    if (value.len > RADIUS_VALUE_MAX) {
        w->full = true;
        return;
    }
    write_u8(w, type);
    write_u8(w, (u8)(ATTRIBUTE_HEADER + value.len));
    write_bytes(w, value);
}

void radius_put_u32(struct writer *w, u8 type, u32 value)
{
    write_u8(w, type);
    write_u8(w, ATTRIBUTE_HEADER + 4);
    write_u32(w, value);
}

void radius_put_text(struct writer *w, u8 type, const char *text)
{
    radius_put(w, type, bytes_of(text, strlen(text)));
}

void radius_put_eap(struct writer *w, struct bytes message)
{
    size_t done = 0;
    do {
        size_t n = MIN(message.len - done, (size_t)RADIUS_VALUE_MAX);
        radius_put(w, RADIUS_EAP_MESSAGE, bytes_of(message.at + done, n));
        done += n;
    } while (done < message.len);
}

void radius_begin(struct writer *w, u8 code, u8 id, bool authenticated)
{
    write_u8(w, code);
    write_u8(w, id);
    write_u16(w, 0);
    write_zero(w, MD5_LEN);
    if (authenticated) /* first, so that no prefix of a forger's can stand before it */
        radius_put(w, RADIUS_MESSAGE_AUTHENTICATOR, bytes_of(zeros, MD5_LEN));
}

static bool has_message_authenticator(struct bytes packet)
{
    return packet.len >= MESSAGE_AUTHENTICATOR_AT + MD5_LEN &&
           packet.at[RADIUS_HEADER_LEN] == RADIUS_MESSAGE_AUTHENTICATOR;
}

bool radius_seal(struct writer *w, const struct radius_secret *s, enum radius_kind kind,
                 const u8 *authenticator)
{
    const u8 *over = kind == RADIUS_PLAIN ? zeros : authenticator;
    u8 *at = w->start, right[MD5_LEN];
    struct bytes packet = written_bytes(w);
    if (w->full || packet.len > RADIUS_MAX)
        return false;
    write_u16_at(w, AT_LENGTH, (u16)packet.len);
    if (has_message_authenticator(packet)) {
        u8 *place = at + MESSAGE_AUTHENTICATOR_AT;
        if (!message_authenticator(packet, s, over, place, right))
            return false;
        memcpy(place, right, MD5_LEN);
    }
    if (kind == RADIUS_ACCESS)
        memcpy(right, authenticator, MD5_LEN);
    else if (!plain_authenticator(packet, s, over, right))
        return false;
    memcpy(at + AT_AUTHENTICATOR, right, MD5_LEN);
    return true;
}
