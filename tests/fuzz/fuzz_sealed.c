/* What a peer with the right keys can send: sealed messages of any content, one after the other, to
 * the initiator or the responder of a pair, in every state that an IKE SA can be in. Nothing may
 * abort, the caps hold, and at the end all is freed. */
#include "forger.h"
#include "wire/message.h"
#include <stdlib.h>

#define require(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where the victim stands when the forgeries begin, and what it has asked meanwhile. */
static const struct stage {
    u8 victim;
    bool half_open; /* responder: IKE_AUTH is to come; initiator: its response is */
    bool asks;
    struct shrike_command command;
} stages[] = {
    {1, true, false, {0}},
    {0, true, false, {0}},
    {1, false, false, {0}},
    {0, false, false, {0}},
    {1, false, true, {.kind = SHRIKE_UP, .conn = "pair", .child = "net1"}},
    {0, false, true, {.kind = SHRIKE_UP, .conn = "pair", .child = "net1"}},
    {1, false, true, {.kind = SHRIKE_DOWN, .conn = "pair", .child = "net0"}},
    {0, false, true, {.kind = SHRIKE_DOWN, .conn = "pair", .child = "net0"}},
    {1, false, true, {.kind = SHRIKE_DOWN, .conn = "pair"}},
    {0, false, true, {.kind = SHRIKE_DOWN, .conn = "pair"}},
    {1, false, true, {.kind = SHRIKE_LIVENESS, .conn = "pair"}},
    {0, false, true, {.kind = SHRIKE_LIVENESS, .conn = "pair"}},
};

struct attack {
    struct pair *pair;
    const struct stage *stage;
    struct forger forger;
    u32 ask_id;               /* of the victim's request in flight */
    u32 next_id;              /* of the peer's next request */
    u8 spi_in[4], spi_out[4]; /* of the victim's Child SA */
};

static struct header front(const struct pair_side *side)
{
    struct header h = {0};
    const struct pair_datagram *d = &side->queue[side->head];
    require(side->count > 0 && header_read(bytes_of(d->data, d->len), &h) == HEADER_OK);
    return h;
}

/* What a side wants done at once. */
static void settle(struct pair *p, unsigned i)
{
    enum { ROUNDS = 20 };
    for (unsigned n = 0; n < ROUNDS; n++) {
        bool due = shrike_deadline(p->side[i].engine) <= p->now;
        if (due)
            shrike_tick(p->side[i].engine, p->now);
        if (!pair_drain(p, i) && !due)
            return;
    }
}

/* RFC 7296 1.2: IKE_SA_INIT is over, and the IKE_AUTH request is on its way to side 1. */
static void half_open(struct pair *p)
{
    struct shrike_command up = {SHRIKE_UP, 1, "pair", "net0", 0, 0, false, {0}, 0, false};
    shrike_command(p->side[0].engine, p->now, &up);
    settle(p, 0);
    (void)pair_deliver(p, 1);
    settle(p, 1);
    (void)pair_deliver(p, 0);
    settle(p, 0);
    require(front(&p->side[1]).exchange == EXCHANGE_IKE_AUTH);
}

static void note_child(struct attack *a)
{
    const struct pair_side *side = &a->pair->side[a->stage->victim];
    if (side->child_count == 0)
        return;
    struct writer in = writer_of(a->spi_in, 4), out = writer_of(a->spi_out, 4);
    write_u32(&in, side->children[0].spi_in);
    write_u32(&out, side->children[0].spi_out);
}

static void begin(struct attack *a)
{
    struct pair *p = a->pair;
    struct pair_side *victim = &p->side[a->stage->victim];
    struct pair_side *peer = &p->side[1 - a->stage->victim];
    if (a->stage->half_open)
        half_open(p);
    else
        pair_up(p, "net0");
    require(forger_init(&a->forger, p, a->stage->victim));
    note_child(a);
    if (a->stage->asks) {
        shrike_command(victim->engine, p->now, &a->stage->command);
        settle(p, a->stage->victim);
        a->ask_id = front(peer).message_id;
    } else if (a->stage->half_open) {
        a->ask_id = front(&p->side[1]).message_id;
    }
    /* The initiator has used the IDs 0 and 1, the responder none. */
    a->next_id = a->stage->half_open ? 1 : a->stage->victim == 1 ? 2 : 0;
    pair_lose_all(&p->side[0]);
    pair_lose_all(&p->side[1]);
}

/* The fuzzer cannot guess the SPIs: it writes IN## and OUT# instead. */
static void put_spis(const struct attack *a, u8 *at, size_t len)
{
    for (size_t i = 0; i + 4 <= len; i++) {
        if (memcmp(at + i, "IN##", 4) == 0)
            memcpy(at + i, a->spi_in, 4);
        else if (memcmp(at + i, "OUT#", 4) == 0)
            memcpy(at + i, a->spi_out, 4);
    }
}

/* Payload by payload, so that the lengths are right whatever the fuzzer changes: type (its high bit
 * is the critical bit; 0 ends the chain), length, octets. */
