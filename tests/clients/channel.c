/* Sealing and opening: see channel.h. */
#include "channel.h"
#include "pair/page_cache.h"
#include "sa/keys.h"
#include "sa/protect.h"
#include <stdlib.h>

struct channel {
    struct shard shard;
    struct ike_sa sa;
    struct shrike_conn conn;
};

struct channel *channel_new(const struct channel_setup *setup, const struct ike_keys *keys)
{
    struct shrike_env env = {.provider = (struct shrike_provider *)(uintptr_t)setup->provider,
                             .pages = page_cache(),
                             .limits = {.ike_sas = 4, .half_open = 4},
                             .shards = 1};
    struct channel *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->sa.suite = setup->suite;
    c->sa.spi_i = setup->spi_i;
    c->sa.spi_r = setup->spi_r;
    c->sa.initiator = setup->initiator;
    c->sa.conn = &c->conn;
    if (shard_init(&c->shard, &env, 1) && keys_keep(&c->shard, &c->sa, keys))
        return c;
    free(c);
    return NULL;
}

void channel_free(struct channel *c)
{
    if (!c)
        return;
    protect_forget(&c->shard, &c->sa, 0);
    protect_forget(&c->shard, &c->sa, 1);
    packet_drop(&c->shard.packets, c->sa.keys);
    shard_free(&c->shard);
    free(c);
}

struct bytes channel_sk_d(const struct channel *c)
{
    return keys_get(&c->sa, SK_D);
}

unsigned channel_seal(struct channel *c, const struct channel_message *m,
                      struct channel_part out[CHANNEL_PARTS_MAX])
{
    const struct sealing in = {.header = m->header, .first = m->first, .inner = m->inner};
    struct packet *all;
    unsigned count = 0;
    c->sa.fragmentation = m->size > 0;
    c->conn.fragment_size = (u16)m->size;
    all = protect_seal(&c->shard, &c->sa, &in);
    for (const struct packet *k = all; k && count < CHANNEL_PARTS_MAX; k = k->next, count++) {
        out[count] = (struct channel_part){.data = malloc(k->len), .len = k->len};
        ensure(out[count].data != NULL);
        memcpy(out[count].data, k->data, k->len);
    }
    packet_drop(&c->shard.packets, all);
    return count;
}

enum channel_verdict channel_open(struct channel *c, struct bytes datagram, struct bytes *inner,
                                  u8 *first)
{
    struct header h;
    struct opened opened;
    arena_reset(&c->shard.scratch);
    c->sa.fragmentation = true;
    if (header_read(datagram, &h) != HEADER_OK)
        return CHANNEL_BAD;
    switch (protect_open(&c->shard, &c->sa, datagram, &h, &opened)) {
    case OPEN_OK:
        *inner = opened.inner;
        *first = opened.first;
        return CHANNEL_OPEN;
    case OPEN_MORE:
        return CHANNEL_MORE;
    case OPEN_BAD:
    case OPEN_LIMIT:
        break;
    }
    return CHANNEL_BAD;
}
