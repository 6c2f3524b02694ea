/* For the tests of exchanges: a peer with the right keys that says what it likes and understands
 * what it is told; chains of payloads; configurations changed after the pair was made. */
#ifndef UNIT_EXCHANGE_TOOLS_H
#define UNIT_EXCHANGE_TOOLS_H

#include "../engine/tools.h"
#include "forger.h"
#include "sa/protect.h"
#include "wire/notify.h"

enum { CHAIN_MAX = 20000 };

/* Payloads one after the other, as they stand inside SK. */
struct chain {
    u8 octets[CHAIN_MAX];
    struct writer w;
    struct builder b;
    u8 first;
};

static inline void chain_begin(struct chain *c)
{
    c->w = writer_of(c->octets, sizeof(c->octets));
    c->b = builder_chain(&c->w, &c->first);
}

static inline void chain_add(struct chain *c, u8 type, bool critical, struct bytes body)
{
    size_t mark = payload_begin(&c->b, type, critical);
    write_bytes(&c->w, body);
    payload_end(&c->b, mark);
}

static inline void chain_notify(struct chain *c, u16 type)
{
    notify_add(&c->b, type, bytes_of(NULL, 0));
}

/* A delete of Child SAs by the SPIs at which their peer receives; none: of the IKE SA. */
static inline void chain_delete(struct chain *c, u8 protocol, const uint32_t *spis, unsigned count)
{
    u8 octets[4 * 300];
    struct writer w = writer_of(octets, sizeof(octets));
    for (unsigned i = 0; i < count; i++)
        write_u32(&w, spis[i]);
    struct delete d = {protocol, count ? 4 : 0, (u16)count, written_bytes(&w)};
    size_t mark = payload_begin(&c->b, PAYLOAD_DELETE, false);
    delete_write(&c->w, &d);
    payload_end(&c->b, mark);
}

/* The datagram that this side would get next, taken away: to be posted later. Of a small message.
 */
struct late {
    u8 octets[4096];
    struct pair_datagram datagram;
};

static inline void take_away(struct pair_side *side, struct late *out)
{
    out->datagram = side->queue[side->head];
    CHECK(side->count > 0 && out->datagram.len <= sizeof(out->octets));
    memcpy(out->octets, out->datagram.data, out->datagram.len);
    out->datagram.data = out->octets;
    pair_lose(side);
}

/* What the victim of a forger said. */
struct heard {
    u8 octets[MESSAGE_MAX];
    struct message m;
    bool any;
};

/* Everything that waits for the other side is taken away. */
static inline void overhear(struct forger *f, struct heard *out)
{
    struct pair_side *to = &f->pair->side[1 - f->victim];
    struct opened o;
    u8 bad;
    out->any = false;
    for (; to->count; pair_lose(to)) {
        const struct pair_datagram *d = &to->queue[to->head];
        struct header h;
        struct bytes octets = bytes_of(d->data, d->len);
        if (header_read(octets, &h) != HEADER_OK ||
            protect_open(&f->shard, &f->sa, octets, &h, &o) != OPEN_OK)
            continue;
        memcpy(out->octets, o.inner.at, o.inner.len);
        out->any = message_read(&out->m, out->octets, bytes_of(out->octets, o.inner.len), o.first,
                                &bad) == MESSAGE_OK;
        out->m.header = h;
        arena_reset(&f->shard.scratch);
    }
}

static inline void settle_side(struct pair *p, unsigned side)
{
    while (pair_drain(p, side))
        continue;
}

/* A request (or response) with this chain; what the victim says to it. */
static inline void tell(struct forger *f, struct forgery what, const struct chain *c,
                        struct heard *out)
{
    what.first = c->first;
    what.inner = written_bytes(&c->w);
    forge(f, &what);
    settle_side(f->pair, f->victim);
    overhear(f, out);
}

static inline unsigned count_of(const struct heard *h, u8 payload)
{
    unsigned n = 0;
    for (unsigned i = 0; h->any && i < h->m.count; i++)
        n += h->m.payloads[i].type == payload;
    return n;
}

/* The type of the only notify, when there is nothing else. */
static inline unsigned only_notify(const struct heard *h)
{
    struct notify n;
    if (!h->any || h->m.count != 1 || !notify_read(message_body(&h->m, PAYLOAD_NOTIFY), &n))
        return 0;
    return n.type;
}

/* The configuration of a side, copied so that a test can change it. The engine names the one it
 * holds when it is told another. */
enum { MANY = 200 };
struct tuned {
    struct shrike_conf conf;
    struct shrike_conn conn;
    struct shrike_child_conf children[MANY];
    char names[MANY][16];
};

static inline void tune_begin(struct pair *p, unsigned side, struct tuned *t)
{
    static const struct shrike_conf none;
    struct shrike_action a;
    const struct shrike_conf *now = NULL;
    (void)shrike_conf(p->side[side].engine, &none);
    while (shrike_next(p->side[side].engine, &a)) {
        if (a.kind == SHRIKE_CONF_UNUSED)
            now = a.conf;
    }
    t->conf = *now;
    t->conn = now->conns[0];
    t->conf.conns = &t->conn;
    for (unsigned i = 0; i < t->conn.child_count; i++)
        t->children[i] = t->conn.children[i];
    t->conn.children = t->children;
}

static inline void tune_end(struct pair *p, unsigned side, struct tuned *t)
{
    (void)shrike_conf(p->side[side].engine, &t->conf);
    settle_side(p, side);
}

/* As many children as that, all like the first one. */
static inline void tune_children(struct tuned *t, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        t->children[i] = t->children[0];
        snprintf(t->names[i], sizeof(t->names[i]), "net%u", i);
        t->children[i].name = t->names[i];
        t->children[i].reqid = i + 1;
    }
    t->conn.child_count = (uint16_t)count;
}

/* As many connections as that, all like the first one. */
enum { CONNS = 32 };
struct many_conns {
    struct shrike_conn conns[CONNS];
    char names[CONNS][16];
};

static inline void tune_conns(struct tuned *t, struct many_conns *many, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        many->conns[i] = t->conn;
        snprintf(many->names[i], sizeof(many->names[i]), "conn%u", i);
        many->conns[i].name = many->names[i];
    }
    t->conf.conns = many->conns;
    t->conf.conn_count = count;
}

#endif
