/* A meeting of two deeds: see meeting.h. */
#include "meeting.h"
#include "shrike/view.h"
#include "wire/codes.h"
#include "wire/header.h"
#include <stdio.h>
#include <string.h>

#define CALM  (1000 * SHRIKE_SECOND) /* every retry, delete and tombstone is over by then */
#define REQID 1                      /* of the child that everything is about */

const char *const deed_names[] = {"rekey child", "rekey ike", "reauth", "delete child",
                                  "delete ike",  "create",    "move"};
const char *const freedom_names[] = {"planes", "loss", "double"};

/* A source of randomness whose nonces are as they are wanted. */
struct source {
    struct shrike_provider provider, *toy;
    bool asking; /* what is drawn now goes into the request of a deed */
    u8 first;    /* octet of such a nonce */
};

struct world {
    struct meeting *m;
    struct explore *x;
    struct pair *p;
    struct source source[2];
    shrike_time start;
    bool begun[2], spent; /* the deeds; the loss or the double */
};

enum { NONCE = 32 };

static bool draw(void *ctx, u8 *out, size_t len)
{
    struct source *s = ctx;
    if (!s->toy->random(s->toy->ctx, out, len))
        return false;
    if (len == NONCE)
        out[0] = s->asking ? s->first : 0x80;
    return true;
}

/* The toy's functions know their context by its first argument: all of them go through here. */
#define THROUGH(type, name, params, args)                                                          \
    static type through_##name params                                                              \
    {                                                                                              \
        struct source *s = ctx;                                                                    \
        ctx = s->toy->ctx;                                                                         \
        return s->toy->name args;                                                                  \
    }
THROUGH(bool, sha1, (void *ctx, struct bytes data, u8 *out), (ctx, data, out))
THROUGH(bool, prf,
        (void *ctx, const struct prf_suite *prf, struct bytes key, const struct bytes *parts,
         size_t count, u8 *out),
        (ctx, prf, key, parts, count, out))
THROUGH(bool, seal,
        (void *ctx, const struct encr_suite *e, const u8 *key, const u8 *iv, struct bytes aad,
         u8 *data, size_t len, u8 *icv),
        (ctx, e, key, iv, aad, data, len, icv))
THROUGH(bool, open,
        (void *ctx, const struct encr_suite *e, const u8 *key, const u8 *iv, struct bytes aad,
         u8 *data, size_t len, const u8 *icv),
        (ctx, e, key, iv, aad, data, len, icv))
THROUGH(bool, ke_generate, (void *ctx, const struct ke_suite *ke, u8 *priv, u8 *pub),
        (ctx, ke, priv, pub))
THROUGH(bool, ke_derive,
        (void *ctx, const struct ke_suite *ke, const u8 *priv, struct bytes peer, u8 *secret,
         bool *valid),
        (ctx, ke, priv, peer, secret, valid))

static void source_open(struct source *s, u64 seed, bool lowest)
{
    s->toy = provider_toy_new(seed);
    s->provider = *s->toy;
    s->provider.ctx = s;
    s->provider.random = draw;
    s->provider.sha1 = through_sha1;
    s->provider.prf = through_prf;
    s->provider.seal = through_seal;
    s->provider.open = through_open;
    s->provider.ke_generate = through_ke_generate;
    s->provider.ke_derive = through_ke_derive;
    s->first = lowest ? 0x10 : 0x20;
}

static void say(const struct world *w, const char *what, unsigned side, unsigned n)
{
    if (w->m->verbose)
        printf("#   %6.1f s  %c %s %u\n", (double)(w->p->now - w->start) / SHRIKE_SECOND,
               "AB"[side], what, n);
}

static bool does(const struct world *w, enum deed deed)
{
    return w->m->deed[0] == deed || w->m->deed[1] == deed;
}

/* ---- addresses ---- */

static struct shrike_addr address_of(const struct world *w, unsigned side)
{
    bool moved = w->m->deed[side] == MOVE && w->begun[side];
    return (struct shrike_addr){{moved ? 198 : 192, moved ? 51 : 0, moved ? 100 : 2, 1 + side}, 4};
}

static bool is_at(const struct shrike_endpoint *end, const struct world *w, unsigned side)
{
    struct shrike_addr a = address_of(w, side);
    return end->family == a.family && memcmp(end->octets, a.octets, 4) == 0;
}

static void tell_address(struct world *w, unsigned side)
{
    struct shrike_addr a = address_of(w, side);
    pair_addresses(w->p, side, &a, 1);
}

/* What goes to where nobody is, or comes from there, is lost. */
static void lose_strays(struct world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        struct pair_side *side = &w->p->side[i];
        for (unsigned n = side->count; n > 0; n--) {
            const struct pair_datagram *d = &side->queue[side->head];
            if (is_at(&d->local, w, i) && is_at(&d->remote, w, 1 - i))
                pair_post(side, d); /* to the end: once round, all are in their order */
            pair_lose(side);
        }
    }
}