static struct bytes read_chain(struct reader *r, u8 *first)
{
    static u8 inner[1 << 16];
    struct writer w = writer_of(inner, sizeof(inner));
    struct builder b = builder_chain(&w, first);
    for (unsigned n = 0; n < 128; n++) {
        u8 type = read_u8(r);
        if (type == 0)
            break;
        u8 len = read_u8(r);
        size_t mark = payload_begin(&b, type & 0x7f, type & 0x80);
        write_bytes(&w, read_bytes(r, MIN(len, read_left(r))));
        payload_end(&b, mark);
    }
    return written_bytes(&w);
}

static struct bytes read_raw(struct reader *r, u8 *first)
{
    *first = read_u8(r);
    u16 len = read_u16(r);
    return read_bytes(r, MIN(len, read_left(r)));
}

enum { RESPONSE = 0x04, FRAGMENT = 0x08, RAW = 0x10, HOLD = 0x20, AGAIN = 0x40, FLAGS = 0x80 };

/* Each message: how, perhaps flags to flip, then its payloads. */
static bool next_forgery(struct attack *a, struct reader *r, struct forgery *f, u8 *how)
{
    static const u8 kinds[] = {EXCHANGE_INFORMATIONAL, EXCHANGE_CREATE_CHILD_SA, EXCHANGE_IKE_AUTH,
                               EXCHANGE_IKE_SA_INIT};
    static u8 inner[1 << 16];
    *how = read_u8(r);
    *f = (struct forgery){
        .exchange = kinds[*how & 3],
        .response = *how & RESPONSE,
        .fragment = *how & FRAGMENT,
        .flags_extra = *how & FLAGS ? read_u8(r) : 0,
        .message_id = *how & RESPONSE ? a->ask_id : a->next_id,
    };
    struct bytes chain = *how & RAW ? read_raw(r, &f->first) : read_chain(r, &f->first);
    if (*how & AGAIN)
        f->message_id--;
    else if (!(*how & RESPONSE))
        a->next_id++;
    if (chain.len)
        memcpy(inner, chain.at, chain.len);
    put_spis(a, inner, chain.len);
    f->inner = bytes_of(inner, chain.len);
    return read_left(r) > 0 || !r->bad;
}

static void check_caps(const struct attack *a)
{
    struct shrike_stats s;
    shrike_stats(a->pair->side[a->stage->victim].engine, &s);
    require(s.ike_sas <= 8 && s.child_sas <= 16 && s.half_open <= 8);
}

static void run(struct attack *a, struct reader *r, bool refuse)
{
    struct pair *p = a->pair;
    unsigned victim = a->stage->victim;
    struct forgery forgery;
    u8 how;
    for (unsigned n = 0; n < 32 && read_left(r) > 0 && next_forgery(a, r, &forgery, &how); n++) {
        forge(&a->forger, &forgery);
        p->side[victim].refuse_ops = refuse && n % 2;
        /* Held: the next one arrives before the ops of this one are answered. */
        if (!(how & HOLD))
            settle(p, victim);
        check_caps(a);
        pair_lose_all(&p->side[0]);
        pair_lose_all(&p->side[1]);
    }
}

static void calm(struct attack *a)
{
    struct pair *p = a->pair;
    struct shrike *e = p->side[a->stage->victim].engine;
    struct shrike_command down = {SHRIKE_DOWN, 2, "pair", NULL, 0, 0, false, {0}, 0, false};
    struct shrike_stats s;
    p->side[a->stage->victim].refuse_ops = false;
    pair_wait(p, p->now + 40 * SHRIKE_SECOND);
    for (unsigned i = 0; i < 4; i++) {
        shrike_command(e, p->now, &down);
        pair_wait(p, p->now + 300 * SHRIKE_SECOND);
    }
    shrike_stats(e, &s);
    require(s.ike_sas == 0 && s.child_sas == 0 && s.packets == 0 && s.works == 0 &&
            s.handshakes == 0 && s.half_open == 0 && s.bytes_live == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));
    struct attack a = {.stage = &stages[read_u8(&r) % ARRAY_LEN(stages)]};
    u8 how = read_u8(&r);
    struct shrike_provider *initiator = provider_toy_new(1), *responder = provider_toy_new(2);
    struct pair_options o = {.algorithms = pair_usual,
                             .limits = {.ike_sas = 8, .half_open = 8, .child_sas = 16},
                             .children = 3,
                             .window = how & 64 ? 4 : 1,
                             .transport = how & 4,
                             .internal = how & 32,
                             .mobike = true};
    if (how & 8) /* PFS */
        o.algorithms.esp_ke = KE_CURVE25519;
    if (how & 16) { /* no AEAD */
        o.algorithms.encr = ENCR_AES_CBC;
        o.algorithms.integ = INTEG_HMAC_SHA2_256_128;
    }
    a.pair = pair_new(initiator, responder, &o);
    begin(&a);
    a.pair->side[a.stage->victim].believe = how & 1;
    run(&a, &r, how & 2);
    forger_free(&a.forger);
    calm(&a);
    pair_free(a.pair);
    provider_toy_free(initiator);
    provider_toy_free(responder);
    return 0;
}
