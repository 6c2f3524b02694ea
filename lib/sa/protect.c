/* SK and SKF payloads: see protect.h. */
#include "sa/protect.h"
#include "base/ct.h"
#include "base/siphash.h"
#include "sa/keys.h"

enum { GENERIC = 4, SKF_FIELDS = 4, UDP_IP4 = 28, UDP_IP6 = 48, MARKER = 4 };

/* Keys of one direction: those of the original initiator, or of the responder. */
struct direction {
    const u8 *e, *a;
};

static struct direction direction_of(const struct ike_sa *sa, bool from_initiator)
{
    return (struct direction){keys_get(sa, from_initiator ? SK_EI : SK_ER).at,
                              keys_get(sa, from_initiator ? SK_AI : SK_AR).at};
}

static size_t icv_len(const struct ike_sa *sa)
{
    return sa->suite.integ ? sa->suite.integ->icv_len : sa->suite.encr->icv_len;
}

/* The whole message is at.. with `fixed` octets before the IV; verify it and decrypt in place. */
static bool open_in_place(struct shard *s, struct ike_sa *sa, struct bytes m, size_t fixed,
                          struct bytes *plain)
{
    const struct encr_suite *encr = sa->suite.encr;
    const struct shrike_provider *p = s->provider;
    struct direction keys = direction_of(sa, !sa->initiator);
    size_t icv = icv_len(sa);
    if (m.len < fixed + encr->iv_len + 1 + icv)
        return false;
    /* RFC 7296 3.14 (3): any will do. */
    u8 *iv = (u8 *)(uintptr_t)m.at + fixed;
    u8 *text = iv + encr->iv_len;
    size_t len = m.len - fixed - encr->iv_len - icv;
    if (len % encr->block != 0)
        return false;
    if (encr->aead) {
        if (!p->open(p->ctx, encr, keys.e, iv, bytes_of(m.at, fixed), text, len, text + len))
            return false;
    } else {
        u8 mac[ICV_MAX];
        struct bytes all = bytes_of(m.at, m.len - icv);
        if (!p->mac(p->ctx, sa->suite.integ, keys.a, &all, 1, mac) ||
            !(fault(25) || ct_equal(mac, text + len, icv)) ||
            !p->decrypt(p->ctx, encr, keys.e, iv, text, len))
            return false;
    }
    size_t pad = text[len - 1];
    /* RFC 7296 3.14 (5): as much as there is, whatever it is. */
    if (pad + 1 > len)
        return false;
    *plain = bytes_of(text, len - pad - 1);
    return true;
}

void protect_forget(struct shard *s, struct ike_sa *sa, unsigned direction)
{
    struct reassembly *r = sa->fragments[direction];
    if (!r)
        return;
    for (u32 i = 0; i < FRAGMENTS_MAX; i++)
        packet_drop(&s->packets, r->parts[i]);
    slab_put(&s->reassemblies, r->index);
    sa->fragments[direction] = NULL;
}

void protect_expire(struct shard *s, struct ike_sa *sa)
{
    for (unsigned i = 0; i < ARRAY_LEN(sa->fragments); i++) {
        if (sa->fragments[i] && s->now - sa->fragments[i]->since >= REASSEMBLY_TIME_MAX)
            protect_forget(s, sa, i);
    }
}

/* RFC 7383 2.6: fragments of another message, or of this one cut smaller, replace those at hand. */
static struct reassembly *reassembly_for(struct shard *s, struct ike_sa *sa, unsigned direction,
                                         const struct header *h, u16 total)
{
    struct reassembly *r = sa->fragments[direction];
    if (r && (r->message_id != h->message_id || r->total < total)) {
        protect_forget(s, sa, direction);
        r = NULL;
    }
    if (r)
        return r->total == total ? r : NULL;
    u32 index;
    r = slab_take(&s->reassemblies, &index);
    if (!r)
        return NULL;
    r->index = index;
    r->message_id = h->message_id;
    r->total = total;
    r->since = s->now;
    sa->fragments[direction] = r;
    return r;
}

/* All fragments are there: join them. */
static enum open_verdict join(struct shard *s, struct ike_sa *sa, unsigned direction,
                              struct opened *out)
{
    struct reassembly *r = sa->fragments[direction];
    u8 *all = arena_take(&s->scratch, r->octets);
    if (!all)
        return OPEN_LIMIT;
    size_t at = 0;
    for (u32 i = 0; i < r->total; i++) {
        memcpy(all + at, r->parts[i]->data, r->parts[i]->len);
        at += r->parts[i]->len;
    }
    out->inner = bytes_of(all, at);
    out->first = r->first;
    out->hash = r->hash;
    if (sa->handshake)
        sa->handshake->parts_all = sa->handshake->parts = 0;
    protect_forget(s, sa, direction);
    return OPEN_OK;
}