/* ---- what must hold ---- */

static bool receives(const struct pair_side *side, uint32_t spi)
{
    for (unsigned i = 0; i < side->child_count; i++) {
        if (side->children[i].spi_in == spi)
            return true;
    }
    return false;
}

/* At every moment each side has something to send by, and the other side receives by it. */
static void check_moment(struct world *w)
{
    if (does(w, DELETE_CHILD) || does(w, DELETE_IKE))
        return;
    for (unsigned i = 0; i < 2 && !w->m->what; i++) {
        const struct pair_child *out = pair_outbound(&w->p->side[i], REQID);
        if (!out)
            w->m->what = "a side has nothing to send by";
        else if (!receives(&w->p->side[1 - i], out->spi_out))
            w->m->what = "a side sends by what the other one has not";
    }
}

static unsigned count_children(const struct pair_side *side, uint32_t reqid)
{
    unsigned n = 0;
    for (unsigned i = 0; i < side->child_count; i++)
        n += side->children[i].reqid == reqid;
    return n;
}

/* Each end sends from where it is to where the other one is. */
static bool in_place(const struct world *w, unsigned i)
{
    const struct pair_side *side = &w->p->side[i];
    for (unsigned n = 0; n < side->child_count; n++) {
        if (!is_at(&side->children[n].local, w, i) || !is_at(&side->children[n].remote, w, 1 - i))
            return false;
    }
    return true;
}

static const char *end_of_side(const struct world *w, unsigned i)
{
    const struct pair_side *side = &w->p->side[i];
    bool up = !does(w, DELETE_IKE);
    unsigned first = up && !does(w, DELETE_CHILD), second = up && does(w, CREATE);
    struct shrike_stats s;
    shrike_stats(side->engine, &s);
    if (s.ike_sas != up)
        return s.ike_sas ? "an IKE SA is left over" : "the IKE SA is gone";
    if (count_children(side, 1) != first)
        return first ? "not one pair of the child is there" : "a deleted child is there";
    if (count_children(side, 2) != second)
        return "the new child is not there once";
    if (s.child_sas != first + second || s.works || s.handshakes || side->op_count)
        return "something is left over";
    if (!in_place(w, i))
        return "a Child SA is somewhere else";
    return NULL;
}

/* A move is told by the data plane, and not by a command. */
static bool commanded(const struct world *w, unsigned side)
{
    return w->begun[side] && w->m->deed[side] != MOVE;
}

static void check_end(struct world *w)
{
    const struct pair_side *a = &w->p->side[0], *b = &w->p->side[1];
    for (unsigned i = 0; i < 2 && !w->m->what; i++)
        w->m->what = end_of_side(w, i);
    if (!w->m->what && !does(w, DELETE_IKE) && !pair_agrees(w->p))
        w->m->what = "the two sides do not agree";
    if (!w->m->what && (a->done + a->refused != 1u + commanded(w, 0) ||
                        b->done + b->refused != 0u + commanded(w, 1)))
        w->m->what = "a command is not answered once";
}

/* ---- what can happen ---- */

static void begin(struct world *w, unsigned i)
{
    struct shrike_command c = {.kind = SHRIKE_REKEY, .reference = 9, .conn = "pair"};
    enum deed deed = w->m->deed[i];
    if (deed == DELETE_CHILD || deed == DELETE_IKE)
        c.kind = SHRIKE_DOWN;
    else if (deed == CREATE)
        c.kind = SHRIKE_UP;
    if (deed == REKEY_CHILD || deed == DELETE_CHILD || deed == CREATE)
        c.child = deed == CREATE ? "net1" : "net0";
    c.reauth = deed == REAUTH;
    say(w, deed_names[deed], i, 0);
    w->begun[i] = true;
    w->source[i].asking = true;
    if (deed == MOVE)
        tell_address(w, i);
    else
        shrike_command(w->p->side[i].engine, w->p->now, &c);
    while (shrike_deadline(w->p->side[i].engine) <= w->p->now)
        shrike_tick(w->p->side[i].engine, w->p->now);
    w->source[i].asking = false;
}

/* The n-th datagram of a queue comes to its head. */
static void bring(struct pair_side *side, unsigned n)
{
    for (; n > 0; n--) {
        struct pair_datagram *a = &side->queue[(side->head + n) % PAIR_QUEUE];
        struct pair_datagram *b = &side->queue[(side->head + n - 1) % PAIR_QUEUE];
        struct pair_datagram kept = *a;
        *a = *b;
        *b = kept;
    }
}

enum happening { DELIVER, ANSWER, BEGIN, LOSE, TWICE };

struct option {
    enum happening what;
    unsigned side, n;
};

/* Beyond the first moment, and the first resend of what was lost, everything goes its ordinary way:
 * only retries happen there. */
