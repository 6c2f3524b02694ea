/* A peer that sends what it likes: see forger.h. */
#include "forger.h"
#include "page_cache.h"
#include "sa/keys.h"
#include "sa/protect.h"
#include <stdlib.h>

static bool copy_keys(struct forger *f, const struct pair_side *side, uint32_t ike)
{
    uint8_t keys[SHRIKE_KEYS_MAX];
    size_t len[5], at = 0;
    if (!shrike_unsafe_keys(side->engine, ike, keys, len))
        return false;
    struct ike_keys all = {0};
    uint8_t *to[5] = {all.d, all.a[0], all.a[1], all.e[0], all.e[1]};
    for (int i = 0; i < 5; at += len[i], i++)
        memcpy(to[i], keys + at, len[i]);
    return keys_keep(&f->shard, &f->sa, &all);
}

/* Its SPIs and keys. While it is half-open the initiator alone has computed them; it is the first
 * SA of that engine, and the SPIs stand in what it sent. */
static bool find_sa(struct forger *f)
{
    const struct pair_side *side = &f->pair->side[f->victim], *responder = &f->pair->side[1];
    struct header h = {.spi_i = side->spi_i, .spi_r = side->spi_r};
    if (side->ike == 0) {
        const struct pair_datagram *d = &responder->queue[responder->head];
        if (responder->count == 0 || header_read(bytes_of(d->data, d->len), &h) != HEADER_OK)
            return false;
        side = &f->pair->side[0];
    }
    f->sa.spi_i = h.spi_i;
    f->sa.spi_r = h.spi_r;
    return copy_keys(f, side, side->ike ? side->ike : 1);
}

bool forger_init(struct forger *f, struct pair *p, unsigned victim)
{
    struct shrike_env env = {
        .provider = p->side[1 - victim].provider,
        .pages = page_cache(),
        .limits = {.ike_sas = 4, .half_open = 4},
        .shards = 1,
    };
    memset(f, 0, sizeof(*f));
    f->pair = p;
    f->victim = victim;
    const struct pair_algorithms *a = &p->algorithms;
    f->sa.suite = (struct ike_suite){suite_encr(a->encr, a->encr_bits), suite_prf(a->prf),
                                     suite_integ(a->integ), suite_ke(a->ke)};
    if (!shard_init(&f->shard, &env, p->now) || !find_sa(f))
        return false;
    f->sa.initiator = victim == 1;
    f->sa.fragmentation = true;
    f->sa.iv = (u64)1 << 63; /* never one that the real peer has used */
    f->sa.conn = &f->conn;
    return true;
}

static void drain(struct pair *p, unsigned side)
{
    while (pair_drain(p, side))
        continue;
}

bool forger_half_way(struct forger *f, struct pair *p, unsigned victim)
{
    struct shrike_command up = {.kind = SHRIKE_UP, .reference = 1, .conn = "pair"};
    shrike_command(p->side[0].engine, p->now, &up);
    shrike_tick(p->side[0].engine, p->now);
    drain(p, 0);
    for (unsigned to = 2; to-- > 0; drain(p, to)) {
        if (!pair_deliver(p, to))
            return false;
    }
    if (!forger_init(f, p, 1))
        return false;
    f->victim = victim; /* both ends have the same keys */
    f->sa.initiator = victim == 1;
    return true;
}

void forger_free(struct forger *f)
{
    packet_drop(&f->shard.packets, f->sa.keys);
    shard_free(&f->shard);
}

void forge(struct forger *f, const struct forgery *what)
{
    struct sealing in = {
        .header = {.spi_i = f->sa.spi_i,
                   .spi_r = f->sa.spi_r,
                   .version = VERSION_2_0,
                   .exchange = what->exchange,
                   .message_id = what->message_id},
        .first = what->first,
        .inner = what->inner,
    };
    u8 flags = (u8)((f->sa.initiator ? FLAG_INITIATOR : 0) | (what->response ? FLAG_RESPONSE : 0));
    in.header.flags = flags ^ what->flags_extra;
    f->conn.fragment_size = what->fragment ? 576 : 65535;
    struct packet *chain = protect_seal(&f->shard, &f->sa, &in);
    struct pair_side *victim = &f->pair->side[f->victim];
    for (struct packet *k = chain; k; k = k->next) {
        u8 *copy = malloc(k->len);
        memcpy(copy, k->data, k->len);
        struct shrike_datagram d = {victim->here, f->pair->side[1 - f->victim].here, copy, k->len,
                                    false};
        shrike_datagram(victim->engine, f->pair->now, &d);
        free(copy);
    }
    packet_drop(&f->shard.packets, chain);
}