/* What came of the message that a handshake waits for, should it end there. */
static void note_parts(struct handshake *hs, const struct reassembly *r, u32 octets)
{
    if (!hs)
        return;
    hs->parts = (u8)MAX(r->have, hs->parts_all == r->total ? hs->parts : 0);
    hs->parts_all = (u8)r->total;
    hs->part_octets = (u16)MAX(octets, hs->part_octets);
}

/* The number and total of a fragment, before its ICV is known to hold. */
static bool read_fragment(struct bytes datagram, size_t off, struct skf *f)
{
    return skf_read(bytes_of(datagram.at + off, datagram.len - off), f) &&
           f->total <= FRAGMENTS_MAX;
}

static enum open_verdict keep_fragment(struct shard *s, struct ike_sa *sa, const struct header *h,
                                       struct opened *out)
{
    const struct skf *f = &out->fragment;
    unsigned direction = h->flags & FLAG_RESPONSE ? 1 : 0;
    struct reassembly *r = reassembly_for(s, sa, direction, h, f->total);
    if (!r)
        return OPEN_LIMIT;
    if (r->parts[f->number - 1] && !fault(33))
        return OPEN_MORE; /* a duplicate */
    if (r->octets + out->inner.len > MESSAGE_MAX - HEADER_SIZE)
        return OPEN_LIMIT;
    struct packet *part = packet_copy(&s->packets, out->inner);
    if (!part)
        return OPEN_LIMIT;
    r->parts[f->number - 1] = part;
    r->octets += part->len;
    r->have++;
    note_parts(sa->handshake, r, h->length);
    if (f->number == 1) {
        r->first = out->first;
        r->hash = out->hash;
    }
    return r->have == r->total ? join(s, sa, direction, out) : OPEN_MORE;
}

/* One datagram: its fields, its ICV, its plaintext. */
static bool open_one(struct shard *s, struct ike_sa *sa, struct bytes datagram,
                     const struct header *h, struct opened *out)
{
    struct skf *f = &out->fragment;
    bool whole = h->next_payload == PAYLOAD_SK;
    size_t fixed = HEADER_SIZE + GENERIC + (whole ? 0 : SKF_FIELDS);
    memset(out, 0, sizeof(*out));
    if ((!whole && (h->next_payload != PAYLOAD_SKF || !sa->fragmentation)) || datagram.len < fixed)
        return false;
    /* RFC 7296 3.1 (1): SK is the last payload, so its length is that of the rest. */
    const u8 *generic = datagram.at + HEADER_SIZE;
    if ((size_t)(generic[2] << 8 | generic[3]) != datagram.len - HEADER_SIZE)
        return false;
    *f = (struct skf){.number = 1, .total = 1};
    if (!whole && !read_fragment(datagram, HEADER_SIZE + GENERIC, f))
        return false;
    out->first = generic[0];
    out->hash = siphash(s->hash_key, datagram);
    if (!open_in_place(s, sa, datagram, fixed, &out->inner))
        return false;
    /* RFC 7383 2.5: only the first fragment names a payload. */
    return f->number == 1 || out->first == PAYLOAD_NONE;
}

enum open_verdict protect_open(struct shard *s, struct ike_sa *sa, struct bytes datagram,
                               const struct header *h, struct opened *out)
{
    if (!open_one(s, sa, datagram, h, out))
        return OPEN_BAD;
    return h->next_payload == PAYLOAD_SK ? OPEN_OK : keep_fragment(s, sa, h, out);
}

bool protect_first(struct shard *s, struct ike_sa *sa, struct bytes datagram,
                   const struct header *h)
{
    struct opened out;
    return open_one(s, sa, datagram, h, &out) && out.fragment.number == 1;
}

/* One SK or SKF payload around a part of the plaintext. */
struct part {
    struct bytes plain;
    u8 first;
    u16 number, total; /* total 0: SK */
};

static size_t fixed_len(const struct part *part)
{
    return HEADER_SIZE + GENERIC + (part->total ? SKF_FIELDS : 0);
}

static size_t padding(const struct encr_suite *encr, size_t len)
{
    /* RFC 7296 3.14 (4, 5): up to the end of the block. */
    return (encr->block - (len + 1) % encr->block) % encr->block;
}