static bool is_early(const struct world *w)
{
    return w->p->now <= w->start + (w->spent && w->m->freedom == LOSS ? SHRIKE_SECOND : 0);
}

static unsigned list_options(const struct world *w, struct option *out)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned n = 0; n < w->p->side[i].count && (n == 0 || is_early(w)); n++)
            out[count++] = (struct option){DELIVER, i, n};
    for (unsigned i = 0; i < 2; i++) {
        if (w->p->side[i].op_count > 0)
            out[count++] = (struct option){ANSWER, i, 0};
        if (!w->begun[i])
            out[count++] = (struct option){BEGIN, i, 0};
    }
    if (!is_early(w))
        return MIN(count, 1u);
    bool faults = w->m->freedom != PLANES && !w->spent;
    for (unsigned i = 0; i < 2 && faults; i++)
        for (unsigned n = 0; n < w->p->side[i].count; n++)
            out[count++] = (struct option){w->m->freedom == LOSS ? LOSE : TWICE, i, n};
    return count;
}

static void happen(struct world *w, const struct option *o)
{
    static const char *const words[] = {"receives", "installs", "begins", "misses", "gets twice"};
    struct pair_side *side = &w->p->side[o->side];
    if (o->what == BEGIN) {
        begin(w, o->side);
        return;
    }
    bring(side, o->n);
    const struct pair_datagram *d = &side->queue[side->head];
    struct header h = {0};
    if (o->what != ANSWER)
        ensure(header_read(bytes_of(d->data, d->len), &h) == HEADER_OK);
    if (w->m->verbose)
        printf("#   %6.1f s  %c %s %s %u%s of %04x\n",
               (double)(w->p->now - w->start) / SHRIKE_SECOND, "AB"[o->side], words[o->what],
               h.exchange == EXCHANGE_CREATE_CHILD_SA ? "CREATE_CHILD_SA"
               : h.exchange == EXCHANGE_INFORMATIONAL ? "INFORMATIONAL"
                                                      : "message",
               h.message_id, h.flags & FLAG_RESPONSE ? "r" : "q", (unsigned)(h.spi_i >> 48));
    w->spent |= o->what == LOSE || o->what == TWICE;
    if (o->what == ANSWER)
        (void)pair_answer(w->p, o->side);
    else if (o->what == LOSE)
        pair_lose(side);
    else if (o->what == TWICE)
        pair_post(side, d); /* it stays in front, too */
    else
        (void)pair_deliver(w->p, o->side);
}

/* What an engine wants at once is no choice. */
static void settle(struct world *w)
{
    for (unsigned i = 0; i < 2; i++) {
        struct pair_side *side = &w->p->side[i];
        do {
            while (shrike_deadline(side->engine) <= w->p->now)
                shrike_tick(side->engine, w->p->now);
        } while (pair_drain(w->p, i));
    }
}

/* false: nothing will ever happen again. */
static bool pass_time(struct world *w)
{
    shrike_time next = SHRIKE_NEVER;
    for (unsigned i = 0; i < 2; i++)
        next = MIN(next, shrike_deadline(w->p->side[i].engine));
    if (next > w->start + CALM)
        return false;
    w->p->now = MAX(next, w->p->now);
    return true;
}

static void play(struct world *w)
{
    enum { STEPS = 5000, OPTIONS = 64 };
    struct option options[OPTIONS];
    for (unsigned n = 0; n < STEPS && !w->m->what; n++) {
        settle(w);
        lose_strays(w);
        check_moment(w);
        unsigned count = list_options(w, options);
        if (count == 0 && !pass_time(w))
            return;
        if (count > 0)
            happen(w, &options[count > 1 ? explore_pick(w->x, count) : 0]);
    }
    if (!w->m->what)
        w->m->what = "there is no end";
}

bool meeting_run(struct meeting *m, struct explore *x)
{
    struct world w = {.m = m, .x = x};
    struct pair_options o = {.algorithms = pair_usual, .children = 2, .window = (u8)m->window};
    o.mobike = m->deed[0] == MOVE || m->deed[1] == MOVE;
    m->what = NULL;
    for (unsigned i = 0; i < 2; i++)
        source_open(&w.source[i], 1 + i, m->lowest == i);
    w.p = pair_new(&w.source[0].provider, &w.source[1].provider, &o);
    tell_address(&w, 0);
    tell_address(&w, 1);
    pair_up(w.p, "net0");
    w.start = w.p->now;
    for (unsigned i = 0; i < 2; i++)
        w.p->side[i].hold_ops = m->freedom == PLANES;
    if (m->freedom != PLANES) { /* both at the same moment */
        begin(&w, 0);
        begin(&w, 1);
    }
    play(&w);
    if (!m->what)
        check_end(&w);
    pair_free(w.p);
    for (unsigned i = 0; i < 2; i++)
        provider_toy_free(w.source[i].toy);
    return m->what == NULL;
}