static bool draw_iv(struct shard *s, struct ike_sa *sa, u8 *iv)
{
    const struct encr_suite *encr = sa->suite.encr;
    /* RFC 7296 3.14 (3): a new one for each message. */
    if (encr->block > 1) /* CBC wants it unpredictable (RFC 3602 3) */
        return s->provider->random(s->provider->ctx, iv, encr->iv_len);
    if (sa->iv == sa->iv_end) {
        sa->iv_end += IV_RANGE;
        sa_changed(s, sa);
    }
    u64 v = fault(22) ? sa->iv : sa->iv++;
    for (unsigned i = 0; i < encr->iv_len; i++)
        iv[encr->iv_len - 1 - i] = i < 8 ? (u8)(v >> (8 * i)) : 0;
    return true;
}

static bool seal_in_place(struct shard *s, struct ike_sa *sa, struct packet *k, size_t fixed,
                          size_t len)
{
    const struct encr_suite *encr = sa->suite.encr;
    const struct shrike_provider *p = s->provider;
    struct direction keys = direction_of(sa, sa->initiator);
    u8 *iv = k->data + fixed;
    u8 *text = iv + encr->iv_len;
    if (!draw_iv(s, sa, iv))
        return false;
    if (encr->aead)
        return p->seal(p->ctx, encr, keys.e, iv, bytes_of(k->data, fixed), text, len, text + len);
    struct bytes all = bytes_of(k->data, fixed + encr->iv_len + len);
    /* RFC 7296 3.14 (6): the checksum is of what is encrypted. */
    return p->encrypt(p->ctx, encr, keys.e, iv, text, len) &&
           p->mac(p->ctx, sa->suite.integ, keys.a, &all, 1, text + len);
}

static struct packet *seal_part(struct shard *s, struct ike_sa *sa, const struct header *header,
                                const struct part *part)
{
    const struct encr_suite *encr = sa->suite.encr;
    size_t fixed = fixed_len(part);
    size_t pad = padding(encr, part->plain.len);
    size_t len = part->plain.len + pad + 1;
    size_t size = fixed + encr->iv_len + len + icv_len(sa);
    /* RFC 7296 2 (1): as long as UDP can carry. */
    struct packet *k = size <= MESSAGE_MAX ? packet_new(&s->packets, size) : NULL;
    if (!k)
        return NULL;
    struct header h = *header;
    h.next_payload = part->total ? PAYLOAD_SKF : PAYLOAD_SK;
    h.length = (u32)size;
    struct writer w = writer_of(k->data, k->len);
    header_write(&w, &h);
    write_u8(&w, part->first);
    write_u8(&w, 0);
    write_u16(&w, (u16)(size - HEADER_SIZE));
    if (part->total)
        skf_write(&w, part->number, part->total);
    write_zero(&w, encr->iv_len);
    write_bytes(&w, part->plain);
    for (size_t i = 1; i <= pad; i++)
        write_u8(&w, (u8)i);
    write_u8(&w, (u8)pad);
    if (seal_in_place(s, sa, k, fixed, len))
        return k;
    packet_drop(&s->packets, k);
    return NULL;
}

/* Octets of plaintext that a fragment may carry, so that its IP packet has at most the size wanted.
 */
static size_t fragment_room(const struct ike_sa *sa)
{
    enum { FRAGMENT_MIN = 576 }; /* RFC 7383 2.5.1: below it nothing is gained */
    size_t ip = sa->conn ? sa->conn->fragment_size : 1280;
    size_t outer = (sa->remote.family == 6 ? UDP_IP6 : UDP_IP4) + (sa->marker ? MARKER : 0);
    size_t overhead = outer + HEADER_SIZE + GENERIC + SKF_FIELDS + sa->suite.encr->iv_len +
                      icv_len(sa) + sa->suite.encr->block + 1;
    return MAX(ip, FRAGMENT_MIN) - overhead;
}

struct packet *protect_seal(struct shard *s, struct ike_sa *sa, const struct sealing *in)
{
    size_t room = fragment_room(sa);
    if (in->inner.len <= room || !sa->fragmentation) {
        struct part whole = {.plain = in->inner, .first = in->first};
        return seal_part(s, sa, &in->header, &whole);
    }
    size_t total = (in->inner.len + room - 1) / room;
    if (total > FRAGMENTS_OUT_MAX)
        return NULL;
    struct packet *chain = NULL, **next = &chain;
    for (size_t i = 0; i < total; i++) {
        size_t from = i * room;
        struct part part = {
            .plain = bytes_of(in->inner.at + from, MIN(room, in->inner.len - from)),
            .first = i == 0 ? in->first : PAYLOAD_NONE,
            .number = (u16)(i + 1),
            .total = (u16)total,
        };
        *next = seal_part(s, sa, &in->header, &part);
        if (!*next) {
            packet_drop(&s->packets, chain);
            return NULL;
        }
        next = &(*next)->next;
    }
    return chain;
}
